"""The journal: one row a batch, chained by hash, written by one process and read by anybody.

What is committed here has happened; what is not, never did. Writing goes by psycopg straight
to Django's database, because one statement a batch is the whole durable path.

How a row is sealed and checked (JRN-001, 002, 005) is for pipeline.chain.

JRN-003  one writer: a session advisory lock keeps others waiting, and the primary key fences
         off a writer that lost the lock without noticing.
JRN-004  after an error at COMMIT the head is read before anything else is believed.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from django.db import connections

from exchange.pipeline.chain import (
    GENESIS,
    GENESIS_HASH,
    HASH_BYTES,
    Draft,
    EngineVersionNeeded,
    Head,
    JournalCorrupt,
    Row,
    check_hash,
    check_row,
    check_version,
    row_hash,
    seal,
    values_of,
)
from exchange.pipeline.crash import crash_point
from exchange.pipeline.high_water import HighWaterFile, Mark, MarkCorrupt

__all__ = [
    "GENESIS",
    "GENESIS_HASH",
    "HASH_BYTES",
    "BelowHighWater",
    "Connection",
    "Draft",
    "EngineVersionNeeded",
    "Fenced",
    "Head",
    "JournalCorrupt",
    "JournalWriter",
    "LockLost",
    "Lost",
    "Row",
    "RowRefused",
    "check_hash",
    "check_row",
    "check_version",
    "connect",
    "insert_row",
    "last_row",
    "read_head",
    "read_quarantined",
    "read_rows",
    "row_ending_at",
    "row_hash",
    "row_holding",
    "seal",
    "try_lock",
]

LOCK_KEY = int.from_bytes(b"novate:e", "big")
RECOVERY_SECONDS = 10.0  # a restart of PostgreSQL takes two
RECOVERY_PAUSE_SECONDS = 0.1
PAGE_ROWS = 64

Connection = psycopg.Connection[tuple[Any, ...]]
Connect = Callable[[], Connection]

_COLUMNS = (
    "first_sequence, count, time_ns, records, side, stream_epoch, stream_id, previous_hash, "
    "hash, engine_version, state_sequence, state_hash, quarantined"
)
_INSERT = (
    f"INSERT INTO exchange_journalbatch ({_COLUMNS}) "  # noqa: S608 - constants only
    "VALUES (%s, %s, %s, %b, %b, %s, %s, %b, %b, %s, %s, %b, %s)"
)
_SELECT = f"SELECT {_COLUMNS} FROM exchange_journalbatch "  # noqa: S608 - constants only


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
    connection.execute(_INSERT, values_of(row), prepare=True, binary=True)


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
            self._connection.execute(_INSERT, values_of(row), prepare=True, binary=True)
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
