"""Orders: from a caller's words to integers, to the engine, and its events back in words.

ORDER-001  an answer says what the command did, from the events of that very command.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts, wire
from exchange.gateway.errors import (
    ORDER_NOT_FOUND,
    RETRY,
    RpcError,
    invalid_params,
    not_implemented,
    rejected,
)
from exchange.gateway.facts import Outcome, Words
from exchange.gateway.history import COUNT_MAX, Window
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.order_entry import (
    in_deribits_words,
    order_changes,
    order_terms,
    required,
)
from exchange.gateway.order_words import OPEN, SELF_TRADE_MODES, UNTRIGGERED
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    ClosePosition,
    EditByLabel,
    EditOrder,
    OrderId,
    PlaceOrder,
    SelfTradingConfig,
)
from exchange.gateway.submitting import command, key_number, once, repeated, submit
from exchange.gateway.wire import Json, OrderView
from exchange.models.keys import SCOPE_TRADE
from exchange.pipeline.codec import Records

NS = 1_000_000  # nanoseconds of a millisecond
INT64_MAX = (1 << 63) - 1


@method("private/edit", EditOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def edit(call: Call, params: EditOrder) -> object:
    """Change an open order's size, price or trigger."""
    return await once(call, params.idempotency_key, params, lambda: _edit(call, params))


@method("private/edit_by_label", EditByLabel, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def edit_by_label(call: Call, params: EditByLabel) -> object:
    """Change the one open order of an instrument that has this label."""
    return await once(
        call, params.idempotency_key, params, lambda: _edit_by_label(call, params)
    )


@method("private/cancel", OrderId, scope=SCOPE_TRADE, cost=Cost.CANCEL)
async def cancel(call: Call, params: OrderId) -> Json:
    """Cancel an open order."""
    asked = await asked_cancel(call, params)
    results = await submit(call, asked.record)
    return await asked.tell(facts.words(results[0].events))


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
    record = command(
        CommandKind.PLACE_ORDER,
        call.account,
        contract=listing.id,
        side=units.SELL if lots > 0 else units.BUY,
        flags=flags,
        price_ticks=price,
        quantity_lots=abs(lots),
    )
    return await send(call, Asked(record, partial(_tell_placed, call, listing), listing))


@method(
    "private/set_self_trading_config", SelfTradingConfig, scope=SCOPE_TRADE, cost=Cost.ORDER
)
async def set_self_trading_config(call: Call, params: SelfTradingConfig) -> str:
    """What the orders of the caller's owner do when they meet, in all accounts."""
    if not params.extended_to_subaccounts:
        raise invalid_params("extended_to_subaccounts", "holds for all accounts of an owner")
    if params.block_rfq_self_match_prevention:
        raise not_implemented("block_rfq_self_match_prevention")
    mode = SELF_TRADE_MODES[params.mode]
    await submit(call, command(CommandKind.SET_SELF_TRADE_MODE, call.account, mode=mode))
    return "ok"


def order_number(text: str) -> int:
    """The engine's id of an order; raises order_not_found for what was never one."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= INT64_MAX:
        return int(text)
    raise RpcError(ORDER_NOT_FOUND, "order_not_found", {"param": "order_id"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the engine's record, and how to say what came of it."""

    record: Records
    tell: Callable[[list[Words]], Awaitable[Json]]  # from the events of the accepted command
    listing: Listing | None = None  # whose bounds explain a refusal


async def asked_cancel(call: Call, params: OrderId) -> Asked:
    """A cancellation, not sent yet."""
    order_id = order_number(params.order_id)
    known = await _known(call, order_id)

    async def tell(events: list[Words]) -> Json:
        order, _ = await _shapes(call, events, order_id, known)
        return order

    return Asked(command(CommandKind.CANCEL_ORDER, call.account, order=order_id), tell)


async def asked_order(call: Call, params: PlaceOrder, side: int) -> Asked:
    """An order, not sent yet; raises for what cannot be obeyed."""
    listing = call.gateway.listings.get(params.instrument_name)
    params = in_deribits_words(listing, params, side)
    terms = order_terms(listing, params)
    label = await call.gateway.labels.intern(params.label)
    record = command(
        CommandKind.PLACE_ORDER,
        call.account,
        contract=listing.id,
        side=side,
        label=label,
        idempotency_key=key_number(params.idempotency_key),
        valid_until_ns=(params.valid_until or 0) * NS,
        **terms._asdict(),
    )
    return Asked(record, partial(_tell_placed, call, listing), listing)


async def send(call: Call, asked: Asked) -> Json:
    """Send one request and say what came of it."""
    results = await submit(call, asked.record, asked.listing)
    return await asked.tell(facts.words(results[0].events))


async def _tell_placed(call: Call, listing: Listing, events: list[Words]) -> Json:
    first = repeated(events)
    if first is not None:
        return await _told_again(call, listing, first[0])
    order_id = facts.accepted_order(events)
    order, trades = await _shapes(call, events, order_id, None)
    if call.socket is not None and order["order_state"] in (OPEN, UNTRIGGERED):
        await call.gateway.watch.note_placed(call.socket, order_id)
    return {"order": order, "trades": trades}


async def _told_again(call: Call, listing: Listing, order_id: int) -> Json:
    """An order that was placed before by the same key, as it stands now, and what it took then.

    The first answer's own words are not at hand any more, or this process would have said them.
    """
    gateway = call.gateway
    known = await _known(call, order_id, may_be_old=False)
    if known is not None:
        await gateway.labels.load([known.label])
        order: Json | None = wire.order(listing, known, gateway.labels.text(known.label))
    else:
        order = await gateway.history.order(call.account, order_id)
    if order is None:
        raise RpcError(RETRY, "retry", {"reason": "the history has not followed yet"})
    history = await gateway.history.user_trades(
        call.account, [listing], Window(COUNT_MAX, sorting="asc"), order_id
    )
    trades = cast("list[Json]", history["trades"])
    return {"order": order, "trades": [row for row in trades if row["liquidity"] == "T"]}


async def asked_edit(call: Call, params: EditOrder) -> Asked:
    """An amendment, not sent yet; raises for what cannot be obeyed."""
    order_id = order_number(params.order_id)
    is_whole = params.amount is not None and params.price is not None
    known = await _known(call, order_id, may_be_old=is_whole)
    if known is None and params.idempotency_key:
        # It may be a repeat of what was done while the order was open.
        known = await call.gateway.history.order_view(call.account, order_id)
    if known is None:
        raise rejected(RejectReason.UNKNOWN_ORDER)
    listing = call.gateway.listings.by_id[known.contract]
    record = command(
        CommandKind.AMEND_ORDER,
        call.account,
        contract=listing.id,
        side=known.side,
        flags=known.flags,
        order=order_id,
        idempotency_key=key_number(params.idempotency_key),
        valid_until_ns=(params.valid_until or 0) * NS,
        **order_changes(listing, params, known)._asdict(),
    )
    return Asked(record, partial(_tell_edited, call, listing, known), listing)


async def _tell_edited(
    call: Call, listing: Listing, known: OrderView, events: list[Words]
) -> Json:
    if repeated(events) is not None:
        again = await _told_again(call, listing, known.id)
        return again | {"order": cast("Json", again["order"]) | {"replaced": True}}
    order, trades = await _shapes(call, events, known.id, known)
    return {"order": order | {"replaced": True}, "trades": trades}


async def _edit(call: Call, params: EditOrder) -> Json:
    return await send(call, await asked_edit(call, params))


async def _edit_by_label(call: Call, params: EditByLabel) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    if not params.label:
        raise invalid_params("label", "must not be empty")
    label = await call.gateway.labels.intern(params.label)
    view = await call.gateway.accounts.view(call.account)
    named = [
        order.id
        for order in (view.order_views() if view else [])
        if order.contract == listing.id and order.label == label
    ]
    if len(named) > 1:
        raise invalid_params("label", f"is that of {len(named)} open orders")
    if named:
        order_id = str(named[0])
    else:
        order_id = await _edited_before(call, listing, label, params.idempotency_key)
    return await _edit(call, params.of_order(order_id))


async def _edited_before(call: Call, listing: Listing, label: int, key: str) -> str:
    """With a key, the newest order under the label: it may have ended since it was edited."""
    found = None
    if key:
        found = await call.gateway.history.newest_labelled(call.account, listing, label)
    if found is None:
        raise rejected(RejectReason.UNKNOWN_ORDER, param="label")
    return str(found)


async def _known(call: Call, order_id: int, *, may_be_old: bool = True) -> OrderView | None:
    """The open order as this process or the engine's view of the account knows it."""
    recent = call.gateway.recent.get(call.account, order_id)
    if recent is not None and may_be_old:
        return recent
    view = await call.gateway.accounts.view(call.account)
    orders = view.order_views() if view else []
    return next((order for order in orders if order.id == order_id), None)


async def _shapes(
    call: Call, events: list[Words], order_id: int, known: OrderView | None
) -> tuple[Json, list[Json]]:
    """The order and its trades after one command."""
    gateway = call.gateway
    listing = gateway.listings.by_id[events[0][facts.CONTRACT]]
    outcome: Outcome = facts.follow(events, call.account, order_id, listing, known)
    gateway.recent.put(call.account, outcome.order)
    await gateway.labels.load([outcome.order.label])
    label = gateway.labels.text(outcome.order.label)
    trades = [wire.user_trade(listing, fill, label) for fill in outcome.fills]
    return wire.order(listing, outcome.order, label), trades
