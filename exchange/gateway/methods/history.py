"""What the caller did: orders and trades of the past, from the projections."""

from collections.abc import Sequence

from exchange.gateway.errors import RpcError, invalid_params
from exchange.gateway.history import Window
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.methods.market import window_of
from exchange.gateway.methods.trading import order_number
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    CurrencyTrades,
    HistoryByCurrency,
    HistoryByInstrument,
    Trades,
    TradesByOrder,
    TriggerHistory,
)
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_READ


@method(
    "private/get_order_history_by_currency",
    HistoryByCurrency,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_order_history_by_currency(call: Call, params: HistoryByCurrency) -> list[Json]:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return await _orders(call, listings.select(currency, params.kind), params)


@method(
    "private/get_order_history_by_instrument",
    HistoryByInstrument,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_order_history_by_instrument(
    call: Call, params: HistoryByInstrument
) -> list[Json]:
    return await _orders(call, [call.gateway.listings.get(params.instrument_name)], params)


@method(
    "private/get_trigger_order_history",
    TriggerHistory,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_trigger_order_history(call: Call, params: TriggerHistory) -> Json:
    """What became of the orders that waited for a price."""
    gateway = call.gateway
    listings = gateway.listings.select(gateway.listings.check_currency(params.currency), "any")
    if params.instrument_name is not None:
        listings = [gateway.listings.get(params.instrument_name)]
    before = None if params.continuation is None else _page_start(params.continuation)
    return await gateway.history.trigger_orders(
        call.account,
        await gateway.accounts.sequence(call.account),
        listings,
        count=params.count,
        before=before,
    )


@method(
    "private/get_user_trades_by_currency",
    CurrencyTrades,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_currency(call: Call, params: CurrencyTrades) -> Json:
    listings = call.gateway.listings
    currency = listings.check_currency(params.currency)
    return await _trades(call, listings.select(currency, params.kind), window_of(params))


@method(
    "private/get_user_trades_by_currency_and_time",
    CurrencyTrades,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_currency_and_time(call: Call, params: CurrencyTrades) -> Json:
    return await get_user_trades_by_currency(call, params)


@method("private/get_user_trades_by_instrument", Trades, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_user_trades_by_instrument(call: Call, params: Trades) -> Json:
    listing = call.gateway.listings.get(params.instrument_name)
    return await _trades(call, [listing], window_of(params))


@method(
    "private/get_user_trades_by_instrument_and_time",
    Trades,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_user_trades_by_instrument_and_time(call: Call, params: Trades) -> Json:
    return await get_user_trades_by_instrument(call, params)


@method("private/get_user_trades_by_order", TradesByOrder, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_user_trades_by_order(call: Call, params: TradesByOrder) -> object:
    """A plain list, unlike its neighbours: so Deribit answers, and so clients read it."""
    listings = list(call.gateway.listings.by_id.values())
    window = Window(most=1_000, sorting=params.sorting)
    order_id = order_number(params.order_id)
    return (await _trades(call, listings, window, order_id))["trades"]


def _page_start(continuation: str) -> int:
    try:
        return order_number(continuation)
    except RpcError as error:
        raise invalid_params("continuation", "is not from an answer before") from error


async def _orders(
    call: Call, listings: Sequence[Listing], params: HistoryByCurrency | HistoryByInstrument
) -> list[Json]:
    if not listings:
        return []
    gateway = call.gateway
    return await gateway.history.orders(
        call.account,
        await gateway.accounts.sequence(call.account),
        listings,
        count=params.count,
        offset=params.offset,
        include_unfilled=bool(params.include_unfilled),
    )


async def _trades(
    call: Call, listings: Sequence[Listing], window: Window, order_id: int | None = None
) -> Json:
    gateway = call.gateway
    sequence = await gateway.accounts.sequence(call.account)
    return await gateway.history.user_trades(call.account, sequence, listings, window, order_id)
