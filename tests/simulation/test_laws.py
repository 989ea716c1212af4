"""What must hold for every journal: partition, snapshots, determinism, and the invariants."""

import os
import random
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.engine.commands import HEADER
from exchange.engine.snapshot import CorruptSnapshotError, dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from tests.engine.venue import Records, Venue, make_venue
from tests.simulation.actions import Move, random_action
from tests.simulation.auditor import audit
from tests.simulation.player import Player, open_traders, seeded_run

STEPS = 400


@pytest.fixture(scope="module")
def run() -> Venue:
    """One random market of some hundred commands."""
    return seeded_run(seed=1, steps=STEPS)


def journal_of(venue: Venue) -> Records:
    """Every command of a venue, in order."""
    return np.concatenate(venue.journal).view(HEADER)


def replay(batches: list[Records]) -> tuple[bytes, bytes]:
    """(state hash, events) of batches applied to a venue at genesis."""
    machine = StateMachine.create()
    produced = b"".join(machine.apply(batch).tobytes() for batch in batches)
    return state_hash(machine.state), produced


@cache
def short_journal() -> tuple[Records, tuple[bytes, bytes]]:
    """A journal and what it gives as one batch, for many examples."""
    journal = journal_of(seeded_run(seed=2, steps=200))
    return journal, replay([journal])


def test_replay_in_one_batch_equals_the_venue_that_lived(run: Venue) -> None:
    found, _ = replay([journal_of(run)])

    assert found == state_hash(run.state)


@settings(max_examples=25)
@given(data=st.data())
def test_any_partition_of_a_journal_gives_the_same_state_and_events(
    data: st.DataObject,
) -> None:
    journal, whole = short_journal()
    cuts = data.draw(st.lists(st.integers(0, len(journal)), max_size=12).map(sorted))

    assert replay(np.split(journal, cuts)) == whole


def test_one_command_a_batch_gives_the_same_state_and_events(run: Venue) -> None:
    journal = journal_of(run)

    assert replay(list(journal.reshape(-1, 1))) == replay([journal])


def test_read_only_commands_are_applied_alike(run: Venue) -> None:
    journal = journal_of(run)
    frozen = np.frombuffer(journal.tobytes(), HEADER)

    assert replay([frozen]) == replay([journal])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_snapshot_and_tail_equal_replay(run: Venue, share: float) -> None:
    journal = journal_of(run)
    cut = int(len(journal) * share)
    machine = StateMachine.create()
    machine.apply(journal[:cut])

    restored = StateMachine(load(dump(machine.state)))
    assert dump(restored.state) == dump(machine.state)
    restored.apply(journal[cut:])

    assert state_hash(restored.state) == state_hash(run.state)
    audit(restored.state)


def test_snapshot_with_one_changed_bit_is_refused(run: Venue) -> None:
    data = bytearray(dump(run.state))
    data[len(data) // 2] ^= 1

    with pytest.raises(CorruptSnapshotError):
        load(bytes(data))


@pytest.mark.parametrize(
    "environment",
    [
        {"NUMBA_DISABLE_JIT": "1"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4711"},
    ],
    ids=lambda environment: "-".join(f"{k}={v}" for k, v in environment.items()),
)
def test_state_hash_is_the_same_elsewhere(run: Venue, environment: dict[str, str]) -> None:
    """With the JIT off, NumPy raises on overflow: the arithmetic is proved too."""
    command = [sys.executable, "-W", "error", "-m", "tests.simulation.player", "1", str(STEPS)]

    found = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == state_hash(run.state).hex()


@pytest.mark.parametrize("seed", range(20, 26))
def test_violent_market_with_liquidations_keeps_every_invariant(seed: int) -> None:
    source = random.Random(seed)  # The whole run follows from the seed.
    venue = make_venue()
    player = Player(venue, open_traders(venue, source))

    for step in range(250):
        action = random_action(source, len(player.accounts), 3)
        if step % 10 == 0:
            action = Move(source.randrange(3), round(source.gauss(0, 15_000)), 1)
        player.play(action)
        audit(venue.state)
