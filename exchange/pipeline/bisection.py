"""Where two machines that read the same journal parted: by hashes of the state.

The journal itself carries a hash of the state every ten minutes, taken by the engine that
served. `find_divergence` replays beside these, or beside hashes that another machine wrote with
`state_hashes`, and names the last sequence where both agree and the first where they do not.

BISE-001  one pass, forward: a state that has parted never needs to be computed twice, and no
          snapshot of this machine is trusted unless it is at or before the first hash compared.
BISE-002  between two hashes only the interval can be named; `state_hashes --every 1` of that
          interval, made on the other machine, names the command.
BISE-003  a file of hashes names the chain it belongs to: histories that differ in their
          commands are told apart from engines that differ in their results.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

import psycopg

from exchange.pipeline import journal
from exchange.pipeline.journal import Connection
from exchange.pipeline.replica import Replica, apply_commands

Progress = Callable[[int, int], None]


class StateHash(NamedTuple):
    """The hash of the state right after a command."""

    sequence: int
    hash: bytes


class Divergence(NamedTuple):
    """The engines agree at `agreed` (0: nowhere yet) and differ at `differs`."""

    agreed: int
    differs: int
    ours: bytes
    theirs: bytes


class Compared(NamedTuple):
    """What a whole pass found; divergence None: all hashes agree."""

    hashes: int
    through: int
    divergence: Divergence | None


def state_hashes(
    every: int, progress: Progress, *, after: int = 0, to_sequence: int | None = None
) -> Iterator[StateHash]:
    """The state's hash after every so many commands, and after the last one."""
    with closing(Replica.open(to_sequence=after)) as replica, journal.connect() as connection:
        end = journal.read_head(connection).sequence
        end = end if to_sequence is None else min(end, to_sequence)
        wanted = range(after + every, end + 1, every)
        tail = (end,) if end > after and (end - after) % every else ()
        yield from _hashes_at(replica, (*wanted, *tail), progress)


def find_divergence(theirs: Iterable[StateHash], progress: Progress) -> Compared:
    """Replay and compare; stops at the first difference. Raises what Replica.rows raises."""
    expected = {point.sequence: point.hash for point in theirs}
    if not expected:
        return Compared(0, 0, None)
    agreed = count = 0
    with closing(Replica.open(to_sequence=min(expected))) as replica:
        for point in _hashes_at(replica, sorted(expected), progress):
            count += 1
            if expected[point.sequence] != point.hash:
                return Compared(
                    count,
                    point.sequence,
                    Divergence(agreed, point.sequence, point.hash, expected[point.sequence]),
                )
            agreed = point.sequence
    return Compared(count, agreed, None)


def journaled_hashes(connection: Connection) -> list[StateHash]:
    """The hashes that the engine wrote into its own journal."""
    rows = connection.execute(
        "SELECT state_sequence, state_hash FROM exchange_journalbatch "
        "WHERE state_hash IS NOT NULL AND state_sequence > 0 ORDER BY state_sequence"
    ).fetchall()
    return [StateHash(int(sequence), bytes(digest)) for sequence, digest in rows]


def hashes_of_database(url: str) -> list[StateHash]:
    """Those of another host's journal."""
    with psycopg.connect(url, autocommit=True) as connection:
        return journaled_hashes(connection)


def first_other_row(url: str) -> int | None:
    """The first sequence of the first row that is not the same in another host's journal.

    None when the two agree for as long as both go: the hashes say so, row by row. What one of
    them has pruned already is not looked at in the other.
    """
    beginning = "SELECT coalesce(min(first_sequence), 1) - 1 FROM exchange_journalbatch"
    query = (
        "SELECT first_sequence, hash FROM exchange_journalbatch "
        "WHERE first_sequence > %s ORDER BY first_sequence LIMIT 10000"
    )
    with journal.connect() as ours, psycopg.connect(url, autocommit=True) as theirs:
        begun = (side.execute(beginning).fetchone() for side in (ours, theirs))
        after = max(int(row[0]) for row in begun if row is not None)
        while True:
            mine = ours.execute(query, (after,)).fetchall()
            other = theirs.execute(query, (after,)).fetchall()
            for left, right in zip(mine, other, strict=False):
                if left != right:
                    return int(min(left[0], right[0]))
            if not mine or len(mine) != len(other):
                return None
            after = int(mine[-1][0])


def _hashes_at(
    replica: Replica, wanted: Iterable[int], progress: Progress
) -> Iterator[StateHash]:
    """A row is applied in as many pieces as hashes are wanted of it: the state is the same."""
    points = iter(wanted)
    point = next(points, None)
    while point is not None and point < replica.sequence:
        point = next(points, None)
    if point == replica.sequence:
        yield StateHash(point, replica.state_hash())
        point = next(points, None)
    last = replica.sequence
    for row in replica.rows():
        if point is None:
            return
        commands = replica.commands(row)
        while point is not None and point <= row.last_sequence:
            start, stop = last + 1 - row.first_sequence, point + 1 - row.first_sequence
            if start < stop:
                apply_commands(replica.machine, commands[start:stop])
            yield StateHash(point, replica.state_hash())
            last, point = point, next(points, None)
        if last < row.last_sequence:
            apply_commands(replica.machine, commands[last + 1 - row.first_sequence :])
            last = row.last_sequence
        progress(last, point or last)
