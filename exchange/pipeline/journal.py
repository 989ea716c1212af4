"""The journal: one row a batch, chained by hash, written by one process and read by anybody.

What is committed here has happened; what is not, never did. Writing goes by psycopg straight
to Django's database, because one statement a batch is the whole durable path.

JRN-001  a row's hash covers the hash before it and every other column: no byte changes unseen.
JRN-002  first_sequence is the row before's last + 1; records carry their sequences; time never
         falls.
JRN-003  one writer: a session advisory lock keeps others waiting, and the primary key fences
         off a writer that lost the lock without noticing.
JRN-004  after an error at COMMIT the head is read before anything else is believed.
JRN-005  a row of another engine version is refused, and the needed version is named.
"""

import hashlib
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import psycopg
from django.db import connections

from exchange.engine.commands import (
    ENGINE_VERSION,
    HEADER,
    QUARANTINE,
    RECORD_BYTES,
    CommandKind,
)
from exchange.pipeline.codec import Records
from exchange.pipeline.crash import crash_point
from exchange.pipeline.high_water import HighWaterFile, Mark, MarkCorrupt

HASH_BYTES = 32
GENESIS_HASH = bytes(HASH_BYTES)
LOCK_KEY = int.from_bytes(b"novate:e", "big")
RECOVERY_SECONDS = 10.0  # a restart of PostgreSQL takes two
RECOVERY_PAUSE_SECONDS = 0.1
PAGE_ROWS = 64

Connection = psycopg.Connection[tuple[Any, ...]]
Connect = Callable[[], Connection]

_HEADER = struct.Struct("<9q")
_COLUMNS = (
    "first_sequence, count, time_ns, records, side, stream_epoch, stream_id, previous_hash, "
    "hash, engine_version, state_sequence, state_hash, quarantined"
)
_INSERT = (
    f"INSERT INTO exchange_journalbatch ({_COLUMNS}) "  # noqa: S608 - constants only
    "VALUES (%s, %s, %s, %b, %b, %s, %s, %b, %b, %s, %s, %b, %s)"
)
_SELECT = f"SELECT {_COLUMNS} FROM exchange_journalbatch "  # noqa: S608 - constants only


class JournalCorrupt(Exception):
    """A row is not what was committed, or one is missing."""


class Fenced(Exception):
    """Another writer has gone on from our head: this process must stop."""


class LockLost(Exception):
    """The database is away, or another engine holds the lock: this process must stop."""


class RowRefused(Exception):
    """The database is there and does not take the row: this process must stop."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Commands that were acknowledged and are not in the journal."""

    first_sequence: int
    last_sequence: int

    @property
    def count(self) -> int:
        return self.last_sequence - self.first_sequence + 1


class BelowHighWater(Exception):
    """The journal has lost commands that were acknowledged."""

    def __init__(self, message: str, lost: Lost | None = None) -> None:
        super().__init__(message)
        self.lost = lost


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


def connect() -> Connection:
    """A new connection to Django's default database, outside Django's own transactions."""
    parameters: dict[str, Any] = connections["default"].get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold", "server_side_binding"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=True, application_name="novate journal")


def read_head(connection: Connection) -> Head:
    """The head as the last row says; its hash is checked when the row is read."""
    row = last_row(connection)
    return row.head if row is not None else GENESIS


def last_row(connection: Connection) -> Row | None:
    """The newest row, unchecked."""
    rows = _select(connection, "ORDER BY first_sequence DESC LIMIT 1")
    return rows[0] if rows else None


def insert_row(connection: Connection, row: Row) -> None:
    """Write a sealed row as it is; for what was the journal's already (retention)."""
    connection.execute(_INSERT, _values(row), prepare=True, binary=True)


def read_rows(
    connection: Connection, after: Head, *, to_sequence: int | None = None
) -> Iterator[Row]:
    """Rows that follow `after`, checked one by one, in pages: memory stays bounded.

    to_sequence: the last row is the one that holds it. Raises JournalCorrupt.
    """
    while to_sequence is None or after.sequence < to_sequence:
        rows = _select(
            connection,
            f"WHERE first_sequence > %s ORDER BY first_sequence LIMIT {PAGE_ROWS}",
            (after.sequence,),
        )
        for row in rows:
            check_row(row, after)
            after = row.head
            yield row
            if to_sequence is not None and after.sequence >= to_sequence:
                return
        if len(rows) < PAGE_ROWS:
            return


def row_ending_at(connection: Connection, sequence: int) -> Row | None:
    """The row whose last record has this sequence, unchecked."""
    row = row_holding(connection, sequence)
    return row if row is not None and row.last_sequence == sequence else None


def row_holding(connection: Connection, sequence: int) -> Row | None:
    """The row with this command in it, unchecked."""
    rows = _select(
        connection,
        "WHERE first_sequence <= %s ORDER BY first_sequence DESC LIMIT 1",
        (sequence,),
    )
    return rows[0] if rows and rows[0].last_sequence >= sequence else None


def read_quarantined(connection: Connection) -> frozenset[int]:
    """Sequences that replay must skip, whatever comes later in the journal."""
    rows = connection.execute(
        "SELECT quarantined FROM exchange_journalbatch WHERE quarantined IS NOT NULL"
    ).fetchall()
    return frozenset(int(row[0]) for row in rows)


def try_lock(connection: Connection) -> bool:
    """Whether this session now holds the writer's lock (JRN-003). Never blocks."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
    return row is not None and bool(row[0])


class JournalWriter:
    """The one writer. All methods but `close` are for one thread at a time."""

    def __init__(self, connection: Connection, reconnect: Connect, mark: HighWaterFile) -> None:
        self.head = read_head(connection)
        self.losses = 0  # of connections, since the start
        self._connection = connection
        self._reconnect = reconnect
        self._mark = mark
        self.lost: Lost | None = None  # what the operator accepted at the start

    @classmethod
    def try_open(
        cls,
        mark: HighWaterFile,
        *,
        reconnect: Connect = connect,
        accept_loss_after: int | None = None,
    ) -> Self | None:
        """The writer, or None while another process holds the lock.

        Raises BelowHighWater, unless the operator accepts to go on after exactly this head.
        """
        connection = reconnect()
        if not try_lock(connection):
            connection.close()
            return None
        try:
            writer = cls(connection, reconnect, mark)
            writer._check_mark(accept_loss_after)
        except BaseException:
            connection.close()
            raise
        return writer

    def append(self, draft: Draft) -> Row:
        """Commits one row: durable, and the mark behind it, when it returns.

        Raises Fenced, LockLost or RowRefused, after which nothing may be acknowledged any
        more.
        """
        assert draft.first_sequence == self.head.sequence + 1, draft.first_sequence
        row = seal(draft, self.head.hash)
        crash_point("before_commit")
        self._commit(row)
        crash_point("after_commit")
        self._mark.write(Mark(row.last_sequence, row.hash))
        crash_point("after_high_water")
        self.head = row.head
        return row

    def close(self) -> None:
        """Gives up the lock."""
        self._connection.close()
        self._mark.close()

    def _check_mark(self, accept_loss_after: int | None) -> None:
        if accept_loss_after is not None:
            if accept_loss_after != self.head.sequence:
                raise BelowHighWater(
                    f"The journal ends at {self.head.sequence}, not at {accept_loss_after}: "
                    "say exactly what you accept."
                )
            self.lost = self._find_lost()
            self._mark.reset(Mark(self.head.sequence, self.head.hash))
        mark = self._mark.read()
        if mark is None:
            self._mark.write(Mark(self.head.sequence, self.head.hash))
            return
        if mark.sequence == 0:
            return
        row = row_ending_at(self._connection, mark.sequence)
        if row is None or row.hash != mark.hash:
            lost = self._find_lost()
            raise BelowHighWater(
                f"Commands up to {mark.sequence} were acknowledged, but this journal ends at "
                f"{self.head.sequence} or has another history. Restore a newer backup, or "
                f"start with --accept-loss-after {self.head.sequence} to go on without them.",
                lost,
            )

    def _find_lost(self) -> Lost | None:
        try:
            mark = self._mark.read()
        except MarkCorrupt:
            return None
        if mark is None or mark.sequence <= self.head.sequence:
            return None
        return Lost(self.head.sequence + 1, mark.sequence)

    def _commit(self, row: Row) -> None:
        try:
            self._insert(row)
            crash_point("commit_unconfirmed")
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._settle_unconfirmed(row, error)

    def _insert(self, row: Row) -> None:
        try:
            self._connection.execute(_INSERT, _values(row), prepare=True, binary=True)
        except psycopg.errors.UniqueViolation as error:
            raise Fenced(f"Another engine has written sequence {row.first_sequence}") from error
        except psycopg.errors.DiskFull as error:
            raise _refused(row, error) from error
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except psycopg.Error as error:
            raise _refused(row, error) from error

    def _settle_unconfirmed(self, row: Row, error: Exception) -> None:
        self.losses += 1
        deadline = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < deadline:
            time.sleep(RECOVERY_PAUSE_SECONDS)
            try:
                if self._is_committed(row):
                    return
                self._insert(row)
                return
            except (psycopg.OperationalError, psycopg.InterfaceError, _StillLocked) as again:
                error = again
        raise LockLost(
            f"The database did not confirm sequence {row.first_sequence}: {error}"
        ) from error

    def _is_committed(self, row: Row) -> bool:
        self._connection.close()
        self._connection = self._reconnect()
        crash_point("commit_in_doubt")
        self._require_ours(row)  # Who was overtaken need not wait for the lock to know it.
        if not try_lock(self._connection):
            raise _StillLocked("another session holds the writer's lock")
        return self._require_ours(row).hash == row.hash

    def _require_ours(self, row: Row) -> Head:
        head = read_head(self._connection)
        if head.hash not in (row.hash, row.previous_hash):
            raise Fenced(f"Another engine has gone on to sequence {head.sequence}")
        return head


def _refused(row: Row, error: psycopg.Error) -> RowRefused:
    return RowRefused(f"The database does not take sequence {row.first_sequence}: {error}")


class _StillLocked(Exception):
    """Our own cut session may live on for a moment, and hold our lock."""


def _select(connection: Connection, rest: str, values: tuple[int, ...] = ()) -> list[Row]:
    with connection.cursor(binary=True) as cursor:
        return [Row(*row) for row in cursor.execute(_SELECT + rest, values)]


def _values(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in Row.__slots__)


def _with_hash(row: Row, digest: bytes) -> Row:
    values = dict(zip(Row.__slots__, _values(row), strict=True))
    return Row(**(values | {"hash": digest}))


def _quarantined(commands: Records) -> int | None:
    """The target of the Quarantine in these records; such a row holds nothing else."""
    if len(commands) != 1 or commands["kind"][0] != CommandKind.QUARANTINE:
        return None
    return int(commands.view(QUARANTINE)["target_sequence"][0])
