"""Place, amend, cancel: every check first, then the mutation (spec: engine, orders).

TRADE-001  a command is refused before it changes anything; the reasons are checked in the order
           of rejects.py.
TRADE-002  an order is admitted on what it would do now: the fills it meets in the book and the
           remainder that would rest. As soon as a maker is passed over (self-trade, band,
           margin), what is left is looked at again before it fills, goes deeper or rests.
TRADE-003  a market order is a limit at the edge of the order band that never rests.
TRADE-004  post-only slides to one tick inside the opposite best, or is refused if it asked so.
TRADE-005  amending down at the same price keeps the place in the queue; anything else queues
           anew.
TRADE-006  fill-or-kill looks at each order it would meet before the first fill.
"""

from exchange.engine import commands as c
from exchange.engine.batches import complete_group
from exchange.engine.days import is_day_over
from exchange.engine.dormant import (
    amend_dormant,
    completion_objection,
    resizing_objection,
    store_dormant,
)
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.execution import match
from exchange.engine.following import EVENTS_PER_FILL_MAX, resize_exits
from exchange.engine.funding import note_book_change
from exchange.engine.health import shortfall_after_order
from exchange.engine.links import is_dormant, is_linked
from exchange.engine.matching import (
    order_slot,
    reduce_resting,
    walk_book,
)
from exchange.engine.open_orders import (
    book_order,
    cancel_open,
    cancel_orders,
    cancel_remainder,
    emit_amended,
    new_order,
    unbook_order,
)
from exchange.engine.order_checks import (
    admission_objection,
    book_objection,
    effective_limit,
    effective_quantity,
    foresee,
    form_objection,
    is_expired,
    limits_objection,
    numbers_objection,
    order_objection,
    reduce_only_objection,
    room_objection,
    self_trade_objection,
)
from exchange.engine.positions import (
    reduce_open_order,
)
from exchange.engine.reducing import cut_surplus
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel
from exchange.engine.triggers import is_waiting
from exchange.engine.units import (
    FILLS_MAX,
    FLAG_DISCONNECTED,
    FLAG_LINKED,
    FLAG_REDUCE_ONLY,
    REDUCE_ONLY_ORDERS_MAX,
    TIF_FILL_OR_KILL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TYPE_LIMIT,
    TYPES_WITH_TRIGGER,
)
from exchange.engine.waiting import amend_waiting, place_waiting

# Both sides of a trade, each settled with funding before, and those that are linked with them;
# then the maker may lose all its reduce-only orders, and the taker lots of one. The taker's
# others go only once.
EVENTS_PER_MAKER_MAX = 4 + 2 * EVENTS_PER_FILL_MAX + REDUCE_ONLY_ORDERS_MAX + 1
EVENTS_PER_TAKER_MAX = REDUCE_ONLY_ORDERS_MAX + 12

_OK = int(RejectReason.ACCEPTED)
_EXPIRED = int(RejectReason.EXPIRED)
_FILL_OR_KILL_UNFILLABLE = int(RejectReason.FILL_OR_KILL_UNFILLABLE)
_AMEND_BELOW_FILLED = int(RejectReason.AMEND_BELOW_FILLED)
_ORDER_EXPIRED = int(RejectReason.ORDER_EXPIRED)
_INVALID_TRIGGER = int(RejectReason.INVALID_TRIGGER)
_INSUFFICIENT_MARGIN = int(RejectReason.INSUFFICIENT_MARGIN)

_BATCH_LEFT = int(Counter.BATCH_LEFT)
_BY_OWNER = int(CancelReason.BY_OWNER)
_DISCONNECTED = int(CancelReason.DISCONNECTED)
_IOC = int(CancelReason.IMMEDIATE_OR_CANCEL)
_FILL_LIMIT = int(CancelReason.FILL_LIMIT)
_MARGIN = int(CancelReason.MARGIN)


@inner_kernel
def place_order(s: State, e: EventBuffer, command: Integers, linked: int) -> tuple[int, int]:
    """Place one order; returns (RejectReason, units missing when margin is the reason).

    linked: FLAG_LINKED for the last member of a group, which it completes; else 0.
    """
    account = command[c.ACCOUNT]
    contract = command[c.CONTRACT]
    side = command[c.SIDE]
    flags = command[c.FLAGS]
    reason = form_objection(s, command)
    if reason != _OK:
        return reason, 0
    if flags & TYPES_WITH_TRIGGER != 0:
        return place_waiting(s, e, command, linked), 0
    reason, missing, limit, quantity, worst = admit(
        s,
        account,
        contract,
        side,
        flags,
        command[c.PRICE_TICKS],
        command[c.QUANTITY_LOTS],
        True,
    )
    if reason != _OK:
        return reason, missing
    slot = new_order(
        s,
        e,
        account,
        contract,
        side,
        flags | linked,
        limit,
        quantity,
        0,
        0,
        command[c.LABEL],
        command[c.IDEMPOTENCY_KEY],
    )
    if linked != 0:
        complete_group(s, e, slot)
    execute(s, e, slot, worst)
    return _OK, 0


@inner_kernel
def place_linked(s: State, e: EventBuffer, command: Integers) -> tuple[int, int]:
    """Place a member of a group of linked orders; returns as place_order (BATCH-004)."""
    if s.counters[_BATCH_LEFT] != 0:
        return store_dormant(s, e, command), 0
    reason = completion_objection(s, command)
    if reason != _OK:
        return reason, 0
    return place_order(s, e, command, FLAG_LINKED)


@inner_kernel
def admit(
    s: State,
    account: int,
    contract: int,
    side: int,
    flags: int,
    price_ticks: int,
    wanted_lots: int,
    is_new: bool,
) -> tuple[int, int, int, int, int]:
    """Whether an order may trade and rest now, and as what.

    is_new: it needs an order slot; an order that fired has one.
    Returns (RejectReason, units missing, price, lots, worst price it would meet).
    """
    reason = admission_objection(s, account, contract, side, flags)
    if reason != _OK:
        return reason, 0, 0, 0, 0
    limit = effective_limit(s, contract, side, flags, price_ticks)
    quantity = effective_quantity(s, account, contract, side, flags, wanted_lots)
    reason = limits_objection(s, account, contract, side, flags, limit, quantity)
    if reason == _OK and is_new:
        reason = room_objection(s, account, flags)
    if reason == _OK:
        reason = reduce_only_objection(s, account, flags)
    if reason == _OK:
        reason = book_objection(s, contract, side, flags, limit)
    if reason == _OK:
        reason = self_trade_objection(s, account, contract, side, limit)
    if reason != _OK:
        return reason, 0, 0, 0, 0
    filled, price_lots, worst = foresee(s, account, contract, side, flags, limit, quantity)
    if flags & TIF_MASK == TIF_FILL_OR_KILL and filled < quantity:
        return _FILL_OR_KILL_UNFILLABLE, 0, 0, 0, 0
    resting = 0 if flags & TIF_NEVER_RESTS != 0 else quantity - filled
    missing = shortfall_after_order(
        s, account, contract, side, filled, price_lots, resting, limit
    )
    if missing > 0:
        return _INSUFFICIENT_MARGIN, missing, 0, 0, 0
    return _OK, 0, limit, quantity, worst


@inner_kernel
def amend_order(s: State, e: EventBuffer, command: Integers) -> tuple[int, int]:
    """Change the price or the total quantity of a resting order; returns as place_order."""
    slot = order_slot(s, command[c.ORDER])
    reason = order_objection(s, slot, command[c.ACCOUNT])
    if reason == _OK and is_expired(command):
        reason = _EXPIRED
    if reason == _OK and is_day_over(s, slot):
        reason = _ORDER_EXPIRED
    if reason == _OK and is_linked(s.orders[slot]["flags"]):
        reason = resizing_objection(s, slot, command)
    if reason == _OK and is_dormant(s.orders[slot]["flags"]):
        return amend_dormant(s, e, slot, command), 0
    if reason == _OK and is_waiting(s.orders[slot]["flags"]):
        return amend_waiting(s, e, slot, command), 0
    if reason == _OK:
        reason = numbers_objection(s, s.orders[slot]["contract"], TYPE_LIMIT, command)
    if reason == _OK and command[c.NEW_TRIGGER_TICKS] != 0:
        reason = _INVALID_TRIGGER
    if reason != _OK:
        return reason, 0
    row = s.orders[slot]
    price = row["price_ticks"]
    before = row["remaining_lots"]
    remaining = command[c.QUANTITY_LOTS] - (row["quantity_lots"] - before)
    if remaining <= 0:
        return _AMEND_BELOW_FILLED, 0
    if command[c.PRICE_TICKS] == price and remaining <= before:
        note_book_change(s, row["contract"])
        reduce_open_order(s, row["position"], row["side"], price, before - remaining, 0)
        reduce_resting(s, slot, before - remaining)
        row["quantity_lots"] = command[c.QUANTITY_LOTS]
        emit_amended(s, e, slot, price, before, 0, 0)
        if is_linked(row["flags"]):
            resize_exits(s, e, slot)
        return _OK, 0
    return _requeue(s, e, slot, command, remaining)


@inner_kernel
def cancel_order(s: State, e: EventBuffer, command: Integers) -> int:
    """Cancel one open order; returns a RejectReason."""
    slot = order_slot(s, command[c.ORDER])
    reason = order_objection(s, slot, command[c.ACCOUNT])
    if reason == _OK:
        cancel_open(s, e, slot, _told_reason(command))
    return reason


@inner_kernel
def cancel_all(s: State, e: EventBuffer, command: Integers) -> int:
    """Cancel the account's orders in one contract (-1: all), of one label (0: all)."""
    reason = _told_reason(command)
    cancel_orders(s, e, command[c.ACCOUNT], command[c.CONTRACT], command[c.LABEL], reason)
    return _OK


@inner_kernel
def _told_reason(command: Integers) -> int:
    return _DISCONNECTED if command[c.FLAGS] & FLAG_DISCONNECTED != 0 else _BY_OWNER


@inner_kernel
def execute(s: State, e: EventBuffer, slot: int, foreseen_ticks: int) -> int:
    """Match an admitted order no deeper than was foreseen, then look again (TRADE-002).

    Returns how many makers it met.
    """
    row = s.orders[slot]
    account = row["account"]
    contract = row["contract"]
    side = row["side"]
    limit = row["price_ticks"]
    is_trusting = row["flags"] & TIF_MASK == TIF_FILL_OR_KILL
    met = 0
    reason = _OK
    while foreseen_ticks != 0 and row["remaining_lots"] > 0 and reason == _OK:
        met, reason = match(s, e, slot, foreseen_ticks, 0, met, is_trusting)
        if reason == _OK and met >= FILLS_MAX:
            reason = _FILL_LIMIT
        if reason == _OK:
            lots, price_lots, foreseen_ticks = walk_book(
                s, contract, side, limit, row["remaining_lots"]
            )
            resting = 0 if row["flags"] & TIF_NEVER_RESTS != 0 else row["remaining_lots"] - lots
            missing = 0
            if row["remaining_lots"] > 0:
                missing = shortfall_after_order(
                    s, account, contract, side, lots, price_lots, resting, limit
                )
            if missing > 0:
                reason = _MARGIN
    if row["remaining_lots"] > 0 and reason == _OK:
        if row["flags"] & TIF_NEVER_RESTS == 0:
            book_order(s, slot)
            if row["flags"] & FLAG_REDUCE_ONLY != 0:
                cut_surplus(s, e, account, row["position"])
            return met
        reason = _IOC
    cancel_remainder(s, e, slot, reason)
    return met


@inner_kernel
def _requeue(
    s: State, e: EventBuffer, slot: int, command: Integers, remaining: int
) -> tuple[int, int]:
    """Amend by leaving the queue and entering it anew, if the changed order is admitted."""
    row = s.orders[slot]
    account = row["account"]
    contract = row["contract"]
    side = row["side"]
    flags = row["flags"]
    price_before = row["price_ticks"]
    remaining_before = row["remaining_lots"]
    reason = admission_objection(s, account, contract, side, flags)
    if reason != _OK:
        return reason, 0
    limit = effective_limit(s, contract, side, flags, command[c.PRICE_TICKS])
    position = row["position"]
    reduce_open_order(s, position, side, price_before, remaining_before, 1)
    reason = limits_objection(s, account, contract, side, flags, limit, remaining)
    if reason == _OK:
        reason = book_objection(s, contract, side, flags, limit)
    if reason == _OK:
        reason = self_trade_objection(s, account, contract, side, limit)
    filled, price_lots, worst = walk_book(s, contract, side, limit, remaining)
    missing = 0
    if reason == _OK:
        missing = shortfall_after_order(
            s, account, contract, side, filled, price_lots, remaining - filled, limit
        )
        if missing > 0:
            reason = _INSUFFICIENT_MARGIN
    _restore_open_order(s, position, side, price_before, remaining_before)
    if reason != _OK:
        return reason, missing
    unbook_order(s, slot)
    row["price_ticks"] = limit
    row["quantity_lots"] = command[c.QUANTITY_LOTS]
    row["remaining_lots"] = remaining
    emit_amended(s, e, slot, price_before, remaining_before, 0, 0)
    if is_linked(flags):
        resize_exits(s, e, slot)
    execute(s, e, slot, worst)
    return _OK, 0


@inner_kernel
def _restore_open_order(
    s: State, position: int, side: int, price_ticks: int, lots: int
) -> None:
    """Undo a reduce_open_order that took a whole order out of the sums."""
    reduce_open_order(s, position, side, price_ticks, -lots, -1)
