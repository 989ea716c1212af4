"""private/place_batch: many orders in one message (exchange/gateway/methods/batches.py)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.venue import Answer, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
Json = dict[str, Any]


@pytest.fixture
def trader(venue: Venue) -> Iterator[Key]:
    """An account of its own for each test, which leaves no orders behind."""
    key = venue.account(fund=10_000)
    yield key
    venue.get("private/cancel_all", key)


def order(side: str, price: int, **more: Any) -> Json:
    return {"instrument_name": BTC, "side": side, "amount": 0.001, "price": price} | more


def send(venue: Venue, key: Key, **params: Any) -> Answer:
    request = {"jsonrpc": "2.0", "id": 1, "method": "private/place_batch", "params": params}
    return venue.post(request, key)


def open_ids(venue: Venue, key: Key) -> list[str]:
    rows = venue.get("private/get_open_orders", key).result
    return sorted(row["order_id"] for row in rows)


def test_cancels_go_before_quotes_and_quotes_before_takers(venue: Venue, trader: Key) -> None:
    old = venue.get("private/buy", trader, instrument_name=BTC, amount="0.001", price="59000")
    old_id = old.result["order"]["order_id"]

    taker = order("sell", 59_500, time_in_force="immediate_or_cancel", label="taker")
    answer = send(
        venue,
        trader,
        orders=[taker, order("buy", 59_900, post_only=True, label="quote")],
        cancels=[old_id],
    ).result

    assert answer["cancels"][0]["order_state"] == "cancelled"
    assert [row["order"]["label"] for row in answer["orders"]] == ["taker", "quote"]
    taker_id, quote_id = (int(row["order"]["order_id"]) for row in answer["orders"])
    assert quote_id < taker_id  # ids rise in the order in which orders are accepted


def test_a_refused_member_does_not_hold_up_the_others(
    venue: Venue, trader: Key, alice: Key
) -> None:
    theirs = venue.get("private/buy", alice, instrument_name=BTC, amount="0.001", price="59000")
    their_id = theirs.result["order"]["order_id"]

    answer = send(
        venue,
        trader,
        cancels=[their_id],
        orders=[order("buy", 59_000), order("buy", 90_000), order("buy", 59_001)],
    ).result

    assert answer["cancels"][0]["error"]["data"]["name"] == "NOT_ORDER_OWNER"
    first, refused, last = answer["orders"]
    assert refused["error"]["data"]["name"] == "PRICE_OUTSIDE_BAND"
    placed = sorted(row["order"]["order_id"] for row in (first, last))
    assert open_ids(venue, trader) == placed
    assert their_id in open_ids(venue, alice)
    venue.get("private/cancel_all", alice)


def test_nothing_is_sent_unless_all_can_be_understood(venue: Venue, trader: Key) -> None:
    unknown = send(
        venue,
        trader,
        orders=[order("buy", 59_000), order("buy", 59_000, instrument_name="NO-SUCH")],
    )
    misspelt = send(venue, trader, orders=[order("buy", 59_000, pots_only=True)])
    empty = send(venue, trader)
    many = send(venue, trader, orders=[order("buy", 59_000)] * 101)

    assert unknown.error["data"]["member"] == "orders[1]"
    assert unknown.error["code"] == 10020
    assert misspelt.error["code"] == empty.error["code"] == many.error["code"] == -32602
    assert open_ids(venue, trader) == []


def test_a_late_batch_is_refused_as_a_whole(venue: Venue, trader: Key) -> None:
    placed = send(venue, trader, orders=[order("buy", 59_000)]).result
    order_id = placed["orders"][0]["order"]["order_id"]

    late = send(venue, trader, cancels=[order_id], orders=[order("buy", 59_001)], valid_until=1)

    assert late.error["data"]["name"] == "EXPIRED"
    assert open_ids(venue, trader) == [order_id]


def test_edits_and_keys_work_in_a_batch_as_alone(venue: Venue, trader: Key) -> None:
    keyed = order("buy", 59_000, idempotency_key="b1")
    first = send(venue, trader, orders=[keyed]).result["orders"][0]["order"]
    edit = {"order_id": first["order_id"], "amount": 0.002, "price": 59_001}

    answer = send(venue, trader, orders=[keyed], edits=[edit]).result

    assert answer["orders"][0]["order"]["order_id"] == first["order_id"]
    assert answer["edits"][0]["order"]["replaced"] is True
    assert answer["edits"][0]["order"]["amount"] == 0.002
    assert open_ids(venue, trader) == [first["order_id"]]


def test_what_a_batch_placed_goes_with_its_connection(
    venue: Venue, trader: Key, port: int
) -> None:
    with venue.socket(port, trader) as client:
        client.call("private/enable_cancel_on_disconnect")
        placed = client.call("private/place_batch", orders=[order("buy", 59_000)] * 3)
        assert len(placed["orders"]) == 3

    assert eventually(lambda: open_ids(venue, trader) == [], 10)


def test_a_batch_needs_somebody_who_may_trade(venue: Venue) -> None:
    request = {"method": "private/place_batch", "params": {"orders": [order("buy", 59_000)]}}

    assert venue.post({"jsonrpc": "2.0", "id": 1, **request}).error["code"] == 13009
