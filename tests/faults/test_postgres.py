"""PostgreSQL restarted, cut, slow, full or read-only: what is told to clients stays true."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from exchange.engine.commands import CommandKind, make
from exchange.engine.units import OPERATOR
from exchange.pipeline import journal
from exchange.pipeline.bus import OutcomeUnknown
from exchange.pipeline.journal import Draft, JournalWriter, Row
from exchange.pipeline.servers.home import server_place
from exchange.pipeline.servers.postgres import Postgres
from tests.crash.stage import Stage, cut_the_engine_off, wait_for_trading, writer_session
from tests.faults.proxy import FaultProxy
from tests.faults.strace import injected
from tests.pipeline.process import database_url

FSYNC_SECONDS = 0.4


def draft(first: int) -> Draft:
    command = make(CommandKind.TICK, OPERATOR)
    command["sequence"] = command["time_ns"] = first
    return Draft(first, first, command.tobytes(), b"", 77, "1-0")


def rows() -> list[Row]:
    with journal.connect() as own:
        return list(journal.read_rows(own, journal.GENESIS))


@pytest.fixture
def proxy(no_venue: None) -> Iterator[FaultProxy]:
    with FaultProxy.before_postgres() as proxy:
        yield proxy


# --- the connection ---------------------------------------------------------------------------
@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_row_cut_on_its_way_is_written_once(
    open_writer: Callable[..., JournalWriter], proxy: FaultProxy, part: float
) -> None:
    writer = open_writer(reconnect=proxy.connect)
    for first in (1, 2):
        before = proxy.requests
        writer.append(draft(first))
    size = proxy.requests - before
    proxy.cut_request_after(int(part * size))

    writer.append(draft(3))

    assert proxy.cuts == 1
    assert [row.first_sequence for row in rows()] == [1, 2, 3]


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_commit_whose_answer_was_cut_is_not_written_twice(
    open_writer: Callable[..., JournalWriter], proxy: FaultProxy, part: float
) -> None:
    writer = open_writer(reconnect=proxy.connect)
    for first in (1, 2):
        before = proxy.answers
        writer.append(draft(first))
    size = proxy.answers - before
    proxy.cut_answer_after(int(part * size))

    writer.append(draft(3))

    assert proxy.cuts == 1
    assert [row.first_sequence for row in rows()] == [1, 2, 3]


@pytest.mark.nightly
def test_session_ended_again_and_again_under_load(stage: Stage) -> None:
    with stage.load() as load:
        engine = stage.engine().wait_live()
        for _ in range(5):
            wait_for_trading(load, 3)
            cut_the_engine_off()
        wait_for_trading(load)
        load.finish()
        assert engine.terminate() == 0, engine.said

    stage.prove(load)


def test_restarted_server_is_waited_for_and_gone_on_with(stage: Stage) -> None:
    server = Postgres(server_place())
    with stage.load() as load:
        engine = stage.engine().wait_live()
        projector = stage.manage("run_projector")
        projector.wait_for_line("follows the journal")
        wait_for_trading(load)
        connection.close()
        server.stop()
        server.start(lambda _: None)
        wait_for_trading(load)
        load.finish()
        assert projector.is_alive, projector.said
        assert engine.terminate() == 0, engine.said

    stage.prove(load)


# --- the disk ---------------------------------------------------------------------------------
def test_nothing_is_acknowledged_before_a_slow_disk_has_it(stage: Stage) -> None:
    engine = stage.engine().wait_live()
    stage.venue.open_account()
    fault = f"delay_exit={round(FSYNC_SECONDS * 1e6)}"

    with injected(writer_session(), "fdatasync", fault):
        seconds = []
        for _ in range(4):
            began = time.monotonic()
            stage.venue.open_account()
            seconds.append(time.monotonic() - began)

    assert min(seconds) > 0.9 * FSYNC_SECONDS
    assert engine.terminate() == 0


@pytest.mark.nightly
def test_log_that_cannot_be_written_stops_the_engine_and_the_next_one_goes_on(
    stage: Stage,
) -> None:
    """PostgreSQL's own answer to a full disk under its log: it panics and recovers."""
    with stage.load() as load:
        engine = stage.engine().wait_live()
        wait_for_trading(load)
        connection.close()
        with injected(writer_session(), "pwrite64", "error=ENOSPC"):
            assert engine.wait() == 1
        assert "No space left on device" in engine.said
        assert "Traceback" not in engine.said
        again = stage.engine()
        again.wait_for_line("The engine is live")
        wait_for_trading(load)
        load.finish()
        assert again.terminate() == 0, again.said

    stage.prove(load)


@pytest.fixture
def small_disk(stage: Stage) -> "Iterator[Path]":
    """A file system of four megabytes that holds the journal; the journal is moved back."""
    folder = Path(tempfile.mkdtemp(prefix="novate-full-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    owner = server_place().uid
    os.chown(folder, owner, owner)
    folder.chmod(0o700)
    try:
        with psycopg.connect(database_url(), autocommit=True) as own:
            own.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
            own.execute("ALTER TABLE exchange_journalbatch SET TABLESPACE small")
            yield folder
            (folder / "ballast").unlink(missing_ok=True)
            own.execute("ALTER TABLE exchange_journalbatch SET TABLESPACE pg_default")
            own.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def test_full_disk_stops_the_engine_with_a_clear_line_and_no_false_answer(
    stage: Stage, small_disk: Path
) -> None:
    engine = stage.engine().wait_live()
    with stage.load() as load:
        wait_for_trading(load)
        fill_up(small_disk / "ballast")
        assert engine.wait() == 1
        assert "No space left on device" in engine.said
        assert "Traceback" not in engine.said
        told = load.acknowledged
        with pytest.raises(OutcomeUnknown):
            stage.venue.bus.submit(stage.venue.deposit(stage.traders[0]), timeout_seconds=1.0)
        assert load.acknowledged == told

        (small_disk / "ballast").unlink()
        again = stage.engine().wait_live()
        wait_for_trading(load)
        load.finish()
        assert again.terminate() == 0

    stage.prove(load)


def fill_up(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4_096))


# --- the server's mind ------------------------------------------------------------------------
@pytest.fixture
def set_read_only(stage: Stage) -> "Iterator[Callable[[bool], None]]":
    name = connection.get_connection_params()["dbname"]

    def set_to(is_read_only: bool) -> None:
        value = "on" if is_read_only else "off"
        with psycopg.connect(database_url("postgres"), autocommit=True) as own:
            query = f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}'
            own.execute(query.encode())
        cut_the_engine_off()

    yield set_to
    set_to(False)


def test_read_only_database_stops_the_engine_with_a_clear_line_and_no_false_answer(
    stage: Stage, set_read_only: "Callable[[bool], Any]"
) -> None:
    with stage.load() as load:
        engine = stage.engine().wait_live()
        wait_for_trading(load)
        set_read_only(True)
        assert engine.wait() == 1
        assert "read-only transaction" in engine.said
        assert "Traceback" not in engine.said
        told = load.acknowledged
        refused = stage.engine()
        assert refused.wait() == 1
        assert "read-only transaction" in refused.said
        assert load.acknowledged == told

        set_read_only(False)
        again = stage.engine().wait_live()
        wait_for_trading(load)
        load.finish()
        assert again.terminate() == 0

    stage.prove(load)
