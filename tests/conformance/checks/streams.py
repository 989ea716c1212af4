"""Every watch_* of ccxt.pro for Deribit: it tells, and goes on after its connection was cut."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt

from tests.conformance.desk import BTC, ETH, SOL, Desk, eventually, ids
from tests.conformance.following import following, gap
from tests.conformance.registry import check

TIMEFRAMES = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "6h", "12h", "1d")
PRICE = {BTC: 60_000.0, ETH: 3_000.0, SOL: 150.0}
TICK = {BTC: 0.1, ETH: 0.01, SOL: 0.01}
LOT = {BTC: 0.01, ETH: 0.1, SOL: 1.0}


def always(_answer: Any) -> bool:
    return True


def trader(desk: Desk, symbol: str = BTC) -> tuple[list[Any], Callable[[], Awaitable[Any]]]:
    """Trades made so far, and what makes the next, each at a price of its own."""
    made: list[Any] = []

    async def trade() -> Any:
        price = round(PRICE[symbol] + (len(made) % 50) * TICK[symbol], 2)
        made.append(await desk.trade(price, LOT[symbol], symbol))

    return made, trade


async def _tells_again(desk: Desk, method: str, *arguments: Any) -> None:
    """It tells, its connection is cut, and it tells again."""
    _, trade = trader(desk)
    async with following(desk, method, *arguments) as follower:
        await follower.until(always, trade)
        async with gap(desk, follower):
            pass
        await follower.until(always, trade)


@check("watchTicker", streams=True)
async def watch_ticker(desk: Desk) -> None:
    """100ms, agg2 and raw; again after a cut"""
    for interval in ("100ms", "agg2", "raw"):
        ticker = await desk.client.watch_ticker(BTC, {"interval": interval})
        assert 59_000 < ticker["markPrice"] < 61_000
    await _tells_again(desk, "watch_ticker", BTC)


@check("watchTickers", streams=True)
async def watch_tickers(desk: Desk) -> None:
    """several symbols; again after a cut"""
    seen: set[str] = set()
    async with asyncio.timeout(20):
        while seen < {BTC, ETH}:
            seen |= set(await desk.client.watch_tickers([BTC, ETH]))
    await _tells_again(desk, "watch_tickers", [BTC, ETH])


@check("watchBidsAsks", streams=True)
async def watch_bids_asks(desk: Desk) -> None:
    """the best prices as they change; again after a cut, and then as they are"""
    await desk.others("buy", 0.02, 59_970)
    async with following(desk, "watch_bids_asks", [BTC]) as follower:
        await follower.until(lambda told: told[BTC]["bid"] == 59_970)
        async with gap(desk, follower):
            await desk.others("buy", 0.03, 59_975)
        told = await follower.until(lambda told: told[BTC]["bid"] == 59_975)
        assert told[BTC]["bidVolume"] == 0.03


async def _no_trade_is_lost(
    desk: Desk, method: str, history: str, arguments: tuple[Any, ...], symbol: str = BTC
) -> None:
    """What the loop heard, and what the history says of the gap, is every trade, each once."""
    made, trade = trader(desk, symbol)
    async with following(desk, method, *arguments) as follower:

        def heard() -> list[str]:
            return ids(trade for told in follower.heard for trade in told)

        await follower.until(always, trade)
        await trade()
        async with gap(desk, follower):
            before = heard()
            for _ in range(3):
                await trade()
        await follower.until(always, trade)
        for _ in range(5):
            await trade()
        wanted = [each["trade"]["trade_id"] for each in made]
        await follower.until_true(lambda: wanted[-1] in heard())

    told = heard()
    assert len(set(told)) == len(told), "a trade was told twice"
    assert told == sorted(told, key=wanted.index), "trades were told out of order"
    after = told[len(before) :]
    # Before the cut and after it without a hole.
    assert before == wanted[wanted.index(before[0]) :][: len(before)]
    assert after == wanted[wanted.index(after[0]) :]
    since = made[wanted.index(before[-1])]["creation_timestamp"]

    async def caught_up() -> bool:
        rows = await desk.client.call(history, symbol, since, 100)
        return set(ids(rows)) | set(told) >= set(wanted[wanted.index(before[0]) :])

    assert await eventually(caught_up), "the history does not fill the gap"


@check("watchTrades", streams=True)
async def watch_trades(desk: Desk) -> None:
    """none lost or double, in order, 100ms and raw; the gap of a cut from fetch_trades"""
    for interval in ("100ms", "raw"):
        arguments = (BTC, None, None, {"interval": interval})
        await _no_trade_is_lost(desk, "watch_trades", "fetch_trades", arguments)


@check("watchTradesForSymbols", streams=True)
async def watch_trades_for_symbols(desk: Desk) -> None:
    """several symbols, none lost or double; the gap of a cut from fetch_trades"""
    arguments = ([SOL, ETH],)
    await _no_trade_is_lost(desk, "watch_trades_for_symbols", "fetch_trades", arguments, ETH)


@check("watchMyTrades", streams=True)
async def watch_my_trades(desk: Desk) -> None:
    """none lost or double; the gap of a cut from fetch_my_trades"""
    await _no_trade_is_lost(desk, "watch_my_trades", "fetch_my_trades", (BTC,))


@check("watchOrders", streams=True)
async def watch_orders(desk: Desk) -> None:
    """each order's every state, in order; after a cut again, the gap from fetch_open_orders"""
    placed: list[str] = []

    async def place() -> None:
        order = await desk.client.create_order(BTC, "limit", "buy", 0.01, 59_000)
        placed.append(order["id"])

    async with following(desk, "watch_orders", BTC) as follower:

        def states(number: str) -> list[str]:
            told = [each for update in follower.heard for each in update]
            return [each["status"] for each in told if each["id"] == number]

        await follower.until(always, place)
        known = placed[-1]
        await desk.client.edit_order(known, BTC, "limit", "buy", 0.02, 59_001)
        await desk.client.cancel_order(known, BTC)
        await follower.until_true(lambda: states(known)[-1:] == ["canceled"])
        assert states(known) in (["open", "open", "canceled"], ["open", "canceled"]), states(
            known
        )
        await desk.client.cancel_all_orders(BTC)
        async with gap(desk, follower):
            hidden = await desk.client.create_order(BTC, "limit", "buy", 0.01, 59_002)
        await follower.until(always, place)
        assert hidden["id"] in ids(await desk.client.fetch_open_orders(BTC))
        await desk.others("sell", 0.01, 59_002)
        await follower.until_true(lambda: states(hidden["id"])[-1:] == ["closed"])


async def _is_the_book(desk: Desk, local: Any, symbol: str = BTC) -> bool:
    book = await desk.client.fetch_order_book(symbol, 100)
    return all(
        [level[:2] for level in local[side]] == [level[:2] for level in book[side]]
        for side in ("bids", "asks")
    )


async def _storm(desk: Desk, symbol: str = BTC) -> None:
    """Levels come, change and go, more than one a message."""
    placed = []
    for step in range(30):
        price = round(PRICE[symbol] - 40 * TICK[symbol] - (step % 7) * TICK[symbol], 2)
        placed.append((await desk.others("buy", LOT[symbol], price, symbol))["order"])
        if step % 3 == 2:
            number = placed.pop(0)["order_id"]
            await desk.raw("private/cancel", desk.other, order_id=number)


async def _book_follows(desk: Desk, method: str, arguments: tuple[Any, ...]) -> None:
    """The local book is the venue's after a storm, and after a cut and another storm."""
    async with following(desk, method, *arguments) as follower:
        await follower.until(always)

        async def is_right() -> bool:
            local = (await desk.client.value("orderbooks")).get(BTC)
            return local is not None and await _is_the_book(desk, local)

        await _storm(desk)
        assert await eventually(is_right), "the book differs from fetch_order_book's"
        # ccxt keeps the levels of before a drop and lays the new snapshot over them; so a user
        # forgets the book first, of Deribit's too.
        async with gap(desk, follower):
            await desk.client.set("orderbooks", {})
            await _storm(desk)
        assert await eventually(is_right), "after the cut the book differs"


@check("watchOrderBook", streams=True)
async def watch_order_book(desk: Desk) -> None:
    """100ms, agg2 and raw: equal to fetch_order_book after a storm, a cut and another storm"""
    for interval in ("100ms", "agg2", "raw"):
        await desk.tidy()
        arguments = (BTC, None, {"interval": interval})
        await _book_follows(desk, "watch_order_book", arguments)


@check("watchOrderBookForSymbols", streams=True)
async def watch_order_book_for_symbols(desk: Desk) -> None:
    """several symbols: the same"""
    await _book_follows(desk, "watch_order_book_for_symbols", ([BTC, ETH],))


@check("watchOHLCV", streams=True)
async def watch_ohlcv(desk: Desk) -> None:
    """ten timeframes, each candle as fetch_ohlcv tells it; again after a cut"""
    _, trade = trader(desk)
    await trade()
    for timeframe in TIMEFRAMES:
        async with following(desk, "watch_ohlcv", BTC, timeframe) as follower:
            told = (await follower.until(always, trade))[-1]

            async def agrees(told: Any = told, timeframe: str = timeframe) -> bool:
                rows = await desk.client.fetch_ohlcv(BTC, timeframe, None, 2)
                same = [row for row in rows if row[0] == told[0]]
                return bool(same) and same[0][1] == told[1] and same[0][5] >= told[5]

            assert await eventually(agrees), (timeframe, told)
    await _tells_again(desk, "watch_ohlcv", BTC, "1m")


@check("watchOHLCVForSymbols", streams=True)
async def watch_ohlcv_for_symbols(desk: Desk) -> None:
    """several symbols and timeframes; again after a cut"""
    await _tells_again(desk, "watch_ohlcv_for_symbols", [[BTC, "1m"], [ETH, "5m"]])


@check("watchBalance", streams=True)
async def watch_balance(desk: Desk) -> None:
    """the portfolio at once and as it changes; again after a cut, and then as it is"""

    def total(told: Any) -> Any:
        # ccxt.pro files what it parsed once more under the currency.
        return told["USDC"]["USDC"]["total"] if "USDC" in told else None

    async with following(desk, "watch_balance") as follower:
        await follower.until(lambda told: bool(total(told)))
        async with gap(desk, follower):
            await desk.raw("private/demo_fund", desk.key, amount=1_000)
        now = (await desk.client.fetch_balance())["USDC"]["total"]
        await follower.until(lambda told: abs(total(told) - now) < 500)


@check(streams=True)
async def book_kept_across_a_cut(desk: Desk) -> str:
    """a level that went meanwhile stays in ccxt's book until `orderbooks` is emptied"""
    goes = (await desk.others("buy", 0.01, 59_940))["order"]["order_id"]
    async with following(desk, "watch_order_book", BTC) as follower:

        def has(book: Any) -> bool:
            return 59_940 in [level[0] for level in book["bids"]]

        await follower.until(has)
        async with gap(desk, follower):
            await desk.raw("private/cancel", desk.other, order_id=goes)
            await desk.others("buy", 0.01, 59_941)

            async def is_gone() -> bool:
                return not has(await desk.client.fetch_order_book(BTC))

            assert await eventually(is_gone)
        book = await follower.until(lambda book: book["bids"][0][0] == 59_941)
        assert has(book), "ccxt forgets levels by itself now: say so in docs/clients.md"
    return "ccxt keeps it"


@check(streams=True)
async def depth_endpoint(desk: Desk) -> str:
    """`useDepthEndpoint`: ccxt reads three fields a level where Deribit, and we, send two"""
    await desk.others("buy", 0.01, 59_940)
    params = {"useDepthEndpoint": True, "group": "none", "depth": "20"}
    try:
        async with asyncio.timeout(5):
            book = await desk.client.watch_order_book(BTC, None, params)
    except (IndexError, TimeoutError, ccxt.BaseError):
        return "ccxt cannot"
    assert book["bids"] == [] or None in book["bids"][0], book
    return "ccxt cannot"


@check(streams=True)
async def timeframes_that_ccxt_forgets(desk: Desk) -> str:
    """10m and 3h are told, but ccxt.pro has no name for them"""
    for timeframe in ("10m", "3h"):
        try:
            async with asyncio.timeout(5):
                await desk.trade(60_000)
                told = await desk.client.watch_ohlcv(BTC, timeframe)
        except (KeyError, TimeoutError, ccxt.BaseError, RuntimeError):
            continue
        assert not told, "ccxt.pro knows it now: put it into TIMEFRAMES"
    return "ccxt cannot"


@check(streams=True)
async def subscriptions_that_are_not(desk: Desk) -> str:
    """no error for what does not exist, as on Deribit; ccxt waits, and other channels go on"""
    async with following(desk, "watch_ticker", BTC) as follower:
        await follower.until(always)
        unknown = desk.client.watch_ticker(BTC, {"interval": "7ms"})
        try:
            async with asyncio.timeout(1):
                await unknown
        except TimeoutError:
            await follower.until(always, trader(desk)[1])
            return "waits"
        raise AssertionError("a channel that is none told something")


@check(streams=True)
async def wrong_key(desk: Desk) -> str:
    """a private stream with a wrong secret tells nothing (ccxt.pro logs the error and waits)"""
    await desk.client.set("secret", "wrong")
    try:
        async with asyncio.timeout(2):
            told = await desk.client.watch_balance()
    except TimeoutError:
        return "waits"
    except ccxt.BaseError:
        return "refused"
    raise AssertionError(f"a wrong secret was taken: {told}")
