"""Questions about what this venue does not have: options, deliveries, daily settlements.

ABSENT-001  a perpetual never expires and its profit is settled with every margin call, so the
            lists are empty, in Deribit's shapes; what is wrong with a question is still said.
"""

from exchange.gateway.account_schemas import MmpConfig, ResetMmp, SetMmpConfig
from exchange.gateway.errors import NOT_IMPLEMENTED, RpcError, invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.market_schemas import (
    DeliveryPrices,
    HistoricalVolatility,
    Settlements,
    SettlementsByCurrency,
    VolatilityIndex,
)
from exchange.gateway.methods.windows import check_times, row_number
from exchange.gateway.rpc import Call, method
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_READ, SCOPE_TRADE


@method("public/get_volatility_index_data", VolatilityIndex, cost=Cost.HISTORY)
async def get_volatility_index_data(call: Call, params: VolatilityIndex) -> Json:
    """Candles of a volatility index: none, as there are no options to take it from."""
    call.gateway.listings.check_currency(params.currency)
    check_times(params.start_timestamp, params.end_timestamp)
    return {"data": [], "continuation": None}


@method("public/get_historical_volatility", HistoricalVolatility, cost=Cost.HISTORY)
async def get_historical_volatility(call: Call, params: HistoricalVolatility) -> list[object]:
    """Points of time and volatility: none, as there are no options to be priced by it."""
    call.gateway.listings.check_currency(params.currency)
    return []


@method("public/get_delivery_prices", DeliveryPrices, cost=Cost.HISTORY)
async def get_delivery_prices(call: Call, params: DeliveryPrices) -> Json:
    """Prices at which contracts were delivered: none, as a perpetual never is."""
    _check_index(call, params.index_name)
    return {"data": [], "records_total": 0}


@method("public/get_last_settlements_by_instrument", Settlements, cost=Cost.HISTORY)
async def get_last_settlements_by_instrument(call: Call, params: Settlements) -> Json:
    """Settlements, deliveries and bankruptcies of an instrument: none (ABSENT-001)."""
    return _settlements_of(call, params)


@method("public/get_last_settlements_by_currency", SettlementsByCurrency, cost=Cost.HISTORY)
async def get_last_settlements_by_currency(call: Call, params: SettlementsByCurrency) -> Json:
    """Settlements, deliveries and bankruptcies in a currency: none (ABSENT-001)."""
    return _settlements_in(call, params)


@method(
    "private/get_settlement_history_by_instrument",
    Settlements,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_settlement_history_by_instrument(call: Call, params: Settlements) -> Json:
    """The caller's settlements in an instrument: none; money moved is in the log."""
    return _settlements_of(call, params)


@method(
    "private/get_settlement_history_by_currency",
    SettlementsByCurrency,
    scope=SCOPE_READ,
    cost=Cost.HISTORY,
)
async def get_settlement_history_by_currency(call: Call, params: SettlementsByCurrency) -> Json:
    """The caller's settlements in a currency: none; money moved is in the log."""
    return _settlements_in(call, params)


# --- market maker protection: the engine has none, and nobody is told otherwise ---------------
@method("private/get_mmp_config", MmpConfig, scope=SCOPE_READ)
async def get_mmp_config(call: Call, params: MmpConfig) -> list[Json]:
    """Settings of market maker protection: nobody has any, as the venue has none."""
    _check_index(call, params.index_name)
    return []


@method("private/get_mmp_status", MmpConfig, scope=SCOPE_READ)
async def get_mmp_status(call: Call, params: MmpConfig) -> list[Json]:
    """Protections that have been triggered: none."""
    _check_index(call, params.index_name)
    return []


@method("private/set_mmp_config", SetMmpConfig, scope=SCOPE_TRADE)
async def set_mmp_config(call: Call, params: SetMmpConfig) -> Json:
    """Refused: the engine would not protect, and must not be believed to."""
    _check_index(call, params.index_name)
    raise _no_protection()


@method("private/reset_mmp", ResetMmp, scope=SCOPE_TRADE)
async def reset_mmp(call: Call, params: ResetMmp) -> Json:
    """Refused: there is nothing that was triggered."""
    _check_index(call, params.index_name)
    raise _no_protection()


@method("private/reset_mmp_config", ResetMmp, scope=SCOPE_TRADE)
async def reset_mmp_config(call: Call, params: ResetMmp) -> Json:
    """Refused: there is no setting to take back."""
    _check_index(call, params.index_name)
    raise _no_protection()


def _settlements_of(call: Call, params: Settlements) -> Json:
    call.gateway.listings.get(params.instrument_name)
    row_number("continuation", params.continuation)
    return {"settlements": [], "continuation": None}


def _settlements_in(call: Call, params: SettlementsByCurrency) -> Json:
    call.gateway.listings.check_currency(params.currency)
    row_number("continuation", params.continuation)
    return {"settlements": [], "continuation": None}


def _check_index(call: Call, name: str | None) -> None:
    if name not in (None, "all") and call.gateway.listings.by_index_name(name) is None:
        raise invalid_params("index_name", "is not an index of this venue")


def _no_protection() -> RpcError:
    reason = "this venue has no market maker protection"
    return RpcError(NOT_IMPLEMENTED, "not_implemented", {"reason": reason})
