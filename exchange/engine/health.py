"""How an account stands: equity and what it must hold, computed afresh from state every time.

Nothing is cached, so nothing can be stale. The rules of margin themselves are in risk.margin.

HEALTH-001  equity = cash + sum over positions of (value at mark - cost + unsettled P&L +
            accrued funding, whether or not the position has been settled with the index).
HEALTH-002  a contract is counted with its mark; a position cannot exist without one.
HEALTH-003  a change is admitted when equity after >= initial margin after, open orders and
            the open-interest add-on of those that increase included (MARG-004), or when it is a
            permitted reduction (MARG-003).
"""

from exchange.engine.positions import NO_POSITION, find_position, position_slots
from exchange.engine.state import State, inner_kernel, kernel
from exchange.engine.units import FILLS_MAX, PPM, USDC, mul_div_ceil
from risk.funding import funding_receipt
from risk.margin import (
    is_permitted_reduction,
    maintenance_margin,
    margin_with_orders,
    open_interest_add_on,
)

NO_CONTRACT = -1


@kernel
def account_health(s: State, account: int, without_contract: int) -> tuple[int, int, int]:
    """(equity, initial margin with open orders, maintenance margin), units.

    without_contract: leave one contract out, to add its changed numbers instead; NO_CONTRACT:
    none.
    """
    equity = s.balances[account, USDC]
    initial = 0
    maintenance = 0
    for slot in position_slots(s, account):
        contract = s.positions[slot]["contract"] - 1
        if contract < 0 or contract == without_contract:
            continue
        equity += position_equity(s, slot)
        initial += position_initial(s, slot)
        maintenance += position_maintenance(s, slot)
    return equity, initial, maintenance


@kernel
def equity_and_maintenance(s: State, account: int) -> tuple[int, int]:
    """(equity, maintenance margin), units: what every price tick asks of every holder."""
    equity = s.balances[account, USDC]
    maintenance = 0
    for slot in position_slots(s, account):
        if s.positions[slot]["contract"] != 0:
            equity += position_equity(s, slot)
            maintenance += position_maintenance(s, slot)
    return equity, maintenance


@kernel
def position_equity(s: State, slot: int) -> int:
    """What one position adds to equity (HEALTH-001), units, any sign."""
    row = s.positions[slot]
    contract = s.contracts[row["contract"] - 1]
    value = row["lots"] * contract["mark_ticks"] * contract["tick_value_units"]
    equity = value - row["cost_units"] + row["unsettled_units"] + row["funding_units"]
    growth = contract["funding_index"] - row["funding_index"]
    return equity if growth == 0 else equity + funding_receipt(row["lots"], growth)


@kernel
def position_maintenance(s: State, slot: int) -> int:
    """Maintenance margin of one position, units."""
    row = s.positions[slot]
    if row["lots"] == 0:
        return 0
    return lots_maintenance(s, row["contract"] - 1, abs(row["lots"]))


@kernel
def lots_maintenance(s: State, contract: int, lots: int) -> int:
    """Maintenance margin of lots >= 0 of a contract at its mark, units."""
    row = s.contracts[contract]
    notional = lots * row["mark_ticks"] * row["tick_value_units"]
    return maintenance_margin(notional, row["initial_margin_ppm"], row["margin_floor_units"])


@kernel
def position_initial(s: State, slot: int) -> int:
    """Initial margin of one position with its open orders, units."""
    row = s.positions[slot]
    return lots_initial(
        s,
        row["contract"] - 1,
        row["lots"],
        row["buy_lots"],
        row["buy_price_lots"],
        row["sell_lots"],
        row["sell_price_lots"],
        row["resting_count"],
    )


@inner_kernel
def lots_initial(
    s: State,
    contract: int,
    lots: int,
    buy_lots: int,
    buy_price_lots: int,
    sell_lots: int,
    sell_price_lots: int,
    order_count: int,
) -> int:
    """Initial margin of these lots and open orders of a contract at its mark, units."""
    row = s.contracts[contract]
    return margin_with_orders(
        lots,
        buy_lots,
        buy_price_lots,
        sell_lots,
        sell_price_lots,
        order_count,
        row["mark_ticks"],
        row["tick_value_units"],
        row["initial_margin_ppm"],
        row["margin_floor_units"],
        row["taker_fee_ppm"],
    )


@kernel
def gross_notional(s: State, account: int) -> int:
    """Sum of |lots| x mark over the account's positions, units."""
    total = 0
    for slot in position_slots(s, account):
        if s.positions[slot]["contract"] != 0:
            row = s.contracts[s.positions[slot]["contract"] - 1]
            lots = abs(s.positions[slot]["lots"])
            total += lots * row["mark_ticks"] * row["tick_value_units"]
    return total


@inner_kernel
def shortfall_after_order(
    s: State,
    account: int,
    contract: int,
    side: int,
    filled_lots: int,
    filled_price_lots: int,
    resting_lots: int,
    resting_price_ticks: int,
) -> int:
    """What the account lacks if an order fills and rests like this; <= 0: admitted
    (HEALTH-003).

    filled_price_lots : sum of price_ticks x lots of the fills foreseen. Taker fees are counted.
    """
    mark = s.contracts[contract]["mark_ticks"]
    unit = s.contracts[contract]["tick_value_units"]
    equity, initial, maintenance = account_health(s, account, contract)
    lots, buys, buy_price_lots, sells, sell_price_lots, orders = _open_numbers(
        s, account, contract
    )
    slot = find_position(s, account, contract)
    if slot != NO_POSITION:
        equity += position_equity(s, slot)
    fee = mul_div_ceil(filled_price_lots * unit, s.contracts[contract]["taker_fee_ppm"], PPM)
    fee += min(filled_lots, FILLS_MAX)  # each fill rounds its own fee up
    gain = side * (filled_lots * mark - filled_price_lots) * unit - fee
    more_buys = resting_lots if side > 0 else 0
    more_sells = resting_lots - more_buys
    initial_after = initial + lots_initial(
        s,
        contract,
        lots + side * filled_lots,
        buys + more_buys,
        buy_price_lots + more_buys * resting_price_ticks,
        sells + more_sells,
        sell_price_lots + more_sells * resting_price_ticks,
        orders + (1 if resting_lots > 0 else 0),
    )
    same_side = buys if side > 0 else sells
    closing = filled_lots + resting_lots
    initial_after += add_on(s, contract, side * lots, closing + same_side)
    shortfall = initial_after - (equity + gain)
    if shortfall <= 0 or lots * side >= 0 or closing + same_side > abs(lots):
        return shortfall
    gain += side * resting_lots * (mark - resting_price_ticks) * unit
    before = maintenance + lots_maintenance(s, contract, abs(lots))
    after = maintenance + lots_maintenance(s, contract, abs(lots) - closing)
    return 0 if is_permitted_reduction(equity, before, equity + gain, after) else shortfall


@inner_kernel
def add_on(s: State, contract: int, held_lots: int, order_lots: int) -> int:
    """Open-interest add-on of orders that add order_lots to held_lots of their side, units.

    held_lots : the position seen from the side of the orders; negative: they close it first
    order_lots : all open orders of this side, the one that is asked for included
    """
    row = s.contracts[contract]
    lot_units = row["mark_ticks"] * row["tick_value_units"]
    return open_interest_add_on(
        (max(0, held_lots + order_lots) - max(0, held_lots)) * lot_units,
        row["open_interest_lots"] * lot_units,
        row["open_interest_lower_units"],
        row["open_interest_upper_units"],
        row["initial_margin_ppm"],
    )


@inner_kernel
def _open_numbers(s: State, account: int, contract: int) -> tuple[int, int, int, int, int, int]:
    """(lots, buys, buy price x lots, sells, sell price x lots, orders), or zeros."""
    slot = find_position(s, account, contract)
    if slot == NO_POSITION:
        return 0, 0, 0, 0, 0, 0
    row = s.positions[slot]
    return (
        row["lots"],
        row["buy_lots"],
        row["buy_price_lots"],
        row["sell_lots"],
        row["sell_price_lots"],
        row["resting_count"],
    )


@inner_kernel
def can_carry_orders(s: State, account: int) -> bool:
    """Whether a maker may still be filled: equity >= initial margin with all its orders."""
    equity, initial, _ = account_health(s, account, NO_CONTRACT)
    return equity >= initial
