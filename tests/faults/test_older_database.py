"""A database replaced by an older copy is refused, and what is lost is told beforehand."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from exchange.pipeline import journal
from tests.crash.stage import Stage
from tests.pipeline.process import database_url

COPY = "test_novate_copy"


@pytest.fixture
def copy_database(stage: Stage) -> "Iterator[Any]":
    """Copies the venue's database as it stands; nobody may be connected to it meanwhile."""
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(COPY))

        def copy() -> str:
            name = connection.get_connection_params()["dbname"]
            connection.close()
            server.execute(drop)
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(COPY), sql.Identifier(name)
                )
            )
            return database_url(COPY)

        yield copy
        server.execute(drop)


def test_older_copy_is_refused_and_accepted_only_by_its_own_sequence(
    stage: Stage, copy_database: Any
) -> None:
    alice, _, carol = stage.traders
    older = copy_database()
    with journal.connect() as own:
        head = journal.read_head(own).sequence
    engine = stage.engine().wait_live()
    for trader in (alice, carol):
        stage.venue.accept(stage.venue.deposit(trader))
    engine.kill()
    with journal.connect() as own:
        last = journal.read_head(own).sequence

    refused = stage.engine(DATABASE_URL=older)
    assert refused.wait() == 1
    assert f"Commands up to {last} were acknowledged" in refused.said
    told = [
        f"Lost: sequences {head + 1:,} to {last:,}, {last - head:,} commands",
        f"Accounts whose last view is not what this journal gives: {alice}, {carol}.",
    ]
    assert all(line in refused.said for line in told), refused.said

    other = stage.engine(options=["--accept-loss-after", str(head - 1)], DATABASE_URL=older)
    assert other.wait() == 1
    assert f"ends at {head}, not at {head - 1}" in other.said

    accepted = stage.engine(options=["--accept-loss-after", str(head)], DATABASE_URL=older)
    accepted.wait_live()
    assert all(line in accepted.said for line in told), accepted.said
    stage.venue.open_account()
    assert accepted.terminate() == 0


@pytest.mark.nightly
def test_the_lost_state_is_named_when_a_snapshot_of_it_is_left(
    stage: Stage, copy_database: Any
) -> None:
    older = copy_database()
    engine = stage.engine().wait_live()
    stage.venue.open_account()
    assert engine.terminate() == 0
    with journal.connect() as own:
        last = journal.read_head(own).sequence

    refused = stage.engine(DATABASE_URL=older)

    assert refused.wait() == 1
    assert f"The lost state after sequence {last:,} is kept in " in refused.said


@pytest.mark.nightly
def test_journal_cut_at_its_end_is_refused(stage: Stage) -> None:
    engine = stage.engine().wait_live()
    for _ in range(3):
        stage.venue.open_account()
    engine.kill()
    with journal.connect() as own:
        last = own.execute(
            "DELETE FROM exchange_journalbatch WHERE first_sequence >= "
            "(SELECT max(first_sequence) FROM exchange_journalbatch) RETURNING first_sequence"
        ).fetchone()
    assert last is not None

    refused = stage.engine()
    assert refused.wait() == 1
    assert f"--accept-loss-after {last[0] - 1}" in refused.said

    accepted = stage.engine(options=["--accept-loss-after", str(last[0] - 1)]).wait_live()
    stage.venue.open_account()
    assert accepted.terminate() == 0
