"""A gateway cut short while it starts leaves nothing behind (exchange/gateway/services.py)."""

import asyncio
from collections.abc import Iterator

import pytest
import redis
from django.db import connections as databases

from exchange.gateway.services import Gateway
from exchange.pipeline.servers import ServerLease, redis_url


@pytest.fixture
def valkey(servers: ServerLease) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url())
    client.flushdb()
    yield client
    client.close()


def connections(valkey: redis.Redis) -> int:
    return len(valkey.client_list())


async def others() -> set["asyncio.Task[None]"]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def settle() -> None:
    """Closing sockets are told to the server within a few turns of the loop."""
    await asyncio.sleep(0.1)


@pytest.mark.django_db
async def test_cancelled_at_any_turn_of_its_start_it_leaves_no_task_and_no_connection(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(databases.settings["default"], "CONN_MAX_AGE", 0)
    before = connections(valkey)
    outcomes: list[object] = []
    for turns in range(1, 41):
        starting = asyncio.create_task(Gateway.start(redis_url()))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        outcomes += await asyncio.gather(starting, return_exceptions=True)
        # A connection of redis-py that is being made takes a cancellation for its own.
        if isinstance(outcomes[-1], Gateway):
            await outcomes[-1].stop()
        await settle()
        assert await others() == set(), f"after {turns} turns"
        assert connections(valkey) == before, f"after {turns} turns"
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert {type(outcome) for outcome in outcomes} <= {Gateway, asyncio.CancelledError}


async def test_without_valkey_it_says_so_and_leaves_no_task(servers: ServerLease) -> None:
    with pytest.raises(redis.ConnectionError):
        await Gateway.start("redis://127.0.0.1:1/0")

    assert await others() == set()
