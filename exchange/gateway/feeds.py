"""The public channels of one process: what the engine publishes, encoded once, for all sockets.

FEED-001  each message of a channel is encoded once per process, whoever follows it (MEASURED).
FEED-002  nothing here waits for a socket: frames go into bounded outboxes.
FEED-003  a stale book is not shown; when it is whole again, its followers get a fresh snapshot.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from exchange.engine.events import EventKind
from exchange.gateway import facts, funding_words, instrument_words, wire
from exchange.gateway.books import Book, BookChange, Delta
from exchange.gateway.candles import Candles
from exchange.gateway.channels import Channel, Topic
from exchange.gateway.decoder import encode, number
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.sockets import Socket
from exchange.gateway.statistics import Statistics
from exchange.gateway.wire import FillView, Json
from exchange.pipeline.codec import Batch
from exchange.pipeline.market_data import MarketMessage, MessageType

_INTERVALS = ("100ms", "agg2", "raw")
_WITHOUT_SNAPSHOT = (Topic.TRADES, Topic.STATE, Topic.SILENT)


def notification(channel: str, data: object) -> str:
    """One subscription message."""
    return encode(
        {
            "jsonrpc": "2.0",
            "method": "subscription",
            "params": {"channel": channel, "data": data},
        }
    ).decode()


class Feeds:
    """Public channels and who follows them."""

    def __init__(self, listings: Listings, statistics: Statistics) -> None:
        self.listings = listings
        self.statistics = statistics
        self.books: dict[int, Book] = {}
        self.candles = Candles()
        self._followers: dict[str, set[Socket]] = defaultdict(set)
        self._tops: dict[int, dict[str, Channel]] = defaultdict(dict)
        self._trade_channels: dict[str, Channel] = {}
        self._state_channels: dict[str, Channel] = {}
        self._best: dict[int, object] = {}
        self._tick: dict[int, tuple[int, int]] = {}  # last price and direction, by contract
        self._conflated: dict[str, list[Json]] = {}
        self._market = {
            MessageType.BOOK_DELTA: self._on_delta,
            MessageType.TICKER: self._on_ticker,
            MessageType.INDEX: self._on_index,
        }

    # --- who follows what ---------------------------------------------------------------------
    def add(self, channel: Channel, socket: Socket) -> None:
        """Follow a channel, from its present state on."""
        self._followers[channel.name].add(socket)
        if channel.topic is Topic.TOP:
            self._tops[channel.contract][channel.name] = channel
        elif channel.topic is Topic.TRADES:
            self._trade_channels[channel.name] = channel
        elif channel.topic is Topic.STATE:
            self._state_channels[channel.name] = channel
        elif channel.topic is Topic.CHART:
            self.candles.follow(channel)
        snapshot = self._snapshot(channel)
        if snapshot is not None:
            socket.outbox.push_snapshot(channel.name, snapshot)

    def remove(self, channel: Channel, socket: Socket) -> None:
        """Follow it no longer; what waits of it is dropped."""
        followers = self._followers.get(channel.name)
        if followers is None:
            return
        followers.discard(socket)
        socket.outbox.drop(channel.name)
        if not followers:
            del self._followers[channel.name]
            self._tops[channel.contract].pop(channel.name, None)
            self._trade_channels.pop(channel.name, None)
            self._state_channels.pop(channel.name, None)
            if channel.topic is Topic.CHART:
                self.candles.forget(channel)

    # --- what the engine says -----------------------------------------------------------------
    def on_market(self, message: MarketMessage) -> None:
        """A book delta, a contract row or an index row."""
        handle = self._market.get(message.type)
        if handle is not None:
            handle(message)

    def on_batch(self, batch: Batch) -> None:
        """Trades: one fill of each pair is the taker's."""
        events = batch.events
        fills = events[events["kind"] == EventKind.ORDER_FILLED]
        for event in facts.words(fills):
            listing = self.listings.by_id.get(event[facts.CONTRACT])
            if listing is not None and facts.is_taker(event):
                self._on_trade(listing, facts.fill_of(event, listing))

    def flush_conflated(self) -> None:
        """Send the trades of the last 100 ms to those who asked for that interval."""
        conflated, self._conflated = self._conflated, {}
        for name, trades in conflated.items():
            self._publish_event(name, trades)

    def load_book(self, message: MarketMessage) -> None:
        """Start a book again from its snapshot, and show it to its followers."""
        book = self.books.setdefault(message.contract, Book())
        book.load(message.change_id, message.time_ns, message.rows.tolist())
        listing = self.listings.by_id.get(message.contract)
        if book.is_stale or listing is None:
            return
        for interval in _INTERVALS:
            name = f"book.{listing.name}.{interval}"
            for socket in self._followers.get(name, ()):
                socket.outbox.push_snapshot(name, partial(self._book_snapshot, name, listing))
        self._publish_tops(listing, book)

    def stale_books(self) -> list[int]:
        """Contracts whose book has to be loaded."""
        return [
            contract
            for contract in self.listings.by_id
            if contract not in self.books or self.books[contract].is_stale
        ]

    def lose_sight(self) -> None:
        """Messages may have been missed: no book is known any more."""
        for book in self.books.values():
            book.is_stale = True

    def book(self, contract: int) -> Book | None:
        """The contract's book, unless it is stale."""
        book = self.books.get(contract)
        return None if book is None or book.is_stale else book

    # --- the parts ----------------------------------------------------------------------------
    def _on_ticker(self, message: MarketMessage) -> None:
        known = self.listings.by_id.get(message.contract)
        state_before = None if known is None else known.state
        self.listings.update_contract(message.contract, message.rows[0])
        listing = self.listings.by_id.get(message.contract)
        if listing is None:
            return
        if listing.state != state_before:
            self._on_state(listing, message.time_ns)
        for kind, shape in (("ticker", self.ticker), ("perpetual", funding_words.perpetual)):
            names = [f"{kind}.{listing.name}.{interval}" for interval in _INTERVALS]
            followed = [name for name in names if name in self._followers]
            if followed:
                data = shape(listing)
                data["timestamp"] = wire.millis(message.time_ns)
                for name in followed:
                    self._publish_state(name, data)

    def _on_state(self, listing: Listing, time_ns: int) -> None:
        shape = instrument_words.state_change(listing, time_ns)
        for channel in self._state_channels.values():
            if channel.covers(listing):
                self._publish_event(channel.name, shape)

    def _on_index(self, message: MarketMessage) -> None:
        self.listings.update_underlying(message.contract, message.rows[0])
        underlying = self.listings.underlyings.get(message.contract)
        if underlying is None:
            return
        for quote in ("usdc", "usd"):
            index = f"{underlying.name.lower()}_{quote}"
            name = f"deribit_price_index.{index}"
            if name in self._followers:
                self._publish_state(name, index_shape(self.listings, message.contract, index))

    def _on_delta(self, message: MarketMessage) -> None:
        book = self.books.setdefault(message.contract, Book())
        change = book.apply(
            Delta(
                message.change_id,
                message.prev_change_id,
                message.time_ns,
                message.rows.tolist(),
            )
        )
        listing = self.listings.by_id.get(message.contract)
        if change is None or listing is None:
            return
        self._publish_change(listing, change)
        self._publish_tops(listing, book)
        best = (book.best_bid(), book.best_ask())
        if self._best.get(listing.id) != best:
            self._best[listing.id] = best
            name = f"quote.{listing.name}"
            if name in self._followers:
                self._publish_state(name, self._quote(listing, book))

    def _publish_change(self, listing: Listing, change: BookChange) -> None:
        data: Json | None = None
        for interval in _INTERVALS:
            name = f"book.{listing.name}.{interval}"
            followers = self._followers.get(name)
            if not followers:
                continue
            if data is None:
                data = {
                    "type": "change",
                    "timestamp": wire.millis(change.time_ns),
                    "instrument_name": listing.name,
                    "change_id": change.change_id,
                    "prev_change_id": change.prev_change_id,
                    "bids": wire.changes(listing, change.bids),
                    "asks": wire.changes(listing, change.asks),
                }
            frame = notification(name, data)
            snapshot = partial(self._book_snapshot, name, listing)
            for socket in followers:
                socket.outbox.push_change(name, frame, snapshot)

    def _publish_tops(self, listing: Listing, book: Book) -> None:
        for channel in self._tops[listing.id].values():
            self._publish_state(channel.name, self._top(listing, book, channel))

    def _on_trade(self, listing: Listing, fill: FillView) -> None:
        last, previous = self._tick.get(listing.id, (0, 0))
        direction = wire.next_tick_direction(previous, fill.price_ticks - last)
        self._tick[listing.id] = (fill.price_ticks, direction)
        self.statistics.on_trade(listing.id, fill.price_ticks, fill.quantity_lots)
        shape = wire.public_trade(listing, fill, direction)
        for channel in self._trade_channels.values():
            if not channel.covers(listing):
                continue
            if channel.is_raw:
                self._publish_event(channel.name, [shape])
            else:
                self._conflated.setdefault(channel.name, []).append(shape)
        for name, candle in self.candles.on_trade(fill):
            self._publish_state(name, candle.shape(listing))

    # --- frames -------------------------------------------------------------------------------
    def ticker(self, listing: Listing) -> Json:
        """The ticker of a contract as it stands."""
        stats = self.statistics.of(listing.id)
        return wire.ticker(listing, self.book(listing.id), stats)

    def _snapshot(self, channel: Channel) -> "partial[str | None] | None":
        listing = self.listings.by_id.get(channel.contract)
        if channel.topic is Topic.INDEX:
            return partial(self._index_snapshot, channel)
        if listing is None or channel.topic in _WITHOUT_SNAPSHOT:
            return None
        if channel.topic is Topic.BOOK:
            return partial(self._book_snapshot, channel.name, listing)
        return partial(self._state_snapshot, channel, listing)

    def _book_snapshot(self, name: str, listing: Listing) -> str | None:
        book = self.book(listing.id)
        if book is None:
            return None
        size = len(book.bids.prices) + len(book.asks.prices)
        data = {
            "type": "snapshot",
            "timestamp": wire.millis(book.time_ns),
            "instrument_name": listing.name,
            "change_id": book.change_id,
            "bids": wire.changes(listing, (("new", *level) for level in book.top_bids(size))),
            "asks": wire.changes(listing, (("new", *level) for level in book.top_asks(size))),
        }
        return notification(name, data)

    def _state_snapshot(self, channel: Channel, listing: Listing) -> str | None:
        if channel.topic is Topic.TICKER:
            return notification(channel.name, self.ticker(listing))
        if channel.topic is Topic.PERPETUAL:
            return notification(channel.name, funding_words.perpetual(listing))
        if channel.topic is Topic.CHART:
            candle = self.candles.current(channel)
            return notification(channel.name, candle.shape(listing)) if candle else None
        book = self.book(listing.id)
        if book is None:
            return None
        if channel.topic is Topic.QUOTE:
            return notification(channel.name, self._quote(listing, book))
        return notification(channel.name, self._top(listing, book, channel))

    def _index_snapshot(self, channel: Channel) -> str | None:
        index = channel.name.partition(".")[2]
        return notification(channel.name, index_shape(self.listings, channel.underlying, index))

    def _quote(self, listing: Listing, book: Book) -> Json:
        return {
            "instrument_name": listing.name,
            "timestamp": wire.millis(book.time_ns),
            **wire.best_prices(listing, book),
        }

    def _top(self, listing: Listing, book: Book, channel: Channel) -> Json:
        bids = book.top_bids(channel.depth, channel.group_ticks)
        asks = book.top_asks(channel.depth, channel.group_ticks)
        return {
            "timestamp": wire.millis(book.time_ns),
            "instrument_name": listing.name,
            "change_id": book.change_id,
            "bids": wire.levels(listing, bids),
            "asks": wire.levels(listing, asks),
        }

    def _publish_state(self, name: str, data: object) -> None:
        frame = notification(name, data)
        for socket in self._followers.get(name, ()):
            socket.outbox.push_state(name, frame)

    def _publish_event(self, name: str, data: object) -> None:
        frame = notification(name, data)
        for socket in self._followers.get(name, ()):
            socket.outbox.push_event(frame)


def index_shape(listings: Listings, underlying: int, index_name: str) -> Json:
    """An index price as its channel shows it."""
    row = listings.underlyings[underlying].row
    return {
        "index_name": index_name,
        "timestamp": wire.millis(row["index_ns"] or time.time_ns()),
        "price": number(row["index_e8"], 8),
        "status": row["status"],
    }


def names_of(channels: Iterable[Channel]) -> list[str]:
    """What subscribe answers."""
    return [channel.name for channel in channels]
