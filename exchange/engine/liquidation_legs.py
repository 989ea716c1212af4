"""One position under liquidation, in numbers: limit, lots, cost, cover. Nothing changes here.

The rules are those of liquidating.py; equity and maintenance are the account's, given by the
caller, so that all legs of one step are measured at the same moment.
"""

from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.health import lots_maintenance
from exchange.engine.matching import walk_book
from exchange.engine.state import State, inner_kernel, kernel
from exchange.engine.units import (
    INSURANCE,
    INSURANCE_WINDOW_NS,
    LIQUIDATION_LARGE_UNITS,
    LIQUIDATION_STEP_PERCENT,
    USDC,
    compare_products,
    mul_div_ceil,
    mul_div_floor,
)
from risk.liquidation import give_up, liquidation_fee, step_give_up, zero_price_ticks


@inner_kernel
def step_lots(
    s: State, e: EventBuffer, slot: int, equity: int, maintenance: int, is_insured: bool
) -> int:
    """The fewest lots of this leg that reach the target, as the book and insurance allow."""
    position = s.positions[slot]
    number = position["contract"] - 1
    contract = s.contracts[number]
    held = abs(position["lots"])
    limit = limit_ticks(s, slot, equity, maintenance, is_insured)
    closing = -1 if position["lots"] > 0 else 1
    most = held
    if held * contract["mark_ticks"] * contract["tick_value_units"] > LIQUIDATION_LARGE_UNITS:
        most = mul_div_ceil(held, LIQUIDATION_STEP_PERCENT, 100)
    if is_insured:
        cover = available_insurance(s, number, e.cursor[emit.TIME_NS])
        return covered_lots(
            s, number, -closing, held, equity, maintenance, limit, 0, 0, most, cover
        )
    low = 1
    high, _, _ = walk_book(s, number, closing, limit, most)
    while low < high:
        middle = (low + high) // 2
        if _reaches_target(s, slot, middle, limit, equity, maintenance):
            high = middle
        else:
            low = middle + 1
    return high


@inner_kernel
def _reaches_target(
    s: State, slot: int, lots: int, limit: int, equity: int, maintenance: int
) -> bool:
    """Whether closing these lots in the book brings equity to 1.1 x maintenance."""
    position = s.positions[slot]
    number = position["contract"] - 1
    contract = s.contracts[number]
    side = 1 if position["lots"] > 0 else -1
    held = abs(position["lots"])
    _, price_lots, _ = walk_book(s, number, -side, limit, lots)
    proceeds = side * price_lots * contract["tick_value_units"]
    loss = side * lots * contract["mark_ticks"] * contract["tick_value_units"] - proceeds
    improvement = proceeds - zero_value(s, number, side, lots, held, equity, maintenance)
    fee = liquidation_fee(
        abs(proceeds), contract["liquidation_fee_ppm"], improvement, equity - loss
    )
    after = maintenance - lots_maintenance(s, number, held)
    after += lots_maintenance(s, number, held - lots)
    return has_reached_target(equity - loss - fee, after)


@inner_kernel
def has_reached_target(equity: int, maintenance: int) -> bool:
    """Whether equity is back at 1.1 x maintenance (LIQD-002)."""
    return compare_products(10, equity, 11, maintenance) >= 0


@inner_kernel
def is_far_below(equity: int, maintenance: int) -> bool:
    """Whether equity is below 2/3 maintenance (LIQD-004)."""
    return compare_products(3, equity, 2, maintenance) < 0


@inner_kernel
def covered_lots(
    s: State,
    contract: int,
    side: int,
    held: int,
    equity: int,
    maintenance: int,
    limit: int,
    filled: int,
    proceeds: int,
    most: int,
    cover: int,
) -> int:
    """The most lots in the book whose shortfall against the zero price insurance can pay.

    held, equity, maintenance: when the step began; filled, proceeds: of the step so far.
    """
    unit = s.contracts[contract]["tick_value_units"]
    low = 0
    high, _, _ = walk_book(s, contract, -side, limit, most)
    while low < high:
        middle = (low + high + 1) // 2
        _, price_lots, _ = walk_book(s, contract, -side, limit, middle)
        brought = proceeds + side * price_lots * unit
        zero = zero_value(s, contract, side, filled + middle, held, equity, maintenance)
        if zero - brought <= cover:
            low = middle
        else:
            high = middle - 1
    return low


@inner_kernel
def step_cost(
    s: State, slot: int, lots: int, equity: int, maintenance: int, is_insured: bool
) -> int:
    """Impact against the mark plus the fee of closing these lots, units >= 0."""
    position = s.positions[slot]
    number = position["contract"] - 1
    contract = s.contracts[number]
    side = 1 if position["lots"] > 0 else -1
    limit = limit_ticks(s, slot, equity, maintenance, is_insured)
    _, price_lots, _ = walk_book(s, number, -side, limit, lots)
    proceeds = side * price_lots * contract["tick_value_units"]
    impact = side * lots * contract["mark_ticks"] * contract["tick_value_units"] - proceeds
    held = abs(position["lots"])
    improvement = proceeds - zero_value(s, number, side, lots, held, equity, maintenance)
    fee = liquidation_fee(
        abs(proceeds), contract["liquidation_fee_ppm"], improvement, equity - impact
    )
    return max(0, impact) + fee


@inner_kernel
def zero_value(
    s: State, contract: int, side: int, lots: int, held: int, equity: int, maintenance: int
) -> int:
    """Signed money that closing lots must bring for the account to be no worse (LIQ-001)."""
    row = s.contracts[contract]
    own = lots_maintenance(s, contract, held)
    freed = own - lots_maintenance(s, contract, held - lots)
    mark_value = side * lots * row["mark_ticks"] * row["tick_value_units"]
    return mark_value - step_give_up(equity, maintenance, own, freed, lots, held)


@inner_kernel
def zero_price(s: State, slot: int, equity: int, maintenance: int) -> int:
    position = s.positions[slot]
    contract = s.contracts[position["contract"] - 1]
    held = abs(position["lots"])
    own = lots_maintenance(s, position["contract"] - 1, held)
    return zero_price_ticks(
        1 if position["lots"] > 0 else -1,
        held,
        contract["mark_ticks"],
        contract["tick_value_units"],
        give_up(equity, own, maintenance),
    )


@inner_kernel
def limit_ticks(s: State, slot: int, equity: int, maintenance: int, is_insured: bool) -> int:
    """The worst price of a step: mark -/+ 1.5 x maintenance rate, zero price (LIQD-003)."""
    position = s.positions[slot]
    number = position["contract"] - 1
    contract = s.contracts[number]
    held = abs(position["lots"])
    side = 1 if position["lots"] > 0 else -1
    own = lots_maintenance(s, number, held)
    reach = mul_div_floor(3 * own, 1, 2 * held * contract["tick_value_units"])
    furthest = max(1, contract["mark_ticks"] - side * reach)
    if is_insured:
        return furthest
    zero = zero_price(s, slot, equity, maintenance)
    return max(zero, furthest) if side > 0 else min(zero, furthest)


@kernel
def available_insurance(s: State, contract: int, time_ns: int) -> int:
    """What the fund may still pay for a contract in this hour, units >= 0."""
    row = s.contracts[contract]
    hour = time_ns // INSURANCE_WINDOW_NS
    paid = row["insurance_paid_units"] if row["insurance_hour"] == hour else 0
    return max(0, min(s.balances[INSURANCE, USDC], row["insurance_cap_units"] - paid))
