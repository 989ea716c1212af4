"""What was asked of an engine that died is known to the one that follows it."""

from typing import Any

import pytest

from tests.gateway.venue import Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"


@pytest.fixture
def trader(venue: Venue) -> Key:
    return venue.account(fund=10_000)


def test_keys_settings_and_transfers_outlive_the_engine(venue: Venue, trader: Key) -> None:
    order: dict[str, Any] = {"instrument_name": BTC, "price": "59000", "idempotency_key": "r1"}
    moving: dict[str, Any] = {"currency": "USDC", "idempotency_key": "r2"}
    account: dict[str, Any] = {"scope": "account"}
    made = venue.get("private/create_subaccount", trader).result["id"]
    moving["destination"] = made
    placed = venue.get("private/buy", trader, **order, amount="0.001").result["order"]
    name = "private/submit_transfer_between_subaccounts"
    moved = venue.get(name, trader, **moving, amount="100").result
    venue.get("private/enable_cancel_on_disconnect", trader, **account)

    venue.kill("engine")
    venue.run("engine", "manage.py", "run_engine")
    venue.wait_for("engine", "is live")
    assert eventually(
        lambda: venue.get("private/cancel", trader, order_id="1").error["code"] == 10004, 30
    )
    # Other words for the same requests: no gateway has an answer for them.
    again = venue.get("private/buy", trader, **order, amount="0.0010").result["order"]
    moved_again = venue.get(name, trader, **moving, amount="100.0").result
    other = venue.get("private/buy", trader, **order, amount="0.002")

    assert again["order_id"] == placed["order_id"]
    assert moved_again["id"] == moved["id"]
    assert other.error["data"]["name"] == "KEY_REUSED"
    summary = venue.get("private/get_account_summary", trader, currency="USDC").result
    assert summary["balance"] == 9_900
    asked = venue.get("private/get_cancel_on_disconnect", trader, **account).result
    assert asked == {"scope": "account", "enabled": True}
    assert venue.get("private/cancel_all", trader).result == 1
