"""The reference's ends of commands: dormant orders go live, what is due fires."""

from tests.simulation.reference import health
from tests.simulation.reference.checks import Ask
from tests.simulation.reference.endings import cancel_late, cancel_refused
from tests.simulation.reference.groups import set_pending
from tests.simulation.reference.linked import end_entry
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.trading import admit, execute
from tests.simulation.reference.waiting import (
    begin_to_wait,
    first_due,
    source_price,
    trailing_objection,
    trigger_objection,
)
from tests.simulation.reference.wire import (
    FLAG_DORMANT,
    FLAG_TRIGGERED,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TYPE_MARKET,
    CancelReason,
    EventKind,
    RejectReason,
)

TRIGGERS_MAX = 256  # orders that one command fires; the others wait for the next


def fire_due(venue: Venue) -> None:
    """Fires contract by contract, asking after each order who is next.

    Before the first and after each, dormant orders for which something filled go live.
    """
    done, met = _wake(venue, 0, 0)
    for number, contract in enumerate(venue.contracts):
        while contract.is_due:
            order = first_due(venue, number)
            if order is None:
                contract.is_due = 0
            elif done >= TRIGGERS_MAX or met >= health.FILLS_MAX // 2:
                return
            else:
                met += _fire(venue, order)
                done, met = _wake(venue, done + 1, met)


def _wake(venue: Venue, done: int, met: int) -> tuple[int, int]:
    while venue.pending and done < TRIGGERS_MAX and met < health.FILLS_MAX // 2:
        met += _activate(venue, venue.pending[0])
        done += 1
    return done, met


def _activate(venue: Venue, order: Order) -> int:
    """Makes a dormant order a live one; the makers it met."""
    lots, before = order.pending_lots, (order.price_ticks, order.remaining_lots)
    set_pending(venue, order, 0)
    venue.unlist(order)
    if venue.is_day_over(order):
        cancel_late(venue, order)
        return 0
    order.flags &= ~FLAG_DORMANT
    order.quantity_lots = order.remaining_lots = lots
    if order.is_waiting:
        _await(venue, order, *before)
        return 0
    who = (order.account, order.contract, order.side, order.flags)
    admission = admit(venue, Ask(*who, order.price_ticks, lots), is_new=False)
    if not admission.reason:
        order.price_ticks = admission.price
        order.quantity_lots = order.remaining_lots = admission.quantity
    _say_activated(venue, order, *before)
    if admission.reason:
        cancel_refused(venue, order, admission.reason, CancelReason.LINK_REFUSED)
        return 0
    return execute(venue, order, admission.met)


def _await(venue: Venue, order: Order, price_before: int, lots_before: int) -> None:
    """It waits, though its price may be there already."""
    given = order.offset_ticks if order.is_trailing else order.trigger_ticks
    reason = trailing_objection(venue, order) or trigger_objection(venue, order, given)
    is_welcome = reason in (RejectReason.ACCEPTED, RejectReason.TRIGGER_ALREADY_REACHED)
    if is_welcome:
        begin_to_wait(venue, order, given)
        venue.list_open(order)
        venue.note_price(order.contract, is_last=False)
    _say_activated(venue, order, price_before, lots_before)
    if not is_welcome:
        cancel_refused(venue, order, reason, CancelReason.LINK_REFUSED)


def _say_activated(venue: Venue, order: Order, price_before: int, lots_before: int) -> None:
    venue.say(
        EventKind.ORDER_ACTIVATED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        price_ticks=order.price_ticks,
        quantity_lots=order.quantity_lots,
        remaining_lots=order.remaining_lots,
        previous_price_ticks=price_before,
        previous_remaining_lots=lots_before,
        label=order.label,
        trigger_ticks=order.trigger_ticks,
        offset_ticks=order.offset_ticks,
    )


def _fire(venue: Venue, order: Order) -> int:
    """Turns a waiting order into an ordinary one; the makers it met."""
    venue.unlist(order)
    if venue.is_day_over(order):
        cancel_late(venue, order)
        return 0
    order.flags |= FLAG_TRIGGERED
    end_entry(venue, order)
    if order.flags & TYPE_MARKET and not order.flags & TIF_NEVER_RESTS:
        order.flags = order.flags & ~TIF_MASK | TIF_IMMEDIATE_OR_CANCEL
    who = (order.account, order.contract, order.side, order.flags)
    admission = admit(venue, Ask(*who, order.price_ticks, order.remaining_lots), is_new=False)
    if not admission.reason:
        order.price_ticks = admission.price
        order.quantity_lots = order.remaining_lots = admission.quantity
    venue.say(
        EventKind.ORDER_TRIGGERED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        price_ticks=order.price_ticks,
        quantity_lots=order.quantity_lots,
        trigger_ticks=order.trigger_ticks,
        fired_ticks=source_price(venue, order.contract, order.source),
        label=order.label,
    )
    if admission.reason:
        cancel_refused(venue, order, admission.reason)
        return 0
    return execute(venue, order, admission.met)
