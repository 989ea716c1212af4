"""Snapshots on disk: a state at a row's end, so that a restart replays only the tail.

A snapshot is a convenience, never the truth: one that is torn, flipped, of another engine
version or of another journal is skipped with a log line and an older one is used, at worst the
journal alone.

SNAP-001  a file is complete or absent: temporary name, fsync, rename, fsync of the directory.
SNAP-002  a snapshot is believed when its checksum is right and its chain hash is the hash that
          the journal has at its sequence.
SNAP-003  the state at an anchor is kept beside the snapshots under a name of its own, for as
          long as the anchor counts: the rows that could give it again are archived.
"""

import hashlib
import logging
import os
import struct
from pathlib import Path
from typing import NamedTuple

from exchange.engine import snapshot
from exchange.engine.commands import ENGINE_VERSION
from exchange.engine.state import State
from exchange.pipeline.anchor import Anchor, JournalPruned, read_anchor
from exchange.pipeline.crash import crash_midway, crash_point
from exchange.pipeline.journal import Connection, Head, check_hash, row_ending_at

logger = logging.getLogger(__name__)

KEEP = 3
ANCHOR_SUFFIX = ".anchor"
_HEADER = struct.Struct("<8s2q32s32s")
_MAGIC = b"NOVATESN"


class Snapshot(NamedTuple):
    sequence: int
    chain_hash: bytes
    state: bytes


def save(directory: Path, state: State, head: Head) -> Path:
    """Write the state after `head` and drop all but the newest files."""
    path = _write(directory, state, head, ".snap")
    _prune(directory, path)
    return path


def save_anchor(directory: Path, state: State, head: Head) -> Path:
    """Write the state after `head` to be kept (SNAP-003)."""
    return _write(directory, state, head, ANCHOR_SUFFIX)


def newest_file(directory: Path, to_sequence: int | None = None) -> tuple[int, Path] | None:
    """Sequence and path of the newest file at or before to_sequence, unread; None if none."""
    kept = [*directory.glob("*.snap"), *directory.glob(f"*{ANCHOR_SUFFIX}")]
    for path in sorted(kept, key=lambda path: path.stem, reverse=True):
        if to_sequence is None or int(path.stem) <= to_sequence:
            return int(path.stem), path
    return None


def load_anchor(directory: Path, anchor: Anchor) -> tuple[State, Head]:
    """The state at an anchor. Raises JournalPruned when it cannot be had."""
    name = f"{anchor.head.sequence:020d}"
    for path in (directory / (name + ANCHOR_SUFFIX), directory / f"{name}.snap"):
        try:
            found = _read(path)
            state = snapshot.load(found.state)
        except (OSError, ValueError) as error:
            logger.warning("Skipped snapshot %s: %s", path.name, error)
            continue
        if found.state[-snapshot.HASH_BYTES :] == anchor.state_hash:
            return state, anchor.head
        logger.warning("Skipped snapshot %s: its state is not the anchor's", path.name)
    raise JournalPruned(
        f"The journal begins after sequence {anchor.head.sequence}, and the state there is not "
        f"in {directory}: copy {name}{ANCHOR_SUFFIX} back from the archive."
    )


def drop_anchors(directory: Path, *, before_sequence: int) -> None:
    """Forget the states at anchors that no longer count."""
    for path in directory.glob(f"*{ANCHOR_SUFFIX}"):
        if int(path.stem) < before_sequence:
            path.unlink(missing_ok=True)


def _write(directory: Path, state: State, head: Head, suffix: str) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = snapshot.dump(state)
    checksum = hashlib.blake2b(body, digest_size=32).digest()
    header = _HEADER.pack(_MAGIC, ENGINE_VERSION, head.sequence, head.hash, checksum)
    path = directory / f"{head.sequence:020d}{suffix}"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    whole = header + body
    crash_midway("snapshot_torn", lambda: draft.write_bytes(whole[: len(whole) // 2]))
    with draft.open("wb") as file:
        file.write(whole)
        file.flush()
        os.fsync(file.fileno())
    crash_point("snapshot_written")
    draft.rename(path)
    _sync_directory(directory)
    crash_point("snapshot_renamed")
    return path


def load_newest(
    directory: Path, connection: Connection, *, to_sequence: int | None = None
) -> tuple[State, Head] | None:
    """The newest believable state at or before to_sequence, and the journal's head there.

    None when the journal must be replayed from its first command. Raises JournalPruned when
    that command is archived and nothing takes its place, and JournalCorrupt when the journal's
    row there is not what was committed.
    """
    anchor = read_anchor(connection)
    for path in _newest_first(directory):
        try:
            found = _read(path)
            if to_sequence is not None and found.sequence > to_sequence:
                continue
            row = row_ending_at(connection, found.sequence)
            if row is None or row.hash != found.chain_hash:
                raise ValueError("it belongs to another journal")
            check_hash(row)  # The engine goes on from its time and its place in the stream.
            return snapshot.load(found.state), row.head
        except (OSError, ValueError) as error:
            logger.warning("Skipped snapshot %s: %s", path.name, error)
    if anchor is None:
        return None
    if to_sequence is not None and to_sequence < anchor.head.sequence:
        raise JournalPruned(
            f"Sequence {to_sequence} is archived: the journal begins after "
            f"{anchor.head.sequence}."
        )
    return load_anchor(directory, anchor)


def _read(path: Path) -> Snapshot:
    raw = path.read_bytes()
    if len(raw) < _HEADER.size:
        raise ValueError(f"it ends after {len(raw)} bytes")
    magic, version, sequence, chain_hash, checksum = _HEADER.unpack_from(raw)
    body = raw[_HEADER.size :]
    if magic != _MAGIC:
        raise ValueError("it is not a snapshot")
    if version != ENGINE_VERSION:
        raise ValueError(f"it was made by engine version {version}")
    if hashlib.blake2b(body, digest_size=32).digest() != checksum:
        raise ValueError("its checksum is wrong")
    return Snapshot(sequence, chain_hash, body)


def _newest_first(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.snap"), reverse=True)


def _prune(directory: Path, newest: Path) -> None:
    """Files above the newest are of a journal that was lost; they must not crowd out ours.

    What a killed process left half written goes too.
    """
    ours = [path for path in _newest_first(directory) if path.name <= newest.name]
    for path in ours[KEEP:]:
        path.unlink(missing_ok=True)
        crash_point("snapshot_pruned")
    for path in directory.glob("*.tmp"):
        if not _is_being_written(path):
            path.unlink(missing_ok=True)


def _is_being_written(draft: Path) -> bool:
    """Whether the process that is named in a draft's name still runs."""
    writer = draft.stem.rpartition(".")[2]
    try:
        os.kill(int(writer), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
