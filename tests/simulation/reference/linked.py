"""The reference's word to a group: what one order of it filled, or became, changes others."""

from tests.simulation.reference.endings import cancel_open, cut_open, say_amended
from tests.simulation.reference.groups import set_pending
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import CancelReason


def tell_fill(venue: Venue, order: Order, lots: int) -> None:
    """An order filled so much: its peer loses it, its exits gain it, its entry ends."""
    group = order.group
    if group is None:
        return
    is_entry = group.entry is order
    for leg in list(group.legs):
        if is_entry:
            _grow(venue, leg, lots)
        elif leg is not order:
            _shrink(venue, leg, lots)
    if not is_entry:
        end_entry(venue, order)


def end_entry(venue: Venue, leg: Order) -> None:
    """An exit is on its way: nothing may be entered any more."""
    if leg.group and leg.group.entry and leg.group.entry is not leg:
        cancel_open(venue, leg.group.entry, CancelReason.LINKED)


def resize_exits(venue: Venue, entry: Order) -> None:
    """Dormant exits are as large as what may still fill."""
    group = entry.group
    if group is None or group.entry is not entry:
        return
    for leg in group.legs:
        if leg.is_dormant and leg.quantity_lots != entry.quantity_lots:
            before = leg.remaining_lots
            leg.quantity_lots = leg.remaining_lots = entry.quantity_lots
            say_amended(venue, leg, leg.price_ticks, before)


def _grow(venue: Venue, leg: Order, lots: int) -> None:
    if leg.is_dormant:
        set_pending(venue, leg, leg.pending_lots + lots)
        return
    before = leg.remaining_lots
    if leg.is_resting:  # Behind all others of its price, and last in its account's list.
        venue.unlist(leg)
    leg.quantity_lots += lots
    leg.remaining_lots += lots
    if not leg.is_waiting:
        venue.list_open(leg)
    say_amended(venue, leg, leg.price_ticks, before)


def _shrink(venue: Venue, leg: Order, lots: int) -> None:
    if leg.is_dormant:
        if leg.pending_lots > lots:
            set_pending(venue, leg, leg.pending_lots - lots)
        else:
            cancel_open(venue, leg, CancelReason.LINKED)
    elif leg.remaining_lots > lots:
        cut_open(venue, leg, lots, CancelReason.LINKED)
    else:
        cancel_open(venue, leg, CancelReason.LINKED)
