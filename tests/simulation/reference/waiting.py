"""The reference's orders that wait for a price: placed, amended, told, fired.

They are looked for one by one among all open orders whenever a price has moved.
"""

from collections.abc import Callable

from tests.simulation.reference.checks import (
    Ask,
    market_objection,
    numbers_objection,
    position_limit_lots,
    room_objection,
)
from tests.simulation.reference.endings import say_amended
from tests.simulation.reference.execution import accept
from tests.simulation.reference.linked import resize_exits
from tests.simulation.reference.state import ACCEPTED, POSITIONS_MAX, Answer, Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    FLAG_LINKED,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    Command,
    EventKind,
    RejectReason,
)

TRAILING_MAX = 512  # of one contract, source and direction
TRAILING_OF_ACCOUNT_MAX = 16  # of those
SOURCES = (TRIGGER_MARK, TRIGGER_INDEX, TRIGGER_LAST)


def place_waiting(
    venue: Venue,
    ask: Ask,
    label: int,
    key: int,
    complete: Callable[[Venue, Order], None] | None,
) -> Answer:
    """PlaceOrder of a well-formed order with a trigger.

    complete: what makes a group whole with it, when it is the last member of one.
    """
    probe = probe_of(ask)
    reason = account_objection(venue, ask) or room_objection(venue, ask)
    reason = reason or trailing_objection(venue, probe)
    reason = reason or trigger_objection(venue, probe, ask.trigger)
    if reason:
        return reason, 0
    trigger = trigger_price(venue, probe, ask.trigger)
    reason = size_objection(venue, ask, trigger)
    if reason:
        return reason, 0
    offset = ask.trigger if probe.is_trailing else 0
    order = accept(venue, ask, label, key, trigger, offset, FLAG_LINKED if complete else 0)
    if complete:
        complete(venue, order)
    begin_to_wait(venue, order, ask.trigger)
    venue.list_open(order)
    return ACCEPTED


def amend_waiting(venue: Venue, order: Order, command: Command) -> Answer:
    """AmendOrder of an order that waits; a new trigger or offset takes a new place."""
    price, quantity = command["price_ticks"], command["quantity_lots"]
    given = command["trigger_ticks"]
    who = (order.account, order.contract, order.side, order.flags)
    ask = Ask(*who, price, quantity, given)
    current = order.offset_ticks if order.is_trailing else order.trigger_ticks
    is_moved = given not in (0, current)
    trigger = order.trigger_ticks
    reason = numbers_objection(venue, ask) or account_objection(venue, ask)
    if not reason and is_moved:
        reason = trigger_objection(venue, order, given)
        trigger = 0 if reason else trigger_price(venue, order, given)
    reason = reason or size_objection(venue, ask, trigger)
    if reason:
        return reason, 0
    before = order.price_ticks, order.remaining_lots
    order.price_ticks, order.quantity_lots, order.remaining_lots = price, quantity, quantity
    if is_moved:
        begin_to_wait(venue, order, given)
    say_amended(venue, order, *before)
    resize_exits(venue, order)
    return ACCEPTED


def source_price(venue: Venue, contract: int, source: int) -> int:
    """The price that a source shows now, 0: none yet."""
    row = venue.contracts[contract]
    prices = {TRIGGER_MARK: row.mark_ticks, TRIGGER_INDEX: row.index_ticks}
    return prices.get(source, row.last_ticks)


def group(venue: Venue, contract: int, source: int, direction: int) -> list[Order]:
    """Those who wait for one price to move one way, in the order of their places."""
    orders = [
        order
        for order in venue.waiting(contract)
        if (order.source, order.direction) == (source, direction)
    ]
    return sorted(orders, key=lambda order: order.placed)


def first_due(venue: Venue, contract: int) -> Order | None:
    """Who fires next: mark, index, last; rising, falling; passed furthest; placed first."""
    for source in SOURCES:
        price = source_price(venue, contract, source)
        for direction in (1, -1) if price else ():
            _trail(venue, contract, source, direction)
            orders = group(venue, contract, source, direction)
            first = min(orders, key=lambda o: direction * o.trigger_ticks, default=None)
            if first and direction * (price - first.trigger_ticks) >= 0:
                return first
    return None


def tell_trailing(venue: Venue) -> None:
    """A word about each trailing stop that has moved since the last, newest first."""
    for contract in range(len(venue.contracts)):
        for source in SOURCES:
            for direction in (1, -1):
                for order in reversed(_trailing(venue, contract, source, direction)):
                    _tell(venue, order)


def _tell(venue: Venue, order: Order) -> None:
    if order.told_ticks == order.trigger_ticks:
        return
    venue.say(
        EventKind.TRIGGER_MOVED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        trigger_ticks=order.trigger_ticks,
        previous_trigger_ticks=order.told_ticks,
        offset_ticks=order.offset_ticks,
        best_ticks=order.best_ticks,
    )
    order.told_ticks = order.trigger_ticks


def begin_to_wait(venue: Venue, order: Order, given: int) -> None:
    """Takes the last place; a trailing stop starts from the price of this moment."""
    venue.places += 1
    order.placed = order.since = venue.places
    order.trigger_ticks = trigger_price(venue, order, given)
    if order.is_trailing:
        order.offset_ticks = given
        order.best_ticks = source_price(venue, order.contract, order.source)
        order.told_ticks = order.trigger_ticks


def _trailing(venue: Venue, contract: int, source: int, direction: int) -> list[Order]:
    """Trailing stops of a group, oldest first."""
    orders = group(venue, contract, source, direction)
    trailing = [order for order in orders if order.is_trailing]
    return sorted(trailing, key=lambda order: order.since)


def _trail(venue: Venue, contract: int, source: int, direction: int) -> None:
    """Moves the trailing stops for which the price is a new best, oldest first."""
    price = source_price(venue, contract, source)
    for order in _trailing(venue, contract, source, direction):
        if direction * (price - order.best_ticks) < 0:
            venue.places += 1
            order.placed = venue.places
            order.best_ticks = price
            order.trigger_ticks = price + direction * order.offset_ticks


def probe_of(ask: Ask) -> Order:
    who = (0, ask.account, ask.contract, ask.side, ask.flags)
    return Order(*who, ask.price, ask.quantity, ask.quantity, 0, 0)


def account_objection(venue: Venue, ask: Ask) -> RejectReason:
    reason = market_objection(venue, ask)
    if reason:
        return reason
    account = venue.accounts[ask.account]
    if account.liquidation_stage:
        return RejectReason.IN_LIQUIDATION
    has_room = ask.contract in account.positions or len(account.positions) < POSITIONS_MAX
    return RejectReason.ACCEPTED if has_room else RejectReason.TOO_MANY_POSITIONS


def trailing_objection(venue: Venue, order: Order) -> RejectReason:
    """Whether one more trailing stop may wait: of all, and of its account."""
    if not order.is_trailing:
        return RejectReason.ACCEPTED
    others = _trailing(venue, order.contract, order.source, order.direction)
    own = [other for other in others if other.account == order.account]
    is_full = len(others) >= TRAILING_MAX or len(own) >= TRAILING_OF_ACCOUNT_MAX
    return RejectReason.TOO_MANY_TRAILING_STOPS if is_full else RejectReason.ACCEPTED


def trigger_objection(venue: Venue, order: Order, given: int) -> RejectReason:
    """Whether a trigger, or the offset of a trailing stop, can be waited for."""
    contract, direction = order.contract, order.direction
    if not 0 < given <= venue.contracts[contract].price_ceiling_ticks:
        return RejectReason.INVALID_TRIGGER
    price = source_price(venue, contract, order.source)
    if price == 0:
        return RejectReason.NO_TRIGGER_PRICE
    if order.is_trailing:
        is_price = price + direction * given > 0
        return RejectReason.ACCEPTED if is_price else RejectReason.INVALID_TRIGGER
    is_reached = direction * (price - given) >= 0
    return RejectReason.TRIGGER_ALREADY_REACHED if is_reached else RejectReason.ACCEPTED


def trigger_price(venue: Venue, order: Order, given: int) -> int:
    if not order.is_trailing:
        return given
    return source_price(venue, order.contract, order.source) + order.direction * given


def size_objection(venue: Venue, ask: Ask, trigger: int) -> RejectReason:
    """The smallest notional is taken at the limit, of a market order at the trigger."""
    if ask.quantity > position_limit_lots(venue, ask.contract):
        return RejectReason.POSITION_LIMIT
    contract = venue.contracts[ask.contract]
    valued = trigger if ask.is_market else ask.price
    notional = ask.quantity * valued * contract.tick_value_units
    is_small = not ask.is_reduce_only and notional < contract.min_notional_units
    return RejectReason.BELOW_MIN_NOTIONAL if is_small else RejectReason.ACCEPTED
