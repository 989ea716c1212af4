"""From messages to a numbered batch: what is refused, what is dropped, what gets a sequence.

SEQ-001  a repeated or overtaken (gateway_id, gateway_sequence) is dropped without an answer:
         the first one was or will be answered.
SEQ-002  what is not a command is refused (MALFORMED) and never journaled; so is an observation
         without its reporter's signature, and a kind that only the house journals
         (NOT_AUTHORISED).
SEQ-003  a Tick opens the first batch of every second.
SEQ-004  what is admitted keeps its order of arrival.
"""

import logging
from dataclasses import dataclass

import numpy as np

from exchange.engine import commands as c
from exchange.engine.commands import HEADER, RECORD_BYTES, CommandKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Integers, State
from exchange.engine.units import NANOSECONDS, OPERATOR
from exchange.pipeline import codec
from exchange.pipeline.clock import EngineClock
from exchange.pipeline.codec import Records
from exchange.pipeline.inbox import Message
from exchange.pipeline.journal import Draft
from exchange.pipeline.signatures import is_signed

logger = logging.getLogger(__name__)

TICK_NS = NANOSECONDS
_HOUSE_KINDS = (CommandKind.TICK, CommandKind.QUARANTINE)
_NO_COMMANDS = np.zeros(0, HEADER)


@dataclass(slots=True)
class Numbered:
    """A batch on its way: numbered commands, their side bytes, and what was refused."""

    commands: Records
    side: bytes
    refused: Records  # codec.RESULT
    stream_epoch: int
    stream_id: str

    @property
    def must_settle(self) -> bool:
        """Whether the next batch is numbered by what this one changes (RUN-004)."""
        return bool((self.commands["kind"] == CommandKind.REGISTER_REPORTER).any())

    def draft(self) -> Draft:
        return Draft(
            int(self.commands["sequence"][0]),
            int(self.commands["time_ns"][0]),
            self.commands.tobytes(),
            self.side,
            self.stream_epoch,
            self.stream_id,
        )


class Sequencer:
    """The only place where sequences and times are given."""

    def __init__(self, state: State, clock: EngineClock) -> None:
        self._state = state
        self._clock = clock
        self._next_sequence = int(state.counters[0]) + 1
        self._seen = _gateways(state)
        self._next_tick_ns = 0

    def tick_due_ns(self) -> int:
        """How long until the next Tick, by the clock's last reading."""
        return max(0, self._next_tick_ns - self._clock.time_ns)

    def number(self, messages: list[Message], epoch: int, stream_id: str) -> Numbered:
        """Sequences and a time for all that may pass. `commands` is empty when nothing may."""
        commands, sides, refused = self._admit(messages)
        time_ns = self._clock.now()
        if time_ns >= self._next_tick_ns:
            self._next_tick_ns = time_ns + TICK_NS
            commands = np.concatenate((c.make(CommandKind.TICK, OPERATOR), commands))
            sides = {index + 1: entry for index, entry in sides.items()}
        first = self._next_sequence
        self._next_sequence += len(commands)
        commands["sequence"] = np.arange(first, self._next_sequence)
        commands["time_ns"] = time_ns
        return Numbered(commands, codec.encode_sides(sides), refused, epoch, stream_id)

    def _admit(self, messages: list[Message]) -> tuple[Records, dict[int, bytes], Records]:
        parts: list[Records] = []
        sides: dict[int, bytes] = {}
        refused: list[Records] = []
        count = 0
        for message in messages:
            try:
                records = codec.decode_commands(message.raw)
                own_sides = codec.decode_sides(message.side)
            except ValueError as error:
                logger.warning("Refused message %s: %s", message.stream_id, error)
                refused.append(_refuse_malformed(message.raw))
                continue
            sides.update({count + index: entry for index, entry in own_sides.items()})
            count += len(records)
            parts.append(records)
        commands = np.concatenate(parts) if parts else _NO_COMMANDS
        fresh = self._drop_repeated(commands)
        reasons = self._objections(commands, sides)
        for reason in np.unique(reasons[fresh & (reasons != 0)]).tolist():
            refused.append(codec.refusals(commands[fresh & (reasons == reason)], reason))
        answers = np.concatenate(refused) if refused else np.zeros(0, codec.RESULT)
        admitted = fresh & (reasons == 0)
        if admitted.all():  # as nearly always: no second copy
            return commands, sides, answers
        keep = np.flatnonzero(admitted)
        kept_sides = (
            {new: sides[old] for new, old in enumerate(keep.tolist()) if old in sides}
            if sides
            else {}
        )
        return commands[keep], kept_sides, answers

    def _drop_repeated(self, commands: Records) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        fresh = np.ones(len(commands), np.bool_)
        gateways = np.ascontiguousarray(commands["gateway_id"])
        for gateway in np.unique(gateways).tolist():
            rows = np.flatnonzero(gateways == gateway)
            numbers = commands["gateway_sequence"][rows]
            highest = np.maximum.accumulate(
                np.concatenate(([self._seen.get(gateway, 0)], numbers))
            )
            fresh[rows] = numbers > highest[:-1]
            self._seen[gateway] = int(highest[-1])
        if dropped := len(commands) - int(fresh.sum()):
            logger.warning("Dropped %d repeated commands.", dropped)
        return fresh

    def _objections(self, commands: Records, sides: dict[int, bytes]) -> Integers:
        reasons = np.zeros(len(commands), np.int64)
        kinds = np.ascontiguousarray(commands["kind"])
        for index in np.flatnonzero(kinds == CommandKind.SUBMIT_OBSERVATION).tolist():
            if not is_signed(self._state, commands[index : index + 1], sides.get(index)):
                reasons[index] = RejectReason.NOT_AUTHORISED
        for kind in _HOUSE_KINDS:
            reasons[kinds == kind] = RejectReason.NOT_AUTHORISED
        reasons[commands["gateway_id"] <= 0] = RejectReason.MALFORMED
        return reasons


def _refuse_malformed(raw: bytes) -> Records:
    whole = len(raw) // RECORD_BYTES * RECORD_BYTES
    readable = np.frombuffer(raw[:whole], HEADER)[: codec.MESSAGE_COMMANDS_MAX]
    return codec.refusals(readable, RejectReason.MALFORMED)


def _gateways(state: State) -> dict[int, int]:
    known = state.gateways[state.gateways["gateway_id"] != 0]
    return dict(
        zip(known["gateway_id"].tolist(), known["gateway_sequence"].tolist(), strict=True)
    )
