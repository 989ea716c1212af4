"""Funding of perpetuals in numbers: premium, rate, cumulative index, what a position receives.

Pure int64. exchange/engine/funding measures the premium, keeps the index and moves the money.

FUND-001  premium = (max(0, impact bid - index) - max(0, index - impact ask)) / index. A side
          without depth for the impact notional (price 0) contributes nothing.
FUND-002  rate of 8 h = average + clamp(interest - average, +-damper), within +-8 x the most
          that an hour may cost. The average is that of the last hour's measured premium.
FUND-003  the index of a lot grows by rate x lot value x measured time / 8 h, in 10^-9 units.
FUND-004  a position receives floor(-lots x growth of the index / 10^9): who pays rounds up, who
          receives rounds down, so the sum over a contract is never positive.

Rates and premiums are parts per billion; positive: longs pay shorts.
"""

from numba import njit

from risk.rounding import mul_div_floor

PPB = 1_000_000_000
NANO = 1_000_000_000  # index units a unit of money
RATE_HOURS = 8
RATE_MS = RATE_HOURS * 3_600_000
PREMIUM_PPB_MAX = PPB  # 100 %: a premium is a size-of-numbers bound away from nonsense


@njit(cache=True, nogil=True)
def premium_ppb(impact_bid_e8: int, impact_ask_e8: int, index_e8: int) -> int:
    """How far the book stands beside the index, parts per billion (FUND-001).

    impact_bid_e8, impact_ask_e8 : average price of the impact notional; 0: not deep enough
    index_e8 : quote x 10^8, > 0

    Rounded toward zero, so that longs and shorts are treated alike.

    >>> premium_ppb(60_060, 60_080, 60_000), premium_ppb(59_800, 59_940, 60_000)
    (1000000, -1000000)
    >>> premium_ppb(59_990, 60_010, 60_000), premium_ppb(0, 0, 60_000)
    (0, 0)
    """
    above = max(0, impact_bid_e8 - index_e8) if impact_bid_e8 > 0 else 0
    below = max(0, index_e8 - impact_ask_e8) if impact_ask_e8 > 0 else 0
    gap = above - below
    size = mul_div_floor(min(abs(gap), index_e8), PPB, index_e8)
    return size if gap >= 0 else -size


@njit(cache=True, nogil=True)
def funding_rate_ppb(
    average_ppb: int, interest_ppb: int, damper_ppb: int, hourly_max_ppb: int
) -> int:
    """The rate of eight hours, parts per billion (FUND-002).

    A premium of 0.10 % with 0.01 % interest and a damper of 0.05 % pays 0.05 %:

    >>> funding_rate_ppb(1_000_000, 100_000, 500_000, 5_000_000)
    500000
    >>> funding_rate_ppb(0, 100_000, 500_000, 5_000_000)
    100000
    """
    rate = average_ppb + min(max(interest_ppb - average_ppb, -damper_ppb), damper_ppb)
    most = RATE_HOURS * hourly_max_ppb
    return min(max(rate, -most), most)


@njit(cache=True, nogil=True)
def funding_growth(rate_ppb: int, lot_units: int, measured_ms: int) -> int:
    """What the index of a lot grows by, 10^-9 units, rounded toward zero (FUND-003).

    rate_ppb : of eight hours; lot_units : value of a lot at the mark; measured_ms : 0 .. 5,000

    0.01 % of a lot worth 60 USDC over 5 s of 8 h, 1.041666666 units:

    >>> funding_growth(100_000, 60_000_000, 5_000)
    1041666666
    """
    size = mul_div_floor(lot_units, abs(rate_ppb) * measured_ms, RATE_MS)
    return size if rate_ppb >= 0 else -size


@njit(cache=True, nogil=True)
def funding_receipt(lots: int, growth: int) -> int:
    """What a position receives while the index grows, units, negative: it pays (FUND-004).

    lots : long positive; growth : 10^-9 units a lot, either sign

    >>> funding_receipt(1, 1_041_666_666), funding_receipt(-1, 1_041_666_666)
    (-2, 1)
    """
    if growth >= 0:
        return mul_div_floor(-lots, growth, NANO)
    return mul_div_floor(lots, -growth, NANO)
