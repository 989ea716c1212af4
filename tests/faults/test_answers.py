"""What a client hears while a part of the venue is away: an error that is true, in time."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError

from exchange.gateway import errors
from exchange.models.keys import create_key
from tests.crash.stage import Stage, wait_for_trading
from tests.faults.proxy import FaultProxy
from tests.gateway.venue import HOST, Key, sign
from tests.pipeline.engine import engine_in_thread, wait_until
from tests.scenarios.venue import free_port_pair

NOWHERE = Path("/nonexistent/socket")
ORDER = "/api/v2/private/buy?instrument_name=BTC_USDC-PERPETUAL&amount=0.001&price=59000"
SILENT = (10_047, 13_888)  # nothing was sent; or sent, and no outcome in time


class Edge(NamedTuple):
    """A gateway whose servers are reached through proxies."""

    port: int
    database: FaultProxy
    valkey: FaultProxy


@pytest.fixture
def edge(stage: Stage) -> Iterator[Edge]:
    with FaultProxy.before_postgres() as database, FaultProxy.before_valkey() as valkey:
        port = free_port_pair()
        stage.lane(port, DATABASE_URL=database.database_url, REDIS_URL=valkey.redis_url)
        wait_until(lambda: is_open(port), 60.0)
        yield Edge(port, database, valkey)


def is_open(port: int) -> bool:
    try:
        return get(port, "/api/v2/public/test")[0] == 200
    except OSError:
        return False


def get(port: int, uri: str, key: Key | None = None) -> tuple[int, dict[str, Any]]:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("GET", uri, headers=sign(key, "GET", uri) if key else {})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        return response.status, answer


def a_key(stage: Stage) -> Key:
    """A new one: no gateway remembers it."""
    account = stage.traders[0]
    return Key(account, *create_key(account))


def break_off(proxy: FaultProxy) -> None:
    proxy.target = NOWHERE
    proxy.cut_all()


def test_database_away_is_answered_by_retry_and_not_as_a_fault(
    stage: Stage, edge: Edge
) -> None:
    with engine_in_thread():
        stage.venue.publish_price(60_000)
        back = edge.database.target
        break_off(edge.database)
        key = a_key(stage)

        status, answer = get(edge.port, ORDER, key)
        assert answer["error"]["code"] == errors.RETRY, answer
        assert "the database is away" in answer["error"]["data"]["reason"]
        assert status >= 400

        edge.database.target = back
        status, answer = get(edge.port, ORDER, key)
        assert status == 200, answer


@pytest.mark.nightly
def test_valkey_away_is_answered_and_nothing_is_acknowledged(stage: Stage, edge: Edge) -> None:
    key = a_key(stage)
    with engine_in_thread():
        stage.venue.publish_price(60_000)
        assert get(edge.port, ORDER, key)[0] == 200
        back = edge.valkey.target
        break_off(edge.valkey)

        status, answer = get(edge.port, ORDER, key)
        assert "error" in answer
        assert answer["error"]["code"] in (errors.RETRY, *SILENT), answer
        assert status >= 400

        edge.valkey.target = back
        wait_until(lambda: get(edge.port, ORDER, key)[0] == 200, 30.0)


@pytest.mark.nightly
def test_dead_engine_is_answered_in_time_and_the_order_is_never_executed_late(
    stage: Stage, edge: Edge
) -> None:
    key = a_key(stage)
    with stage.load() as load:
        engine = stage.engine().wait_live()
        wait_for_trading(load)
        load.finish()
        engine.kill()

    status, answer = get(edge.port, ORDER, key)

    assert answer["error"]["code"] in SILENT, answer
    assert status >= 400
    with engine_in_thread():
        stage.venue.open_account()
    history = stage.prove(load)
    assert (key.account, 0) not in history.orders  # It had no key, and was dead by then.


@pytest.mark.parametrize(
    ("error", "code"),
    [(OperationalError("gone"), 10_040), (ValueError("ours"), None)],
)
def test_only_a_server_that_is_away_is_an_outage(error: Exception, code: int | None) -> None:
    found = errors.outage(error)

    assert (found.code if found else None) == code
