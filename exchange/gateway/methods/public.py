"""Small questions about the venue itself."""

import time

from exchange.gateway.decoder import number
from exchange.gateway.errors import invalid_params, not_implemented
from exchange.gateway.feeds import index_shape
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.market_schemas import (
    Announcements,
    Expirations,
    IndexNames,
    SupportedIndexNames,
    TradeVolumes,
)
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import Hello, IndexPrice, Params, Test
from exchange.gateway.state import VERSION, is_locked
from exchange.gateway.wire import Json


@method("public/hello", Hello, cost=Cost.FREE)
async def hello(_call: Call, _params: Hello) -> Json:
    """Introduce the client; the answer names the venue's version."""
    return {"version": VERSION}


@method("public/test", Test, cost=Cost.FREE)
async def test(_call: Call, params: Test) -> Json:
    """Whether the connection works; the answer names the venue's version."""
    if params.expected_result == "exception":
        raise invalid_params("expected_result", "an exception was expected")
    return {"version": VERSION}


@method("public/status", Params)
async def status(call: Call, _params: Params) -> Json:
    """Whether trading is locked."""
    # Deribit's word is a text, and its clients compare with "false".
    return {"locked": "true" if is_locked(call.gateway) else "false", "locked_currencies": []}


@method("public/get_time", Params)
async def get_time(_call: Call, _params: Params) -> int:
    """The server's time, in milliseconds."""
    return time.time_ns() // 1_000_000


@method("public/get_currencies", Params)
async def get_currencies(call: Call, _params: Params) -> list[Json]:
    """The settlement asset and the currencies that contracts are written on."""
    return [
        {
            "currency": name,
            "currency_long": name,
            "coin_type": name,
            "network_currency": name,
            "min_confirmations": 1,
            "min_withdrawal_fee": number(0, 0),
            "withdrawal_fee": number(0, 0),
            "withdrawal_priorities": [],
            "fee_precision": 6,
            "in_cross_collateral_pool": False,
        }
        for name in call.gateway.listings.currencies()
    ]


@method("public/get_index_price_names", IndexNames)
async def get_index_price_names(call: Call, params: IndexNames) -> list[object]:
    """The names of all indices."""
    names = call.gateway.listings.index_names()
    if not params.extended:
        return list(names)
    no_combos = {"future_combo_creation_enabled": False, "option_combo_creation_enabled": False}
    return [{"name": name, **no_combos} for name in names]


@method("public/get_supported_index_names", SupportedIndexNames)
async def get_supported_index_names(call: Call, params: SupportedIndexNames) -> list[str]:
    """The names of the indices of a type: all of them are prices of spot markets."""
    return [] if params.type == "derivative" else call.gateway.listings.index_names()


@method("public/get_expirations", Expirations)
async def get_expirations(call: Call, params: Expirations) -> Json:
    """When contracts expire: a perpetual never does, and says PERPETUAL."""
    listings = call.gateway.listings
    pair = params.currency_pair
    paired = list(listings.by_id.values()) if pair is None else listings.of_pair(pair)

    def expirations(wanted: list[Listing]) -> Json:
        names = ["PERPETUAL"] if wanted else []
        kinds = {"future": names, "option": []}
        return {kind: kinds[kind] for kind in kinds if params.kind in ("any", kind)}

    def chosen(currency: str) -> list[Listing]:
        return [one for one in listings.select(currency, "any") if one in paired]

    if params.currency.lower() != "grouped":
        return expirations(chosen(listings.check_currency(params.currency)))
    return {name.lower(): expirations(chosen(name)) for name in listings.currencies()}


@method("public/get_trade_volumes", TradeVolumes)
async def get_trade_volumes(call: Call, params: TradeVolumes) -> list[Json]:
    """What was traded in each base currency in the last 24 hours."""
    if params.extended:
        raise not_implemented("extended")
    gateway = call.gateway
    return [
        {
            "currency": listing.base,
            "futures_volume": listing.amount(gateway.statistics.of(listing.id).volume_lots),
            "calls_volume": number(0, 0),
            "puts_volume": number(0, 0),
            "spot_volume": number(0, 0),
        }
        for listing in gateway.listings.by_id.values()
    ]


@method("public/get_announcements", Announcements)
async def get_announcements(_call: Call, _params: Announcements) -> list[Json]:
    """News of the operator: there is no such list, so none; halts stand on /status."""
    return []


@method("public/get_index_price", IndexPrice)
async def get_index_price(call: Call, params: IndexPrice) -> Json:
    """The price of an index as it stands."""
    underlying = call.gateway.listings.by_index_name(params.index_name)
    if underlying is None:
        raise invalid_params("index_name", "is not an index of this venue")
    shape = index_shape(call.gateway.listings, underlying.id, params.index_name)
    return {
        "index_price": shape["price"],
        "estimated_delivery_price": shape["price"],
        "timestamp": shape["timestamp"],
    }
