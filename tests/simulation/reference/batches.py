"""The reference's PlaceBatch: what a client sends in one piece, makers before takers."""

from tests.simulation.reference.checks import is_expired
from tests.simulation.reference.endings import cancel_open
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Batch
from tests.simulation.reference.wire import (
    FLAG_POST_ONLY,
    LINK_NONE,
    LINK_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_OTHER,
    CancelReason,
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
    sizes = {LINK_NONE: range(1, BATCH_MAX + 1), LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER: (3,)}
    sizes |= dict.fromkeys((LINK_ONE_CANCELS_OTHER, LINK_ONE_TRIGGERS_OTHER), (2,))
    if count not in sizes.get(command["link"], ()):
        return RejectReason.INVALID_BATCH, 0
    is_late = is_expired(command)
    who = command["principal"], command["account"]
    venue.batch = Batch(*who, left=count, is_refused=int(is_late), link=command["link"])
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
    if not is_member:
        _discard(venue, batch)
    if not is_member or (batch.left == 0 and not batch.link):
        venue.batch = None
    if not is_member:
        return RejectReason.ACCEPTED
    is_behind = not batch.link and _phase(command) < batch.phase
    if not batch.link:
        batch.phase = max(batch.phase, _phase(command))
    if batch.is_refused:
        return RejectReason.BATCH_REFUSED
    if batch.link and command["kind"] != CommandKind.PLACE_ORDER:
        return RejectReason.INVALID_LINK
    return RejectReason.BATCH_OUT_OF_ORDER if is_behind else RejectReason.ACCEPTED


def finish(venue: Venue, is_taken: bool) -> None:
    """After a command: a group of which a member was not taken is discarded."""
    batch = venue.batch
    if batch is None or not batch.link:
        return
    if not is_taken:
        _discard(venue, batch)
        batch.is_refused = 1
    if batch.left == 0:
        venue.batch = None


def _discard(venue: Venue, batch: Batch) -> None:
    for order in batch.stored:
        cancel_open(venue, order, CancelReason.LINKED)
    batch.stored = []


def _phase(command: Command) -> int:
    if command["kind"] in _CANCELS:
        return 0
    is_order = command["kind"] == CommandKind.PLACE_ORDER
    return 1 if is_order and command["flags"] & FLAG_POST_ONLY else 2
