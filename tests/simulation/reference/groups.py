"""The reference's groups: who belongs together, and who has to go with whom."""

from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Group, Order
from tests.simulation.reference.wire import CancelReason

BY_OWNER = (
    CancelReason.BY_OWNER,
    CancelReason.DISCONNECTED,
    CancelReason.HEARTBEAT_MISSED,
)


def tie(legs: list[Order], entry: Order | None) -> None:
    """Makes a group of orders that live."""
    group = Group(legs, entry)
    for order in [*legs, *([entry] if entry else [])]:
        order.group = group


def leave(venue: Venue, order: Order, reason: CancelReason | None) -> list[Order]:
    """Takes an order that ends out of its group; those that end with it."""
    set_pending(venue, order, 0)
    group, order.group = order.group, None
    if group is None:
        return []
    if group.entry is order:
        group.entry = None
        return [leg for leg in group.legs if leg.is_dormant and not leg.pending_lots]
    group.legs.remove(order)
    return list(group.legs) if reason in BY_OWNER else []


def set_pending(venue: Venue, order: Order, lots: int) -> None:
    """With so many lots it goes live at the end of the command; 0: it does not."""
    if lots and not order.pending_lots:
        venue.pending.append(order)
    if order.pending_lots and not lots:
        venue.pending.remove(order)
    order.pending_lots = lots
