"""The real ccxt package against a venue: only its addresses and keys differ from Deribit's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.gateway.venue import HOST, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC/USDC:USDC"

MARK = {"trigger": "mark_price"}  # What ccxt leaves out it asks of the last price.

# ccxt closes its sessions itself, and some of its sockets late.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def pointed(exchange: Any, port: int) -> Any:
    exchange.urls["api"]["rest"] = f"http://{HOST}:{port}"
    exchange.urls["api"]["ws"] = f"ws://{HOST}:{port}/ws/api/v2"
    return exchange


def keys(key: Key) -> dict[str, Any]:
    return {"apiKey": key.id, "secret": key.secret, "enableRateLimit": False}


@asynccontextmanager
async def opened(kind: Any, key: Key, port: int) -> AsyncIterator[Any]:
    exchange = pointed(kind(keys(key)), port)
    try:
        yield exchange
    finally:
        await exchange.close()


@pytest.fixture
def maker(venue: Venue, port: int) -> Any:
    return pointed(ccxt.deribit(keys(venue.account())), port)


@pytest.fixture
def taker(venue: Venue, port: int) -> Any:
    return pointed(ccxt.deribit(keys(venue.account())), port)


def test_public_data(maker: Any) -> None:
    markets = maker.load_markets()

    assert list(markets) == [BTC, "ETH/USDC:USDC", "SOL/USDC:USDC"]
    assert markets[BTC]["precision"] == {"amount": 0.001, "price": 0.1}
    assert markets[BTC]["linear"]
    assert markets[BTC]["swap"]
    assert maker.fetch_status()["status"] == "ok"
    assert maker.fetch_time() > 1_700_000_000_000
    assert "USDC" in maker.fetch_currencies()
    assert maker.fetch_ticker(BTC)["markPrice"] > 0
    assert list(maker.fetch_tickers([BTC])) == [BTC]


def test_an_order_from_its_placing_to_its_end(maker: Any, taker: Any) -> None:
    maker.load_markets()
    taker.load_markets()

    placed = maker.create_order(BTC, "limit", "sell", 0.01, 60_050, {"postOnly": True})
    edited = maker.edit_order(placed["id"], BTC, "limit", "sell", 0.02, 60_051)
    # The public book follows the engine by up to 100 ms.
    assert eventually(lambda: maker.fetch_order_book(BTC)["nonce"] > 0)
    bought = taker.create_order(BTC, "market", "buy", 0.005)

    assert (placed["status"], placed["postOnly"]) == ("open", True)
    assert (edited["amount"], edited["price"]) == (0.02, 60_051)
    assert (bought["status"], bought["average"], bought["filled"]) == ("closed", 60_051, 0.005)
    assert bought["trades"][0]["takerOrMaker"] == "taker"
    assert [order["id"] for order in maker.fetch_open_orders(BTC)] == [placed["id"]]
    assert maker.fetch_order(placed["id"])["filled"] == 0.005
    # Histories and public trades follow the engine; on a busy machine by more than a moment.
    assert eventually(
        lambda: [t["order"] for t in maker.fetch_my_trades(BTC)] == [placed["id"]]
    )
    assert maker.fetch_order_trades(placed["id"])[0]["amount"] == 0.005
    assert eventually(
        lambda: [each["id"] for each in taker.fetch_closed_orders(BTC)] == [bought["id"]]
    )
    position = taker.fetch_position(BTC)
    assert (position["side"], position["contracts"]) == ("long", 0.005)
    assert [held["symbol"] for held in taker.fetch_positions()] == [BTC]
    assert taker.fetch_balance()["USDC"]["total"] < 1_000_000
    assert eventually(lambda: taker.fetch_trades(BTC, limit=1)[0]["price"] == 60_051)
    assert eventually(lambda: taker.fetch_ohlcv(BTC, "1m")[-1][4] == 60_051)
    cancelled = maker.cancel_order(placed["id"])
    assert cancelled["status"] == "canceled"
    assert maker.fetch_open_orders() == []
    assert maker.cancel_all_orders()


def test_refusals_become_ccxts_own_exceptions(taker: Any) -> None:
    taker.load_markets()

    with pytest.raises(ccxt.InsufficientFunds):
        taker.create_order(BTC, "limit", "buy", 900, 59_000)
    with pytest.raises(ccxt.OrderNotFound):
        taker.cancel_order("123456789")
    with pytest.raises(ccxt.NotSupported):
        taker.create_order(BTC, "limit", "buy", 0.01, 59_000, {"max_show": 0.001})
    # A stop to sell waits for a fall.
    with pytest.raises(ccxt.InvalidOrder):
        taker.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 61_000} | MARK)
    taker.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError):
        taker.fetch_balance()


def test_orders_that_wait_for_a_price(taker: Any) -> None:
    taker.load_markets()

    stop = taker.create_order(
        BTC, "market", "sell", 0.01, None, {"stopLossPrice": 59_000} | MARK
    )
    take = taker.create_order(
        BTC, "limit", "buy", 0.01, 58_900, {"takeProfitPrice": 59_000} | MARK
    )
    trail = taker.create_order(
        BTC, "market", "sell", 0.01, None, {"trailingAmount": 500} | MARK
    )
    edited = taker.edit_order(trail["id"], BTC, "market", "sell", 0.02, None,
                              {"trailingAmount": 600})  # fmt: skip

    assert (stop["status"], stop["info"]["order_type"], stop["triggerPrice"]) == (
        "open",
        "stop_market",
        59_000,
    )
    assert stop["price"] is None
    assert (take["price"], take["triggerPrice"]) == (58_900, 59_000)
    assert (edited["amount"], edited["info"]["trigger_offset"]) == (0.02, 600)
    waiting = [order["id"] for order in taker.fetch_open_orders(BTC)]
    assert waiting == [stop["id"], take["id"], trail["id"]]
    assert taker.cancel_order(stop["id"])["status"] == "canceled"
    assert len(taker.cancel_all_orders()) >= 1
    assert taker.fetch_open_orders(BTC) == []


def test_transfers(venue: Venue, port: int) -> None:
    client = pointed(ccxt.deribit(keys(venue.account(fund=500))), port)

    assert client.fetch_deposits("USDC")[0]["amount"] == 500
    assert client.withdraw("USDC", 100, "0x" + "ab" * 20)
    assert client.fetch_withdrawals("USDC")[0]["status"] == "pending"


async def test_async_support(venue: Venue, port: int) -> None:
    async with opened(ccxt.async_support.deribit, venue.account(), port) as client:
        await client.load_markets()
        prices = [59_000 + step for step in range(20)]
        orders = await asyncio.gather(
            *(client.create_order(BTC, "limit", "buy", 0.001, price) for price in prices)
        )

        assert len({order["id"] for order in orders}) == 20
        assert len(await client.fetch_open_orders(BTC)) == 20
        await client.cancel_all_orders(BTC)
        assert await client.fetch_open_orders(BTC) == []


async def test_pro_streams(venue: Venue, port: int) -> None:
    maker, taker = venue.account(), venue.account()
    async with (
        opened(ccxt.pro.deribit, maker, port) as client,
        opened(ccxt.async_support.deribit, taker, port) as other,
    ):
        await client.load_markets()
        await other.load_markets()
        async with asyncio.timeout(60):
            assert (await client.watch_ticker(BTC))["markPrice"] > 0
            balance = await client.watch_balance()
            # ccxt.pro files what it parsed once more under the currency.
            assert balance["USDC"]["USDC"]["total"] == 1_000_000
            orders = asyncio.create_task(client.watch_orders(BTC))
            trades = asyncio.create_task(client.watch_my_trades(BTC))
            public = asyncio.create_task(client.watch_trades(BTC))
            placed = []
            waiting: set[asyncio.Task[Any]] = {orders, trades, public}
            while waiting:
                # ccxt subscribes in its own time and says nothing of it: trade until it heard.
                sold = await client.create_order(BTC, "limit", "sell", 0.01, 60_060)
                await other.create_order(BTC, "limit", "buy", 0.01, 60_060)
                placed.append(sold["id"])
                _, waiting = await asyncio.wait(waiting, timeout=1)

            assert (await orders)[-1]["id"] in placed
            assert (await trades)[-1]["amount"] == 0.01
            assert (await public)[-1]["price"] == 60_060
            book = await client.watch_order_book(BTC)
            assert {"bids", "asks"} <= set(book)
