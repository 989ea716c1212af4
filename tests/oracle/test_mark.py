"""The mark price of a perpetual: rules MARK-001 to MARK-005."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.mark import median_of_three, next_basis_e8, perpetual_mark_e8

E8 = 100_000_000
SECOND = 1_000_000_000
BAND = 5_000
INDEX = 60_000 * E8


def mark_of(
    index: int = INDEX,
    basis: int = 0,
    book: tuple[int, int, int] = (0, 0, 0),
    *,
    band: int = BAND,
    previous: tuple[int, int, int] = (0, 0, 0),
) -> int:
    values = (index, basis, *book, band, *previous)
    return int(perpetual_mark_e8(*np.array(values, np.int64)))


def basis_of(basis: int, bid: int, ask: int, elapsed_ns: int, index: int = INDEX) -> int:
    values = (basis, bid, ask, index, BAND, elapsed_ns)
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
