"""Margin of linear contracts in standard mode: what a position and its open orders require.

Pure int64. The same functions serve the matcher, the sweep, the order preview and the browser.

MARG-001  initial = notional x imf, imf(N) = min(100 %, imf0 (1 + max(0, N - floor) / (9
          floor))), rounded up; maintenance is half of it, rounded up (spec: risk, linear
          standard mode). Both are convex up to the size that needs all of its notional, and a
          share of the notional that never falls beyond: spreading a position gains nothing.
MARG-002  open orders of a contract reserve the worse of "all buys fill" and "all sells fill" at
          initial margin, plus what their limits lose against the mark, plus taker fees, and at
          least 1 USDC an order.
MARG-003  below initial margin an account may only reduce: maintenance must not rise and
          equity / maintenance must not fall; with negative equity, equity must not fall.
MARG-004  open-interest add-on: while the market's open interest is between the lower and the
          upper cap, the fraction required of an order that increases a position rises in a
          straight line from imf0 to 100 %. It depends on the market alone, so that spreading an
          order over accounts gains nothing, and is asked at admission only: neither maintenance
          nor withdrawals know it.
Not modelled here: collateral other than USDC, portfolio mode.
"""

from numba import njit

from risk.rounding import compare_products, mul_div_ceil

PPM = 1_000_000
ORDER_RESERVE_UNITS_MIN = 1_000_000  # 1 USDC an open order


@njit(cache=True, nogil=True)
def initial_margin(notional_units: int, initial_margin_ppm: int, floor_units: int) -> int:
    """Initial margin of a notional, units, rounded up (MARG-001).

    Parameters: notional_units int64 >= 0; initial_margin_ppm int64 in 1..10^6;
    floor_units int64 > 0, the notional above which the rate rises.

    >>> initial_margin(1_000_000_000, 20_000, 5_000_000_000_000)
    20000000
    >>> initial_margin(10_000_000_000_000, 20_000, 5_000_000_000_000)
    222222222223
    """
    base = mul_div_ceil(notional_units, initial_margin_ppm, PPM)
    excess = notional_units - floor_units
    if excess <= 0:
        return base
    # From here on the rate would pass 100 %, and the product below 63 bits.
    if excess >= mul_div_ceil(9 * floor_units, PPM - initial_margin_ppm, initial_margin_ppm):
        return notional_units
    return min(base + mul_div_ceil(base, excess, 9 * floor_units), notional_units)


@njit(cache=True, nogil=True)
def maintenance_margin(notional_units: int, initial_margin_ppm: int, floor_units: int) -> int:
    """Half of the initial margin, rounded up; the arguments are those of initial_margin.

    >>> maintenance_margin(1_000_000_001, 20_000, 5_000_000_000_000)
    10000001
    """
    return (initial_margin(notional_units, initial_margin_ppm, floor_units) + 1) // 2


@njit(cache=True, nogil=True)
def margin_with_orders(
    lots: int,
    buy_lots: int,
    buy_price_lots: int,
    sell_lots: int,
    sell_price_lots: int,
    order_count: int,
    mark_ticks: int,
    tick_value_units: int,
    initial_margin_ppm: int,
    floor_units: int,
    taker_fee_ppm: int,
) -> int:
    """Initial margin of one position together with its open orders, units (MARG-002).

    Parameters, all int64: lots, long positive; buy_lots and sell_lots >= 0, open; *_price_lots
    the sums of price_ticks x lots over them; tick_value_units money of one tick of one lot.

    >>> margin_with_orders(0, 10, 1_000, 0, 0, 1, 100, 1_000_000, 20_000, 10**12, 500)
    20500000
    """
    lot_units = mark_ticks * tick_value_units
    held = initial_margin(abs(lots) * lot_units, initial_margin_ppm, floor_units)
    if order_count == 0:
        return held
    buy_loss = max(0, (buy_price_lots - buy_lots * mark_ticks) * tick_value_units)
    sell_loss = max(0, (sell_lots * mark_ticks - sell_price_lots) * tick_value_units)
    if_bought = initial_margin(
        abs(lots + buy_lots) * lot_units, initial_margin_ppm, floor_units
    )
    if_sold = initial_margin(abs(lots - sell_lots) * lot_units, initial_margin_ppm, floor_units)
    worst = max(held, max(if_bought + buy_loss, if_sold + sell_loss))
    open_units = (buy_price_lots + sell_price_lots) * tick_value_units
    fees = mul_div_ceil(open_units, taker_fee_ppm, PPM)
    return held + max(worst - held + fees, order_count * ORDER_RESERVE_UNITS_MIN)


@njit(cache=True, nogil=True)
def open_interest_add_on(
    increase_units: int,
    open_interest_units: int,
    lower_units: int,
    upper_units: int,
    initial_margin_ppm: int,
) -> int:
    """What an order must have beyond its initial margin, units, rounded up (MARG-004).

    Parameters, all int64 >= 0: increase_units notional by which it increases a position;
    open_interest_units notional of the market now; lower < upper, the caps.

    Half way between the caps a margin of 2 % becomes 51 %:

    >>> open_interest_add_on(1_000_000, 70, 40, 100, 20_000)
    490000
    """
    if open_interest_units <= lower_units or increase_units <= 0:
        return 0
    reached = min(open_interest_units, upper_units) - lower_units
    rate_ppm = mul_div_ceil(PPM - initial_margin_ppm, reached, upper_units - lower_units)
    return mul_div_ceil(increase_units, rate_ppm, PPM)


@njit(cache=True, nogil=True)
def is_permitted_reduction(
    equity_units: int,
    maintenance_units: int,
    equity_after_units: int,
    maintenance_after_units: int,
) -> bool:
    """Whether a change below initial margin is a reduction in the sense of MARG-003.

    >>> is_permitted_reduction(50, 100, 45, 90), is_permitted_reduction(50, 100, 44, 90)
    (True, False)
    """
    if maintenance_after_units > maintenance_units:
        return False
    if equity_units < 0:
        return equity_after_units >= equity_units
    return (
        compare_products(
            equity_after_units, maintenance_units, equity_units, maintenance_after_units
        )
        >= 0
    )
