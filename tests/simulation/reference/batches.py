"""The reference's PlaceBatch: what a client sends in one piece, makers before takers."""

from tests.simulation.reference.checks import is_expired
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Batch
from tests.simulation.reference.wire import (
    FLAG_POST_ONLY,
    Command,
    CommandKind,
    RejectReason,
)

BATCH_MAX = 100
_CANCELS = (CommandKind.CANCEL_ORDER, CommandKind.CANCEL_ALL)
_MEMBERS = (*_CANCELS, CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER)


def begin(venue: Venue, command: Command) -> Answer:
    """PlaceBatch: so many of the commands that follow belong together."""
    count = command["count"]
    if not 1 <= count <= BATCH_MAX:
        return RejectReason.INVALID_BATCH, 0
    is_late = is_expired(command)
    who = command["principal"], command["account"]
    venue.batch = Batch(*who, left=count, is_refused=int(is_late))
    return (RejectReason.EXPIRED, 0) if is_late else ACCEPTED


def take_in(venue: Venue, command: Command) -> RejectReason:
    """Counts the next command into the open batch, or ends it; why it may not execute."""
    batch = venue.batch
    if batch is None:
        return RejectReason.ACCEPTED
    is_member = command["kind"] in _MEMBERS and (batch.principal, batch.account) == (
        command["principal"],
        command["account"],
    )
    batch.left -= 1
    if not is_member or batch.left == 0:
        venue.batch = None
    if not is_member:
        return RejectReason.ACCEPTED
    before, batch.phase = batch.phase, max(batch.phase, _phase(command))
    if batch.is_refused:
        return RejectReason.BATCH_REFUSED
    is_behind = _phase(command) < before
    return RejectReason.BATCH_OUT_OF_ORDER if is_behind else RejectReason.ACCEPTED


def _phase(command: Command) -> int:
    if command["kind"] in _CANCELS:
        return 0
    is_order = command["kind"] == CommandKind.PLACE_ORDER
    return 1 if is_order and command["flags"] & FLAG_POST_ONLY else 2
