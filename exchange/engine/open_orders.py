"""How an order comes and goes: into the book or a list of triggers, and out of either.

OPEN-001  an open order rests in the book, waits for its trigger or is dormant (links.py), one
          of the three; it stands in its account's list, newest first, and counts as one of its
          open orders.
OPEN-002  only what rests is counted in the sums of its position, and so reserves margin.
OPEN-003  whatever leaves unfilled says so in an event with its reason.
OPEN-004  a tick cancels at most EXPIRIES_MAX orders whose day is over, the first accepted
          first; those left over never trade (execution, firing) and go with the next ticks.
OPEN-005  an order that ends may take others with it (LINK-004, LINK-005): each says LINKED.
"""

from exchange.engine import emit
from exchange.engine.days import (
    first_of_day,
    is_day_over,
    is_good_til_day,
    link_day,
    unlink_day,
)
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.funding import note_book_change
from exchange.engine.links import is_dormant, is_linked, untie
from exchange.engine.matching import (
    claim_order,
    free_order,
    reduce_resting,
    rest_order,
    unrest_order,
)
from exchange.engine.positions import (
    add_open_order,
    claim_position,
    reduce_open_order,
    release_if_empty,
)
from exchange.engine.state import State, inner_kernel, kernel
from exchange.engine.triggers import is_waiting, unwatch, watch
from exchange.engine.units import EXPIRIES_MAX, FLAG_REDUCE_ONLY

EVENTS_PER_EXPIRY_MAX = 3  # an entry with two exits

_TRIGGER_REFUSED = int(CancelReason.TRIGGER_REFUSED)
_EXPIRED = int(CancelReason.EXPIRED)
_LINKED = int(CancelReason.LINKED)
_LINK_REFUSED = int(CancelReason.LINK_REFUSED)


@inner_kernel
def new_order(
    s: State,
    e: EventBuffer,
    account: int,
    contract: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    trigger_ticks: int,
    offset_ticks: int,
    label: int,
    key: int,
) -> int:
    """Accept an order; returns its slot. It is in no book and no list of triggers yet."""
    position = claim_position(s, account, contract)
    slot = claim_order(s)
    row = s.orders[slot]
    row["account"] = account
    row["contract"] = contract
    row["position"] = position
    row["side"] = side
    row["flags"] = flags
    row["price_ticks"] = price_ticks
    row["quantity_lots"] = quantity_lots
    row["remaining_lots"] = quantity_lots
    row["label"] = label
    s.positions[position]["order_count"] += 1
    row["accepted_ns"] = e.cursor[emit.TIME_NS]
    emit.order_accepted(
        e,
        account,
        contract,
        row["id"],
        side,
        flags,
        price_ticks,
        quantity_lots,
        trigger_ticks,
        offset_ticks,
        label,
        key,
    )
    return slot


@inner_kernel
def book_order(s: State, slot: int) -> None:
    """Rest an order in the book and count it with its account and position."""
    row = s.orders[slot]
    note_book_change(s, row["contract"])
    rest_order(s, slot)
    add_open_order(s, row["position"], row["side"], row["price_ticks"], row["remaining_lots"])
    if row["flags"] & FLAG_REDUCE_ONLY != 0:
        s.accounts[row["account"]]["reduce_only_count"] += 1
    _list_with_account(s, slot)


@inner_kernel
def unbook_order(s: State, slot: int) -> None:
    """Undo book_order; the order keeps its slot."""
    row = s.orders[slot]
    note_book_change(s, row["contract"])
    unrest_order(s, slot)
    reduce_open_order(
        s, row["position"], row["side"], row["price_ticks"], row["remaining_lots"], 1
    )
    if row["flags"] & FLAG_REDUCE_ONLY != 0:
        s.accounts[row["account"]]["reduce_only_count"] -= 1
    _unlist_with_account(s, slot)


@inner_kernel
def await_trigger(s: State, slot: int, trigger_ticks: int) -> None:
    """Let an order wait for its trigger and count it with its account, but reserve nothing."""
    watch(s, slot, trigger_ticks)
    _list_with_account(s, slot)


@inner_kernel
def leave_triggers(s: State, slot: int) -> None:
    """Undo await_trigger; the order keeps its slot."""
    unwatch(s, slot)
    _unlist_with_account(s, slot)


@inner_kernel
def fall_asleep(s: State, slot: int) -> None:
    """Count a dormant order with its account; it stands nowhere else."""
    _list_with_account(s, slot)


@inner_kernel
def wake_up(s: State, slot: int) -> None:
    """Undo fall_asleep; the order keeps its slot."""
    _unlist_with_account(s, slot)


@inner_kernel
def _list_with_account(s: State, slot: int) -> None:
    row = s.orders[slot]
    account = s.accounts[row["account"]]
    first = account["first_order"]
    row["next_of_account"] = first
    row["previous_of_account"] = 0
    if first != 0:
        s.orders[first - 1]["previous_of_account"] = slot + 1
    account["first_order"] = slot + 1
    account["order_count"] += 1
    s.accounts[account["owner"]]["owner_order_count"] += 1
    if is_good_til_day(row["flags"]):
        link_day(s, slot)


@inner_kernel
def _unlist_with_account(s: State, slot: int) -> None:
    row = s.orders[slot]
    after = row["next_of_account"]
    before = row["previous_of_account"]
    account = s.accounts[row["account"]]
    if before != 0:
        s.orders[before - 1]["next_of_account"] = after
    else:
        account["first_order"] = after
    if after != 0:
        s.orders[after - 1]["previous_of_account"] = before
    row["next_of_account"] = 0
    row["previous_of_account"] = 0
    account["order_count"] -= 1
    s.accounts[account["owner"]]["owner_order_count"] -= 1
    if is_good_til_day(row["flags"]):
        unlink_day(s, slot)


@inner_kernel
def cancel_resting(s: State, e: EventBuffer, slot: int, reason: int) -> None:
    """Take a resting order out of the book for good and say why."""
    _emit_cancelled(s, e, slot, reason, 1, 0)
    unbook_order(s, slot)
    discard(s, e, slot, reason)


@inner_kernel
def cancel_open(s: State, e: EventBuffer, slot: int, reason: int) -> None:
    """Cancel an open order, whether it rests, waits for its trigger or is dormant."""
    _leave(s, e, slot, reason)
    discard(s, e, slot, reason)


@inner_kernel
def _leave(s: State, e: EventBuffer, slot: int, reason: int) -> None:
    """Say that an open order is cancelled and take it out of where it stands."""
    flags = s.orders[slot]["flags"]
    is_resting = not is_dormant(flags) and not is_waiting(flags)
    _emit_cancelled(s, e, slot, reason, 1 if is_resting else 0, 0)
    if is_resting:
        unbook_order(s, slot)
    elif is_dormant(flags):
        wake_up(s, slot)
    else:
        leave_triggers(s, slot)


@inner_kernel
def cancel_refused(s: State, e: EventBuffer, slot: int, reject_reason: int) -> None:
    """Drop an order that fired and is in no book, and say why it was refused."""
    _emit_cancelled(s, e, slot, _TRIGGER_REFUSED, 0, reject_reason)
    discard(s, e, slot, _TRIGGER_REFUSED)


@inner_kernel
def cancel_unlinkable(s: State, e: EventBuffer, slot: int, reject_reason: int) -> None:
    """Drop an order that was activated and is in no book, and say why it was refused."""
    _emit_cancelled(s, e, slot, _LINK_REFUSED, 0, reject_reason)
    discard(s, e, slot, _LINK_REFUSED)


@kernel
def expire_orders(s: State, e: EventBuffer) -> None:
    """Cancel orders whose day is over, as many as one tick may (OPEN-004)."""
    for _ in range(EXPIRIES_MAX):
        first = first_of_day(s)
        if first == 0 or not is_day_over(s, first - 1):
            break
        cancel_open(s, e, first - 1, _EXPIRED)


@inner_kernel
def cancel_expired(s: State, e: EventBuffer, slot: int) -> None:
    """Drop an order that was to trade after its day, and that is in no list any more."""
    _emit_cancelled(s, e, slot, _EXPIRED, 0, 0)
    discard(s, e, slot, _EXPIRED)


@inner_kernel
def cancel_remainder(s: State, e: EventBuffer, slot: int, reason: int) -> None:
    """Drop what is left of an order that never rested."""
    if s.orders[slot]["remaining_lots"] > 0:
        _emit_cancelled(s, e, slot, reason, 0, 0)
    discard(s, e, slot, reason)


@inner_kernel
def cut_open(s: State, e: EventBuffer, slot: int, lots: int, reason: int) -> None:
    """Take some of its lots off an order that rests or waits, and keeps its place."""
    row = s.orders[slot]
    if not is_waiting(row["flags"]):
        note_book_change(s, row["contract"])
        reduce_open_order(s, row["position"], row["side"], row["price_ticks"], lots, 0)
    reduce_resting(s, slot, lots)
    row["quantity_lots"] -= lots
    emit.order_reduced(
        e,
        row["account"],
        row["contract"],
        row["id"],
        row["side"],
        row["flags"],
        row["price_ticks"],
        row["quantity_lots"],
        row["remaining_lots"],
        lots,
        s.positions[row["position"]]["lots"],
        row["label"],
        reason,
    )


@inner_kernel
def cancel_orders(
    s: State, e: EventBuffer, account: int, contract: int, label: int, reason: int
) -> int:
    """Cancel an account's open orders, newest first; returns how many there were."""
    cancelled = 0
    link = s.accounts[account]["first_order"]
    while link != 0:
        slot = link - 1
        link = s.orders[slot]["next_of_account"]
        if contract >= 0 and s.orders[slot]["contract"] != contract:
            continue
        if label != 0 and s.orders[slot]["label"] != label:
            continue
        may_take_others = is_linked(s.orders[slot]["flags"])
        cancel_open(s, e, slot, reason)
        cancelled += 1
        if may_take_others:  # the next one may be gone: those before it are not meant
            link = s.accounts[account]["first_order"]
    return cancelled


@kernel
def cancel_account_orders(s: State, e: EventBuffer, account: int, reason: int) -> int:
    """Cancel all of an account's orders, for callers outside the kernels."""
    return cancel_orders(s, e, account, -1, 0, reason)


@inner_kernel
def _emit_cancelled(
    s: State, e: EventBuffer, slot: int, reason: int, resting: int, reject_reason: int
) -> None:
    row = s.orders[slot]
    emit.order_cancelled(
        e,
        row["account"],
        row["contract"],
        row["id"],
        row["side"],
        row["flags"],
        row["price_ticks"],
        row["remaining_lots"],
        row["quantity_lots"] - row["remaining_lots"],
        reason,
        resting,
        row["label"],
        reject_reason,
    )


@inner_kernel
def emit_amended(
    s: State,
    e: EventBuffer,
    slot: int,
    price_before: int,
    remaining_before: int,
    trigger_ticks: int,
    offset_ticks: int,
) -> None:
    """Say what an amendment made of an order."""
    row = s.orders[slot]
    emit.order_amended(
        e,
        row["account"],
        row["contract"],
        row["id"],
        row["side"],
        row["flags"],
        row["price_ticks"],
        row["quantity_lots"],
        row["remaining_lots"],
        price_before,
        remaining_before,
        row["label"],
        trigger_ticks,
        offset_ticks,
    )


@inner_kernel
def discard(s: State, e: EventBuffer, slot: int, reason: int) -> None:
    """End an order that is in no list, and those that end with it (OPEN-005).

    reason: why it was cancelled, a CancelReason, or 0 when it has filled whole.
    """
    if not is_linked(s.orders[slot]["flags"]):
        _free(s, slot)
        return
    first, second = untie(s, slot, reason)
    _free(s, slot)
    if first != 0:
        _end_with(s, e, first - 1)
    if second != 0:
        _end_with(s, e, second - 1)


@inner_kernel
def _end_with(s: State, e: EventBuffer, slot: int) -> None:
    """End an open order with one that it was tied to; it takes nobody with it."""
    _leave(s, e, slot, _LINKED)
    untie(s, slot, _LINKED)
    _free(s, slot)


@inner_kernel
def _free(s: State, slot: int) -> None:
    position = s.orders[slot]["position"]
    s.positions[position]["order_count"] -= 1
    free_order(s, slot)
    release_if_empty(s, position)
