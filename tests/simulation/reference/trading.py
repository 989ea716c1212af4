"""The reference's trading commands: place, amend, cancel, cancel all."""

from dataclasses import replace

from tests.simulation.reference import health
from tests.simulation.reference.checks import (
    Ask,
    admission_objection,
    book_objection,
    effective_price,
    effective_quantity,
    form_objection,
    is_expired,
    limits_objection,
    numbers_objection,
    surely_met,
)
from tests.simulation.reference.execution import (
    accept,
    cancel_orders,
    cancel_remainder,
    cancel_resting,
    match,
)
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    TIF_FILL_OR_KILL,
    TIF_MASK,
    TYPE_LIMIT,
    CancelReason,
    Command,
    EventKind,
    RejectReason,
)

OPEN_ORDERS_MAX = 500
Answer = tuple[RejectReason, int]  # and the money that is missing, when that is the reason
ACCEPTED: Answer = (RejectReason.ACCEPTED, 0)


def place(venue: Venue, command: Command) -> Answer:
    """PlaceOrder."""
    ask = Ask(
        command["account"],
        command["contract"],
        command["side"],
        command["flags"],
        command["price_ticks"],
        command["quantity_lots"],
    )
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    reason = form_objection(venue, ask) or admission_objection(venue, ask)
    if reason:
        return reason, 0
    price, quantity = effective_price(venue, ask), effective_quantity(venue, ask)
    reason = limits_objection(venue, ask, price, quantity)
    if not reason and len(venue.accounts[ask.account].orders) >= OPEN_ORDERS_MAX:
        reason = RejectReason.TOO_MANY_ORDERS
    reason = reason or book_objection(venue, ask, price)
    if reason:
        return reason, 0
    who = (0, ask.account, ask.contract, ask.side, ask.flags)
    foreseen = Order(*who, price, quantity, quantity, 0, 0)
    met = _foresee(venue, foreseen, exactly=True)
    if ask.flags & TIF_MASK == TIF_FILL_OR_KILL and sum(lots for _, lots in met) < quantity:
        return RejectReason.FILL_OR_KILL_UNFILLABLE, 0
    missing = _missing(venue, foreseen, met)
    if missing > 0:
        return RejectReason.INSUFFICIENT_MARGIN, missing
    terms = replace(ask, price=price, quantity=quantity)
    order = accept(venue, terms, command["label"], command["idempotency_key"])
    _execute(venue, order, met)
    return ACCEPTED


def amend(venue: Venue, command: Command) -> Answer:
    """AmendOrder: quantity is the new total, filled lots included."""
    order = venue.orders.get(command["order"])
    reason = _order_objection(order, command["account"])
    if order is None or reason:
        return reason, 0
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    price, quantity = command["price_ticks"], command["quantity_lots"]
    terms = (order.account, order.contract, order.side)
    reason = numbers_objection(venue, Ask(*terms, TYPE_LIMIT, price, quantity))
    if reason:
        return reason, 0
    remaining = quantity - order.filled_lots
    if remaining <= 0:
        return RejectReason.AMEND_BELOW_FILLED, 0
    if price == order.price_ticks and remaining <= order.remaining_lots:
        before = order.remaining_lots
        order.quantity_lots, order.remaining_lots = quantity, remaining
        _say_amended(venue, order, price, before)
        return ACCEPTED
    return _requeue(venue, order, Ask(*terms, order.flags, price, remaining), quantity)


def cancel(venue: Venue, command: Command) -> Answer:
    """CancelOrder."""
    order = venue.orders.get(command["order"])
    reason = _order_objection(order, command["account"])
    if order is not None and not reason:
        cancel_resting(venue, order, CancelReason.BY_OWNER)
    return reason, 0


def cancel_all(venue: Venue, command: Command) -> Answer:
    """CancelAll of a contract (-1: any) and a label (0: any)."""
    account, contract, label = command["account"], command["contract"], command["label"]
    cancel_orders(venue, account, CancelReason.BY_OWNER, contract, label)
    return ACCEPTED


def _order_objection(order: Order | None, account: int) -> RejectReason:
    if order is None:
        return RejectReason.UNKNOWN_ORDER
    is_own = order.account == account
    return RejectReason.ACCEPTED if is_own else RejectReason.NOT_ORDER_OWNER


def _execute(venue: Venue, order: Order, met: list[tuple[int, int]]) -> None:
    """Trades as deep as was foreseen, then looks at the account again before going on."""
    makers = 0
    reason = None
    while order.remaining_lots and met and not reason:
        makers, may_go_on = match(venue, order, met[-1][0], makers)
        met = _foresee(venue, order, exactly=False)
        if not may_go_on:
            reason = CancelReason.REDUCE_ONLY
        elif makers >= health.FILLS_MAX:
            reason = CancelReason.FILL_LIMIT
        elif order.remaining_lots and _missing(venue, order, met) > 0:
            reason = CancelReason.MARGIN
    if order.remaining_lots and not reason and order.may_rest:
        venue.rest(order)
        return
    cancel_remainder(venue, order, reason or CancelReason.IMMEDIATE_OR_CANCEL)


def _foresee(venue: Venue, order: Order, *, exactly: bool) -> list[tuple[int, int]]:
    """(price, lots) that what is left of an order would meet in the book."""
    if exactly and order.flags & TIF_MASK == TIF_FILL_OR_KILL:
        return surely_met(venue, order)
    book = venue.books[order.contract]
    return book.walk(order.side, order.price_ticks, order.remaining_lots)


def _missing(venue: Venue, order: Order, met: list[tuple[int, int]]) -> int:
    """What the account lacks to go on with what is left of an order."""
    rests = order.remaining_lots - sum(lots for _, lots in met) if order.may_rest else 0
    return health.shortfall(venue, order, met, rests)


def _requeue(venue: Venue, order: Order, ask: Ask, quantity: int) -> Answer:
    """A new price or more lots: judged as if the order were new, then queued anew."""
    reason = admission_objection(venue, ask)
    if reason:
        return reason, 0
    limit = effective_price(venue, ask)
    # Judged without its own lots; the queue it stands in stays until it is accepted.
    orders = venue.accounts[order.account].orders
    place_in_list = dict(orders)
    del orders[order.id]
    reason = limits_objection(venue, ask, limit, ask.quantity)
    reason = reason or book_objection(venue, ask, limit)
    foreseen = replace(order, price_ticks=limit, remaining_lots=ask.quantity)
    met = _foresee(venue, foreseen, exactly=False)
    missing = 0
    if not reason:
        missing = _missing(venue, foreseen, met)
        reason = RejectReason.INSUFFICIENT_MARGIN if missing > 0 else reason
    venue.accounts[order.account].orders = place_in_list
    if reason:
        return reason, max(0, missing)
    price_before, remaining_before = order.price_ticks, order.remaining_lots
    venue.unrest(order)
    order.price_ticks, order.quantity_lots = limit, quantity
    order.remaining_lots = ask.quantity
    _say_amended(venue, order, price_before, remaining_before)
    _execute(venue, order, met)
    return ACCEPTED


def _say_amended(venue: Venue, order: Order, price_before: int, before: int) -> None:
    venue.say(
        EventKind.ORDER_AMENDED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        price_ticks=order.price_ticks,
        quantity_lots=order.quantity_lots,
        remaining_lots=order.remaining_lots,
        previous_price_ticks=price_before,
        previous_remaining_lots=before,
        label=order.label,
    )
