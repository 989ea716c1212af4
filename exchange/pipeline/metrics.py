"""Numbers that one process keeps of itself, and lays into Valkey once a second.

Engine, projector, workers and gateways are processes of their own, on one host or several; all
of them speak to one Valkey. So each writes one small row there, and any gateway's /metrics
renders all rows: one address to scrape, no port and no file in a process that trades, and what
is not refreshed is plainly absent. Without Valkey nothing trades, and /metrics still answers
for its own process.

METR-001  counting costs an addition; the engine counts whole batches, never a command.
METR-002  a row older than STALE_SECONDS belongs to a process that is gone: it is not shown.
METR-003  names, kinds and words of all metrics stand in METRICS; nothing else can be counted.
METR-004  a label is a fixed word of ours (a kind, a reason, an asset), never text from outside.
"""

import os
import socket
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

METRICS_KEY = b"novate:metrics"
PUBLISH_SECONDS = 1.0
STALE_SECONDS = 10.0
FORGET_SECONDS = 3_600.0
WINDOW_SECONDS = 30.0

# Upper bounds of the histograms' buckets; what is longer falls into one more.
BUCKETS_SECONDS = (
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01,
    0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip

Kind = Literal["counter", "gauge", "histogram"]


class Metric(NamedTuple):
    """What a number is, for whoever reads it."""

    kind: Kind
    help: str
    label: str = ""


METRICS: dict[str, Metric] = {
    # the engine
    "novate_sequence": Metric("gauge", "Last command that this process has applied."),
    "novate_engine_time_seconds": Metric("gauge", "Time of that command, by the engine."),
    "novate_commands_total": Metric("counter", "Commands journaled and applied.", "kind"),
    "novate_rejects_total": Metric("counter", "Commands refused, by reason.", "reason"),
    "novate_batches_total": Metric("counter", "Batches: journal rows, each one fsync."),
    "novate_state_hash_sequence": Metric("gauge", "Last state whose hash was journaled."),
    "novate_state_hash_timestamp_seconds": Metric("gauge", "When that was."),
    "novate_clock_alarm": Metric("gauge", "1: the wall clock was moved (CLK-001)."),
    # the way of an order
    "novate_stage_seconds": Metric(
        "histogram",
        "Order to acknowledgement by stage. In a gateway: decode (received to sent), engine "
        "(sent to answered), reply (answered to written), total. In the engine, of each batch, "
        "once a command: bus (waited in the stream, in steps of a millisecond), journal, apply "
        "(with the wait for its turn), publish.",
        "stage",
    ),
    # the projector's replica: the state of the venue at its sequence
    "novate_projector_time_seconds": Metric("gauge", "Time of the last projected command."),
    "novate_ledger_units": Metric(
        "gauge", "Sum over all accounts of an asset: anything but 0 is an alarm.", "asset"
    ),
    "novate_accounts": Metric("gauge", "Accounts opened."),
    "novate_accounts_capacity": Metric("gauge", "Accounts that there can be."),
    "novate_orders": Metric("gauge", "Orders open or waiting."),
    "novate_orders_capacity": Metric("gauge", "Orders that there can be."),
    "novate_open_interest_units": Metric(
        "gauge", "Open interest of all contracts at their listing references."
    ),
    "novate_open_interest_capacity_units": Metric("gauge", "Open interest that there can be."),
    "novate_open_interest_lots": Metric("gauge", "Open interest.", "contract"),
    "novate_contract_halted": Metric("gauge", "1: nothing can be ordered in it.", "contract"),
    "novate_index_age_seconds": Metric(
        "gauge", "Engine time since the last index price.", "underlying"
    ),
    "novate_index_valid": Metric("gauge", "1: enough sources agree.", "underlying"),
    "novate_snapshot_sequence": Metric("gauge", "Newest snapshot that a restart begins with."),
    "novate_snapshot_timestamp_seconds": Metric("gauge", "When it was written."),
    "novate_state_agreed_sequence": Metric(
        "gauge", "Last journaled state hash that this replica has found to be its own."
    ),
    # workers
    "novate_task_success_timestamp_seconds": Metric(
        "gauge", "When a task last did its work (or found another worker at it).", "task"
    ),
    "novate_task_seconds": Metric("gauge", "How long its last run took.", "task"),
    "novate_open_alarms": Metric(
        "gauge", "What the margin sweep found wrong and nobody has resolved (SWEEP-011)."
    ),
    "novate_task_failures_total": Metric("counter", "Runs that failed.", "task"),
    # gateways
    "novate_requests_total": Metric("counter", "Requests of the API.", "method"),
    "novate_request_errors_total": Metric("counter", "Requests refused, by code.", "code"),
    "novate_sockets": Metric("gauge", "Open websockets."),
    "novate_slow_readers_total": Metric("counter", "Websockets cut off: they did not read."),
    "novate_in_flight": Metric("gauge", "Commands sent and not yet answered."),
    "novate_engine_silence_seconds": Metric("gauge", "Since the engine was last heard."),
    # all
    "novate_valkey_losses_total": Metric("counter", "Connections to Valkey that were lost."),
    "novate_postgres_losses_total": Metric("counter", "Connections to PostgreSQL lost."),
}


class Histogram:
    """Counts by bucket, since the start and of about the last half minute."""

    __slots__ = ("_marks", "counts", "total_seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_SECONDS) + 1)
        self.total_seconds = 0.0
        self._marks: list[tuple[float, list[int]]] = []

    def observe(self, seconds: float, count: int = 1) -> None:
        self.counts[bisect_left(BUCKETS_SECONDS, seconds)] += count
        self.total_seconds += seconds * count

    def recent(self, now: float) -> list[int]:
        """Counts of the last WINDOW_SECONDS to twice as long; to be asked once a second."""
        if not self._marks or now - self._marks[-1][0] >= WINDOW_SECONDS:
            self._marks = [*self._marks[-1:], (now, list(self.counts))]
        before = self._marks[0][1] if len(self._marks) > 1 else [0] * len(self.counts)
        return [count - then for count, then in zip(self.counts, before, strict=True)]


class Row(msgspec.Struct):
    """What one process says of itself: name → label (or "") → number."""

    process: str
    instance: str
    at: float
    numbers: dict[str, dict[str, float]]
    histograms: dict[str, dict[str, list[float]]]  # counts by bucket, then the sum of seconds
    recent: dict[str, dict[str, list[int]]]
    rates: dict[str, float]  # of the counters a second, over the last half minute or so


class Meter:
    """The numbers of this process."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.instance = f"{socket.gethostname()}:{os.getpid()}"
        self._numbers: dict[str, dict[str, float]] = {}
        self._histograms: dict[str, dict[str, Histogram]] = {}
        self._published_at = 0.0
        self._marks: list[tuple[float, dict[str, float]]] = []

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter."""
        numbers = self._numbers.get(name) or self._known(name)
        numbers[label] = numbers.get(label, 0) + by

    def gauge(self, name: str, value: float, label: str = "") -> None:
        """Set a gauge, or a counter that is kept elsewhere."""
        (self._numbers.get(name) or self._known(name))[label] = value

    def observe(self, name: str, label: str, seconds: float, count: int = 1) -> None:
        """Add `count` observations of one length to a histogram."""
        histograms = self._histograms.setdefault(name, {})
        if (histogram := histograms.get(label)) is None:
            assert METRICS[name].kind == "histogram", name
            histogram = histograms[label] = Histogram()
        histogram.observe(max(0.0, seconds), count)

    def is_due(self) -> bool:
        """Whether the row should be published now; once a second it says so, once."""
        now = time.monotonic()
        if now - self._published_at < PUBLISH_SECONDS:
            return False
        self._published_at = now
        return True

    def row(self) -> Row:
        """The numbers as they are."""
        now = time.monotonic()
        return Row(
            self.process,
            self.instance,
            time.time(),
            self._numbers,
            {
                name: {label: [*h.counts, h.total_seconds] for label, h in labels.items()}
                for name, labels in self._histograms.items()
            },
            {
                name: {label: h.recent(now) for label, h in labels.items()}
                for name, labels in self._histograms.items()
            },
            self._rates(now),
        )

    def command(self) -> tuple[Any, ...]:
        """The command for Valkey that publishes the row."""
        field = f"{self.process}@{self.instance}"
        return ("HSET", METRICS_KEY, field, msgspec.json.encode(self.row()))

    def _rates(self, now: float) -> dict[str, float]:
        totals = {
            name: sum(labels.values())
            for name, labels in self._numbers.items()
            if METRICS[name].kind == "counter"
        }
        if not self._marks or now - self._marks[-1][0] >= WINDOW_SECONDS:
            self._marks = [*self._marks[-1:], (now, totals)]
        then, before = self._marks[0]
        seconds = max(now - then, PUBLISH_SECONDS)
        return {name: (total - before.get(name, 0)) / seconds for name, total in totals.items()}

    def _known(self, name: str) -> dict[str, float]:
        assert METRICS[name].kind != "histogram", name
        return self._numbers.setdefault(name, {})


def read_rows(hash_fields: Mapping[Any, Any], now: float) -> tuple[list[Row], list[bytes]]:
    """The rows of living processes in a steady order, and the fields to forget (METR-002).

    hash_fields : what HGETALL of METRICS_KEY answers
    """
    rows: list[Row] = []
    forgotten: list[bytes] = []
    for field, raw in sorted(hash_fields.items()):
        try:
            row = msgspec.json.decode(raw, type=Row)
        except msgspec.DecodeError:
            forgotten.append(field)
            continue
        if now - row.at <= STALE_SECONDS:
            rows.append(row)
        elif now - row.at > FORGET_SECONDS:
            forgotten.append(field)
    return rows, forgotten


def quantile(counts: Iterable[int], share: float) -> float | None:
    """The upper bound of the bucket that holds this share; None without observations.

    >>> quantile([0, 9, 1] + [0] * 14, 0.5), quantile([0] * 17, 0.5)
    (0.0001, None)
    """
    listed = list(counts)
    wanted, seen = share * sum(listed), 0
    if not wanted:
        return None
    for bound, count in zip((*BUCKETS_SECONDS, float("inf")), listed, strict=True):
        seen += count
        if seen >= wanted:
            return bound
    return None
