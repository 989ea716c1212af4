"""Named places where a test may kill the process, as kill -9 or a power cut would.

`NOVATE_CRASH_AT=after_commit` dies at the first passage of that point, `after_commit:3` at the
third. Without the variable a crash point is one comparison. The names are the crash matrix.
"""

import os
import signal

POINTS = (
    "after_read",  # commands are in memory, nothing is journaled
    "before_commit",
    "commit_unconfirmed",  # COMMIT is done, the process never learnt it
    "after_commit",  # journaled, the high-water mark is behind
    "after_high_water",  # journaled and marked, not applied
    "after_apply",  # applied, nobody was told
    "after_publish",  # results are out, the stream is not trimmed
    "snapshot_written",  # the snapshot lies under its temporary name
    "snapshot_renamed",
    "prune_archived",  # the archive is complete, the rows are still in the journal
    "prune_committed",  # the rows are gone, files of older anchors are not
)

_name, _, _passage = os.environ.get("NOVATE_CRASH_AT", "").partition(":")
_left = int(_passage or 1)


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL if the environment asked for it at this point."""
    if name != _name:
        return
    assert name in POINTS, name
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
