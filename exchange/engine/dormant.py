"""Orders that wait for another one to fill: what is checked before they may wait, and amended.

DORM-001  a member that is stored is checked in its form, for room and for its size, like an
          order that waits for a trigger. Bands, margin, what it would reduce, and whether an
          exit's trigger has been passed, are looked at when it is activated (activating.py):
          the price of the entry is not today's.
DORM-002  exits are reduce-only, on the side opposite to their primary, and no market orders:
          they have a trigger, or are limit orders that may rest. The primary is not
          reduce-only: there would be nothing to protect.
DORM-003  the first of two peers waits for a trigger, which is not reached: so nothing but a
          fill of the second can keep it from its place once the second is accepted.
DORM-004  all members are of one contract and as large as each other.
DORM-005  price and trigger of an order that others size may be amended, not its quantity. A
          dormant exit is as large as its primary, and is resized with it.
"""

from exchange.engine import commands as c
from exchange.engine.batches import store_member
from exchange.engine.emit import EventBuffer
from exchange.engine.links import is_sized_by_others
from exchange.engine.open_orders import emit_amended, fall_asleep, new_order
from exchange.engine.order_checks import form_objection, numbers_objection, room_objection
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Integers, State, inner_kernel
from exchange.engine.triggers import is_trailing
from exchange.engine.units import (
    FLAG_DORMANT,
    FLAG_LINKED,
    FLAG_REDUCE_ONLY,
    LINK_ONE_CANCELS_OTHER,
    TIF_NEVER_RESTS,
    TYPE_MARKET,
    TYPES_WITH_TRIGGER,
)
from exchange.engine.waiting import (
    account_objection,
    size_objection,
    trailing_objection,
    trigger_objection,
    trigger_price,
)

_OK = int(RejectReason.ACCEPTED)
_INVALID_TRIGGER = int(RejectReason.INVALID_TRIGGER)
_INVALID_LINK = int(RejectReason.INVALID_LINK)
_LINKED_QUANTITY = int(RejectReason.LINKED_QUANTITY)


@inner_kernel
def store_dormant(s: State, e: EventBuffer, command: Integers) -> int:
    """Store a member of a group before its last; returns a RejectReason."""
    flags = command[c.FLAGS]
    reason = form_objection(s, command)
    if reason == _OK:
        reason = _membership_objection(s, command)
    if reason == _OK:
        reason = account_objection(s, command[c.ACCOUNT], command[c.CONTRACT], flags)
    if reason == _OK:
        reason = room_objection(s, command[c.ACCOUNT], flags)
    if reason == _OK:
        reason = _price_objection(s, command)
    if reason != _OK:
        return reason
    given = command[c.TRIGGER_TICKS]
    offset = given if is_trailing(flags) else 0
    slot = new_order(
        s,
        e,
        command[c.ACCOUNT],
        command[c.CONTRACT],
        command[c.SIDE],
        flags | FLAG_LINKED | FLAG_DORMANT,
        command[c.PRICE_TICKS],
        command[c.QUANTITY_LOTS],
        given - offset,
        offset,
        command[c.LABEL],
        command[c.IDEMPOTENCY_KEY],
    )
    s.conditions[slot]["trigger_ticks"] = given - offset
    s.conditions[slot]["offset_ticks"] = offset
    fall_asleep(s, slot)
    store_member(s, slot)
    return _OK


@inner_kernel
def completion_objection(s: State, command: Integers) -> int:
    """Whether the last member goes together with those that are stored; a RejectReason."""
    batch = s.batch[0]
    first = s.orders[batch["stored_0"] - 1]
    if not _is_alike(s, command):
        return _INVALID_LINK
    if batch["link"] == LINK_ONE_CANCELS_OTHER:
        return _OK
    is_entry = command[c.FLAGS] & FLAG_REDUCE_ONLY == 0 and command[c.SIDE] == -first["side"]
    return _OK if is_entry else _INVALID_LINK


@inner_kernel
def resizing_objection(s: State, slot: int, command: Integers) -> int:
    """Whether an amendment asks for lots that are not the owner's to say; a RejectReason."""
    is_same = command[c.QUANTITY_LOTS] == s.orders[slot]["quantity_lots"]
    return _OK if is_same or not is_sized_by_others(s, slot) else _LINKED_QUANTITY


@inner_kernel
def amend_dormant(s: State, e: EventBuffer, slot: int, command: Integers) -> int:
    """Change price or trigger of a dormant order (DORM-005); returns a RejectReason."""
    row = s.orders[slot]
    flags = row["flags"]
    condition = s.conditions[slot]
    given = command[c.NEW_TRIGGER_TICKS]
    reason = numbers_objection(s, row["contract"], flags, command)
    if reason != _OK:
        return reason
    if given != 0:
        ceiling = s.contracts[row["contract"]]["price_ceiling_ticks"]
        if flags & TYPES_WITH_TRIGGER == 0 or given < 0 or given > ceiling:
            return _INVALID_TRIGGER
        if is_trailing(flags):
            condition["offset_ticks"] = given
        else:
            condition["trigger_ticks"] = given
    price_before = row["price_ticks"]
    row["price_ticks"] = command[c.PRICE_TICKS]
    trigger = condition["trigger_ticks"]
    offset = condition["offset_ticks"]
    emit_amended(s, e, slot, price_before, row["remaining_lots"], trigger, offset)
    return _OK


@inner_kernel
def _membership_objection(s: State, command: Integers) -> int:
    """Whether an order can be stored as what it is in its group (DORM-002, DORM-003)."""
    batch = s.batch[0]
    flags = command[c.FLAGS]
    has_trigger = flags & TYPES_WITH_TRIGGER != 0
    if batch["link"] == LINK_ONE_CANCELS_OTHER:
        return _OK if has_trigger else _INVALID_LINK
    may_rest = flags & TYPE_MARKET == 0 and flags & TIF_NEVER_RESTS == 0
    if flags & FLAG_REDUCE_ONLY == 0 or not (has_trigger or may_rest):
        return _INVALID_LINK
    if batch["stored_0"] == 0:
        return _OK
    is_same_side = s.orders[batch["stored_0"] - 1]["side"] == command[c.SIDE]
    return _OK if is_same_side and _is_alike(s, command) else _INVALID_LINK


@inner_kernel
def _is_alike(s: State, command: Integers) -> bool:
    """Whether an order is of the contract and the size of what is stored (DORM-004)."""
    first = s.orders[s.batch[0]["stored_0"] - 1]
    is_same_size = first["quantity_lots"] == command[c.QUANTITY_LOTS]
    return is_same_size and first["contract"] == command[c.CONTRACT]


@inner_kernel
def _price_objection(s: State, command: Integers) -> int:
    """Whether price, trigger and size can be waited with; a RejectReason."""
    contract = command[c.CONTRACT]
    side = command[c.SIDE]
    flags = command[c.FLAGS]
    given = command[c.TRIGGER_TICKS]
    trigger = given
    if s.batch[0]["link"] == LINK_ONE_CANCELS_OTHER:
        reason = trailing_objection(s, command[c.ACCOUNT], contract, side, flags)
        if reason == _OK:
            reason = trigger_objection(s, contract, side, flags, given)
        if reason != _OK:
            return reason
        trigger = trigger_price(s, contract, side, flags, given)
    price = command[c.PRICE_TICKS]
    return size_objection(s, contract, flags, price, trigger, command[c.QUANTITY_LOTS])
