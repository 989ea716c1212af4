"""Idempotency keys and deadlines as commands and events tell of them."""

from tests.simulation.reference.wire import COMMAND_FIELDS, CommandKind, EventKind

REMEMBERED = 1_024  # keys of an account
# What a key does not stand for.
_HEADER = ("sequence", "time_ns", "kind", "principal", "gateway_id", "gateway_sequence")
_NO_PAYLOAD = {*_HEADER, "idempotency_key", "valid_until_ns"}
_KEYED = {
    kind
    for kind, names in COMMAND_FIELDS.items()
    if "idempotency_key" in names and kind != CommandKind.PLACE_BATCH
}
_BEFORE = (EventKind.FUNDING_SAMPLED,)  # told before the command is looked at
_ASIDE = (EventKind.ORDER_TRIGGERED,)  # what fires behind a command is not of its making

Event = dict[str, int]


class KeyHistory:
    """What was accepted under which key, account by account, the oldest first."""

    def __init__(self) -> None:
        self.accepted: dict[int, dict[int, tuple[int, dict[str, int]]]] = {}

    def follow(self, command: Event, said: list[Event]) -> None:
        """Takes in a command and what came of it."""
        said = [event for event in said if event["kind"] not in _BEFORE]
        first = said[0] if said else None
        if first is None or first["kind"] == EventKind.COMMAND_REJECTED:
            return
        if first["kind"] == EventKind.COMMAND_REPEATED:
            self._repeated(command, said)
            return
        deadline = command.get("valid_until_ns", 0)
        is_late = deadline != 0 and command["time_ns"] > deadline
        assert not is_late, f"I-38 executed past its deadline: {command}"
        key = command.get("idempotency_key", 0)
        if command["kind"] in _KEYED and key:
            self._remember(command, key)

    def _repeated(self, command: Event, said: list[Event]) -> None:
        first = said[0]
        known = self.accepted.get(command["account"], {})
        assert first["idempotency_key"] in known, f"I-18 nothing to repeat: {command}"
        sequence, payload = known[first["idempotency_key"]]
        assert first["first_sequence"] == sequence, f"I-18 {sequence} was first: {first}"
        assert payload == _payload(command), f"I-18 another request: {command}"
        own = [e for e in said[1:2] if e["kind"] not in _ASIDE]
        assert not own, f"I-18 a repeat did something: {own}"

    def _remember(self, command: Event, key: int) -> None:
        known = self.accepted.setdefault(command["account"], {})
        assert key not in known, f"I-18 accepted twice under one key: {command}"
        known[key] = command["sequence"], _payload(command)
        if len(known) > REMEMBERED:
            del known[next(iter(known))]


def _payload(command: Event) -> dict[str, int]:
    return {name: value for name, value in command.items() if name not in _NO_PAYLOAD}
