"""A rebuild over many transactions: interrupted, gone on with, shared with a projector."""

import signal
from contextlib import closing
from functools import partial
from threading import Thread
from typing import Any

import pytest
import redis
from django.db import connection

from exchange.models import ProjectionHead
from exchange.pipeline import journal
from exchange.pipeline.at_hand import project_now
from exchange.pipeline.bus import PROJECTED_CHANNEL
from exchange.pipeline.projections import (
    Projector,
    RebuildUnderWay,
    follow,
    journal_head,
    rebuild,
)
from exchange.pipeline.servers import redis_url
from tests.benchmarks import long_journal
from tests.pipeline.engine import wait_until
from tests.pipeline.process import VenueProcess
from tests.projections.test_projector import everything

COMMANDS = 6_000
ACCOUNTS = 100
FOLD_EVENTS = 1_000  # so that a small journal makes many transactions

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_venue")]


class CutOff(Exception):
    pass


@pytest.fixture
def projected() -> dict[str, list[dict[str, Any]]]:
    """A journal of some thousand commands, and every row that it makes."""
    for _ in long_journal.write(COMMANDS, accounts=ACCOUNTS):
        pass
    assert project_now() == journal_head()
    return everything()


def rebuild_until(share: float) -> int:
    """A rebuild that ends half way, as by Ctrl-C; where the tables then stand."""

    def cut(done: int, total: int) -> None:
        if done > share * total:
            raise CutOff

    with pytest.raises(CutOff):
        rebuild(cut, fold_events_max=FOLD_EVENTS)
    return ProjectionHead.objects.get().sequence


def test_rebuild_in_many_transactions_gives_the_same_rows(projected: dict[str, Any]) -> None:
    told: list[tuple[int, int]] = []

    sequence = rebuild(lambda *at: told.append(at), fold_events_max=FOLD_EVENTS)

    assert sequence == journal_head()
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == (sequence, sequence)
    assert everything() == projected


def test_rebuild_cut_off_is_repaired_by_the_next_one_and_by_one_that_resumes(
    projected: dict[str, Any],
) -> None:
    stand = rebuild_until(0.5)
    assert 0 < stand < journal_head()
    assert everything() != projected

    told: list[int] = []
    rebuild(lambda done, _: told.append(done), resume=True, fold_events_max=FOLD_EVENTS)

    assert told[0] > stand
    assert everything() == projected
    rebuild_until(0.3)
    rebuild()
    assert everything() == projected


def test_rebuild_cut_off_is_finished_by_the_projector(projected: dict[str, Any]) -> None:
    rebuild_until(0.4)

    follow(redis_url(), iter([False, False, False, True, True, True]).__next__)

    assert Projector().sequence == journal_head()
    assert everything() == projected


def test_second_rebuild_is_refused_and_a_projector_waits_for_the_end(
    projected: dict[str, Any],
) -> None:
    head = journal_head()
    ended = False

    def keep_following() -> None:
        try:
            follow(redis_url(), lambda: ended)
        finally:
            connection.close()  # this thread's own

    projector = Thread(target=keep_following)
    seen: list[int] = []

    def meddle(done: int, _total: int) -> None:
        if not seen:
            with pytest.raises(RebuildUnderWay, match="rebuilds the projections already"):
                rebuild()
            projector.start()
        # Nobody but the rebuild moves the head meanwhile.
        seen.append(ProjectionHead.objects.get().sequence)
        assert seen[-1] == done

    try:
        rebuild(meddle, fold_events_max=FOLD_EVENTS)
    finally:
        ended = True
        projector.join()

    assert seen[-1] == head
    assert everything() == projected


def test_rebuild_says_where_it_stands_so_that_histories_can_wait(
    projected: dict[str, Any],
) -> None:
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        heard = valkey.pubsub()  # type: ignore[no-untyped-call]  # redis-py is half typed.
        heard.subscribe(PROJECTED_CHANNEL)
        heard.get_message(timeout=5.0)

        rebuild(fold_events_max=FOLD_EVENTS)

        heads = []
        while (message := heard.get_message(timeout=1.0)) is not None:
            heads.append(int(message["data"]))
        heard.close()
    assert heads[0] == 0
    assert heads == sorted(heads)
    assert heads[-1] == journal_head()


def test_command_interrupted_says_where_the_tables_stand(projected: dict[str, Any]) -> None:
    with closing(journal.connect()) as reader, reader.transaction():
        reader.execute("SELECT FROM exchange_fill LIMIT 1")  # Who empties it has to wait.
        command = VenueProcess("manage.py", "replay", "--rebuild", is_forked=True)
        try:
            wait_until(partial(waits_for, reader, "exchange_fill"), 60.0)
            command.send(signal.SIGINT)
            assert command.wait() == 130, command.said
            said = command.said
        finally:
            command.close()

    words = (
        f"Interrupted: the projections stand at sequence {journal_head()}, whole up to there"
    )
    assert words in said
    assert everything() == projected


def waits_for(session: journal.Connection, table: str) -> bool:
    """Whether somebody wants more of a table than readers leave."""
    row = session.execute(
        "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", (table,)
    ).fetchone()
    return row is not None and row[0] > 0
