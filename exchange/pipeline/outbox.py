"""What leaves the engine after journal and apply: views, results, market data.

One write a batch, in this order: account views, contract rows if they were listed or changed by
hand, the broadcast of results and events, the trim of the stream.

Valkey is never the truth, so its failures do not stop the engine: what could not be written is
written from scratch when it is back (OUT-002).

What Valkey says to a write is read before the next one: waiting for it would cost as much as
the matching, and a failure asks for the same rewrite whenever it is heard.

OUT-001  results leave behind the views they changed, on the same connection.
OUT-002  after any failure, and when the stream is new, every key is written again before the
         next broadcast.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import redis

from exchange.engine.state import Counter, State
from exchange.pipeline.bus import BATCH_CHANNEL
from exchange.pipeline.codec import Batch, encode_batch
from exchange.pipeline.crash import crash_midway, crash_point
from exchange.pipeline.market_data import CONFLATION_NS, MarketData
from exchange.pipeline.resp import CONNECTION_ERRORS, Command, Link, Packed
from exchange.pipeline.views import ViewWriter, house_accounts, touched_accounts
from exchange.pipeline.vitals import Vitals

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.25
_FAILURES = (*CONNECTION_ERRORS, redis.ResponseError)
ACCOUNTS_PER_WRITE = 1_000


class Outbox:
    """The runner's writing connection to Valkey. Never raises for what Valkey does."""

    def __init__(self, url: str, state: State, vitals: Vitals) -> None:
        self._link = Link(url)
        self._vitals = vitals
        self._state = state
        # A writer's views are valid until it is asked again: what goes out in one write comes
        # from writers of its own.
        self._views = ViewWriter(state)
        self._house_views = ViewWriter(state)
        self._market = MarketData(state)
        self._is_stale = True
        self._is_failing = False
        self._retry_at = 0.0
        self._flushed_ns = 0
        self._is_market_dirty = False

    def mark_stale(self) -> None:
        """Valkey has lost its keys: write them all again."""
        self._is_stale = True
        self._retry_at = 0.0

    def publish(self, batch: Batch, trim: list[Command]) -> None:
        """Views, results and events of an applied batch."""
        self._market.note(batch.events)
        self._is_market_dirty = True
        self._write(lambda: self._batch_commands(batch, trim), batch.time_ns)
        crash_point("after_publish")

    def flush_market(self, time_ns: int) -> None:
        """Conflated market data, if it is time and something changed."""
        if self.market_due_ns() == 0:
            self._is_market_dirty = (
                True  # until it is written: to be tried again, but not at once
            )
            self._flushed_ns = time.monotonic_ns()
            self._write(lambda: self._market_commands(time_ns), time_ns)

    def market_due_ns(self) -> int | None:
        """How long until market data must be flushed; None when nothing waits."""
        due_ns = self._market.snapshot_due_ns()
        if self._is_market_dirty:
            due_ns = self._flushed_ns + CONFLATION_NS
        return None if due_ns is None else max(0, due_ns - time.monotonic_ns())

    def close(self) -> None:
        # A connection closed over unread replies takes what is still on its way with it.
        with suppress(*_FAILURES):
            self._link.collect()
        self._link.close()

    def _batch_commands(self, batch: Batch, trim: list[Command]) -> list[Command | Packed]:
        commands: list[Command | Packed] = []
        touched = touched_accounts(batch.events)
        sequence = int(self._state.counters[Counter.SEQUENCE])
        if (views := self._views.command(touched, sequence, batch.time_ns)) is not None:
            commands.append(views)
        if self._market.has_listing(batch.events):
            commands += self._market_commands(batch.time_ns)
        if commands:
            crash_midway("views_published", lambda: self._link.call_many(commands))
        commands.append(("PUBLISH", BATCH_CHANNEL, encode_batch(batch)))
        if trim:
            crash_midway("trim_pending", lambda: self._link.call_many(commands))
        return [*commands, *trim]

    def _market_commands(self, time_ns: int) -> list[Command | Packed]:
        self._flushed_ns = time.monotonic_ns()
        self._is_market_dirty = False
        sequence = int(self._state.counters[Counter.SEQUENCE])
        commands = self._market.flush(time_ns, self._flushed_ns)
        views = self._house_views.command(house_accounts(), sequence, time_ns)
        assert views is not None
        return [*commands, views, *self._vitals.commands()]

    def _write(self, commands: Callable[[], list[Command | Packed]], time_ns: int) -> None:
        """Send what commands() makes. It is asked behind the rewrite of a stale Valkey: what is
        made before that would lay older rows and snapshots over it."""
        if self._is_stale and time.monotonic() < self._retry_at:
            return
        try:
            self._link.collect()
        except _FAILURES as error:
            self._fail(error)
        try:
            if self._is_stale:
                self._write_everything(time_ns)
            self._link.post(commands())
            self._is_stale = self._is_failing = False
        except _FAILURES as error:
            self._fail(error)
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _fail(self, error: Exception) -> None:
        if not self._is_failing:
            logger.error("Valkey did not take what the engine published: %s", error)
            self._vitals.meter.count("novate_valkey_losses_total")
        self._is_stale = self._is_failing = True

    def _write_everything(self, time_ns: int) -> None:
        accounts = np.arange(self._state.counters[Counter.ACCOUNTS])
        sequence = int(self._state.counters[Counter.SEQUENCE])
        writer = ViewWriter(self._state)
        for start in range(0, len(accounts), ACCOUNTS_PER_WRITE):
            wanted = accounts[start : start + ACCOUNTS_PER_WRITE]
            if (views := writer.command(wanted, sequence, time_ns)) is not None:
                self._link.call_many([views])
        crash_point("mid_rewrite")
        if commands := self._market.everything(time_ns, time.monotonic_ns()):
            self._link.call_many(commands)
