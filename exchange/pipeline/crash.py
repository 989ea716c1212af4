"""Named places where a test may kill the process, as kill -9 or a power cut would.

`NOVATE_CRASH_AT=after_commit` dies at the first passage of that point, `after_commit:3` at the
third. Without the variable a crash point is one comparison. The names are the crash matrix
(tests/crash): each of them has its test.
"""

import os
import signal
from collections.abc import Callable

POINTS = {
    # --- the engine: from the stream to the journal ---
    "after_lock": "the writer's lock is taken, the engine is not live yet",
    "mid_replay": "a part of the journal's tail is replayed",
    "epoch_marked": "the stream has a new epoch, no journal row knows it",
    "after_read": "messages are in memory, nothing is numbered",
    "after_decode": "commands have sequences, there is no draft of a row",
    "before_commit": "the row is sealed, nothing was sent",
    "commit_unconfirmed": "COMMIT is done, the process never learnt it",
    "commit_in_doubt": "the session died at COMMIT, the head is not read again yet",
    "after_commit": "journaled, the high-water mark is behind",
    "high_water_torn": "half of the mark's slot is overwritten",
    "high_water_written": "the mark is in the file, not on the medium",
    "after_high_water": "journaled and marked, not applied",
    # --- the engine: from the journal to the world ---
    "mid_apply": "half of a batch is applied",
    "after_apply": "applied, nobody was told",
    "views_published": "account views are out, results are not",
    "trim_pending": "results are out, the stream is not trimmed",
    "after_publish": "all of a batch is out",
    "wire_torn": "half of the bytes of a write to Valkey are out",
    "mid_rewrite": "a Valkey that forgot has its views again, but no market data",
    # --- snapshots ---
    "snapshot_torn": "half of a snapshot lies under its temporary name",
    "snapshot_written": "the snapshot lies under its temporary name",
    "snapshot_renamed": "the snapshot has its name, older ones are still there",
    "snapshot_pruned": "an old snapshot is gone",
    "task_caught_up": "the snapshot task's replica is at the head, nothing is written",
    # --- retention ---
    "prune_archived": "the archive is complete, the rows are still in the journal",
    "prune_committed": "the rows are gone, files of older anchors are not",
    # --- quarantine ---
    "quarantine_proven": "the command is known to break the engine, nothing is journaled",
    "quarantine_journaled": "the Quarantine is journaled, the operator was not told",
    # --- the projector ---
    "before_copy": "events are in memory, the transaction is not begun",
    "mid_copy": "half of the bytes of a COPY are sent",
    "projection_pending": "every table is written, COMMIT is not sent",
    "projection_committed": "committed, the process does not remember it",
    "rebuild_truncated": "every projected table is empty",
    "mid_fold": "a part of the journal is folded in memory",
    # --- the gateway ---
    "gateway_decoded": "a request is understood, nothing is submitted",
    "gateway_sent": "XADD is on its way, nobody waits for the outcome any more",
    "gateway_answered": "the outcome is here, the caller has no reply",
    "gateway_kept": "the reply to an idempotency key is kept, the caller has none",
    # --- the database ---
    "mid_migration": "between two statements of the migrations",
}

_name = ""
_left = 1


def arm(asked: str) -> None:
    """Die at a point, or at its n-th passage: `name` or `name:n`; an empty text: nowhere."""
    global _name, _left
    _name, _, passage = asked.partition(":")
    _left = int(passage or 1)
    assert not _name or _name in POINTS, _name


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL if the environment asked for it at this passage."""
    if name == _name and _is_due():
        os.kill(os.getpid(), signal.SIGKILL)


def crash_midway(name: str, half: Callable[[], object]) -> None:
    """Do half of what follows, and die of it, if the environment asked for it."""
    if name == _name and _is_due():
        try:
            half()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)


def _is_due() -> bool:
    global _left
    _left -= 1
    return _left == 0


arm(os.environ.get("NOVATE_CRASH_AT", ""))
