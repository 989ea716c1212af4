"""A snapshot torn or flipped anywhere is passed over: an older one or the journal serves."""

import logging
import random
import shutil
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exchange.engine.state import State
from exchange.pipeline import journal, snapshots
from exchange.pipeline.replica import Replica, snapshot_directory
from tests.crash.stage import Stage
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import bid

HEADER_BYTES = 88  # magic, version, sequence, chain hash, checksum
MAGIC_BYTES = 8  # of the state behind it
HASH_BYTES = 32


@pytest.fixture
def saved(stage: Stage) -> list[Path]:
    """Two snapshots, the newer one last."""
    with engine_in_thread():
        stage.venue.publish_price(60_000)
        stage.venue.accept(bid(stage.traders[0], 59_000, 3, idempotency_key=7))
    paths = sorted(snapshot_directory().glob("*.snap"))
    assert len(paths) == 2
    return paths


def sections(whole: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Of each table of the state: its name, and where its head, numbers and rows begin."""
    offset = HEADER_BYTES + MAGIC_BYTES
    for name in State._fields:
        rows, width = struct.unpack_from("<qq", whole, offset)
        numbers = offset + 16
        yield name, offset, numbers, numbers + rows * 8
        offset = numbers + rows * (8 + width)
    assert offset == len(whole) - HASH_BYTES


def load() -> int:
    """The sequence that a restart begins from; 0: from the journal alone."""
    with journal.connect() as connection:
        found = snapshots.load_newest(snapshot_directory(), connection)
    return found[1].sequence if found else 0


def test_a_bit_flipped_in_any_section_is_noticed(saved: list[Path]) -> None:
    older, newer = saved
    whole = newer.read_bytes()
    draw = random.Random(5)
    places = [*range(0, HEADER_BYTES, 3), HEADER_BYTES, len(whole) - 1, len(whole) - HASH_BYTES]
    for _, head, numbers, rows in sections(whole):
        places += [head, head + 8, numbers, rows]
    assert len(places) > 100

    for place in places:
        flipped = bytearray(whole)
        flipped[min(place, len(whole) - 1)] ^= 1 << draw.randrange(8)
        newer.write_bytes(flipped)
        assert load() == int(older.stem), place


def test_a_snapshot_cut_at_any_boundary_is_noticed(saved: list[Path]) -> None:
    older, newer = saved
    whole = newer.read_bytes()
    ends = {0, 1, MAGIC_BYTES, HEADER_BYTES - 1, HEADER_BYTES, len(whole) - HASH_BYTES}
    for _, *places in sections(whole):
        ends.update(places)
    ends.add(len(whole) - 1)

    for end in sorted(ends):
        newer.write_bytes(whole[:end])
        assert load() == int(older.stem), end
    newer.write_bytes(whole + b"\0")
    assert load() == int(older.stem)


@pytest.mark.parametrize("garbage", [b"", b"NOVATESN", bytes(10_000), b"\xff" * 4_096])
def test_garbage_is_named_in_the_log_and_passed_over(
    saved: list[Path], garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    newer = snapshot_directory() / f"{10**9:020d}.snap"
    newer.write_bytes(garbage)

    with caplog.at_level(logging.WARNING):
        assert load() == int(saved[1].stem)

    assert newer.name in caplog.text


def test_a_folder_in_place_of_a_snapshot_is_passed_over(saved: list[Path]) -> None:
    saved[1].unlink()
    saved[1].mkdir()

    assert load() == int(saved[0].stem)
    saved[1].rmdir()


def test_with_every_snapshot_bad_the_journal_gives_the_same_state(
    stage: Stage, saved: list[Path]
) -> None:
    with closing(Replica.open()) as replica:
        replica.catch_up()
        expected = replica.state_hash()
    for path in saved:
        path.write_bytes(path.read_bytes()[:-7])

    engine = stage.engine().wait_live()
    assert engine.terminate() == 0

    assert load() > int(saved[1].stem)
    with closing(Replica.open(to_sequence=int(saved[1].stem))) as replica:
        replica.catch_up(int(saved[1].stem))
        assert replica.state_hash() == expected
    shutil.rmtree(snapshot_directory())
