"""From the journal to the tables: following it, and starting over from its first command.

FOLLOW-001  events come from a Replica that stands where the projections stand, not from Valkey.
FOLLOW-002  the journal is asked every PAUSE_SECONDS. (A subscription to the broadcast would
            carry every event a second time, only to say that there are some.)
FOLLOW-003  a transaction takes what waits: the further behind, the more journal rows are folded
            into one, which costs less a row (an order that was born and died meanwhile is
            written once), up to FOLD_EVENTS_MAX. So the lag bounds itself, and
            memory does not grow with it.
FOLLOW-004  a rebuild has the tables to itself: a projector that follows waits for its end,
            however it comes, and goes on from where the tables then stand. So one that was
            killed half way is finished by the projector, or by the next rebuild.
FOLLOW-005  while one fold is written, by a thread with a connection of its own, the journal is
            read and applied further: PostgreSQL works on one core, the replica on another.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import redis
from django.db import InterfaceError, OperationalError, connection

from exchange.models import JournalBatch
from exchange.pipeline import journal
from exchange.pipeline.anchor import JournalPruned, read_anchor
from exchange.pipeline.bus import PROJECTED_CHANNEL
from exchange.pipeline.crash import crash_point
from exchange.pipeline.projections.folds import FOLD_EVENTS_MAX, Fold, Steps, WriteBehind
from exchange.pipeline.projections.gauges import Gauges
from exchange.pipeline.projections.projector import (
    ProjectionGap,
    Projector,
    truncate,
)
from exchange.pipeline.replica import Replica
from exchange.pipeline.servers import redis_url as valkey_url

PAUSE_SECONDS = 0.05
RETRY_SECONDS = 1.0
FAR_BEHIND = 1_000_000  # commands; worth a line in the log
REBUILD_KEY = int.from_bytes(b"novate:r", "big")

logger = logging.getLogger(__name__)


def follow(redis_url: str, is_stopping: Callable[[], bool]) -> None:
    """Keeps the tables at the journal's head until is_stopping says so.

    A lost database is waited for; anything else ends the process, which is then started anew.
    """
    gauges = Gauges()
    with closing(redis.Redis.from_url(redis_url)) as valkey:
        while not is_stopping():
            try:
                _follow_once(valkey, gauges, is_stopping)
            except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
                logger.warning("The projector waits for the database: %s", error)
                gauges.meter.count("novate_postgres_losses_total")
                connection.close()
                time.sleep(RETRY_SECONDS)
            except ProjectionGap as gap:
                logger.warning("The projections were put back: %s. Starting from there.", gap)


class RebuildUnderWay(Exception):
    """Another process computes the projections anew."""


def rebuild(
    progress: Callable[[int, int], None] | None = None,
    *,
    directory: Path | None = None,
    resume: bool = False,
    fold_events_max: int = FOLD_EVENTS_MAX,
) -> int:
    """Throws every projection away and computes it again; returns the last sequence.

    progress : called with (commands done, commands in all) after each transaction
    resume   : throw nothing away, go on from where the tables stand

    Raises JournalPruned, before anything is thrown away, and RebuildUnderWay.
    """
    with _tables_to_oneself(), closing(redis.Redis.from_url(valkey_url())) as valkey:
        if not resume:
            _require_whole_journal()
            truncate()
            crash_point("rebuild_truncated")
        projector = Projector()
        _publish(valkey, projector.sequence)
        opened = _replica_at(projector.sequence, directory, from_genesis=not resume)
        with closing(opened) as replica, WriteBehind(projector) as writer:
            for sequence in project_beside(replica, writer, fold_events_max):
                _publish(valkey, sequence)
                if progress is not None:
                    progress(sequence, max(journal_head(), sequence))
    return projector.sequence


def project(
    replica: Replica, projector: Projector, fold_events_max: int = FOLD_EVENTS_MAX
) -> Iterator[int]:
    """Folds whatever the journal holds beyond the replica; yields each new head."""
    steps, is_at_end = Steps(replica), False
    while not is_at_end:
        fold = Fold(replica.sequence, fold_events_max)
        is_at_end = steps.take(fold)
        if fold:
            yield fold.write(projector)


def project_beside(
    replica: Replica, writer: WriteBehind, fold_events_max: int = FOLD_EVENTS_MAX
) -> Iterator[int]:
    """The same, two things at a time (FOLLOW-005), but none while the caller has a head."""
    steps, fold = Steps(replica), Fold(replica.sequence, fold_events_max)
    while True:
        is_at_end = steps.take(fold)
        if writer.is_busy:
            yield from writer.wait(PAUSE_SECONDS if is_at_end or fold.is_full else 0.0)
        elif fold:
            writer.put(fold)
            fold = Fold(replica.sequence, fold_events_max)
        elif is_at_end:
            return


def journal_head() -> int:
    """The last committed command; 0 for an empty journal."""
    last = JournalBatch.objects.order_by("-first_sequence").values("first_sequence", "count")[
        :1
    ]
    return sum(row["first_sequence"] + row["count"] - 1 for row in last)


def _require_whole_journal() -> None:
    with closing(journal.connect()) as connected:
        anchor = read_anchor(connected)
    if anchor is not None:
        raise JournalPruned(
            f"The journal begins after sequence {anchor.head.sequence}: the tables cannot be "
            "computed from it. Load the archives first: manage.py prune_journal --put-back FILE"
        )


@contextmanager
def _tables_to_oneself() -> Iterator[None]:
    """FOLLOW-004: the lock is the session's, so it ends with this process, whatever ends it."""
    with closing(journal.connect()) as session:
        if not _holds(session, "pg_try_advisory_lock"):
            raise RebuildUnderWay("Another process rebuilds the projections already.")
        yield


def _wait_for_rebuild(is_stopping: Callable[[], bool]) -> None:
    with closing(journal.connect()) as session:
        is_told = False
        while not _holds(session, "pg_try_advisory_lock_shared") and not is_stopping():
            if not is_told:
                logger.warning("The projections are being rebuilt: waiting for the end of it.")
                is_told = True
            time.sleep(RETRY_SECONDS)


def _holds(session: journal.Connection, function: LiteralString) -> bool:
    row = session.execute(f"SELECT {function}(%s)", (REBUILD_KEY,)).fetchone()
    return row is not None and bool(row[0])


def _replica_at(
    sequence: int, directory: Path | None = None, *, from_genesis: bool = False
) -> Replica:
    """A replica that stands where the projections stand."""
    replica = Replica.open(directory=directory, from_genesis=from_genesis, to_sequence=sequence)
    try:
        replica.catch_up(sequence)
    except BaseException:
        replica.close()
        raise
    return replica


def _follow_once(
    valkey: "redis.Redis", gauges: Gauges, is_stopping: Callable[[], bool]
) -> None:
    _wait_for_rebuild(is_stopping)
    projector = Projector()
    behind = journal_head() - projector.sequence
    if behind > FAR_BEHIND:
        logger.warning("The projections are %s commands behind the journal.", f"{behind:,}")
    # Whoever waits for what the tables hold already need not wait for the replica.
    _publish(valkey, projector.sequence)
    with (
        closing(_replica_at(projector.sequence)) as replica,
        WriteBehind(projector) as writer,
    ):
        while not is_stopping():
            for sequence in project_beside(replica, writer):
                _publish(valkey, sequence)
                gauges.publish(valkey, replica, projector)
            gauges.publish(valkey, replica, projector)
            time.sleep(PAUSE_SECONDS)


def _publish(valkey: "redis.Redis", sequence: int) -> None:
    try:
        valkey.publish(PROJECTED_CHANNEL, sequence)
    except redis.RedisError as error:
        # The engine ticks each second: the next head is told soon.
        logger.warning("Valkey did not take the projected head: %s", error)
