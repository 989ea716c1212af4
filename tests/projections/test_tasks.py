"""The Celery tasks, called as a worker calls them, on a venue with a real engine."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from exchange import tasks
from exchange.celery import app
from exchange.models import Alarm, MarginSweep
from exchange.pipeline.at_hand import engine_at_hand
from exchange.pipeline.metrics import METRICS_KEY, read_rows
from exchange.pipeline.projections import journal_head
from exchange.pipeline.provision import provision_account
from exchange.pipeline.replica import snapshot_directory
from exchange.pipeline.servers import redis_url
from exchange.tasks.locks import exclusive


@pytest.fixture
def venue(no_venue: None) -> Iterator[None]:
    """The launch contracts and two funded traders; the engine runs."""
    with engine_at_hand(redis_url()):
        call_command("seed_demo", "--listings-only")
        for name in ("alice", "bob"):
            provision_account(None, name, 1_000)
        yield


def test_beat_schedule_names_tasks_that_exist_and_expire() -> None:
    app.loader.import_default_modules()

    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["expires"] <= max(entry["schedule"], 30)
        assert app.tasks[entry["task"]].time_limit


@pytest.mark.slow
@pytest.mark.usefixtures("venue")
def test_margin_sweep_shard_looks_at_a_named_sequence() -> None:
    sequence = journal_head()

    answer = tasks.margin_sweep_shard(sequence, 16, 18)

    assert answer["sequence"] >= sequence
    sweep = MarginSweep.objects.get()
    assert (sweep.accounts, int(sweep.equity_units), sweep.disagreements) == (2, 2_000, 0)
    assert not Alarm.objects.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("venue")
def test_every_run_is_told_with_its_success_or_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks.roll_up_candles()
    with monkeypatch.context() as broken:
        broken.setattr("exchange.pipeline.replica.snapshot_directory", None)
        tasks.forget_replica()
        with pytest.raises(TypeError):
            tasks.save_snapshot()

    with closing(redis.Redis.from_url(redis_url())) as valkey:
        rows, _ = read_rows(valkey.hgetall(METRICS_KEY), time.time())
    (numbers,) = [row.numbers for row in rows if row.process == "worker"]
    assert numbers["novate_task_success_timestamp_seconds"]["candles"] > time.time() - 60
    assert numbers["novate_task_failures_total"] == {"snapshot": 1}
    assert set(numbers["novate_task_seconds"]) >= {"candles", "snapshot"}


@pytest.mark.slow
@pytest.mark.usefixtures("venue")
def test_variation_of_contracts_without_a_mark_is_refused_quietly() -> None:
    assert tasks.settle_variation() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("venue")
def test_snapshot_is_saved_once_enough_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tasks.save_snapshot() == 0
    monkeypatch.setattr(tasks, "SNAPSHOT_COMMANDS_MIN", 1)

    sequence = tasks.save_snapshot()

    assert sequence > 0
    assert (snapshot_directory() / f"{sequence:020d}.snap").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("venue")
def test_task_that_cannot_follow_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = tasks.replica_at(journal_head())
    replica.close()
    provision_account(None, "carol", 1)

    with pytest.raises(Exception, match="closed"):
        tasks.replica_at(journal_head())

    assert tasks.replica_at(journal_head()) is not replica


@pytest.mark.django_db(transaction=True)
def test_lock_admits_one_worker_at_a_time() -> None:
    seen: list[bool] = []

    def rival() -> None:
        with exclusive("candles") as is_ours:
            seen.append(is_ours)
        with exclusive("another") as is_ours:
            seen.append(is_ours)
        connection.close()

    with exclusive("candles") as is_ours:
        assert is_ours
        worker = threading.Thread(target=rival)
        worker.start()
        worker.join()

    assert seen == [False, True]
    with exclusive("candles") as is_ours:
        assert is_ours
