"""Hashes of the state name the place where two machines part."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import call_command

from exchange.pipeline import journal
from exchange.pipeline.bisection import (
    StateHash,
    find_divergence,
    journaled_hashes,
    state_hashes,
)
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue, ask, bid

OTHER = "novate_elsewhere"


def silent(_done: int, _total: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def history(empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue) -> int:
    """A venue that has traded; its last sequence. A restart journals a hash of the state."""
    with engine_in_thread():
        venue.open()
        alice, bob = venue.trader(), venue.trader()
        venue.accept(*(bid(alice, 59_000 + n, 3) for n in range(10)))
        venue.accept(*(ask(bob, 59_000 + n, 1) for n in range(10)))
    with engine_in_thread():
        venue.trader()
    return verify(silent).sequence


def test_hash_after_each_command_is_the_same_however_rows_are_cut(history: int) -> None:
    each = list(state_hashes(1, silent))
    sevenths = list(state_hashes(7, silent))

    assert [point.sequence for point in each] == list(range(1, history + 1))
    assert set(sevenths) <= set(each)
    assert sevenths[-1].sequence == history
    assert each[-1].hash == verify(silent).state_hash


def test_part_of_the_history_has_the_same_hashes(history: int) -> None:
    each = list(state_hashes(1, silent))

    assert list(state_hashes(1, silent, after=5, to_sequence=9)) == each[5:9]


def test_journal_agrees_with_the_hashes_it_carries(history: int) -> None:
    with closing(journal.connect()) as connection:
        carried = journaled_hashes(connection)

    assert len(carried) >= 1
    found = find_divergence(carried, silent)
    assert (found.hashes, found.through) == (len(carried), carried[-1].sequence)
    assert found.divergence is None


def test_first_command_that_differs_is_named(history: int) -> None:
    theirs = [
        point if point.sequence < 14 else StateHash(point.sequence, bytes(32))
        for point in state_hashes(1, silent)
    ]

    divergence = find_divergence(theirs, silent).divergence

    assert divergence is not None
    assert (divergence.agreed, divergence.differs) == (13, 14)
    assert divergence.theirs == bytes(32)


def test_between_two_hashes_the_interval_is_named(history: int) -> None:
    theirs = [
        point if point.sequence < 14 else StateHash(point.sequence, bytes(32))
        for point in state_hashes(10, silent)
    ]

    divergence = find_divergence(theirs, silent).divergence

    assert divergence is not None
    assert (divergence.agreed, divergence.differs) == (10, 20)


def test_commands_find_a_difference_and_how_to_narrow_it(
    history: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("state_hashes", every=10)
    lines = capsys.readouterr().out.splitlines()
    file = tmp_path / "hashes.txt"
    file.write_text("\n".join(lines))
    call_command("bisect", against=str(file))
    assert f"to sequence {history}" in capsys.readouterr().out

    file.write_text("\n".join([lines[0], f"20 {'0' * 64}"]))
    with pytest.raises(SystemExit, match="1"):
        call_command("bisect", against=str(file))

    told = capsys.readouterr()
    assert "agrees      to sequence 10" in told.out
    assert "differs     at sequence 20" in told.out
    assert "state_hashes --every 1 --after 10 --to 20" in told.err


def one_row(connection: Connection, query: LiteralString) -> Sequence[int]:
    (row,) = connection.execute(query).fetchall()
    return [int(value) for value in row]


@pytest.fixture
def elsewhere(history: int, empty_journal: Connection) -> Iterator[tuple[str, Connection]]:
    """Another host's database with a copy of the journal: its URL, and a connection to it."""
    info = empty_journal.info
    url = f"postgresql://{quote(info.user)}:{quote(info.password)}@/{OTHER}"
    url += f"?host={quote(info.host, safe='')}&port={info.port}"
    table = "exchange_journalbatch"
    described = empty_journal.execute(
        "SELECT string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ') "
        "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        (table,),
    ).fetchone()
    assert described is not None
    empty_journal.execute(f"CREATE DATABASE {OTHER}")
    try:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(f"CREATE TABLE {table} ({described[0]})")
            with (
                empty_journal.cursor().copy(
                    f"COPY {table} TO STDOUT (FORMAT binary)"
                ) as source,
                other.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as target,
            ):
                for data in source:
                    target.write(data)
            yield url, other
    finally:
        empty_journal.execute(f"DROP DATABASE {OTHER} WITH (FORCE)")


def test_another_hosts_journal_agrees_also_where_one_of_them_is_pruned(
    elsewhere: tuple[str, Connection], capsys: pytest.CaptureFixture[str]
) -> None:
    url, other = elsewhere

    call_command("bisect", against=url)
    assert "agrees      " in capsys.readouterr().out

    other.execute(
        "DELETE FROM exchange_journalbatch WHERE first_sequence = "
        "(SELECT min(first_sequence) FROM exchange_journalbatch)"
    )
    call_command("bisect", against=url)
    assert "agrees      " in capsys.readouterr().out


def test_another_history_is_told_from_another_engine(
    history: int, elsewhere: tuple[str, Connection], capsys: pytest.CaptureFixture[str]
) -> None:
    url, other = elsewhere
    (last,) = one_row(other, "SELECT max(first_sequence) FROM exchange_journalbatch")
    change = "UPDATE exchange_journalbatch SET {} WHERE first_sequence = %s"

    other.execute(change.format("hash = set_byte(hash, 0, 255 - get_byte(hash, 0))"), (last,))
    with pytest.raises(SystemExit, match="1"):
        call_command("bisect", against=url)
    assert f"commands differ from sequence {last} on" in capsys.readouterr().out

    other.execute(change.format("hash = set_byte(hash, 0, 255 - get_byte(hash, 0))"), (last,))
    (hashed, sequence) = one_row(
        other,
        "SELECT first_sequence, state_sequence FROM exchange_journalbatch "
        "WHERE state_sequence > 0 ORDER BY state_sequence DESC LIMIT 1",
    )
    other.execute(change.format("state_hash = sha256('another engine')"), (hashed,))
    with pytest.raises(SystemExit, match="1"):
        call_command("bisect", against=url)
    assert f"differs     at sequence {sequence}" in capsys.readouterr().out


def test_another_host_that_is_not_there_cannot_be_told(
    history: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_command("bisect", against="postgresql://nobody@127.0.0.1:1/none")

    assert "It could not be told." in capsys.readouterr().err


def test_journal_without_hashes_cannot_tell(
    empty_journal: Connection, kernels: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_command("bisect")

    assert "no hashes" in capsys.readouterr().err


def test_file_that_holds_no_hashes_is_refused(
    history: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hashes.txt"
    file.write_text("1 abc\n")

    with pytest.raises(SystemExit, match="2"):
        call_command("bisect", against=str(file))

    assert "line 1" in capsys.readouterr().err
