"""A short campaign, as the nightly one runs: real kills, and the whole proof at the end."""

import os
import subprocess
import sys

from exchange.pipeline.servers import PROJECT
from tests.crash.campaign import VICTIMS, kill_of


def test_kills_follow_from_the_seed() -> None:
    kills = [kill_of(7, number) for number in range(1, 101)]

    assert kills == [kill_of(7, number) for number in range(1, 101)]
    assert kills != [kill_of(8, number) for number in range(1, 101)]
    assert {victim for kill in kills for victim in kill.victims} == set(VICTIMS)


def test_a_venue_survives_random_kills_with_every_promise_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--kills", "6", "--seed", "71"],
        cwd=PROJECT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills, every promise kept" in done.stdout
