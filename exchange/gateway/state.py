"""How the venue's parts are, as this process sees them: for /status and public/status.

STATUS-001  a part that cannot be asked is "unknown" or "down"; asking never raises.
"""

import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import psycopg
import redis
from django.db import DatabaseError
from redis.backoff import NoBackoff
from redis.retry import Retry

from exchange import selectors
from exchange.engine import units
from exchange.engine.commands import unpack_name
from exchange.engine.state import UNDERLYING
from exchange.gateway.exposition import number
from exchange.gateway.figures import Figures, Stage, figures_of, stages_of
from exchange.gateway.listings import Row, row_of
from exchange.gateway.services import Gateway
from exchange.models import Maintenance
from exchange.models.journal import JournalBatch
from exchange.pipeline.bus import SILENCE_SECONDS_MAX, STREAM
from exchange.pipeline.halts import Halt, halts
from exchange.pipeline.metrics import METRICS_KEY, read_rows
from exchange.pipeline.metrics import Row as MetricsRow
from exchange.pipeline.servers import redis_url
from exchange.pipeline.views import UNDERLYINGS_KEY

PROJECTOR_LAG_SECONDS_MAX = 5.0
ORACLE_AGE_SECONDS_MAX = 10.0
WORKER_AGE_SECONDS_MAX = 20.0
TIMEOUT_SECONDS = 1.0
NS = 1_000_000_000

Health = Literal["ok", "late", "down", "unknown"]


class Component(TypedDict):
    """One part of the venue."""

    name: str
    health: Health
    detail: str


class Look(NamedTuple):
    """The whole venue at one moment."""

    components: list[Component]
    figures: Figures
    halts: list[Halt]
    stages: tuple[Stage, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()


class _Head(NamedTuple):
    sequence: int
    time_ns: int


def _version() -> str:
    try:
        return version("novate")
    except PackageNotFoundError:
        return "unknown"


VERSION = _version()


def is_locked(gateway: Gateway) -> bool:
    """Whether trading stands still: the engine has not been heard for a while."""
    silence = gateway.bus.silence_seconds
    return silence is not None and silence > SILENCE_SECONDS_MAX


def look() -> Look:
    """Every part of the venue and what it measures. Blocks, for about a second at most."""
    now_ns = time.time_ns()
    journal_parts = _journal_parts(now_ns)
    bus_parts, rows = _bus_parts(now_ns)
    parts = [*journal_parts, *bus_parts]
    figures = figures_of(rows, now_ns / NS)
    return Look(parts, figures, _halts(), stages_of(rows), _maintenance(now_ns))


def _halts() -> list[Halt]:
    try:
        return halts()
    except (DatabaseError, psycopg.Error):
        return []  # The database's own row says that it does not answer.


def _maintenance(now_ns: int) -> tuple[Maintenance, ...]:
    try:
        now = datetime.fromtimestamp(now_ns / NS, UTC)
        return tuple(selectors.planned_maintenance(now))
    except DatabaseError:
        return ()


def _journal_parts(now_ns: int) -> list[Component]:
    try:
        head = _journal_head()
        projected = selectors.projected_head()
    except DatabaseError:
        return [
            _part("Database", "down", "PostgreSQL does not answer"),
            _part("Engine", "unknown", "The journal cannot be read"),
            _part("Projector", "unknown", "The projections cannot be read"),
        ]
    behind = head.sequence - projected.sequence
    lag = max(0, head.time_ns - projected.time_ns) / NS if behind else 0.0
    return [
        _part("Database", "ok", "PostgreSQL answers"),
        _engine(head, now_ns),
        _part(
            "Projector",
            "late" if lag > PROJECTOR_LAG_SECONDS_MAX else "ok",
            f"{behind} command{'' if behind == 1 else 's'}, {lag:.1f} s behind the journal",
        ),
    ]


def _engine(head: _Head, now_ns: int) -> Component:
    # The engine journals a tick each second: its silence is the age of the journal.
    age = max(0, now_ns - head.time_ns) / NS
    if not head.sequence:
        return _part("Engine", "down", "The journal is empty")
    if age > SILENCE_SECONDS_MAX:
        return _part("Engine", "down", f"Silent for {age:.0f} s, at command {head.sequence}")
    return _part("Engine", "ok", f"At command {head.sequence}, {age:.1f} s ago")


def _bus_parts(now_ns: int) -> tuple[list[Component], list[MetricsRow]]:
    client = redis.Redis.from_url(
        redis_url(),
        retry=Retry(NoBackoff(), 0),
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        protocol=2,
    )
    try:
        waiting = client.xlen(STREAM)
        raw = client.get(UNDERLYINGS_KEY)
        metrics, _ = read_rows(client.hgetall(METRICS_KEY), now_ns / NS)
    except redis.RedisError:
        return [
            _part("Bus", "down", "Valkey does not answer"),
            _part("Worker", "unknown", "It cannot be heard"),
            _part("Oracle", "unknown", "Prices cannot be read"),
        ], []
    finally:
        client.close()
    rows = np.frombuffer(raw, UNDERLYING) if isinstance(raw, bytes) else np.zeros(0, UNDERLYING)
    prices = [_oracle(row_of(record), now_ns) for record in rows if record["listed"]]
    return [
        _part("Bus", "ok", f"Valkey answers, {waiting} messages held"),
        _worker(metrics, now_ns / NS),
        *(prices or [_part("Oracle", "unknown", "Nothing is listed yet")]),
    ], metrics


def _worker(rows: list[MetricsRow], now: float) -> Component:
    # Candles are rolled up every five seconds: their age is how long no task was done.
    name = "novate_task_success_timestamp_seconds"
    done = [number(row, name, "candles") for row in rows if row.process == "worker"]
    at = max((moment for moment in done if moment is not None), default=None)
    if at is None:
        return _part("Worker", "late", "No worker has been heard lately")
    age = max(0.0, now - at)
    health: Health = "late" if age > WORKER_AGE_SECONDS_MAX else "ok"
    return _part("Worker", health, f"Did its last task {age:.0f} s ago")


def _oracle(row: Row, now_ns: int) -> Component:
    name = f"Oracle {unpack_name([row['name_0'], row['name_1']])}"
    if not row["index_e8"]:
        return _part(name, "down", "No price yet")
    age = (now_ns - row["index_ns"]) / NS
    if row["status"] != units.ORACLE_VALID:
        return _part(name, "late", f"The sources do not agree; {row['fresh']} report")
    health: Health = "late" if age > ORACLE_AGE_SECONDS_MAX else "ok"
    return _part(name, health, f"{row['inliers']} sources agree, {age:.1f} s old")


def _journal_head() -> _Head:
    rows = JournalBatch.objects.order_by("-first_sequence")
    row = rows.values_list("first_sequence", "count", "time_ns").first()
    return _Head(0, 0) if row is None else _Head(row[0] + row[1] - 1, row[2])


def _part(name: str, health: Health, detail: str) -> Component:
    return {"name": name, "health": health, "detail": detail}
