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
"""

from exchange.engine import commands as c
from exchange.engine.commands import PLACE_BATCH, CommandKind
from exchange.engine.records import column
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import BATCH_MAX, FLAG_POST_ONLY

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

PHASE_CANCEL = 0
PHASE_POST_ONLY = 1
PHASE_TAKER = 2


@inner_kernel
def begin_batch(s: State, command: Integers) -> int:
    """Expect the members of a batch; returns a RejectReason."""
    count = command[_COUNT]
    if count < 1 or count > BATCH_MAX:
        return _INVALID_BATCH
    deadline = command[c.VALID_UNTIL_NS]
    is_late = deadline != 0 and command[c.TIME_NS] > deadline
    batch = s.batch[0]
    batch["principal"] = command[c.PRINCIPAL]
    batch["account"] = command[c.ACCOUNT]
    batch["is_refused"] = 1 if is_late else 0
    s.counters[_LEFT] = count
    return _EXPIRED if is_late else _OK


@inner_kernel
def count_member(s: State, command: Integers) -> int:
    """Take the next command into the open batch, or end it; returns a RejectReason."""
    batch = s.batch[0]
    if not _is_member(s, command):
        end_batch(s)
        return _OK
    phase = _phase(command)
    reason = _OK
    if batch["is_refused"] != 0:
        reason = _BATCH_REFUSED
    elif phase < batch["phase"]:
        reason = _BATCH_OUT_OF_ORDER
    batch["phase"] = max(phase, batch["phase"])
    s.counters[_LEFT] -= 1
    if s.counters[_LEFT] == 0:
        end_batch(s)
    return reason


@kernel
def end_batch(s: State) -> None:
    """Expect no more members."""
    batch = s.batch[0]
    s.counters[_LEFT] = 0
    batch["principal"] = 0
    batch["account"] = 0
    batch["phase"] = 0
    batch["is_refused"] = 0


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
