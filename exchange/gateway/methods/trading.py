"""Orders: from a caller's words to integers, to the engine, and its events back in words.

ORDER-001  an answer says what the command did, from the events of that very command.
ORDER-002  what cannot be obeyed is refused (SCH-001), never approximated.
"""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts, wire
from exchange.gateway.decoder import Decimal
from exchange.gateway.errors import (
    ORDER_NOT_FOUND,
    RpcError,
    invalid_params,
    not_implemented,
    rejected,
)
from exchange.gateway.facts import Outcome
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    CancelAll,
    CancelByCurrency,
    CancelByInstrument,
    ClosePosition,
    EditOrder,
    Label,
    OrderId,
    PlaceOrder,
)
from exchange.gateway.submitting import command, once, submit
from exchange.gateway.wire import Json, OrderView
from exchange.models.keys import SCOPE_TRADE
from exchange.pipeline.codec import Records

NS = 1_000_000  # nanoseconds of a millisecond
INT64_MAX = (1 << 63) - 1
_TIME_IN_FORCE = {name: flag for flag, name in wire.TIME_IN_FORCE.items()}
_REFUSED_WHEN_GIVEN = (
    "display_amount",
    "trigger",
    "trigger_price",
    "trigger_offset",
    "stop_price",
    "advanced",
    "linked_order_type",
)


@method("private/buy", PlaceOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def buy(call: Call, params: PlaceOrder) -> object:
    return await once(
        call, params.idempotency_key, params, lambda: _place(call, params, units.BUY)
    )


@method("private/sell", PlaceOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def sell(call: Call, params: PlaceOrder) -> object:
    return await once(
        call, params.idempotency_key, params, lambda: _place(call, params, units.SELL)
    )


@method("private/edit", EditOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def edit(call: Call, params: EditOrder) -> object:
    return await once(call, params.idempotency_key, params, lambda: _edit(call, params))


@method("private/cancel", OrderId, scope=SCOPE_TRADE, cost=Cost.CANCEL)
async def cancel(call: Call, params: OrderId) -> Json:
    order_id = order_number(params.order_id)
    known = await _known(call, order_id)
    results = await submit(
        call, command(CommandKind.CANCEL_ORDER, call.account, order=order_id)
    )
    order, _ = await _shapes(call, results[0].events, order_id, known)
    return order


@method("private/cancel_all", CancelAll, scope=SCOPE_TRADE, cost=Cost.CANCEL_MANY)
async def cancel_all(call: Call, _params: CancelAll) -> int:
    """How many orders were cancelled."""
    return await _cancel_many(call, command(CommandKind.CANCEL_ALL, call.account, contract=-1))


@method(
    "private/cancel_all_by_currency",
    CancelByCurrency,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_currency(call: Call, params: CancelByCurrency) -> int:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    count = 0
    for listing in listings.select(currency, params.kind):
        records = command(CommandKind.CANCEL_ALL, call.account, contract=listing.id)
        count += await _cancel_many(call, records)
    return count


@method(
    "private/cancel_all_by_instrument",
    CancelByInstrument,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_instrument(call: Call, params: CancelByInstrument) -> int:
    contract = call.gateway.listings.get(params.instrument_name).id
    records = command(CommandKind.CANCEL_ALL, call.account, contract=contract)
    return await _cancel_many(call, records)


@method("private/cancel_by_label", Label, scope=SCOPE_TRADE, cost=Cost.CANCEL_MANY)
async def cancel_by_label(call: Call, params: Label) -> int:
    if not params.label:
        raise invalid_params("label", "must not be empty")
    label = await call.gateway.labels.intern(params.label)
    records = command(CommandKind.CANCEL_ALL, call.account, contract=-1, label=label)
    return await _cancel_many(call, records)


@method("private/close_position", ClosePosition, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def close_position(call: Call, params: ClosePosition) -> Json:
    """A reduce-only order against the whole position."""
    listing = call.gateway.listings.get(params.instrument_name)
    view = await call.gateway.accounts.view(call.account)
    lots = view.position_lots(listing.id) if view else 0
    if not lots:
        raise rejected(RejectReason.NOTHING_TO_REDUCE)
    flags = units.FLAG_REDUCE_ONLY
    price = 0
    if params.type == "market":
        flags |= units.TYPE_MARKET | units.TIF_IMMEDIATE_OR_CANCEL
    else:
        price = listing.price_ticks(required(params.price, "price"))
    return await _placed(
        call,
        listing,
        command(
            CommandKind.PLACE_ORDER,
            call.account,
            contract=listing.id,
            side=units.SELL if lots > 0 else units.BUY,
            flags=flags,
            price_ticks=price,
            quantity_lots=abs(lots),
        ),
    )


def order_flags(params: PlaceOrder) -> int:
    """The engine's flags of an order; raises for what cannot be obeyed."""
    for name in _REFUSED_WHEN_GIVEN:
        if getattr(params, name) is not None:
            raise not_implemented(name)
    if params.mmp:
        raise not_implemented("mmp")
    if params.max_show is not None and params.max_show != params.amount:
        raise not_implemented("max_show")
    if params.type not in ("limit", "market"):
        raise not_implemented("type")
    if params.time_in_force not in _TIME_IN_FORCE:
        raise not_implemented("time_in_force")
    flags = _TIME_IN_FORCE[params.time_in_force]
    if params.type == "market":
        flags |= units.TYPE_MARKET
        if not flags & units.TIF_MASK:
            flags |= units.TIF_IMMEDIATE_OR_CANCEL
    if params.post_only or params.reject_post_only:
        flags |= units.FLAG_POST_ONLY
    if params.reject_post_only:
        flags |= units.FLAG_REJECT_POST_ONLY
    if params.reduce_only:
        flags |= units.FLAG_REDUCE_ONLY
    return flags


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


def order_number(text: str) -> int:
    """The engine's id of an order; raises order_not_found for what was never one."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= INT64_MAX:
        return int(text)
    raise RpcError(ORDER_NOT_FOUND, "order_not_found", {"param": "order_id"})


async def _place(call: Call, params: PlaceOrder, side: int) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    flags = order_flags(params)
    lots = order_lots(listing, params.amount, params.contracts)
    price = 0
    if params.type == "limit":
        price = listing.price_ticks(required(params.price, "price"))
    label = await call.gateway.labels.intern(params.label)
    return await _placed(
        call,
        listing,
        command(
            CommandKind.PLACE_ORDER,
            call.account,
            contract=listing.id,
            side=side,
            flags=flags,
            price_ticks=price,
            quantity_lots=lots,
            label=label,
            valid_until_ns=(params.valid_until or 0) * NS,
        ),
    )


async def _placed(call: Call, listing: Listing, records: Records) -> Json:
    results = await submit(call, records, listing)
    events = results[0].events
    order, trades = await _shapes(call, events, facts.accepted_order(events), None)
    return {"order": order, "trades": trades}


async def _edit(call: Call, params: EditOrder) -> Json:
    for name in ("trigger_price", "trigger_offset", "stop_price", "advanced"):
        if getattr(params, name) is not None:
            raise not_implemented(name)
    order_id = order_number(params.order_id)
    is_whole = params.amount is not None and params.price is not None
    known = await _known(call, order_id, may_be_old=is_whole)
    if known is None:
        raise rejected(RejectReason.UNKNOWN_ORDER)
    _check_unchanged(params, known)
    listing = call.gateway.listings.by_id[known.contract]
    lots, price = known.quantity_lots, known.price_ticks
    if params.amount is not None or params.contracts is not None:
        lots = order_lots(listing, params.amount, params.contracts)
    if params.price is not None:
        price = listing.price_ticks(params.price)
    records = command(
        CommandKind.AMEND_ORDER,
        call.account,
        contract=listing.id,
        side=known.side,
        flags=known.flags,
        price_ticks=price,
        quantity_lots=lots,
        order=order_id,
        valid_until_ns=(params.valid_until or 0) * NS,
    )
    results = await submit(call, records, listing)
    order, trades = await _shapes(call, results[0].events, order_id, known)
    return {"order": order | {"replaced": True}, "trades": trades}


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


async def _cancel_many(call: Call, records: Records) -> int:
    results = await submit(call, records)
    return facts.cancelled_by_owner(results[0].events, call.account)


async def _known(call: Call, order_id: int, *, may_be_old: bool = True) -> OrderView | None:
    """The open order as this process or the engine's view of the account knows it."""
    recent = call.gateway.recent.get(order_id)
    if recent is not None and may_be_old:
        return recent
    view = await call.gateway.accounts.view(call.account)
    orders = view.order_views() if view else []
    return next((order for order in orders if order.id == order_id), None)


async def _shapes(
    call: Call, events: Records, order_id: int, known: OrderView | None
) -> tuple[Json, list[Json]]:
    """The order and its trades after one command."""
    gateway = call.gateway
    contract = facts.words(events[:1])[0][facts.CONTRACT]
    listing = gateway.listings.by_id[contract]
    outcome: Outcome = facts.follow(events, call.account, order_id, listing, known)
    gateway.recent.put(outcome.order)
    await gateway.labels.load([outcome.order.label])
    label = gateway.labels.text(outcome.order.label)
    trades = [wire.user_trade(listing, fill, label) for fill in outcome.fills]
    return wire.order(listing, outcome.order, label), trades


def required(value: Decimal | None, param: str) -> Decimal:
    """The value, or the error that names the parameter."""
    if value is None:
        raise invalid_params(param, "is required")
    return value
