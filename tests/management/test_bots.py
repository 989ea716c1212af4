"""The demonstration's traders: their arithmetic."""

import json
import os
import random
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.management.bots.fleet import load_credentials
from exchange.management.bots.ladder import (
    DISTANCES,
    Resting,
    Rung,
    Step,
    Style,
    fair_ticks,
    next_step,
    rungs,
)
from exchange.management.bots.market import BUY, SELL, Contract
from exchange.management.bots.taker import (
    LARGEST_SIZE,
    TEMPERS,
    Arrivals,
    Trend,
    choose_side,
    choose_size,
)

STYLE = Style(half_spread_bp=10.0, base_notional=1_000.0, inventory_limit=50_000.0, skew_bp=5.0)


def ladder(inventory: float = 0.0, fair: float = 100_000.0) -> list[Rung]:
    return rungs(fair, inventory, STYLE, lambda notional: round(notional))


def resting(wanted: list[Rung]) -> dict[tuple[str, int], Resting]:
    return {
        (rung.side, rung.level): Resting(
            f"{rung.side}{rung.level}", rung.price_ticks, rung.lots
        )
        for rung in wanted
    }


# --- the ladder -------------------------------------------------------------------------------
def test_ladder_stands_around_the_fair_price() -> None:
    wanted = ladder()

    assert wanted[0] == Rung(BUY, 0, 99_900, 600)
    assert wanted[1] == Rung(SELL, 0, 100_100, 600)
    assert wanted[2] == Rung(BUY, 1, 99_810, 1_000)
    assert len(wanted) == 2 * len(DISTANCES)


@given(
    st.floats(10.0, 1e9),
    st.floats(-3.0, 3.0),
    st.floats(-5.0, 5.0),
)
def test_ladder_never_crosses_itself(index: float, inventory: float, premium: float) -> None:
    fair = fair_ticks(index, premium, inventory, STYLE)
    wanted = ladder(inventory, fair)

    bids = [rung.price_ticks for rung in wanted if rung.side == BUY]
    asks = [rung.price_ticks for rung in wanted if rung.side == SELL]
    assert max(bids, default=0) < min(asks, default=10**12)
    assert all(rung.price_ticks > 0 and rung.lots > 0 for rung in wanted)


def test_inventory_moves_the_fair_price_against_itself() -> None:
    assert fair_ticks(100_000.0, 0.0, 1.0, STYLE) == pytest.approx(99_950)
    assert fair_ticks(100_000.0, 0.0, -1.0, STYLE) == pytest.approx(100_050)
    assert fair_ticks(100_000.0, 2.0, 0.0, STYLE) == pytest.approx(100_020)


def test_full_inventory_quotes_only_the_side_that_reduces_it() -> None:
    assert {rung.side for rung in ladder(1.0)} == {SELL}
    assert {rung.side for rung in ladder(-1.0)} == {BUY}


def test_complete_ladder_needs_nothing() -> None:
    wanted = ladder()

    assert next_step(wanted, resting(wanted), STYLE) is None


def test_missing_inner_order_comes_before_a_missing_outer_one() -> None:
    wanted = ladder()
    held = resting(wanted)
    del held[(SELL, 1)], held[(BUY, 5)]

    assert next_step(wanted, held, STYLE) == Step(3.5, "", wanted[3])


def test_most_strayed_order_is_moved_first() -> None:
    wanted = ladder()
    held = resting(wanted)
    # Level 0 tolerates 30 ticks, level 4 (8 half spreads) 239.
    held[(BUY, 0)] = held[(BUY, 0)]._replace(price_ticks=99_900 - 60)
    held[(SELL, 4)] = held[(SELL, 4)]._replace(price_ticks=wanted[9].price_ticks + 300)

    step = next_step(wanted, held, STYLE)

    assert step is not None
    assert (step.order_id, step.rung) == ("buy0", wanted[0])


def test_missing_order_comes_before_a_strayed_one() -> None:
    wanted = ladder()
    held = resting(wanted)
    held[(BUY, 0)] = held[(BUY, 0)]._replace(price_ticks=50_000)
    del held[(SELL, 7)]

    step = next_step(wanted, held, STYLE)

    assert step is not None
    assert (step.order_id, step.rung) == ("", wanted[15])


def test_small_straying_is_left_alone() -> None:
    wanted = ladder()
    held = resting(wanted)
    held[(BUY, 0)] = held[(BUY, 0)]._replace(price_ticks=99_900 - 29)

    assert next_step(wanted, held, STYLE) is None


def test_worn_order_is_cancelled_to_be_placed_anew() -> None:
    wanted = ladder()
    held = resting(wanted)
    held[(SELL, 0)] = held[(SELL, 0)]._replace(left_lots=200)

    assert next_step(wanted, held, STYLE) == Step(3.0, "sell0", None)


def test_order_on_an_unwanted_side_is_cancelled() -> None:
    held = resting(ladder())

    step = next_step(ladder(1.2), held, STYLE)

    assert step is not None
    assert step.order_id.startswith("buy")
    assert step.rung is None


def test_exposed_order_comes_before_any_other() -> None:
    wanted = ladder(fair=99_000.0)  # The index fell by 1 %: every old bid is above it.
    held = resting(ladder())
    del held[(BUY, 0)]

    step = next_step(wanted, held, STYLE)

    assert step is not None
    assert step.order_id == "buy1"


def test_makers_who_block_each_other_come_free() -> None:
    # Post-only asks slide back from stale bids, so whoever moves asks first is stuck for ever.
    books = [resting(ladder()), resting(ladder())]
    wanted = ladder(fair=98_000.0)
    steps = 0
    for turn in range(400):
        own, other = books[turn % 2], books[(turn + 1) % 2]
        step = next_step(wanted, own, STYLE)
        if step is None or step.rung is None:
            continue
        steps += 1
        place = (step.rung.side, step.rung.level)
        own[place] = own[place]._replace(price_ticks=slid(step.rung, other))

    assert [next_step(wanted, book, STYLE) for book in books] == [None, None]
    assert steps <= 40


def slid(rung: Rung, other: dict[tuple[str, int], Resting]) -> int:
    """Where a post-only order comes to rest against another maker's."""
    if rung.side == BUY:
        best = min(held.price_ticks for (side, _), held in other.items() if side == SELL)
        return min(rung.price_ticks, best - 1)
    best = max(held.price_ticks for (side, _), held in other.items() if side == BUY)
    return max(rung.price_ticks, best + 1)


# --- takers -----------------------------------------------------------------------------------
def test_arrivals_keep_their_mean_rate_and_come_in_clusters() -> None:
    arrivals = Arrivals(2.0, random.Random(7), began=0.0)
    times = []
    now = 0.0
    while now < 5_000.0:
        now += arrivals.wait(now)
        assert arrivals.due(now)
        times.append(now)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)

    assert len(times) / 5_000.0 == pytest.approx(2.0, rel=0.1)
    # A Poisson process has 1; clusters have more.
    assert variance / mean**2 > 1.15


def test_trend_follows_the_last_minute() -> None:
    trend = Trend()
    assert trend.strength(100.0) == 0.0
    for second in range(120):
        trend.note(float(second), 100.0)

    assert trend.strength(100.0) == 0.0
    assert trend.strength(100.12) > 0.9
    assert trend.strength(99.88) < -0.9


def test_side_follows_temper_trend_and_position() -> None:
    assert choose_side(0.7, 1.0, 0.0, 0.7) == BUY
    assert choose_side(-0.6, 1.0, 0.0, 0.3) == SELL
    assert choose_side(0.0, 1.0, 0.9, 0.3) == SELL
    assert choose_side(1.0, 1.0, 1.0, 0.0) == SELL
    assert choose_side(1.0, -1.0, -1.0, 0.99) == BUY


@given(st.sampled_from(TEMPERS), st.floats(0.0, 1.0, exclude_max=True))
def test_size_is_between_the_smallest_and_the_cap(temper: Any, draw: float) -> None:
    assert temper.smallest <= choose_size(temper, draw) <= LARGEST_SIZE


def test_lots_reach_the_venues_smallest_order() -> None:
    contract = Contract("C", "BTC", Decimal("0.1"), Decimal("0.001"), min_notional=10.0)
    contract.index_ticks = 400_000.0  # 40,000: one lot is worth 40.

    assert contract.lot_value == pytest.approx(40.0)
    assert contract.lots_for(1.0) == 1
    assert contract.lots_for(4_000.0) == 100
    contract.index_ticks = 1_000.0  # 100: one lot is worth 0.10, and 10 are the least.
    assert contract.lots_for(1.0) == 106


# --- keys -------------------------------------------------------------------------------------
def test_credentials_are_read_from_a_private_file_only(tmp_path: Path) -> None:
    path = tmp_path / "bots.json"
    path.write_text(json.dumps({"makers": [{"id": 20, "key": "k", "secret": "s"}]}))
    path.chmod(0o600)

    assert load_credentials(path, "makers") == [("k", "s")]
    with pytest.raises(ValueError, match="no takers"):
        load_credentials(path, "takers")
    os.chmod(path, 0o644)
    with pytest.raises(PermissionError):
        load_credentials(path, "makers")
    with pytest.raises(ValueError, match="seed_demo"):
        load_credentials(tmp_path / "missing.json", "makers")
