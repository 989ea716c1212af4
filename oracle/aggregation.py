"""Fresh observations of many sources -> one index price, its status and its confidence.

A pure function of integers: the engine calls it on what the journal holds, so that every index
of the past can be recomputed. Whatever less than half of the weight reports, the raw price
stays among the prices that the rest reported, and the index within 0.5 % of the raw price.

INDEX-001  the raw price is the lower weighted median of the fresh observations.
INDEX-002  a source further than max(5 x MAD, 0.3 %) from the raw median is an outlier: dropped,
           counted and named in a bit mask. MAD is the weighted median absolute deviation.
INDEX-003  the target is the weighted median of the inliers, each clamped to raw +- 0.5 %.
INDEX-004  with fewer than three fresh sources no majority can outvote a liar, so the previous
           index is the missing witness: two sources and the previous index give the median of
           the three; one source alone moves nothing.
INDEX-005  |change| <= 2 % x min(elapsed, 5 s), no exception.
INDEX-006  status, first that applies: NO_PRICE (never VALID so far), INVALID (none fresh),
           DEGRADED (fewer than three fresh), WIDE (two inliers or fewer; raw more than 2 % from
           the new index; confidence above 1 % of it), VALID.
INDEX-007  the first index must be VALID: until then there is no price at all.

A source of weight zero observes without a voice: it is neither fresh nor an outlier.
"""

import numpy as np
from numba import njit

from oracle.rounding import fraction_floor

Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

NO_PRICE = 0
VALID = 1
WIDE = 2
DEGRADED = 3
INVALID = 4

SOURCES_MAX = 32
PRICE_E8_MAX = 10**17  # one billion dollars: what every product below is bounded for
FRESH_NS_MAX = 10_000_000_000

RESULT_INDEX = 0
RESULT_RAW = 1
RESULT_STATUS = 2
RESULT_INLIERS = 3
RESULT_CONFIDENCE = 4
RESULT_OUTLIERS = 5
RESULT_FRESH = 6
RESULT_SIZE = 8

PPM = 1_000_000
PPB = 1_000_000_000
QUORUM = 3
MAD_MULTIPLE = 5
OUTLIER_PPM = 3_000
CLAMP_PPM = 5_000
RATE_PPB_PER_US = 20  # 2 % a second
RATE_US_MAX = 5_000_000
WIDE_DISTANCE_PPM = 20_000
WIDE_CONFIDENCE_PPM = 10_000

assert MAD_MULTIPLE * PRICE_E8_MAX < 1 << 62
assert 4 * SOURCES_MAX * PPM < 1 << 62


@njit(cache=True, nogil=True)
def aggregate_index(
    prices_e8: Integers,
    weights_ppm: Integers,
    count: int,
    previous_e8: int,
    elapsed_ns: int,
    result: Integers,
) -> None:
    """Fill `result` with the next index by rules INDEX-001 to INDEX-007.

    prices_e8 : (>= count,) int64, quote x 10^8, 1 .. PRICE_E8_MAX; not changed
    weights_ppm : (>= count,) int64, 0 .. 10^6; not changed
    count : the first `count` entries are the fresh observations (age <= FRESH_NS_MAX)
    previous_e8 : the index so far; 0 if there has been none
    elapsed_ns : since the previous index was computed, >= 0; not used when that is 0
    result : (RESULT_SIZE,) int64, written: see RESULT_*

    Five sources, one of them a thousand times too high (its bit is 2^3):

    >>> prices = np.array([100, 101, 99, 100_000, 100], np.int64) * 10**8
    >>> weights = np.full(5, 200_000, np.int64)
    >>> result = np.zeros(RESULT_SIZE, np.int64)
    >>> aggregate_index(prices, weights, 5, 100 * 10**8, 10**9, result)
    >>> [int(value) for value in result]
    [10000000000, 10000000000, 1, 4, 50000000, 8, 5, 0]
    """
    result[:] = 0
    values = np.zeros(SOURCES_MAX, np.int64)
    voices = np.zeros(SOURCES_MAX, np.int64)
    fresh = 0
    for i in range(count):
        values[i] = prices_e8[i]
        voices[i] = weights_ppm[i]
        if voices[i] > 0:
            fresh += 1
    result[RESULT_FRESH] = fresh
    result[RESULT_INDEX] = previous_e8
    if fresh == 0:
        result[RESULT_STATUS] = NO_PRICE if previous_e8 == 0 else INVALID
        return
    raw = weighted_quantile(values, voices, count, 2)
    target = raw
    if fresh < QUORUM and previous_e8 > 0:
        target = _witnessed(values, voices, count, previous_e8)
    tolerance = fraction_floor(target, OUTLIER_PPM, PPM)
    if fresh >= QUORUM:
        mad = weighted_deviation(values, voices, count, raw)
        tolerance = max(tolerance, MAD_MULTIPLE * mad)
    outliers, inliers = _drop_outliers(values, voices, count, target, tolerance)
    confidence = _half_spread(values, voices, count, inliers)
    if fresh >= QUORUM:
        target = _clamped_median(values, voices, count, raw)
    index = target if previous_e8 == 0 else limited(target, previous_e8, elapsed_ns)
    status = _status(fresh, inliers, index, raw, confidence)
    if previous_e8 == 0 and status != VALID:
        index = 0
        status = NO_PRICE
    result[RESULT_INDEX] = index
    result[RESULT_RAW] = raw
    result[RESULT_STATUS] = status
    result[RESULT_INLIERS] = inliers
    result[RESULT_CONFIDENCE] = confidence
    result[RESULT_OUTLIERS] = outliers


@njit(cache=True, nogil=True)
def weighted_quantile(values: Integers, weights: Integers, count: int, quarters: int) -> int:
    """The smallest value at or below which `quarters`/4 of the weight lies (2: lower median).

    values : (>= count,) int64, any unit; entries of weight 0 are not there
    weights : (>= count,) int64, >= 0, at least one positive
    quarters : 1, 2 or 3

    Selection by comparing all pairs: at most 32 x 32, and no scratch memory.

    >>> weights = np.array([1, 1, 1, 1], np.int64)
    >>> int(weighted_quantile(np.array([40, 10, 30, 20], np.int64), weights, 4, 2))
    20
    """
    total = 0
    for i in range(count):
        total += weights[i]
    best = -1
    for i in range(count):
        if weights[i] == 0 or (best >= 0 and values[i] >= values[best]):
            continue
        below = 0
        for j in range(count):
            if values[j] <= values[i]:
                below += weights[j]
        if 4 * below >= quarters * total:
            best = i
    assert best >= 0
    return int(values[best])


@njit(cache=True, nogil=True)
def weighted_deviation(values: Integers, weights: Integers, count: int, centre: int) -> int:
    """MAD: the lower weighted median of |value - centre|, in the unit of the values.

    >>> weights = np.array([1, 1, 1], np.int64)
    >>> int(weighted_deviation(np.array([90, 100, 130], np.int64), weights, 3, 100))
    10
    """
    distances = np.zeros(SOURCES_MAX, np.int64)
    for i in range(count):
        distances[i] = abs(values[i] - centre)
    return weighted_quantile(distances, weights, count, 2)


@njit(cache=True, nogil=True)
def limited(target_e8: int, previous_e8: int, elapsed_ns: int) -> int:
    """The price nearest to the target within 2 % x min(elapsed, 5 s) of the previous index.

    A jump of 10 % after half a second moves the index by 1 %:

    >>> int(limited(110_000_000, 100_000_000, 500_000_000))
    101000000
    """
    elapsed_us = min(elapsed_ns // 1_000, RATE_US_MAX)
    step = fraction_floor(previous_e8, RATE_PPB_PER_US * elapsed_us, PPB)
    return min(max(target_e8, previous_e8 - step), previous_e8 + step)


@njit(cache=True, nogil=True)
def deviation_from_others_ppm(
    prices_e8: Integers, weights_ppm: Integers, count: int, source: int
) -> int:
    """|price of one source - weighted median of the others| / that median, in ppm, floor.

    The measure behind "misreports" (spec/oracle.md, reputation): a source never vouches for
    itself. 0 when no other source has weight; capped at PPM x 10^6.

    source : position of the judged entry, 0 .. count - 1

    >>> prices = np.array([100, 103, 100], np.int64) * 10**8
    >>> int(deviation_from_others_ppm(prices, np.full(3, 1, np.int64), 3, 1))
    30000
    """
    others = np.zeros(SOURCES_MAX, np.int64)
    total = 0
    for i in range(count):
        if i != source:
            others[i] = weights_ppm[i]
            total += others[i]
    if total == 0:
        return 0
    median = weighted_quantile(prices_e8, others, count, 2)
    distance = abs(int(prices_e8[source]) - median)
    whole = min(distance // median, PPM)
    if whole == PPM:
        return whole * PPM
    # Six decimal digits by long division: distance x 10^6 would not fit.
    share = whole
    remainder = distance % median
    for _ in range(6):
        remainder *= 10
        share = share * 10 + remainder // median
        remainder %= median
    return share


@njit(cache=True, nogil=True)
def _witnessed(values: Integers, voices: Integers, count: int, previous_e8: int) -> int:
    low = 0
    high = 0
    fresh = 0
    for i in range(count):
        if voices[i] > 0:
            value = int(values[i])
            low = value if fresh == 0 else min(low, value)
            high = max(high, value)
            fresh += 1
    if fresh < 2:
        return previous_e8
    return min(max(previous_e8, low), high)


@njit(cache=True, nogil=True)
def _drop_outliers(
    values: Integers, voices: Integers, count: int, centre: int, tolerance: int
) -> tuple[int, int]:
    outliers = 0
    inliers = 0
    for i in range(count):
        if voices[i] == 0:
            continue
        if abs(values[i] - centre) > tolerance:
            outliers |= 1 << i
            voices[i] = 0
        else:
            inliers += 1
    return outliers, inliers


@njit(cache=True, nogil=True)
def _half_spread(values: Integers, voices: Integers, count: int, inliers: int) -> int:
    if inliers == 0:
        return 0
    upper = weighted_quantile(values, voices, count, 3)
    lower = weighted_quantile(values, voices, count, 1)
    return (upper - lower + 1) // 2


@njit(cache=True, nogil=True)
def _clamped_median(values: Integers, voices: Integers, count: int, raw: int) -> int:
    reach = fraction_floor(raw, CLAMP_PPM, PPM)
    for i in range(count):
        values[i] = min(max(values[i], raw - reach), raw + reach)
    return weighted_quantile(values, voices, count, 2)


@njit(cache=True, nogil=True)
def _status(fresh: int, inliers: int, index: int, raw: int, confidence: int) -> int:
    if fresh < QUORUM:
        return DEGRADED
    if inliers < QUORUM:
        return WIDE
    if abs(raw - index) > fraction_floor(index, WIDE_DISTANCE_PPM, PPM):
        return WIDE
    if confidence > fraction_floor(index, WIDE_CONFIDENCE_PPM, PPM):
        return WIDE
    return VALID
