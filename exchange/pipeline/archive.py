"""Journal rows in a file, to be checked for ever, with or without a database.

ARCH-001  a file is complete or absent: temporary name, fsync, rename, fsync of the directory.
ARCH-002  a file is the rows of one stretch of the chain, each a length and its msgpack; reading
          checks every row as reading the journal does.
ARCH-003  beside it stands a manifest with the file's hash, for people and for `sha256sum`-like
          tools: BLAKE2b, which `b2sum -l 256` prints.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from exchange.pipeline.chain import Head, JournalCorrupt, Row, check_row, values_of

MAGIC = b"NOVATEJ1"
_LENGTH = struct.Struct("<I")
_decode_row = msgspec.msgpack.Decoder(tuple).decode


class Archive(NamedTuple):
    """A written file."""

    path: Path
    rows: int
    file_hash: bytes


def archive_name(first_sequence: int, last_sequence: int) -> str:
    return f"journal-{first_sequence:020d}-{last_sequence:020d}.rows"


def write_archive(directory: Path, after: Head, rows: Iterable[Row], last: int) -> Archive:
    """Rows that follow `after`, up to the one that ends at `last`, which must be among them."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / archive_name(after.sequence + 1, last)
    draft = path.with_suffix(".rows.tmp")
    digest = hashlib.blake2b(digest_size=32)
    count, head = 0, after
    with draft.open("wb") as file:
        for part in (MAGIC, *_packed(_place(after))):
            file.write(part)
            digest.update(part)
        for row in rows:
            for part in _packed(values_of(row)):
                file.write(part)
                digest.update(part)
            count, head = count + 1, row.head
        file.flush()
        os.fsync(file.fileno())
    if head.sequence != last:
        draft.unlink()
        raise JournalCorrupt(f"Expected rows up to sequence {last}, was {head.sequence}")
    _write_manifest(path, after, head, count, digest.digest())
    draft.rename(path)
    sync_directory(directory)
    return Archive(path, count, digest.digest())


def read_archive(path: Path) -> tuple[Head, Iterator[Row]]:
    """The head that the rows follow, and the checked rows. Raises JournalCorrupt."""
    parts = _parts(path)
    first = next(parts, None)
    if first is None:
        raise JournalCorrupt(f"{path.name} is empty")
    try:
        after = Head(*_decode_row(first))
    except (msgspec.DecodeError, TypeError) as error:
        raise JournalCorrupt(f"{path.name} does not say where it begins") from error
    return after, _rows(parts, after)


def hash_of(path: Path) -> bytes:
    """BLAKE2b-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).digest()


def write_durably(path: Path, content: bytes) -> None:
    """A small file, complete and on disk when this returns."""
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync_directory(path.parent)


def sync_file(path: Path) -> None:
    """What was written to a file, and its name, is on disk when this returns."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_manifest(path: Path, after: Head, head: Head, count: int, file_hash: bytes) -> None:
    manifest = {
        "file": path.name,
        "blake2b_256": file_hash.hex(),
        "rows": count,
        "first_sequence": after.sequence + 1,
        "last_sequence": head.sequence,
        "previous_chain_hash": after.hash.hex(),
        "chain_hash": head.hash.hex(),
    }
    write_durably(path.with_suffix(".json"), json.dumps(manifest, indent=2).encode() + b"\n")


def _packed(values: tuple[object, ...]) -> tuple[bytes, bytes]:
    body = msgspec.msgpack.encode(values)
    return _LENGTH.pack(len(body)), body


def _place(head: Head) -> tuple[object, ...]:
    return (head.sequence, head.hash, head.time_ns, head.stream_epoch, head.stream_id)


def _rows(parts: Iterator[bytes], after: Head) -> Iterator[Row]:
    for part in parts:
        try:
            row = Row(*_decode_row(part))
        except (msgspec.DecodeError, TypeError) as error:
            raise JournalCorrupt(f"A row after {after.sequence} cannot be read") from error
        check_row(row, after)
        after = row.head
        yield row


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise JournalCorrupt(f"{path.name} is no archive of a journal")
        while size := file.read(_LENGTH.size):
            if len(size) < _LENGTH.size:
                raise JournalCorrupt(f"{path.name} ends within a row")
            (length,) = _LENGTH.unpack(size)
            body = file.read(length)
            if len(body) < length:
                raise JournalCorrupt(f"{path.name} ends within a row")
            yield body
