"""What is wrong with parameters, by name and reason (exchange/gateway/params.py)."""

import json
from typing import Any

import pytest

from exchange.gateway import account_schemas, quote_schemas, schemas
from exchange.gateway.decoder import parse_json
from exchange.gateway.errors import RpcError
from exchange.gateway.params import convert

ORDER: dict[str, Any] = {"instrument_name": "X", "amount": 1}


@pytest.mark.parametrize(
    ("kind", "params", "param", "reason"),
    [
        (schemas.PlaceOrder, {}, "instrument_name", "is required"),
        (schemas.PlaceOrder, [], "params", "Expected `object`, got `array`"),
        (schemas.PlaceOrder, ORDER | {"amount": "x"}, "amount",
         "must be a decimal number in ASCII digits"),
        (schemas.PlaceOrder, ORDER | {"trigger": "mid"}, "trigger",
         "must be one of mark_price, index_price, last_price"),
        (schemas.PlaceOrder, ORDER | {"trigger": 1}, "trigger",
         "must be one of mark_price, index_price, last_price"),
        (schemas.PlaceOrder, ORDER | {"otoco_config": [{}, {"direction": "up"}]},
         "otoco_config[1].direction", "must be one of buy, sell"),
        (schemas.PlaceBatch, {"orders": [{"side": "buy"}]}, "orders[0].instrument_name",
         "is required"),
        (schemas.PlaceBatch, {"order": []}, "order", "is unknown"),
        (schemas.PlaceBatch, {"orders": [ORDER | {"side": "buy", "pots": 1}]},
         "orders[0].pots", "is unknown"),
        (quote_schemas.MassQuote, {"quotes": [{"instrument_name": "X", "ask": {"price": ""}}]},
         "quotes[0].ask.price", "must be a decimal number in ASCII digits"),
        (account_schemas.OpenOrders, {"kind": "house"}, "kind",
         "must be one of any, future, option, spot, future_combo, option_combo, combo"),
        (account_schemas.Page, {"currency": "X", "count": 1001}, "count",
         "must be from 1 to 1000"),
        (account_schemas.Page, {"currency": "X", "offset": -1}, "offset",
         "must be a whole number"),
        (account_schemas.SimulatePortfolio, {"simulated_positions": {"A": "1", "B": "x"}},
         "simulated_positions", "must be a decimal number in ASCII digits"),
    ],
)  # fmt: skip
def test_the_error_names_the_parameter_and_the_reason(
    kind: type[schemas.Params], params: Any, param: str, reason: str
) -> None:
    with pytest.raises(RpcError) as caught:
        convert(parse_json(json.dumps(params).encode()), kind)

    assert caught.value.code == -32602
    assert caught.value.data == {"param": param, "reason": reason}
