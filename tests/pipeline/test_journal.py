"""The journal: one writer, an unbroken chain, nothing believed that was not read again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from exchange.engine.commands import CommandKind, make
from exchange.pipeline import codec, journal
from exchange.pipeline.high_water import HighWaterFile, Mark
from exchange.pipeline.journal import (
    BelowHighWater,
    Draft,
    EngineVersionNeeded,
    Fenced,
    JournalCorrupt,
    JournalWriter,
    Row,
)

Connection = psycopg.Connection[Any]


def draft(first: int, count: int = 2, time_ns: int = 0, **more: Any) -> Draft:
    commands = np.concatenate([make(CommandKind.TICK, 8) for _ in range(count)])
    commands["sequence"] = np.arange(first, first + count)
    commands["time_ns"] = time_ns or first
    side = codec.encode_sides({0: b"signature"})
    return Draft(first, time_ns or first, commands.tobytes(), side, 77, f"{first}-0", **more)


@pytest.fixture
def mark_path(tmp_path: Path) -> Path:
    return tmp_path / "high_water"


@pytest.fixture
def open_writer(
    empty_journal: Connection, mark_path: Path
) -> Iterator[Callable[..., JournalWriter]]:
    writers: list[JournalWriter] = []

    def open_one(**options: Any) -> JournalWriter:
        writer = JournalWriter.try_open(HighWaterFile.open(mark_path), **options)
        assert writer is not None
        writers.append(writer)
        return writer

    yield open_one
    for writer in writers:
        writer.close()


def rows(connection: Connection) -> list[Row]:
    return list(journal.read_rows(connection, journal.GENESIS))


def test_appended_rows_are_read_back_in_order(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()

    written = [
        writer.append(draft(1)),
        writer.append(draft(3, 1, state_sequence=2, state_hash=b"h" * 32)),
        writer.append(draft(4, 3)),
    ]

    assert rows(empty_journal) == written
    assert journal.read_head(empty_journal) == writer.head == written[-1].head
    assert writer.head.sequence == 6


def test_reading_starts_and_ends_where_it_is_told(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    written = [writer.append(draft(first, 1)) for first in range(1, 141)]

    part = list(journal.read_rows(empty_journal, written[1].head, to_sequence=130))

    assert part == written[2:130]


def test_mark_is_at_the_last_committed_row(
    open_writer: Callable[..., JournalWriter], mark_path: Path
) -> None:
    writer = open_writer()
    row = writer.append(draft(1))

    assert HighWaterFile.open(mark_path).read() == Mark(2, row.hash)


CHANGES = {
    "first_sequence": "first_sequence = first_sequence + 1000",
    "count": "count = count + 1",
    "time_ns": "time_ns = time_ns + 1",
    "record": "records = set_byte(records, 40, get_byte(records, 40) # 1)",
    "record's last byte": "records = set_byte(records, 255, get_byte(records, 255) # 128)",
    "records cut": "records = substr(records, 1, 128)",
    "side": "side = set_byte(side, 9, get_byte(side, 9) # 1)",
    "side grown": "side = side || '\\x00'",
    "stream_epoch": "stream_epoch = stream_epoch + 1",
    "stream_id": "stream_id = stream_id || '1'",
    "previous_hash": "previous_hash = set_byte(previous_hash, 0, 7)",
    "hash": "hash = set_byte(hash, 31, get_byte(hash, 31) # 1)",
    "engine_version": "engine_version = engine_version + 1",
    "state_sequence": "state_sequence = state_sequence - 1",
    "state_hash": "state_hash = set_byte(state_hash, 3, get_byte(state_hash, 3) # 1)",
    "state removed": "state_sequence = NULL, state_hash = NULL",
    "quarantined": "quarantined = 1",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("first_sequence", [1, 3, 5])
def test_every_changed_column_is_detected(
    open_writer: Callable[..., JournalWriter],
    empty_journal: Connection,
    change: str,
    first_sequence: int,
) -> None:
    writer = open_writer()
    for first in (1, 3, 5):
        writer.append(draft(first, state_sequence=first - 1, state_hash=b"h" * 32))

    empty_journal.execute(
        f"UPDATE exchange_journalbatch SET {change} WHERE first_sequence = {first_sequence}"
    )

    with pytest.raises(JournalCorrupt):
        rows(empty_journal)


def test_a_removed_row_is_detected(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    for first in (1, 3, 5):
        writer.append(draft(first))

    empty_journal.execute("DELETE FROM exchange_journalbatch WHERE first_sequence = 3")

    with pytest.raises(JournalCorrupt, match="Expected sequence 3 next"):
        rows(empty_journal)


def test_a_row_that_was_sealed_anew_breaks_the_chain_behind_it(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    head = writer.append(draft(1)).head
    writer.append(draft(3))
    writer.append(draft(5))
    forged = journal.seal(draft(3, time_ns=4), head.hash)

    empty_journal.execute(
        "UPDATE exchange_journalbatch SET records = %s, time_ns = %s, hash = %s "
        "WHERE first_sequence = 3",
        (forged.records, forged.time_ns, forged.hash),
    )

    with pytest.raises(JournalCorrupt, match="row 5 does not follow"):
        rows(empty_journal)


def test_time_that_falls_is_detected(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    writer.append(draft(1, time_ns=9))
    writer.append(draft(3, time_ns=8))

    with pytest.raises(JournalCorrupt, match="back in time"):
        rows(empty_journal)


def test_row_of_another_engine_version_is_refused_by_name() -> None:
    row = journal.seal(draft(1), journal.GENESIS_HASH)
    values = {name: getattr(row, name) for name in Row.__slots__}
    other = Row(**(values | {"engine_version": 999}))

    with pytest.raises(EngineVersionNeeded, match="version 999"):
        journal.check_version(other)


def test_second_writer_waits_for_the_lock(
    open_writer: Callable[..., JournalWriter], tmp_path: Path
) -> None:
    open_writer()

    assert JournalWriter.try_open(HighWaterFile.open(tmp_path / "other")) is None


def test_stale_writer_is_fenced(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection, tmp_path: Path
) -> None:
    sessions: list[Connection] = []

    def connect() -> Connection:
        sessions.append(journal.connect())
        return sessions[-1]

    stale = open_writer(reconnect=connect)
    stale.append(draft(1))
    sessions[0].execute("SELECT pg_advisory_unlock_all()")
    open_writer().append(draft(3, 1))

    with pytest.raises(Fenced, match="sequence 3"):
        stale.append(draft(3, 2))

    assert journal.read_head(empty_journal).sequence == 3


def test_writer_goes_on_after_its_session_was_ended(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    writer.append(draft(1))
    empty_journal.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    )

    writer.append(draft(3))

    assert journal.read_head(empty_journal).sequence == 4
    assert not journal.try_lock(empty_journal)


def test_journal_below_the_mark_is_refused(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    for first in (1, 3, 5):
        writer.append(draft(first))
    writer.close()
    empty_journal.execute("DELETE FROM exchange_journalbatch WHERE first_sequence = 5")

    with pytest.raises(BelowHighWater, match=r"up to 6 were acknowledged.*ends at 4"):
        open_writer()


def test_loss_is_accepted_only_for_exactly_this_head(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection
) -> None:
    writer = open_writer()
    for first in (1, 3):
        writer.append(draft(first))
    writer.close()
    empty_journal.execute("DELETE FROM exchange_journalbatch WHERE first_sequence = 3")

    with pytest.raises(BelowHighWater, match="ends at 2, not at 1"):
        open_writer(accept_loss_after=1)
    open_writer(accept_loss_after=2).append(draft(3))

    assert journal.read_head(empty_journal).sequence == 4


def test_another_history_is_refused(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection, tmp_path: Path
) -> None:
    writer = open_writer()
    writer.append(draft(1))
    writer.close()
    empty_journal.execute("TRUNCATE exchange_journalbatch")
    other = JournalWriter.try_open(HighWaterFile.open(tmp_path / "other"))
    assert other is not None
    other.append(draft(1, time_ns=5))
    other.close()

    with pytest.raises(BelowHighWater, match="another history"):
        open_writer()


def test_row_committed_before_its_mark_is_no_loss(
    open_writer: Callable[..., JournalWriter], empty_journal: Connection, mark_path: Path
) -> None:
    writer = open_writer()
    first = writer.append(draft(1))
    writer.append(draft(3))
    writer.close()
    mark = HighWaterFile.open(mark_path)
    mark.reset(Mark(2, first.hash))
    mark.close()

    assert open_writer().head.sequence == 4
