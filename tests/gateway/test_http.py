"""JSON-RPC over HTTP: shapes, signatures, errors (exchange/gateway/consumers.py, rpc.py)."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.gateway.venue import Key, Venue, sign
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


def test_the_envelope_is_deribits(venue: Venue, port: int) -> None:
    answer = venue.post(request("public/test"), port=port)

    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body["jsonrpc"] == "2.0"
    assert answer.body["id"] == 7
    assert answer.body["testnet"] is False
    assert answer.body["usOut"] - answer.body["usIn"] == answer.body["usDiff"]


def test_status_locked_is_a_text(venue: Venue) -> None:
    assert venue.get("public/status").result["locked"] == "false"


def test_instruments_need_no_parameters(venue: Venue, port: int) -> None:
    listed = venue.get("public/get_instruments", port=port).result

    assert [row["instrument_name"] for row in listed] == [
        "BTC_USDC-PERPETUAL",
        "ETH_USDC-PERPETUAL",
        "SOL_USDC-PERPETUAL",
    ]
    assert (listed[0]["tick_size"], listed[0]["min_trade_amount"]) == (0.1, 0.001)
    assert listed[0]["settlement_currency"] == "USDC"


def test_a_currency_is_a_base_or_the_settlement_asset(venue: Venue) -> None:
    of_btc = venue.get("public/get_book_summary_by_currency", currency="BTC").result
    of_usdc = venue.get("public/get_book_summary_by_currency", currency="USDC").result

    assert [row["instrument_name"] for row in of_btc] == [BTC]
    assert len(of_usdc) == 3
    assert venue.get("public/get_instruments", currency="USDC", kind="option").result == []


@pytest.mark.parametrize(
    ("method", "params", "code", "param"),
    [
        ("public/nothing", {}, -32601, None),
        ("public/ticker", {}, -32602, "instrument_name"),
        ("public/ticker", {"instrument_name": "NO-SUCH"}, 10020, "instrument_name"),
        ("public/get_order_book", {"instrument_name": BTC, "depth": "0"}, -32602, "depth"),
        ("public/get_order_book", {"instrument_name": BTC, "depth": "1.5"}, -32602, "depth"),
        ("public/get_instruments", {"kind": "house"}, -32602, "kind"),
        ("public/get_book_summary_by_currency", {"currency": "XYZ"}, -32602, "currency"),
        ("public/subscribe", {"channels": "x"}, 10030, None),
        ("private/buy", {"instrument_name": BTC, "amount": "1"}, 13009, None),
        ("public/auth", {"grant_type": "password"}, -32602, "grant_type"),
        ("public/auth", {"client_secret": "x"}, -32602, "client_secret"),
    ],
)
def test_a_wrong_request_is_answered_with_its_field(
    venue: Venue, method: str, params: dict[str, Any], code: int, param: str | None
) -> None:
    answer = venue.get(method, **params)

    assert 400 <= answer.status < 500
    assert answer.error["code"] == code
    if param:
        assert answer.error["data"]["param"] == param
        assert answer.error["data"]["reason"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b"[]", -32600),
        (b"5", -32600),
        (b'{"method":"public/test","method":"public/test"}', -32700),
        (b'{"id":[],"method":"public/test"}', -32600),
        (b'{"id":1,"method":5}', -32600),
        (b'{"id":1,"method":"public/test","params":[]}', -32602),
        (b'{"jsonrpc":"1.0","id":1,"method":"public/test"}', -32600),
        (b"\xff", -32700),
        (b"[" * 20_000, -32700),
    ],
)
def test_a_malformed_body_is_a_clean_error(venue: Venue, body: bytes, code: int) -> None:
    answer = venue.post(body)

    assert answer.status == 400
    assert answer.error["code"] == code


def test_a_body_above_the_limit_is_refused(venue: Venue, port: int) -> None:
    answer = venue.post(b" " * 40_000, port=port)

    assert answer.status == 413


def test_a_batch_answers_each_request_in_order(venue: Venue, alice: Key) -> None:
    orders = [
        request("private/buy", instrument_name=BTC, amount=0.001, price=59_000 + step)
        for step in range(3)
    ]
    for number, order in enumerate(orders):
        order["id"] = number

    answer = venue.post(orders, alice)

    assert [item["id"] for item in answer.body] == [0, 1, 2]
    ids = [int(item["result"]["order"]["order_id"]) for item in answer.body]
    assert ids == sorted(ids)
    assert venue.get("private/cancel_all", alice).result == 3


def test_an_order_is_placed_filled_and_seen_by_both(venue: Venue) -> None:
    alice, bob = venue.account(), venue.account()
    asked = venue.get(
        "private/sell", alice, instrument_name=BTC, amount="0.02", price="60010", label="one"
    ).result
    taken = venue.get(
        "private/buy",
        bob,
        instrument_name=BTC,
        amount="0.005",
        price="60010.0",
        time_in_force="immediate_or_cancel",
    ).result

    assert asked["order"]["order_state"] == "open"
    assert asked["trades"] == []
    assert taken["order"]["order_state"] == "filled"
    assert taken["trades"][0]["price"] == 60_010
    assert taken["trades"][0]["liquidity"] == "T"
    assert taken["trades"][0]["fee"] == 0.150025
    open_order = venue.get("private/get_open_orders", alice).result[0]
    assert (open_order["filled_amount"], open_order["label"]) == (0.005, "one")
    position = venue.get("private/get_position", bob, instrument_name=BTC).result
    assert (position["size"], position["average_price"]) == (0.005, 60_010)
    mine = venue.get("private/get_user_trades_by_instrument", alice, instrument_name=BTC).result
    assert mine["trades"][0]["liquidity"] == "M"
    assert mine["trades"][0]["label"] == "one"
    cancelled = venue.get("private/cancel", alice, order_id=asked["order"]["order_id"]).result
    assert (cancelled["order_state"], cancelled["filled_amount"]) == ("cancelled", 0.005)
    closed = venue.get("private/close_position", bob, instrument_name=BTC, type="market")
    assert closed.error["data"]["name"] == "NO_LIQUIDITY"


def test_a_refusal_names_the_engines_reason(venue: Venue, alice: Key) -> None:
    answer = venue.get("private/buy", alice, instrument_name=BTC, amount="900", price="60000")

    assert answer.error["code"] == 10009
    assert answer.error["message"] == "not_enough_funds"
    assert answer.error["data"]["reason"] == 400
    assert answer.error["data"]["name"] == "INSUFFICIENT_MARGIN"
    assert answer.error["data"]["shortfall"] > 0


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": "0.0015"}, -32602, "amount"),
        ({"amount": "-1"}, -32602, "amount"),
        ({"amount": "0"}, -32602, "amount"),
        ({"amount": "1e400"}, -32602, "amount"),
        ({"amount": "NaN"}, -32602, "amount"),
        ({"amount": "９"}, -32602, "amount"),
        ({"price": "60000.05"}, -32602, "price"),
        ({"price": ""}, -32602, "price"),
        ({"type": "market_limit"}, 10033, "type"),
        ({"trigger_price": "1"}, -32602, "trigger_price"),
        ({"max_show": "0.001"}, 10033, "max_show"),
        ({"time_in_force": "forever"}, -32602, "time_in_force"),
        ({"post_only": "true", "time_in_force": "fill_or_kill"}, -32602, "post_only"),
        ({"post_only": "yes"}, -32602, "post_only"),
        ({"label": "x" * 65}, -32602, "label"),
        ({"label": "a\x00b"}, -32602, "label"),
        ({"contracts": "3"}, -32602, "contracts"),
    ],
)
def test_an_order_that_cannot_be_obeyed_is_refused(
    venue: Venue, alice: Key, params: dict[str, str], code: int, param: str
) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "amount": "0.01", "price": "59000"}
    order |= params

    answer = venue.get("private/buy", alice, **order)

    assert answer.error["code"] == code, answer.body
    assert answer.error["data"]["param"] == param


def test_nobody_touches_the_orders_of_another(venue: Venue, alice: Key, bob: Key) -> None:
    mine = venue.get("private/buy", alice, instrument_name=BTC, amount="0.001", price="59000")
    order_id = mine.result["order"]["order_id"]

    assert venue.get("private/cancel", bob, order_id=order_id).error["code"] == 10029
    assert venue.get("private/get_order_state", bob, order_id=order_id).error["code"] == 10004
    edited = venue.get("private/edit", bob, order_id=order_id, amount="0.002", price="59001")
    assert edited.error["code"] in (10004, 10029)
    assert (
        venue.get("private/get_order_state", alice, order_id=order_id).result["amount"] == 0.001
    )
    assert venue.get("private/cancel", alice, order_id=order_id).status == 200


def test_a_repeated_signature_on_a_write_gives_the_first_outcome(venue: Venue) -> None:
    alice = venue.account()
    uri = "/api/v2/private/buy?" + urlencode(
        {"instrument_name": BTC, "amount": "0.001", "price": "59000"}
    )
    headers = sign(alice, "GET", uri)

    first, second = (venue.send("GET", uri, headers=headers) for _ in range(2))

    assert first.result["order"]["order_id"] == second.result["order"]["order_id"]
    assert venue.get("private/cancel_all", alice).result == 1


def test_an_idempotency_key_acts_once(venue: Venue, alice: Key) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "amount": "0.001", "price": "59000"}

    first = venue.get("private/buy", alice, **order, idempotency_key="k1").result
    again = venue.get("private/buy", alice, **order, idempotency_key="k1").result
    other = venue.get("private/sell", alice, **order, idempotency_key="k1")

    assert first == again
    assert other.error["data"]["param"] == "idempotency_key"
    assert venue.get("private/cancel_all", alice).result == 1


def test_a_key_is_known_to_the_engine_when_the_answer_is_not_at_hand(
    venue: Venue, alice: Key
) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "price": "59000", "idempotency_key": "k2"}

    first = venue.get("private/buy", alice, **order, amount="0.001").result
    # Other words for the same order: the gateway has kept no answer for them.
    again = venue.get("private/buy", alice, **order, amount="0.0010").result
    other = venue.get("private/buy", alice, **order, amount="0.002")

    assert again["order"]["order_id"] == first["order"]["order_id"]
    assert again["trades"] == []
    assert other.error["code"] == -32602
    assert other.error["data"]["param"] == "idempotency_key"
    assert other.error["data"]["name"] == "KEY_REUSED"
    assert venue.get("private/cancel_all", alice).result == 1


def test_a_key_of_an_order_that_has_gone_tells_what_became_of_it(
    venue: Venue, alice: Key
) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "price": "59000", "idempotency_key": "k3"}
    first = venue.get("private/buy", alice, **order, amount="0.001").result
    order_id = first["order"]["order_id"]
    edit: dict[str, Any] = {"order_id": order_id, "price": "59001", "idempotency_key": "k4"}
    venue.get("private/edit", alice, **edit, amount="0.002")
    venue.get("private/cancel", alice, order_id=order_id)

    again = venue.get("private/buy", alice, **order, amount="0.0010").result
    edited = venue.get("private/edit", alice, **edit, amount="0.0020").result

    assert again["order"]["order_id"] == edited["order"]["order_id"] == order_id
    assert again["order"]["order_state"] == edited["order"]["order_state"] == "cancelled"
    assert venue.get("private/cancel_all", alice).result == 0


def test_a_withdrawal_with_a_key_is_held_once(venue: Venue, alice: Key) -> None:
    request: dict[str, Any] = {"currency": "USDC", "address": "x", "idempotency_key": "w1"}

    first = venue.get("private/withdraw", alice, **request, amount="1.5").result
    again = venue.get("private/withdraw", alice, **request, amount="1.50").result

    assert first["id"] == again["id"]
    assert again["amount"] == 1.5


def test_what_the_engine_has_not_begun_in_time_is_never_executed(
    venue: Venue, alice: Key
) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "amount": "0.001", "price": "59000"}
    started = venue.get("public/get_time").result

    early = venue.get("private/buy", alice, **order, valid_until=1)
    with venue.paused("engine"):
        late = venue.get("private/buy", alice, **order)

    assert early.error["data"]["name"] == "EXPIRED"
    assert early.error["code"] == 13888
    assert late.error["code"] == 13888
    # The engine has taken in all that waited for it by the time it answers.
    assert eventually(lambda: venue.get("private/cancel_all", alice).status == 200, 10)
    history: dict[str, Any] = {"instrument_name": BTC, "include_unfilled": "true"}
    shown = venue.get("private/get_order_history_by_instrument", alice, **history).result
    assert all(order["creation_timestamp"] < started for order in shown)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("sig", "0" * 64, 13004),
        ("sig", "short", 13004),
        ("id", "nobody", 13004),
        ("ts", "1", 13009),
        ("ts", "99999999999999", 13009),
        ("ts", "x", 13009),
        ("nonce", "other", 13004),
    ],
)
def test_a_forged_signature_is_refused(
    venue: Venue, alice: Key, name: str, value: str, code: int
) -> None:
    header = sign(alice, "GET", "/api/v2/private/get_positions")["Authorization"]
    fields = dict(part.split("=", 1) for part in header.split(" ")[1].split(","))
    fields[name] = value
    forged = "deri-hmac-sha256 " + ",".join(f"{key}={text}" for key, text in fields.items())

    answer = venue.send(
        "GET", "/api/v2/private/get_positions", headers={"Authorization": forged}
    )

    assert answer.status == 401
    assert answer.error["code"] == code


def test_a_signature_covers_the_query_and_the_body(venue: Venue, alice: Key) -> None:
    signed = sign(alice, "GET", "/api/v2/private/get_positions?currency=USDC")
    other = venue.send("GET", "/api/v2/private/get_positions?currency=BTC", headers=signed)
    body = json.dumps(request("private/get_positions")).encode()
    swapped = venue.send(
        "POST", "/api/v2", body.replace(b"7", b"8"), sign(alice, "POST", "/api/v2", body)
    )

    assert other.error["code"] == swapped.error["code"] == 13004


def test_tokens_serve_as_bearer_and_refresh(venue: Venue, alice: Key) -> None:
    granted = venue.post(
        request(
            "public/auth",
            grant_type="client_credentials",
            client_id=alice.id,
            client_secret=alice.secret,
        )
    ).result
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}

    answer = venue.send("GET", "/api/v2/private/get_positions", headers=bearer)
    renewed = venue.post(
        request(
            "public/auth", grant_type="refresh_token", refresh_token=granted["refresh_token"]
        )
    )
    swapped = venue.send(
        "GET",
        "/api/v2/private/get_positions",
        headers={"Authorization": f"Bearer {granted['refresh_token']}"},
    )

    assert answer.status == 200
    assert renewed.result["access_token"]
    assert swapped.error["code"] == 13009
    token = granted["access_token"]
    altered = ("A" if token[0] != "A" else "B") + token[1:]
    for forged in ("", "x", "x.y", altered):
        headers = {"Authorization": f"Bearer {forged}"}
        refused = venue.send("GET", "/api/v2/private/get_positions", headers=headers)
        assert refused.error["code"] == 13009, forged


def test_money_comes_and_goes(venue: Venue) -> None:
    carol = venue.account(fund=1_000)

    before = venue.get("private/get_account_summary", carol, currency="USDC").result
    assert before["equity"] == 1_000
    assert venue.get("private/demo_fund", carol, amount="500.5").result["amount"] == 500.5
    asked = venue.get("private/withdraw", carol, currency="USDC", amount="200", address="x")
    assert asked.result["state"] == "unconfirmed"
    summary = venue.get("private/get_account_summary", carol, currency="USDC").result
    assert summary["equity"] == 1_300.5
    deposits = venue.get("private/get_deposits", carol, currency="USDC").result
    assert [row["amount"] for row in deposits["data"]] == [500.5, 1_000]
    withdrawals = venue.get("private/get_withdrawals", carol, currency="USDC").result
    assert withdrawals["data"][0]["amount"] == 200
    too_much = venue.get("private/withdraw", carol, currency="USDC", amount="2000", address="x")
    assert too_much.error["code"] == 10009


def _best_ask(venue: Venue) -> float | None:
    asks = venue.get("public/get_order_book", instrument_name=BTC).result["asks"]
    return asks[0][0] if asks else None


def test_a_preview_tells_what_the_order_then_does(venue: Venue, alice: Key) -> None:
    dave = venue.account(fund=1_000)
    venue.get("private/sell", alice, instrument_name=BTC, amount="0.01", price="60020")
    order: dict[str, Any] = {"instrument_name": BTC, "amount": "0.01", "type": "market"}
    # A preview sees the public book, which follows the engine by up to 100 ms.
    assert eventually(lambda: _best_ask(venue) == 60_020)

    preview = venue.get("risk/preview_order", dave, side="buy", **order).result
    refused = venue.get(
        "risk/preview_order", dave, side="buy", instrument_name=BTC, amount="9", price="60000"
    ).result
    done = venue.get("private/buy", dave, **order).result

    assert preview["accepted"]
    assert preview["filled_amount"] == done["order"]["filled_amount"] == 0.01
    assert preview["average_price"] == done["order"]["average_price"] == 60_020
    assert preview["fee"] == done["order"]["commission"]
    summary = venue.get("private/get_account_summary", dave, currency="USDC").result
    assert preview["initial_margin_after"] == summary["initial_margin"]
    position = venue.get("private/get_position", dave, instrument_name=BTC).result
    assert preview["liquidation_price"] == position["estimated_liquidation_price"]
    assert not refused["accepted"]
    assert refused["reason_name"] == "INSUFFICIENT_MARGIN"
    margins = venue.get("risk/explain_margin", dave).result
    assert margins["contracts"][0]["instrument_name"] == BTC
    unknown = venue.get("risk/explain_margin", dave, nonsense="1")
    assert unknown.error["code"] == -32602


def test_a_key_without_the_scope_is_forbidden(venue: Venue, alice: Key) -> None:
    code = (
        "import json; from exchange.models.keys import create_key;"
        f"print(json.dumps(create_key({alice.account}, 'reader', ['read'])))"
    )
    reader = Key(alice.account, *venue.shell(code))

    assert venue.get("private/get_positions", reader).status == 200
    order = venue.get("private/buy", reader, instrument_name=BTC, amount="0.001", price="59000")
    assert (order.status, order.error["code"]) == (403, 13021)


def test_a_flood_is_told_to_wait(venue: Venue) -> None:
    eve = venue.account(fund=100)

    answers = venue.post([request("private/demo_fund", amount=1)] * 20, eve).body

    refused = [item["error"] for item in answers if "error" in item]
    assert len(refused) >= 10
    assert {error["code"] for error in refused} == {10028}
    assert refused[0]["data"]["wait_ms"] > 0
    assert venue.get("private/cancel_all", eve).status == 200


def test_no_secret_reaches_a_log(venue: Venue, alice: Key) -> None:
    venue.get("private/get_positions", alice)

    for name in ("daphne", "uvicorn", "engine"):
        assert alice.secret not in venue.said(name)
        assert "Traceback" not in venue.said(name)


def test_currencies_of_deribit_that_are_not_here_are_empty_and_not_errors(
    venue: Venue, alice: Key
) -> None:
    """Clients that reconcile ask for one currency after the other."""
    for currency in ("USDT", "EURR"):
        assert venue.get("public/get_instruments", currency=currency).result == []
        for method in ("get_order_history_by_currency", "get_open_orders_by_currency"):
            assert venue.get(f"private/{method}", alice, currency=currency).result == []
        trades = venue.get("private/get_user_trades_by_currency", alice, currency=currency)
        assert trades.result == {"trades": [], "has_more": False}
    refused = venue.get("public/get_instruments", currency="DOGE").error
    assert refused["data"] == {"param": "currency", "reason": "is not a currency of this venue"}
