"""Where equity came from: parts that add up to the unit, its history, and what moves would do.

Nobody else trades SOL here but Bob and the accounts of these tests.
"""

from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.test_funding import SETTLE_ETH
from tests.gateway.venue import Key, Venue

SOL = "SOL_USDC-PERPETUAL"
ETH = "ETH_USDC-PERPETUAL"
PARTS = ("price", "funding", "fees", "liquidation")


def summary(venue: Venue, key: Key) -> Any:
    return venue.get("private/get_account_summary", key, currency="USDC").result


def exact(number: Any) -> Decimal:
    return Decimal(str(number))


def mark_of(venue: Venue, name: str) -> Decimal:
    return exact(venue.get("public/ticker", instrument_name=name).result["mark_price"])


def trade(venue: Venue, buyer: Key, seller: Key, name: str, amount: str, price: str) -> None:
    terms: dict[str, Any] = {"instrument_name": name, "amount": amount, "price": price}
    venue.get("private/sell", seller, **terms, post_only="true")
    venue.get("private/buy", buyer, **terms, time_in_force="immediate_or_cancel")


@pytest.fixture(scope="module")
def carol(venue: Venue, bob: Key) -> Key:
    """She bought 3 SOL, sold 1, holds 0.4 ETH with funding settled; money came and went."""
    carol = venue.account(fund=10_000)
    mark = mark_of(venue, SOL)
    trade(venue, carol, bob, SOL, "3", str(mark))
    trade(venue, bob, carol, SOL, "1", str(mark))
    trade(venue, carol, bob, ETH, "0.4", str(mark_of(venue, ETH)))
    venue.shell(SETTLE_ETH)
    made = venue.get("private/create_subaccount", carol).result["id"]
    venue.get(
        "private/submit_transfer_to_subaccount",
        carol,
        currency="USDC",
        amount="250.000001",
        destination=made,
    )
    venue.get("private/withdraw", carol, currency="USDC", amount="100", address="operator")
    return carol


@pytest.mark.parametrize("span", ["1d", "7d", "30d", "all"])
def test_parts_add_up_to_equity_to_the_unit(venue: Venue, carol: Key, span: str) -> None:
    split = venue.get("risk/get_profit_and_loss", carol, span=span).result

    assert [row["instrument_name"] for row in split["contracts"]] == [ETH, SOL]
    for row in split["contracts"]:
        assert sum(exact(row[part]) for part in PARTS) == exact(row["total"])
        assert exact(row["fees"]) < 0
    assert [row["trades"] for row in split["contracts"]] == [1, 2]
    total = sum(exact(row["total"]) for row in split["contracts"])
    assert total == exact(split["total"])
    assert exact(split["deposits"]) == Decimal("10000") - Decimal("350.000001")
    assert exact(split["equity_before"]) == 0
    assert exact(split["equity"]) == total + exact(split["deposits"])
    # Prices are steady here: the engine's own equity, asked a moment later, is the same.
    funding = exact(summary(venue, carol)["equity"]) - exact(split["equity"])
    assert abs(funding) < Decimal("0.01")


def test_folding_the_quarters_changes_no_part(venue: Venue, carol: Key) -> None:
    before = venue.get("risk/get_profit_and_loss", carol, span="all").result["contracts"]

    venue.shell(
        "import json; from exchange.tasks.profit import fold; print(json.dumps(fold()))"
    )

    after = venue.get("risk/get_profit_and_loss", carol, span="all").result["contracts"]
    for name in ("fees", "volume", "trades", "instrument_name", "liquidation"):
        assert [row[name] for row in before] == [row[name] for row in after]


def test_history_ends_with_what_is_now_and_holds_deposits_apart(
    venue: Venue, carol: Key
) -> None:
    history = venue.get("risk/get_equity_history", carol, span="1d").result

    points = len(history["timestamps"])
    assert len(history["equity"]) == len(history["deposits"]) == points
    assert points in (96, 97, 98)
    assert history["timestamps"] == sorted(history["timestamps"])
    assert history["equity"][0] == history["deposits"][0] == 0
    assert exact(history["deposits"][-1]) == Decimal("9649.999999")
    assert abs(exact(history["equity"][-1]) - exact(history["deposits"][-1])) < 100


def test_an_account_that_never_traded_has_its_deposits_for_a_history(venue: Venue) -> None:
    idle = venue.account(fund=1)

    split = venue.get("risk/get_profit_and_loss", idle, span="all").result
    history = venue.get("risk/get_equity_history", idle, span="all").result

    assert (split["contracts"], split["equity"], split["deposits"]) == ([], 1, 1)
    assert history["equity"] == history["deposits"]
    assert (history["equity"][0], history["equity"][-1]) == (0, 1)


@pytest.mark.parametrize("method", ["risk/get_profit_and_loss", "risk/get_equity_history"])
def test_a_span_that_is_none_is_refused_by_name(venue: Venue, carol: Key, method: str) -> None:
    error = venue.get(method, carol, span="2d").error

    assert (error["code"], error["data"]["param"]) == (-32602, "span")
    assert venue.get(method).error["code"] == 13_009


def test_moves_of_marks_show_when_the_account_would_be_liquidated(
    venue: Venue, carol: Key
) -> None:
    held = summary(venue, carol)
    positions = venue.get("private/get_positions", carol, currency="USDC").result
    values = [exact(row["size"]) * exact(row["mark_price"]) for row in positions]
    value = sum(values, Decimal(0))

    ladder = venue.get("risk/stress_margin", carol).result["moves"]
    (fall,) = venue.get("risk/stress_margin", carol, move="-10").result["moves"]
    (alone,) = venue.get("risk/stress_margin", carol, move="-10", instrument_name=SOL).result[
        "moves"
    ]

    assert [row["move"] for row in ladder] == [-30, -20, -10, -5, 5, 10, 20, 30]
    assert not any(row["is_liquidated"] for row in ladder)  # all of it is paid for
    lost = exact(held["equity"]) - exact(fall["equity"])
    assert abs(lost - value / 10) < Decimal("0.05")
    assert exact(fall["equity"]) < exact(alone["equity"]) < exact(held["equity"])
    assert exact(fall["maintenance_margin"]) < exact(held["maintenance_margin"])


@pytest.mark.parametrize("move", ["-91", "100.1", "0.00001", "x"])
def test_moves_out_of_bounds_are_refused(venue: Venue, carol: Key, move: str) -> None:
    error = venue.get("risk/stress_margin", carol, move=move).error

    assert (error["code"], error["data"]["param"]) == (-32602, "move")


def test_a_leveraged_account_is_told_that_it_would_be_liquidated(
    venue: Venue, bob: Key
) -> None:
    dave = venue.account(fund=50)
    trade(venue, dave, bob, SOL, "5", str(mark_of(venue, SOL)))

    ladder = venue.get("risk/stress_margin", dave).result["moves"]

    assert [row["is_liquidated"] for row in ladder[:3]] == [True, True, True]
    assert not ladder[-1]["is_liquidated"]


def test_a_sub_account_has_the_name_its_owner_gives_it(venue: Venue, carol: Key) -> None:
    made = venue.get("private/create_subaccount", carol).result

    answer = venue.get(
        "private/change_subaccount_name", carol, sid=made["id"], name="  Basis   trade "
    ).result
    listed = venue.get("private/get_subaccounts", carol).result
    stranger = venue.account(fund=1)
    refused = venue.get("private/change_subaccount_name", stranger, sid=made["id"], name="mine")
    long = venue.get("private/change_subaccount_name", carol, sid=made["id"], name="x" * 41)
    again = venue.get("private/change_subaccount_name", carol, sid=made["id"], name="").result

    assert answer == again == "ok"
    assert "Basis trade" in [row["username"] for row in listed]
    assert refused.error["data"]["param"] == "sid"
    assert long.error["data"]["param"] == "name"
    names = [row["username"] for row in venue.get("private/get_subaccounts", carol).result]
    assert made["username"] in names
