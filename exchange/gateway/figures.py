"""The status page's figures: what the processes measure, or a dash, never a guess."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from exchange.gateway.exposition import newest, number, sum_recent
from exchange.pipeline.metrics import Row, quantile

DASH = "–"


class Figures(NamedTuple):
    """What the processes say of themselves; None: nobody says it."""

    sequence: float | None = None
    commands_per_second: float | None = None
    rejects_per_second: float | None = None
    order_to_ack_p50_seconds: float | None = None  # the upper end of a histogram's bucket
    order_to_ack_p99_seconds: float | None = None
    projector_lag_commands: float | None = None
    projector_lag_seconds: float | None = None
    snapshot_sequence: float | None = None
    snapshot_age_seconds: float | None = None
    state_hash_sequence: float | None = None
    state_hash_age_seconds: float | None = None
    ledger_units: float | None = None
    open_alarms: float | None = None
    sockets: float | None = None

    def as_json(self) -> dict[str, float | None]:
        """For machines; what is beyond the last bucket has no number."""
        beyond = float("inf")
        return {name: None if n == beyond else n for name, n in self._asdict().items()}


def figures_of(rows: list[Row], now: float) -> Figures:
    """The figures that stand in the processes' rows; now: seconds since the epoch."""
    engine, projector = newest(rows, "engine"), newest(rows, "projector")
    gateways = [row for row in rows if row.process in ("web", "fast-lane")]
    total = sum_recent(gateways, "novate_stage_seconds").get("total", [])
    rates = {} if engine is None else engine.rates
    sums = {} if projector is None else projector.numbers.get("novate_ledger_units", {})
    sequence = number(engine, "novate_sequence")
    snapshot_at = number(projector, "novate_snapshot_timestamp_seconds")
    hashed_at = number(engine, "novate_state_hash_timestamp_seconds")
    sockets = [number(row, "novate_sockets") or 0 for row in gateways]
    return Figures(
        sequence=sequence,
        commands_per_second=rates.get("novate_commands_total"),
        rejects_per_second=None if engine is None else rates.get("novate_rejects_total", 0.0),
        order_to_ack_p50_seconds=quantile(total, 0.5),
        order_to_ack_p99_seconds=quantile(total, 0.99),
        projector_lag_commands=_ahead(sequence, number(projector, "novate_sequence")),
        projector_lag_seconds=_ahead(
            number(engine, "novate_engine_time_seconds"),
            number(projector, "novate_projector_time_seconds"),
        ),
        snapshot_sequence=number(projector, "novate_snapshot_sequence"),
        snapshot_age_seconds=_ahead(now, snapshot_at),
        state_hash_sequence=number(engine, "novate_state_hash_sequence"),
        state_hash_age_seconds=_ahead(now, hashed_at),
        ledger_units=max(sums.values(), key=abs, default=None),
        open_alarms=number(newest(rows, "worker"), "novate_open_alarms"),
        sockets=sum(sockets) if gateways else None,
    )


class Stage(NamedTuple):
    """How long a part of an order's way took in the last minute, seconds; None: nobody came."""

    name: str
    words: str
    p50_seconds: float | None
    p99_seconds: float | None


# In the order in which an order comes through.
_STAGES = {
    "decode": "Read, checked and sent by the gateway",
    "bus": "Waited on the bus",
    "journal": "Written to the journal, with its sync to disk",
    "apply": "Decided by the engine",
    "publish": "Told to everybody",
    "engine": "From the gateway to the engine and back",
    "reply": "Answered by the gateway",
    "total": "All of it",
}


def stages_of(rows: list[Row]) -> tuple[Stage, ...]:
    """Latency by stage, over all processes."""
    counts = sum_recent(rows, "novate_stage_seconds")
    return tuple(
        Stage(name, words, *(quantile(counts.get(name, []), share) for share in (0.5, 0.99)))
        for name, words in _STAGES.items()
    )


def stage_rows(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """The same in words, for the page and for machines."""
    return [
        {
            "stage": stage.name,
            "label": stage.words,
            "p50": bound(stage.p50_seconds),
            "p99": bound(stage.p99_seconds),
        }
        for stage in stages
    ]


def status_figures(figures: Figures) -> list[dict[str, Any]]:
    """Label, value and note of each figure, in the order of the page."""
    f = figures
    return [
        _figure("Command", count(f.sequence), f"{rate(f.commands_per_second)} commands/s"),
        _figure(
            "Order to acknowledgement",
            bound(f.order_to_ack_p50_seconds),
            f"half of the last minute's; 99 %: {bound(f.order_to_ack_p99_seconds)}",
        ),
        _figure("Refused", f"{rate(f.rejects_per_second)}/s", "by the engine, half a minute"),
        _figure(
            "Projector behind",
            age(f.projector_lag_seconds),
            f"{count(f.projector_lag_commands)} commands",
        ),
        _figure(
            "Last snapshot",
            age(f.snapshot_age_seconds),
            f"at command {count(f.snapshot_sequence)}",
        ),
        _figure(
            "Last state hash",
            age(f.state_hash_age_seconds),
            f"at command {count(f.state_hash_sequence)}",
        ),
        _figure(
            "Sum of the ledger",
            count(f.ledger_units),
            f"must be 0; open alarms: {count(f.open_alarms)}",
        ),
        _figure("Open websockets", count(f.sockets), "of all gateways"),
    ]


def count(number: float | None) -> str:
    """1234 → "1,234"."""
    return DASH if number is None else f"{int(number):,}".replace("-", "−")


def rate(number: float | None) -> str:
    """1234.56 → "1,235"; 3.14159 → "3.1"."""
    if number is None:
        return DASH
    return f"{number:,.0f}" if number >= 100 else f"{number:,.1f}"


def age(seconds: float | None) -> str:
    """75.3 → "1 min 15 s"."""
    if seconds is None:
        return DASH
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def bound(seconds: float | None) -> str:
    """A bucket's upper end: 0.0025 → "≤ 2.5 ms"."""
    if seconds is None:
        return DASH
    if seconds == float("inf"):
        return "> 5 s"
    return f"≤ {seconds * 1_000:g} ms" if seconds < 1 else f"≤ {seconds:g} s"


def _ahead(later: float | None, earlier: float | None) -> float | None:
    """The rows are up to a second apart, so less than nothing is nothing."""
    return None if later is None or earlier is None else max(0.0, later - earlier)


def _figure(label: str, value: str, note: str) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note}
