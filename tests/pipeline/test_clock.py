"""Engine time: never backwards, never in a leap."""

from hypothesis import given
from hypothesis import strategies as st

from exchange.pipeline.clock import EngineClock, HeardClock

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


def test_slow_commit_does_not_make_engine_time_look_old() -> None:
    heard = HeardClock()

    heard.hear(100 * SECOND, 10 * SECOND)
    # The batch of 101 s was on the disk six seconds later.
    heard.hear(101 * SECOND, 17 * SECOND)
    assert heard.time_ns(17 * SECOND) == 103 * SECOND + SECOND // 2  # true: 107 s
    heard.hear(107 * SECOND, 17 * SECOND)
    assert heard.time_ns(18 * SECOND) == 108 * SECOND
    assert heard.silence_ns(18 * SECOND) == SECOND


def test_before_the_first_batch_nothing_is_known() -> None:
    assert HeardClock().time_ns(SECOND) is None
    assert HeardClock().silence_ns(SECOND) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * SECOND),  # since the batch before
            st.floats(0.5, 2.0),  # the engine's speed meanwhile
            st.integers(0, SECOND),  # from its time to hearing it
        ),
        min_size=1,
        max_size=50,
    )
)
def test_heard_time_is_never_ahead_of_the_engine(
    batches: list[tuple[int, float, int]],
) -> None:
    heard, monotonic_ns, engine_ns = HeardClock(), 0, HOUR
    for pause, speed, delay in batches:
        monotonic_ns += pause
        engine_ns += -int(-pause * speed // 1)
        time_ns = engine_ns
        monotonic_ns += delay
        engine_ns += delay
        heard.hear(time_ns, monotonic_ns)
        told = heard.time_ns(monotonic_ns)
        assert told is not None
        assert time_ns <= told <= engine_ns
