"""Small questions about the venue itself."""

import time

from exchange.gateway.decoder import number
from exchange.gateway.errors import invalid_params
from exchange.gateway.feeds import index_shape
from exchange.gateway.limits import Cost
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import Hello, IndexPrice, Params, Test
from exchange.gateway.state import VERSION, is_locked
from exchange.gateway.wire import Json


@method("public/hello", Hello, cost=Cost.FREE)
async def hello(_call: Call, _params: Hello) -> Json:
    return {"version": VERSION}


@method("public/test", Test, cost=Cost.FREE)
async def test(_call: Call, params: Test) -> Json:
    if params.expected_result == "exception":
        raise invalid_params("expected_result", "an exception was expected")
    return {"version": VERSION}


@method("public/status", Params)
async def status(call: Call, _params: Params) -> Json:
    # Deribit's word is a text, and its clients compare with "false".
    return {"locked": "true" if is_locked(call.gateway) else "false", "locked_currencies": []}


@method("public/get_time", Params)
async def get_time(_call: Call, _params: Params) -> int:
    return time.time_ns() // 1_000_000


@method("public/get_currencies", Params)
async def get_currencies(call: Call, _params: Params) -> list[Json]:
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


@method("public/get_index_price_names", Params)
async def get_index_price_names(call: Call, _params: Params) -> list[str]:
    underlyings = call.gateway.listings.underlyings.values()
    return [f"{item.name.lower()}_usdc" for item in underlyings]


@method("public/get_index_price", IndexPrice)
async def get_index_price(call: Call, params: IndexPrice) -> Json:
    underlying = call.gateway.listings.by_index_name(params.index_name)
    if underlying is None:
        raise invalid_params("index_name", "is not an index of this venue")
    shape = index_shape(call.gateway.listings, underlying.id, params.index_name)
    return {
        "index_price": shape["price"],
        "estimated_delivery_price": shape["price"],
        "timestamp": shape["timestamp"],
    }
