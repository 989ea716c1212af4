"""What works beside the engine, killed half way: snapshots, quarantine, migrations."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import psycopg
import pytest
from django.db import connection
from psycopg import sql

from exchange import tasks
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ORDER_ACCEPTED
from exchange.pipeline import journal
from exchange.pipeline.bus import OutcomeUnknown
from exchange.pipeline.quarantine import QuarantineRefused, quarantine
from exchange.pipeline.replica import PoisonCommand, Replica, snapshot_directory
from exchange.pipeline.runner import Runner
from tests.crash.stage import Stage, shortly, wait_for_trading
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.process import database_url
from tests.pipeline.venue import bid

TASK = ("task_caught_up", "snapshot_torn", "snapshot_written", "snapshot_renamed")
QUARANTINE = ("quarantine_proven", "quarantine_journaled")
MIGRATION = 60  # statements of the migrations before the end
FRESH = "test_novate_fresh"
SCHEMA = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY 1, 2
"""


@pytest.mark.parametrize("point", shortly(TASK, "snapshot_torn"))
def test_worker_killed_in_the_snapshot_task_leaves_it_to_the_next(
    stage: Stage, point: str
) -> None:
    with engine_in_thread(), stage.load() as load:
        alice = stage.traders[0]
        cancel = make(CommandKind.CANCEL_ALL, alice, account=alice, contract=-1)
        stage.venue.submit(np.repeat(cancel, tasks.SNAPSHOT_COMMANDS_MIN))
        code = "from exchange.tasks import save_snapshot; save_snapshot()"
        worker = stage.manage("shell", "-c", code, crash_at=point)
        assert worker.wait() == -9, worker.said
        wait_for_trading(load)
        load.finish()
        saved = tasks.save_snapshot()

    assert saved > tasks.SNAPSHOT_COMMANDS_MIN
    assert (snapshot_directory() / f"{saved:020d}.snap").exists()
    stage.prove(load)


@pytest.mark.parametrize("point", QUARANTINE)
def test_quarantine_killed_half_way_is_done_or_not_begun(stage: Stage, point: str) -> None:
    poison = poison_the_book(stage)
    operator = stage.manage("quarantine", str(poison), crash_at=point)
    assert operator.wait() == -9, operator.said

    if point == "quarantine_proven":
        with pytest.raises(PoisonCommand, match=f"Command {poison} broke the engine"):
            Runner.open("unix:///unused?db=0")
        quarantine(poison)

    with pytest.raises(QuarantineRefused, match="is quarantined already"):
        quarantine(poison)
    with engine_in_thread():
        assert stage.venue.open_account() > 0
    with journal.connect() as own:
        assert journal.read_quarantined(own) == {poison}


def test_migration_killed_half_way_is_completed_by_the_next_start(
    stage: Stage, fresh_database: str
) -> None:
    start = stage.manage(
        "verify", crash_at=f"mid_migration:{MIGRATION}", DATABASE_URL=fresh_database
    )
    assert start.wait() == -9, start.said

    last = stage.manage("verify", DATABASE_URL=fresh_database)
    assert last.wait() == 0, last.said

    with psycopg.connect(fresh_database) as migrated, connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        assert migrated.execute(SCHEMA).fetchall() == cursor.fetchall()


@pytest.fixture
def fresh_database(stage: Stage) -> Iterator[str]:
    """An empty database beside the tests' own."""
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(FRESH))
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(FRESH)))
        yield database_url(FRESH)
        server.execute(drop)


def poison_the_book(stage: Stage) -> int:
    """The sequence of a command that trips on a fault, as a bug would leave it."""
    alice = stage.traders[0]
    with engine_in_thread():
        stage.venue.publish_price(60_000)
        placed = stage.venue.accept(bid(alice, 59_000, 3))[0].events.view(ORDER_ACCEPTED)
    with closing(Replica.open()) as replica:
        levels = replica.machine.state.levels
        levels["lots"][levels["price_ticks"] == 590_000] += 1
        replica.save_snapshot()
    cancel = make(CommandKind.CANCEL_ORDER, alice, account=alice, order=int(placed["order"][0]))
    with (
        pytest.raises(PoisonCommand) as raised,
        engine_in_thread(),
        pytest.raises(OutcomeUnknown),
    ):
        stage.venue.bus.submit(cancel, timeout_seconds=2.0)
    return raised.value.sequence
