"""The mark price of a perpetual: rules MARK-001 to MARK-006."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.mark import (
    mark_in_ticks,
    mark_step_e8,
    median_of_three,
    next_basis_e8,
    perpetual_mark_e8,
)

E8 = 100_000_000
SECOND = 1_000_000_000
BAND = 5_000
RATE = 5_000
INDEX = 60_000 * E8


def mark_of(
    index: int = INDEX,
    basis: int = 0,
    book: tuple[int, int, int] = (0, 0, 0),
    *,
    band: int = BAND,
    previous: tuple[int, int, int] = (0, 0, 0),
) -> int:
    values = (index, basis, *book, band, *previous[:2], RATE, previous[2])
    return int(perpetual_mark_e8(*np.array(values, np.int64)))


def basis_of(basis: int, bid: int, ask: int, elapsed_ns: int, index: int = INDEX) -> int:
    values = (basis, bid, ask, index, BAND, 150, elapsed_ns)
    return int(next_basis_e8(*np.array(values, np.int64)))


@pytest.mark.parametrize(
    "order", [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)]
)
def test_median_of_three_ignores_the_order(order: tuple[int, int, int]) -> None:
    assert median_of_three(*order) == 2


def test_mark_without_index_is_no_price() -> None:
    assert mark_of(0, 5, (INDEX, INDEX, INDEX)) == 0


def test_mark_without_book_and_trades_is_the_index() -> None:
    assert mark_of() == INDEX
    assert mark_of(basis=30 * E8) == INDEX


def test_mark_takes_the_middle_of_basis_book_and_index() -> None:
    book = (60_010 * E8, 60_020 * E8, 60_015 * E8)

    assert mark_of(basis=30 * E8, book=book) == 60_015 * E8
    assert mark_of(basis=5 * E8, book=book) == 60_005 * E8
    assert mark_of(basis=-5 * E8, book=book) == INDEX


def test_mark_with_a_missing_side_lets_the_index_vote() -> None:
    # Bid absent: the median of index 60,000, ask 60,040 and last 60,030 is the last.
    assert mark_of(INDEX, 100 * E8, (0, 60_040 * E8, 60_030 * E8)) == 60_030 * E8
    # Two absent: the median of 60,000, 60,000 and anything is the index.
    assert mark_of(INDEX, 100 * E8, (0, 0, 60_030 * E8)) == INDEX


def test_mark_of_a_dragged_book_stays_within_index_and_basis() -> None:
    dragged = (90_000 * E8, 90_001 * E8, 90_000 * E8)

    assert mark_of(basis=0, book=dragged) == INDEX
    assert mark_of(basis=12 * E8, book=dragged) == 60_012 * E8


def test_mark_is_clamped_to_the_band() -> None:
    dragged = (90_000 * E8, 90_001 * E8, 90_000 * E8)

    assert mark_of(basis=5_000 * E8, book=dragged) == 60_300 * E8
    assert mark_of(basis=5_000 * E8, band=0, book=dragged) == INDEX


def test_mark_moves_with_the_index_plus_half_a_percent_a_second() -> None:
    book = (60_290 * E8, 60_310 * E8, 60_300 * E8)

    # A quarter of a second allows 0.125 % of 60,000 = 75.
    moved = mark_of(basis=300 * E8, book=book, previous=(INDEX, INDEX, SECOND // 4))
    assert moved == 60_075 * E8
    # The index itself moved by 20: 75 more of the new index, 0.125 % x 60,020 = 75.025.
    moved = mark_of(60_020 * E8, 280 * E8, book=book, previous=(INDEX, INDEX, SECOND // 4))
    assert moved == 60_095 * E8 + 2_500_000


def test_mark_after_a_long_gap_is_free_of_the_rate() -> None:
    book = (60_290 * E8, 60_310 * E8, 60_300 * E8)

    assert (
        mark_of(basis=300 * E8, book=book, previous=(30_000 * E8, INDEX, 10**18)) == 60_300 * E8
    )


def test_mark_obeys_a_narrowed_band_at_once() -> None:
    moved = mark_of(band=1_000, previous=(60_300 * E8, INDEX, 1))

    assert moved == 60_060 * E8


def test_basis_approaches_the_impact_middle() -> None:
    # t / (150 s + t): a half after 150 s, a quarter of it after 50 s.
    assert basis_of(0, 60_010 * E8, 60_030 * E8, 150 * SECOND) == 10 * E8
    assert basis_of(0, 60_010 * E8, 60_030 * E8, 50 * SECOND) == 5 * E8
    assert basis_of(40 * E8, 59_950 * E8, 59_970 * E8, 150 * SECOND) == 0
    assert basis_of(7, 60_010 * E8, 60_030 * E8, 0) == 7


def test_basis_sample_is_clamped_to_the_band() -> None:
    # The impact middle is 1,000 above; the band lets 300 through.
    assert basis_of(0, 60_900 * E8, 61_100 * E8, 150 * SECOND) == 150 * E8
    assert basis_of(0, 58_900 * E8, 59_100 * E8, 150 * SECOND) == -150 * E8


@pytest.mark.parametrize(("bid", "ask"), [(0, 60_030 * E8), (60_010 * E8, 0), (0, 0)])
def test_basis_without_depth_on_a_side_decays(bid: int, ask: int) -> None:
    assert basis_of(20 * E8, bid, ask, 150 * SECOND) == 10 * E8
    assert basis_of(-20 * E8, bid, ask, 150 * SECOND) == -10 * E8


prices = st.integers(1, 10**16)
quotes = st.one_of(st.just(0), prices)


@settings(max_examples=300, deadline=None)
@given(
    prices,
    st.integers(-(10**16), 10**16),
    st.tuples(quotes, quotes, quotes),
    st.integers(0, 100_000),
    st.tuples(quotes, quotes, st.integers(0, 10**18)),
)
def test_mark_is_always_within_the_band(
    index: int,
    basis: int,
    book: tuple[int, int, int],
    band: int,
    previous: tuple[int, int, int],
) -> None:
    mark = mark_of(index, basis, book, band=band, previous=previous)

    assert abs(mark - index) * 10**6 <= index * band


@settings(max_examples=300, deadline=None)
@given(
    prices,
    st.integers(-5_000, 5_000),
    st.integers(-20_000, 20_000),
    st.integers(-(10**15), 10**15),
    st.tuples(quotes, quotes, quotes),
    st.integers(0, 5 * SECOND),
)
def test_mark_never_outruns_the_index_by_more_than_its_rate(
    previous_index: int,
    premium_ppm: int,
    speed_ppm: int,
    basis: int,
    book: tuple[int, int, int],
    elapsed_ns: int,
) -> None:
    previous_mark = previous_index + int(previous_index * premium_ppm / 10**6)
    move = previous_index * speed_ppm * elapsed_ns // (10**6 * SECOND)
    index = max(1, previous_index + move)
    previous = (max(1, previous_mark), previous_index, elapsed_ns)

    mark = mark_of(index, basis, book, previous=previous)

    allowed = abs(index - previous_index) + index * 5 * elapsed_ns // (1_000 * SECOND)
    assert abs(mark - previous[0]) <= allowed + 2


@settings(max_examples=300, deadline=None)
@given(prices, st.integers(-(10**16), 10**16), quotes, quotes, st.integers(0, 10**18))
def test_basis_moves_toward_its_sample_and_never_past(
    index: int, basis: int, bid: int, ask: int, elapsed_ns: int
) -> None:
    reach = index * BAND // 10**6
    sample = 0
    if bid and ask:
        sample = min(max((bid + ask) // 2 - index, -reach), reach)

    moved = basis_of(basis, bid, ask, elapsed_ns, index)

    assert min(basis, sample) <= moved <= max(basis, sample)


TICK = 10_000_000  # 0.1 USDC


@pytest.mark.parametrize(
    ("mark", "index", "previous", "step", "ticks"),
    [
        # Index 60,000.07: the band of 0.5 % is 300.00035 wide, 59,700.06965 .. 60,300.07035.
        (6_000_004_000_000, 6_000_007_000_000, 0, 0, 600_000),  # 60,000.04 down
        (6_000_006_000_000, 6_000_007_000_000, 0, 0, 600_001),  # 60,000.06 up
        (6_030_007_035_000, 6_000_007_000_000, 0, 0, 603_000),  # its nearest tick is outside
        (5_970_006_965_000, 6_000_007_000_000, 0, 0, 597_001),  # and below: up into the band
        # A step of 7.56 from tick 600,000 reaches 75 ticks, though 60,007.56 rounds to 76.
        (6_000_756_000_000, 6_000_007_000_000, 600_000, 756_000_000, 600_075),
        (5_999_244_000_000, 6_000_007_000_000, 600_000, 756_000_000, 599_925),
        # The band wins over the step: index fell to 59,000, band up to 59,295.
        (5_929_500_000_000, 5_900_000_000_000, 600_000, 0, 592_950),
    ],
)
def test_mark_in_ticks_is_nearest_tick_within_band_and_step(
    mark: int, index: int, previous: int, step: int, ticks: int
) -> None:
    assert mark_in_ticks(mark, index, BAND, TICK, previous, step) == ticks


def test_mark_in_ticks_of_a_band_without_a_tick_is_the_nearest() -> None:
    # 0.5 % of 1.07 is narrower than a tick of 0.1.
    assert mark_in_ticks(107_000_000, 107_000_000, BAND, TICK, 0, 0) == 11
    assert mark_in_ticks(1_000_000, 1_000_000, BAND, TICK, 0, 0) == 1


@pytest.mark.parametrize("previous", [1, 9, 10, 12, 40])
def test_mark_in_ticks_of_a_band_without_a_tick_is_held_by_no_rate(previous: int) -> None:
    # It stood elsewhere, and a step of 0 would keep it there.
    assert mark_in_ticks(107_000_000, 107_000_000, BAND, TICK, previous, 0) == 11


@pytest.mark.parametrize("previous", [1, 900, 1_100, 4_000])
def test_mark_in_ticks_outside_its_band_is_pulled_in_whatever_the_rate(previous: int) -> None:
    # 0.5 % of 100 is 0.5: ticks 995 to 1,005.
    allowed = {1: 995, 900: 995, 1_100: 1_005, 4_000: 1_005}

    found = mark_in_ticks(100 * E8, 100 * E8, BAND, TICK, previous, 0)

    assert found == allowed[previous]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(10**9, 10**15),
    st.integers(-(10**14), 10**14),
    st.tuples(quotes, quotes, quotes),
    st.integers(100, 250_000),
    st.integers(1, 10**8),
    st.integers(-20_000, 20_000),
    st.integers(0, 5 * SECOND),
)
def test_mark_in_ticks_never_leaves_the_band_nor_outruns_its_step(
    index: int,
    basis: int,
    book: tuple[int, int, int],
    band: int,
    tick: int,
    speed_ppm: int,
    elapsed: int,
) -> None:
    first = mark_in_ticks(mark_of(index, basis, book, band=band), index, band, tick, 0, 0)
    later = max(1, index + index * speed_ppm * elapsed // (10**6 * SECOND))
    mark = mark_of(later, -basis, book, band=band, previous=(first * tick, index, elapsed))
    step = mark_step_e8(later, index, RATE, elapsed)

    second = mark_in_ticks(mark, later, band, tick, first, step)

    lowest, highest = -(-(later * (10**6 - band)) // (10**6 * tick)), later * (10**6 + band)
    highest //= 10**6 * tick
    if lowest <= highest:
        assert lowest <= second <= highest
    allowed = abs(later - index) + later * 5 * elapsed // (1_000 * SECOND)
    assert abs(second - first) * tick < allowed + tick + 2
