"""What the engine tells of itself: counted by whole batches, published with its market data.

VITAL-001  a batch costs two histograms of integers and a few additions, whatever is in it.
VITAL-002  the row goes out with what is written anyway: no connection and no wait of its own.
"""

import time

import numpy as np

from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import NANOSECONDS
from exchange.pipeline import logs
from exchange.pipeline.codec import Batch
from exchange.pipeline.metrics import Meter
from exchange.pipeline.resp import Command

STAGE = "novate_stage_seconds"
_KINDS = {int(kind): kind.name for kind in CommandKind}
_REASONS = {int(reason): reason.name for reason in RejectReason}
_KINDS_END = max(_KINDS) + 2  # whatever is no kind of ours falls into the last place
_NO_KIND = np.uint64(_KINDS_END - 1)
_REASONS_END = max(_REASONS) + 1
HALF_MILLISECOND = 0.000_5  # ids of a stream are cut to the millisecond


class Vitals:
    """The engine's meter."""

    def __init__(self) -> None:
        self.meter = Meter("engine")
        self._kinds = np.zeros(_KINDS_END, np.int64)
        self._reasons = np.zeros(_REASONS_END, np.int64)

    def read(self, oldest_id: str, count: int) -> None:
        """A batch begins; oldest_id: of its first message, empty without one."""
        if oldest_id and count:
            milliseconds = int(oldest_id.partition("-")[0])
            waited = time.time() - milliseconds / 1_000 - HALF_MILLISECOND
            self.meter.observe(STAGE, "bus", waited, count)

    def committed(self, seconds: float, count: int, losses: int) -> None:
        """A batch is durable; losses: of connections to the database so far."""
        self.meter.observe(STAGE, "journal", seconds, count)
        self.meter.count("novate_batches_total")
        self.meter.gauge("novate_postgres_losses_total", losses)

    def answered(self, batch: Batch, applied: float, published: float) -> None:
        """A batch is out; applied, published: what either took, in seconds."""
        count = len(batch.results)
        self.meter.observe(STAGE, "apply", applied, count)
        self.meter.observe(STAGE, "publish", published, count)
        # Without a sign what is negative is large: one comparison finds whatever is no kind.
        kinds = np.ascontiguousarray(batch.results["kind"]).view(np.uint64)
        known = np.minimum(kinds, _NO_KIND).view(np.int64)
        self._kinds += np.bincount(known, minlength=_KINDS_END)
        self._refuse(batch)
        logs.sequence = batch.last_sequence
        self.meter.gauge("novate_sequence", batch.last_sequence)
        self.meter.gauge("novate_engine_time_seconds", batch.time_ns / NANOSECONDS)

    def refused(self, batch: Batch) -> None:
        """Commands were answered that never happened."""
        self._refuse(batch)

    def hashed(self, sequence: int) -> None:
        """A hash of the state goes into the journal."""
        self.meter.gauge("novate_state_hash_sequence", sequence)
        self.meter.gauge("novate_state_hash_timestamp_seconds", time.time())

    def commands(self) -> list[Command]:
        """What publishes the row, when it is due."""
        if not self.meter.is_due():
            return []
        for kind in np.flatnonzero(self._kinds).tolist():
            name = _KINDS.get(kind, "UNKNOWN")
            self.meter.gauge("novate_commands_total", int(self._kinds[kind]), name)
        for reason in np.flatnonzero(self._reasons).tolist():
            name = _REASONS.get(reason, str(reason))
            self.meter.gauge("novate_rejects_total", int(self._reasons[reason]), name)
        return [self.meter.command()]

    def _refuse(self, batch: Batch) -> None:
        counts = np.bincount(batch.results["reason"], minlength=_REASONS_END)
        counts[RejectReason.ACCEPTED] = 0
        self._reasons += counts
