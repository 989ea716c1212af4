"""A history after an answer: it holds what was answered, or says that it does not yet."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.gateway.venue import Answer, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
ROUNDS = 10
RETRY = 10_040
# One second of waiting for the projector, and what an answer takes on a busy machine.
BOUND_SECONDS = 5.0

HISTORIES: dict[str, dict[str, Any]] = {
    "private/get_order_history_by_instrument": {
        "instrument_name": BTC,
        "include_unfilled": "true",
    },
    "private/get_order_history_by_currency": {"currency": "USDC", "include_unfilled": "true"},
    "private/get_trigger_order_history": {"currency": "USDC"},
    "private/get_user_trades_by_instrument": {"instrument_name": BTC},
    "private/get_user_trades_by_currency": {"currency": "USDC"},
    "private/get_deposits": {"currency": "USDC"},
    "private/get_withdrawals": {"currency": "USDC"},
    "private/get_transaction_log": {
        "currency": "USDC",
        "start_timestamp": 0,
        "end_timestamp": 4_000_000_000_000,
    },
    "risk/get_funding_payments": {},
}


@pytest.fixture(scope="module")
def carol(venue: Venue) -> Key:
    return venue.account(fund=10_000)


def place_and_cancel(venue: Venue, key: Key, port: int) -> str:
    """An order that is over; its id."""
    order = {"instrument_name": BTC, "price": "59000", "amount": "0.001"}
    placed = venue.get("private/buy", key, port=port, **order).result["order"]["order_id"]
    assert venue.get("private/cancel", key, port=port, order_id=placed).result
    return str(placed)


def ask_for_all_histories(venue: Venue, key: Key, port: int) -> list[tuple[str, Answer, float]]:
    """Each method with its answer and how long that took; all of them at once."""

    def ask(method: str) -> tuple[str, Answer, float]:
        began = time.monotonic()
        told = venue.get(method, key, port=port, **HISTORIES[method])
        return method, told, time.monotonic() - began

    with ThreadPoolExecutor(len(HISTORIES)) as threads:
        return list(threads.map(ask, HISTORIES))


def test_history_right_after_an_answer_holds_it(venue: Venue, carol: Key, port: int) -> None:
    asked = HISTORIES["private/get_order_history_by_instrument"]
    other_port = next(other for other in venue.ports.values() if other != port)

    for _ in range(ROUNDS):
        placed = place_and_cancel(venue, carol, port)
        for process in (port, other_port):
            told = venue.get(
                "private/get_order_history_by_instrument", carol, port=process, **asked
            )
            assert told.result[0]["order_id"] == placed
        state = venue.get("private/get_order_state", carol, port=port, order_id=placed).result
        assert state["order_state"] == "cancelled"
        moved = venue.get("private/demo_fund", carol, port=port, currency="USDC", amount="1")
        assert moved.status in (200, 429), moved
        if moved.status == 200:
            deposits = venue.get(
                "private/get_deposits", carol, port=other_port, currency="USDC"
            )
            assert deposits.result["data"][0]["amount"] == 1


def test_history_behind_the_callers_last_command_says_so_within_a_bound(
    venue: Venue, carol: Key, port: int
) -> None:
    quiet = venue.account(fund=1)
    venue.get("private/get_deposits", quiet, port=port, currency="USDC")

    with venue.paused("projector"):
        placed = place_and_cancel(venue, carol, port)
        for method, told, took in ask_for_all_histories(venue, carol, port):
            assert told.status == 503, (method, told)
            assert told.error["code"] == RETRY, (method, told)
            assert told.error["data"]["commands_behind"] >= 2, told.error
            assert "behind your last one" in told.error["data"]["reason"]
            assert took < BOUND_SECONDS, (method, took)
        state = venue.get("private/get_order_state", carol, port=port, order_id=placed)
        assert state.error["code"] == RETRY
        # Whose last command is projected, is answered while it stands still.
        deposits = venue.get("private/get_deposits", quiet, port=port, currency="USDC")
        assert [row["amount"] for row in deposits.result["data"]] == [1]

    asked = HISTORIES["private/get_order_history_by_instrument"]
    history = "private/get_order_history_by_instrument"
    assert eventually(lambda: venue.get(history, carol, port=port, **asked).status == 200, 30.0)
    assert venue.get(history, carol, port=port, **asked).result[0]["order_id"] == placed


def test_dead_projector_is_no_obstacle_to_who_is_projected(venue: Venue, carol: Key) -> None:
    placed = place_and_cancel(venue, carol, venue.port)
    asked = HISTORIES["private/get_order_history_by_instrument"]
    history = "private/get_order_history_by_instrument"
    assert venue.get(history, carol, **asked).result[0]["order_id"] == placed

    venue.kill("projector")
    try:
        # To this process nobody has said where the projections stand.
        port = venue.start_lane()
        told = venue.get(history, carol, port=port, **asked)
        assert told.result[0]["order_id"] == placed
        later = place_and_cancel(venue, carol, port)
        assert venue.get(history, carol, port=port, **asked).error["code"] == RETRY
    finally:
        venue.stop("lane")
        venue.run("projector", "manage.py", "run_projector")
    assert eventually(lambda: venue.get(history, carol, **asked).status == 200, 60.0)
    assert venue.get(history, carol, **asked).result[0]["order_id"] == later
