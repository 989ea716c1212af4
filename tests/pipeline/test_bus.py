"""What a gateway may know about its commands: done, refused, not sent, or unknown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable

import numpy as np
import pytest

from exchange.engine.commands import CommandKind, make
from exchange.engine.units import OPERATOR
from exchange.pipeline import bus as bus_module
from exchange.pipeline.bus import (
    STREAM,
    AsyncBus,
    Backpressure,
    Bus,
    BusUnavailable,
    EngineSilent,
    OutcomeUnknown,
)
from exchange.pipeline.codec import Batch, Records
from exchange.pipeline.runner import Runner
from exchange.pipeline.servers import redis_url
from tests.pipeline.conftest import Valkey
from tests.pipeline.venue import Venue


def opening() -> Records:
    return make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=1)


@pytest.fixture
async def bus(valkey: Valkey) -> AsyncIterator[AsyncBus]:
    bus = await AsyncBus.connect(redis_url())
    yield bus
    await bus.close()


async def is_accepted(bus: AsyncBus) -> bool:
    try:
        return (await bus.submit(opening(), timeout_seconds=1.0))[0].reason == 0
    except (BusUnavailable, OutcomeUnknown):
        return False


async def outcomes(*awaitables: Awaitable[object]) -> list[object]:
    return await asyncio.gather(*awaitables, return_exceptions=True)


async def test_submits_of_one_turn_share_a_message(bus: AsyncBus, valkey: Valkey) -> None:
    submits = [bus.submit(opening(), {0: bytes([i])}, timeout_seconds=0.3) for i in range(3)]

    assert {type(outcome) for outcome in await outcomes(*submits)} == {OutcomeUnknown}

    ((_, fields),) = valkey.xrange(STREAM)
    records = np.frombuffer(fields[b"r"], opening().dtype)
    assert records["gateway_id"].tolist() == [bus.gateway_id] * 3
    assert records["gateway_sequence"].tolist() == [1, 2, 3]
    assert fields[b"s"] == b"".join(bytes([i, 0, 0, 0, 1, 0, 0, 0, i]) for i in range(3))
    assert bus.in_flight == 0


async def test_too_much_in_flight_is_not_sent(
    bus: AsyncBus, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "IN_FLIGHT_MAX", 2)
    submits = [bus.submit(opening(), timeout_seconds=0.3) for _ in range(3)]

    kinds = [type(outcome) for outcome in await outcomes(*submits)]

    assert kinds == [OutcomeUnknown, OutcomeUnknown, Backpressure]
    assert valkey.xlen(STREAM) == 1


@pytest.mark.parametrize("count", [0, 1_025])
async def test_message_of_a_wrong_size_is_a_programming_error(
    bus: AsyncBus, count: int
) -> None:
    with pytest.raises(ValueError, match="Expected 1 to 1024 commands"):
        await bus.submit(np.repeat(opening(), count))


async def test_listeners_hear_every_batch_in_order(engine: Runner, bus: AsyncBus) -> None:
    heard: list[Batch] = []
    bus.listeners.append(heard.append)

    for _ in range(5):
        await bus.submit(opening())

    numbers = [batch.batch_number for batch in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) >= 5


async def test_lost_connections_come_back(
    engine: Runner, bus: AsyncBus, valkey: Valkey
) -> None:
    for kind in ("normal", "pubsub"):
        assert await is_accepted(bus)
        valkey.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        async with asyncio.timeout(10):
            while not await is_accepted(bus):
                await asyncio.sleep(0.01)


async def test_without_connection_nothing_is_sent(bus: AsyncBus) -> None:
    await bus.close()

    with pytest.raises(BusUnavailable):
        await bus.submit(opening())


async def test_silent_engine_gets_nothing_to_do_late(
    engine: Runner, bus: AsyncBus, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bus.submit(opening())
    monkeypatch.setattr(bus_module, "SILENCE_SECONDS_MAX", -1.0)

    with pytest.raises(EngineSilent):
        await bus.submit(opening())


async def test_oom_of_valkey_is_backpressure(bus: AsyncBus, valkey: Valkey) -> None:
    valkey.config_set("maxmemory", 1)
    try:
        with pytest.raises(Backpressure, match="OOM"):
            await bus.submit(opening())
    finally:
        valkey.config_set("maxmemory", 0)


async def test_closed_bus_leaves_nobody_waiting(bus: AsyncBus) -> None:
    waiting = asyncio.ensure_future(bus.submit(opening()))
    await asyncio.sleep(0)

    await bus.close()

    with pytest.raises(OutcomeUnknown):
        await waiting


def test_sync_bus_collects_results_in_order(engine: Runner, venue: Venue) -> None:
    results = venue.accept(*(opening() for _ in range(50)))

    accounts = [int(result.events["account"][0]) for result in results]
    assert accounts == list(range(16, 66))


def test_sync_bus_without_engine_does_not_know(valkey: Valkey) -> None:
    bus = Bus.connect(redis_url())

    with pytest.raises(OutcomeUnknown):
        bus.submit(opening(), timeout_seconds=0.2)

    assert valkey.xlen(STREAM) == 1
    bus.close()


def test_sync_bus_without_valkey_sends_nothing() -> None:
    with pytest.raises(BusUnavailable):
        Bus.connect("unix:///nowhere/valkey.sock?db=0")
