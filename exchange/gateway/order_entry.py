"""A new or changed order, from a caller's words to the engine's numbers.

ENTRY-001  what cannot be obeyed is refused, never approximated, and the refusal names the
           parameter: a price of an order that has none, a trigger of an order that waits for
           nothing.
ENTRY-002  an order waits for the mark price unless it names another. `stop_price` is an older
           name of `trigger_price`.
ENTRY-003  ccxt sends a limit or market order with `triggerPrice` or `stopPrice` (its
           create_stop_order, create_trigger_order) as it is. Whoever names such a price never
           wants it executed now: it waits until the price comes there, as a stop or as a take
           by the side on which the price is. `clientOrderId` is ccxt's name of `label`.
"""

from typing import NamedTuple

from msgspec.structs import replace

from exchange.engine import units
from exchange.engine.rejects import RejectReason
from exchange.gateway.decoder import Decimal
from exchange.gateway.errors import invalid_params, not_implemented, rejected
from exchange.gateway.listings import Listing
from exchange.gateway.order_words import (
    ORDER_TYPES,
    TIMES_IN_FORCE,
    TRIGGERS,
    has_trigger,
    is_waiting,
    order_type,
)
from exchange.gateway.schemas import EditOrder, PlaceOrder, Preview
from exchange.gateway.wire import OrderView

_REFUSED_WHEN_GIVEN = (
    "display_amount",
    "advanced",
    "linked_order_type",
    "otoco_config",
    "trigger_fill_condition",
)
_TRAILING = "trailing_stop"
_TRIGGER_NAMES = {
    "trigger_price": "trigger_price",
    "stop_price": "stop_price",
    "unified_trigger": "triggerPrice",
    "unified_stop": "stopPrice",
    "unified_stop_loss": "stopLossPrice",
    "unified_take_profit": "takeProfitPrice",
}
_REFERENCES = {
    "mark_price": "mark_ticks",
    "index_price": "index_ticks",
    "last_price": "last_ticks",
}


class Terms(NamedTuple):
    """The fields of a PlaceOrder that say what the order is."""

    flags: int
    price_ticks: int
    quantity_lots: int
    trigger_ticks: int


class Changes(NamedTuple):
    """The fields of an AmendOrder that it may change."""

    price_ticks: int
    quantity_lots: int
    trigger_ticks: int


def in_deribits_words(listing: Listing, params: PlaceOrder, side: int) -> PlaceOrder:
    """The order with ccxt's names translated (ENTRY-003); itself when there are none."""
    if params.client_order_id:
        if params.label not in ("", params.client_order_id):
            raise invalid_params("clientOrderId", "must mean the same as label")
        params = replace(params, label=params.client_order_id)
    if params.unified_trigger is None and params.unified_stop is None:
        return params
    price = _trigger_price(listing, params)
    assert price is not None
    params = replace(params, unified_trigger=None, unified_stop=None,
                     trigger_price=Decimal(price * listing.tick_e8, 8))  # fmt: skip
    if params.type not in ("limit", "market"):
        return params
    reference = listing.row[_REFERENCES[params.trigger or "mark_price"]]
    if not reference:
        raise rejected(RejectReason.NO_TRIGGER_PRICE)
    is_take = price < reference if side == units.BUY else price > reference
    return replace(params, type=f"{'take' if is_take else 'stop'}_{params.type}")


def order_terms(listing: Listing, params: PlaceOrder | Preview) -> Terms:
    """What to place; raises for what cannot be obeyed."""
    if isinstance(params, PlaceOrder):
        _refuse_unknown(params)
    contracts = params.contracts if isinstance(params, PlaceOrder) else None
    return Terms(
        flags=_flags(params),
        price_ticks=_price(listing, params),
        quantity_lots=order_lots(listing, params.amount, contracts),
        trigger_ticks=_trigger(listing, params),
    )


def order_changes(listing: Listing, params: EditOrder, known: OrderView) -> Changes:
    """What to make of a known order; what is not given stays as it is."""
    if params.advanced is not None:
        raise not_implemented("advanced")
    _check_unchanged(params, known)
    lots, price = known.quantity_lots, known.price_ticks
    if params.amount is not None or params.contracts is not None:
        lots = order_lots(listing, params.amount, params.contracts)
    if params.price is not None:
        if known.flags & units.TYPE_MARKET:
            raise invalid_params("price", f"a {order_type(known.flags)} order has none")
        price = listing.price_ticks(params.price)
    return Changes(price, lots, _new_trigger(listing, params, known))


def order_lots(listing: Listing, amount: Decimal | None, contracts: Decimal | None) -> int:
    """The size in lots, from an amount in the base currency or a number of contracts."""
    if amount is None and contracts is None:
        raise invalid_params("amount", "is required")
    lots = None if amount is None else listing.lots(amount)
    if contracts is None:
        assert lots is not None
        return lots
    if contracts.places or not 0 < contracts.digits <= units.QUANTITY_LOTS_MAX:
        raise invalid_params("contracts", "must be a positive whole number")
    if lots is not None and lots != contracts.digits:
        raise invalid_params("contracts", "must mean the same as amount")
    return contracts.digits


def required(value: Decimal | None, param: str) -> Decimal:
    """The value, or the error that names the parameter."""
    if value is None:
        raise invalid_params(param, "is required")
    return value


def _refuse_unknown(params: PlaceOrder) -> None:
    for name in _REFUSED_WHEN_GIVEN:
        if getattr(params, name) is not None:
            raise not_implemented(name)
    if params.mmp:
        raise not_implemented("mmp")
    if params.max_show is not None and params.max_show != params.amount:
        raise not_implemented("max_show")


def _flags(params: PlaceOrder | Preview) -> int:
    if params.type not in ORDER_TYPES:
        raise not_implemented("type")
    flags = ORDER_TYPES[params.type] | TIMES_IN_FORCE[params.time_in_force]
    if params.type == "market" and not flags & units.TIF_MASK:
        flags |= units.TIF_IMMEDIATE_OR_CANCEL
    if params.post_only or params.reject_post_only:
        if flags & units.TYPE_MARKET:
            raise invalid_params("post_only", f"a {params.type} order can only take")
        if flags & units.TIF_NEVER_RESTS:
            raise invalid_params("post_only", f"an order {params.time_in_force} never rests")
        flags |= units.FLAG_POST_ONLY
    if params.reject_post_only:
        flags |= units.FLAG_REJECT_POST_ONLY
    if params.reduce_only:
        flags |= units.FLAG_REDUCE_ONLY
    if params.trigger is not None:
        if not has_trigger(flags):
            raise invalid_params("trigger", f"a {params.type} order waits for no price")
        flags |= TRIGGERS[params.trigger]
    return flags


def _price(listing: Listing, params: PlaceOrder | Preview) -> int:
    kind = ORDER_TYPES[params.type]
    if not kind & units.TYPE_MARKET:
        return listing.price_ticks(required(params.price, "price"))
    # Deribit's clients send a market order with the price they saw; one that waits for a
    # trigger would be taken for a limit order by whoever names a price.
    if params.price is not None and has_trigger(kind):
        raise invalid_params("price", f"a {params.type} order has none")
    return 0


def _trigger(listing: Listing, params: PlaceOrder | Preview) -> int:
    """The trigger price, or the offset of a trailing stop; 0 of one that waits for none."""
    price = _trigger_price(listing, params)
    if params.type == _TRAILING:
        if price is not None:
            raise invalid_params("trigger_price", "a trailing_stop has a trigger_offset")
        offset = required(params.trigger_offset, "trigger_offset")
        return listing.price_ticks(offset, "trigger_offset")
    if params.trigger_offset is not None:
        raise invalid_params("trigger_offset", "belongs to a trailing_stop")
    if has_trigger(ORDER_TYPES[params.type]):
        if price is None:
            raise invalid_params("trigger_price", "is required")
        return price
    if price is not None:
        raise invalid_params("trigger_price", f"a {params.type} order waits for no price")
    return 0


def _new_trigger(listing: Listing, params: EditOrder, known: OrderView) -> int:
    """The new trigger price or offset; 0 when it stays."""
    price, offset = _trigger_price(listing, params), params.trigger_offset
    for name, is_given in (("trigger_price", price), ("trigger_offset", offset)):
        if is_given is not None and not is_waiting(known.flags):
            raise invalid_params(name, "the order waits for no price")
    is_trailing = known.flags & units.TYPE_MASK == units.TYPE_TRAILING_STOP
    if price is not None and is_trailing:
        raise invalid_params("trigger_price", "a trailing_stop has a trigger_offset")
    if offset is not None and not is_trailing:
        raise invalid_params("trigger_offset", "belongs to a trailing_stop")
    if offset is not None:
        return listing.price_ticks(offset, "trigger_offset")
    return price or 0


def _trigger_price(listing: Listing, params: PlaceOrder | Preview | EditOrder) -> int | None:
    """By any of its names (ENTRY-002, ENTRY-003)."""
    given = [
        (listing.price_ticks(value, name), name)
        for member, name in _TRIGGER_NAMES.items()
        if (value := getattr(params, member, None)) is not None
    ]
    for price, name in given[1:]:
        if price != given[0][0]:
            raise invalid_params(name, f"must mean the same as {given[0][1]}")
    return given[0][0] if given else None


def _check_unchanged(params: EditOrder, known: OrderView) -> None:
    """An amendment keeps the order's flags: asking for others is refused."""
    for name, flag in (
        ("post_only", units.FLAG_POST_ONLY),
        ("reject_post_only", units.FLAG_REJECT_POST_ONLY),
        ("reduce_only", units.FLAG_REDUCE_ONLY),
    ):
        wanted = getattr(params, name)
        if wanted is not None and bool(wanted) != bool(known.flags & flag):
            raise not_implemented(name)
