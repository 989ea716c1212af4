"""A snapshot is believed only when whole and of this journal; else an older one is used."""

import random
from pathlib import Path

import pytest

from exchange.pipeline import snapshots
from exchange.pipeline.journal import GENESIS, Head
from exchange.pipeline.replica import Replica, snapshot_directory
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue, bid


@pytest.fixture
def saved(empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue) -> list[Path]:
    """Two snapshots of a venue with some life in it, the newer one last."""
    with engine_in_thread():
        venue.open()
        alice = venue.trader()
    with engine_in_thread():
        venue.accept(bid(alice, 59_000, 3))
    paths = sorted(snapshot_directory().glob("*.snap"))
    assert len(paths) == 2
    return paths


def sequence_of(path: Path) -> int:
    return int(path.stem)


def start() -> tuple[int, bytes]:
    """Where a restart begins, and the state it ends in."""
    replica = Replica.open()
    try:
        begun = replica.sequence
        replica.catch_up()
        return begun, replica.state_hash()
    finally:
        replica.close()


def test_newest_snapshot_is_used(saved: list[Path]) -> None:
    assert start()[0] == sequence_of(saved[1])


def test_every_kind_of_flipped_byte_is_noticed(saved: list[Path]) -> None:
    whole = saved[1].read_bytes()
    expected = start()[1]
    draw = random.Random(3)
    header = range(0, 88, 4)  # magic, version, sequence, chain hash, checksum
    for place in [*header, *(draw.randrange(88, len(whole)) for _ in range(20)), -1]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << draw.randrange(8)
        saved[1].write_bytes(flipped)

        assert start() == (sequence_of(saved[0]), expected), place


@pytest.mark.parametrize("size", [0, 7, 87, 88, 200, -1])
def test_torn_snapshot_is_skipped(saved: list[Path], size: int) -> None:
    saved[1].write_bytes(saved[1].read_bytes()[:size])

    assert start()[0] == sequence_of(saved[0])


def test_without_any_snapshot_the_journal_suffices(saved: list[Path]) -> None:
    expected = start()[1]
    for path in saved:
        path.unlink()

    assert start() == (0, expected)


def test_snapshot_of_another_journal_is_skipped(saved: list[Path]) -> None:
    replica = Replica.open()
    state, head = replica.machine.state, replica.head
    snapshots.save(snapshot_directory(), state, Head(head.sequence, b"?" * 32, 0, 0, "0-0"))
    replica.close()

    assert start()[0] == sequence_of(saved[0])


def test_only_the_newest_are_kept_and_lost_futures_do_not_crowd_them_out(
    empty_journal: Connection, tmp_path: Path
) -> None:
    replica = Replica.open(directory=tmp_path)
    (tmp_path / f"{10**9:020d}.snap").write_bytes(b"of a journal that was lost")
    for sequence in range(1, 6):
        head = Head(sequence, GENESIS.hash, 0, 0, "0-0")
        snapshots.save(tmp_path, replica.machine.state, head)
    replica.close()

    kept = sorted(int(path.stem) for path in tmp_path.glob("*.snap"))
    assert kept == [3, 4, 5, 10**9]
    assert list(tmp_path.glob("*.tmp")) == []
