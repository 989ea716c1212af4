"""What the caller has now: open orders, positions, equity, margin, from the engine's view."""

from exchange.engine.units import SELF_TRADE_CANCEL_MAKER
from exchange.gateway import wire
from exchange.gateway.account_schemas import (
    Label,
    OpenOrders,
    OpenOrdersByCurrency,
    OpenOrdersByInstrument,
    Positions,
    Summaries,
    Summary,
)
from exchange.gateway.errors import ORDER_NOT_FOUND, RpcError
from exchange.gateway.listings import Listing
from exchange.gateway.methods.subjects import is_main_account, subject
from exchange.gateway.methods.trading import order_number
from exchange.gateway.order_words import TYPE_GROUPS, order_type, self_trade_mode
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import Instrument, OrderId
from exchange.gateway.wire import Json, OrderView
from exchange.models.keys import SCOPE_READ


@method("private/get_open_orders", OpenOrders, scope=SCOPE_READ)
async def get_open_orders(call: Call, params: OpenOrders) -> list[Json]:
    """Open orders, those that wait for a trigger too."""
    listings = call.gateway.listings.select("ANY", params.kind)
    return await _open_orders(call, listings, params.type)


@method("private/get_open_orders_by_currency", OpenOrdersByCurrency, scope=SCOPE_READ)
async def get_open_orders_by_currency(call: Call, params: OpenOrdersByCurrency) -> list[Json]:
    """Open orders in a currency's instruments."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return await _open_orders(call, listings.select(currency, params.kind), params.type)


@method("private/get_open_orders_by_instrument", OpenOrdersByInstrument, scope=SCOPE_READ)
async def get_open_orders_by_instrument(
    call: Call, params: OpenOrdersByInstrument
) -> list[Json]:
    """Open orders in one instrument."""
    listing = call.gateway.listings.get(params.instrument_name)
    return await _open_orders(call, [listing], params.type)


@method("private/get_open_orders_by_label", Label, scope=SCOPE_READ)
async def get_open_orders_by_label(call: Call, params: Label) -> list[Json]:
    """Open orders under a label."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    orders = await _open_orders(call, listings.select(currency, "any"), "all")
    return [order for order in orders if order["label"] == params.label]


@method("private/get_order_state", OrderId, scope=SCOPE_READ)
async def get_order_state(call: Call, params: OrderId) -> Json:
    """An order of the caller's, open or not."""
    order_id = order_number(params.order_id)
    gateway = call.gateway
    listings = list(gateway.listings.by_id.values())
    open_orders = await _open_orders(call, listings, "all")
    order = next((row for row in open_orders if row["order_id"] == str(order_id)), None)
    if order is None:
        order = await gateway.history.order(call.account, order_id)
    if order is None:
        raise RpcError(ORDER_NOT_FOUND, "order_not_found", {"param": "order_id"})
    return order


@method("private/get_position", Instrument, scope=SCOPE_READ)
async def get_position(call: Call, params: Instrument) -> Json:
    """The position in one instrument; size 0 where there is none."""
    accounts = call.gateway.accounts
    listing = call.gateway.listings.get(params.instrument_name)
    view = await accounts.view(call.account)
    if view is not None and view.holds(listing.id):
        for position in (await accounts.health(view)).positions():
            if position["instrument_name"] == listing.name:
                return position
    return accounts.flat_position(listing)


@method("private/get_positions", Positions, scope=SCOPE_READ)
async def get_positions(call: Call, params: Positions) -> list[Json]:
    """Every position, also where there are only open orders."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    wanted = {listing.name for listing in listings.select(currency, params.kind)}
    view = await call.gateway.accounts.view(await subject(call, params.subaccount_id))
    if view is None:
        return []
    positions = (await call.gateway.accounts.health(view)).positions()
    return [position for position in positions if position["instrument_name"] in wanted]


@method("private/get_account_summary", Summary, scope=SCOPE_READ)
async def get_account_summary(call: Call, params: Summary) -> Json:
    """Equity, margins and profit; all of them are in USDC, the one settlement asset."""
    call.gateway.listings.check_currency(params.currency)
    account = await subject(call, params.subaccount_id)
    shape = await _summary(call, account, params.currency.upper())
    if params.extended:
        shape |= await _person(call, account) | await _terms(call, account)
    return shape


@method("private/get_account_summaries", Summaries, scope=SCOPE_READ)
async def get_account_summaries(call: Call, params: Summaries) -> Json:
    """The same for every settlement asset: there is one."""
    account = await subject(call, params.subaccount_id)
    shape = await _person(call, account)
    summary = await _summary(call, account, "USDC")
    if params.extended:
        terms = await _terms(call, account)
        summary["fees"] = terms.pop("fees")
        shape |= terms
    return shape | {"summaries": [summary]}


async def _summary(call: Call, account: int, currency: str) -> Json:
    accounts = call.gateway.accounts
    shape: Json = accounts.empty_summary()
    if currency in ("USDC", "ANY"):
        view = await accounts.view(account)
        if view is not None:
            shape = (await accounts.health(view)).summary()
    else:
        shape["currency"] = currency
    return shape


async def _person(call: Call, account: int) -> Json:
    is_main = await is_main_account(call, account)
    return {
        "id": account,
        "username": call.caller.name,
        "system_name": call.caller.name,
        "email": "",
        "type": "main" if is_main else "subaccount",
        "security_keys_enabled": False,
    }


async def _terms(call: Call, account: int) -> Json:
    """What holds for the account beside its money."""
    return {
        "fees": [_fees(listing) for listing in call.gateway.listings.by_id.values()],
        "self_trading_reject_mode": await _self_trade_mode(call, account),
        "self_trading_extended_to_subaccounts": True,
    }


async def _self_trade_mode(call: Call, account: int) -> str:
    view = await call.gateway.accounts.view(account)
    if view is not None and view.owner != account:
        view = await call.gateway.accounts.view(view.owner)
    return self_trade_mode(view.self_trade_mode if view else SELF_TRADE_CANCEL_MAKER)


def _fees(listing: Listing) -> Json:
    return {
        "currency": listing.quote,
        "index_name": listing.index_name,
        "instrument_type": "perpetual",
        "fee_type": "relative",
        "maker_fee": wire.money(listing.row["maker_fee_ppm"]),
        "taker_fee": wire.money(listing.row["taker_fee_ppm"]),
    }


async def _open_orders(call: Call, listings: list[Listing], kind: str) -> list[Json]:
    types = TYPE_GROUPS.get(kind, frozenset((kind,)))
    gateway = call.gateway
    wanted = {listing.id: listing for listing in listings}
    view = await gateway.accounts.view(call.account)
    orders = [order for order in view.order_views() if order.contract in wanted] if view else []
    await gateway.labels.load(order.label for order in orders)
    known = (gateway.recent.get(call.account, order.id) for order in orders)
    merged = [
        now if before is None else _with_seen(now, before)
        for now, before in zip(orders, known, strict=True)
    ]
    return [
        wire.order(wanted[order.contract], order, gateway.labels.text(order.label))
        for order in merged
        if order_type(order.flags) in types
    ]


def _with_seen(now: OrderView, before: OrderView) -> OrderView:
    """What the view of an open order does not say and this process has seen."""
    return now._replace(fee_units=before.fee_units, realised_units=before.realised_units)
