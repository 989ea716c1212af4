"""How an account of the reference stands: everything is added up each time it is asked for."""

from tests.simulation.reference import margin
from tests.simulation.reference.rounding import ceil_ppm
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order, Position
from tests.simulation.reference.wire import BUY

FILLS_MAX = 1_000


def equity_in(venue: Venue, account: int, contract: int) -> int:
    """What one position adds to equity: value at mark - cost + unsettled + accrued funding."""
    position = venue.accounts[account].positions.get(contract, Position())
    row = venue.contracts[contract]
    value = position.lots * row.lot_units
    accrued = position.funding_units + position.receipt(row.funding_index)
    return value - position.cost_units + position.unsettled_units + accrued


def equity(venue: Venue, account: int) -> int:
    positions = venue.accounts[account].positions
    held = sum(equity_in(venue, account, contract) for contract in positions)
    return venue.ledger.cash(account) + held


def maintenance(venue: Venue, account: int) -> int:
    return sum(
        margin.lots_maintenance(position.lots, venue.contracts[contract])
        for contract, position in venue.accounts[account].positions.items()
    )


def initial_margin(venue: Venue, account: int, without: int = -1) -> int:
    """Initial margin of all positions and open orders, one contract left out if named."""
    return sum(
        margin.with_orders(
            position.lots, venue.open_orders(account, contract), venue.contracts[contract]
        )
        for contract, position in venue.accounts[account].positions.items()
        if contract != without
    )


def gross_notional(venue: Venue, account: int) -> int:
    return sum(
        abs(position.lots) * venue.contracts[contract].lot_units
        for contract, position in venue.accounts[account].positions.items()
    )


def shortfall(venue: Venue, order: Order, met: list[tuple[int, int]], rests: int) -> int:
    """What is missing if an order meets (price, lots) and rests like this; <= 0: admitted."""
    account, number, side = order.account, order.contract, order.side
    contract = venue.contracts[number]
    unit, mark = contract.tick_value_units, contract.mark_ticks
    filled = sum(lots for _, lots in met)
    price_lots = sum(price * lots for price, lots in met)
    before = equity(venue, account)
    lots = venue.lots(account, number)
    orders = venue.open_orders(account, number)
    same_side = orders.buy_lots if side == BUY else orders.sell_lots
    fee = ceil_ppm(price_lots * unit, contract.taker_fee_ppm)
    fee += min(filled, FILLS_MAX)  # Every fill rounds its own fee up.
    gain = side * (filled * mark - price_lots) * unit - fee
    if rests:
        orders.add(side, order.price_ticks, rests)
    required = initial_margin(venue, account, without=number)
    required += margin.with_orders(lots + side * filled, orders, contract)
    closing = filled + rests
    required += margin.open_interest_add_on(lots * side, closing + same_side, contract)
    missing = required - (before + gain)
    if missing <= 0 or lots * side >= 0 or closing + same_side > abs(lots):
        return missing
    after = before + gain + side * rests * (mark - order.price_ticks) * unit
    maint = maintenance(venue, account)
    maint_after = maint - margin.lots_maintenance(lots, contract)
    maint_after += margin.lots_maintenance(abs(lots) - closing, contract)
    return 0 if margin.is_permitted_reduction(before, maint, after, maint_after) else missing
