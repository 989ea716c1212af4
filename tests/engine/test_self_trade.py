"""EXEC-005: what an owner's orders do when they meet, in each of the three modes."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, UNITS, Event, Venue, kinds, reason

REJECT_TAKER, CANCEL_BOTH = units.SELF_TRADE_REJECT_TAKER, units.SELF_TRADE_CANCEL_BOTH
SELF = CancelReason.SELF_TRADE


def set_mode(venue: Venue, account: int, mode: int) -> list[Event]:
    return venue.must(CommandKind.SET_SELF_TRADE_MODE, account, account=account, mode=mode)


def cancels(produced: list[Event]) -> list[tuple[int, int, CancelReason]]:
    """(account, lots, reason) of each cancellation."""
    return [
        (event["account"], event["quantity_lots"], CancelReason(event["reason"]))
        for event in produced
        if event["kind"] == EventKind.ORDER_CANCELLED
    ]


def fills(produced: list[Event]) -> list[tuple[int, int]]:
    """(maker's account, lots) of each trade."""
    return [
        (event["account"], event["quantity_lots"])
        for event in produced
        if event["kind"] == EventKind.ORDER_FILLED and event["flags"] & units.FLAG_MAKER
    ]


@pytest.fixture
def savings(venue: Venue, alice: int) -> int:
    """A sub-account of Alice with 10,000 USDC."""
    account = venue.open_account(owner=alice)
    venue.deposit(account, 10_000 * UNITS)
    return account


def test_mode_is_the_owners_whichever_account_sets_it(
    venue: Venue, alice: int, savings: int
) -> None:
    (first,) = set_mode(venue, savings, CANCEL_BOTH)
    (second,) = set_mode(venue, alice, REJECT_TAKER)

    assert first["kind"] == EventKind.SELF_TRADE_MODE_SET
    assert (first["account"], first["previous_mode"], first["mode"]) == (alice, 0, 2)
    assert (second["previous_mode"], second["mode"]) == (2, 1)


def test_reject_taker_refuses_an_order_that_meets_its_own_first(
    venue: Venue, alice: int, bob: int, savings: int
) -> None:
    set_mode(venue, alice, REJECT_TAKER)
    venue.rest(savings, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_000, 4)

    produced = venue.place(alice, BTC, BUY, 600_000, 4)
    beside = venue.place(alice, BTC, BUY, 599_999, 4)

    assert reason(produced) is RejectReason.WOULD_SELF_TRADE
    assert reason(beside) is RejectReason.ACCEPTED
    assert venue.book(BTC, SELL, 5) == [(600_000, 8)]


def test_reject_taker_stops_an_order_that_meets_its_own_later(
    venue: Venue, alice: int, bob: int, savings: int
) -> None:
    set_mode(venue, alice, REJECT_TAKER)
    venue.rest(bob, BTC, SELL, 600_000, 3)
    venue.rest(savings, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_001, 9)

    produced = venue.place(alice, BTC, BUY, 600_001, 10)

    assert fills(produced) == [(bob, 3)]
    assert cancels(produced) == [(alice, 7, SELF)]
    assert venue.book(BTC, SELL, 5) == [(600_000, 4), (600_001, 9)]
    assert venue.book(BTC, BUY, 5) == []
    venue.assert_books_balance()


def test_cancel_both_takes_the_resting_order_and_the_rest_of_the_other(
    venue: Venue, alice: int, bob: int, savings: int
) -> None:
    set_mode(venue, savings, CANCEL_BOTH)
    venue.rest(bob, BTC, SELL, 600_000, 3)
    venue.rest(savings, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_001, 9)

    produced = venue.place(alice, BTC, BUY, 600_001, 10)

    assert fills(produced) == [(bob, 3)]
    assert cancels(produced) == [(savings, 4, SELF), (alice, 7, SELF)]
    assert venue.book(BTC, SELL, 5) == [(600_001, 9)]
    venue.assert_books_balance()


@pytest.mark.parametrize("mode", [REJECT_TAKER, CANCEL_BOTH])
def test_fill_or_kill_behind_an_own_order_is_refused_whole(
    venue: Venue, alice: int, bob: int, savings: int, mode: int
) -> None:
    set_mode(venue, alice, mode)
    venue.rest(bob, BTC, SELL, 600_000, 3)
    venue.rest(savings, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_001, 9)

    behind = venue.place(alice, BTC, BUY, 600_001, 4, units.TIF_FILL_OR_KILL)
    before = venue.place(alice, BTC, BUY, 600_001, 3, units.TIF_FILL_OR_KILL)

    assert reason(behind) is RejectReason.FILL_OR_KILL_UNFILLABLE
    assert fills(before) == [(bob, 3)]


def test_amendment_that_would_meet_an_own_order_is_refused(
    venue: Venue, alice: int, savings: int
) -> None:
    set_mode(venue, alice, REJECT_TAKER)
    venue.rest(savings, BTC, SELL, 600_000, 4)
    order = venue.rest(alice, BTC, BUY, 599_000, 4)

    produced = venue.do(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        order=order,
        price_ticks=600_000,
        quantity_lots=4,
    )

    assert reason(produced) is RejectReason.WOULD_SELF_TRADE
    assert venue.book(BTC, BUY, 5) == [(599_000, 4)]
    venue.assert_books_balance()


@pytest.mark.parametrize("mode", [REJECT_TAKER, CANCEL_BOTH])
def test_no_mode_stands_in_the_way_of_a_liquidation(
    venue: Venue, alice: int, bob: int, mode: int
) -> None:
    poor = venue.open_funded(1_300 * UNITS)
    other = venue.open_account(owner=poor)
    venue.deposit(other, 100_000 * UNITS)
    set_mode(venue, poor, mode)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    venue.rest(other, BTC, BUY, 592_100, 1_000)
    venue.rest(bob, BTC, BUY, 592_000, 1_000)

    produced: list[Event] = []
    while venue.mark(BTC) != 592_000:
        produced += venue.set_price(BTC, 592_000)

    assert EventKind.LIQUIDATION_STEPPED in kinds(produced)
    assert (other, 1_000, SELF) in cancels(produced)
    assert {account for account, _ in fills(produced)} == {bob}
    venue.assert_books_balance()
