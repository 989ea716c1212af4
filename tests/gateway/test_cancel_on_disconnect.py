"""Cancel on disconnect, and the dead man's switch behind it (exchange/gateway/watch.py)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.venue import Client, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"


@pytest.fixture
def trader(venue: Venue) -> Iterator[Key]:
    """An account of its own for each test, which leaves no orders behind."""
    key = venue.account(fund=10_000)
    yield key
    venue.get("private/cancel_all", key)


def bid(client: Client, price: int) -> str:
    bought = client.call("private/buy", instrument_name=BTC, amount=0.001, price=price)
    order_id: str = bought["order"]["order_id"]
    return order_id


def open_ids(venue: Venue, key: Key) -> set[str]:
    rows = venue.get("private/get_open_orders", key).result
    return {row["order_id"] for row in rows}


def test_what_a_lost_connection_placed_goes_and_nothing_else(
    venue: Venue, trader: Key, port: int
) -> None:
    other = venue.get("private/buy", trader, instrument_name=BTC, amount="0.001", price="59000")
    with venue.socket(port, trader) as client:
        before = bid(client, 59_001)
        assert client.call("private/enable_cancel_on_disconnect") == "ok"
        lost = bid(client, 59_002)
        assert client.call("private/get_cancel_on_disconnect") == {
            "scope": "connection",
            "enabled": True,
        }

    kept = {other.result["order"]["order_id"], before}
    assert eventually(lambda: open_ids(venue, trader) == kept, 10)
    history: dict[str, Any] = {"instrument_name": BTC, "include_unfilled": "true"}
    gone = venue.get("private/get_order_history_by_instrument", trader, **history).result
    assert [(row["order_id"], row["cancel_reason"]) for row in gone] == [
        (lost, "cancel_on_disconnect")
    ]


def test_nothing_goes_without_it(venue: Venue, trader: Key) -> None:
    with venue.socket(key=trader) as client:
        first = bid(client, 59_000)
        client.call("private/enable_cancel_on_disconnect")
        client.call("private/disable_cancel_on_disconnect")
        second = bid(client, 59_001)
        assert client.call("private/get_cancel_on_disconnect")["enabled"] is False

    # The next connection's sign-in is a command behind whatever the lost one had caused.
    with venue.socket(key=trader) as client:
        client.call("private/enable_cancel_on_disconnect")
        assert open_ids(venue, trader) == {first, second}


def test_logout_is_no_loss(venue: Venue, trader: Key) -> None:
    with venue.socket(key=trader) as client:
        client.call("private/enable_cancel_on_disconnect")
        kept = bid(client, 59_000)
        client.call("private/logout")

    with venue.socket(key=trader) as client:
        client.call("private/enable_cancel_on_disconnect")
        assert open_ids(venue, trader) == {kept}


def test_an_account_may_begin_every_connection_with_it(venue: Venue, trader: Key) -> None:
    account: dict[str, Any] = {"scope": "account"}
    with venue.socket(key=trader) as client:
        client.call("private/enable_cancel_on_disconnect", **account)
        assert client.call("private/get_cancel_on_disconnect")["enabled"] is False
        kept = bid(client, 59_000)
    with venue.socket(key=trader) as client:
        assert client.call("private/get_cancel_on_disconnect")["enabled"] is True
        bid(client, 59_001)

    assert eventually(lambda: open_ids(venue, trader) == {kept}, 10)
    assert venue.get("private/get_cancel_on_disconnect", trader, **account).result == {
        "scope": "account",
        "enabled": True,
    }


def test_a_killed_gateway_leaves_no_orders_of_its_watched_accounts(
    venue: Venue, trader: Key, alice: Key
) -> None:
    lane = venue.start_lane()
    kept = venue.get("private/buy", alice, instrument_name=BTC, amount="0.001", price="59000")
    with venue.socket(lane, trader) as client:
        client.call("private/enable_cancel_on_disconnect")
        bid(client, 59_000)
        venue.kill("lane")

        # The engine waits ten seconds for a heartbeat; the other web servers still answer.
        assert eventually(lambda: not open_ids(venue, trader), 30)

    history: dict[str, Any] = {"instrument_name": BTC, "include_unfilled": "true"}
    gone = venue.get("private/get_order_history_by_instrument", trader, **history).result
    assert gone[0]["cancel_reason"] == "heartbeat_missed"
    assert kept.result["order"]["order_id"] in open_ids(venue, alice)
    venue.get("private/cancel_all", alice)
