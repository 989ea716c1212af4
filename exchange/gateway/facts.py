"""Events of the engine as the gateway reads them: integers by name, from one array at once."""

from typing import NamedTuple

import numpy as np

from exchange.engine import units
from exchange.engine.events import (
    EVENT,
    ORDER_ACCEPTED,
    ORDER_ACTIVATED,
    ORDER_AMENDED,
    ORDER_CANCELLED,
    ORDER_FILLED,
    ORDER_REDUCED,
    ORDER_TRIGGERED,
    ORDERS_LINKED,
    TRIGGER_MOVED,
    CancelReason,
    EventKind,
)
from exchange.engine.records import RECORD_FIELDS, column
from exchange.gateway.listings import Listing
from exchange.gateway.order_words import CANCELLED, FILLED, OPEN, is_waiting
from exchange.gateway.wire import FillView, OrderView
from exchange.pipeline.codec import Records

Words = list[int]

SEQUENCE = column(EVENT, "sequence")
TIME = column(EVENT, "time_ns")
KIND = column(EVENT, "kind")
ACCOUNT = column(EVENT, "account")
CONTRACT = column(EVENT, "contract")
ORDER = column(ORDER_FILLED, "order")
FLAGS = column(ORDER_FILLED, "flags")
_SIDE = column(ORDER_FILLED, "side")
_PRICE = column(ORDER_FILLED, "price_ticks")
_LOTS = column(ORDER_FILLED, "quantity_lots")
_REMAINING = column(ORDER_FILLED, "remaining_lots")
_TRADE = column(ORDER_FILLED, "trade")
_FEE = column(ORDER_FILLED, "fee_units")
_REALISED = column(ORDER_FILLED, "realised_units")
_LABEL = column(ORDER_ACCEPTED, "label")
_TRIGGER = column(ORDER_ACCEPTED, "trigger_ticks")
_OFFSET = column(ORDER_ACCEPTED, "offset_ticks")
_CANCELLED_FILLED = column(ORDER_CANCELLED, "filled_lots")
_CANCELLED_REASON = column(ORDER_CANCELLED, "reason")
_CANCELLED_LABEL = column(ORDER_CANCELLED, "label")
_CANCELLED_REJECT = column(ORDER_CANCELLED, "reject_reason")
_AMENDED_REMAINING = column(ORDER_AMENDED, "remaining_lots")
_AMENDED_TRIGGER = column(ORDER_AMENDED, "trigger_ticks")
_AMENDED_OFFSET = column(ORDER_AMENDED, "offset_ticks")
_MOVED_TRIGGER = column(TRIGGER_MOVED, "trigger_ticks")
_LINK = column(ORDERS_LINKED, "link")
_OTHERS = (column(ORDERS_LINKED, "other_0"), column(ORDERS_LINKED, "other_1"))

assert column(ORDER_REDUCED, "remaining_lots") == _AMENDED_REMAINING
assert column(TRIGGER_MOVED, "order") == ORDER
assert column(ORDERS_LINKED, "order") == ORDER
assert ORDER_ACTIVATED == ORDER_AMENDED
for _layout in (
    ORDER_ACCEPTED,
    ORDER_CANCELLED,
    ORDER_AMENDED,
    ORDER_REDUCED,
    ORDER_TRIGGERED,
):
    assert column(_layout, "order") == ORDER
    assert column(_layout, "side") == _SIDE
    assert column(_layout, "flags") == FLAGS
    assert column(_layout, "price_ticks") == _PRICE
    assert column(_layout, "quantity_lots") == _LOTS

ORDER_KINDS = frozenset(
    (
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_FILLED,
        EventKind.ORDER_CANCELLED,
        EventKind.ORDER_AMENDED,
        EventKind.ORDER_REDUCED,
        EventKind.ORDER_TRIGGERED,
        EventKind.TRIGGER_MOVED,
        EventKind.ORDER_ACTIVATED,
        EventKind.ORDERS_LINKED,
    )
)


class Outcome(NamedTuple):
    """What one command did to one order of its account."""

    order: OrderView
    fills: list[FillView]


def words(events: Records) -> list[Words]:
    """Each event as its sixteen integers."""
    rows: list[Words] = (
        np.ascontiguousarray(events).view(np.int64).reshape(-1, RECORD_FIELDS).tolist()
    )
    return rows


def is_taker(event: Words) -> bool:
    """Whether a fill is the taker's side: each trade has one."""
    return not event[FLAGS] & units.FLAG_MAKER


def fill_of(event: Words, listing: Listing, label: int = 0) -> FillView:
    """One side of a trade, with the mark and index of this moment."""
    return FillView(
        trade=event[_TRADE],
        order=event[ORDER],
        contract=event[CONTRACT],
        side=event[_SIDE],
        flags=event[FLAGS],
        price_ticks=event[_PRICE],
        quantity_lots=event[_LOTS],
        remaining_lots=event[_REMAINING],
        fee_units=event[_FEE],
        realised_units=event[_REALISED],
        time_ns=event[TIME],
        mark_ticks=listing.row["mark_ticks"],
        index_ticks=listing.row["index_ticks"],
        label=label,
    )


def order_of_row(
    row: dict[str, int], condition: dict[str, int] | None, ties: dict[str, int] | None
) -> OrderView:
    """An open order from a row of state.ORDER; what it filled at is not in the row.

    condition: the row of state.CONDITION of an order that waits, or waited, for a trigger.
    ties: the row of views.TIES of an order that came in a group.
    """
    filled = row["quantity_lots"] - row["remaining_lots"]
    return OrderView(
        id=row["id"],
        contract=row["contract"],
        side=row["side"],
        flags=row["flags"],
        price_ticks=row["price_ticks"],
        quantity_lots=row["quantity_lots"],
        filled_lots=filled,
        filled_price_lots=filled * row["price_ticks"],
        state=OPEN,
        label=row["label"],
        created_ns=row["accepted_ns"],
        updated_ns=row["accepted_ns"],
        trigger_ticks=condition["trigger_ticks"] if condition else 0,
        offset_ticks=condition["offset_ticks"] if condition else 0,
        peer=ties["peer"] if ties else 0,
        primary=ties["primary"] if ties else 0,
        exits=_named(ties["exit_0"], ties["exit_1"]) if ties else (),
    )


def advance(order: OrderView | None, event: Words) -> OrderView | None:
    """The order after one event of its own; None when it is not known and not just accepted."""
    kind = event[KIND]
    if kind == EventKind.ORDER_ACCEPTED:
        return OrderView(
            id=event[ORDER],
            contract=event[CONTRACT],
            side=event[_SIDE],
            flags=event[FLAGS],
            price_ticks=event[_PRICE],
            quantity_lots=event[_LOTS],
            filled_lots=0,
            filled_price_lots=0,
            state=OPEN,
            label=event[_LABEL],
            created_ns=event[TIME],
            updated_ns=event[TIME],
            trigger_ticks=event[_TRIGGER],
            offset_ticks=event[_OFFSET],
        )
    if kind == EventKind.ORDER_CANCELLED:
        return _cancelled(order, event)
    if order is None:
        return None
    if kind == EventKind.ORDER_FILLED:
        return order._replace(
            filled_lots=order.filled_lots + event[_LOTS],
            filled_price_lots=order.filled_price_lots + event[_LOTS] * event[_PRICE],
            fee_units=order.fee_units + event[_FEE],
            realised_units=order.realised_units + event[_REALISED],
            state=OPEN if event[_REMAINING] else FILLED,
            updated_ns=event[TIME],
        )
    if kind == EventKind.TRIGGER_MOVED:
        return order._replace(trigger_ticks=event[_MOVED_TRIGGER], updated_ns=event[TIME])
    if kind == EventKind.ORDERS_LINKED:
        return _linked(order, event)
    is_told = kind in (EventKind.ORDER_AMENDED, EventKind.ORDER_ACTIVATED)
    if is_told and is_waiting(order.flags):
        order = order._replace(
            trigger_ticks=event[_AMENDED_TRIGGER], offset_ticks=event[_AMENDED_OFFSET]
        )
    if kind != EventKind.ORDER_TRIGGERED:
        order = _caught_up(order, event[_LOTS] - event[_AMENDED_REMAINING])
    return order._replace(
        flags=event[FLAGS],
        price_ticks=event[_PRICE],
        quantity_lots=event[_LOTS],
        updated_ns=event[TIME],
    )


def _linked(order: OrderView, event: Words) -> OrderView:
    """An order with its place in the group that has just become whole."""
    last, others = event[ORDER], _named(*(event[i] for i in _OTHERS))
    if event[_LINK] == units.LINK_ONE_CANCELS_OTHER:
        return order._replace(peer=others[0] if order.id == last else last)
    if order.id == last:
        return order._replace(exits=others)
    peers = [other for other in others if other != order.id]
    return order._replace(primary=last, peer=peers[0] if peers else 0)


def named_orders(event: Words) -> tuple[int, ...]:
    """The orders that an event is about: of a group, all."""
    if event[KIND] != EventKind.ORDERS_LINKED:
        return (event[ORDER],)
    return (event[ORDER], *_named(*(event[i] for i in _OTHERS)))


def _named(*ids: int) -> tuple[int, ...]:
    return tuple(number for number in ids if number)


def _cancelled(order: OrderView | None, event: Words) -> OrderView:
    filled = event[_CANCELLED_FILLED]
    if order is None:
        order = OrderView(
            id=event[ORDER],
            contract=event[CONTRACT],
            side=event[_SIDE],
            flags=event[FLAGS],
            price_ticks=event[_PRICE],
            quantity_lots=event[_LOTS] + filled,
            filled_lots=filled,
            filled_price_lots=filled * event[_PRICE],
            state=CANCELLED,
            label=event[_CANCELLED_LABEL],
            created_ns=event[TIME],
            updated_ns=event[TIME],
        )
    return _caught_up(order, filled)._replace(
        state=CANCELLED,
        cancel_reason=event[_CANCELLED_REASON],
        reject_reason=event[_CANCELLED_REJECT],
        updated_ns=event[TIME],
    )


def _caught_up(order: OrderView, filled_lots: int) -> OrderView:
    # Fills that this process did not see were a maker's: they traded at the order's own price.
    missed = filled_lots - order.filled_lots
    return order._replace(
        filled_lots=filled_lots,
        filled_price_lots=order.filled_price_lots + missed * order.price_ticks,
    )


def accepted_order(events: list[Words]) -> int:
    """The id of the order that a PlaceOrder's events accepted."""
    first = events[0]
    assert first[KIND] == EventKind.ORDER_ACCEPTED, first
    return first[ORDER]


def cancelled_by_owner(events: list[Words], account: int) -> int:
    """How many orders of the account were cancelled because it asked for that.

    The events of the same command may tell of others that ended: a stop that fired behind it.
    """
    return sum(
        event[KIND] == EventKind.ORDER_CANCELLED
        and event[ACCOUNT] == account
        and event[_CANCELLED_REASON] == CancelReason.BY_OWNER
        for event in events
    )


def follow(
    events: list[Words], account: int, order_id: int, listing: Listing, known: OrderView | None
) -> Outcome:
    """What a command's events did to one order of the account."""
    order = known
    fills: list[FillView] = []
    for event in events:
        if event[KIND] not in ORDER_KINDS or order_id not in named_orders(event):
            continue
        if event[ACCOUNT] != account:
            continue
        order = advance(order, event)
        if event[KIND] == EventKind.ORDER_FILLED:
            fills.append(fill_of(event, listing, order.label if order else 0))
    assert order is not None, order_id
    return Outcome(order, fills)
