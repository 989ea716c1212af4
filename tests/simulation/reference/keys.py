"""The reference's idempotency keys: what was accepted under one happens once."""

from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Key
from tests.simulation.reference.wire import (
    COMMAND_FIELDS,
    HEADER_FIELDS,
    Command,
    CommandKind,
    EventKind,
    RejectReason,
    Row,
    read_event,
)

KEYS_OF_ACCOUNT_MAX = 1_024
KEYS_MAX = (1 << 21) - 1
# What the event that a command was accepted with calls the thing that it made or changed.
SUBJECTS = {
    CommandKind.PLACE_ORDER: "order",
    CommandKind.AMEND_ORDER: "order",
    CommandKind.REQUEST_WITHDRAWAL: "withdrawal",
    CommandKind.TRANSFER: "sequence",
}
_NO_PAYLOAD = {*HEADER_FIELDS[:6], "account", "idempotency_key", "valid_until_ns"}


def key_of(command: Command) -> int:
    """The key of a command, 0: it has none or its kind takes none."""
    return command["idempotency_key"] if command["kind"] in SUBJECTS else 0


def answer_again(venue: Venue, command: Command) -> Answer | None:
    """The answer to a command whose key is known; None: it is not."""
    known = venue.keys.get((command["account"], command["idempotency_key"]))
    if known is None:
        return None
    if (known.kind, known.payload) != (command["kind"], _payload(command)):
        return RejectReason.KEY_REUSED, 0
    venue.say(
        EventKind.COMMAND_REPEATED,
        command["account"],
        subject=known.subject,
        command_kind=known.kind,
        first_sequence=known.first_sequence,
        idempotency_key=command["idempotency_key"],
    )
    return ACCEPTED


def remember(venue: Venue, command: Command, result: Row) -> None:
    """Keeps the key of a command that was accepted with this event, and forgets the oldest."""
    account, kind = command["account"], command["kind"]
    own = [name for name in venue.keys if name[0] == account]
    if len(own) >= KEYS_OF_ACCOUNT_MAX:
        del venue.keys[own[0]]
    elif len(venue.keys) >= KEYS_MAX:
        del venue.keys[next(iter(venue.keys))]
    subject = read_event(result)[SUBJECTS[CommandKind(kind)]]
    key = Key(kind, _payload(command), subject, venue.sequence)
    venue.keys[account, command["idempotency_key"]] = key


def _payload(command: Command) -> tuple[int, ...]:
    names = COMMAND_FIELDS[command["kind"]]
    return tuple(command[name] for name in names if name not in _NO_PAYLOAD)
