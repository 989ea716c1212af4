"""From the journal to the tables: following it, and starting over from its first command.

FOLLOW-001  events come from a Replica that stands where the projections stand, not from Valkey.
FOLLOW-002  the journal is asked every PAUSE_SECONDS. (A subscription to the broadcast would
            carry every event a second time, only to say that there are some.)
FOLLOW-003  when behind, many journal rows are folded into one transaction: an order that was
            born and died meanwhile is written once.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import redis
from django.db import InterfaceError, OperationalError, connection

from exchange.models import JournalBatch
from exchange.pipeline import journal
from exchange.pipeline.anchor import JournalPruned, read_anchor
from exchange.pipeline.bus import PROJECTED_CHANNEL
from exchange.pipeline.crash import crash_point
from exchange.pipeline.projections.batch import Events
from exchange.pipeline.projections.gauges import Gauges
from exchange.pipeline.projections.projector import (
    ProjectionGap,
    Projector,
    join,
    truncate,
)
from exchange.pipeline.replica import Replica

PAUSE_SECONDS = 0.05
RETRY_SECONDS = 1.0
FOLD_EVENTS_MAX = 200_000

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


def rebuild(
    progress: Callable[[int, int], None] | None = None,
    *,
    directory: Path | None = None,
) -> int:
    """Throws every projection away and computes it again; returns the last sequence.

    progress : called with (commands done, commands in all) after each transaction

    Raises JournalPruned, before anything is thrown away.
    """
    _require_whole_journal()
    truncate()
    crash_point("rebuild_truncated")
    total = journal_head()
    projector = Projector()
    with closing(Replica.open(from_genesis=True, directory=directory)) as replica:
        for sequence in project(replica, projector):
            if progress is not None:
                progress(sequence, max(total, sequence))
    return projector.sequence


def project(replica: Replica, projector: Projector) -> Iterator[int]:
    """Folds whatever the journal holds beyond the replica; yields each new head."""
    parts: list[Events] = []
    first = replica.sequence + 1
    held = 0
    for row, events in replica.advance():
        parts.append(events.copy())
        held += events.size
        crash_point("mid_fold")
        if held >= FOLD_EVENTS_MAX:
            projector.write(
                join(parts), first=first, through=row.last_sequence, time_ns=row.time_ns
            )
            yield projector.sequence
            parts, first, held = [], row.last_sequence + 1, 0
    if parts:
        head = replica.head
        projector.write(join(parts), first=first, through=head.sequence, time_ns=head.time_ns)
        yield projector.sequence


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


def _follow_once(
    valkey: "redis.Redis", gauges: Gauges, is_stopping: Callable[[], bool]
) -> None:
    projector = Projector()
    with closing(Replica.open(to_sequence=projector.sequence)) as replica:
        replica.catch_up(projector.sequence)
        _publish(valkey, projector.sequence)
        while not is_stopping():
            for sequence in project(replica, projector):
                _publish(valkey, sequence)
                gauges.publish(valkey, replica)
            gauges.publish(valkey, replica)
            time.sleep(PAUSE_SECONDS)


def _publish(valkey: "redis.Redis", sequence: int) -> None:
    try:
        valkey.publish(PROJECTED_CHANNEL, sequence)
    except redis.RedisError as error:
        # The engine ticks each second: the next head is told soon.
        logger.warning("Valkey did not take the projected head: %s", error)
