"""The figures of /status: from the processes' rows to words."""

from typing import Any

import pytest

from exchange.gateway.exposition import Seen, render
from exchange.gateway.figures import (
    Figures,
    age,
    bound,
    count,
    figures_of,
    rate,
    stage_rows,
    stages_of,
)
from exchange.pipeline.metrics import BUCKETS_SECONDS, Row

COUNTS = [0] * (len(BUCKETS_SECONDS) + 1)


def row(process: str, **changes: Any) -> Row:
    fields: dict[str, Any] = {
        "instance": f"{process}:1", "at": 1_000.0, "numbers": {}, "histograms": {},
        "recent": {}, "rates": {},
    }  # fmt: skip
    return Row(process, **(fields | changes))


def stage(label: str, **buckets: int) -> dict[str, dict[str, list[int]]]:
    counts = list(COUNTS)
    for name, number in buckets.items():
        counts[int(name[1:])] = number
    return {"novate_stage_seconds": {label: counts}}


ENGINE = row(
    "engine",
    numbers={
        "novate_sequence": {"": 500.0},
        "novate_engine_time_seconds": {"": 990.0},
        "novate_state_hash_sequence": {"": 300.0},
        "novate_state_hash_timestamp_seconds": {"": 940.0},
        "novate_rejects_total": {"EXPIRED": 3.0, "NO_LIQUIDITY": 4.0},
    },
    rates={"novate_commands_total": 12.5},
)
PROJECTOR = row(
    "projector",
    numbers={
        "novate_sequence": {"": 480.0},
        "novate_projector_time_seconds": {"": 988.5},
        "novate_ledger_units": {"USDC": 0.0},
        "novate_snapshot_sequence": {"": 200.0},
        "novate_snapshot_timestamp_seconds": {"": 875.0},
    },
)
WORKER = row("worker", numbers={"novate_open_alarms": {"": 2.0}})
WEB = row("web", numbers={"novate_sockets": {"": 3.0}}, recent=stage("total", _4=9))
LANE = row("fast-lane", numbers={"novate_sockets": {"": 40.0}}, recent=stage("total", _9=1))


def test_figures_are_those_of_the_rows() -> None:
    found = figures_of([ENGINE, PROJECTOR, WORKER, WEB, LANE], 1_000.0)

    assert found == Figures(
        sequence=500.0,
        commands_per_second=12.5,
        rejects_per_second=0.0,
        order_to_ack_p50_seconds=0.001,
        order_to_ack_p99_seconds=0.05,
        projector_lag_commands=20.0,
        projector_lag_seconds=1.5,
        snapshot_sequence=200.0,
        snapshot_age_seconds=125.0,
        state_hash_sequence=300.0,
        state_hash_age_seconds=60.0,
        ledger_units=0.0,
        open_alarms=2.0,
        sockets=43.0,
    )


def test_of_two_engines_the_one_that_spoke_last_counts() -> None:
    gone = row("engine", at=995.0, numbers={"novate_sequence": {"": 100.0}})

    assert figures_of([ENGINE, gone], 1_000.0).sequence == 500.0


def test_without_rows_nothing_is_claimed() -> None:
    assert figures_of([], 1_000.0) == Figures()


def test_what_is_beyond_the_last_bucket_is_no_number_for_machines() -> None:
    figures = Figures(order_to_ack_p99_seconds=float("inf"), sequence=1.0)

    assert figures.as_json()["order_to_ack_p99_seconds"] is None
    assert figures.as_json()["sequence"] == 1.0


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (count(1_234_567.0), "1,234,567"), (count(-5), "−5"), (count(None), "–"),
        (rate(3.14), "3.1"), (rate(1_234.5), "1,234"), (rate(None), "–"),
        (age(5.04), "5.0 s"), (age(75.3), "1 min 15 s"), (age(7_260), "2 h 1 min"),
        (bound(0.000_25), "≤ 0.25 ms"), (bound(2.5), "≤ 2.5 s"), (bound(float("inf")), "> 5 s"),
    ],
)  # fmt: skip
def test_figures_read_well(made: str, text: str) -> None:
    assert made == text


def test_all_processes_stand_in_one_text() -> None:
    seen = Seen([ENGINE, PROJECTOR, LANE], 7, 0.25)

    text = render(seen, WEB, is_database_up=False).decode()

    lines = text.splitlines()
    assert 'novate_up{server="valkey"} 1.0' in lines
    assert 'novate_up{server="postgresql"} 0.0' in lines
    assert "novate_stream_messages 7.0" in lines
    assert "novate_stream_oldest_seconds 0.25" in lines
    assert "novate_projector_lag_commands 20.0" in lines
    assert "novate_projector_lag_seconds 1.5" in lines
    rejected = 'novate_rejects_total{instance="engine:1",process="engine",reason="EXPIRED"} 3.0'
    assert rejected in lines
    assert 'novate_sockets{instance="web:1",process="web"} 3.0' in lines
    assert 'novate_sockets{instance="fast-lane:1",process="fast-lane"} 40.0' in lines
    assert (
        'novate_ledger_units{asset="USDC",instance="projector:1",process="projector"} 0.0'
        in lines
    )


def test_buckets_add_up_as_prometheus_wants_them() -> None:
    counts = [1, 2, *COUNTS[3:], 4]
    engine = row("engine", histograms={"novate_stage_seconds": {"journal": [*counts, 30.5]}})

    lines = render(Seen([], 0, 0.0), engine, is_database_up=True).decode().splitlines()

    labels = 'instance="engine:1",process="engine",stage="journal"'
    buckets = [line for line in lines if line.startswith("novate_stage_seconds_bucket")]
    assert buckets[0].endswith(" 1.0")
    assert buckets[1].endswith(" 3.0")
    assert 'le="+Inf"' in buckets[-1]
    assert buckets[-1].endswith(" 7.0")
    assert f"novate_stage_seconds_count{{{labels}}} 7.0" in lines
    assert f"novate_stage_seconds_sum{{{labels}}} 30.5" in lines


def test_without_valkey_the_own_process_is_told() -> None:
    lines = render(Seen(None, 0, 0.0), WEB, is_database_up=True).decode().splitlines()

    assert 'novate_up{server="valkey"} 0.0' in lines
    assert 'novate_sockets{instance="web:1",process="web"} 3.0' in lines
    assert not any(line.startswith("novate_stream") for line in lines)


def test_latency_by_stage_is_that_of_all_processes_in_the_order_of_an_orders_way() -> None:
    journal = row("engine", recent=stage("journal", _6=99))

    rows = stage_rows(stages_of([journal, WEB, LANE]))

    assert [one["stage"] for one in rows] == [
        *("decode", "bus", "journal", "apply", "publish", "engine", "reply", "total")
    ]
    assert (rows[2]["p50"], rows[2]["p99"]) == ("≤ 5 ms", "≤ 5 ms")
    assert (rows[7]["p50"], rows[7]["p99"]) == ("≤ 1 ms", "≤ 50 ms")
    assert (rows[0]["p50"], rows[0]["p99"]) == ("–", "–")
