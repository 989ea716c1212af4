"""Liquidation in numbers: what a position gives up, its zero price, the fee, the price shown.

Pure int64. The waterfall that uses these numbers is exchange/engine/clearing.

LIQ-001  give-up of position i: floor(E * W_i / sum W), W_i its maintenance margin. Closing q of
         |Q| lots gives up floor(give_i * q / |Q|), and of an equity above zero no more than
         floor(E * freed / sum W), freed the maintenance that closing frees: by roundings it may
         be less than its share. V0 = mark value(q) - what is given up: closing there leaves E /
         MM where it was or, by a rounding, above (spec: risk, give-up value).
LIQ-002  fee = min(rate of notional, improvement over V0, max(0, equity after)), never negative.
LIQ-003  the liquidation price shown: that contract's mark alone moves until equity =
         maintenance.
"""

from numba import njit

from risk.margin import maintenance_margin
from risk.rounding import mul_div_ceil, mul_div_floor

PPM = 1_000_000


@njit(cache=True, nogil=True)
def give_up(equity_units: int, weight_units: int, weight_sum_units: int) -> int:
    """What one position gives up when closed at its zero price, units, any sign (LIQ-001).

    >>> give_up(90, 60, 100), give_up(-10, 1, 3)
    (54, -4)
    """
    return mul_div_floor(equity_units, weight_units, weight_sum_units)


@njit(cache=True, nogil=True)
def step_give_up(
    equity_units: int,
    maintenance_units: int,
    weight_units: int,
    freed_units: int,
    lots: int,
    position_lots: int,
) -> int:
    """What closing some lots of a position gives up at its zero value, any sign (LIQ-001).

    Parameters, all int64, units: equity and maintenance > 0 of the account; weight, that of
    the position, of which closing frees `freed`; 0 < lots <= position_lots, the size held.

    >>> step_give_up(90, 100, 60, 20, 3, 10), step_give_up(90, 100, 60, 17, 3, 10)
    (16, 15)
    """
    share = mul_div_floor(
        give_up(equity_units, weight_units, maintenance_units), lots, position_lots
    )
    if equity_units <= 0:
        return share
    return min(share, mul_div_floor(equity_units, freed_units, maintenance_units))


@njit(cache=True, nogil=True)
def zero_price_ticks(
    side: int, position_lots: int, mark_ticks: int, tick_value_units: int, give_up_units: int
) -> int:
    """V0 per lot as a price, rounded to the tick in the account's favour, >= 1.

    >>> zero_price_ticks(1, 10, 1_000, 1, 95), zero_price_ticks(-1, 10, 1_000, 1, 95)
    (991, 1009)
    """
    scale = position_lots * tick_value_units
    if side > 0:
        return max(1, mark_ticks - mul_div_floor(give_up_units, 1, scale))
    return max(1, mark_ticks + mul_div_floor(give_up_units, 1, scale))


@njit(cache=True, nogil=True)
def liquidation_fee(
    notional_units: int, rate_ppm: int, improvement_units: int, equity_after_units: int
) -> int:
    """Fee to the insurance fund for one step, units (LIQ-002).

    >>> liquidation_fee(1_000_000, 5_000, 3_000, 10_000)
    3000
    """
    fee = mul_div_ceil(notional_units, rate_ppm, PPM)
    return max(0, min(fee, min(improvement_units, equity_after_units)))


@njit(cache=True, nogil=True)
def liquidation_price_ticks(
    lots: int,
    mark_ticks: int,
    ceiling_ticks: int,
    equity_units: int,
    maintenance_units: int,
    tick_value_units: int,
    initial_margin_ppm: int,
    floor_units: int,
) -> int:
    """The mark at which the account reaches maintenance if this mark alone moves (LIQ-003).

    Parameters, all int64: lots held, long positive, not 0; equity and maintenance of the whole
    account now. Returns ticks; 0 when no price in 1..ceiling_ticks liquidates.

    Health falls monotonically as the mark moves against the position (the margin rate is under
    100 %), so bisection finds the first losing tick. Halving the range takes at most 31 steps.
    """
    unit = tick_value_units
    own = maintenance_margin(abs(lots) * mark_ticks * unit, initial_margin_ppm, floor_units)
    safe = mark_ticks
    lost = 0 if lots > 0 else ceiling_ticks + 1
    while abs(safe - lost) > 1:
        price = (safe + lost) // 2
        equity = equity_units + lots * (price - mark_ticks) * unit
        margin = maintenance_margin(abs(lots) * price * unit, initial_margin_ppm, floor_units)
        if equity < maintenance_units - own + margin:
            lost = price
        else:
            safe = price
    return 0 if lost > ceiling_ticks else lost
