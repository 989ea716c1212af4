"""Words about linked orders for tests: groups as they are sent, and what became of them."""

import numpy as np

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, Event, Records, Venue, decode

STOP, TAKE = units.TYPE_STOP_MARKET, units.TYPE_TAKE_MARKET
STOP_LIMIT, TRAILING = units.TYPE_STOP_LIMIT, units.TYPE_TRAILING_STOP
MARKET = units.TYPE_MARKET | units.TIF_IMMEDIATE_OR_CANCEL
REDUCE = units.FLAG_REDUCE_ONLY
DAY = units.TIF_GOOD_TIL_DAY
OCO, OTO = units.LINK_ONE_CANCELS_OTHER, units.LINK_ONE_TRIGGERS_OTHER
OTOCO = units.LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER
LINKED, DORMANT = units.FLAG_LINKED, units.FLAG_DORMANT
Cancelled = tuple[int, int, CancelReason]


def member(
    account: int,
    side: int,
    flags: int,
    price: int = 0,
    lots: int = 10,
    trigger: int = 0,
    **more: int,
) -> Records:
    fields = {"account": account, "side": side, "flags": flags, "trigger_ticks": trigger}
    fields = {"contract": BTC} | fields | more
    kind = CommandKind.PLACE_ORDER
    return make(kind, account, price_ticks=price, quantity_lots=lots, **fields)


def group(venue: Venue, link: int, *members: Records, **more: int) -> list[Event]:
    """Everything that a group of linked orders, sent in one piece, leads to."""
    account = int(members[0]["principal"][0])
    fields = {"account": account, "count": len(members), "link": link} | more
    header = make(CommandKind.PLACE_BATCH, account, **fields)
    return decode(venue.apply(np.concatenate([header, *members])))


def bracket(
    venue: Venue, account: int, price: int = 600_000, lots: int = 10, flags: int = 0
) -> tuple[int, int, int]:
    """A long entry, a stop at 590,000 and a take-profit that rests at 610,000: their ids."""
    stop = member(account, SELL, STOP | REDUCE, lots=lots, trigger=590_000)
    take = member(account, SELL, REDUCE, 610_000, lots)
    produced = group(venue, OTOCO, stop, take, member(account, BUY, flags, price, lots))
    first, second, entry = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))
    return entry, first, second


def of_kind(produced: list[Event], kind: EventKind) -> list[Event]:
    return [event for event in produced if event["kind"] == kind]


def cancelled(produced: list[Event]) -> list[Cancelled]:
    """(order, lots, why) of each order that ended."""
    return [
        (event["order"], event["quantity_lots"], CancelReason(event["reason"]))
        for event in of_kind(produced, EventKind.ORDER_CANCELLED)
    ]


def row(venue: Venue, order: int) -> Event:
    """An open order's row; empty when it has ended."""
    found = venue.state.orders[order & (units.ORDERS_MAX - 1)]
    if int(found["id"]) != order:
        return {}
    return {name: int(found[name]) for name in found.dtype.names or ()}


def lots(venue: Venue, order: int) -> int:
    return row(venue, order)["remaining_lots"] if row(venue, order) else 0


def is_dormant(venue: Venue, order: int) -> bool:
    return bool(row(venue, order)["flags"] & DORMANT)


def sell_to(venue: Venue, seller: int, lots: int, price: int = 600_000) -> list[Event]:
    """Somebody sells into the book, no lower than a price."""
    flags = units.TIF_IMMEDIATE_OR_CANCEL
    return venue.place(seller, BTC, SELL, price, lots, flags)


def amend(
    venue: Venue, account: int, order: int, price: int, lots: int, trigger: int = 0
) -> list[Event]:
    fields = {"account": account, "order": order, "price_ticks": price, "quantity_lots": lots}
    return venue.do(CommandKind.AMEND_ORDER, account, **fields, trigger_ticks=trigger)


def pair(venue: Venue, account: int, flags: int = 0) -> tuple[int, int]:
    """Sell 10 by a stop at 590,000 or at 610,000: the ids."""
    stop = member(account, SELL, STOP | flags, trigger=590_000)
    produced = group(venue, OCO, stop, member(account, SELL, flags, 610_000))
    one, other = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))
    assert [e["order"] for e in of_kind(produced, EventKind.ORDER_ACTIVATED)] == [one]
    return one, other
