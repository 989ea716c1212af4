"""What one is told before the click and after a liquidation (methods risk, liquidations)."""

from collections.abc import Iterator
from typing import Any

import pytest

from exchange.gateway.volatility import daily_sigma_ppm
from tests.gateway.venue import Key, Venue
from tests.scenarios.venue import eventually

SOL = "SOL_USDC-PERPETUAL"
ETH = "ETH_USDC-PERPETUAL"
Json = dict[str, Any]


def preview(venue: Venue, key: Key, **order: Any) -> Json:
    result: Json = venue.get("risk/preview_order", key, **order).result
    return result


def best_ask(venue: Venue, name: str) -> float | None:
    asks = venue.get("public/get_order_book", instrument_name=name).result["asks"]
    return asks[0][0] if asks else None


@pytest.fixture
def seller(venue: Venue, alice: Key) -> Iterator[Key]:
    yield alice
    venue.get("private/cancel_all", alice)


def test_a_preview_tells_how_far_away_liquidation_is_and_what_holding_costs(
    venue: Venue, seller: Key
) -> None:
    trader = venue.account(fund=1_000)
    venue.get("private/sell", seller, instrument_name=ETH, amount="4", price="3000")
    assert eventually(lambda: best_ask(venue, ETH) == 3_000)

    told = preview(venue, trader, instrument_name=ETH, side="buy", amount="3", price="3000")

    assert told["accepted"]
    assert told["leverage_before"] == 0
    assert 8.9 <= told["leverage_after"] <= 9.2  # 9,000 USDC on 1,000 less the fee
    distance = told["liquidation_price"] / told["mark_price"] - 1
    assert told["liquidation_distance"] == pytest.approx(distance, abs=2e-6)
    assert -0.11 < told["liquidation_distance"] < -0.08
    # The test venue has no day of hours yet: no sigma is made up.
    assert told["volatility_1d"] is None
    assert told["liquidation_sigmas"] is None
    rate = venue.get("public/ticker", instrument_name=ETH).result["funding_8h"]
    assert told["funding_8h"] == pytest.approx(-9_000 * rate, rel=0.05, abs=1e-5)
    assert told["funding_24h"] == pytest.approx(3 * told["funding_8h"], abs=1e-5)
    assert told["largest_amount"] is None


def test_an_order_beyond_the_margin_is_told_the_size_that_would_do(
    venue: Venue, seller: Key
) -> None:
    trader = venue.account(fund=1_000)
    order: Json = {"instrument_name": ETH, "side": "buy", "price": "2990"}

    refused = preview(venue, trader, **order, amount="100")

    assert refused["reason_name"] == "INSUFFICIENT_MARGIN"
    assert refused["shortfall"] > 0
    largest = refused["largest_amount"]
    assert 10 < largest < 20  # about 1,000 / (2,990 x 2.5 %)
    assert preview(venue, trader, **order, amount=f"{largest:.2f}")["accepted"]
    more = preview(venue, trader, **order, amount=f"{largest * 1.02:.2f}")
    assert more["reason_name"] == "INSUFFICIENT_MARGIN"


@pytest.mark.parametrize(
    ("closes", "sigma_ppm"),
    [
        ([100] * 24, None),  # 23 returns are no day
        ([100] * 25, 0),
        # 24 returns of ln(1.01) = 0.995 %: times the root of 24, 4.8746 %.
        ([100, 101] * 12 + [100], 48_746),
    ],
)
def test_volatility_is_that_of_hourly_returns(closes: list[int], sigma_ppm: int | None) -> None:
    assert daily_sigma_ppm(closes) == sigma_ppm


def test_a_liquidation_is_explained_to_its_owner_step_by_step(
    venue: Venue, seller: Key
) -> None:
    owner = venue.account(fund=1_000)
    assert venue.get("risk/explain_liquidation", owner).result == {
        "stage": "none",
        "liquidations": [],
        "continuation": None,
    }
    order: Json = {"instrument_name": SOL, "amount": "100", "price": "150"}
    venue.get("private/sell", seller, **order)
    venue.get("private/buy", owner, **order)
    venue.get("private/buy", owner, instrument_name=SOL, amount="1", price="140")
    venue.get("private/buy", seller, instrument_name=SOL, amount="200", price="142.5")

    try:
        venue.move_prices(SOL="143")
        is_over = eventually(lambda: _newest(venue, owner).get("ended_timestamp") is not None)
        assert is_over, (_newest(venue, owner), _mark(venue))
    finally:
        venue.move_prices()
    newest = _newest(venue, owner)

    assert newest["outcome"] == "target_reached"
    assert newest["cancelled_orders"] == 1
    assert newest["equity"] < newest["maintenance_margin"]
    assert newest["equity_after"] >= newest["maintenance_margin_after"]
    assert newest["started_timestamp"] <= newest["ended_timestamp"]
    assert [step["direction"] for step in newest["steps"]] == ["sell"] * len(newest["steps"])
    assert newest["steps"][0]["instrument_name"] == SOL
    assert newest["steps"][0]["stage"] == "book"
    assert sum(step["filled_amount"] for step in newest["steps"]) > 0
    assert newest["steps"][0]["fee"] >= 0
    summary = venue.get("private/get_account_summary", owner, currency="USDC").result
    assert summary["liquidation_stage"] == "none"
    nobody = venue.get("risk/explain_liquidation", venue.account(fund=1)).result
    assert nobody["liquidations"] == []
    # Others go on with the price that they know.
    assert eventually(lambda: abs(_mark(venue) - 150) < 0.2)


def _mark(venue: Venue) -> float:
    return float(venue.get("public/ticker", instrument_name=SOL).result["mark_price"])


def _newest(venue: Venue, key: Key) -> Json:
    found = venue.get("risk/explain_liquidation", key, count=1).result["liquidations"]
    return found[0] if found else {}
