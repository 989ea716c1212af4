"""The demonstration's traders on the wire: one against a venue on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from exchange.management.bots.client import Client, Disconnected, Refused
from exchange.management.bots.fleet import Credentials, keep_connected
from exchange.management.bots.maker import Maker


@dataclass
class Venue:
    """As much of a venue as a bot needs: one contract, orders that rest, a log of calls."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    connections: list[ServerConnection] = field(default_factory=list)
    refuse: dict[str, dict[str, Any]] = field(default_factory=dict)
    index: float = 40_000.0

    async def serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        async for text in connection:
            message = json.loads(text)
            method, params = message["method"], message["params"]
            self.calls.append((method, params))
            if (error := self.refuse.get(method)) is not None:
                answer = {"id": message["id"], "error": error}
            else:
                answer = {"id": message["id"], "result": self.result(method, params)}
            await connection.send(json.dumps(answer))
            if method == "public/subscribe":
                await self.show_ticker(connection)

    async def show_ticker(self, connection: ServerConnection) -> None:
        data = {
            "instrument_name": "BTC_USDC-PERPETUAL",
            "index_price": self.index,
            "best_bid_price": 0,
            "best_ask_price": 0,
            "state": "open",
        }
        params = {"channel": "ticker.BTC_USDC-PERPETUAL.100ms", "data": data}
        await connection.send(json.dumps({"method": "subscription", "params": params}))

    def result(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "public/get_instruments":
                return [INSTRUMENT]
            case "public/subscribe" | "private/subscribe":
                return params["channels"]
            case "private/get_open_orders":
                return list(self.orders.values())
            case "private/get_positions":
                return []
            case "private/buy" | "private/sell":
                return {"order": self.place(method.removeprefix("private/"), params)}
            case "private/cancel_all":
                self.orders.clear()
                return 0
        return {}

    def place(self, side: str, params: dict[str, Any]) -> dict[str, Any]:
        number = str(len(self.calls))
        order = {
            "order_id": number,
            "order_state": "open",
            "instrument_name": params["instrument_name"],
            "direction": side,
            "price": params["price"],
            "amount": params["amount"],
            "filled_amount": 0,
        }
        self.orders[number] = order
        return order


INSTRUMENT = {
    "instrument_name": "BTC_USDC-PERPETUAL",
    "base_currency": "BTC",
    "settlement_period": "perpetual",
    "tick_size": 0.1,
    "min_trade_amount": 0.001,
    "min_notional": 10,
    "is_active": True,
}


@asynccontextmanager
async def running_venue() -> AsyncIterator[Venue]:
    venue = Venue()
    async with serve(venue.serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        venue.url = f"ws://127.0.0.1:{port}/ws/api/v2"
        yield venue


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_maker_cancels_first_then_fills_its_ladder_and_leaves_nothing() -> None:
    async with running_venue() as venue:
        bot = asyncio.create_task(
            keep_connected(
                venue.url,
                Credentials("key", "secret"),
                0,
                lambda client, number: Maker(client, number, 100.0),
            )
        )
        await until(lambda: len(venue.orders) == 16)
        bids = [
            order["price"] for order in venue.orders.values() if order["direction"] == "buy"
        ]
        asks = [
            order["price"] for order in venue.orders.values() if order["direction"] == "sell"
        ]
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)

    assert [method for method, _ in venue.calls[:2]] == ["public/auth", "private/cancel_all"]
    assert max(bids) < min(asks)
    orders = [
        params for method, params in venue.calls if method in ("private/buy", "private/sell")
    ]
    assert all(params["post_only"] is True for params in orders)
    assert venue.calls[-1][0] == "private/cancel_all"
    assert venue.orders == {}


async def test_bot_connects_again_after_its_connection_was_cut() -> None:
    async with running_venue() as venue:
        bot = asyncio.create_task(
            keep_connected(
                venue.url,
                Credentials("key", "secret"),
                0,
                lambda client, number: Maker(client, number, 100.0),
            )
        )
        await until(lambda: len(venue.orders) >= 4)
        await venue.connections[0].close()
        await until(lambda: len(venue.connections) == 2 and len(venue.orders) == 16)
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)

    assert [method for method, _ in venue.calls].count("private/cancel_all") == 3


async def test_client_signs_its_login_and_keeps_the_secret() -> None:
    async with running_venue() as venue, Client.open(venue.url) as client:
        await client.authenticate("key", "secret")

    method, params = venue.calls[0]
    assert method == "public/auth"
    assert params["grant_type"] == "client_signature"
    assert len(params["signature"]) == 64
    assert "secret" not in json.dumps(params)


async def test_refusal_carries_code_and_reason() -> None:
    async with running_venue() as venue, Client.open(venue.url) as client:
        venue.refuse["private/buy"] = {
            "code": 10_009,
            "message": "not_enough_funds",
            "data": {"reason": 400, "name": "INSUFFICIENT_MARGIN"},
        }

        with pytest.raises(Refused) as caught:
            await client.call("private/buy", amount=1)

    assert caught.value.code == 10_009
    assert caught.value.reason == "INSUFFICIENT_MARGIN"


async def test_call_on_a_cut_connection_is_disconnected_not_waiting() -> None:
    async with running_venue() as venue, Client.open(venue.url) as client:
        await venue.connections[0].close()
        with pytest.raises(Disconnected):
            await client.call("public/test")


async def test_nobody_there_is_disconnected() -> None:
    async with running_venue() as venue:
        url = venue.url
    with pytest.raises(Disconnected):
        async with Client.open(url):
            raise AssertionError("connected to nobody")
