"""I-19, looked at from outside: who took on risk can carry it.

After an accepted order that leaves its account with a larger position, or with an open order
that is not reduce-only, equity covers the initial margin with all open orders. The sums are
formed here from rows, order by order.
"""

from collections.abc import Mapping

from exchange.engine.state import State
from exchange.engine.units import FLAG_REDUCE_ONLY, PPM, USDC
from tests.simulation.reading import Row, order_ids_of, positions_of, row
from tests.simulation.reference.wire import (
    COMMAND_FIELDS,
    FLAG_DORMANT,
    FLAG_TRIGGERED,
    TYPES_WITH_TRIGGER,
    CommandKind,
    EventKind,
    read_event,
)
from tests.simulation.reference.wire import Row as Numbers

ORDER_RESERVE = 1_000_000
NANO = 1_000_000_000
SLOTS = 1 << 20
ACCOUNT = COMMAND_FIELDS[CommandKind.PLACE_ORDER].index("account")
_PLACING = (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER)
# What may move an account for reasons that are not its own order.
_OWN = (EventKind.ORDER_ACCEPTED, EventKind.ORDER_AMENDED)
_ELSEWHERE = (
    EventKind.ORDER_TRIGGERED,
    EventKind.COMMAND_REJECTED,
    EventKind.COMMAND_REPEATED,
)


def assert_carried(
    state: State,
    command: Numbers,
    said: list[Numbers],
    lots_before_of: Mapping[tuple[int, int], int],
) -> None:
    """Raises AssertionError, I-19, when a command let an account go beyond its means.

    lots_before_of: position by (account, contract) before the command
    """
    if command[2] not in _PLACING or any(event[2] in _ELSEWHERE for event in said):
        return
    own = [read_event(event) for event in said if event[2] in _OWN]
    if not own:
        return
    first = own[0]
    if first["kind"] == EventKind.ORDER_AMENDED and _is_smaller(first):
        return
    account, contract = command[ACCOUNT], first["contract"]
    lots_before = lots_before_of.get((account, contract), 0)
    held = positions_of(state, account)
    lots = held[contract][1]["lots"] if contract in held else 0
    orders = [row(state.orders, number % SLOTS) for number in order_ids_of(state, account)]
    orders = [order for order in orders if not _is_waiting(order)]
    added = [
        o for o in orders if o["id"] == first["order"] and not o["flags"] & FLAG_REDUCE_ONLY
    ]
    # An order against the position may be carried as a reduction, below initial margin.
    is_reducing = lots_before * first["side"] < 0
    if is_reducing or not (added or abs(lots) > abs(lots_before)):
        return
    equity, required = means(state, account, orders)
    assert equity >= required, f"I-19 {account} has {equity} of {required} after {command}"


def _is_smaller(amended: dict[str, int]) -> bool:
    """Fewer lots at the same price: less risk than before."""
    is_same_price = amended["price_ticks"] == amended["previous_price_ticks"]
    return is_same_price and amended["remaining_lots"] <= amended["previous_remaining_lots"]


def means(state: State, account: int, orders: list[Row]) -> tuple[int, int]:
    """(equity, initial margin with these open orders) of an account, from its rows."""
    equity, required = int(state.balances[account, USDC]), 0
    for number, (_, held) in positions_of(state, account).items():
        contract = row(state.contracts, number)
        lot = contract["mark_ticks"] * contract["tick_value_units"]
        equity += held["lots"] * lot - held["cost_units"] + held["unsettled_units"]
        growth = contract["funding_index"] - held["funding_index"]
        equity += held["funding_units"] + -held["lots"] * growth // NANO
        mine = [order for order in orders if order["contract"] == number]
        required += _required(held["lots"], mine, contract)
    return equity, required


def _required(lots: int, orders: list[Row], contract: Row) -> int:
    unit = contract["tick_value_units"]
    lot = contract["mark_ticks"] * unit
    outcomes = [_initial(abs(lots) * lot, contract)]
    for side in (1, -1):
        filling = [order for order in orders if order["side"] == side]
        size = sum(order["remaining_lots"] for order in filling)
        paid = sum(order["remaining_lots"] * order["price_ticks"] for order in filling) * unit
        loss = max(0, side * (paid - size * lot))
        outcomes.append(_initial(abs(lots + side * size) * lot, contract) + loss)
    if not orders:
        return outcomes[0]
    money = sum(order["remaining_lots"] * order["price_ticks"] for order in orders) * unit
    fees = -(-money * contract["taker_fee_ppm"] // PPM)
    reserve = max(max(outcomes) - outcomes[0] + fees, ORDER_RESERVE * len(orders))
    return outcomes[0] + reserve


def _initial(notional: int, contract: Row) -> int:
    floor = contract["margin_floor_units"]
    base = -(-notional * contract["initial_margin_ppm"] // PPM)
    return min(notional, base - (-base * max(0, notional - floor)) // (9 * floor))


def _is_waiting(order: Row) -> bool:
    is_live = order["flags"] & FLAG_TRIGGERED or not order["flags"] & TYPES_WITH_TRIGGER
    return bool(order["flags"] & FLAG_DORMANT) or not is_live
