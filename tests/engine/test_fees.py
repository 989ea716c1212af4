"""EXEC-004, GOV-005: fees and rebates to the unit, and where they are booked."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, FEES, OPERATOR, SELL
from tests.engine.venue import BTC, UNITS, Event, Venue, reason

MAKER, TAKER = ContractParameter.MAKER_FEE_PPM, ContractParameter.TAKER_FEE_PPM
IOC = units.TIF_IMMEDIATE_OR_CANCEL


def fees(produced: list[Event]) -> list[int]:
    """What each side paid, maker first in each trade."""
    return [event["fee_units"] for event in produced if event["kind"] == EventKind.ORDER_FILLED]


@pytest.mark.parametrize(
    ("price", "lots", "maker_ppm", "taker_ppm", "maker_units", "taker_units"),
    [
        # 1 lot at 600,001 ticks is 60,000,100 units.
        (600_001, 1, 200, 500, 12_001, 30_001),  # 12,000.02 and 30,000.05
        (600_000, 1, 200, 500, 12_000, 30_000),  # exact: nothing is added
        (600_001, 3, 1, 3, 181, 541),  # 180.0003 and 540.0009
        (600_001, 7, 0, 0, 0, 0),
        (600_001, 1, -200, 500, -12_000, 30_001),  # -12,000.02: the rebate is cut
        (600_001, 3, -1, 3, -180, 541),  # -180.0003
        (600_001, 1, -500, 500, -30_000, 30_001),  # a rebate of the whole taker rate
    ],
)
def test_charges_are_rounded_up_and_rebates_down(
    venue: Venue,
    alice: int,
    bob: int,
    price: int,
    lots: int,
    maker_ppm: int,
    taker_ppm: int,
    maker_units: int,
    taker_units: int,
) -> None:
    venue.set_parameter(BTC, TAKER, taker_ppm)
    venue.set_parameter(BTC, MAKER, maker_ppm)

    produced = venue.trade(alice, bob, BTC, price, lots)

    assert fees(produced) == [maker_units, taker_units]
    assert venue.balance(bob) == 100_000 * UNITS - maker_units
    assert venue.balance(alice) == 100_000 * UNITS - taker_units
    assert venue.balance(FEES) == maker_units + taker_units
    assert venue.state.accounts[bob]["fees_units"] == maker_units
    venue.assert_books_balance()


def test_each_fill_of_an_order_rounds_its_own_fee(venue: Venue, alice: int, bob: int) -> None:
    for price in (600_001, 600_002, 600_003):
        venue.rest(bob, BTC, SELL, price, 1)

    produced = venue.place(alice, BTC, BUY, 600_003, 3, IOC)

    # 60,000,100, 60,000,200 and 60,000,300 units at 200 and 500 ppm.
    assert fees(produced) == [12_001, 30_001, 12_001, 30_001, 12_001, 30_001]
    venue.assert_books_balance()


def test_rebate_is_never_more_than_the_taker_pays_in_a_liquidation(
    venue: Venue, bob: int
) -> None:
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    venue.set_parameter(BTC, MAKER, -200)
    venue.rest(bob, BTC, BUY, 592_000, 1_000)

    produced: list[Event] = []
    while venue.mark(BTC) != 592_000:
        produced += venue.set_price(BTC, 592_000)

    # The liquidated account pays no taker fee, so nobody is paid out of it.
    assert set(fees(produced)) == {0}
    venue.assert_books_balance()


def test_rebate_is_no_more_than_the_fee_account_holds(venue: Venue, bob: int) -> None:
    venue.set_parameter(BTC, MAKER, -500)
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 592_000, 1_000)  # 59,200 USDC: fee and rebate 29.60
    assert venue.drive_price(BTC, 640_000) == 640_000
    venue.set_parameter(BTC, TAKER, 10_000)
    venue.set_parameter(BTC, MAKER, -10_000)

    venue.rest(bob, BTC, BUY, 640_000, 1_000)
    first = venue.place(poor, BTC, SELL, 640_000, 1_000, IOC)
    venue.rest(bob, BTC, SELL, 640_000, 1_000)
    second = venue.place(poor, BTC, BUY, 640_000, 1_000, IOC)

    # 640 USDC each: of the second the taker has 630.40 in cash and owes the rest.
    assert fees(first) == [-640_000_000, 640_000_000]
    assert fees(second) == [-630_400_000, 640_000_000]
    assert (venue.balance(poor), venue.balance(FEES)) == (0, 0)
    assert venue.state.contracts[BTC]["fees_unsettled_units"] == 9_600_000
    venue.assert_books_balance()


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (MAKER, -500, RejectReason.ACCEPTED),
        (MAKER, -501, RejectReason.PARAMETER_OUT_OF_BOUNDS),
        (MAKER, -10_001, RejectReason.PARAMETER_OUT_OF_BOUNDS),
        (TAKER, 0, RejectReason.ACCEPTED),
        (TAKER, -1, RejectReason.PARAMETER_OUT_OF_BOUNDS),
    ],
)
def test_rebate_rate_is_at_most_the_taker_rate(
    venue: Venue, parameter: ContractParameter, value: int, expected: RejectReason
) -> None:
    produced = venue.do(
        CommandKind.SET_PARAMETER, OPERATOR, contract=BTC, parameter=parameter, value=value
    )

    assert reason(produced) is expected


def test_taker_rate_cannot_fall_below_the_rebate(venue: Venue) -> None:
    venue.set_parameter(BTC, MAKER, -300)

    low = venue.do(
        CommandKind.SET_PARAMETER, OPERATOR, contract=BTC, parameter=TAKER, value=299
    )
    equal = venue.do(
        CommandKind.SET_PARAMETER, OPERATOR, contract=BTC, parameter=TAKER, value=300
    )

    assert reason(low) is RejectReason.PARAMETER_OUT_OF_BOUNDS
    assert reason(equal) is RejectReason.ACCEPTED
