"""API keys: who may make them, what they may do, and how fast they are taken back."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from exchange.management.processes import web
from tests.gateway.test_websocket import is_closed
from tests.gateway.venue import Key, Venue, sign

BTC = "BTC_USDC-PERPETUAL"
ETH = "ETH_USDC-PERPETUAL"
FULL = "account:read_write trade:read_write wallet:read_write"
TRADE = "trade:read_write"
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def owner(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def proxied(venue: Venue) -> Iterator[int]:
    """A Daphne that believes what a proxy on this machine says."""
    port = venue.start_lane(web, NOVATE_PROXIES="127.0.0.1")
    yield port
    venue.stop("lane")


def make(venue: Venue, owner: Key, **terms: Any) -> tuple[int, Key]:
    """A key made through the API: its number and itself."""
    request = {"method": "private/create_api_key", "params": {"max_scope": TRADE, **terms}}
    made = venue.post(request, owner).result
    return made["id"], Key(owner.account, made["client_id"], made["client_secret"])


def ask(venue: Venue, key: Key, method: str, **params: Any) -> Any:
    return venue.post({"method": f"private/{method}", "params": params}, key)


def order(price: int, instrument: str = BTC, amount: float = 0.001, **more: Any) -> Any:
    return {"instrument_name": instrument, "amount": amount, "price": price, **more}


def test_a_secret_is_shown_once_and_the_key_works(venue: Venue, owner: Key, port: int) -> None:
    number, key = make(venue, owner, name="maker", ip_whitelist=["127.0.0.1", "2001:db8::/32"])

    listed = venue.get("private/list_api_keys", key, port=port).result

    assert key.secret not in json.dumps(listed)
    row = next(row for row in listed if row["id"] == number)
    assert row["client_id"] == key.id
    assert row["name"] == "maker"
    assert row["enabled"] is True
    assert (
        row["max_scope"] == "account:read connection mainaccount trade:read_write wallet:read"
    )
    assert row["ip_whitelist"] == ["127.0.0.1/32", "2001:db8::/32"]
    assert row["contracts"] == []
    assert row["daily_loss_limit"] is None


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"max_scope": "everything"}, "max_scope"),
        ({"max_scope": "wallet:none"}, "max_scope"),
        ({"max_scope": "block_trade:read_write"}, "max_scope"),
        ({"ip_whitelist": ["10.0.0.1/8"]}, "ip_whitelist"),
        ({"ip_whitelist": ["example.com"]}, "ip_whitelist"),
        ({"ip_whitelist": [f"10.0.0.{i}" for i in range(33)]}, "ip_whitelist"),
        ({"contracts": ["BTC-NEVER"]}, "contracts"),
        ({"contracts": [BTC], "max_scope": FULL}, "max_scope"),
        ({"daily_loss_limit": 10, "max_scope": FULL}, "max_scope"),
        ({"daily_loss_limit": -1}, "daily_loss_limit"),
        ({"daily_loss_limit": "1e18"}, "daily_loss_limit"),
        ({"name": "x" * 65}, "name"),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_field(
    venue: Venue, owner: Key, terms: dict[str, Any], field: str
) -> None:
    before = venue.get("private/list_api_keys", owner).result

    error = ask(venue, owner, "create_api_key", **{"max_scope": TRADE, **terms}).error

    assert (error["code"], error["data"]["param"]) == (-32602, field)
    assert venue.get("private/list_api_keys", owner).result == before


def test_a_key_makes_and_touches_no_stronger_key(venue: Venue, owner: Key) -> None:
    manager_number, manager = make(venue, owner, max_scope="account:read_write")
    strong_number, _ = make(venue, owner, max_scope="wallet:read_write")
    weak_number, _ = make(venue, owner, max_scope="trade:read")

    refused = [
        ask(venue, manager, "create_api_key", max_scope=TRADE),
        ask(venue, manager, "reset_api_key", id=strong_number),
        ask(venue, manager, "remove_api_key", id=strong_number),
        ask(venue, manager, "change_scope_in_api_key", id=manager_number, max_scope=FULL),
        ask(venue, manager, "edit_api_key", id=strong_number, max_scope="trade:read"),
    ]

    assert [answer.error["code"] for answer in refused] == [13021] * 5
    assert ask(venue, manager, "remove_api_key", id=weak_number).result == "ok"


def test_a_trading_key_manages_no_keys(venue: Venue, owner: Key) -> None:
    number, trader = make(venue, owner)

    for name, params in (
        ("create_api_key", {"max_scope": "trade:read"}),
        ("reset_api_key", {"id": number}),
        ("remove_api_key", {"id": number}),
        ("disable_api_key", {"id": number}),
    ):
        assert ask(venue, trader, name, **params).error["code"] == 13021


def test_keys_of_another_account_do_not_exist(venue: Venue, owner: Key, bob: Key) -> None:
    number, key = make(venue, owner)

    for name, params in (
        ("reset_api_key", {}),
        ("remove_api_key", {}),
        ("disable_api_key", {}),
        ("change_api_key_name", {"name": "mine"}),
        ("edit_api_key", {"max_scope": TRADE}),
    ):
        error = ask(venue, bob, name, id=number + 100, **params).error
        assert (error["code"], error["data"]["param"]) == (-32602, "id")
    assert key.id not in json.dumps(venue.get("private/list_api_keys", bob).result)
    assert venue.get("private/get_positions", key).status == 200


def test_a_repeated_request_does_not_show_the_secret_again(
    venue: Venue, owner: Key, port: int
) -> None:
    body = b'{"method":"private/create_api_key","params":{"max_scope":"trade:read"}}'
    for raw in (body, b"[" + body + b"]"):
        headers = sign(owner, "POST", "/api/v2", raw)
        first = venue.send("POST", "/api/v2", raw, headers, port=port).body
        count = len(venue.get("private/list_api_keys", owner).result)
        again = venue.send("POST", "/api/v2", raw, headers, port=port)

        assert "client_secret" in json.dumps(first)
        assert again.error["code"] == 11050
        assert "client_secret" not in json.dumps(again.body)
        assert len(venue.get("private/list_api_keys", owner).result) == count


@pytest.mark.parametrize("how", ["disable_api_key", "remove_api_key", "reset_api_key"])
def test_what_takes_a_key_back_closes_its_sockets_within_a_second(
    venue: Venue, owner: Key, port: int, how: str
) -> None:
    number, key = make(venue, owner)
    _, other = make(venue, owner)
    with venue.socket(port, key) as taken, venue.socket(port, other) as kept:
        started = time.monotonic()
        assert "result" in ask(venue, owner, how, id=number).body

        assert is_closed(taken, 1.0)
        assert time.monotonic() - started < 2.0
        assert kept.call("private/get_positions") == []
    assert venue.get("private/get_positions", key, port=port).error["code"] == 13004


def test_a_disabled_key_can_be_enabled_again(venue: Venue, owner: Key) -> None:
    number, key = make(venue, owner)
    ask(venue, owner, "disable_api_key", id=number)
    assert venue.get("private/get_positions", key).error["code"] == 13004

    enabled = ask(venue, owner, "enable_api_key", id=number).result

    assert enabled["enabled"] is True
    assert venue.get("private/get_positions", key).status == 200


def test_a_reset_voids_the_old_secret_and_its_tokens(venue: Venue, owner: Key) -> None:
    number, key = make(venue, owner)
    proof = {"client_id": key.id, "client_secret": key.secret}
    asked = {"method": "public/auth", "params": {"grant_type": "client_credentials", **proof}}
    tokens = venue.post(asked).result

    fresh = ask(venue, owner, "reset_api_key", id=number).result

    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    held = venue.send("GET", "/api/v2/private/get_positions", headers=bearer)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = venue.post({"method": "public/auth", "params": again})
    assert fresh["client_id"] == key.id
    assert fresh["client_secret"] != key.secret
    assert venue.get("private/get_positions", key).error["code"] == 13004
    assert held.error["code"] == 13009
    assert refreshed.error["code"] == 13009
    renewed = key._replace(secret=fresh["client_secret"])
    assert venue.get("private/get_positions", renewed).status == 200


def test_a_socket_that_resets_its_own_key_has_the_answer_first(venue: Venue, port: int) -> None:
    owner = venue.account()
    with venue.socket(port, owner) as client:
        number = client.call("private/list_api_keys")[0]["id"]
        fresh = client.call("private/reset_api_key", id=number)

        assert is_closed(client, 1.0)
    renewed = owner._replace(secret=fresh["client_secret"])
    assert venue.get("private/get_positions", renewed, port=port).status == 200


def test_an_edit_keeps_what_is_not_given(venue: Venue, owner: Key) -> None:
    number, _ = make(venue, owner, name="one", contracts=[BTC], daily_loss_limit=25.5)

    edited = ask(venue, owner, "edit_api_key", id=number, max_scope="trade:read").result
    named = ask(venue, owner, "change_api_key_name", id=number, name="two").result
    freed = ask(
        venue,
        owner,
        "edit_api_key",
        id=number,
        max_scope=TRADE,
        contracts=[],
        daily_loss_limit=0,
    ).result

    assert (edited["name"], edited["contracts"], edited["daily_loss_limit"]) == (
        "one",
        [BTC],
        25.5,
    )
    assert (named["name"], named["daily_loss_limit"]) == ("two", 25.5)
    assert (freed["contracts"], freed["daily_loss_limit"]) == ([], None)
    assert freed["max_scope"].split()[-2:] == ["trade:read_write", "wallet:read"]


def test_a_key_bound_to_a_contract_trades_and_cancels_there_alone(venue: Venue) -> None:
    owner = venue.account()
    _, bound = make(venue, owner, contracts=[BTC])
    ours = ask(venue, owner, "buy", **order(2_000, ETH, 0.01)).result["order"]["order_id"]
    stray = ask(venue, owner, "buy", **order(2_001, ETH, 0.01)).result["order"]["order_id"]

    placed = ask(venue, bound, "buy", **order(58_500)).result["order"]["order_id"]
    batch = {"orders": [order(58_501, side="buy"), order(2_000, ETH, 0.01, side="buy")]}
    refused = [
        ask(venue, bound, "buy", **order(2_000, ETH, 0.01)),
        ask(venue, bound, "edit", order_id=ours, amount=0.02, price=2_000),
        ask(venue, bound, "cancel", order_id=ours),
        ask(venue, bound, "cancel_all_by_instrument", instrument_name=ETH),
        ask(venue, bound, "place_batch", **batch),
        ask(venue, bound, "set_self_trading_config", mode="cancel_both"),
    ]

    assert [answer.error["code"] for answer in refused] == [13021] * 6
    assert refused[0].error["data"]["contracts"] == [BTC]
    assert ask(venue, bound, "cancel_all").result == 1
    left = venue.get("private/get_open_orders", owner).result
    assert {row["order_id"] for row in left} == {ours, stray}
    assert placed not in {ours, stray}
    assert ask(venue, owner, "cancel_all").result == 2


def test_an_address_that_is_not_allowed_is_refused(
    venue: Venue, owner: Key, port: int, proxied: int
) -> None:
    _, key = make(venue, owner, ip_whitelist=["203.0.113.0/24"])
    uri = "/api/v2/private/get_positions"

    def status(at: int, forwarded: str) -> int:
        headers = sign(key, "GET", uri) | {"X-Forwarded-For": forwarded}
        return venue.send("GET", uri, headers=headers, port=at).status

    assert status(port, "203.0.113.9") == 401
    assert status(proxied, "203.0.113.9") == 200
    assert status(proxied, "203.0.114.9") == 401
    assert status(proxied, "203.0.113.9, 198.51.100.1") == 401


def test_an_address_that_fails_to_sign_in_is_told_to_wait(
    venue: Venue, owner: Key, proxied: int
) -> None:
    unknown = Key(owner.account, "unknown", "secret")
    uri = "/api/v2/private/get_positions"

    def code(key: Key, caller: str) -> int:
        headers = sign(key, "GET", uri) | {"X-Forwarded-For": caller}
        body = venue.send("GET", uri, headers=headers, port=proxied).body
        return int(body.get("error", {}).get("code", 0))

    first = code(unknown, "2001:db8::1")
    is_held = any(code(unknown, f"2001:db8::{i:x}") == 10028 for i in range(2_000))

    assert first == 13004
    assert is_held
    assert code(owner, "2001:db8:0:1::1") == 0


def test_what_is_left_is_in_the_answer_and_cancels_are_cheaper(venue: Venue) -> None:
    carol = venue.account()

    placed = ask(venue, carol, "buy", **order(58_500)).body
    number = placed["result"]["order"]["order_id"]
    cancelled = ask(venue, carol, "cancel", order_id=number).body
    free = venue.post({"method": "public/disable_heartbeat"}, carol).body

    assert placed["tokens_left"] == 32_000 - 4
    assert cancelled["tokens_left"] == 32_000 - 5
    assert "tokens_left" not in free


def test_a_daily_loss_limit_leaves_only_the_way_out(venue: Venue, bob: Key) -> None:
    owner = venue.account()
    _, key = make(venue, owner, daily_loss_limit=50)
    assert "result" in ask(venue, key, "buy", **order(58_500)).body
    ask(venue, bob, "sell", **order(60_200, amount=0.5))

    # Bought at 60,200 and marked at 60,000: 0.5 x 200 = 100 USDC lost, and the fee.
    assert "result" in ask(venue, key, "buy", **order(60_200, amount=0.5)).body
    refused = ask(venue, key, "buy", **order(58_600))

    error = refused.error
    assert (refused.status, error["code"]) == (403, 13021)
    assert error["data"]["daily_loss_limit"] == 50
    assert 100 < error["data"]["daily_loss"] < 130
    assert error["data"]["resets_at"] % DAY_MS == 0
    assert 0 < error["data"]["resets_at"] - time.time() * 1_000 <= DAY_MS
    edit = ask(venue, key, "place_batch", orders=[order(58_600, side="buy")])
    assert edit.error["code"] == 13021
    reduce = ask(venue, key, "sell", **order(61_000, amount=0.1, reduce_only=True))
    assert "result" in reduce.body
    # Money that comes in is no profit: it does not lift the limit.
    ask(venue, owner, "demo_fund", amount=10_000)
    assert ask(venue, key, "buy", **order(58_600)).error["code"] == 13021
    # Another key of the account, without a limit, is not held.
    assert "result" in ask(venue, owner, "buy", **order(58_600)).body
    ask(venue, bob, "buy", **order(60_200, amount=0.5))
    closed = ask(venue, key, "close_position", instrument_name=BTC, type="limit", price=60_200)
    assert "result" in closed.body
    # Sold again at 60,200: what is lost are the fees alone.
    assert "result" in ask(venue, key, "buy", **order(58_700)).body
    assert ask(venue, owner, "cancel_all").result >= 3
