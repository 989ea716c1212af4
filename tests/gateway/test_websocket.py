"""One websocket: channels, sign-in, slow readers, revocation, sessions, reconnection."""

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.gateway.venue import HOST, Client, Key, Venue, metric, sign
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
BOOK = f"book.{BTC}.100ms"


def apply(book: dict[str, dict[float, float]], data: Any) -> None:
    for side in ("bids", "asks"):
        for action, price, amount in data[side]:
            if action == "delete":
                del book[side][price]
            else:
                assert (action == "new") == (price not in book[side]), data
                book[side][price] = amount


def place(client: Client, side: str, amount: float, price: float, **more: Any) -> Any:
    return client.call(
        f"private/{side}", instrument_name=BTC, amount=amount, price=price, **more
    )["order"]


def is_closed(client: Client, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            client.read(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False
    return False


def _shown(venue: Venue) -> dict[str, dict[float, float]]:
    shown = venue.get("public/get_order_book", instrument_name=BTC, depth=100).result
    return {side: dict(shown[side]) for side in ("bids", "asks")}


def test_a_book_is_a_snapshot_and_an_unbroken_chain(
    venue: Venue, port: int, alice: Key
) -> None:
    with venue.socket(port) as reader, venue.socket(port, alice) as trader:
        assert reader.call("public/subscribe", channels=[BOOK, "book.X.100ms"]) == [BOOK]
        snapshot = reader.next_of(BOOK)
        book: dict[str, dict[float, float]] = {"bids": {}, "asks": {}}
        apply(book, snapshot)
        change_id = snapshot["change_id"]

        first = place(trader, "buy", 0.001, 59_100)
        place(trader, "buy", 0.002, 59_200)
        trader.call("private/cancel", order_id=first["order_id"])
        while 59_200 not in book["bids"] or 59_100 in book["bids"]:
            data = reader.next_of(BOOK)
            assert data["type"] == "change"
            assert data["prev_change_id"] == change_id
            change_id = data["change_id"]
            apply(book, data)

        # The other server's process may be a moment behind.
        assert eventually(lambda: _shown(venue) == book)
        assert trader.call("private/cancel_all") == 1


def test_private_channels_tell_the_whole_story(venue: Venue, port: int) -> None:
    frank, grace = venue.account(), venue.account()
    channels = [
        "user.orders.any.any.raw",
        f"user.trades.{BTC}.raw",
        "user.changes.any.any.raw",
        "user.portfolio.usdc",
    ]
    with venue.socket(port, frank) as maker, venue.socket(port, grace) as taker:
        assert maker.call("private/subscribe", channels=channels) == channels
        assert maker.next_of("user.portfolio.usdc")["equity"] == 1_000_000

        order = place(maker, "sell", 0.01, 60_030, label="quote")
        opened = maker.next_of("user.orders.any.any.raw")
        place(taker, "buy", 0.004, 60_030)
        filled = maker.next_of("user.orders.any.any.raw")
        trade = maker.next_of(f"user.trades.{BTC}.raw")[0]

        assert (opened["order_id"], opened["order_state"]) == (order["order_id"], "open")
        assert (filled["filled_amount"], filled["amount"]) == (0.004, 0.01)
        assert filled["label"] == trade["label"] == "quote"
        assert (trade["liquidity"], trade["amount"]) == ("M", 0.004)
        changes: dict[str, list[Any]] = {"orders": [], "trades": [], "positions": []}
        while not changes["trades"]:
            changes = maker.next_of("user.changes.any.any.raw")
        assert changes["positions"][0]["size"] == -0.004
        assert maker.call("private/cancel_all") == 1
        assert maker.next_of("user.orders.any.any.raw")["order_state"] == "cancelled"


def test_public_channels_of_a_trade(venue: Venue, port: int, alice: Key, bob: Key) -> None:
    channels = [
        f"trades.{BTC}.100ms",
        f"ticker.{BTC}.100ms",
        f"quote.{BTC}",
        f"chart.trades.{BTC}.1",
        f"book.{BTC}.none.10.100ms",
        "deribit_price_index.btc_usdc",
    ]
    with venue.socket(port) as reader:
        assert reader.call("public/subscribe", channels=channels) == channels
        assert reader.next_of(channels[1])["mark_price"] > 0
        assert reader.next_of(channels[5])["price"] == 60_000

        asked = venue.get(
            "private/sell", alice, instrument_name=BTC, amount="0.003", price="60040"
        )
        venue.get("private/buy", bob, instrument_name=BTC, amount="0.003", price="60040")

        assert asked.status == 200
        trade = reader.next_of(channels[0])[-1]
        assert (trade["price"], trade["amount"], trade["direction"]) == (60_040, 0.003, "buy")
        candle = reader.next_of(channels[3])
        while candle["close"] != 60_040:
            candle = reader.next_of(channels[3])
        assert candle["volume"] >= 0.003
        assert reader.call("public/unsubscribe", channels=channels) == channels


def test_commands_of_one_socket_keep_their_order(venue: Venue, port: int, alice: Key) -> None:
    with venue.socket(port, alice) as client:
        for number in range(40):
            params = {"instrument_name": BTC, "amount": 0.001, "price": 59_000 + number}
            request = {"id": 1_000 + number, "method": "private/buy", "params": params}
            client.connection.send(json.dumps(request))
        answers = [client.read() for _ in range(40)]

        by_id = {item["id"]: item["result"]["order"]["order_id"] for item in answers}
        ids = [int(by_id[1_000 + number]) for number in range(40)]
        assert ids == sorted(ids)
        assert client.call("private/cancel_all") == 40


def test_a_client_signature_is_good_once(venue: Venue, port: int, alice: Key) -> None:
    stamp = time.time_ns() // 1_000_000
    text = f"{stamp}\nonce\n".encode()
    params = {
        "grant_type": "client_signature",
        "client_id": alice.id,
        "timestamp": stamp,
        "nonce": "once",
        "data": "",
        "signature": hmac.new(alice.secret.encode(), text, hashlib.sha256).hexdigest(),
    }
    with venue.socket(port) as first, venue.socket(port) as second:
        assert first.call("public/auth", **params)["token_type"] == "bearer"
        assert second.ask("public/auth", **params)["error"]["code"] == 13004
        assert second.ask("private/get_positions")["error"]["code"] == 13009


def test_raw_and_private_channels_need_a_caller(venue: Venue, port: int) -> None:
    with venue.socket(port) as client:
        raw = client.ask("public/subscribe", channels=[f"book.{BTC}.raw"])
        private = client.ask("public/subscribe", channels=["user.orders.any.any.raw"])

        assert raw["error"]["code"] == 13778
        assert private["error"]["code"] == 13009


def test_a_revoked_key_loses_its_sockets_at_once(venue: Venue, port: int) -> None:
    key = venue.account()
    code = (
        "import time, json; from exchange.gateway.revocation import revoke_key;"
        f"done = revoke_key({key.id!r}); print(json.dumps([done, time.time()]))"
    )
    with venue.socket(port, key) as client:
        done, _ = venue.shell(code)

        assert done
        assert is_closed(client, 1.0)
    assert venue.get("private/get_positions", key, port=port).error["code"] == 13004


def test_a_frame_above_the_limit_ends_the_socket(venue: Venue, port: int) -> None:
    with venue.socket(port) as client:
        client.connection.send("x" * 40_000)

        assert is_closed(client, 5)


def test_an_answer_may_be_longer_than_a_question_may(venue: Venue, port: int) -> None:
    question = {"jsonrpc": "2.0", "method": "public/get_instruments", "params": {}}
    with venue.socket(port) as client:
        client.connection.send(json.dumps([question | {"id": i} for i in range(30)]))
        answer = client.connection.recv(20)
        assert len(answer) > 40_000
        assert sorted(one["id"] for one in json.loads(answer)) == list(range(30))

        client.connection.send(" " * 32_769)
        assert is_closed(client, 10)


def test_heartbeats_are_asked_for(venue: Venue, port: int) -> None:
    with venue.socket(port) as client:
        refused = client.ask("public/set_heartbeat", interval=1)
        assert refused["error"]["data"]["param"] == "interval"
        assert client.call("public/set_heartbeat", interval=10) == "ok"
        message = client.read(20)

    assert message["method"] == "heartbeat"
    assert message["params"] == {"type": "test_request"}


def open_raw(port: int) -> socket.socket:
    """A websocket whose receive buffer is tiny and which nobody reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect((HOST, port))
    key = base64.b64encode(b"0123456789abcdef").decode()
    raw.sendall(
        f"GET /ws/api/v2 HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    raw.recv(1_024)
    return raw


def send_raw(raw: socket.socket, text: str) -> None:
    body = text.encode()
    assert 125 < len(body) < 65_536
    # A zero mask leaves the payload as it is.
    raw.sendall(b"\x81\xfe" + len(body).to_bytes(2, "big") + bytes(4) + body)


@pytest.mark.slow
def test_a_never_reader_is_cut_off_and_costs_others_nothing(venue: Venue, port: int) -> None:
    sleeper = open_raw(port)
    asking = json.dumps({"id": 1, "method": "public/get_instruments", "params": {}})
    with sleeper, venue.socket(port) as reader:

        def is_cut_off() -> bool:
            try:
                for _ in range(50):
                    send_raw(sleeper, asking + " " * 100)
            except OSError:
                return True
            started = time.monotonic()
            reader.call("public/test")
            assert time.monotonic() - started < 5
            return False

        sleeper.settimeout(2)
        assert eventually(is_cut_off, 90)
        assert eventually(lambda: (metric(port, r"novate_slow_readers_total\{.*\}") or 0) >= 1)


def test_a_session_signs_in_and_only_from_our_own_pages(venue: Venue) -> None:
    member = venue.account()
    code = f"""
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from exchange.models import Membership
user = User.objects.create_user("session-user", password="x")
Membership.objects.filter(account_id={member.account}).update(user=user)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(json.dumps(session.session_key))
"""
    cookie = {"Cookie": f"sessionid={venue.shell(code)}"}
    own = f"http://{HOST}:{venue.port}"
    end = (
        "import json; from django.contrib.sessions.models import Session;"
        "print(json.dumps(Session.objects.all().delete()[0]))"
    )

    with venue.socket(origin=own, additional_headers=cookie) as client:
        assert client.call("private/get_positions") == []
        for origin in ("https://evil.example", None):
            with (
                pytest.raises(InvalidStatus),
                venue.socket(origin=origin, additional_headers=cookie),
            ):
                pass
        shown: dict[str, Any] = {"origin": own, "additional_headers": cookie}
        with venue.socket(query=f"?account={member.account}", **shown) as meant:
            assert meant.call("private/get_positions") == []
        for query in (f"?account={member.account + 1}", "?account=", "?account=%31&x"):
            with venue.socket(query=query, **shown) as other:
                assert is_closed(other, 10)
                assert other.connection.close_code == 4001
        with venue.socket(query=f"?account={member.account}", origin=own) as nobody:
            assert is_closed(nobody, 10)
        http = venue.send("GET", "/api/v2/private/get_positions", headers=cookie)
        assert http.error["code"] == 13009
        fast = venue.ports["uvicorn"]
        with venue.socket(fast, origin=own, additional_headers=cookie) as other:
            assert other.ask("private/get_positions")["error"]["code"] == 13009
        assert venue.shell(end) == 1
        assert is_closed(client, 10)


def test_a_gap_in_the_engine_heals_by_itself(venue: Venue, alice: Key) -> None:
    def book() -> Any:
        return venue.get("public/get_order_book", instrument_name=BTC).result

    with venue.socket(None, alice) as client:
        client.call("public/subscribe", channels=[BOOK])
        client.next_of(BOOK)
        venue.stop("engine")
        silent = eventually(lambda: "error" in client.ask("private/cancel_all"), seconds=20)
        venue.run("engine", "manage.py", "run_engine")
        venue.wait_for("engine", "is live")

        assert silent
        assert eventually(lambda: "result" in client.ask("private/cancel_all"), seconds=20)
        order = {"instrument_name": BTC, "amount": 0.001, "price": 59_300}
        # The price sources have to be heard again first.
        assert eventually(lambda: "result" in client.ask("private/buy", **order))
        assert eventually(lambda: [59_300, 0.001] in book()["bids"])
        assert client.call("private/cancel_all") == 1


def test_a_signed_get_is_not_needed_twice(venue: Venue, port: int, alice: Key) -> None:
    """Reads are exempt from the rule of repeated signatures."""
    headers = sign(alice, "GET", "/api/v2/private/get_positions")

    answers = [
        venue.send("GET", "/api/v2/private/get_positions", headers=headers, port=port)
        for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [200, 200]


def test_a_chart_begins_with_what_its_server_heard_before_it_was_followed(
    venue: Venue, port: int, alice: Key, bob: Key
) -> None:
    """Also while the projections are behind: the subscription waits for them."""
    sol = "SOL_USDC-PERPETUAL"
    channel = f"chart.trades.{sol}.1D"
    words: dict[str, Any] = {"instrument_name": sol, "amount": "0.7", "price": "150.1"}
    with venue.socket(port) as client:
        with venue.paused("projector"):
            venue.get("private/sell", alice, **words)
            bought = venue.get("private/buy", bob, time_in_force="fill_or_kill", **words)
            assert bought.result["order"]["order_state"] == "filled"
            request = {"id": 1, "method": "public/subscribe", "params": {"channels": [channel]}}
            client.connection.send(json.dumps(request))
            with pytest.raises(TimeoutError):
                client.read(0.5)

        candle = client.next_of(channel)

    def told() -> Any:
        now = time.time_ns() // 1_000_000
        asked: dict[str, Any] = {"start_timestamp": now - 86_400_000, "end_timestamp": now}
        method = "public/get_tradingview_chart_data"
        data = venue.get(method, instrument_name=sol, resolution="1D", **asked)
        return (data.result["close"][-1], data.result["volume"][-1])

    assert candle["close"] == 150.1
    assert eventually(lambda: told() == (candle["close"], candle["volume"]))
