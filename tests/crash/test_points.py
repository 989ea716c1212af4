"""The matrix is whole: every crash point has a test that dies there."""

import os
import subprocess
import sys

import pytest

from exchange.pipeline.crash import POINTS
from tests.crash.test_engine import ENGINE
from tests.crash.test_gateway import GATEWAY
from tests.crash.test_projector import PROJECTOR, REBUILD
from tests.crash.test_side_work import QUARANTINE, TASK
from tests.pipeline.test_retention import KILLED_AT as RETENTION


def test_every_point_is_died_at() -> None:
    died_at = {*ENGINE, *PROJECTOR, *REBUILD, *GATEWAY, *TASK, *QUARANTINE, *RETENTION}

    assert died_at | {"mid_migration"} == set(POINTS)
    assert len(POINTS) >= 25


@pytest.mark.parametrize(("asked", "code"), [("", 0), ("after_read", -9), ("after_tea", 1)])
def test_a_point_kills_only_when_it_is_asked_for_by_its_name(asked: str, code: int) -> None:
    passes = "from exchange.pipeline.crash import crash_point; crash_point('after_read')"

    done = subprocess.run(
        [sys.executable, "-c", passes],
        env=os.environ | {"NOVATE_CRASH_AT": asked},
        capture_output=True,
    )

    assert done.returncode == code
