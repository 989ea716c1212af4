"""The rows of the journal as a chain: how one is sealed, and how it is checked by anybody.

No database is needed: an archive's rows are checked like the journal's own.

JRN-001  a row's hash covers the hash before it and every other column: no byte changes unseen.
JRN-002  first_sequence is the row before's last + 1; records carry their sequences; time never
         falls.
JRN-005  a row of another engine version is refused, and the needed version is named.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from exchange.engine.commands import (
    ENGINE_VERSION,
    HEADER,
    QUARANTINE,
    RECORD_BYTES,
    CommandKind,
)
from exchange.pipeline.codec import Records

HASH_BYTES = 32
GENESIS_HASH = bytes(HASH_BYTES)

_HEADER = struct.Struct("<9q")


class JournalCorrupt(Exception):
    """A row is not what was committed, or one is missing."""


class EngineVersionNeeded(Exception):
    """The journal needs another version of the engine."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal stands after a row."""

    sequence: int
    hash: bytes
    time_ns: int
    stream_epoch: int
    stream_id: str


GENESIS = Head(0, GENESIS_HASH, 0, 0, "0-0")


@dataclass(frozen=True, slots=True)
class Draft:
    """A batch that is numbered and timed, but not yet in the chain."""

    first_sequence: int
    time_ns: int
    records: bytes
    side: bytes
    stream_epoch: int
    stream_id: str
    state_sequence: int | None = None
    state_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the journal, in the order of its columns."""

    first_sequence: int
    count: int
    time_ns: int
    records: bytes
    side: bytes
    stream_epoch: int
    stream_id: str
    previous_hash: bytes
    hash: bytes
    engine_version: int
    state_sequence: int | None
    state_hash: bytes | None
    quarantined: int | None

    @property
    def last_sequence(self) -> int:
        return self.first_sequence + self.count - 1

    @property
    def head(self) -> Head:
        return Head(
            self.last_sequence, self.hash, self.time_ns, self.stream_epoch, self.stream_id
        )

    def commands(self) -> Records:
        """The records, read-only; JRN-002 was checked when the row was read."""
        return np.frombuffer(self.records, HEADER)


def seal(draft: Draft, previous_hash: bytes) -> Row:
    """The row that follows the one with `previous_hash`."""
    row = Row(
        draft.first_sequence,
        len(draft.records) // RECORD_BYTES,
        draft.time_ns,
        draft.records,
        draft.side,
        draft.stream_epoch,
        draft.stream_id,
        previous_hash,
        GENESIS_HASH,
        ENGINE_VERSION,
        draft.state_sequence,
        draft.state_hash,
        _quarantined(np.frombuffer(draft.records, HEADER)),
    )
    return _with_hash(row, row_hash(row))


def row_hash(row: Row) -> bytes:
    """BLAKE2b-256 over the previous hash and every other column; lengths keep them apart."""
    stream_id = row.stream_id.encode()
    digest = hashlib.blake2b(
        row.previous_hash, digest_size=HASH_BYTES, person=b"novate.journal"
    )
    digest.update(
        _HEADER.pack(
            row.first_sequence,
            row.count,
            row.time_ns,
            row.stream_epoch,
            row.engine_version,
            -1 if row.state_sequence is None else row.state_sequence,
            len(stream_id),
            len(row.records),
            len(row.side),
        )
    )
    digest.update(stream_id + (row.state_hash or GENESIS_HASH))
    digest.update(row.records)
    digest.update(row.side)
    return digest.digest()


def check_row(row: Row, previous: Head) -> None:
    """Raises JournalCorrupt unless this is the row that follows `previous`."""
    where = f"journal row {row.first_sequence}"
    if row.first_sequence != previous.sequence + 1:
        raise JournalCorrupt(f"Expected sequence {previous.sequence + 1} next, was {where}")
    if row.previous_hash != previous.hash:
        raise JournalCorrupt(f"{where} does not follow the row before it")
    check_hash(row)
    if row.count < 1 or len(row.records) != row.count * RECORD_BYTES:
        raise JournalCorrupt(f"{where} has {len(row.records)} bytes for {row.count} records")
    commands = row.commands()
    numbers = np.arange(row.first_sequence, row.first_sequence + row.count)
    if not np.array_equal(commands["sequence"], numbers):
        raise JournalCorrupt(f"{where} holds records with other sequences")
    if row.time_ns < previous.time_ns or not np.all(commands["time_ns"] == row.time_ns):
        raise JournalCorrupt(f"{where} goes back in time")
    if row.quarantined != _quarantined(commands):
        raise JournalCorrupt(f"{where} names another quarantine than its records")


def check_hash(row: Row) -> None:
    """Raises JournalCorrupt unless every column is as it was sealed (JRN-001)."""
    if row.hash != row_hash(row):
        raise JournalCorrupt(
            f"journal row {row.first_sequence} is not what was committed: its hash is wrong"
        )


def check_version(row: Row) -> None:
    """Raises EngineVersionNeeded (JRN-005)."""
    if row.engine_version != ENGINE_VERSION:
        raise EngineVersionNeeded(
            f"Journal row {row.first_sequence} was written by engine version "
            f"{row.engine_version}; this is version {ENGINE_VERSION}. Replay up to there with "
            f"version {row.engine_version} and start this one from its snapshot."
        )


def values_of(row: Row) -> tuple[Any, ...]:
    """Its columns, in their order."""
    return tuple(getattr(row, name) for name in Row.__slots__)


def _with_hash(row: Row, digest: bytes) -> Row:
    values = dict(zip(Row.__slots__, values_of(row), strict=True))
    return Row(**(values | {"hash": digest}))


def _quarantined(commands: Records) -> int | None:
    """The target of the Quarantine in these records; such a row holds nothing else."""
    if len(commands) != 1 or commands["kind"][0] != CommandKind.QUARANTINE:
        return None
    return int(commands.view(QUARANTINE)["target_sequence"][0])
