"""Budgets leased in blocks from Valkey (exchange/gateway/limits.py)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from exchange.gateway.errors import RpcError
from exchange.gateway.limits import Budget, Limits
from exchange.pipeline.servers import ServerLease, redis_url

# Slow enough that nothing is refilled while a test runs; a block is a twentieth, 100.
CROWDED = Budget("connect", 1, 2_000)


@pytest.fixture
async def limits(servers: ServerLease) -> AsyncIterator[Limits]:
    client = redis.asyncio.Redis.from_url(redis_url())
    await client.flushdb()
    yield Limits(client)
    await client.aclose()


async def taken(limits: Limits, times: int, subject: str = "somebody") -> list[object]:
    """What became of so many requests of one turn, a token each."""
    requests = (limits.take(CROWDED, subject, 1) for _ in range(times))
    return await asyncio.gather(*requests, return_exceptions=True)


async def test_crowd_of_one_turn_gets_the_whole_budget_and_not_a_token_more(
    limits: Limits,
) -> None:
    outcomes = [outcome for _ in range(3) for outcome in await taken(limits, 700)]

    granted = [outcome for outcome in outcomes if isinstance(outcome, int)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, RpcError)]
    # 1 to 3 more may have been refilled while it ran.
    assert 2_000 <= len(granted) <= 2_003
    assert len(refused) == 2_100 - len(granted)
    assert {error.message for error in refused} == {"too_many_requests"}


async def test_one_subject_waits_for_its_own_lease_only(limits: Limits) -> None:
    await taken(limits, 2_100)

    assert len([one for one in await taken(limits, 100, "another") if type(one) is int]) == 100
