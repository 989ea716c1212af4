"""A journal row that is torn, or flipped by one bit anywhere, is refused and never served."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import psycopg
import pytest

from exchange.engine.commands import ENGINE_VERSION, CommandKind, make
from exchange.pipeline import codec, journal
from exchange.pipeline.journal import GENESIS, Draft, JournalCorrupt, Row
from exchange.pipeline.replica import Replica
from tests.crash.stage import Stage, shortly
from tests.pipeline.engine import engine_in_thread

NUMBERS = (
    "first_sequence",
    "count",
    "time_ns",
    "stream_epoch",
    "engine_version",
    "state_sequence",
)
BYTES = ("records", "side", "previous_hash", "hash", "state_hash")
SMALL_NUMBER_BITS = {"count": 31, "engine_version": 31}


def a_row() -> Row:
    """Three commands with a signature, a stream position and a state hash."""
    commands = np.concatenate([make(CommandKind.TICK, 8) for _ in range(3)])
    commands["sequence"], commands["time_ns"] = [1, 2, 3], 5
    side = codec.encode_sides({1: b"signature"})
    draft = Draft(1, 5, commands.tobytes(), side, 77, "1700000000000-12", 0, b"h" * 32)
    return journal.seal(draft, GENESIS.hash)


def changed(row: Row, **columns: Any) -> Row:
    return Row(**{name: getattr(row, name) for name in Row.__slots__} | columns)


def flipped_numbers(row: Row) -> Iterator[Row]:
    for name in NUMBERS:
        for bit in range(SMALL_NUMBER_BITS.get(name, 63)):
            yield changed(row, **{name: getattr(row, name) ^ 1 << bit})
    yield changed(row, quarantined=1)
    yield changed(row, state_sequence=None, state_hash=None)


def flipped_bytes(row: Row) -> Iterator[Row]:
    """One bit of every byte of every column of bytes: headers, payloads, sides, hashes."""
    draw = random.Random(11)
    for name in BYTES:
        whole = getattr(row, name)
        for place in range(len(whole)):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << draw.randrange(8)
            yield changed(row, **{name: bytes(flipped)})
    for place in range(len(row.stream_id)):
        other = chr(ord(row.stream_id[place]) ^ 1)
        stream_id = row.stream_id[:place] + other + row.stream_id[place + 1 :]
        yield changed(row, stream_id=stream_id)


def torn(row: Row) -> Iterator[Row]:
    """Every column cut at every length, and one that is longer than it was."""
    for name in (*BYTES, "stream_id"):
        whole = getattr(row, name)
        for length in range(len(whole)):
            yield changed(row, **{name: whole[:length]})
        yield changed(row, **{name: whole + whole[:1]})


@pytest.mark.parametrize("damage", [flipped_numbers, flipped_bytes, torn])
def test_row_damaged_anywhere_is_refused(damage: Callable[[Row], Iterator[Row]]) -> None:
    row = a_row()
    journal.check_row(row, GENESIS)
    damaged = list(damage(row))

    for other in damaged:
        with pytest.raises(JournalCorrupt):
            journal.check_row(other, GENESIS)
    assert len(damaged) > 300


DAMAGE = {
    "a record's bit": "records = set_byte(records, 41, get_byte(records, 41) # 4)",
    "a record torn off": "records = substr(records, 1, length(records) - 100)",
    "the place in the stream": "stream_id = '9' || stream_id",
    "the time": "time_ns = time_ns + 3600000000000",
    "the hash": "hash = set_byte(hash, 5, get_byte(hash, 5) # 32)",
}
IN_THE_TAIL = ("a record's bit", "a record torn off", "the place in the stream")


@pytest.mark.parametrize(
    "damage",
    shortly(
        ["a record's bit", "a record torn off", "the place in the stream"], "a record's bit"
    ),
)
def test_engine_refuses_a_damaged_tail_and_names_the_row(
    stage: Stage, own: "psycopg.Connection[Any]", damage: str
) -> None:
    """The last row, which no snapshot covers: it would be replayed."""
    engine = stage.engine().wait_live()
    stage.venue.open_account()
    engine.kill()
    last = journal.read_head(own)
    damage_row(own, last.sequence, DAMAGE[damage])

    refused = stage.engine()

    assert refused.wait() == 1
    assert "The engine stops. " in refused.said
    assert "journal row" in refused.said
    assert "Traceback" not in refused.said


@pytest.mark.parametrize("damage", ["the place in the stream", "the time", "the hash"])
def test_damage_in_the_row_that_a_snapshot_stands_on_is_not_served(
    stage: Stage, own: "psycopg.Connection[Any]", damage: str
) -> None:
    """Its state is not replayed, but its time and its place in the stream are gone on from."""
    with engine_in_thread():
        stage.venue.open_account()
    head = journal.read_head(own)
    damage_row(own, head.sequence, DAMAGE[damage])

    with pytest.raises(JournalCorrupt, match="journal row"), closing(Replica.open()) as replica:
        replica.catch_up()


def test_damage_below_the_snapshot_is_found_by_verify(
    stage: Stage, own: "psycopg.Connection[Any]"
) -> None:
    own.execute(
        "UPDATE exchange_journalbatch SET side = side || '\\x00' WHERE first_sequence = 1"
    )

    verify = stage.manage("verify")

    assert verify.wait() == 1
    assert "journal row 1 is not what was committed" in verify.said


def test_row_of_another_engine_version_stops_the_engine_and_names_the_version(
    stage: Stage, own: "psycopg.Connection[Any]"
) -> None:
    engine = stage.engine().wait_live()
    engine.kill()
    head = journal.read_head(own)
    draft = Draft(head.sequence + 1, head.time_ns, _tick(head), b"", 1, "1-0")
    sealed = journal.seal(draft, head.hash)
    other = changed(sealed, engine_version=ENGINE_VERSION + 1)
    other = changed(other, hash=journal.row_hash(other))
    names = ", ".join(Row.__slots__)
    values = tuple(getattr(other, name) for name in Row.__slots__)
    places = ", ".join(["%s"] * len(values))
    own.execute(f"INSERT INTO exchange_journalbatch ({names}) VALUES ({places})", values)

    refused = stage.engine()

    assert refused.wait() == 1
    assert f"was written by engine version {ENGINE_VERSION + 1}" in refused.said


def _tick(head: journal.Head) -> bytes:
    command = make(CommandKind.TICK, 8)
    command["sequence"], command["time_ns"] = head.sequence + 1, head.time_ns
    return command.tobytes()


def damage_row(own: "psycopg.Connection[Any]", sequence: int, damage: str) -> None:
    done = own.execute(
        f"UPDATE exchange_journalbatch SET {damage} WHERE first_sequence + count - 1 = %s",
        (sequence,),
    )
    assert done.rowcount == 1
