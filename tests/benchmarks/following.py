"""How far behind the projections are while orders come in: a real engine, a real projector.

The flow goes over the bus at a fixed pace; meanwhile the head of the journal and the head of
the projections are read side by side. The lag at a moment is how long ago the oldest command
that was not projected yet had been committed.
"""

import time
from bisect import bisect_right
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Thread

import numpy as np
import redis
from django.db import connection

from exchange import selectors
from exchange.models import Order
from exchange.pipeline.bus import STREAM
from exchange.pipeline.projections import journal_head
from exchange.pipeline.servers import redis_url
from tests.benchmarks.durable import readdressed
from tests.benchmarks.engine import record
from tests.benchmarks.live import (
    child,
    fdatasync_ms,
    fresh_prices,
    fund_accounts,
    live_engine,
)
from tests.benchmarks.workload import ACCOUNTS, generate
from tests.engine.venue import UNITS, Records
from tests.pipeline.venue import Venue

Report = Callable[[str, str], None]
ORDERS_PER_SECOND = 25_000
ORDER_SHARE = 0.65  # of the flow's commands; the others cancel
MESSAGE = 250  # commands
SAMPLE_SECONDS = 0.02
QUIET_SECONDS = 120.0
MILLISECONDS = 1e3


@dataclass
class Heads:
    """What was seen of both heads, and when."""

    at: list[float] = field(default_factory=list)
    journal: list[int] = field(default_factory=list)
    projected: list[int] = field(default_factory=list)

    def look(self) -> None:
        self.projected.append(selectors.projected_head().sequence)
        self.at.append(time.monotonic())
        self.journal.append(journal_head())

    def lags(self, until: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Seconds, at each look before `until`."""
        found = []
        for at, journal, projected in zip(self.at, self.journal, self.projected, strict=True):
            if at > until:
                break
            # The first look that saw more in the journal than the tables hold now.
            since = (
                self.at[bisect_right(self.journal, projected)] if journal > projected else at
            )
            found.append(max(0.0, at - since))
        return np.array(found)


def run(report: Report, *, seconds: float) -> None:
    """Paced load for some seconds, and then until the projections have followed."""
    pace = ORDERS_PER_SECOND / ORDER_SHARE
    workload = generate(int(seconds * pace))
    recorded = record(workload)
    disk = fdatasync_ms()
    with live_engine() as (venue, _):
        first = fund_accounts(venue, ACCOUNTS, 10_000_000 * UNITS)
        journal = readdressed(recorded, first)
        with child("manage.py", "run_projector", ready="follows the journal"):
            _until_projected(journal_head())
            venue.publish_price(60_000)  # Opening the accounts took longer than a price lasts.
            before = Order.objects.count()
            heads, took, sent = _load(venue, journal, pace)
            _until_projected(journal_head())
            orders = Order.objects.count() - before
    lags = heads.lags(sent) * MILLISECONDS
    rate = orders / took
    report(
        f"{orders:,} orders in {took:.0f} s, projector following (bar: 1 s behind)",
        f"{rate:>12,.0f} orders/s   lag p50 {np.median(lags):,.0f} ms, p99 "
        f"{np.percentile(lags, 99):,.0f} ms, max {lags.max():,.0f} ms; fdatasync p50 "
        f"{disk:.2f} ms",
    )


def _load(venue: Venue, journal: Records, pace: float) -> tuple[Heads, float, float]:
    """(heads, seconds until the last command was committed, when the last one was sent)."""
    heads, ended = Heads(), Event()
    heads.look()
    watcher = Thread(target=_watch, args=(heads, ended))
    watcher.start()
    began = time.monotonic()
    try:
        with fresh_prices(venue), closing(redis.Redis.from_url(redis_url())) as client:
            for begin in range(0, len(journal), MESSAGE):
                wait = began + begin / pace - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                message = journal[begin : begin + MESSAGE].tobytes()
                client.xadd(STREAM, {b"r": message, b"s": b""})
        sent = time.monotonic()
        # The stream is in order: when this is answered, all before it is done.
        venue.publish_price(60_000)
        took = time.monotonic() - began
    finally:
        ended.set()
        watcher.join()
    return heads, took, sent


def _watch(heads: Heads, ended: Event) -> None:
    try:
        while not ended.is_set():
            heads.look()
            ended.wait(SAMPLE_SECONDS)
    finally:
        connection.close()  # this thread's own


def _until_projected(sequence: int) -> None:
    _wait(
        lambda: selectors.projected_head().sequence >= sequence,
        "the projector does not follow",
    )


def _wait(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + QUIET_SECONDS
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(SAMPLE_SECONDS)
