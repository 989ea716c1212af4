"""POS-001: cost is exact, both sides of a trade cancel out, and closing all leaves nothing."""

from typing import NamedTuple

import numpy as np
import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.venue import BTC, UNITS, make_venue
from tests.proofs.prover import floor_quotient, is_proved, is_refuted
from tests.simulation.reference.ledger import trade as apply_trade
from tests.simulation.reference.tables import Position


class Closing(NamedTuple):
    """A long position meets a sale, in integers that z3 chooses."""

    lots: z3.ArithRef
    cost: z3.ArithRef
    sold: z3.ArithRef  # lots, > 0
    money: z3.ArithRef  # -price x sold x tick value, as apply_fill has it for a sale
    unsettled_change: z3.ArithRef
    cost_after: z3.ArithRef
    rules: tuple[z3.BoolRef, ...]


def closing(wrong: int = 0) -> Closing:
    """apply_fill where a trade closes: `wrong` units are lost on the way."""
    lots, cost, sold, money, closed = z3.Ints("lots cost sold money closed")
    closing_money, first = floor_quotient("closing_money", money * closed, sold)
    cost_removed, second = floor_quotient("cost_removed", cost * closed, lots)
    return Closing(
        lots,
        cost,
        sold,
        money,
        -(closing_money + cost_removed) - wrong,
        cost + money - closing_money - cost_removed,
        (
            lots > 0,
            sold > 0,
            money < 0,
            closed == z3.If(lots < sold, lots, sold),
            first,
            second,
        ),
    )


def test_unsettled_less_cost_changes_by_exactly_the_money_of_a_trade() -> None:
    trade = closing()

    # The other side's changes by +money: the sum of both is zero.
    assert is_proved(
        trade.unsettled_change - (trade.cost_after - trade.cost) == -trade.money, *trade.rules
    )


def test_control_a_trade_that_loses_a_unit_is_refuted() -> None:
    trade = closing(wrong=1)

    assert is_refuted(
        trade.unsettled_change - (trade.cost_after - trade.cost) == -trade.money, *trade.rules
    )


def test_closing_all_leaves_no_cost() -> None:
    trade = closing()

    assert is_proved(trade.cost_after == 0, *trade.rules, trade.sold == trade.lots)


def test_control_cost_by_average_price_leaves_a_remainder() -> None:
    """Removing lots x floor(cost / lots), as an average price would, does not end at zero."""
    trade = closing()
    average, obeys = floor_quotient("average", trade.cost, trade.lots)

    assert is_refuted(
        trade.cost - average * trade.sold == 0, *trade.rules, obeys, trade.sold == trade.lots
    )


def test_partial_closing_never_removes_more_than_the_cost() -> None:
    trade = closing()
    left = trade.cost_after
    whole = (*trade.rules, trade.cost >= 0, trade.sold <= trade.lots)

    assert is_proved(z3.And(left >= 0, left <= trade.cost), *whole)


def test_turning_over_leaves_only_the_money_of_what_was_opened() -> None:
    trade = closing()
    turned = (*trade.rules, trade.sold > trade.lots)

    # A short's cost is what it received: negative, and no more than the whole trade's.
    assert is_proved(z3.And(trade.cost_after <= 0, trade.cost_after >= trade.money), *turned)


@pytest.mark.parametrize("seed", range(3))
def test_model_is_the_code(seed: int) -> None:
    """The reference position, which is this model on numbers, beside the engine's own."""
    chance = np.random.default_rng(seed)
    venue = make_venue()
    alice, bob = (venue.open_funded(10**7 * UNITS) for _ in range(2))
    mine = Position()
    for _ in range(30):
        delta = int(chance.integers(1, 50)) * int(chance.choice([1, -1]))
        price = int(chance.integers(599_000, 601_000))
        buyer, seller = (alice, bob) if delta > 0 else (bob, alice)
        venue.trade(buyer, seller, BTC, price, abs(delta))
        apply_trade(mine, delta, price * 100)

        row = venue.position(alice, BTC)
        found = row["lots"], row["cost_units"], row["unsettled_units"]
        assert found == (mine.lots, mine.cost_units, mine.unsettled_units)


@given(
    st.integers(1, 1_000),
    st.integers(-(10**9), 10**9),
    st.integers(1, 1_000),
    st.integers(1, 10**6),
)
def test_reference_position_obeys_the_rules_of_the_model(
    lots: int, cost: int, sold: int, price: int
) -> None:
    position = Position(lots=lots, cost_units=cost)

    apply_trade(position, -sold, price)

    assert position.unsettled_units - (position.cost_units - cost) == sold * price
    closed = min(lots, sold)
    expected = cost - cost * closed // lots - (sold - closed) * price
    assert position.cost_units == expected
