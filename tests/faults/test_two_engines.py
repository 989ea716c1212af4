"""One writer, whatever happens: two engines at once, a take-over, a lost lock."""

import signal
import time

import pytest

from exchange.pipeline import journal
from exchange.pipeline.replica import Replica
from tests.crash.stage import Stage, cut_the_engine_off, wait_for_trading
from tests.pipeline.engine import wait_until

LIVE = "The engine is live"


def test_terminated_engine_leaves_a_snapshot_of_its_last_sequence(stage: Stage) -> None:
    engine = stage.engine().wait_live()
    stage.venue.open_account()

    assert engine.terminate() == 0

    replica = Replica.open()
    assert replica.catch_up() == 0
    assert replica.sequence >= 2
    replica.close()


def test_second_engine_stands_by_and_takes_over(stage: Stage) -> None:
    with stage.load() as load:
        first = stage.engine().wait_live()
        standby = stage.engine()
        standby.wait_for_line("standing by")
        wait_for_trading(load, 20)
        assert LIVE not in standby.said

        first.kill()
        died = time.monotonic()
        standby.wait_for_line(LIVE)
        seconds = time.monotonic() - died
        wait_for_trading(load)
        load.finish()
        assert standby.terminate() == 0

    # Meant to be three seconds at most; a figure of a busy machine is no proof.
    print(f"the standby was live after {seconds:.2f} s")
    stage.prove(load)


@pytest.mark.nightly
def test_standby_killed_with_the_lock_in_its_hands_leaves_it_to_a_third(stage: Stage) -> None:
    with stage.load() as load:
        first = stage.engine().wait_live()
        standby = stage.engine(crash_at="after_lock")
        standby.wait_for_line("standing by")
        wait_for_trading(load)
        first.kill()
        assert standby.wait() == -9
        third = stage.engine().wait_live()
        load.finish()
        assert third.terminate() == 0

    stage.prove(load)


def test_engine_that_lost_its_lock_while_it_slept_stops_and_writes_nothing(
    stage: Stage,
) -> None:
    with stage.load() as load:
        sleeper = stage.engine().wait_live()
        standby = stage.engine()
        standby.wait_for_line("standing by")
        wait_for_trading(load)

        sleeper.send(signal.SIGSTOP)
        cut_the_engine_off()
        standby.wait_for_line(LIVE)
        wait_for_trading(load)
        sleeper.send(signal.SIGCONT)

        assert sleeper.wait() == 1
        assert "The engine stops. " in sleeper.said
        assert "Traceback" not in sleeper.said
        wait_for_trading(load)
        load.finish()
        assert standby.terminate() == 0

    stage.prove(load)


@pytest.mark.nightly
def test_several_starts_at_once_make_one_engine(stage: Stage) -> None:
    engines = [stage.engine() for _ in range(4)]

    def have_settled() -> bool:
        return all(LIVE in engine.said or "standing by" in engine.said for engine in engines)

    wait_until(have_settled, 60.0)

    assert sum(LIVE in engine.said for engine in engines) == 1
    with journal.connect() as own:
        assert not journal.try_lock(own)
