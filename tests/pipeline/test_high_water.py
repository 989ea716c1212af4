"""The mark on the second medium survives torn writes and never lies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.pipeline.high_water import HighWaterFile, Mark, MarkCorrupt


def mark(sequence: int) -> Mark:
    return Mark(sequence, bytes([sequence]) * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "second medium" / "high_water"


@pytest.fixture
def file(path: Path) -> Iterator[HighWaterFile]:
    file = HighWaterFile.open(path)
    yield file
    file.close()


def read_again(path: Path) -> Mark | None:
    file = HighWaterFile.open(path)
    try:
        return file.read()
    finally:
        file.close()


def test_new_file_has_no_mark(file: HighWaterFile) -> None:
    assert file.read() is None


def test_last_mark_is_read_again(file: HighWaterFile, path: Path) -> None:
    for sequence in (3, 5, 9):
        file.write(mark(sequence))

    assert read_again(path) == mark(9)


@pytest.mark.parametrize("byte", [0, 7, 8, 15, 16, 47, 48, 63])
def test_torn_slot_leaves_the_mark_before(file: HighWaterFile, path: Path, byte: int) -> None:
    file.write(mark(3))
    file.write(mark(5))
    raw = bytearray(path.read_bytes())
    raw[4096 + byte] ^= 1
    path.write_bytes(raw)

    assert read_again(path) == mark(3)


def test_writer_that_reopens_overwrites_the_older_slot(path: Path) -> None:
    for sequence in (3, 5, 9):
        file = HighWaterFile.open(path)
        file.read()
        file.write(mark(sequence))
        file.close()

    raw = path.read_bytes()
    path.write_bytes(b"\0" * 64 + raw[64:])

    assert read_again(path) == mark(5)


def test_file_without_a_believable_slot_is_refused(file: HighWaterFile, path: Path) -> None:
    file.write(mark(3))
    path.write_bytes(b"x" * 64)

    with pytest.raises(MarkCorrupt, match="--accept-loss-after"):
        read_again(path)


def test_reset_forgets_higher_marks(file: HighWaterFile, path: Path) -> None:
    file.write(mark(5))
    file.write(mark(9))

    file.reset(mark(2))

    assert read_again(path) == mark(2)
