"""The reference's ends of orders: cancelled, cut, filled; and who ends with them."""

from tests.simulation.reference.groups import leave
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import CancelReason, EventKind, RejectReason

EXPIRIES_MAX = 1_000


def end(venue: Venue, order: Order, reason: CancelReason | None = None) -> None:
    """Ends an order that stands nowhere any more, and those that end with it."""
    others = leave(venue, order, reason)
    venue.discard(order)
    for other in others:
        _say_cancelled(venue, other, CancelReason.LINKED, resting=int(other.is_resting))
        venue.unlist(other)
        leave(venue, other, CancelReason.LINKED)
        venue.discard(other)


def cut_open(venue: Venue, order: Order, cut: int, reason: CancelReason) -> None:
    """Takes lots off an order that lives on."""
    order.quantity_lots -= cut
    order.remaining_lots -= cut
    venue.say(
        EventKind.ORDER_REDUCED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        price_ticks=order.price_ticks,
        quantity_lots=order.quantity_lots,
        remaining_lots=order.remaining_lots,
        cut_lots=cut,
        position_lots=venue.lots(order.account, order.contract),
        label=order.label,
        reason=reason,
    )


def expire(venue: Venue) -> None:
    """Cancels orders whose day is over, the first listed first, so many in one go."""
    for _ in range(EXPIRIES_MAX):
        first = next((order for order in venue.days() if venue.is_day_over(order)), None)
        if first is None:
            return
        cancel_open(venue, first, CancelReason.EXPIRED)


def cancel_late(venue: Venue, order: Order) -> None:
    """Drops an order that was to trade after its day."""
    _say_cancelled(venue, order, CancelReason.EXPIRED, resting=0)
    end(venue, order, CancelReason.EXPIRED)


def cancel_open(venue: Venue, order: Order, reason: CancelReason) -> None:
    """Ends an order that rests in the book or waits for something."""
    _say_cancelled(venue, order, reason, resting=int(order.is_resting))
    venue.unlist(order)
    end(venue, order, reason)


def cancel_remainder(venue: Venue, order: Order, reason: CancelReason) -> None:
    """Drops what is left of an order that never rested."""
    if order.remaining_lots:
        _say_cancelled(venue, order, reason, resting=0)
    end(venue, order, reason)


def cancel_refused(
    venue: Venue,
    order: Order,
    refusal: RejectReason,
    reason: CancelReason = CancelReason.TRIGGER_REFUSED,
) -> None:
    """Drops an order that fired, or went live, and was refused as a new one would have been."""
    _say_cancelled(venue, order, reason, resting=0, reject_reason=refusal)
    end(venue, order, reason)


def cancel_orders(
    venue: Venue, account: int, reason: CancelReason, contract: int = -1, label: int = 0
) -> None:
    """Cancels an account's orders, the last to be listed first."""
    for order in reversed(list(venue.accounts[account].orders.values())):
        is_meant = order.id in venue.orders and (contract < 0 or order.contract == contract)
        if is_meant and label in (0, order.label):
            cancel_open(venue, order, reason)


def _say_cancelled(
    venue: Venue, order: Order, reason: CancelReason, resting: int, reject_reason: int = 0
) -> None:
    venue.say(
        EventKind.ORDER_CANCELLED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags,
        price_ticks=order.price_ticks,
        quantity_lots=order.remaining_lots,
        filled_lots=order.filled_lots,
        reason=reason,
        resting=resting,
        label=order.label,
        reject_reason=reject_reason,
    )


def say_amended(venue: Venue, order: Order, price_before: int, before: int) -> None:
    """Says what an amendment made of an order."""
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
        trigger_ticks=0 if order.is_resting else order.trigger_ticks,
        offset_ticks=0 if order.is_resting else order.offset_ticks,
    )
