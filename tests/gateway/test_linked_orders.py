"""Brackets and pairs through the API (exchange/gateway/methods/placing.py)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.venue import Answer, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
ORDERS = "user.orders.any.any.raw"
Json = dict[str, Any]
STOP: Json = {"type": "stop_market", "trigger_price": 58_000}
TAKE: Json = {"type": "limit", "price": 61_000}


@pytest.fixture
def trader(venue: Venue) -> Iterator[Key]:
    """An account of its own for each test, which leaves no orders behind."""
    key = venue.account(fund=10_000)
    yield key
    venue.get("private/cancel_all", key)


def send(venue: Venue, key: Key, method: str, **params: Any) -> Answer:
    return venue.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, key)


def bracket(
    venue: Venue, key: Key, *legs: Json, price: int | None = 59_500, **more: Any
) -> Answer:
    """Buys 0.003 at a price, with exits."""
    kind = "one_triggers_one_cancels_other" if len(legs) == 2 else "one_triggers_other"
    terms = {"instrument_name": BTC, "amount": 0.003, "price": price, "label": "entry"}
    terms |= {"linked_order_type": kind, "otoco_config": list(legs)}
    return send(venue, key, "private/buy", **terms | more)


def open_orders(venue: Venue, key: Key) -> dict[str, Json]:
    rows = venue.get("private/get_open_orders", key).result
    return {row["order_id"]: row for row in rows}


def test_a_bracket_is_placed_in_one_call(venue: Venue, trader: Key, bob: Key) -> None:
    entry = bracket(venue, trader, STOP | {"label": "stop"}, TAKE).result["order"]

    stop_id, take_id = entry["oto_order_ids"]
    assert entry["order_state"] == "open"
    assert entry["is_primary_otoco"] is True
    rows = open_orders(venue, trader)
    assert set(rows) == {entry["order_id"], stop_id, take_id}
    stop, take = rows[stop_id], rows[take_id]
    for leg in (stop, take):
        assert leg["order_state"] == "untriggered"
        assert leg["primary_order_id"] == entry["order_id"]
        assert leg["is_secondary_oto"] is True
        assert (leg["direction"], leg["reduce_only"]) == ("sell", True)
        assert leg["oco_ref"] == stop_id
    assert (stop["order_type"], stop["price"]) == ("stop_market", "market_price")
    assert (stop["trigger"], stop["trigger_price"], stop["label"]) == (
        "mark_price",
        58_000,
        "stop",
    )
    assert "trigger_price" not in take

    terms: Json = {"instrument_name": BTC, "amount": 0.001, "price": 59_500}
    venue.get("private/sell", bob, **terms, time_in_force="immediate_or_cancel")

    rows = open_orders(venue, trader)
    assert rows[entry["order_id"]]["filled_amount"] == 0.001
    assert (rows[stop_id]["order_state"], rows[stop_id]["amount"]) == ("untriggered", 0.001)
    assert (rows[take_id]["order_state"], rows[take_id]["amount"]) == ("open", 0.001)


def test_a_market_entry_has_its_exits_in_the_same_answer(
    venue: Venue, trader: Key, bob: Key
) -> None:
    venue.get("private/sell", bob, instrument_name=BTC, amount="0.002", price="60010")

    answer = bracket(venue, trader, STOP, TAKE, type="market", price=None).result

    assert [trade["amount"] for trade in answer["trades"]] == [0.002]
    assert answer["order"]["order_state"] == "cancelled"  # a third was not to be had
    amounts = {row["order_type"]: row["amount"] for row in open_orders(venue, trader).values()}
    assert amounts == {"stop_market": 0.002, "limit": 0.002}


def test_of_two_orders_the_cancelled_one_takes_the_other(venue: Venue, trader: Key) -> None:
    terms = {"instrument_name": BTC, "amount": 0.002, "price": 59_000}
    other = {"type": "stop_limit", "trigger_price": 61_000, "price": 61_100}
    terms |= {"linked_order_type": "one_cancels_other", "otoco_config": [other]}

    order = send(venue, trader, "private/buy", **terms).result["order"]

    rows = open_orders(venue, trader)
    assert len(rows) == 2
    assert {row["oco_ref"] for row in rows.values()} == {order["oco_ref"]}
    assert {row["order_type"] for row in rows.values()} == {"limit", "stop_limit"}

    venue.get("private/cancel", trader, order_id=order["order_id"])

    assert open_orders(venue, trader) == {}
    left = next(number for number in rows if number != order["order_id"])
    state = venue.get("private/get_order_state", trader, order_id=left).result
    assert (state["order_state"], state["cancel_reason"]) == ("cancelled", "linked_order")


def test_a_refused_group_leaves_nothing(venue: Venue, trader: Key) -> None:
    late = bracket(venue, trader, STOP, TAKE, amount=10)
    wrong = bracket(venue, trader, STOP | {"trigger_price": 10_000_000})

    assert late.error["data"]["name"] == "INSUFFICIENT_MARGIN"
    assert "member" not in late.error["data"]
    assert wrong.error["data"]["name"] == "INVALID_TRIGGER"
    assert wrong.error["data"]["member"] == "otoco_config[0]"
    assert open_orders(venue, trader) == {}


@pytest.mark.parametrize(
    ("leg", "param"),
    [
        (STOP | {"direction": "buy"}, "direction"),
        (STOP | {"amount": 0.001}, "amount"),
        (STOP | {"reduce_only": False}, "reduce_only"),
        (STOP | {"type": "market"}, "type"),
        (STOP | {"trigger_offset": 10}, "trigger_offset"),
        ({"type": "stop_market"}, "trigger_price"),
        ({"type": "trailing_stop"}, "trigger_offset"),
        ({"type": "trailing_stop", "trigger_price": 1}, "trigger_price"),
        (TAKE | {"trigger": "mark_price"}, "trigger"),
        (TAKE | {"trigger_price": 1}, "trigger_price"),
        ({"type": "limit"}, "price"),
    ],
)
def test_what_is_wrong_with_an_exit_is_named(
    venue: Venue, alice: Key, leg: Json, param: str
) -> None:
    answer = bracket(venue, alice, leg)

    assert answer.error["code"] == -32602
    assert answer.error["data"]["param"] == param
    assert answer.error["data"]["member"] == "otoco_config[0]"
    assert open_orders(venue, alice) == {}


@pytest.mark.parametrize("more", [{"trigger_fill_condition": "first_hit"}, {"legs": 2}, {}])
def test_what_no_group_can_be_is_refused(venue: Venue, alice: Key, more: Json) -> None:
    terms = {"instrument_name": BTC, "amount": 0.003, "price": 59_500}
    if more:
        terms |= {"linked_order_type": "one_triggers_other"}
    legs = [STOP] * more.get("legs", 1)

    answer = send(
        venue, alice, "private/buy", **terms, otoco_config=legs, **_without(more, "legs")
    )

    assert "error" in answer.body
    assert open_orders(venue, alice) == {}


def _without(terms: Json, name: str) -> Json:
    return {key: value for key, value in terms.items() if key != name}


def test_the_trigger_of_an_exit_may_be_edited_and_its_size_not(
    venue: Venue, trader: Key
) -> None:
    entry = bracket(venue, trader, STOP, TAKE).result["order"]
    stop_id, take_id = entry["oto_order_ids"]

    moved = send(venue, trader, "private/edit", order_id=stop_id, trigger_price=58_100)
    sized = send(venue, trader, "private/edit", order_id=take_id, amount=0.001)
    wrong = send(venue, trader, "private/edit", order_id=take_id, trigger_price=58_100)
    entered = send(venue, trader, "private/edit", order_id=entry["order_id"], amount=0.002)

    assert moved.result["order"]["trigger_price"] == 58_100
    assert sized.error["data"]["name"] == "LINKED_QUANTITY"
    assert wrong.error["data"]["param"] == "trigger_price"
    assert entered.result["order"]["amount"] == 0.002
    amounts = {row["amount"] for row in open_orders(venue, trader).values()}
    assert amounts == {0.002}


def test_the_channel_of_orders_tells_of_a_group(
    venue: Venue, trader: Key, bob: Key, port: int
) -> None:
    with venue.socket(port, trader) as client:
        client.call("private/subscribe", channels=[ORDERS])
        entry = bracket(venue, trader, STOP, TAKE).result["order"]
        stop_id, take_id = entry["oto_order_ids"]
        placed = {row["order_id"]: row for row in (client.next_of(ORDERS) for _ in range(3))}
        assert placed[take_id]["order_state"] == "untriggered"
        assert placed[take_id]["primary_order_id"] == entry["order_id"]
        assert placed[stop_id]["oco_ref"] == placed[take_id]["oco_ref"]

        terms: Json = {"instrument_name": BTC, "amount": 0.003, "price": 59_500}
        venue.get("private/sell", bob, **terms, time_in_force="immediate_or_cancel")

        filled = {row["order_id"]: row for row in (client.next_of(ORDERS) for _ in range(3))}
        assert filled[entry["order_id"]]["order_state"] == "filled"
        assert (filled[take_id]["order_state"], filled[take_id]["amount"]) == ("open", 0.003)
        assert filled[stop_id]["order_state"] == "untriggered"


def test_a_key_makes_a_group_once(venue: Venue, trader: Key) -> None:
    first = bracket(venue, trader, STOP, TAKE, idempotency_key="g1").result["order"]
    again = bracket(venue, trader, STOP, TAKE, idempotency_key="g1").result["order"]

    assert again["order_id"] == first["order_id"]
    assert eventually(lambda: len(open_orders(venue, trader)) == 3)
