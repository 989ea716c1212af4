"""What a process counts of itself, and how it reaches whoever asks (exchange/pipeline)."""

import time

import msgspec
import numpy as np
import pytest

from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.pipeline import metrics
from exchange.pipeline.codec import RESULT, Batch
from exchange.pipeline.metrics import (
    BUCKETS_SECONDS,
    METRICS_KEY,
    Histogram,
    Meter,
    quantile,
    read_rows,
)
from exchange.pipeline.runner import NO_EVENTS
from exchange.pipeline.vitals import Vitals
from tests.pipeline.conftest import Valkey
from tests.pipeline.engine import wait_until
from tests.pipeline.venue import Venue, bid


def test_observation_falls_into_the_first_bucket_that_holds_it() -> None:
    histogram = Histogram()

    histogram.observe(0.000_05)
    histogram.observe(0.000_051)
    histogram.observe(9.0, 3)

    assert histogram.counts[:2] == [1, 1]
    assert histogram.counts[-1] == 3
    assert histogram.total_seconds == pytest.approx(27.000_101)


def test_window_forgets_what_is_older_than_two_of_its_lengths() -> None:
    histogram = Histogram()
    histogram.observe(1.0, 5)
    assert sum(histogram.recent(0.0)) == 5
    histogram.observe(1.0, 2)

    assert sum(histogram.recent(30.0)) == 2
    assert sum(histogram.recent(60.0)) == 0
    assert sum(histogram.counts) == 7


@pytest.mark.parametrize(
    ("share", "bound"), [(0.0, None), (0.5, 0.000_1), (0.9, 0.000_1), (0.91, 5.0), (1.0, 5.0)]
)
def test_quantile_is_the_upper_end_of_its_bucket(share: float, bound: float | None) -> None:
    counts = [0] * (len(BUCKETS_SECONDS) + 1)
    counts[1], counts[len(BUCKETS_SECONDS) - 1] = 9, 1

    assert quantile(counts, share) == bound


def test_quantile_beyond_the_last_bucket_has_no_end() -> None:
    assert quantile([0] * len(BUCKETS_SECONDS) + [1], 0.5) == float("inf")


def test_row_travels_as_it_is_and_old_ones_are_not_shown() -> None:
    meter = Meter("engine")
    meter.count("novate_commands_total", "TICK", 7)
    meter.observe("novate_stage_seconds", "journal", 0.002, 4)
    _, key, field, raw = meter.command()
    row = msgspec.json.decode(raw, type=metrics.Row)

    assert key == METRICS_KEY
    assert field == f"engine@{meter.instance}"
    assert row.numbers["novate_commands_total"] == {"TICK": 7}
    assert row.histograms["novate_stage_seconds"]["journal"][5] == 4
    held = {field.encode(): raw, b"torn@host:1": b"{"}
    assert read_rows(held, row.at + 10.0) == ([row], [b"torn@host:1"])
    assert read_rows(held, row.at + 10.1) == ([], [b"torn@host:1"])
    assert read_rows(held, row.at + 3_601) == ([], [field.encode(), b"torn@host:1"])


def test_what_is_not_in_the_table_is_not_counted() -> None:
    meter = Meter("engine")

    with pytest.raises(KeyError):
        meter.count("novate_secrets_total")
    with pytest.raises(AssertionError):
        meter.count("novate_stage_seconds")
    with pytest.raises(AssertionError):
        meter.observe("novate_sequence", "", 1.0)


def test_row_is_due_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Meter("engine")

    due = []
    for now[0] in (100.0, 100.5, 101.0, 101.9, 102.1):
        due.append(meter.is_due())

    assert due == [True, False, True, False, True]


def test_rate_is_that_of_the_last_window(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Meter("engine")
    meter.count("novate_rejects_total", "EXPIRED", 1_000)
    meter.row()

    now[0] = 110.0
    meter.count("novate_rejects_total", "EXPIRED", 20)
    meter.count("novate_rejects_total", "NO_LIQUIDITY", 30)

    assert meter.row().rates == {"novate_rejects_total": 5.0}


def batch_of(*results: tuple[int, int]) -> Batch:
    rows = np.zeros(len(results), RESULT)
    rows["kind"], rows["reason"] = zip(*results, strict=True)
    return Batch(1, len(results), 5 * 10**9, 1, rows, NO_EVENTS)


def test_engine_counts_a_batch_by_kind_and_by_reason() -> None:
    vitals = Vitals()
    place, tick = int(CommandKind.PLACE_ORDER), int(CommandKind.TICK)

    vitals.answered(
        batch_of(
            (tick, 0), (place, 0), (place, RejectReason.EXPIRED), (-1, 100), (10**18, 100)
        ),
        0.001,
        0.002,
    )
    vitals.refused(batch_of((0, RejectReason.MALFORMED)))
    vitals.commands()

    numbers = vitals.meter.row().numbers
    assert numbers["novate_commands_total"] == {"TICK": 1, "PLACE_ORDER": 2, "UNKNOWN": 2}
    assert numbers["novate_rejects_total"] == {
        "UNKNOWN_COMMAND": 2,
        "EXPIRED": 1,
        "MALFORMED": 1,
    }
    assert numbers["novate_sequence"] == {"": 5}


def test_running_engine_publishes_its_row(engine: object, valkey: Valkey, venue: Venue) -> None:
    venue.open()
    alice = venue.trader()
    venue.accept(bid(alice, 59_000, 3))
    venue.submit(bid(alice, 59_000, 0))

    def seen() -> bool:
        rows, _ = read_rows(valkey.hgetall(METRICS_KEY), time.time())
        return bool(rows) and rows[0].numbers.get("novate_rejects_total") == {
            "INVALID_QUANTITY": 1
        }

    wait_until(seen)
    (row,), _ = read_rows(valkey.hgetall(METRICS_KEY), time.time())
    stages = row.histograms["novate_stage_seconds"]
    assert row.process == "engine"
    assert row.numbers["novate_commands_total"]["PLACE_ORDER"] == 2
    assert set(stages) == {"bus", "journal", "apply", "publish"}
    answered = sum(row.numbers["novate_commands_total"].values())
    assert sum(stages["publish"][:-1]) == answered
    assert row.numbers["novate_postgres_losses_total"] == {"": 0}
    assert row.numbers["novate_state_hash_sequence"][""] >= 0
