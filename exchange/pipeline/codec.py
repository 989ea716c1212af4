"""Bytes on the bus and in the broadcast: how commands come in and how results go out.

Nothing here touches a socket or a clock. All integers are little-endian int64, records are 128
bytes, and a decoder raises ValueError for whatever an encoder could not have made.

BUS-001  a message is n command records of 128 bytes, 1 <= n <= MESSAGE_COMMANDS_MAX.
BUS-002  a side blob is a run of (u4 record index, u4 length, bytes), indices rising.
BUS-003  a command is rejected if and only if its first event is CommandRejected of its own
         kind. Funding samples that ended before it carry its sequence, but are no events of it.
BUS-004  a broadcast is a header, its results in command order, and all events of the batch.
BUS-008  a PlaceBatch record is followed by its members in the same message: a batch is taken in
         whole or refused whole.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from exchange.engine.commands import HEADER, PLACE_BATCH, RECORD_BYTES, CommandKind
from exchange.engine.events import COMMAND_REJECTED, EVENT, EventKind
from exchange.engine.records import column
from exchange.engine.units import BATCH_MAX

Records = np.ndarray[tuple[int, ...], np.dtype[np.void]]

MESSAGE_COMMANDS_MAX = 1_024
SIDE_BYTES_MAX = 65_536
BATCH_VERSION = 1

BATCH_HEADER = np.dtype(
    [
        (name, "<i8")
        for name in (
            "version",
            "first_sequence",
            "last_sequence",
            "time_ns",
            "n_results",
            "n_events",
            "batch_number",
            "reserved",
        )
    ]
)
# sequence 0: the command was refused before the journal and never happened.
# first_event counts within the batch.
RESULT = np.dtype(
    [
        (name, "<i8")
        for name in (
            "sequence",
            "gateway_id",
            "gateway_sequence",
            "kind",
            "reason",
            "first_event",
            "n_events",
            "reserved",
        )
    ]
)
OBSERVATION_MESSAGE = np.dtype(
    [
        (name, "<i8")
        for name in ("source", "underlying", "price_e8", "confidence_e8", "publish_time_ns")
    ]
)
_MEMBER_KINDS = (
    CommandKind.PLACE_ORDER,
    CommandKind.AMEND_ORDER,
    CommandKind.CANCEL_ORDER,
    CommandKind.CANCEL_ALL,
)
_GATEWAY_ID = column(RESULT, "gateway_id")
_SIDE_ENTRY = np.dtype([("index", "<u4"), ("length", "<u4")])


class Batch(NamedTuple):
    """One broadcast of the runner; the arrays are read-only views of the message."""

    first_sequence: int
    last_sequence: int
    time_ns: int
    batch_number: int
    results: Records  # RESULT
    events: Records  # events.EVENT


class Result(NamedTuple):
    """The single outcome of one command. reason 0 is acceptance."""

    sequence: int
    kind: int
    reason: int
    events: Records


def encode_sides(sides: Mapping[int, bytes]) -> bytes:
    """The side blob of a message: texts and signatures by record index.

    >>> decode_sides(encode_sides({0: b"ab", 3: b""}))
    {0: b'ab', 3: b''}
    """
    parts: list[bytes] = []
    for index in sorted(sides):
        entry = sides[index]
        parts += (index.to_bytes(4, "little"), len(entry).to_bytes(4, "little"), entry)
    return b"".join(parts)


def decode_sides(blob: bytes) -> dict[int, bytes]:
    """Raises ValueError when the blob is not what encode_sides makes."""
    sides: dict[int, bytes] = {}
    position, previous = 0, -1
    while position < len(blob):
        if position + _SIDE_ENTRY.itemsize > len(blob):
            raise ValueError(f"Expected a side entry at byte {position}, the blob ends")
        index = int.from_bytes(blob[position : position + 4], "little")
        length = int.from_bytes(blob[position + 4 : position + 8], "little")
        position += _SIDE_ENTRY.itemsize
        if index <= previous:
            raise ValueError(f"Expected a side index above {previous}, was {index}")
        if position + length > len(blob):
            raise ValueError(f"Expected {length} side bytes at {position}, the blob ends")
        sides[index] = blob[position : position + length]
        position, previous = position + length, index
    return sides


def decode_commands(raw: bytes) -> Records:
    """The records of a message, read-only. Raises ValueError for anything else (BUS-001)."""
    count, rest = divmod(len(raw), RECORD_BYTES)
    if rest or not 0 < count <= MESSAGE_COMMANDS_MAX:
        raise ValueError(
            f"Expected 1 to {MESSAGE_COMMANDS_MAX} records of {RECORD_BYTES} bytes, "
            f"was {len(raw)} bytes"
        )
    commands = np.frombuffer(raw, HEADER)
    _check_batches(commands)
    return commands


def _check_batches(commands: Records) -> None:
    """Raises ValueError unless every PlaceBatch is whole (BUS-008)."""
    end = 0
    for index in np.flatnonzero(commands["kind"] == CommandKind.PLACE_BATCH).tolist():
        count = int(commands[index : index + 1].view(PLACE_BATCH)["count"][0])
        if index < end or not 0 < count <= BATCH_MAX:
            raise ValueError(f"Expected a batch of 1 to {BATCH_MAX} members, was {count}")
        members = commands[index + 1 : index + 1 + count]
        if len(members) != count:
            raise ValueError(f"Expected {count} members of a batch, was {len(members)}")
        same = members["principal"] == commands["principal"][index]
        if not (same & np.isin(members["kind"], _MEMBER_KINDS)).all():
            raise ValueError("Expected trading commands of one principal in a batch")
        end = index + 1 + count


def observation_message(commands: Records) -> bytes:
    """What a reporter signs: the five numbers of one SubmitObservation, `<5q`."""
    assert commands["kind"][0] == CommandKind.SUBMIT_OBSERVATION, commands["kind"][0]
    words = commands[:1].view(np.int64)
    return words[6:11].tobytes()


def results_of(commands: Records, events: Records) -> Records:
    """One RESULT a command with its own events, found by their sequence (BUS-003).

    commands, events : both ordered by sequence, sequences of events among those of commands
    """
    results = np.zeros(len(commands), RESULT)
    for name in ("sequence", "gateway_id", "gateway_sequence", "kind"):
        results[name] = commands[name]
    if len(commands):
        # Sequences are contiguous: counting finds what searching would, ten times faster.
        offsets = events["sequence"] - commands["sequence"][0]
        is_own = events["kind"] != EventKind.FUNDING_SAMPLED
        counts = np.bincount(offsets[is_own], minlength=len(commands))
        results["n_events"] = counts
        # Samples come first: a command's own events are the last of its sequence.
        ends = np.cumsum(np.bincount(offsets, minlength=len(commands)))
        results["first_event"] = ends - counts
    first = results["first_event"]
    with_events = np.flatnonzero(results["n_events"])
    heads = events[first[with_events]].view(COMMAND_REJECTED)
    refused = (heads["kind"] == EventKind.COMMAND_REJECTED) & (
        heads["command_kind"] == commands["kind"][with_events]
    )
    results["reason"][with_events[refused]] = heads["reason"][refused]
    return results


def refusals(commands: Records, reason: int) -> Records:
    """Results for commands that are not journaled: sequence 0, no events."""
    results = np.zeros(len(commands), RESULT)
    for name in ("gateway_id", "gateway_sequence", "kind"):
        results[name] = commands[name]
    results["reason"] = reason
    return results


def encode_batch(batch: Batch) -> bytes:
    header = np.zeros(1, BATCH_HEADER)
    header[0] = (
        BATCH_VERSION,
        batch.first_sequence,
        batch.last_sequence,
        batch.time_ns,
        len(batch.results),
        len(batch.events),
        batch.batch_number,
        0,
    )
    return header.tobytes() + batch.results.tobytes() + batch.events.tobytes()


def decode_batch(raw: bytes) -> Batch:
    """Raises ValueError for another version or a length that does not add up."""
    if len(raw) < BATCH_HEADER.itemsize:
        raise ValueError(f"Expected a batch header, was {len(raw)} bytes")
    header = np.frombuffer(raw, BATCH_HEADER, 1)[0]
    n_results, n_events = int(header["n_results"]), int(header["n_events"])
    results_end = BATCH_HEADER.itemsize + n_results * RESULT.itemsize
    if header["version"] != BATCH_VERSION:
        raise ValueError(f"Expected batch version {BATCH_VERSION}, was {header['version']}")
    if n_results < 0 or n_events < 0 or len(raw) != results_end + n_events * EVENT.itemsize:
        raise ValueError(
            f"Expected {n_results} results and {n_events} events, was {len(raw)} bytes"
        )
    return Batch(
        int(header["first_sequence"]),
        int(header["last_sequence"]),
        int(header["time_ns"]),
        int(header["batch_number"]),
        np.frombuffer(raw, RESULT, n_results, BATCH_HEADER.itemsize),
        np.frombuffer(raw, EVENT, n_events, results_end),
    )


def results_for(batch: Batch, gateway_id: int) -> list[tuple[int, Result]]:
    """The outcomes of a gateway's commands with their own events, by gateway sequence."""
    rows = batch.results.view(np.int64).reshape(-1, RESULT.itemsize // 8)
    mine = rows[rows[:, _GATEWAY_ID] == gateway_id].tolist()
    return [
        (number, Result(sequence, kind, reason, batch.events[first : first + count]))
        for sequence, _, number, kind, reason, first, count, _ in mine
    ]
