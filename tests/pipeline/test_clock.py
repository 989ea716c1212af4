"""Engine time: never backwards, never in a leap."""

from exchange.pipeline.clock import EngineClock

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND


def test_clock_follows_the_wall_clock_and_its_small_steps() -> None:
    clock = EngineClock(0, 100 * SECOND, 0)

    assert clock.advance(101 * SECOND, SECOND) == 101 * SECOND
    assert clock.advance(101 * SECOND + 5, SECOND + 7) == 101 * SECOND + 5
    assert clock.advance(101 * SECOND - 9, SECOND + 8) == 101 * SECOND + 5


def test_wall_clock_moved_forward_is_approached_at_double_speed() -> None:
    clock = EngineClock(0, 0, 0)

    assert clock.advance(HOUR + SECOND, SECOND) == 2 * SECOND
    assert clock.is_alarmed


def test_wall_clock_moved_back_slows_time_down_to_half() -> None:
    clock = EngineClock(0, HOUR, 0)

    assert clock.advance(2 * SECOND, 2 * SECOND) == HOUR + SECOND
    assert clock.is_alarmed


def test_alarm_ends_when_the_clocks_agree_again() -> None:
    clock = EngineClock(0, 0, 0)

    clock.advance(5 * SECOND, SECOND)
    clock.advance(6 * SECOND, 2 * SECOND)
    clock.advance(7 * SECOND, 3 * SECOND)
    time_ns = clock.advance(9 * SECOND, 5 * SECOND)

    assert time_ns == 9 * SECOND
    assert not clock.is_alarmed


def test_start_believes_a_wall_clock_ahead_of_the_journal() -> None:
    assert EngineClock(SECOND, HOUR, 0).time_ns == HOUR


def test_start_never_goes_behind_the_journal() -> None:
    clock = EngineClock(HOUR, SECOND, 0)

    assert clock.time_ns == HOUR
    assert clock.advance(SECOND, 2 * SECOND) == HOUR + SECOND
