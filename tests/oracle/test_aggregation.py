"""The index: rules INDEX-001 to INDEX-007, drill S01, and agreement with a plain reference."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.engine import units
from oracle import aggregation
from oracle.aggregation import (
    DEGRADED,
    INVALID,
    NO_PRICE,
    RESULT_CONFIDENCE,
    RESULT_FRESH,
    RESULT_INDEX,
    RESULT_INLIERS,
    RESULT_OUTLIERS,
    RESULT_RAW,
    RESULT_SIZE,
    RESULT_STATUS,
    SOURCES_MAX,
    VALID,
    WIDE,
    aggregate_index,
    deviation_from_others_ppm,
    limited,
    weighted_quantile,
)

E8 = 100_000_000
SECOND = 1_000_000_000
EQUAL = 200_000


def index_of(
    prices: list[int],
    previous: int = 0,
    elapsed_ns: int = SECOND,
    weights: list[int] | None = None,
) -> list[int]:
    """aggregate_index over whole arrays of capacity, with rubbish behind the fresh entries."""
    prices_e8 = np.full(SOURCES_MAX, 77, np.int64)
    weights_ppm = np.full(SOURCES_MAX, 999_999, np.int64)
    prices_e8[: len(prices)] = prices
    weights_ppm[: len(prices)] = weights or [EQUAL] * len(prices)
    before = prices_e8.copy(), weights_ppm.copy()
    result = np.full(RESULT_SIZE, -1, np.int64)
    count, before_e8, elapsed = np.array([len(prices), previous, elapsed_ns], np.int64)
    aggregate_index(prices_e8, weights_ppm, count, before_e8, elapsed, result)
    assert (prices_e8 == before[0]).all()
    assert (weights_ppm == before[1]).all()
    return [int(value) for value in result]


def test_status_numbers_are_those_of_the_engine() -> None:
    assert (NO_PRICE, VALID, WIDE, DEGRADED, INVALID) == (
        units.ORACLE_NO_PRICE,
        units.ORACLE_VALID,
        units.ORACLE_WIDE,
        units.ORACLE_DEGRADED,
        units.ORACLE_INVALID,
    )
    assert aggregation.SOURCES_MAX == units.SOURCES_MAX
    assert aggregation.PPM == units.PPM


def test_index_of_five_close_sources_is_their_median() -> None:
    prices = [60_010 * E8, 60_000 * E8, 59_990 * E8, 60_020 * E8, 60_005 * E8]

    result = index_of(prices)

    assert result[RESULT_INDEX] == 60_005 * E8
    assert result[RESULT_RAW] == 60_005 * E8
    assert result[RESULT_STATUS] == VALID
    assert result[RESULT_INLIERS] == 5
    assert result[RESULT_OUTLIERS] == 0
    assert result[RESULT_FRESH] == 5
    # The central half reaches from 60,000 to 60,010: half of it is 5.
    assert result[RESULT_CONFIDENCE] == 5 * E8


def test_index_of_an_even_count_is_the_lower_median() -> None:
    assert index_of([104 * E8, 101 * E8, 103 * E8, 102 * E8])[RESULT_INDEX] == 102 * E8


def test_index_weight_moves_the_median() -> None:
    prices = [100 * E8, 101 * E8, 102 * E8]

    assert index_of(prices, weights=[300_000, 300_000, 400_000])[RESULT_INDEX] == 101 * E8
    assert index_of(prices, weights=[200_000, 200_000, 600_000])[RESULT_RAW] == 102 * E8


def test_source_without_weight_is_neither_fresh_nor_an_outlier() -> None:
    prices = [100 * E8, 100 * E8, 900 * E8]

    result = index_of(prices, 100 * E8, weights=[EQUAL, EQUAL, 0])

    assert result[RESULT_FRESH] == 2
    assert result[RESULT_OUTLIERS] == 0
    assert result[RESULT_STATUS] == DEGRADED


def test_outlier_is_dropped_counted_and_named() -> None:
    prices = [100 * E8, 1 * E8, 100 * E8, 100 * E8, 5_000 * E8]

    result = index_of(prices, 100 * E8)

    assert result[RESULT_INDEX] == 100 * E8
    assert result[RESULT_STATUS] == VALID
    assert result[RESULT_INLIERS] == 3
    assert result[RESULT_OUTLIERS] == 0b10010


def test_outlier_bound_is_three_tenths_of_a_percent_when_sources_agree() -> None:
    at_the_bound = index_of([10_000, 10_000, 10_000, 10_000, 10_030])
    beyond = index_of([10_000, 10_000, 10_000, 10_000, 10_031])

    assert at_the_bound[RESULT_OUTLIERS] == 0
    assert beyond[RESULT_OUTLIERS] == 0b10000


def test_outlier_bound_widens_to_five_median_deviations() -> None:
    # Deviations 0, 100, 100, 200, x: MAD 100, so 500 is inside and 501 is not.
    assert index_of([10_000, 10_100, 9_900, 9_800, 10_500])[RESULT_OUTLIERS] == 0
    assert index_of([10_000, 10_100, 9_900, 9_800, 10_501])[RESULT_OUTLIERS] == 0b10000


def test_target_is_clamped_to_half_a_percent_of_the_raw_median() -> None:
    # Raw 10,000 with MAD 100; dropping 8,000 leaves 9,900 10,000 10,300 10,400, lower median
    # 10,000. With weights that make 10,300 the inliers' median the clamp holds it at 10,050.
    prices = [8_000, 9_900, 10_000, 10_300, 10_310]
    weights = [300_000, 20_000, 200_000, 250_000, 230_000]

    result = index_of(prices, weights=weights, previous=10_000, elapsed_ns=5 * SECOND)

    assert result[RESULT_RAW] == 10_000
    assert result[RESULT_OUTLIERS] == 0b00001
    assert result[RESULT_INDEX] == 10_050


@pytest.mark.parametrize(
    ("prices", "weights", "previous", "status", "index"),
    [
        ([], None, 0, NO_PRICE, 0),
        ([], None, 10_000, INVALID, 10_000),
        ([10_000], None, 0, NO_PRICE, 0),
        ([10_000], None, 10_000, DEGRADED, 10_000),
        ([10_000, 10_000], None, 0, NO_PRICE, 0),
        ([10_000, 10_000], None, 10_000, DEGRADED, 10_000),
        ([10_000, 10_001, 10_002], None, 0, VALID, 10_001),
        ([10_000, 10_001, 10_002], None, 10_000, VALID, 10_001),
        # Only two inliers.
        ([10_000, 10_000, 90_000], None, 10_000, WIDE, 10_000),
        ([10_000, 10_000, 90_000], None, 0, NO_PRICE, 0),
        # One weight alone decides, and nobody agrees with it.
        ([10_000, 5_000, 20_000], [600_000, 200_000, 200_000], 10_000, WIDE, 10_000),
        # Confidence: 98.5, 100, 101 has a central half of 2.5, half of it is 1.25 %.
        ([9_850, 10_000, 10_100], None, 10_000, WIDE, 10_000),
        ([9_900, 10_000, 10_100], None, 10_000, VALID, 10_000),
        # The raw median is 4 % up; one second moves the index by 2 %: 1.96 % away from it.
        ([10_400, 10_400, 10_400], None, 10_000, VALID, 10_200),
        # 5 % up: 2.9 % away.
        ([10_500, 10_500, 10_500], None, 10_000, WIDE, 10_200),
        ([9_500, 9_500, 9_500], None, 10_000, WIDE, 9_800),
    ],
)
def test_status_matrix(
    prices: list[int], weights: list[int] | None, previous: int, status: int, index: int
) -> None:
    result = index_of(prices, previous, SECOND, weights)

    assert result[RESULT_STATUS] == status
    assert result[RESULT_INDEX] == index


@pytest.mark.parametrize(
    ("elapsed_ns", "index"),
    [
        (0, 1_000_000),
        (1_000, 1_000_000),
        (250_000_000, 1_005_000),
        (SECOND, 1_020_000),
        (5 * SECOND, 1_100_000),
        (6 * SECOND, 1_100_000),
        (10**18, 1_100_000),
    ],
)
def test_rate_limit_is_two_percent_a_second_for_at_most_five(
    elapsed_ns: int, index: int
) -> None:
    assert index_of([3_000_000] * 5, 1_000_000, elapsed_ns)[RESULT_INDEX] == index


@pytest.mark.parametrize("lie", [60_000_000 * E8, 60 * E8])
@pytest.mark.parametrize("liar_first", [True, False])
def test_s01_two_survivors_one_of_them_lying_moves_nothing(lie: int, liar_first: bool) -> None:
    honest = 60_000 * E8
    prices = [lie, honest] if liar_first else [honest, lie]

    result = index_of(prices, previous=honest, elapsed_ns=5 * SECOND)

    assert result[RESULT_INDEX] == honest
    assert result[RESULT_STATUS] == DEGRADED
    assert result[RESULT_INLIERS] == 1
    assert result[RESULT_OUTLIERS] == (0b01 if liar_first else 0b10)


def test_two_survivors_who_agree_move_the_index() -> None:
    result = index_of([10_050, 10_060], previous=10_000, elapsed_ns=SECOND)

    assert result[RESULT_INDEX] == 10_050
    assert result[RESULT_INLIERS] == 2


def test_two_survivors_on_both_sides_hold_the_index() -> None:
    assert index_of([9_990, 10_060], previous=10_000)[RESULT_INDEX] == 10_000


def test_one_survivor_alone_moves_nothing() -> None:
    result = index_of([10_010], previous=10_000)

    assert result[RESULT_INDEX] == 10_000
    assert result[RESULT_RAW] == 10_010
    assert result[RESULT_STATUS] == DEGRADED


def test_deviation_is_measured_from_the_others() -> None:
    prices = np.array([50, 100, 150, 1], np.int64) * E8
    weights = np.array([1, 1, 1, 0], np.int64)

    # The others of the first are 100 and 150: lower median 100.
    assert deviation_from_others_ppm(prices, weights, 4, 0) == 500_000
    assert deviation_from_others_ppm(prices, weights, 4, 2) == 2_000_000
    assert deviation_from_others_ppm(prices[:1], weights[:1], 1, 0) == 0


def test_deviation_of_a_monstrous_price_is_capped_not_wrapped() -> None:
    prices = np.array([10**17, 1, 1], np.int64)

    assert deviation_from_others_ppm(prices, np.ones(3, np.int64), 3, 0) == 10**12


def plain_quantile(pairs: list[tuple[int, int]], quarters: int) -> int:
    """Lower weighted quantile by sorting and exact fractions."""
    total = sum(weight for _, weight in pairs)
    below = 0
    for value, weight in sorted(pairs):
        below += weight
        if Fraction(below, total) >= Fraction(quarters, 4):
            return value
    raise AssertionError("unreachable: the last value is at or below the whole weight")


def plain_index(
    prices: list[int], weights: list[int], previous: int, elapsed_ns: int
) -> tuple[int, int, int, int]:
    """(index, status, inliers, outliers) by the rules as they read, in unbounded integers."""
    voices = [(i, p, w) for i, (p, w) in enumerate(zip(prices, weights, strict=True)) if w > 0]
    if not voices:
        return previous, (INVALID if previous else NO_PRICE), 0, 0
    raw = plain_quantile([(p, w) for _, p, w in voices], 2)
    centre = raw
    if len(voices) < 3 and previous:
        witnesses = sorted([p for _, p, _ in voices] + [previous])
        centre = witnesses[1] if len(voices) == 2 else previous
    tolerance = centre * 3_000 // 10**6
    if len(voices) >= 3:
        mad = plain_quantile([(abs(p - raw), w) for _, p, w in voices], 2)
        tolerance = max(tolerance, 5 * mad)
    inside = [(p, w) for _, p, w in voices if abs(p - centre) <= tolerance]
    outliers = sum(1 << i for i, p, _ in voices if abs(p - centre) > tolerance)
    target = centre
    if len(voices) >= 3:
        reach = raw * 5_000 // 10**6
        clamped = [(min(max(p, raw - reach), raw + reach), w) for p, w in inside]
        target = plain_quantile(clamped, 2)
    index = target
    if previous:
        step = previous * 20 * min(elapsed_ns // 1_000, 5_000_000) // 10**9
        index = min(max(target, previous - step), previous + step)
    spread = plain_quantile(inside, 3) - plain_quantile(inside, 1) if inside else 0
    wide = (
        len(inside) < 3
        or abs(raw - index) > index * 20_000 // 10**6
        or (spread + 1) // 2 > index * 10_000 // 10**6
    )
    status = DEGRADED if len(voices) < 3 else WIDE if wide else VALID
    if not previous and status != VALID:
        return 0, NO_PRICE, len(inside), outliers
    return index, status, len(inside), outliers


near = st.integers(min_value=9_500 * E8, max_value=10_500 * E8)
wild = st.integers(min_value=1, max_value=10**17)
price = st.one_of(near, near, wild)
weight = st.one_of(st.just(0), st.just(EQUAL), st.integers(1, 1_000_000))
sources = st.lists(st.tuples(price, weight), max_size=SOURCES_MAX)


@settings(max_examples=300, deadline=None)
@given(sources, st.one_of(st.just(0), near, wild), st.integers(0, 10**11))
def test_index_agrees_with_the_plain_reference(
    entries: list[tuple[int, int]], previous: int, elapsed_ns: int
) -> None:
    prices = [p for p, _ in entries]
    weights = [w for _, w in entries]

    result = index_of(prices, previous, elapsed_ns, weights or None)

    assert (
        result[RESULT_INDEX],
        result[RESULT_STATUS],
        result[RESULT_INLIERS],
        result[RESULT_OUTLIERS],
    ) == plain_index(prices, weights, previous, elapsed_ns)


@settings(max_examples=200, deadline=None)
@given(sources, st.one_of(near, wild), st.integers(0, 10**11))
def test_index_never_moves_faster_than_its_rate(
    entries: list[tuple[int, int]], previous: int, elapsed_ns: int
) -> None:
    prices = [p for p, _ in entries]
    weights = [w for _, w in entries]

    index = index_of(prices, previous, elapsed_ns, weights or None)[RESULT_INDEX]

    assert abs(index - previous) * 10**6 <= previous * 100_000
    assert abs(index - previous) * 100 * SECOND <= previous * 2 * elapsed_ns


@settings(max_examples=200, deadline=None)
@given(st.lists(near, min_size=3, max_size=9), st.data())
def test_a_minority_of_liars_moves_the_index_half_a_percent_at_most(
    honest: list[int], data: st.DataObject
) -> None:
    liars = data.draw(st.lists(wild, max_size=len(honest) - 1))
    order = data.draw(st.permutations(honest + liars))

    # Without a previous index there is no rate limit; NO_PRICE is a refusal, not a lie.
    result = index_of(list(order))

    assert min(honest) <= result[RESULT_RAW] <= max(honest)
    if result[RESULT_STATUS] == VALID:
        assert abs(result[RESULT_INDEX] - result[RESULT_RAW]) * 200 <= result[RESULT_RAW]


def test_an_honest_outlier_dropped_between_liars_shifts_the_index_within_the_clamp() -> None:
    # Found by Hypothesis: 969.7 is honest and dropped, 931.6 and 946.3 lie and are not.
    result = index_of([931_651, 950_000, 950_000, 969_684, 946_330])

    assert result[RESULT_RAW] == 950_000
    assert result[RESULT_OUTLIERS] == 0b01000
    assert result[RESULT_INDEX] == 946_330


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(wild, st.integers(1, 10**6)), min_size=1, max_size=32))
def test_weighted_quantile_agrees_with_sorting(pairs: list[tuple[int, int]]) -> None:
    values = np.array([value for value, _ in pairs], np.int64)
    weights = np.array([weight for _, weight in pairs], np.int64)

    for quarters in (1, 2, 3):
        found = weighted_quantile(values, weights, len(pairs), quarters)
        assert found == plain_quantile(pairs, quarters)


def test_limited_rounds_toward_the_previous_index() -> None:
    assert limited(2_000, 1_999, 10_000_000) == 1_999
    assert limited(110_000_000, 100_000_000, 500_000_000) == 101_000_000
