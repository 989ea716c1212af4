"""PlaceBatch: a client's own commands in one piece, makers before takers.

A batch is a PLACE_BATCH record and `count` member records behind it, each with a sequence and a
result of its own. The sequencer takes it in only whole, so nothing stands between its members;
the engine keeps only how many are still to come and how far they have got. That little is in
the state, so a journal may be cut anywhere (the partition law), and nothing is held back.

BATCH-001  within a batch cancels come first, then post-only orders, then what may take:
           amendments and other orders. Gateways sort; a member out of its order is refused.
BATCH-002  members act for the account and by the principal of the batch. Anything else ends it:
           a journal that was not made by a sequencer is no reason to stop.
BATCH-003  a batch past its deadline is refused with all its members.
BATCH-004  the members of a group of linked orders stand as they were sent: one or two that are
           stored dormant (dormant.py), then the one that makes the group live (rules: links).
           A member that is not accepted, for whatever reason, discards those that are stored;
           the members behind it are refused.
"""

from exchange.engine import commands as c
from exchange.engine import link_events
from exchange.engine.commands import PLACE_BATCH, CommandKind
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.links import add_pending, tie_exit, tie_peers
from exchange.engine.open_orders import cancel_open
from exchange.engine.records import column
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import (
    BATCH_MAX,
    FLAG_POST_ONLY,
    LINK_NONE,
    LINK_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
)

_OK = int(RejectReason.ACCEPTED)
_EXPIRED = int(RejectReason.EXPIRED)
_INVALID_BATCH = int(RejectReason.INVALID_BATCH)
_BATCH_REFUSED = int(RejectReason.BATCH_REFUSED)
_BATCH_OUT_OF_ORDER = int(RejectReason.BATCH_OUT_OF_ORDER)
_PLACE = int(CommandKind.PLACE_ORDER)
_AMEND = int(CommandKind.AMEND_ORDER)
_CANCEL = int(CommandKind.CANCEL_ORDER)
_CANCEL_ALL = int(CommandKind.CANCEL_ALL)
_LEFT = int(Counter.BATCH_LEFT)
_COUNT = column(PLACE_BATCH, "count")
_LINK = column(PLACE_BATCH, "link")
_INVALID_LINK = int(RejectReason.INVALID_LINK)
_LINKED = int(CancelReason.LINKED)

PHASE_CANCEL = 0
PHASE_POST_ONLY = 1
PHASE_TAKER = 2


@inner_kernel
def begin_batch(s: State, command: Integers) -> int:
    """Expect the members of a batch; returns a RejectReason."""
    count = command[_COUNT]
    link = command[_LINK]
    if count < 1 or count > BATCH_MAX or not _is_whole_group(link, count):
        return _INVALID_BATCH
    deadline = command[c.VALID_UNTIL_NS]
    is_late = deadline != 0 and command[c.TIME_NS] > deadline
    batch = s.batch[0]
    batch["principal"] = command[c.PRINCIPAL]
    batch["account"] = command[c.ACCOUNT]
    batch["is_refused"] = 1 if is_late else 0
    batch["link"] = link
    s.counters[_LEFT] = count
    return _EXPIRED if is_late else _OK


@inner_kernel
def count_member(s: State, e: EventBuffer, command: Integers) -> tuple[int, int]:
    """Take the next command into the open batch, or end it.

    Returns (RejectReason, link of the group that it is a member of; that group's batch goes on
    until finish_member).
    """
    batch = s.batch[0]
    if not _is_member(s, command):
        abandon_batch(s, e)
        return _OK, LINK_NONE
    link = batch["link"]
    reason = _OK
    if link == LINK_NONE:
        reason = _order_objection(s, _phase(command))
    elif command[c.KIND] != _PLACE:
        reason = _INVALID_LINK
    if batch["is_refused"] != 0:
        reason = _BATCH_REFUSED
    s.counters[_LEFT] -= 1
    if s.counters[_LEFT] == 0 and link == LINK_NONE:
        _end_batch(s)
    return reason, link


@inner_kernel
def store_member(s: State, slot: int) -> None:
    """Keep a dormant order for the last member of its group."""
    batch = s.batch[0]
    if batch["stored_0"] == 0:
        batch["stored_0"] = slot + 1
    else:
        batch["stored_1"] = slot + 1


@inner_kernel
def complete_group(s: State, e: EventBuffer, slot: int) -> None:
    """Tie the last member of a group, just accepted, to those that are stored."""
    batch = s.batch[0]
    one = batch["stored_0"]
    two = batch["stored_1"]
    batch["stored_0"] = 0
    batch["stored_1"] = 0
    link_events.orders_linked(s, e, slot, batch["link"], one, two)
    if batch["link"] == LINK_ONE_CANCELS_OTHER:
        tie_peers(s, one - 1, slot)
        add_pending(s, one - 1, s.orders[one - 1]["remaining_lots"])
        return
    tie_exit(s, slot, one - 1)
    if two != 0:
        tie_exit(s, slot, two - 1)
        tie_peers(s, one - 1, two - 1)


@inner_kernel
def finish_member(s: State, e: EventBuffer, is_taken: bool) -> None:
    """After a member of a group: discard what is stored if it was not taken (BATCH-004)."""
    if not is_taken:
        _discard_stored(s, e)
        s.batch[0]["is_refused"] = 1
    if s.counters[_LEFT] == 0:
        _end_batch(s)


@kernel
def abandon_batch(s: State, e: EventBuffer) -> None:
    """Expect no more members, whatever is still to come; at most two events."""
    _discard_stored(s, e)
    _end_batch(s)


@inner_kernel
def _is_whole_group(link: int, count: int) -> bool:
    if link < LINK_NONE or link > LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER:
        return False
    if link == LINK_NONE:
        return True
    return count == (3 if link == LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER else 2)


@inner_kernel
def _discard_stored(s: State, e: EventBuffer) -> None:
    batch = s.batch[0]
    if batch["stored_0"] != 0:
        cancel_open(s, e, batch["stored_0"] - 1, _LINKED)
    if batch["stored_1"] != 0:
        cancel_open(s, e, batch["stored_1"] - 1, _LINKED)
    batch["stored_0"] = 0
    batch["stored_1"] = 0


@inner_kernel
def _end_batch(s: State) -> None:
    batch = s.batch[0]
    s.counters[_LEFT] = 0
    batch["principal"] = 0
    batch["account"] = 0
    batch["phase"] = 0
    batch["is_refused"] = 0
    batch["link"] = LINK_NONE


@inner_kernel
def _order_objection(s: State, phase: int) -> int:
    """Whether a member stands behind one that it belongs in front of (BATCH-001)."""
    batch = s.batch[0]
    reason = _BATCH_OUT_OF_ORDER if phase < batch["phase"] else _OK
    batch["phase"] = max(phase, batch["phase"])
    return reason


@inner_kernel
def _is_member(s: State, command: Integers) -> bool:
    batch = s.batch[0]
    if command[c.KIND] not in (_PLACE, _AMEND, _CANCEL, _CANCEL_ALL):
        return False
    same_principal = command[c.PRINCIPAL] == batch["principal"]
    return same_principal and command[c.ACCOUNT] == batch["account"]


@inner_kernel
def _phase(command: Integers) -> int:
    kind = command[c.KIND]
    if kind in (_CANCEL, _CANCEL_ALL):
        return PHASE_CANCEL
    is_post_only = kind == _PLACE and command[c.FLAGS] & FLAG_POST_ONLY != 0
    return PHASE_POST_ONLY if is_post_only else PHASE_TAKER
