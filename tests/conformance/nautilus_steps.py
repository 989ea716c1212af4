"""nautilus_trader's Deribit clients against a venue: instruments, account, orders, fills,
reconcile.

Run by a Python 3.12 that has nautilus_trader, with one JSON argument: {"http", "ws", "keys"}.
It uses the two clients that nautilus' adapter itself is made of; the adapter's execution class
has no way to say where its websocket is (1.231), so it cannot be started whole against anybody
but Deribit. One line of JSON a step comes out: step, what was seen, problem.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import nautilus_trader
from nautilus_trader.core import nautilus_pyo3 as nautilus

BTC = nautilus.InstrumentId.from_str("BTC_USDC-PERPETUAL.DERIBIT")
BARS = nautilus.BarType.from_str("BTC_USDC-PERPETUAL.DERIBIT-1-MINUTE-LAST-EXTERNAL")
TRADER = nautilus.TraderId.from_str("TRADER-001")
STRATEGY = nautilus.StrategyId.from_str("S-001")
TESTNET = nautilus.DeribitEnvironment.TESTNET
WAIT_SECONDS = 15.0


class Side:
    """One account: its HTTP and its websocket client, and what the latter heard."""

    def __init__(self, name: str, addresses: dict[str, str], key: list[str]) -> None:
        self.account = nautilus.AccountId(f"DERIBIT-{name}")
        words = {"api_key": key[0], "api_secret": key[1], "environment": TESTNET}
        self.http = nautilus.DeribitHttpClient(base_url=addresses["http"], **words)
        self.socket = nautilus.DeribitWebSocketClient(url=addresses["ws"], **words)
        self.socket.set_account_id(self.account)
        self.heard: list[Any] = []

    async def connect(self) -> list[Any]:
        instruments: list[Any] = await self.http.request_instruments(
            nautilus.DeribitCurrency.ANY, nautilus.DeribitProductType.FUTURE
        )
        self.http.cache_instruments(instruments)
        loop = asyncio.get_running_loop()
        await self.socket.connect(loop, instruments, self.heard.append)
        await self.socket.authenticate_session("nautilus-exec")
        await self.socket.wait_until_active(WAIT_SECONDS)
        await self.socket.subscribe_user_orders()
        await self.socket.subscribe_user_trades()
        await self.socket.subscribe_user_portfolio()
        return instruments

    async def submit(self, number: str, side: Any, kind: Any, **words: Any) -> None:
        await self.socket.submit_order(
            side, nautilus.Quantity.from_str("0.010"), kind,
            nautilus.ClientOrderId(number), TRADER, STRATEGY, BTC, **words,
        )  # fmt: skip

    async def hears(self, kind: str, number: str = "") -> Any:
        """The first event of that class about that order."""

        def found() -> Any:
            for event in self.heard:
                is_of = not number or str(getattr(event, "client_order_id", "")) == number
                if type(event).__name__ == kind and is_of:
                    return event
            return None

        return await until(found, f"{kind} {number}")


class Steps:
    """Alice is under test; Bob trades with her."""

    def __init__(self, alice: Side, bob: Side) -> None:
        self.alice, self.bob = alice, bob
        self.order_id = ""

    async def instruments(self) -> str:
        """three perpetuals, all at once and one by its id"""
        found = await self.alice.connect()
        await self.bob.connect()
        one = await self.alice.http.request_instrument(BTC)
        assert len(found) == 3, found
        assert str(one.id) == str(BTC)
        assert (one.price_precision, one.size_precision) == (1, 3)
        return ", ".join(sorted(str(each.id) for each in found))

    async def account(self) -> str:
        """balances, by request and as the portfolio stream tells them"""
        state = await self.alice.http.request_account_state(self.alice.account)
        await self.alice.hears("AccountState")
        balance = state.balances[0]
        assert str(balance.total).startswith("1000000"), balance
        return str(balance.total)

    async def market_data(self) -> str:
        """book, quotes, ticker, mark, index, trades, bars and funding, subscribed and told"""
        socket = self.alice.socket
        for subscribe in (
            socket.subscribe_book, socket.subscribe_quotes, socket.subscribe_ticker,
            socket.subscribe_mark_prices, socket.subscribe_index_prices,
            socket.subscribe_trades, socket.subscribe_perpetual_interest_rates,
            socket.subscribe_instrument_status,
        ):  # fmt: skip
            await subscribe(BTC)
        await socket.subscribe_bars(BARS)
        await self.alice.hears("FundingRateUpdate")
        book = await self.alice.http.request_book_snapshot(BTC, 20)
        return str(book.instrument_id)

    async def orders(self) -> str:
        """a post-only limit order: accepted, changed, asked for, cancelled"""
        price = nautilus.Price.from_str
        limit, buy = nautilus.OrderType.LIMIT, nautilus.OrderSide.BUY
        await self.alice.submit("O-1", buy, limit, price=price("59000.0"), post_only=True)
        accepted = await self.alice.hears("OrderAccepted", "O-1")
        number = str(accepted.venue_order_id)
        known = (nautilus.ClientOrderId("O-1"), TRADER, STRATEGY, BTC)
        two = nautilus.Quantity.from_str("0.020")
        await self.alice.socket.modify_order(number, two, price("59001.0"), *known)

        async def is_changed() -> bool:
            rows = await self._open()
            return [str(row.quantity) for row in rows] == ["0.020"]

        await until_awaited(is_changed, "the order as changed")
        await self.alice.socket.query_order(number, *known)
        await self.alice.socket.cancel_order(number, *known)
        await self.alice.hears("OrderCanceled", "O-1")
        assert await self._open() == []
        return "accepted, changed, cancelled"

    async def triggers(self) -> str:
        """a stop on the mark price, accepted and found by reconciliation; then cancelled"""
        await self.alice.submit(
            "O-2", nautilus.OrderSide.SELL, nautilus.OrderType.STOP_MARKET,
            trigger_price=nautilus.Price.from_str("58000.0"),
            trigger_type=nautilus.TriggerType.MARK_PRICE,
        )  # fmt: skip
        await self.alice.hears("OrderAccepted", "O-2")
        rows = await self._open()
        assert [str(row.client_order_id) for row in rows] == ["O-2"]
        await self.alice.socket.cancel_all_orders(BTC)
        await self.alice.hears("OrderCanceled", "O-2")
        return "accepted, cancelled"

    async def fills(self) -> str:
        """a maker's and a taker's fill, each told to its side"""
        price, limit = nautilus.Price.from_str("60000.0"), nautilus.OrderType.LIMIT
        await self.bob.submit("B-1", nautilus.OrderSide.SELL, limit, price=price)
        await self.bob.hears("OrderAccepted", "B-1")
        await self.alice.submit("O-3", nautilus.OrderSide.BUY, nautilus.OrderType.MARKET)
        fill = await self.alice.hears("OrderFilled", "O-3")
        await self.bob.hears("OrderFilled", "B-1")
        assert str(fill.last_px) == "60000.0", fill
        return f"{fill.last_qty} at {fill.last_px}"

    async def rejections(self) -> str:
        """a refusal of the venue is an OrderRejected with its reason"""
        price = nautilus.Price.from_str("90000.0")
        limit, buy = nautilus.OrderType.LIMIT, nautilus.OrderSide.BUY
        await self.alice.submit("O-4", buy, limit, price=price)
        rejected = await self.alice.hears("OrderRejected", "O-4")
        assert "10011" in str(rejected.reason), rejected
        return str(rejected.reason)

    async def reconcile(self) -> str:
        """orders, fills and positions after all this, of all currencies and of one contract"""
        http, account = self.alice.http, self.alice.account

        async def has_followed() -> bool:
            return bool(await http.request_fill_reports(account))

        await until_awaited(has_followed, "fills in the history")
        since = time.time_ns() - 3_600 * 10**9
        orders = await http.request_order_status_reports(account, None, since, None, False)
        of_btc = await http.request_order_status_reports(account, BTC, since, None, False)
        fills = await http.request_fill_reports(account, BTC)
        positions = await http.request_position_status_reports(account)
        assert "O-3" in {str(row.client_order_id) for row in orders}, orders
        assert {str(row.venue_order_id) for row in of_btc} <= {
            str(row.venue_order_id) for row in orders
        }
        assert [str(row.last_qty) for row in fills] == ["0.010"]
        assert [str(row.quantity) for row in positions] == ["0.010"]
        found = {str(row.venue_order_id) for row in orders}
        return f"{len(found)} orders, {len(fills)} fill, {len(positions)} position"

    async def _open(self) -> list[Any]:
        http, account = self.alice.http, self.alice.account
        rows: list[Any] = await http.request_order_status_reports(
            account, BTC, None, None, True
        )
        return rows


async def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true answer."""
    for _ in range(int(WAIT_SECONDS / 0.05)):
        if answer := condition():
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} did not come")


async def until_awaited(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Until what must be asked for is so."""
    for _ in range(int(WAIT_SECONDS / 0.2)):
        if await condition():
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{what} did not come")


async def main() -> None:
    words = json.loads(sys.argv[1])
    alice, bob = (
        Side(name, words, key)
        for name, key in zip(("alice", "bob"), words["keys"], strict=True)
    )
    steps = Steps(alice, bob)
    say(version=nautilus_trader.__version__)
    for step in (
        steps.instruments, steps.account, steps.market_data, steps.orders, steps.triggers,
        steps.fills, steps.rejections, steps.reconcile,
    ):  # fmt: skip
        seen, problem = "", ""
        try:
            seen = await step()
        except Exception as error:  # an assertion, or whatever the adapter stumbles over
            problem = f"{type(error).__name__}: {error}"
        says = (step.__doc__ or "").strip()
        say(step=step.__name__.replace("_", " "), says=says, seen=seen, problem=problem)
    for side in (alice, bob):
        await side.socket.close()


def say(**words: str) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
