"""private/mass_quote: two-sided prices that replace themselves."""

import json
from typing import Any

import pytest

from tests.gateway.venue import Answer, Key, Venue

SOL, ETH = "SOL_USDC-PERPETUAL", "ETH_USDC-PERPETUAL"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def grace(venue: Venue) -> Key:
    return venue.account(fund=100_000)


def quote(
    bid: tuple[float, float] | None = None,
    ask: tuple[float, float] | None = None,
    instrument: str = SOL,
    set_id: str = "a",
) -> Json:
    """Prices and amounts of both sides."""
    said: Json = {"instrument_name": instrument, "quote_set_id": set_id}
    for name, side in (("bid", bid), ("ask", ask)):
        if side is not None:
            said[name] = {"price": side[0], "amount": side[1]}
    return said


def mass_quote(venue: Venue, key: Key, *quotes: Json, **more: Any) -> Answer:
    params = {"quote_id": "1", "quotes": quotes, "detailed": True} | more
    return venue.post(
        {"jsonrpc": "2.0", "id": 1, "method": "private/mass_quote", "params": params}, key
    )


def standing(venue: Venue, key: Key) -> list[tuple[str, str, float, float]]:
    orders = venue.get("private/get_open_orders", key).result
    return sorted(
        (order["label"], order["direction"], order["price"], order["amount"])
        for order in orders
    )


def test_quotes_are_placed_changed_and_cancelled_in_one_message_each(
    venue: Venue, grace: Key
) -> None:
    placed = mass_quote(venue, grace, quote((148, 1), (152, 2)), quote((2900, 0.1), None, ETH))
    changed = mass_quote(
        venue, grace, quote((149, 3), (151, 0)), quote((2950, 0.2), None, ETH), quote_id="2"
    )

    assert placed.result["errors"] == changed.result["errors"] == []
    shapes = placed.result["orders"]
    assert [(o["direction"], o["price"], o["quote"]) for o in shapes] == [
        ("buy", 148, True),
        ("sell", 152, True),
        ("buy", 2_900, True),
    ]
    again = changed.result["orders"]
    assert [o["order_id"] for o in again] == [o["order_id"] for o in shapes]
    assert [o["order_state"] for o in again] == ["open", "cancelled", "open"]
    assert {(o["quote_id"], o["quote_set_id"]) for o in again} == {("2", "a")}
    assert standing(venue, grace) == [
        ("quote.a", "buy", 149, 3),
        ("quote.a", "buy", 2_950, 0.2),
    ]
    assert venue.get("private/cancel_quotes", grace, cancel_type="all").result == 2


def test_quotes_stand_in_a_query_as_json(venue: Venue, grace: Key) -> None:
    quotes = json.dumps([quote((148, 1), None)])

    done = venue.get("private/mass_quote", grace, quotes=quotes).result

    assert done == {"orders_count": 1, "errors_count": 0}
    assert venue.get("private/cancel_quotes", grace, cancel_type="all").result == 1


def test_a_side_that_is_refused_holds_up_no_other(venue: Venue, grace: Key) -> None:
    answer = mass_quote(
        venue,
        grace,
        quote((148.0005, 1), (152, 1)),
        quote((1, 1), None, "NO-SUCH", "b"),
        quote((900, 1), None, SOL, "c"),
        quote((0, 0), None, SOL, "d"),
    ).result

    wrong = [(e["quote_set_id"], e["side"], e["error"]["code"]) for e in answer["errors"]]
    assert sorted(wrong) == [
        ("a", "bid", -32602),
        ("b", "bid", 10_020),
        ("c", "bid", 10_011),
        ("d", "bid", 10_004),
    ]
    told = {e["quote_set_id"]: e["error"]["data"] for e in answer["errors"]}
    assert (told["a"]["param"], told["c"]["name"]) == ("price", "PRICE_OUTSIDE_BAND")
    assert [o["price"] for o in answer["orders"]] == [152]
    counted = mass_quote(venue, grace, quote((147, 1), (0, 0)), detailed=False).result
    assert counted == {"orders_count": 2, "errors_count": 0}
    assert venue.get("private/cancel_quotes", grace, cancel_type="all").result == 1


def test_the_amount_is_what_then_stands_whatever_has_filled(
    venue: Venue, grace: Key, bob: Key
) -> None:
    mass_quote(venue, grace, quote((149.5, 2), None))
    venue.get("private/sell", bob, instrument_name=SOL, amount="0.5", price="149.5")

    changed = mass_quote(venue, grace, quote((149.4, 2), None)).result["orders"][0]

    assert (changed["amount"], changed["filled_amount"]) == (2.5, 0.5)
    assert venue.get("private/cancel_quotes", grace, cancel_type="all").result == 1


def test_quotes_are_cancelled_by_what_they_are_for(venue: Venue, grace: Key) -> None:
    mass_quote(
        venue,
        grace,
        quote((148, 1), (152, 1)),
        quote((147, 1), None, SOL, "b"),
        quote((2900, 0.1), None, ETH),
    )
    venue.get("private/buy", grace, instrument_name=SOL, amount="1", price="140")

    def cancel(**params: Any) -> Any:
        return venue.get("private/cancel_quotes", grace, **params).result

    assert cancel(cancel_type="quote_set_id", quote_set_id="b") == 1
    assert cancel(cancel_type="currency_pair", currency_pair="eth_usdc") == 1
    assert cancel(cancel_type="currency", currency="ETH") == 0
    assert cancel(cancel_type="instrument", instrument_name=SOL) == 2
    assert standing(venue, grace) == [("", "buy", 140, 1)]
    assert venue.get("private/cancel_all", grace).result == 1


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"mmp_group": "default"}, 10_033, "mmp_group"),
        ({"wait_for_response": False}, 10_033, "wait_for_response"),
        ({"quotes": []}, -32602, "quotes"),
        ({"quotes": [{"instrument_name": SOL}]}, -32602, "quotes[0]"),
        ({"quotes": [quote((1, 1)), quote((2, 1))]}, -32602, "quotes"),
        ({"quotes": [quote((1, 1), set_id="x" * 59)]}, -32602, "quotes[0].quote_set_id"),
        ({"quotes": [{"instrument_name": SOL, "bid": {"price": "x"}}]}, -32602,
         "quotes[0].bid.price"),
        ({"quotes": [quote((1, 1), set_id=str(i)) for i in range(101)]}, -32602, "quotes"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_obeyed_is_refused_as_a_whole(
    venue: Venue, grace: Key, more: Json, code: int, param: str
) -> None:
    error = mass_quote(venue, grace, quote((148, 1)), **more).error

    assert (error["code"], error["data"]["param"]) == (code, param)
    assert standing(venue, grace) == []
