"""Orders by label, and cancelling many of them at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.venue import Answer, Key, Venue

SOL, ETH = "SOL_USDC-PERPETUAL", "ETH_USDC-PERPETUAL"
STOP = {"type": "stop_market", "trigger_price": "160", "trigger": "mark_price"}


@pytest.fixture(scope="module")
def frank(venue: Venue) -> Key:
    return venue.account(fund=100_000)


@pytest.fixture
def trader(venue: Venue, frank: Key) -> Iterator[Key]:
    """Frank, with two limit orders and a stop in SOL and one limit order in ETH."""
    place(venue, frank, SOL, "1", price="140", label="low")
    place(venue, frank, SOL, "1", price="141", label="high")
    place(venue, frank, SOL, "1", **STOP, label="low")
    place(venue, frank, ETH, "0.1", price="2900", label="low")
    yield frank
    venue.get("private/cancel_all", frank)


def place(venue: Venue, key: Key, name: str, amount: str, **more: Any) -> Any:
    answer = venue.get("private/buy", key, instrument_name=name, amount=amount, **more)
    return answer.result["order"]


def left(venue: Venue, key: Key) -> list[tuple[str, str]]:
    """Instrument's base and type of each open order, newest first."""
    orders = venue.get("private/get_open_orders", key).result
    return [(order["instrument_name"][:3], order["order_type"]) for order in orders]


@pytest.mark.parametrize(
    ("method", "params", "count", "rest"),
    [
        ("cancel_all", {}, 4, []),
        ("cancel_all_by_currency", {"currency": "SOL"}, 3, [("ETH", "limit")]),
        ("cancel_all_by_currency", {"currency": "USDC", "type": "limit"}, 3,
         [("SOL", "stop_market")]),
        ("cancel_all_by_currency", {"currency": "USDC", "kind": "option"}, 0, None),
        ("cancel_all_by_currency_pair", {"currency_pair": "eth_usdc"}, 1, None),
        ("cancel_all_by_instrument", {"instrument_name": SOL, "type": "stop"}, 1,
         [("ETH", "limit"), ("SOL", "limit"), ("SOL", "limit")]),
        ("cancel_all_by_instrument", {"instrument_name": SOL, "type": "take"}, 0, None),
        ("cancel_all_by_kind_or_type", {"currency": "any", "type": "trigger_all"}, 1, None),
        ("cancel_all_by_kind_or_type", {"currency": '["SOL","ETH"]', "kind": "future"}, 4, []),
        ("cancel_by_label", {"label": "low"}, 3, [("SOL", "limit")]),
        ("cancel_by_label", {"label": "low", "currency": "ETH"}, 1, None),
        ("cancel_by_label", {"label": "nothing"}, 0, None),
    ],
)  # fmt: skip
def test_those_and_only_those_that_were_meant_are_cancelled(
    venue: Venue,
    trader: Key,
    method: str,
    params: dict[str, Any],
    count: int,
    rest: list[tuple[str, str]] | None,
) -> None:
    before = left(venue, trader)

    cancelled = venue.get(f"private/{method}", trader, **params).result

    assert cancelled == count
    after = left(venue, trader)
    assert len(after) == len(before) - count
    if rest is not None:
        assert after == rest


def test_a_detailed_answer_shows_what_was_cancelled(venue: Venue, trader: Key) -> None:
    groups = venue.get("private/cancel_all", trader, detailed="true").result

    told = {(group["instrument_name"], group["type"]): group["result"] for group in groups}
    assert sorted(told) == [(ETH, "limit"), (SOL, "limit"), (SOL, "trigger")]
    assert sorted(order["label"] for order in told[SOL, "limit"]) == ["high", "low"]
    assert {order["order_state"] for orders in told.values() for order in orders} == {
        "cancelled"
    }
    assert {group["currency"] for group in groups} == {"USDC"}


@pytest.mark.parametrize(
    ("method", "params", "param"),
    [
        ("cancel_all_by_instrument", {"instrument_name": SOL, "type": "some"}, "type"),
        ("cancel_all_by_currency", {"currency": "XYZ"}, "currency"),
        ("cancel_all_by_currency_pair", {"currency_pair": "sol_doge"}, "currency_pair"),
        ("cancel_all_by_kind_or_type", {"currency": '["SOL","X"]'}, "currency"),
        ("cancel_by_label", {"label": ""}, "label"),
        ("cancel_by_label", {"label": "low", "currency": "X"}, "currency"),
        ("cancel_all", {"detailed": "yes"}, "detailed"),
    ],
)
def test_a_wrong_choice_is_named_and_cancels_nothing(
    venue: Venue, trader: Key, method: str, params: dict[str, Any], param: str
) -> None:
    error = venue.get(f"private/{method}", trader, **params).error

    assert (error["code"], error["data"]["param"]) == (-32602, param)
    assert len(left(venue, trader)) == 4


def edit(venue: Venue, key: Key, label: str, **more: Any) -> Answer:
    return venue.get("private/edit_by_label", key, instrument_name=SOL, label=label, **more)


def test_an_order_is_edited_by_its_label(venue: Venue, trader: Key) -> None:
    edited = edit(venue, trader, "high", amount="2", price="142").result["order"]

    assert (edited["label"], edited["price"], edited["amount"]) == ("high", 142, 2)
    assert edited["replaced"] is True


def test_a_label_that_names_no_one_order_edits_none(venue: Venue, trader: Key) -> None:
    two = edit(venue, trader, "low", amount="2", price="142")
    none = edit(venue, trader, "nobody", amount="2", price="142")

    assert (two.error["code"], two.error["data"]["param"]) == (-32602, "label")
    assert two.error["data"]["reason"] == "is that of 2 open orders"
    assert (none.error["code"], none.error["data"]["param"]) == (10_004, "label")
    assert none.error["data"]["name"] == "UNKNOWN_ORDER"


def test_an_edit_by_label_with_a_key_is_done_once(venue: Venue, trader: Key) -> None:
    change = {"amount": "3", "price": "139", "idempotency_key": "edit-by-label"}
    first = edit(venue, trader, "high", **change).result["order"]
    edit(venue, trader, "high", amount="1", price="141").result["order"]

    again = edit(venue, trader, "high", **change).result["order"]

    assert (first["price"], again["price"], again["amount"]) == (139, 139, 3)
    found = venue.get("private/get_open_orders_by_label", trader, label="high").result
    assert (found[0]["price"], found[0]["amount"]) == (141, 1)


def test_an_edit_by_id_with_a_key_is_done_once(venue: Venue, trader: Key) -> None:
    found = venue.get("private/get_open_orders_by_label", trader, label="high").result[0]
    change = {"order_id": found["order_id"], "amount": "4", "idempotency_key": "edit-by-id"}

    first = venue.get("private/edit", trader, **change, price="138").result["order"]
    again = venue.get("private/edit", trader, **change, price="138").result["order"]
    other = venue.get("private/edit", trader, **change, price="137").error

    assert (first["price"], first["amount"]) == (again["price"], again["amount"]) == (138, 4)
    assert (other["code"], other["data"]["param"]) == (-32602, "idempotency_key")
    assert other["data"]["name"] == "KEY_REUSED"


def test_a_key_of_some_contracts_cancels_in_those_alone(venue: Venue, trader: Key) -> None:
    terms = {"max_scope": "trade:read_write", "contracts": [ETH]}
    request = {"method": "private/create_api_key", "params": terms}
    made = venue.post(request, trader).result
    bound = Key(trader.account, made["client_id"], made["client_secret"])

    other = venue.get("private/cancel_all_by_instrument", bound, instrument_name=SOL)
    typed = venue.get("private/cancel_all_by_currency", bound, currency="USDC", type="stop")
    whole = venue.get("private/cancel_all_by_currency", bound, currency="USDC")

    assert other.error["code"] == 13_021
    assert (typed.result, whole.result) == (0, 1)
    assert len(left(venue, trader)) == 3
