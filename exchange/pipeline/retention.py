"""Old rows of the journal → an archive, and an anchor in their place; and back again.

RETN-001  nothing is deleted before the state at the cut was recomputed from the journal's
          beginning, saved and read back, and every row was archived, read back and checked.
RETN-002  the anchor appears and the rows vanish in one transaction: a crash anywhere leaves
          either the whole journal or a pruned one, and running it again finishes the work.
RETN-003  a cut lies between two rows, below the last one, and not beyond the projections.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from exchange.models import ProjectionHead
from exchange.pipeline import archive, journal, snapshots
from exchange.pipeline.anchor import Anchor, read_anchor, read_origin
from exchange.pipeline.crash import crash_point
from exchange.pipeline.journal import Connection, Head
from exchange.pipeline.replica import Replica, snapshot_directory

_INSERT_ANCHOR = (
    "INSERT INTO exchange_journalanchor (sequence, hash, time_ns, stream_epoch, stream_id, "
    "state_hash, archive, archive_hash) VALUES (%s, %b, %s, %s, %s, %b, %s, %b)"
)

Progress = Callable[[int, int], None]


class PruneRefused(Exception):
    """Nothing was changed; the message says why."""


class Pruned(NamedTuple):
    """What was archived and deleted."""

    first_sequence: int
    last_sequence: int
    rows: int
    archive: Path


def sequence_at(time_ns: int) -> int:
    """The first journaled command at or after a time; 0 when there is none."""
    with closing(journal.connect()) as connection:
        row = connection.execute(
            "SELECT min(first_sequence) FROM exchange_journalbatch WHERE time_ns >= %s",
            (time_ns,),
        ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def prune(before: int, directory: Path, progress: Progress) -> Pruned:
    """Archive and delete the rows that end before a sequence.

    progress : called with (commands done, commands in all)

    Raises PruneRefused, and whatever Replica.advance raises.
    """
    with closing(journal.connect()) as connection:
        origin = read_origin(connection)
        cut = _cut(connection, before)
        if cut <= origin.sequence:
            raise PruneRefused(f"No whole row between {origin.sequence} and {before}.")
        anchor = _recompute(cut, directory, progress)
        rows = journal.read_rows(connection, origin, to_sequence=cut)
        written = archive.write_archive(directory, origin, rows, cut)
        _read_back(written, anchor.head)
        crash_point("prune_archived")
        with connection.transaction():
            connection.execute(_INSERT_ANCHOR, _values(anchor, written))
            deleted = connection.execute(
                "DELETE FROM exchange_journalbatch WHERE first_sequence <= %s", (cut,)
            ).rowcount
            if deleted != written.rows:
                raise PruneRefused(f"Expected {written.rows} rows to delete, was {deleted}.")
        crash_point("prune_committed")
        snapshots.drop_anchors(snapshot_directory(), before_sequence=cut)
        return Pruned(origin.sequence + 1, cut, written.rows, written.path)


def put_back(path: Path) -> Pruned:
    """Load the archive that ends at the newest anchor, which then no longer counts.

    Raises PruneRefused and JournalCorrupt; then nothing was changed.
    """
    with closing(journal.connect()) as connection:
        anchor = read_anchor(connection)
        if anchor is None:
            raise PruneRefused("The journal is whole: nothing is missing from it.")
        after, rows = archive.read_archive(path)
        head, count = after, 0
        with connection.transaction():
            for row in rows:
                journal.insert_row(connection, row)
                head, count = row.head, count + 1
            if head != anchor.head:
                raise PruneRefused(
                    f"{path.name} ends at {head.sequence}; the journal begins after "
                    f"{anchor.head.sequence}: that archive is needed first."
                )
            connection.execute(
                "DELETE FROM exchange_journalanchor WHERE sequence = %s", (head.sequence,)
            )
            if read_origin(connection) != after:
                raise PruneRefused(f"{path.name} follows {after.sequence}, which is missing.")
    return Pruned(after.sequence + 1, head.sequence, count, path)


def _cut(connection: Connection, before: int) -> int:
    """The last sequence that may go (RETN-003)."""
    last = journal.last_row(connection)
    if last is None:
        raise PruneRefused("The journal is empty.")
    projected = ProjectionHead.objects.filter(pk=1).first()
    limit = min(before - 1, last.first_sequence - 1, projected.sequence if projected else 0)
    row = connection.execute(
        "SELECT max(first_sequence + count - 1) FROM exchange_journalbatch "
        "WHERE first_sequence + count - 1 <= %s",
        (limit,),
    ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _recompute(cut: int, directory: Path, progress: Progress) -> Anchor:
    """The state at the cut, saved, read back, and copied beside the archive (RETN-001)."""
    with closing(Replica.open(from_genesis=True)) as replica:
        for row, _ in replica.advance(cut):
            progress(row.last_sequence, cut)
        anchor = Anchor(replica.head, replica.state_hash())
        path = snapshots.save_anchor(snapshot_directory(), replica.machine.state, replica.head)
    snapshots.load_anchor(snapshot_directory(), anchor)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(path, directory / path.name)
    archive.sync_file(directory / path.name)
    return anchor


def _read_back(written: archive.Archive, head: Head) -> None:
    found, rows = archive.read_archive(written.path)
    for row in rows:
        found = row.head
    if found != head or archive.hash_of(written.path) != written.file_hash:
        raise PruneRefused(f"{written.path} does not hold what was written: is the disk well?")


def _values(anchor: Anchor, written: archive.Archive) -> tuple[object, ...]:
    head = anchor.head
    return (
        head.sequence,
        head.hash,
        head.time_ns,
        head.stream_epoch,
        head.stream_id,
        anchor.state_hash,
        written.path.name,
        written.file_hash,
    )
