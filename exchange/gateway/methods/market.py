"""Market data on request: instruments, tickers, books, trades and candles."""

import time

from exchange.gateway import wire
from exchange.gateway.channels import MINUTES
from exchange.gateway.decoder import number
from exchange.gateway.errors import invalid_params
from exchange.gateway.history import Window
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    Chart,
    Currency,
    CurrencyTrades,
    Depth,
    Instrument,
    Instruments,
    Trades,
)
from exchange.gateway.wire import Json

DEPTH_MAX = 10_000


@method("public/get_instruments", Instruments)
async def get_instruments(call: Call, params: Instruments) -> list[Json]:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    if params.expired:
        return []
    return [wire.instrument(listing) for listing in listings.select(currency, params.kind)]


@method("public/get_instrument", Instrument)
async def get_instrument(call: Call, params: Instrument) -> Json:
    return wire.instrument(call.gateway.listings.get(params.instrument_name))


@method("public/ticker", Instrument)
async def ticker(call: Call, params: Instrument) -> Json:
    return call.gateway.feeds.ticker(call.gateway.listings.get(params.instrument_name))


@method("public/get_order_book", Depth)
async def get_order_book(call: Call, params: Depth) -> Json:
    gateway = call.gateway
    listing = gateway.listings.get(params.instrument_name)
    if not 1 <= params.depth <= DEPTH_MAX:
        raise invalid_params("depth", f"must be from 1 to {DEPTH_MAX}")
    stats = gateway.statistics.of(listing.id)
    return wire.order_book(listing, gateway.feeds.book(listing.id), stats, params.depth)


@method("public/get_book_summary_by_instrument", Instrument)
async def get_book_summary_by_instrument(call: Call, params: Instrument) -> list[Json]:
    return [_summary(call, call.gateway.listings.get(params.instrument_name))]


@method("public/get_book_summary_by_currency", Currency)
async def get_book_summary_by_currency(call: Call, params: Currency) -> list[Json]:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return [_summary(call, listing) for listing in listings.select(currency, params.kind)]


@method("public/get_last_trades_by_instrument", Trades, cost=Cost.HISTORY)
async def get_last_trades_by_instrument(call: Call, params: Trades) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    return await call.gateway.history.trades([listing], window_of(params))


@method("public/get_last_trades_by_instrument_and_time", Trades, cost=Cost.HISTORY)
async def get_last_trades_by_instrument_and_time(call: Call, params: Trades) -> Json:
    return await get_last_trades_by_instrument(call, params)


@method("public/get_last_trades_by_currency", CurrencyTrades, cost=Cost.HISTORY)
async def get_last_trades_by_currency(call: Call, params: CurrencyTrades) -> Json:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return await call.gateway.history.trades(
        listings.select(currency, params.kind), window_of(params)
    )


@method("public/get_last_trades_by_currency_and_time", CurrencyTrades, cost=Cost.HISTORY)
async def get_last_trades_by_currency_and_time(call: Call, params: CurrencyTrades) -> Json:
    return await get_last_trades_by_currency(call, params)


@method("public/get_tradingview_chart_data", Chart, cost=Cost.HISTORY)
async def get_tradingview_chart_data(call: Call, params: Chart) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    minutes = MINUTES.get(params.resolution)
    if minutes is None:
        raise invalid_params("resolution", f"must be one of {', '.join(MINUTES)}")
    if params.start_timestamp > params.end_timestamp:
        raise invalid_params("start_timestamp", "must not be after end_timestamp")
    candles = await call.gateway.history.candles(
        listing, minutes, params.start_timestamp, params.end_timestamp
    )
    return {
        "status": "ok" if candles else "no_data",
        "ticks": [wire.millis(candle.start_ns) for candle in candles],
        "open": [listing.price(candle.open_ticks) for candle in candles],
        "high": [listing.price(candle.high_ticks) for candle in candles],
        "low": [listing.price(candle.low_ticks) for candle in candles],
        "close": [listing.price(candle.close_ticks) for candle in candles],
        "volume": [listing.amount(candle.volume_lots) for candle in candles],
        "cost": [
            number(listing.notional_units(candle.volume_price_lots), wire.MONEY_PLACES)
            for candle in candles
        ],
        # Ours: so many of the first candles are recorded prices from before the first trade.
        "recorded": sum(candle.is_recorded for candle in candles),
    }


def window_of(params: Trades | CurrencyTrades) -> Window:
    """Which trades the parameters ask for."""
    by_number = params if isinstance(params, Trades) else None
    return Window(
        most=params.count,
        since_ms=params.start_timestamp,
        until_ms=params.end_timestamp,
        start_seq=by_number.start_seq if by_number else None,
        end_seq=by_number.end_seq if by_number else None,
        sorting=params.sorting,
    )


def _summary(call: Call, listing: Listing) -> Json:
    gateway = call.gateway
    stats = gateway.statistics.of(listing.id)
    return wire.summary(listing, gateway.feeds.book(listing.id), stats, time.time_ns())
