"""All processes' rows → Prometheus' text, and the few figures that /status shows of them.

EXPO-001  any gateway renders the whole venue: Prometheus scrapes one address, not each host.
EXPO-002  without Valkey it renders its own process, and novate_up says what is missing.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from exchange.gateway.services import Gateway
from exchange.pipeline.bus import STREAM
from exchange.pipeline.metrics import BUCKETS_SECONDS, METRICS, METRICS_KEY, Row, read_rows

_OWN_LABELS = ("process", "instance")


class Seen(NamedTuple):
    """What Valkey holds of everybody; rows None: it does not answer."""

    rows: list[Row] | None
    stream_messages: int
    stream_oldest_seconds: float


async def look(gateway: Gateway) -> Seen:
    """The rows of all living processes, and how far the engine is behind its stream."""
    now = time.time()
    try:
        rows, forgotten = read_rows(await gateway.redis.hgetall(METRICS_KEY), now)
        if forgotten:
            await gateway.redis.hdel(METRICS_KEY, *forgotten)
        waiting = await gateway.redis.xlen(STREAM)
        oldest = await gateway.redis.xrange(STREAM, count=1)
    except RedisError:
        return Seen(None, 0, 0.0)
    return Seen(rows, waiting, _age(oldest[0][0], now) if oldest else 0.0)


def _age(stream_id: Any, now: float) -> float:
    return max(0.0, now - int(stream_id.partition(b"-")[0]) / 1_000)


def render(seen: Seen, own: Row | None, *, is_database_up: bool) -> bytes:
    """Prometheus' text format, version 0.0.4. own: None while this gateway cannot start."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Venue(seen, own, is_database_up))
    return generate_latest(registry)


class _Venue(Collector):
    def __init__(self, seen: Seen, own: Row | None, is_database_up: bool) -> None:
        self._seen = seen
        self._own = own
        self._is_database_up = is_database_up

    def collect(self) -> Iterator[Metric]:
        rows = self._with_own()
        yield from self._servers()
        for name, metric in METRICS.items():
            labels = [*_OWN_LABELS, *([metric.label] if metric.label else [])]
            if metric.kind == "histogram":
                yield from _histogram(name, labels, rows)
                continue
            family = (
                CounterMetricFamily(name, metric.help, labels=labels)
                if metric.kind == "counter"
                else GaugeMetricFamily(name, metric.help, labels=labels)
            )
            for row in rows:
                for label, number in sorted(row.numbers.get(name, {}).items()):
                    family.add_metric(_values(row, metric.label, label), number)
            if family.samples:
                yield family
        yield from _lag(rows)

    def _with_own(self) -> list[Row]:
        own, rows = self._own, self._seen.rows or []
        if own is None:
            return rows
        return [*(row for row in rows if row.instance != own.instance), own]

    def _servers(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("novate_up", "1: this gateway reaches it.", labels=["server"])
        up.add_metric(["valkey"], int(self._seen.rows is not None))
        up.add_metric(["postgresql"], int(self._is_database_up))
        yield up
        if self._seen.rows is None:
            return
        yield GaugeMetricFamily(
            "novate_stream_messages",
            "Messages that the engine has not answered yet.",
            value=self._seen.stream_messages,
        )
        yield GaugeMetricFamily(
            "novate_stream_oldest_seconds",
            "How long the oldest of them has waited.",
            value=self._seen.stream_oldest_seconds,
        )


def newest(rows: Iterable[Row], process: str) -> Row | None:
    """The row of the process of that name that spoke last."""
    found = [row for row in rows if row.process == process]
    return max(found, key=lambda row: row.at, default=None)


def number(row: Row | None, name: str, label: str = "") -> float | None:
    """One number of a row; None if it is not there."""
    return None if row is None else row.numbers.get(name, {}).get(label)


def _lag(rows: list[Row]) -> Iterator[Metric]:
    engine, projector = newest(rows, "engine"), newest(rows, "projector")
    applied, projected = number(engine, "novate_sequence"), number(projector, "novate_sequence")
    at = number(engine, "novate_engine_time_seconds")
    projected_at = number(projector, "novate_projector_time_seconds")
    if None in (applied, projected, at, projected_at):
        return
    assert applied is not None
    assert projected is not None
    assert at is not None
    assert projected_at is not None
    # The rows are a second apart at most: less than nothing is nothing.
    yield GaugeMetricFamily(
        "novate_projector_lag_commands",
        "Commands applied and not projected yet.",
        value=max(0.0, applied - projected),
    )
    yield GaugeMetricFamily(
        "novate_projector_lag_seconds",
        "Engine time between the two.",
        value=max(0.0, at - projected_at),
    )


def _histogram(name: str, labels: list[str], rows: list[Row]) -> Iterator[Metric]:
    family = HistogramMetricFamily(name, METRICS[name].help, labels=labels)
    bounds = [*(str(bound) for bound in BUCKETS_SECONDS), "+Inf"]
    for row in rows:
        for label, values in sorted(row.histograms.get(name, {}).items()):
            total, buckets = 0.0, []
            for bound, count in zip(bounds, values[:-1], strict=True):
                total += count
                buckets.append((bound, total))
            family.add_metric(_values(row, "stage", label), buckets, values[-1])
    if family.samples:
        yield family


def _values(row: Row, name: str, label: str) -> list[str]:
    return [row.process, row.instance, *([label] if name else [])]


def sum_recent(rows: Iterable[Row], name: str) -> dict[str, list[int]]:
    """The last minute's counts of a histogram by label, over all processes."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    for row in rows:
        for label, counts in row.recent.get(name, {}).items():
            sums[label] = [a + b for a, b in zip(sums[label], counts, strict=True)]
    return dict(sums)
