"""MARG-001..003 with every figure worked out by hand from the specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.margin import (
    initial_margin,
    is_permitted_reduction,
    maintenance_margin,
    margin_with_orders,
    open_interest_add_on,
)
from tests.simulation.reference import margin as reference
from tests.simulation.reference.tables import Contract

USDC = 1_000_000
BTC = (20_000, 5_000_000 * USDC)
ETH = (25_000, 3_000_000 * USDC)
SOL = (50_000, 500_000 * USDC)


@pytest.mark.parametrize(
    ("terms", "notional", "initial", "maintenance"),
    [
        (BTC, 0, 0, 0),
        (BTC, 1, 1, 1),  # rounded up, twice
        (BTC, 60_000 * USDC, 1_200 * USDC, 600 * USDC),
        (BTC, 5_000_000 * USDC, 100_000 * USDC, 50_000 * USDC),
        # 2 % x (1 + 5/45) = 2.222... %
        (BTC, 10_000_000 * USDC, 222_222_222_223, 111_111_111_112),
        # 2 % x (1 + 45/45) = 4 %
        (BTC, 50_000_000 * USDC, 2_000_000 * USDC, 1_000_000 * USDC),
        # 2 % x (1 + 2205/45) = 100 %, and never more
        (BTC, 2_210_000_000 * USDC, 2_210_000_000 * USDC, 1_105_000_000 * USDC),
        (BTC, 4_000_000_000 * USDC, 4_000_000_000 * USDC, 2_000_000_000 * USDC),
        (ETH, 3_000 * USDC, 75 * USDC, 37_500_000),
        # 2.5 % x (1 + 27/27) = 5 %
        (ETH, 30_000_000 * USDC, 1_500_000 * USDC, 750_000 * USDC),
        # 5 % x (1 + 4.5/4.5) = 10 %
        (SOL, 5_000_000 * USDC, 500_000 * USDC, 250_000 * USDC),
    ],
)
def test_margin_of_notional_is_as_specified(
    terms: tuple[int, int], notional: int, initial: int, maintenance: int
) -> None:
    assert initial_margin(notional, *terms) == initial
    assert maintenance_margin(notional, *terms) == maintenance


# One tick of one lot is 1 USDC, the mark is 100: a lot is worth 100 USDC. 2 % margin, 5 bp fee.
@pytest.mark.parametrize(
    ("lots", "buys", "sells", "orders", "expected"),
    [
        # No orders: the position alone, 10 x 100 x 2 %.
        (10, (0, 0), (0, 0), 0, 20 * USDC),
        # Buy 10 at 100: 20 margin + 1,000 x 0.05 % fee.
        (0, (10, 1_000), (0, 0), 1, 20_500_000),
        # Buy 10 at 102: 2 x 10 lost at once, fee on 1,020.
        (0, (10, 1_020), (0, 0), 1, 40_510_000),
        # Sell 5 at 98: margin 10, 2 x 5 lost at once, fee on 490.
        (0, (0, 0), (5, 490), 1, 20_245_000),
        # Both sides: only the worse of them, but the fees of both (990 + 505).
        (0, (10, 990), (5, 505), 2, 20_747_500),
        # A reducing sell reserves its fee, and at least 1 USDC an order.
        (10, (0, 0), (4, 404), 1, 21 * USDC),
        # Selling 30 out of a long of 10 leaves a short of 20: 40 margin, fee on 3,000.
        (10, (0, 0), (30, 3_000), 1, 41_500_000),
        # Many small orders: 1 USDC each is more than their margin and fees.
        (0, (3, 300), (0, 0), 8, 8 * USDC),
    ],
)
def test_margin_with_orders_is_worse_side_plus_losses_and_fees(
    lots: int, buys: tuple[int, int], sells: tuple[int, int], orders: int, expected: int
) -> None:
    found = margin_with_orders(
        lots, *buys, *sells, orders, 100, USDC, 20_000, 5_000_000 * USDC, 500
    )

    assert found == expected


@pytest.mark.parametrize(
    ("before", "after", "permitted"),
    [
        ((50, 100), (45, 90), True),  # the ratio stays one half
        ((50, 100), (44, 90), False),  # it falls
        ((50, 100), (60, 101), False),  # maintenance rises, however good the price
        ((0, 100), (0, 50), True),
        ((0, 100), (-1, 50), False),
        ((-10, 100), (-10, 50), True),  # below zero only equity counts
        ((-10, 100), (-11, 0), False),
        ((50, 100), (0, 0), True),  # nothing left to maintain
    ],
)
def test_permitted_reduction_needs_margin_and_cover_no_worse(
    before: tuple[int, int], after: tuple[int, int], permitted: bool
) -> None:
    assert is_permitted_reduction(*before, *after) is permitted


@given(
    notional=st.integers(0, 10**16),
    rate=st.integers(1_000, 1_000_000),
    floor=st.integers(10**9, 10**15),
)
def test_initial_margin_any_notional_equals_reference(
    notional: int, rate: int, floor: int
) -> None:
    terms = _terms(rate, floor)

    assert initial_margin(notional, rate, floor) == reference.initial(notional, terms)
    assert maintenance_margin(notional, rate, floor) == reference.maintenance(notional, terms)


@given(smaller=st.integers(0, 10**16), more=st.integers(0, 10**12))
def test_initial_margin_never_falls_with_size(smaller: int, more: int) -> None:
    assert initial_margin(smaller, *BTC) <= initial_margin(smaller + more, *BTC)


@given(first=st.integers(0, 10**15), second=st.integers(0, 10**15))
def test_initial_margin_of_two_is_no_less_than_their_parts(first: int, second: int) -> None:
    parts = initial_margin(first, *BTC) + initial_margin(second, *BTC)

    # Convex in size (I-20): splitting a position over accounts gains at most the rounding.
    assert initial_margin(first + second, *BTC) >= parts - 3


@given(
    lots=st.integers(-(10**6), 10**6),
    orders=st.lists(
        st.tuples(
            st.sampled_from([1, -1]), st.integers(500_000, 700_000), st.integers(1, 10**5)
        ),
        max_size=6,
    ),
)
def test_margin_with_orders_any_book_equals_reference(
    lots: int, orders: list[tuple[int, int, int]]
) -> None:
    sums = reference.OpenOrders()
    for side, price, quantity in orders:
        sums.add(side, price, quantity)

    found = margin_with_orders(
        lots,
        sums.buy_lots,
        sums.buy_price_lots,
        sums.sell_lots,
        sums.sell_price_lots,
        len(orders),
        600_000,
        100,
        *BTC,
        500,
    )

    assert found == reference.with_orders(lots, sums, _terms(*BTC))


def _terms(rate_ppm: int, floor: int) -> Contract:
    return Contract(
        name=(1, 0, 0, 0),
        underlying=0,
        kind=1,
        tick_e8=10_000_000,
        lot_e8=100_000,
        tick_value_units=100,
        reference_ticks=600_000,
        price_ceiling_ticks=6_000_000,
        expiry_ns=0,
        state=2,
        mark_ticks=600_000,
        initial_margin_ppm=rate_ppm,
        margin_floor_units=floor,
        taker_fee_ppm=500,
    )


# BTC: the caps are 40 and 100 million, imf0 is 2 %.
@pytest.mark.parametrize(
    ("open_interest", "increase", "extra"),
    [
        (0, 1_000, 0),
        (40_000_000, 1_000, 0),  # at the lower cap: nothing yet
        (55_000_000, 1_000, 245_000_000),  # a quarter of the way: 98 % / 4 = 24.5 %
        (70_000_000, 1_000, 490_000_000),  # half way: 49 %, and with the 2 % it is 51 %
        (100_000_000, 1_000, 980_000_000),  # at the upper cap all of it
        (400_000_000, 1_000, 980_000_000),
        (70_000_000, 0, 0),  # what does not increase asks for nothing
    ],
)
def test_add_on_rises_in_a_straight_line_between_the_caps(
    open_interest: int, increase: int, extra: int
) -> None:
    caps = (40_000_000 * USDC, 100_000_000 * USDC)

    found = open_interest_add_on(increase * USDC, open_interest * USDC, *caps, 20_000)

    assert found == extra


@given(
    st.integers(0, 10**17),
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.integers(1, 10**6),
)
def test_add_on_of_an_order_spread_over_accounts_is_no_less(
    open_interest: int, first: int, second: int, rate: int
) -> None:
    def add_on(increase: int) -> int:
        return int(open_interest_add_on(increase, open_interest, 10**13, 10**14, rate))

    together = add_on(first + second)

    assert together <= add_on(first) + add_on(second) <= together + 1
