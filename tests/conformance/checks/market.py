"""What the public may know: markets, tickers, books, trades, candles, funding."""

import time

from tests.conformance.desk import BTC, ETH, INSTRUMENT, SYMBOLS, Desk, eventually, ids, picked
from tests.conformance.registry import check

HOUR_MS = 3_600_000
TIMEFRAMES = ("1m", "3m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@check("fetchMarkets")
async def load_markets(desk: Desk) -> None:
    """three linear perpetuals with tick, lot, fees and the id Deribit would give them"""
    markets = await desk.client.load_markets()

    assert sorted(markets) == sorted(SYMBOLS)
    market = markets[BTC]
    assert market["id"] == "BTC_USDC-PERPETUAL"
    assert picked(market, "base", "quote", "settle") == ("BTC", "USDC", "USDC")
    assert picked(market, "type", "swap", "linear", "inverse", "active", "contract") == (
        "swap", True, True, False, True, True,
    )  # fmt: skip
    assert market["precision"]["amount"] == 0.001
    assert market["precision"]["price"] == 0.1
    assert market["limits"]["amount"]["min"] == 0.001
    assert picked(market, "maker", "taker") == (0.0002, 0.0005)


@check()
async def load_markets_by_currency(desk: Desk) -> None:
    """`fetchAllMarkets: False` asks currency by currency and finds the same, each once"""
    markets = await desk.client.fetch_markets({"fetchAllMarkets": False})

    assert sorted(market["symbol"] for market in markets) == sorted(SYMBOLS)


@check("fetchCurrencies", "fetchCurrenciesWs")
async def fetch_currencies(desk: Desk) -> None:
    """USDC, and the bases"""
    currencies = await desk.client.fetch_currencies()

    assert set(currencies) == {"USDC", "BTC", "ETH", "SOL"}
    assert currencies["USDC"]["fee"] == 0


@check("fetchDepositWithdrawFees")
async def fetch_deposit_withdraw_fees(desk: Desk) -> None:
    """withdrawals cost nothing"""
    fees = await desk.client.fetch_deposit_withdraw_fees(["USDC"])

    assert fees["USDC"]["withdraw"]["fee"] == 0


@check("fetchStatus")
async def fetch_status(desk: Desk) -> None:
    """ok: `locked` is the text that ccxt compares with"""
    assert (await desk.client.fetch_status())["status"] == "ok"


@check("fetchTime")
async def fetch_time(desk: Desk) -> None:
    """the venue's clock, in milliseconds"""
    assert abs(await desk.client.fetch_time() - now_ms()) < 10_000


@check("fetchTicker")
async def fetch_ticker(desk: Desk) -> None:
    """bid, ask, last, mark and index"""
    await desk.others("buy", 0.02, 59_970)
    await desk.trade(59_980)

    async def shown() -> bool:
        ticker = await desk.client.fetch_ticker(BTC)
        return picked(ticker, "bid", "bidVolume", "last") == (59_970, 0.02, 59_980)

    assert await eventually(shown)
    ticker = await desk.client.fetch_ticker(BTC)
    assert ticker["symbol"] == BTC
    assert 59_000 < ticker["markPrice"] < 61_000
    assert ticker["indexPrice"] == 60_000
    assert ticker["baseVolume"] > 0
    assert abs(ticker["timestamp"] - now_ms()) < 60_000


@check("fetchTickers")
async def fetch_tickers(desk: Desk) -> None:
    """by symbol, and by `code`: a base, or USDC for all"""
    one = await desk.client.fetch_tickers([BTC])
    every = await desk.client.fetch_tickers(None, {"code": "USDC"})

    assert list(one) == [BTC]
    assert sorted(every) == sorted(SYMBOLS)
    assert every[ETH]["indexPrice"] == 3_000


@check("fetchOrderBook", "fetchL2OrderBook")
async def fetch_order_book(desk: Desk) -> None:
    """best first, each level once, cut to `limit`"""
    for price in (59_950, 59_960, 59_970):
        await desk.others("buy", 0.01, price)
    await desk.others("sell", 0.03, 60_040)

    async def shown() -> bool:
        book = await desk.client.fetch_order_book(BTC)
        return bool(book["asks"] and book["bids"][:1] == [[59_970, 0.01]])

    assert await eventually(shown)
    book = await desk.client.fetch_order_book(BTC, 2)
    assert [level[:2] for level in book["bids"]] == [[59_970, 0.01], [59_960, 0.01]]
    assert book["asks"][0][:2] == [60_040, 0.03]
    assert book["nonce"] > 0
    whole = await desk.client.fetch_l2_order_book(BTC)
    assert [59_950, 0.01] in [level[:2] for level in whole["bids"]]


@check("fetchTrades")
async def fetch_trades(desk: Desk) -> None:
    """the newest, since a time, between two times; oldest first"""
    began = now_ms()
    wanted = [(await desk.trade(price))["trade"]["trade_id"] for price in (60_001, 60_002)]

    async def told() -> bool:
        return ids(await desk.client.fetch_trades(BTC, None, 2)) == wanted

    assert await eventually(told)
    trades = await desk.client.fetch_trades(BTC, began - 1, 100)
    assert ids(trades) == wanted
    assert picked(trades[0], "price", "amount", "side", "symbol") == (
        60_001, 0.01, "buy", BTC,
    )  # fmt: skip
    first = trades[0]["timestamp"]
    until = await desk.client.fetch_trades(BTC, began - 1, 100, {"until": first})
    assert ids(until)[0] == wanted[0]
    assert all(trade["timestamp"] <= first for trade in until)


@check("fetchOHLCV")
async def fetch_ohlcv(desk: Desk) -> None:
    """all twelve timeframes, since a time, up to a time, page by page"""
    await desk.trade(60_004)

    async def told() -> bool:
        candles = await desk.client.fetch_ohlcv(BTC, "1m", None, 2)
        return bool(candles) and candles[-1][4] == 60_004

    assert await eventually(told)
    assert set(await desk.client.value("timeframes")) == set(TIMEFRAMES)
    for timeframe in TIMEFRAMES:
        candles = await desk.client.fetch_ohlcv(BTC, timeframe)
        start, first, high, low, close, volume = candles[-1]
        assert low <= min(first, close) <= max(first, close) <= high, timeframe
        assert close == 60_004, timeframe
        assert volume > 0, timeframe
        starts = [candle[0] for candle in candles]
        assert starts == sorted(set(starts)), timeframe
        assert now_ms() - start < 86_400_000, timeframe
    since = now_ms() - 2 * HOUR_MS
    assert len(await desk.client.fetch_ohlcv(BTC, "1m", since, 5)) <= 5
    assert await desk.client.fetch_ohlcv(BTC, "1m", since, None, {"until": since + 1}) == []
    paged = await desk.client.fetch_ohlcv(BTC, "1h", since, None, {"paginate": True})
    assert paged[-1][4] == 60_004


@check("fetchFundingRate")
async def fetch_funding_rate(desk: Desk) -> None:
    """what eight hours came to"""
    rate = await desk.client.fetch_funding_rate(BTC)

    assert rate["symbol"] == BTC
    assert -0.01 < rate["fundingRate"] < 0.01


@check("fetchFundingRateHistory")
async def fetch_funding_rate_history(desk: Desk) -> None:
    """a list of hours, none of them double, also page by page"""
    since = now_ms() - 24 * HOUR_MS
    for params in ({}, {"paginate": True}):
        hours = await desk.client.fetch_funding_rate_history(BTC, since, 100, params)
        times = [hour["timestamp"] for hour in hours]
        assert times == sorted(set(times))
        assert all(hour["indexPrice"] > 0 for hour in hours)


@check("fetchOpenInterest")
async def fetch_open_interest(desk: Desk) -> None:
    """what is held, in the base currency (ccxt files a perpetual's under openInterestValue)"""
    await desk.trade(60_000, 0.05)

    async def held() -> bool:
        interest = await desk.client.fetch_open_interest(BTC)
        return bool(interest["openInterestValue"] >= 0.001)

    assert await eventually(held)


@check("publicAPI")
async def implicit_public(desk: Desk) -> None:
    """ccxt's implicit methods answer with Deribit's envelope"""
    answer = await desk.client.publicGetGetInstrument({"instrument_name": INSTRUMENT[BTC]})

    assert answer["result"]["instrument_name"] == INSTRUMENT[BTC]
    assert {"jsonrpc", "usIn", "usOut", "usDiff", "testnet"} <= set(answer)
