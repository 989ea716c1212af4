"""The reference's firing: what is due at the end of a command becomes an ordinary order."""

from tests.simulation.reference import health
from tests.simulation.reference.checks import Ask
from tests.simulation.reference.execution import cancel_late, cancel_refused
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.trading import admit, execute
from tests.simulation.reference.waiting import first_due, source_price
from tests.simulation.reference.wire import (
    FLAG_TRIGGERED,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TYPE_MARKET,
    EventKind,
)

TRIGGERS_MAX = 256  # orders that one command fires; the others wait for the next


def fire_due(venue: Venue) -> None:
    """Fires contract by contract, asking after each order who is next."""
    fired = met = 0
    for number, contract in enumerate(venue.contracts):
        while contract.is_due:
            order = first_due(venue, number)
            if order is None:
                contract.is_due = 0
            elif fired == TRIGGERS_MAX or met >= health.FILLS_MAX // 2:
                return
            else:
                met += _fire(venue, order)
                fired += 1


def _fire(venue: Venue, order: Order) -> int:
    """Turns a waiting order into an ordinary one; the makers it met."""
    venue.unlist(order)
    if venue.is_day_over(order):
        cancel_late(venue, order)
        return 0
    order.flags |= FLAG_TRIGGERED
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
