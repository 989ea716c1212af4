"""What the caller did: orders and trades of the past, from the projections."""

from collections.abc import Sequence

from exchange.gateway.account_schemas import (
    HistoryByCurrency,
    HistoryByInstrument,
    Label,
    TriggerHistory,
    UserTrades,
    UserTradesByCurrency,
    UserTradesByOrder,
)
from exchange.gateway.errors import invalid_params
from exchange.gateway.history import COUNT_MAX, Paging, Window
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.methods.subjects import subject
from exchange.gateway.methods.trading import order_number
from exchange.gateway.methods.windows import row_number, window_of
from exchange.gateway.rpc import Call, method
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_READ


@method(
    "private/get_order_history_by_currency",
    HistoryByCurrency,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_order_history_by_currency(call: Call, params: HistoryByCurrency) -> object:
    """Orders of a currency's instruments that are no longer open, newest first."""
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return await _orders(call, listings.select(currency, params.kind), params)


@method(
    "private/get_order_history_by_instrument",
    HistoryByInstrument,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_order_history_by_instrument(call: Call, params: HistoryByInstrument) -> object:
    """Orders of one instrument that are no longer open, newest first."""
    return await _orders(call, [call.gateway.listings.get(params.instrument_name)], params)


@method("private/get_order_state_by_label", Label, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_order_state_by_label(call: Call, params: Label) -> list[Json]:
    """Orders under a label, open or not: 100 at most, of the account's newest 10,000."""
    if not params.label:
        raise invalid_params("label", "must not be empty")
    listings = call.gateway.listings
    wanted = listings.select(listings.check_currency(params.currency), "any")
    return await call.gateway.history.labelled(call.account, wanted, params.label, Paging(100))


@method(
    "private/get_trigger_order_history",
    TriggerHistory,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_trigger_order_history(call: Call, params: TriggerHistory) -> Json:
    """What became of the orders that waited for a price, newest first."""
    gateway = call.gateway
    listings = gateway.listings.select(gateway.listings.check_currency(params.currency), "any")
    if params.instrument_name is not None:
        listing = gateway.listings.get(params.instrument_name)
        listings = [listing] if listing in listings else []
    before = row_number("continuation", params.continuation)
    paging = Paging(params.count, before=before)
    return await gateway.history.trigger_orders(call.account, listings, paging)


@method(
    "private/get_user_trades_by_currency",
    UserTradesByCurrency,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_currency(call: Call, params: UserTradesByCurrency) -> Json:
    """The caller's trades in a currency's instruments."""
    return await _by_currency(call, params, window_of(params))


@method(
    "private/get_user_trades_by_currency_and_time",
    UserTradesByCurrency,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_currency_and_time(
    call: Call, params: UserTradesByCurrency
) -> Json:
    """The caller's trades in a currency's instruments within a range of time."""
    return await _by_currency(call, params, window_of(params, needs_time=True))


@method(
    "private/get_user_trades_by_instrument",
    UserTrades,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_instrument(call: Call, params: UserTrades) -> Json:
    """The caller's trades in one instrument."""
    return await _by_instrument(call, params, window_of(params))


@method(
    "private/get_user_trades_by_instrument_and_time",
    UserTrades,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_instrument_and_time(call: Call, params: UserTrades) -> Json:
    """The caller's trades in one instrument within a range of time."""
    return await _by_instrument(call, params, window_of(params, needs_time=True))


@method(
    "private/get_user_trades_by_order",
    UserTradesByOrder,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_order(call: Call, params: UserTradesByOrder) -> object:
    """The trades of one order: a plain list, unlike its neighbours, as Deribit answers."""
    account = await subject(call, params.subaccount_id)
    listings = list(call.gateway.listings.by_id.values())
    window = Window(COUNT_MAX, sorting=params.sorting)
    order_id = order_number(params.order_id)
    found = await call.gateway.history.user_trades(account, listings, window, order_id)
    return found["trades"]


async def _orders(
    call: Call, listings: Sequence[Listing], params: HistoryByCurrency | HistoryByInstrument
) -> object:
    before = row_number("continuation", params.continuation)
    orders, more = await call.gateway.history.orders(
        call.account,
        listings,
        Paging(params.count, params.offset, before),
        include_unfilled=bool(params.include_unfilled),
    )
    if not params.with_continuation:
        return orders
    return {"data": orders, "continuation": None if more is None else str(more)}


async def _by_currency(call: Call, params: UserTradesByCurrency, window: Window) -> Json:
    listings = call.gateway.listings
    wanted = listings.select(listings.check_currency(params.currency), params.kind)
    account = await subject(call, params.subaccount_id)
    return await call.gateway.history.user_trades(account, wanted, window)


async def _by_instrument(call: Call, params: UserTrades, window: Window) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    account = await subject(call, params.subaccount_id)
    return await call.gateway.history.user_trades(account, [listing], window)
