"""Channel names: what each of Deribit's `book.X.100ms`, `user.orders.any.any.raw` … asks for.

CHAN-001  every parameter comes from a short list, so that nobody can make us render a million
          different books; a name that is not understood is left out of the answer.
CHAN-002  private channels need a caller who may read; `raw` ones need any caller.
CHAN-003  channels of what this venue does not have (options, market maker protection,
          announcements) exist and stay silent, so that who follows them too still connects.
"""

from dataclasses import dataclass
from enum import Enum

from exchange.gateway.listings import Listing, Listings

INTERVALS = ("100ms", "agg2", "raw")
DEPTHS = (1, 5, 10, 20, 50, 100)
GROUPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000, 2_000, 2_500, 5_000, 10_000)
KINDS = ("any", "future", "option", "spot", "combo", "future_combo", "option_combo")
MINUTES = {
    "1": 1,
    "3": 3,
    "5": 5,
    "10": 10,
    "15": 15,
    "30": 30,
    "60": 60,
    "120": 120,
    "180": 180,
    "360": 360,
    "720": 720,
    "1D": 1_440,
}


class Topic(Enum):
    """What a channel is about."""

    BOOK = "book"
    TOP = "top"  # the best levels, grouped: always whole
    TICKER = "ticker"
    QUOTE = "quote"
    PERPETUAL = "perpetual"  # the funding rate in force
    TRADES = "trades"
    CHART = "chart"
    INDEX = "index"
    STATE = "state"  # of contracts: listed, opened, halted
    SILENT = "silent"
    USER_ORDERS = "user.orders"
    USER_TRADES = "user.trades"
    USER_CHANGES = "user.changes"
    USER_PORTFOLIO = "user.portfolio"
    USER_SILENT = "user.silent"


_USER_TOPICS = {
    "orders": Topic.USER_ORDERS,
    "trades": Topic.USER_TRADES,
    "changes": Topic.USER_CHANGES,
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that exists. contract -1: all contracts of the currency."""

    name: str
    topic: Topic
    contract: int = -1
    currency: str = "ANY"
    kind: str = "any"
    is_raw: bool = False
    group_ticks: int = 1
    depth: int = 0
    minutes: int = 0
    underlying: int = -1

    @property
    def is_private(self) -> bool:
        """Whether it shows somebody's own business."""
        return self.topic.value.startswith("user.")

    def covers(self, listing: Listing) -> bool:
        """Whether what happens in this contract belongs in the channel."""
        if self.contract >= 0:
            return self.contract == listing.id
        if self.kind not in ("any", "future"):
            return False
        return self.currency in ("ANY", listing.base, listing.quote)


def parse_channel(name: str, listings: Listings) -> Channel | None:
    """The channel of that name, or None when there is no such channel."""
    head, *rest = name.split(".")
    for parse in (_of_book, _of_market, _of_venue, _of_account):
        channel = parse(name, head, rest, listings)
        if channel is not None:
            return channel
    return None


def _of_book(name: str, head: str, rest: list[str], listings: Listings) -> Channel | None:
    match head, rest:
        case "book", [instrument, interval] if interval in INTERVALS:
            return _of_contract(name, Topic.BOOK, instrument, listings, interval == "raw")
        case "book", [instrument, group, depth, interval] if interval in INTERVALS:
            return _top(name, instrument, group, depth, listings)
        case "quote", [instrument]:
            return _of_contract(name, Topic.QUOTE, instrument, listings)
    return None


def _of_market(name: str, head: str, rest: list[str], listings: Listings) -> Channel | None:
    match head, rest:
        case "ticker", [instrument, interval] if interval in INTERVALS:
            return _of_contract(name, Topic.TICKER, instrument, listings, interval == "raw")
        case "perpetual", [instrument, interval] if interval in INTERVALS:
            is_raw = interval == "raw"
            return _of_contract(name, Topic.PERPETUAL, instrument, listings, is_raw)
        case "trades", [*what, interval] if interval in INTERVALS:
            return _selection(name, Topic.TRADES, what, listings, interval == "raw")
        case "chart", ["trades", instrument, resolution] if resolution in MINUTES:
            return _chart(name, instrument, resolution, listings)
    return None


def _of_venue(name: str, head: str, rest: list[str], listings: Listings) -> Channel | None:
    match head, rest:
        case "deribit_price_index", [index]:
            return _index(name, index, listings)
        case "instrument", ["state", kind, currency]:
            return _selection(name, Topic.STATE, [kind, currency], listings)
        case "markprice", ["options", index]:
            return _silent(name, Topic.SILENT, index, listings)
        case "deribit_volatility_index", [index]:
            return _silent(name, Topic.SILENT, index, listings)
        case "announcements", []:
            return Channel(name, Topic.SILENT)
    return None


def _of_account(name: str, head: str, rest: list[str], listings: Listings) -> Channel | None:
    match head, rest:
        case "user", ["portfolio", currency]:
            return _portfolio(name, currency, listings)
        case "user", ["mmp_trigger", index]:
            return _silent(name, Topic.USER_SILENT, index, listings)
        case "user", [kind, *what, interval] if kind in _USER_TOPICS and interval in INTERVALS:
            return _selection(name, _USER_TOPICS[kind], what, listings, interval == "raw")
    return None


def _of_contract(
    name: str, topic: Topic, instrument: str, listings: Listings, is_raw: bool = False
) -> Channel | None:
    listing = listings.by_name.get(instrument)
    return None if listing is None else Channel(name, topic, listing.id, is_raw=is_raw)


def _top(
    name: str, instrument: str, group: str, depth: str, listings: Listings
) -> Channel | None:
    listing = listings.by_name.get(instrument)
    ticks = {"none": 1, **{str(ticks): ticks for ticks in GROUPS}}.get(group)
    levels = {str(levels): levels for levels in DEPTHS}.get(depth)
    if listing is None or ticks is None or levels is None:
        return None
    return Channel(name, Topic.TOP, listing.id, group_ticks=ticks, depth=levels)


def _chart(name: str, instrument: str, resolution: str, listings: Listings) -> Channel | None:
    listing = listings.by_name.get(instrument)
    if listing is None:
        return None
    return Channel(name, Topic.CHART, listing.id, minutes=MINUTES[resolution])


def _index(name: str, index: str, listings: Listings) -> Channel | None:
    underlying = listings.by_index_name(index)
    return None if underlying is None else Channel(name, Topic.INDEX, underlying=underlying.id)


def _silent(name: str, topic: Topic, index: str, listings: Listings) -> Channel | None:
    return None if listings.by_index_name(index) is None else Channel(name, topic)


def _portfolio(name: str, currency: str, listings: Listings) -> Channel | None:
    wanted = currency.upper()
    if wanted != "ANY" and wanted not in listings.currencies():
        return None
    return Channel(name, Topic.USER_PORTFOLIO, currency=wanted)


def _selection(
    name: str, topic: Topic, what: list[str], listings: Listings, is_raw: bool = False
) -> Channel | None:
    if len(what) == 1:
        if what[0] == "any":
            return Channel(name, topic, is_raw=is_raw)
        return _of_contract(name, topic, what[0], listings, is_raw)
    if len(what) != 2 or what[0] not in KINDS:
        return None
    currency = what[1].upper()
    if currency != "ANY" and currency not in listings.currencies():
        return None
    return Channel(name, topic, currency=currency, kind=what[0], is_raw=is_raw)
