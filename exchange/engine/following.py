"""What a fill of a linked order does at once to those that it is linked with (rules: links).

FOLLOW-001  lots are taken off a peer, and a primary is cancelled, at the fill itself: neither
            can be filled again before it has heard. A live exit grows at the fill too; one that
            rests queues anew behind its price, as any order does that grows.
FOLLOW-002  dormant exits wait for the end of the command (activating.py): they may have to
            trade, and no match begins within another.
"""

from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.links import add_pending, is_dormant
from exchange.engine.matching import reduce_resting
from exchange.engine.open_orders import (
    book_order,
    cancel_open,
    cut_open,
    emit_amended,
    unbook_order,
)
from exchange.engine.state import State, inner_kernel
from exchange.engine.triggers import is_waiting

# A peer and a primary, or two exits; the primary with an exit that is dormant still.
EVENTS_PER_FILL_MAX = 3

_LINKED = int(CancelReason.LINKED)


@inner_kernel
def follow_fill(s: State, e: EventBuffer, slot: int, lots: int) -> None:
    """Let those hear of a fill that are linked with the order."""
    link = s.links[slot]
    if link["peer"] != 0:
        _shrink(s, e, link["peer"] - 1, lots)
    end_entry(s, e, slot)
    if link["exit_0"] != 0:
        _grow(s, e, link["exit_0"] - 1, lots)
    if link["exit_1"] != 0:
        _grow(s, e, link["exit_1"] - 1, lots)


@inner_kernel
def end_entry(s: State, e: EventBuffer, slot: int) -> None:
    """An exit fires or trades: cancel what is left of its primary (LINK-003)."""
    primary = s.links[slot]["primary"]
    if primary != 0:
        cancel_open(s, e, primary - 1, _LINKED)


@inner_kernel
def resize_exits(s: State, e: EventBuffer, slot: int) -> None:
    """Let exits that are dormant be as large as their primary is now."""
    _resize(s, e, s.links[slot]["exit_0"], s.orders[slot]["quantity_lots"])
    _resize(s, e, s.links[slot]["exit_1"], s.orders[slot]["quantity_lots"])


@inner_kernel
def _resize(s: State, e: EventBuffer, exit_link: int, lots: int) -> None:
    if exit_link == 0 or not is_dormant(s.orders[exit_link - 1]["flags"]):
        return
    row = s.orders[exit_link - 1]
    before = row["remaining_lots"]
    if before != lots:
        row["quantity_lots"] = lots
        row["remaining_lots"] = lots
        _emit_resized(s, e, exit_link - 1, before)


@inner_kernel
def _shrink(s: State, e: EventBuffer, slot: int, lots: int) -> None:
    """Take what its peer has filled off an order (LINK-001)."""
    link = s.links[slot]
    is_asleep = is_dormant(s.orders[slot]["flags"])
    left = (link["pending_lots"] if is_asleep else s.orders[slot]["remaining_lots"]) - lots
    if left <= 0:
        cancel_open(s, e, slot, _LINKED)
    elif is_asleep:
        link["pending_lots"] = left
    else:
        cut_open(s, e, slot, lots, _LINKED)


@inner_kernel
def _grow(s: State, e: EventBuffer, slot: int, lots: int) -> None:
    """Let an exit protect what its primary has filled (LINK-002)."""
    row = s.orders[slot]
    if is_dormant(row["flags"]):
        add_pending(s, slot, lots)
        return
    before = row["remaining_lots"]
    if is_waiting(row["flags"]):
        reduce_resting(s, slot, -lots)
        row["quantity_lots"] += lots
    else:
        unbook_order(s, slot)
        row["quantity_lots"] += lots
        row["remaining_lots"] += lots
        book_order(s, slot)
    _emit_resized(s, e, slot, before)


@inner_kernel
def _emit_resized(s: State, e: EventBuffer, slot: int, lots_before: int) -> None:
    row = s.orders[slot]
    condition = s.conditions[slot]
    has_condition = is_waiting(row["flags"]) or is_dormant(row["flags"])
    trigger = condition["trigger_ticks"] if has_condition else 0
    offset = condition["offset_ticks"] if has_condition else 0
    emit_amended(s, e, slot, row["price_ticks"], lots_before, trigger, offset)
