"""`manage.py up`, as a user lives with it: start, trade, a crash, Ctrl-C, and on again."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exchange.pipeline.servers import PROJECT, discard_servers
from exchange.pipeline.servers.home import server_place
from exchange.pipeline.servers.process import listener
from tests.scenarios.venue import Venue, eventually, one_pid

CONTRACTS = {"BTC_USDC-PERPETUAL", "ETH_USDC-PERPETUAL", "SOL_USDC-PERPETUAL"}

SERVERS = [("Valkey", "valkey.sock"), ("PostgreSQL", ".s.PGSQL.5432")]


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    home = tmp_path_factory.mktemp("up") / "home"
    venue = Venue(home)
    venue.start()
    yield venue
    venue.kill_what_is_left()
    discard_servers(home)


def test_live_venue_serves_page_api_and_fast_lane(venue: Venue) -> None:
    status, page = venue.get("/")
    script = re.search(rb'/static/[^"]+\.css', page)

    assert status == 200
    assert script is not None
    assert venue.get(script[0].decode())[0] == 200
    assert {row["instrument_name"] for row in venue.call("get_instruments")} == CONTRACTS
    assert isinstance(venue.call("get_time", port=venue.port + 1), int)


def test_live_venue_quotes_and_trades(venue: Venue) -> None:
    book = "get_order_book?instrument_name=BTC_USDC-PERPETUAL"
    trades = "get_last_trades_by_instrument?instrument_name=BTC_USDC-PERPETUAL"

    assert eventually(lambda: len(venue.call(book)["bids"]) > 1)
    assert eventually(lambda: len(venue.call(book)["asks"]) > 1)
    first = venue.call(book)["change_id"]
    assert eventually(lambda: venue.call(book)["change_id"] != first)
    assert eventually(lambda: len(venue.call(trades)["trades"]) > 0)


def test_second_up_in_the_same_home_is_refused(venue: Venue) -> None:
    second = venue.start_again()

    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert str(venue.port) in second.stderr


def test_killed_engine_comes_back_with_everything(venue: Venue) -> None:
    before = head_sequence(venue)
    engine = one_pid(venue, "run_engine")
    os.kill(engine, signal.SIGKILL)

    assert eventually(lambda: "engine was killed by SIGKILL" in venue.said())
    assert eventually(lambda: head_sequence(venue) > before + 2)
    assert one_pid(venue, "run_engine") != engine


@pytest.mark.parametrize(("name", "socket_name"), SERVERS)
def test_killed_server_comes_back_and_the_venue_goes_on(
    venue: Venue, name: str, socket_name: str
) -> None:
    before = head_sequence(venue)
    server = listener(server_place(venue.home).run / socket_name)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)

    assert eventually(lambda: f"{name} had died and was started again" in venue.said())
    assert eventually(lambda: goes_on(venue, before), seconds=90)


def test_stopped_venue_leaves_no_process_and_the_next_start_goes_on(venue: Venue) -> None:
    assert eventually(
        lambda: venue.call("get_order_book?instrument_name=BTC_USDC-PERPETUAL")["bids"]
    )
    with venue.database() as connection:
        accounts = connection.execute("SELECT count(*) FROM exchange_account").fetchone()
    before = head_sequence(venue)

    code = venue.stop()

    assert code == 0
    assert venue.processes() == {}
    assert not venue.servers_listen()
    assert "keeps dying" not in venue.said()

    verified = venue.manage("verify")
    assert verified.returncode == 0, verified.stderr
    assert not venue.servers_listen()

    venue.start()

    assert head_sequence(venue) > before
    assert {row["instrument_name"] for row in venue.call("get_instruments")} == CONTRACTS
    with venue.database() as connection:
        assert (
            connection.execute("SELECT count(*) FROM exchange_account").fetchone() == accounts
        )


def test_killed_up_takes_its_processes_and_servers_with_it(venue: Venue) -> None:
    venue.kill_what_is_left()

    assert eventually(lambda: venue.processes() == {})
    assert eventually(lambda: not venue.servers_listen())


def test_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=PROJECT,
            env={**os.environ, "NOVATE_HOME": str(home)},
            capture_output=True,
            text=True,
        )

    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr
    assert not (home / "servers.lease").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "65535"), "Expected a port from 1 to 65534, was '65535'"),
        (("--port", "0"), "Expected a port from 1 to 65534, was '0'"),
        (("--host", "192.0.2.1"), "Port 8000 of 192.0.2.1: Cannot assign requested address"),
        (("--oracle", "missing.json"), "No such file"),
    ],
)
def test_argument_that_cannot_be_is_told_in_words(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=PROJECT,
        env={**os.environ, "NOVATE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def goes_on(venue: Venue, before: int) -> bool:
    """New commands are journaled, and answered: the makers' book changes."""
    book = "get_order_book?instrument_name=BTC_USDC-PERPETUAL"
    try:
        first = venue.call(book)["change_id"]
        return head_sequence(venue) > before and eventually(
            lambda: venue.call(book)["change_id"] != first, seconds=2
        )
    except (psycopg.OperationalError, OSError, KeyError):
        return False  # It is still coming back.


def head_sequence(venue: Venue) -> int:
    with venue.database() as connection:
        row = connection.execute(
            "SELECT first_sequence + count - 1 FROM exchange_journalbatch"
            " ORDER BY first_sequence DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    return int(row[0])
