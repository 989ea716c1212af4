"""Bands, minimal notional and post-only at their exact edges; marks are 600,000 and 150,000."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, SOL, UNITS, Event, Venue, kinds, reason

IOC = units.TIF_IMMEDIATE_OR_CANCEL
MARKET = units.TYPE_MARKET | IOC
POST = units.FLAG_POST_ONLY
REJECT = units.FLAG_POST_ONLY | units.FLAG_REJECT_POST_ONLY
OK, OUTSIDE = RejectReason.ACCEPTED, RejectReason.PRICE_OUTSIDE_BAND


def cancels(produced: list[Event]) -> list[tuple[int, CancelReason]]:
    return [
        (event["account"], CancelReason(event["reason"]))
        for event in produced
        if event["kind"] == EventKind.ORDER_CANCELLED
    ]


def fills(produced: list[Event]) -> list[tuple[int, int]]:
    """(price, lots) of each trade."""
    return [
        (event["price_ticks"], event["quantity_lots"])
        for event in produced
        if event["kind"] == EventKind.ORDER_FILLED and event["flags"] & units.FLAG_MAKER
    ]


# --- bands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (BUY, 618_000, OK),  # mark + 3 %
        (BUY, 618_001, OUTSIDE),
        (SELL, 582_000, OK),
        (SELL, 581_999, OUTSIDE),
        (BUY, 300_000, OK),  # passive: mark - 50 %
        (BUY, 299_999, OUTSIDE),
        (SELL, 900_000, OK),
        (SELL, 900_001, OUTSIDE),
    ],
)
def test_limit_price_stays_within_the_bands(
    venue: Venue, alice: int, side: int, price: int, expected: RejectReason
) -> None:
    assert reason(venue.place(alice, BTC, side, price, 10)) is expected


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        # 600,007 x 3 % = 18,000.21: the aggressive band is cut, the passive one of
        # 300,003.5 rounded up.
        (BUY, 618_007, OK),
        (BUY, 618_008, OUTSIDE),
        (BUY, 300_003, OK),
        (BUY, 300_002, OUTSIDE),
    ],
)
def test_bands_are_rounded_against_the_aggressive_and_for_the_passive(
    venue: Venue, alice: int, side: int, price: int, expected: RejectReason
) -> None:
    assert venue.drive_price(BTC, 600_007) == 600_007

    assert reason(venue.place(alice, BTC, side, price, 10)) is expected


@pytest.mark.parametrize(
    ("side", "stands", "beyond", "limit"),
    [(BUY, 618_000, 618_001, 618_000), (SELL, 582_000, 581_999, 582_000)],
)
def test_market_order_takes_the_band_as_its_limit(
    venue: Venue, alice: int, bob: int, side: int, stands: int, beyond: int, limit: int
) -> None:
    venue.rest(bob, BTC, -side, stands, 4)
    venue.rest(bob, BTC, -side, beyond, 4)

    produced = venue.place(alice, BTC, side, 0, 8, MARKET)

    assert produced[0]["price_ticks"] == limit
    assert fills(produced) == [(stands, 4)]
    assert cancels(produced) == [(alice, CancelReason.IMMEDIATE_OR_CANCEL)]


@pytest.mark.parametrize(
    ("side", "price", "mark", "is_cancelled"),
    [
        (BUY, 606_770, 589_100, False),  # 589,100 + 3 % = 606,773
        (BUY, 606_774, 589_100, True),
        (SELL, 592_670, 611_000, False),  # 611,000 - 3 % = 592,670
        (SELL, 592_669, 611_000, True),
    ],
)
def test_resting_order_that_the_mark_has_left_is_cancelled_when_met(
    venue: Venue, alice: int, bob: int, side: int, price: int, mark: int, is_cancelled: bool
) -> None:
    venue.rest(bob, BTC, side, price, 5)
    assert venue.drive_price(BTC, mark) == mark
    assert venue.book(BTC, side, 5) == [(price, 5)]  # untouched until somebody meets it

    produced = venue.place(alice, BTC, -side, mark, 5, IOC)

    assert ((bob, CancelReason.PRICE_BAND) in cancels(produced)) is is_cancelled
    assert fills(produced) == ([] if is_cancelled else [(price, 5)])
    assert venue.book(BTC, side, 5) == []
    venue.assert_books_balance()


# --- notional ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "lots", "flags", "expected"),
    [
        # One SOL lot at 100,000 ticks is 10 USDC.
        (100_000, 1, 0, OK),
        (99_999, 1, 0, RejectReason.BELOW_MIN_NOTIONAL),
        (99_999, 2, 0, OK),
        (0, 1, MARKET, OK),  # by its limit, 154,500
    ],
)
def test_order_is_worth_at_least_ten_usdc_at_its_limit(
    venue: Venue,
    alice: int,
    bob: int,
    price: int,
    lots: int,
    flags: int,
    expected: RejectReason,
) -> None:
    venue.rest(bob, SOL, SELL, 151_000, 1)

    assert reason(venue.place(alice, SOL, BUY, price, lots, flags)) is expected


def test_reduce_only_order_may_be_worth_less(venue: Venue, alice: int, bob: int) -> None:
    venue.trade(alice, bob, SOL, 150_000, 1)
    venue.set_parameter(SOL, ContractParameter.MIN_NOTIONAL_UNITS, 1_000 * UNITS)

    produced = venue.place(alice, SOL, SELL, 150_000, 1, units.FLAG_REDUCE_ONLY)

    assert reason(produced) is OK


# --- post-only --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "stands", "asked", "expected"),
    [
        (BUY, 600_000, 600_000, 599_999),
        (BUY, 600_000, 599_999, 599_999),
        (SELL, 600_000, 600_000, 600_001),
        (SELL, 600_000, 599_000, 600_001),
    ],
)
def test_post_only_never_locks_or_crosses(
    venue: Venue, alice: int, bob: int, side: int, stands: int, asked: int, expected: int
) -> None:
    venue.rest(bob, BTC, -side, stands, 4)

    produced = venue.place(alice, BTC, side, asked, 5, POST)

    assert fills(produced) == []
    assert venue.book(BTC, side, 5) == [(expected, 5)]
    venue.assert_books_balance()


def test_post_only_slides_onto_the_best_price_of_its_side_when_the_spread_is_one_tick(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, BUY, 599_999, 4)
    venue.rest(bob, BTC, SELL, 600_000, 4)

    venue.place(alice, BTC, BUY, 600_000, 5, POST)

    assert venue.book(BTC, BUY, 5) == [(599_999, 9)]


def test_post_only_that_would_slide_out_of_the_band_is_refused(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 593_000, 5)
    venue.set_parameter(BTC, ContractParameter.PASSIVE_BAND_PPM, 10_000)

    # Slid to 592,999 it would be more than 1 % below the mark of 600,000.
    produced = venue.place(alice, BTC, BUY, 600_000, 5, POST)

    assert reason(produced) is OUTSIDE
    assert venue.book(BTC, BUY, 5) == []


@pytest.mark.parametrize(("flags", "expected"), [(POST, 599_999), (REJECT, 0)])
def test_amending_post_only_into_the_other_side_slides_or_is_refused(
    venue: Venue, alice: int, bob: int, flags: int, expected: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 4)
    order = venue.place(alice, BTC, BUY, 599_000, 5, flags)[0]["order"]

    produced = venue.do(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        order=order,
        price_ticks=600_500,
        quantity_lots=5,
    )

    if expected:
        assert kinds(produced) == [EventKind.ORDER_AMENDED]
        assert venue.book(BTC, BUY, 5) == [(expected, 5)]
    else:
        assert reason(produced) is RejectReason.POST_ONLY_WOULD_TAKE
        assert venue.book(BTC, BUY, 5) == [(599_000, 5)]
    venue.assert_books_balance()
