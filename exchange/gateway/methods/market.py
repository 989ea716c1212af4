"""Market data on request: instruments, tickers, books, trades and candles."""

import time

from exchange.gateway import instrument_words, wire
from exchange.gateway.channels import MINUTES
from exchange.gateway.decoder import number
from exchange.gateway.errors import invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.market_schemas import LastTrades, LastTradesByCurrency, OrderBookById
from exchange.gateway.methods.windows import check_times, window_of
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    Chart,
    Currency,
    Instrument,
    Instruments,
    OrderBook,
)
from exchange.gateway.wire import Json


@method("public/get_instruments", Instruments)
async def get_instruments(call: Call, params: Instruments) -> list[Json]:
    """What is listed, with its steps, fees and limits."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    if params.expired:
        return []
    return [
        instrument_words.instrument(listing)
        for listing in listings.select(currency, params.kind)
    ]


@method("public/get_instrument", Instrument)
async def get_instrument(call: Call, params: Instrument) -> Json:
    """One listed instrument."""
    return instrument_words.instrument(call.gateway.listings.get(params.instrument_name))


@method("public/ticker", Instrument)
async def ticker(call: Call, params: Instrument) -> Json:
    """Mark and index price, best prices, funding and the last 24 hours."""
    return call.gateway.feeds.ticker(call.gateway.listings.get(params.instrument_name))


@method("public/get_order_book", OrderBook)
async def get_order_book(call: Call, params: OrderBook) -> Json:
    """The ticker of an instrument with the best levels of its book."""
    listing = call.gateway.listings.get(params.instrument_name)
    return _order_book(call, listing, params.depth)


@method("public/get_order_book_by_instrument_id", OrderBookById)
async def get_order_book_by_instrument_id(call: Call, params: OrderBookById) -> Json:
    """The same by the instrument's number."""
    listing = call.gateway.listings.by_id.get(params.instrument_id)
    if listing is None:
        raise invalid_params("instrument_id", "is not listed")
    return _order_book(call, listing, params.depth)


@method("public/get_contract_size", Instrument)
async def get_contract_size(call: Call, params: Instrument) -> Json:
    """How much of the base currency one contract is."""
    listing = call.gateway.listings.get(params.instrument_name)
    return {"contract_size": listing.amount(1)}


@method("public/get_book_summary_by_instrument", Instrument)
async def get_book_summary_by_instrument(call: Call, params: Instrument) -> list[Json]:
    """Best prices, mark, open interest and volume of one instrument."""
    return [_summary(call, call.gateway.listings.get(params.instrument_name))]


@method("public/get_book_summary_by_currency", Currency)
async def get_book_summary_by_currency(call: Call, params: Currency) -> list[Json]:
    """The same for a currency's instruments."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return [_summary(call, listing) for listing in listings.select(currency, params.kind)]


@method("public/get_last_trades_by_instrument", LastTrades, cost=Cost.HISTORY)
async def get_last_trades_by_instrument(call: Call, params: LastTrades) -> Json:
    """The tape of one instrument, newest first unless a start is given."""
    listing = call.gateway.listings.get(params.instrument_name)
    return await call.gateway.history.trades([listing], window_of(params))


@method("public/get_last_trades_by_instrument_and_time", LastTrades, cost=Cost.HISTORY)
async def get_last_trades_by_instrument_and_time(call: Call, params: LastTrades) -> Json:
    """The tape of one instrument within a range of time."""
    listing = call.gateway.listings.get(params.instrument_name)
    window = window_of(params, needs_time=True)
    return await call.gateway.history.trades([listing], window)


@method("public/get_last_trades_by_currency", LastTradesByCurrency, cost=Cost.HISTORY)
async def get_last_trades_by_currency(call: Call, params: LastTradesByCurrency) -> Json:
    """The tape of a currency's instruments, newest first unless a start is given."""
    listings = call.gateway.listings
    wanted = listings.select(listings.check_currency(params.currency), params.kind)
    return await call.gateway.history.trades(wanted, window_of(params))


@method("public/get_last_trades_by_currency_and_time", LastTradesByCurrency, cost=Cost.HISTORY)
async def get_last_trades_by_currency_and_time(
    call: Call, params: LastTradesByCurrency
) -> Json:
    """The tape of a currency's instruments within a range of time."""
    listings = call.gateway.listings
    wanted = listings.select(listings.check_currency(params.currency), params.kind)
    return await call.gateway.history.trades(wanted, window_of(params, needs_time=True))


@method("public/get_tradingview_chart_data", Chart, cost=Cost.HISTORY)
async def get_tradingview_chart_data(call: Call, params: Chart) -> Json:
    """Candles, oldest first, at most 5,000: the newest of the range."""
    listing = call.gateway.listings.get(params.instrument_name)
    minutes = MINUTES.get(params.resolution)
    if minutes is None:
        raise invalid_params("resolution", f"must be one of {', '.join(MINUTES)}")
    check_times(params.start_timestamp, params.end_timestamp)
    candles = await call.gateway.charts.candles(
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


def _order_book(call: Call, listing: Listing, depth: int) -> Json:
    gateway = call.gateway
    stats = gateway.statistics.of(listing.id)
    return wire.order_book(listing, gateway.feeds.book(listing.id), stats, depth)


def _summary(call: Call, listing: Listing) -> Json:
    gateway = call.gateway
    stats = gateway.statistics.of(listing.id)
    return wire.summary(listing, gateway.feeds.book(listing.id), stats, time.time_ns())
