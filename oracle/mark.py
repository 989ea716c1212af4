"""Index and order book -> mark price of a perpetual: what positions are valued at.

MARK-001  mark = median(A, B, C) clamped to index +- band: A = index + basis, B = median of best
          bid, best ask and last trade, C = index. The book alone moves it between A and C only.
MARK-002  basis is the 150 s moving average of clamp(impact mid - index, +-band). If either side
          lacks depth for the impact notional, the sample is zero: the basis decays.
MARK-003  |change of mark| <= |change of index| + 0.5 % of the index a second (governed).
MARK-004  a missing bid, ask or last trade (0) votes for the index: zero is never a price.
MARK-005  without an index there is no mark (0).
MARK-006  the mark in ticks is the nearest tick that MARK-003 allows, pulled to the nearest one
          inside the band: rounding never leaves it. Where a band is so narrow that no tick is
          in it, the mark is the nearest tick to the index, and never less than one tick.

The band is applied last. While it is unchanged and the index keeps INDEX-005, MARK-003 holds to
one unit, and after rounding to less than a tick; when governance narrows the band, the mark
obeys the band at once.
"""

from numba import njit

from oracle.rounding import fraction_floor

PPM = 1_000_000
PPB = 1_000_000_000
BASIS_ELAPSED_US_MAX = 1_000_000_000
MICROSECONDS = 1_000_000
RATE_PPM_MAX = 20_000  # a second; the fastest that governance may allow
RATE_US_MAX = 200_000_000

assert BASIS_ELAPSED_US_MAX * PPB < 1 << 62
assert RATE_PPM_MAX * RATE_US_MAX // 1_000 <= 10 * PPB


@njit(cache=True, nogil=True)
def median_of_three(a: int, b: int, c: int) -> int:
    """The middle one of three integers of one unit.

    >>> int(median_of_three(103, 99, 101))
    101
    """
    return max(min(a, b), min(max(a, b), c))


@njit(cache=True, nogil=True)
def next_basis_e8(
    basis_e8: int,
    impact_bid_e8: int,
    impact_ask_e8: int,
    index_e8: int,
    band_ppm: int,
    average_seconds: int,
    elapsed_ns: int,
) -> int:
    """The basis after one more sample (MARK-002), by the implicit step of the average.

        basis' = basis + (sample - basis) x t / (average_seconds + t)

    which never overshoots however long t is; the step rounds toward the old basis.

    basis_e8 : quote x 10^8, either sign
    impact_bid_e8, impact_ask_e8 : average price of selling and buying the impact notional; 0
        where the book is not deep enough
    index_e8 : quote x 10^8, > 0
    band_ppm : 0 .. 10^6
    average_seconds : 150 unless governed otherwise
    elapsed_ns : since the last sample, >= 0

    Index 100, impact mid 100.20 and a basis of 0: after 50 s a quarter of it.

    >>> int(next_basis_e8(0, 10_010_000_000, 10_030_000_000, 10_000_000_000, 5_000, 150,
    ...                   50 * 10**9))
    5000000
    """
    sample = 0
    if impact_bid_e8 > 0 and impact_ask_e8 > 0:
        reach = fraction_floor(index_e8, band_ppm, PPM)
        middle = impact_bid_e8 + (impact_ask_e8 - impact_bid_e8) // 2
        sample = min(max(middle - index_e8, -reach), reach)
    elapsed_us = min(elapsed_ns // 1_000, BASIS_ELAPSED_US_MAX)
    share_ppb = elapsed_us * PPB // (average_seconds * MICROSECONDS + elapsed_us)
    if sample >= basis_e8:
        return basis_e8 + fraction_floor(sample - basis_e8, share_ppb, PPB)
    return basis_e8 - fraction_floor(basis_e8 - sample, share_ppb, PPB)


@njit(cache=True, nogil=True)
def perpetual_mark_e8(
    index_e8: int,
    basis_e8: int,
    best_bid_e8: int,
    best_ask_e8: int,
    last_e8: int,
    band_ppm: int,
    previous_mark_e8: int,
    previous_index_e8: int,
    rate_ppm: int,
    elapsed_ns: int,
) -> int:
    """The mark price by MARK-001 to MARK-005, quote x 10^8; 0 when index_e8 is 0.

    best_bid_e8, best_ask_e8, last_e8 : 0 where there is none
    band_ppm : 0 .. 10^6
    previous_mark_e8, previous_index_e8 : of the last mark, together; 0 if this is the first
    rate_ppm : of the index a second, <= RATE_PPM_MAX
    elapsed_ns : since the last mark, >= 0

    Index 100, basis 0.20, a book dragged to 103: the mark goes to index + basis, no further.

    >>> int(perpetual_mark_e8(10_000_000_000, 20_000_000, 10_290_000_000, 10_310_000_000,
    ...                       10_300_000_000, 5_000, 0, 0, 5_000, 0))
    10020000000
    """
    if index_e8 == 0:
        return 0
    bid = best_bid_e8 if best_bid_e8 > 0 else index_e8
    ask = best_ask_e8 if best_ask_e8 > 0 else index_e8
    last = last_e8 if last_e8 > 0 else index_e8
    book = median_of_three(bid, ask, last)
    mark = median_of_three(index_e8 + basis_e8, book, index_e8)
    reach = fraction_floor(index_e8, band_ppm, PPM)
    if previous_mark_e8 > 0 and previous_index_e8 > 0:
        step = mark_step_e8(index_e8, previous_index_e8, rate_ppm, elapsed_ns)
        mark = min(max(mark, previous_mark_e8 - step), previous_mark_e8 + step)
    return min(max(mark, index_e8 - reach), index_e8 + reach)


@njit(cache=True, nogil=True)
def mark_step_e8(index_e8: int, previous_index_e8: int, rate_ppm: int, elapsed_ns: int) -> int:
    """How far the mark may move (MARK-003), quote x 10^8.

    The index moved from 60,000 to 60,020 in a quarter of a second: 20 + 0.125 % x 60,020.

    >>> int(mark_step_e8(60_020 * 10**8, 60_000 * 10**8, 5_000, 250_000_000))
    9502500000
    """
    elapsed_us = min(elapsed_ns // 1_000, RATE_US_MAX)
    step = abs(index_e8 - previous_index_e8)
    return step + fraction_floor(index_e8, rate_ppm * elapsed_us // 1_000, PPB)


@njit(cache=True, nogil=True)
def mark_in_ticks(
    mark_e8: int,
    index_e8: int,
    band_ppm: int,
    tick_e8: int,
    previous_ticks: int,
    step_e8: int,
) -> int:
    """The mark rounded to a tick without leaving what limits it (MARK-006), ticks >= 1.

    Without a tick in the band neither book nor rate limit has a say: a mark that once stood
    beside the index would otherwise be held there, outside its band, for as long as it moved.

    previous_ticks : of the last mark; 0: this is the first, and no step limits it
    step_e8 : mark_step_e8 since then

    A band of 0.5 % around 60,000.07 ends at 60,300.07035; 60,300.1 is nearer but outside:

    >>> int(mark_in_ticks(6_030_007_035_000, 6_000_007_000_000, 5_000, 10_000_000, 0, 0))
    603000

    Around 1.07 it is 0.0107 wide and has no tick of 0.1; that of the index is the eleventh:

    >>> int(mark_in_ticks(107_000_000, 107_000_000, 5_000, 10_000_000, 30, 0))
    11
    """
    ticks = (mark_e8 + tick_e8 // 2) // tick_e8
    if previous_ticks > 0:
        reach_ticks = step_e8 // tick_e8
        ticks = min(max(ticks, previous_ticks - reach_ticks), previous_ticks + reach_ticks)
    reach = fraction_floor(index_e8, band_ppm, PPM)
    lowest = (index_e8 - reach + tick_e8 - 1) // tick_e8
    highest = (index_e8 + reach) // tick_e8
    if lowest > highest:
        return max(1, (index_e8 + tick_e8 // 2) // tick_e8)
    return max(1, min(max(ticks, lowest), highest))
