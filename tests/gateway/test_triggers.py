"""Orders that wait for a price, live for a day or meet one's own, through the real gateway."""

from typing import Any

import pytest

from tests.gateway.venue import Answer, Client, Key, Venue
from tests.scenarios.venue import eventually

ETH = "ETH_USDC-PERPETUAL"
RAW = f"user.orders.{ETH}.raw"
STOP = {"type": "stop_limit", "price": "3010", "trigger_price": "3005", "trigger": "last_price"}


@pytest.fixture(scope="module")
def carol(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def dave(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def erin(venue: Venue) -> Key:
    return venue.account()


def order(venue: Venue, key: Key, side: str, amount: str, **params: Any) -> Answer:
    return venue.get(f"private/{side}", key, instrument_name=ETH, amount=amount, **params)


def trade(venue: Venue, seller: Key, buyer: Key, price: str) -> None:
    """The last price becomes this one."""
    order(venue, seller, "sell", "0.01", price=price)
    taken = order(venue, buyer, "buy", "0.01", price=price, time_in_force="fill_or_kill")
    assert taken.result["order"]["order_state"] == "filled"


def test_a_stop_waits_fires_rests_and_fills(
    venue: Venue, port: int, carol: Key, dave: Key, erin: Key
) -> None:
    trade(venue, dave, erin, "3000")
    with venue.socket(port, carol) as client:
        client.call("private/subscribe", channels=[RAW])

        placed = order(venue, carol, "buy", "0.02", label="up", **STOP).result
        told = client.next_of(RAW)

        for shown in (placed["order"], told):
            assert (shown["order_state"], shown["order_type"]) == ("untriggered", "stop_limit")
            assert (shown["trigger"], shown["triggered"]) == ("last_price", False)
            assert shown["trigger_price"] == shown["stop_price"] == 3_005
            assert (shown["price"], shown["label"]) == (3_010, "up")
        assert placed["trades"] == []
        number = placed["order"]["order_id"]
        for kind, count in (("all", 1), ("trigger_all", 1), ("stop_limit", 1), ("limit", 0)):
            found = venue.get("private/get_open_orders", carol, type=kind).result
            assert [one["order_id"] for one in found] == [number] * count, kind
        state = venue.get("private/get_order_state", carol, order_id=number).result
        assert (state["order_state"], state["trigger_price"]) == ("untriggered", 3_005)

        trade(venue, dave, erin, "3006")

        fired = client.next_of(RAW)
        assert (fired["order_id"], fired["order_state"]) == (number, "open")
        assert (fired["triggered"], fired["trigger_order_id"]) == (True, number)
        rests = venue.get("private/get_open_orders_by_instrument", carol, instrument_name=ETH)
        assert (rests.result[0]["order_state"], rests.result[0]["triggered"]) == ("open", True)
        order(venue, dave, "sell", "0.02", price="3010", time_in_force="fill_or_kill")
        assert client.next_of(RAW)["order_state"] == "filled"

    def is_projected() -> bool:
        state = venue.get("private/get_order_state", carol, order_id=number).result
        return (state["order_state"], state["triggered"], state["trigger_price"]) == (
            "filled",
            True,
            3_005,
        )

    assert eventually(is_projected)
    history = venue.get("private/get_trigger_order_history", carol, currency="USDC").result
    assert history["entries"][0]["order_state"] == "triggered"
    assert history["entries"][0]["trigger_order_id"] == number
    mine = venue.get("private/get_user_trades_by_order", carol, order_id=number).result
    assert [(fill["order_type"], fill["amount"]) for fill in mine] == [("limit", 0.02)]


def test_a_trailing_stop_is_edited_and_cancelled(
    venue: Venue, carol: Key, dave: Key, erin: Key
) -> None:
    trade(venue, dave, erin, "3000")
    terms = {"type": "trailing_stop", "trigger": "last_price", "trigger_offset": "10"}

    placed = order(venue, carol, "sell", "0.03", **terms).result["order"]
    number = placed["order_id"]
    moved = venue.get(
        "private/edit", carol, order_id=number, amount="0.04", trigger_offset="25"
    ).result["order"]
    seen = venue.get("private/get_open_orders", carol, type="trailing_all").result[0]
    wrong = venue.get("private/edit", carol, order_id=number, amount="1", trigger_price="2990")
    priced = venue.get("private/edit", carol, order_id=number, amount="1", price="2990")
    ended = venue.get("private/cancel", carol, order_id=number).result

    assert (placed["price"], placed["trigger_price"]) == ("market_price", 2_990)
    assert placed["trigger_offset"] == 10
    for shown in (moved, seen):
        assert (shown["amount"], shown["trigger_price"]) == (0.04, 2_975)
        assert shown["trigger_offset"] == 25
    assert moved["replaced"]
    assert wrong.error["data"]["param"] == "trigger_price"
    assert priced.error["data"]["param"] == "price"
    assert (ended["order_state"], ended["cancel_reason"]) == ("cancelled", "user_request")
    assert (ended["trigger_price"], ended["triggered"]) == (2_975, False)


def test_a_new_trigger_of_a_stop_keeps_the_rest(
    venue: Venue, carol: Key, dave: Key, erin: Key
) -> None:
    trade(venue, dave, erin, "3000")
    number = order(venue, carol, "buy", "0.02", **STOP).result["order"]["order_id"]

    edited = venue.get("private/edit", carol, order_id=number, stop_price="3020").result[
        "order"
    ]

    assert (edited["trigger_price"], edited["price"], edited["amount"]) == (3_020, 3_010, 0.02)
    assert edited["order_state"] == "untriggered"
    assert venue.get("private/cancel_all", carol).result == 1


def test_a_stop_refused_when_it_fires_says_why(
    venue: Venue, port: int, carol: Key, dave: Key, erin: Key
) -> None:
    fay = venue.account()
    trade(venue, dave, erin, "3000")
    with venue.socket(port, fay) as client:
        client.call("private/subscribe", channels=[RAW])
        terms = {"type": "stop_market", "trigger": "last_price", "trigger_price": "3005"}
        placed = order(venue, fay, "buy", "0.02", reduce_only="true", **terms).result["order"]
        assert client.next_of(RAW)["order_state"] == "untriggered"

        trade(venue, dave, erin, "3007")

        refused = client.next_of(RAW)
        assert (refused["order_id"], refused["order_state"]) == (placed["order_id"], "rejected")
        assert refused["cancel_reason"] == "trigger_refused"
        assert refused["reject_reason"] == "nothing_to_reduce"
    entry = venue.get("private/get_trigger_order_history", fay, currency="ETH").result
    assert entry["entries"][0]["order_state"] == "rejected"
    assert entry["continuation"] is None


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"type": "stop_limit", "price": "2900"}, -32602, "trigger_price"),
        ({"type": "stop_limit", "trigger_price": "3100"}, -32602, "price"),
        (
            {"type": "stop_market", "trigger_price": "3100", "price": "2900"},
            -32602,
            "price",
        ),
        ({"type": "take_market", "trigger_price": "2900.005"}, -32602, "trigger_price"),
        ({"type": "stop_market", "stop_price": "-1"}, -32602, "stop_price"),
        (
            {"type": "stop_market", "stop_price": "3100", "trigger_price": "3101"},
            -32602,
            "stop_price",
        ),
        (
            {"type": "stop_market", "trigger_price": "3100", "trigger": "moon"},
            -32602,
            "trigger",
        ),
        ({"type": "trailing_stop"}, -32602, "trigger_offset"),
        (
            {"type": "trailing_stop", "trigger_offset": "5", "trigger_price": "3100"},
            -32602,
            "trigger_price",
        ),
        (
            {"type": "stop_market", "trigger_price": "3100", "trigger_offset": "5"},
            -32602,
            "trigger_offset",
        ),
        ({"type": "limit", "price": "2990", "trigger": "mark_price"}, -32602, "trigger"),
        ({"type": "limit", "price": "2990", "trigger_price": "3100"}, -32602, "trigger_price"),
        (
            {"type": "stop_market", "trigger_price": "3100", "post_only": "true"},
            -32602,
            "post_only",
        ),
        ({"type": "market_limit"}, 10033, "type"),
        (
            {"type": "limit", "price": "2990", "linked_order_type": "x"},
            -32602,
            "linked_order_type",
        ),
    ],
)
def test_terms_that_do_not_go_together_are_refused(
    venue: Venue, carol: Key, params: dict[str, str], code: int, param: str | None
) -> None:
    answer = order(venue, carol, "buy", "0.02", **params)

    assert answer.error["code"] == code, answer.body
    assert param is None or answer.error["data"]["param"] == param
    assert answer.error["data"]["reason"]


def test_a_trigger_that_is_reached_already_is_refused_by_the_engine(
    venue: Venue, carol: Key
) -> None:
    answer = order(venue, carol, "buy", "0.02", type="stop_market", trigger_price="2990")

    assert answer.error["code"] == 11036
    assert answer.error["data"]["name"] == "TRIGGER_ALREADY_REACHED"


def test_an_order_for_the_day_says_so(venue: Venue, carol: Key) -> None:
    terms = {"price": "2950", "time_in_force": "good_til_day", "post_only": "true"}

    placed = order(venue, carol, "buy", "0.02", **terms).result["order"]

    assert (placed["time_in_force"], placed["order_state"]) == ("good_til_day", "open")
    assert placed["post_only"]
    assert "trigger" not in placed
    assert venue.get("private/cancel_all", carol).result == 1


def test_an_unknown_type_of_open_orders_is_refused(venue: Venue, carol: Key) -> None:
    answer = venue.get("private/get_open_orders", carol, type="iceberg")

    assert (answer.error["code"], answer.error["data"]["param"]) == (-32602, "type")


def test_what_ones_own_orders_do_when_they_meet_is_ones_own_choice(venue: Venue) -> None:
    grace = venue.account()

    def mode() -> Any:
        summary = venue.get("private/get_account_summary", grace, extended="true").result
        return summary["self_trading_reject_mode"]

    def meet() -> Answer:
        order(venue, grace, "sell", "0.02", price="2999")
        return order(venue, grace, "buy", "0.02", price="2999")

    assert mode() == "cancel_maker"
    assert meet().result["order"]["order_state"] == "open"
    assert venue.get("private/cancel_all", grace).result == 1

    set_to = venue.get("private/set_self_trading_config", grace, mode="reject_taker")

    assert (set_to.result, mode()) == ("ok", "reject_taker")
    assert meet().error["data"]["name"] == "WOULD_SELF_TRADE"
    assert venue.get("private/cancel_all", grace).result == 1
    venue.get("private/set_self_trading_config", grace, mode="cancel_both")
    both = meet().result["order"]
    assert (both["order_state"], both["cancel_reason"]) == ("cancelled", "self_trade")
    assert venue.get("private/get_open_orders", grace).result == []
    wrong = venue.get("private/set_self_trading_config", grace, mode="allow")
    assert wrong.error["data"]["param"] == "mode"
    alone = venue.get(
        "private/set_self_trading_config",
        grace,
        mode="cancel_maker",
        extended_to_subaccounts="false",
    )
    assert alone.error["data"]["param"] == "extended_to_subaccounts"


def test_a_preview_of_a_stop_says_that_it_waits(venue: Venue, port: int, carol: Key) -> None:
    asked: dict[str, Any] = {"instrument_name": ETH, "side": "buy", "amount": 0.02}
    with venue.socket(port, carol) as client:
        foreseen = preview(client, **asked, type="take_limit", price=2_900, trigger_price=2_950)
        refused = preview(client, **asked, type="stop_market", trigger_price=2_950)

    assert foreseen["accepted"]
    assert (foreseen["waiting_amount"], foreseen["trigger_price"]) == (0.02, 2_950)
    assert (foreseen["filled_amount"], foreseen["resting_amount"]) == (0, 0)
    assert foreseen["initial_margin_after"] == foreseen["initial_margin_before"]
    assert (refused["accepted"], refused["reason_name"]) == (False, "TRIGGER_ALREADY_REACHED")


def preview(client: Client, **params: Any) -> Any:
    return client.call("risk/preview_order", **params)
