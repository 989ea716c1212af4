"""Cancelling many orders at once: all, of a currency, an instrument, a label, a type.

ORDER-030  without a choice of type it is one command, which also reaches orders that this
           process has not seen yet; with one, the orders that the account's view shows.
ORDER-031  what has gone meanwhile is not counted, and is no error.
ORDER-032  of a currency or a pair, a key that is bound to contracts cancels in those alone.
"""

from collections.abc import Sequence

import numpy as np

from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts, wire
from exchange.gateway.account_schemas import (
    CancelAll,
    CancelByCurrency,
    CancelByInstrument,
    CancelByKindOrType,
    CancelByLabel,
    CancelByPair,
)
from exchange.gateway.errors import invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.order_words import CANCEL_GROUPS, has_trigger, order_type
from exchange.gateway.rpc import Call, method
from exchange.gateway.submitting import command, refusal, submit_all
from exchange.gateway.wire import Json, OrderView
from exchange.models.keys import SCOPE_TRADE
from exchange.pipeline.codec import Records, Result

_GONE = (RejectReason.UNKNOWN_ORDER, RejectReason.ORDER_EXPIRED)


@method("private/cancel_all", CancelAll, scope=SCOPE_TRADE, cost=Cost.CANCEL_MANY)
async def cancel_all(call: Call, params: CancelAll) -> object:
    """Cancel every open order of the account; how many they were."""
    return await _cancel(call, [_all_of(call)], is_detailed=bool(params.detailed))


@method(
    "private/cancel_all_by_currency",
    CancelByCurrency,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_currency(call: Call, params: CancelByCurrency) -> object:
    """Cancel the open orders in a currency's instruments."""
    listings = call.gateway.listings
    wanted = listings.select(listings.check_currency(params.currency), params.kind)
    return await _cancel_in(
        call, _own(call, wanted), params.type, is_detailed=bool(params.detailed)
    )


@method(
    "private/cancel_all_by_currency_pair",
    CancelByPair,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_currency_pair(call: Call, params: CancelByPair) -> object:
    """Cancel the open orders in a pair's instruments, such as btc_usdc."""
    listings = call.gateway.listings
    kind = {listing.id for listing in listings.select("ANY", params.kind)}
    wanted = [one for one in listings.of_pair(params.currency_pair) if one.id in kind]
    return await _cancel_in(
        call, _own(call, wanted), params.type, is_detailed=bool(params.detailed)
    )


@method(
    "private/cancel_all_by_instrument",
    CancelByInstrument,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_instrument(call: Call, params: CancelByInstrument) -> object:
    """Cancel the open orders in one instrument."""
    listing = call.gateway.listings.get(params.instrument_name)
    return await _cancel_in(call, [listing], params.type, is_detailed=bool(params.detailed))


@method(
    "private/cancel_all_by_kind_or_type",
    CancelByKindOrType,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL_MANY,
)
async def cancel_all_by_kind_or_type(call: Call, params: CancelByKindOrType) -> object:
    """Cancel the open orders in some currencies, of a kind and a type."""
    listings = call.gateway.listings
    wanted: dict[int, Listing] = {}
    for name in params.currency.items:
        for listing in listings.select(listings.check_currency(name), params.kind):
            wanted[listing.id] = listing
    own = _own(call, list(wanted.values()))
    return await _cancel_in(call, own, params.type, is_detailed=bool(params.detailed))


@method("private/cancel_by_label", CancelByLabel, scope=SCOPE_TRADE, cost=Cost.CANCEL_MANY)
async def cancel_by_label(call: Call, params: CancelByLabel) -> object:
    """Cancel the open orders under a label."""
    if not params.label:
        raise invalid_params("label", "must not be empty")
    listings = call.gateway.listings
    label = await call.gateway.labels.intern(params.label)
    if listings.check_currency(params.currency) == "ANY":
        return await _cancel(call, [_all_of(call, label=label)], is_detailed=False)
    wanted = _own(call, listings.select(params.currency, "any"))
    records = [_all_of(call, contract=listing.id, label=label) for listing in wanted]
    return await _cancel(call, records, is_detailed=False)


def _own(call: Call, listings: Sequence[Listing]) -> list[Listing]:
    """Those that the caller's key may trade in (ORDER-032)."""
    bound = call.caller.contracts
    return [listing for listing in listings if not bound or listing.name in bound]


async def cancel_these(call: Call, orders: Sequence[OrderView], *, is_detailed: bool) -> object:
    """How many of the orders were cancelled, or which (ORDER-031)."""
    records = [
        command(CommandKind.CANCEL_ORDER, call.account, order=order.id) for order in orders
    ]
    return await _cancel(call, records, is_detailed=is_detailed)


async def _cancel_in(
    call: Call, listings: Sequence[Listing], kind: str, *, is_detailed: bool
) -> object:
    if kind == "all":
        records = [_all_of(call, contract=listing.id) for listing in listings]
        return await _cancel(call, records, is_detailed=is_detailed)
    contracts = {listing.id for listing in listings}
    orders = [
        order
        for order in await _open_orders(call)
        if order.contract in contracts and order_type(order.flags) in CANCEL_GROUPS[kind]
    ]
    return await cancel_these(call, orders, is_detailed=is_detailed)


def _all_of(call: Call, contract: int = -1, label: int = 0) -> Records:
    return command(CommandKind.CANCEL_ALL, call.account, contract=contract, label=label)


async def _cancel(call: Call, records: list[Records], *, is_detailed: bool) -> object:
    """How many orders were cancelled, or which."""
    known = {order.id: order for order in await _open_orders(call)} if is_detailed else {}
    results = await submit_all(call, np.concatenate(records)) if records else []
    for result in results:
        if result.reason != RejectReason.ACCEPTED and result.reason not in _GONE:
            raise refusal(result)
    done = [result for result in results if result.reason == RejectReason.ACCEPTED]
    if is_detailed:
        return await _detailed(call, done, known)
    return sum(
        facts.cancelled_by_owner(facts.words(result.events), call.account) for result in done
    )


async def _detailed(
    call: Call, results: Sequence[Result], known: dict[int, OrderView]
) -> list[Json]:
    """The cancelled orders, grouped by instrument and by whether they had a trigger."""
    gateway = call.gateway
    ended = [
        order
        for result in results
        for event in facts.words(result.events)
        if event[facts.KIND] == EventKind.ORDER_CANCELLED
        and event[facts.ACCOUNT] == call.account
        and (order := facts.advance(known.get(event[facts.ORDER]), event)) is not None
        and order.cancel_reason == CancelReason.BY_OWNER
    ]
    await gateway.labels.load(order.label for order in ended)
    groups: dict[tuple[int, str], list[Json]] = {}
    for order in ended:
        kind = "trigger" if has_trigger(order.flags) else "limit"
        listing = gateway.listings.by_id[order.contract]
        shape = wire.order(listing, order, gateway.labels.text(order.label))
        groups.setdefault((listing.id, kind), []).append(shape)
    return [
        {
            "currency": gateway.listings.by_id[contract].quote,
            "type": kind,
            "instrument_name": gateway.listings.by_id[contract].name,
            "result": orders,
        }
        for (contract, kind), orders in groups.items()
    ]


async def _open_orders(call: Call) -> list[OrderView]:
    view = await call.gateway.accounts.view(call.account)
    return view.order_views() if view else []
