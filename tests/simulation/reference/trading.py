"""The reference's trading commands: place, amend, cancel, cancel all."""

from dataclasses import dataclass, field, replace

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
    reduce_only_objection,
    room_objection,
    self_trade_objection,
    surely_met,
)
from tests.simulation.reference.dormant import (
    amend_dormant,
    complete,
    completion_objection,
    store,
)
from tests.simulation.reference.endings import (
    cancel_open,
    cancel_orders,
    cancel_remainder,
    say_amended,
)
from tests.simulation.reference.execution import accept, cut_surplus, match
from tests.simulation.reference.linked import resize_exits
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.waiting import amend_waiting, place_waiting
from tests.simulation.reference.wire import (
    FLAG_DISCONNECTED,
    FLAG_LINKED,
    TIF_FILL_OR_KILL,
    TIF_MASK,
    TYPE_LIMIT,
    CancelReason,
    Command,
    RejectReason,
)


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an order may trade and rest now, and as what."""

    reason: RejectReason
    missing: int = 0
    price: int = 0
    quantity: int = 0
    met: list[tuple[int, int]] = field(default_factory=list)


def place(venue: Venue, command: Command) -> Answer:
    """PlaceOrder."""
    ask = Ask(
        command["account"],
        command["contract"],
        command["side"],
        command["flags"],
        command["price_ticks"],
        command["quantity_lots"],
        command["trigger_ticks"],
    )
    batch = venue.batch if venue.batch and venue.batch.link else None
    if batch and batch.left:
        return store(venue, batch, ask, command)
    reason = completion_objection(batch, ask) if batch else RejectReason.ACCEPTED
    if reason:
        return reason, 0
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    reason = form_objection(venue, ask)
    if reason:
        return reason, 0
    label, key = command["label"], command["idempotency_key"]
    if ask.has_trigger:
        return place_waiting(venue, ask, label, key, complete if batch else None)
    admission = admit(venue, ask, is_new=True)
    if admission.reason:
        return admission.reason, admission.missing
    terms = replace(ask, price=admission.price, quantity=admission.quantity)
    order = accept(venue, terms, label, key, more_flags=FLAG_LINKED if batch else 0)
    if batch:
        complete(venue, order)
    execute(venue, order, admission.met)
    return ACCEPTED


def admit(venue: Venue, ask: Ask, *, is_new: bool) -> Admission:
    """Everything that is asked of an order before it may execute."""
    reason = admission_objection(venue, ask)
    if reason:
        return Admission(reason)
    price, quantity = effective_price(venue, ask), effective_quantity(venue, ask)
    reason = limits_objection(venue, ask, price, quantity)
    if not reason and is_new:
        reason = room_objection(venue, ask)
    reason = reason or reduce_only_objection(venue, ask)
    reason = reason or book_objection(venue, ask, price)
    reason = reason or self_trade_objection(venue, ask, price)
    if reason:
        return Admission(reason)
    who = (0, ask.account, ask.contract, ask.side, ask.flags)
    foreseen = Order(*who, price, quantity, quantity, 0, 0)
    met = _foresee(venue, foreseen, exactly=True)
    if ask.flags & TIF_MASK == TIF_FILL_OR_KILL and sum(lots for _, lots in met) < quantity:
        return Admission(RejectReason.FILL_OR_KILL_UNFILLABLE)
    missing = _missing(venue, foreseen, met)
    if missing > 0:
        return Admission(RejectReason.INSUFFICIENT_MARGIN, missing)
    return Admission(RejectReason.ACCEPTED, 0, price, quantity, met)


def amend(venue: Venue, command: Command) -> Answer:
    """AmendOrder: quantity is the new total, filled lots included."""
    order = venue.orders.get(command["order"])
    reason = _order_objection(order, command["account"])
    if order is None or reason:
        return reason, 0
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    if venue.is_day_over(order):
        return RejectReason.ORDER_EXPIRED, 0
    if order.is_sized_by_others and command["quantity_lots"] != order.quantity_lots:
        return RejectReason.LINKED_QUANTITY, 0
    if order.is_dormant:
        return amend_dormant(venue, order, command)
    if order.is_waiting:
        return amend_waiting(venue, order, command)
    price, quantity = command["price_ticks"], command["quantity_lots"]
    terms = (order.account, order.contract, order.side)
    reason = numbers_objection(venue, Ask(*terms, TYPE_LIMIT, price, quantity))
    if not reason and command["trigger_ticks"]:
        reason = RejectReason.INVALID_TRIGGER
    if reason:
        return reason, 0
    remaining = quantity - order.filled_lots
    if remaining <= 0:
        return RejectReason.AMEND_BELOW_FILLED, 0
    if price == order.price_ticks and remaining <= order.remaining_lots:
        before = order.remaining_lots
        venue.look_at_premium(order.contract, venue.time_ns)
        order.quantity_lots, order.remaining_lots = quantity, remaining
        say_amended(venue, order, price, before)
        resize_exits(venue, order)
        return ACCEPTED
    return _requeue(venue, order, Ask(*terms, order.flags, price, remaining), quantity)


def cancel(venue: Venue, command: Command) -> Answer:
    """CancelOrder."""
    order = venue.orders.get(command["order"])
    reason = _order_objection(order, command["account"])
    if order is not None and not reason:
        cancel_open(venue, order, _cause(command))
    return reason, 0


def cancel_all(venue: Venue, command: Command) -> Answer:
    """CancelAll of a contract (-1: any) and a label (0: any)."""
    account, contract, label = command["account"], command["contract"], command["label"]
    cancel_orders(venue, account, _cause(command), contract, label)
    return ACCEPTED


def _cause(command: Command) -> CancelReason:
    """Whether its owner asked for it, or a gateway that lost the owner's session."""
    is_lost = command["flags"] & FLAG_DISCONNECTED
    return CancelReason.DISCONNECTED if is_lost else CancelReason.BY_OWNER


def _order_objection(order: Order | None, account: int) -> RejectReason:
    if order is None:
        return RejectReason.UNKNOWN_ORDER
    is_own = order.account == account
    return RejectReason.ACCEPTED if is_own else RejectReason.NOT_ORDER_OWNER


def execute(venue: Venue, order: Order, met: list[tuple[int, int]]) -> int:
    """Trades as deep as was foreseen, then looks at the account again before going on.

    Returns how many makers it met.
    """
    makers = 0
    reason = None
    while order.remaining_lots and met and not reason:
        makers, reason = match(venue, order, met[-1][0], makers)
        if reason:
            break
        met = _foresee(venue, order, exactly=False)
        if makers >= health.FILLS_MAX:
            reason = CancelReason.FILL_LIMIT
        elif order.remaining_lots and _missing(venue, order, met) > 0:
            reason = CancelReason.MARGIN
    if order.remaining_lots and not reason and order.may_rest:
        venue.list_open(order)
        if order.is_reduce_only:
            cut_surplus(venue, order.account, order.contract)
        return makers
    cancel_remainder(venue, order, reason or CancelReason.IMMEDIATE_OR_CANCEL)
    return makers


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
    reason = reason or self_trade_objection(venue, ask, limit)
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
    venue.unlist(order)
    order.price_ticks, order.quantity_lots = limit, quantity
    order.remaining_lots = ask.quantity
    say_amended(venue, order, price_before, remaining_before)
    resize_exits(venue, order)
    execute(venue, order, met)
    return ACCEPTED
