"""Orders, trades, tickers and instruments in the shapes of Deribit API v2."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Raw

from exchange.engine import units
from exchange.gateway.books import Book, Change
from exchange.gateway.decoder import number
from exchange.gateway.funding_words import interest_value, rate
from exchange.gateway.listings import Listing
from exchange.gateway.order_words import (
    FILLED,
    OPEN,
    REJECTED,
    cancel_reason,
    direction,
    fill_type,
    has_trigger,
    is_waiting,
    order_state,
    order_type,
    reject_reason,
    time_in_force,
    trigger,
)

Json = dict[str, object]
MONEY_PLACES = 6


class OrderView(NamedTuple):
    """What is known of an order, from an event, a view or a projection."""

    id: int
    contract: int
    side: int
    flags: int
    price_ticks: int
    quantity_lots: int
    filled_lots: int
    filled_price_lots: int
    state: str
    label: int
    created_ns: int
    updated_ns: int
    fee_units: int = 0
    realised_units: int = 0
    cancel_reason: int = 0
    trigger_ticks: int = 0
    offset_ticks: int = 0
    reject_reason: int = 0
    # Ids of orders that it is tied to; 0 and empty: none.
    peer: int = 0
    primary: int = 0
    exits: tuple[int, ...] = ()


class FillView(NamedTuple):
    """What is known of one side of a trade."""

    trade: int
    order: int
    contract: int
    side: int
    flags: int
    price_ticks: int
    quantity_lots: int
    remaining_lots: int
    fee_units: int
    realised_units: int
    time_ns: int
    mark_ticks: int
    index_ticks: int
    label: int = 0


class Stats(NamedTuple):
    """The last 24 hours of a contract."""

    high_ticks: int = 0
    low_ticks: int = 0
    open_ticks: int = 0
    volume_lots: int = 0
    volume_price_lots: int = 0


def money(value_units: int) -> Raw:
    """An amount of the settlement asset."""
    return number(value_units, MONEY_PLACES)


def millis(time_ns: int) -> int:
    """A time on the wire."""
    return time_ns // 1_000_000


def order(listing: Listing, view: OrderView, label: str) -> Json:
    """An order; amounts are in the base currency, contracts in lots."""
    is_market = view.flags & units.TYPE_MARKET != 0
    shape: Json = {
        "order_id": str(view.id),
        "order_state": order_state(view.state, view.flags, view.cancel_reason),
        "order_type": order_type(view.flags),
        "instrument_name": listing.name,
        "direction": direction(view.side),
        "price": "market_price" if is_market else listing.price(view.price_ticks),
        "amount": listing.amount(view.quantity_lots),
        "contracts": view.quantity_lots,
        "filled_amount": listing.amount(view.filled_lots),
        "average_price": listing.average_price(view.filled_price_lots, view.filled_lots),
        "time_in_force": time_in_force(view.flags),
        "post_only": bool(view.flags & units.FLAG_POST_ONLY),
        "reject_post_only": bool(view.flags & units.FLAG_REJECT_POST_ONLY),
        "reduce_only": bool(view.flags & units.FLAG_REDUCE_ONLY),
        "is_liquidation": bool(view.flags & units.FLAG_LIQUIDATION),
        "label": label,
        "creation_timestamp": millis(view.created_ns),
        "last_update_timestamp": millis(view.updated_ns),
        "max_show": listing.amount(view.quantity_lots),
        "commission": money(view.fee_units),
        "profit_loss": money(view.realised_units),
        "api": True,
        "web": False,
        "mmp": False,
        "replaced": False,
        "risk_reducing": False,
    }
    if view.cancel_reason:
        shape["cancel_reason"] = cancel_reason(view.cancel_reason)
    if view.reject_reason:
        shape["reject_reason"] = reject_reason(view.reject_reason)
    return shape | _trigger_shape(listing, view) | _ties_shape(view)


def _trigger_shape(listing: Listing, view: OrderView) -> Json:
    """What an order waits, or waited, for; clients read one or the other name of the price."""
    if not has_trigger(view.flags):
        return {}
    price = listing.price(view.trigger_ticks)
    shape: Json = {
        "trigger": trigger(view.flags),
        "trigger_price": price,
        "stop_price": price,
        "triggered": not is_waiting(view.flags),
    }
    if view.offset_ticks:
        shape["trigger_offset"] = listing.price(view.offset_ticks)
    if not is_waiting(view.flags):
        shape["trigger_order_id"] = str(view.id)
    return shape


def _ties_shape(view: OrderView) -> Json:
    """Whom an order is tied to; what does not apply is left out, as Deribit leaves it out."""
    shape: Json = {}
    if view.exits:
        shape["oto_order_ids"] = [str(number) for number in view.exits]
        shape["trigger_fill_condition"] = "incremental"
    if len(view.exits) > 1:
        shape["is_primary_otoco"] = True
    if view.primary:
        shape["primary_order_id"] = str(view.primary)
        shape["is_secondary_oto"] = True
    if view.peer:
        shape["oco_ref"] = str(min(view.id, view.peer))
    return shape


def trigger_entry(order: Json) -> Json:
    """An order as get_trigger_order_history shows it: what became of its trigger."""
    entry = {"trigger_offset": None} | order
    entry |= {
        "request": "trigger:order",
        "timestamp": order["creation_timestamp"],
        "trigger_order_id": order["order_id"],
    }
    if order["triggered"] and order["order_state"] != REJECTED:
        entry["order_state"] = "triggered"
    return entry


def user_trade(listing: Listing, fill: FillView, label: str, tick_direction: int = 0) -> Json:
    """One's own side of a trade."""
    is_maker = bool(fill.flags & units.FLAG_MAKER)
    shape = public_trade(listing, fill, tick_direction)
    shape |= {
        "order_id": str(fill.order),
        "order_type": fill_type(fill.flags),
        "state": OPEN if fill.remaining_lots else FILLED,
        "liquidity": "M" if is_maker else "T",
        "fee": money(fill.fee_units),
        "fee_currency": listing.quote,
        "profit_loss": money(fill.realised_units),
        "post_only": bool(fill.flags & units.FLAG_POST_ONLY),
        "reduce_only": bool(fill.flags & units.FLAG_REDUCE_ONLY),
        "self_trade": False,
        "matching_id": None,
        "label": label,
        "api": True,
        "mmp": False,
        "risk_reducing": False,
    }
    return shape


def public_trade(listing: Listing, fill: FillView, tick_direction: int = 0) -> Json:
    """A trade on the tape, from its taker's side."""
    shape: Json = {
        "trade_seq": fill.trade,
        "trade_id": str(fill.trade),
        "timestamp": millis(fill.time_ns),
        "tick_direction": tick_direction,
        "price": listing.price(fill.price_ticks),
        "mark_price": listing.price(fill.mark_ticks),
        "index_price": listing.price(fill.index_ticks),
        "instrument_name": listing.name,
        "direction": direction(fill.side),
        "amount": listing.amount(fill.quantity_lots),
        "contracts": fill.quantity_lots,
    }
    if fill.flags & units.FLAG_LIQUIDATION:
        shape["liquidation"] = "M" if fill.flags & units.FLAG_MAKER else "T"
    return shape


def next_tick_direction(previous: int, change: int) -> int:
    """0 plus, 1 zero-plus, 2 minus, 3 zero-minus, from the direction before and the change.

    >>> next_tick_direction(0, 0), next_tick_direction(1, -5), next_tick_direction(2, 0)
    (1, 2, 3)
    """
    if change > 0:
        return 0
    if change < 0:
        return 2
    return 1 if previous < 2 else 3


def with_tick_directions(fills: Iterable[FillView]) -> list[tuple[FillView, int]]:
    """Fills of one contract in order of trades, each with its tick direction."""
    result: list[tuple[FillView, int]] = []
    for fill in fills:
        last, previous = (result[-1][0].price_ticks, result[-1][1]) if result else (0, 0)
        result.append((fill, next_tick_direction(previous, fill.price_ticks - last)))
    return result


def ticker(listing: Listing, book: Book | None, stats: Stats) -> Json:
    """A contract's market, as public/ticker and the ticker channels show it."""
    row = listing.row
    lowest, highest = price_band(listing)
    shape: Json = {
        "instrument_name": listing.name,
        "timestamp": millis(row["mark_ns"]),
        "state": "open" if listing.is_active else "closed",
        "contract_state": listing.state,
        "mark_price": listing.price(row["mark_ticks"]),
        "index_price": listing.price(row["index_ticks"]),
        "estimated_delivery_price": listing.price(row["index_ticks"]),
        "settlement_price": listing.price(row["mark_ticks"]),
        "last_price": listing.price_or_null(row["last_ticks"]),
        "min_price": listing.price(lowest),
        "max_price": listing.price(highest),
        "open_interest": listing.amount(row["open_interest_lots"]),
        "current_funding": rate(row["funding_rate_ppb"]),
        "funding_8h": rate(row["funding_rate_ppb"]),
        "interest_value": interest_value(listing),
        "stats": stats_shape(listing, stats),
    }
    shape |= best_prices(listing, book)
    return shape


def price_band(listing: Listing) -> tuple[int, int]:
    """The lowest price of an ask and the highest of a bid that the engine takes now."""
    mark = listing.row["mark_ticks"]
    band = mark * listing.row["order_band_ppm"] // units.PPM
    return max(mark - band, 0), mark + band


def best_prices(listing: Listing, book: Book | None) -> Json:
    """The best bid and ask; 0 where a side is empty, as Deribit writes it."""
    bid = (book.best_bid() if book else None) or (0, 0)
    ask = (book.best_ask() if book else None) or (0, 0)
    return {
        "best_bid_price": listing.price(bid[0]),
        "best_bid_amount": listing.amount(bid[1]),
        "best_ask_price": listing.price(ask[0]),
        "best_ask_amount": listing.amount(ask[1]),
    }


def stats_shape(listing: Listing, stats: Stats) -> Json:
    """The last 24 hours; nulls where nothing traded."""
    turnover = money(listing.notional_units(stats.volume_price_lots))
    return {
        "high": listing.price_or_null(stats.high_ticks),
        "low": listing.price_or_null(stats.low_ticks),
        "price_change": price_change(listing, stats),
        "volume": listing.amount(stats.volume_lots),
        "volume_usd": turnover,
        "volume_notional": turnover,
    }


def price_change(listing: Listing, stats: Stats) -> Raw | None:
    """The change of the last price in percent over 24 hours."""
    last = listing.row["last_ticks"]
    if not stats.open_ticks or not last:
        return None
    return number((last - stats.open_ticks) * 1_000_000 // stats.open_ticks, 4)


def summary(listing: Listing, book: Book | None, stats: Stats, time_ns: int) -> Json:
    """A contract as get_book_summary_* shows it."""
    row = listing.row
    bid = book.best_bid() if book else None
    ask = book.best_ask() if book else None
    shape: Json = {
        "instrument_name": listing.name,
        "base_currency": listing.base,
        "quote_currency": listing.quote,
        "creation_timestamp": millis(time_ns),
        "bid_price": listing.price(bid[0]) if bid else None,
        "ask_price": listing.price(ask[0]) if ask else None,
        "mid_price": number((bid[0] + ask[0]) * listing.tick_e8 * 5, 9)
        if bid and ask
        else None,
        "last": listing.price_or_null(row["last_ticks"]),
        "mark_price": listing.price(row["mark_ticks"]),
        "index_price": listing.price(row["index_ticks"]),
        "estimated_delivery_price": listing.price(row["index_ticks"]),
        "open_interest": listing.amount(row["open_interest_lots"]),
        "current_funding": rate(row["funding_rate_ppb"]),
        "funding_8h": rate(row["funding_rate_ppb"]),
        "contract_state": listing.state,
    }
    return shape | stats_shape(listing, stats)


def order_book(listing: Listing, book: Book | None, stats: Stats, depth: int) -> Json:
    """The ticker with the best levels, as get_order_book shows it."""
    shape = ticker(listing, book, stats)
    shape["change_id"] = book.change_id if book else 0
    shape["bids"] = levels(listing, book.top_bids(depth) if book else [])
    shape["asks"] = levels(listing, book.top_asks(depth) if book else [])
    if book is not None:
        shape["timestamp"] = millis(book.time_ns)
    return shape


def levels(listing: Listing, rows: Iterable[tuple[int, int]]) -> list[tuple[Raw, Raw]]:
    """Price and amount of each level."""
    return [(listing.price(price), listing.amount(lots)) for price, lots in rows]


def changes(listing: Listing, rows: Iterable[Change]) -> list[tuple[str, Raw, Raw]]:
    """What happened to each level."""
    return [
        (action, listing.price(price), listing.amount(lots)) for action, price, lots in rows
    ]
