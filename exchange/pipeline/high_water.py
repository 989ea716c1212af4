"""How far the venue has promised, on a second medium: the last committed sequence and its hash.

The mark is written after COMMIT and before any acknowledgement. A database that is older
than the mark has lost acknowledged commands, and the engine refuses to start on it.

MARK-001  two slots a page apart are written in turn, so a torn write leaves the one before.
MARK-002  a slot is believed only with its checksum.
"""

import hashlib
import os
import struct
from pathlib import Path
from typing import NamedTuple, Self

from exchange.pipeline.crash import crash_midway, crash_point

_SLOT = struct.Struct("<8sq32s")
_MAGIC = b"NOVATEHW"
_CHECK_BYTES = 16
_SLOT_OFFSETS = (0, 4096)


class MarkCorrupt(Exception):
    """Neither slot can be believed: only the operator can say what was promised."""


class Mark(NamedTuple):
    sequence: int
    hash: bytes


class HighWaterFile:
    """The file of the mark, open for the life of one writer."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._next_slot = 0

    @classmethod
    def open(cls, path: Path) -> Self:
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), path)

    def read(self) -> Mark | None:
        """The newest mark; None for a new file. Raises MarkCorrupt."""
        raw = os.pread(self._descriptor, _SLOT_OFFSETS[-1] + 4096, 0)
        marks = [_decode(raw[offset:]) for offset in _SLOT_OFFSETS]
        believed = [mark for mark in marks if mark is not None]
        if raw and not believed:
            raise MarkCorrupt(
                f"{self._path} holds no mark with a right checksum. Find out which sequence "
                "was acknowledged last, then start with --accept-loss-after SEQUENCE."
            )
        if not believed:
            return None
        newest = max(believed)
        self._next_slot = 1 - marks.index(newest)
        return newest

    def write(self, mark: Mark) -> None:
        """Durable when it returns."""
        slot = _SLOT.pack(_MAGIC, mark.sequence, mark.hash)
        slot += _check(slot)
        offset = _SLOT_OFFSETS[self._next_slot]
        half = slot[: len(slot) // 2]
        crash_midway("high_water_torn", lambda: os.pwrite(self._descriptor, half, offset))
        os.pwrite(self._descriptor, slot, offset)
        crash_point("high_water_written")
        os.fdatasync(self._descriptor)
        self._next_slot = 1 - self._next_slot

    def reset(self, mark: Mark) -> None:
        """Forget higher marks: the operator accepts that what they promised is lost."""
        os.ftruncate(self._descriptor, 0)
        self._next_slot = 0
        self.write(mark)

    def close(self) -> None:
        """Closing twice does nothing: the number may be another file's by then."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def _check(slot: bytes) -> bytes:
    return hashlib.blake2b(slot, digest_size=_CHECK_BYTES).digest()


def _decode(raw: bytes) -> Mark | None:
    slot = raw[: _SLOT.size]
    if len(slot) < _SLOT.size or raw[_SLOT.size : _SLOT.size + _CHECK_BYTES] != _check(slot):
        return None
    magic, sequence, digest = _SLOT.unpack(slot)
    return Mark(sequence, digest) if magic == _MAGIC else None
