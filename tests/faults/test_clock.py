"""A wall clock that is moved by an hour under a real engine: time goes on, and never leaps."""

import shutil
import time
from pathlib import Path

import pytest

from exchange.pipeline import journal
from tests.crash.stage import Stage
from tests.pipeline.engine import EngineProcess, wait_until

SECOND = 1_000_000_000
MISSING = "faketime is not installed: apt-get install faketime"


class FakeClock:
    """What the engine's process takes for the wall clock; its monotonic clock is true."""

    def __init__(self, file: Path, library: str) -> None:
        self._file = file
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.shift(0)

    def shift(self, seconds: int) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}\n")
        draft.replace(self._file)


@pytest.fixture
def clock(tmp_path: Path) -> FakeClock:
    wrapper = shutil.which("faketime")
    if wrapper is None:
        pytest.skip(MISSING)
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        pytest.skip(MISSING)
    return FakeClock(tmp_path / "time", str(libraries[0]))


def journaled_times() -> list[int]:
    with journal.connect() as own:
        return [row.time_ns for row in journal.read_rows(own, journal.GENESIS)]


def wait_for_ticks(engine: EngineProcess, count: int) -> None:
    before = len(journaled_times())
    wait_until(lambda: len(journaled_times()) >= before + count or not engine.is_alive, 30.0)
    assert engine.is_alive, engine.said


def test_clock_moved_by_hours_is_alarmed_and_never_followed_in_a_leap(
    stage: Stage, clock: FakeClock
) -> None:
    engine = stage.engine(is_forked=False, **clock.environment).wait_live()
    wait_for_ticks(engine, 1)
    began, wall = journaled_times()[-1], time.monotonic()

    clock.shift(3_600)
    engine.wait_for_line("somebody has moved it")
    wait_for_ticks(engine, 1)
    clock.shift(-3_600)
    wait_for_ticks(engine, 1)
    clock.shift(0)
    engine.wait_for_line("agrees with the wall clock again")

    elapsed = time.monotonic() - wall
    assert engine.terminate() == 0
    times = journaled_times()
    assert times == sorted(times)
    assert 0 < times[-1] - began < (2 * elapsed + 2) * SECOND


@pytest.mark.nightly
def test_engine_restarted_under_a_clock_that_is_behind_goes_on_from_its_journal(
    stage: Stage, clock: FakeClock
) -> None:
    first = stage.engine(is_forked=False, **clock.environment).wait_live()
    wait_for_ticks(first, 1)
    assert first.terminate() == 0
    before = journaled_times()[-1]

    clock.shift(-3_600)
    second = stage.engine(is_forked=False, **clock.environment).wait_live()
    wait_for_ticks(second, 1)
    assert second.terminate() == 0

    times = journaled_times()
    assert times == sorted(times)
    assert before < times[-1] < before + 60 * SECOND
