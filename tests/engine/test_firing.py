"""FIRE rules: when orders with a trigger fire, in which order, and what they do then."""

import pytest

from exchange.engine import units
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, UNITS, Event, Venue, kinds, reason
from tests.engine.waiting_orders import (
    FOK,
    INDEX,
    IOC,
    LAST,
    MARK,
    STOP_LIMIT,
    STOP_MARKET,
    TAKE_LIMIT,
    TAKE_MARKET,
    fired,
    move,
    of_kind,
    print_last,
    wait,
)


@pytest.mark.parametrize(
    ("side", "flags", "trigger", "near"),
    [
        (BUY, STOP_MARKET, 602_000, 601_900),
        (SELL, STOP_MARKET, 598_000, 598_100),
        (BUY, TAKE_MARKET, 598_000, 598_100),
        (SELL, TAKE_MARKET, 602_000, 601_900),
    ],
)
def test_order_fires_when_the_mark_is_at_its_trigger_and_not_before(
    venue: Venue, alice: int, bob: int, side: int, flags: int, trigger: int, near: int
) -> None:
    order = wait(venue, alice, side, flags, trigger)
    venue.rest(bob, BTC, -side, trigger, 4)
    early = []
    while venue.mark(BTC) != near:
        early += move(venue, near)

    produced: list[Event] = []
    while not fired(produced):
        produced += move(venue, trigger)

    assert fired(early) == []
    assert fired(produced) == [(order, trigger, trigger)]
    (triggered,) = of_kind(produced, EventKind.ORDER_TRIGGERED)
    assert triggered["flags"] == flags | IOC | units.FLAG_TRIGGERED
    taken = of_kind(produced, EventKind.ORDER_FILLED)[1]
    assert (taken["order"], taken["price_ticks"], taken["quantity_lots"]) == (
        order, trigger, 4,
    )  # fmt: skip
    (rest,) = of_kind(produced, EventKind.ORDER_CANCELLED)
    assert (rest["quantity_lots"], rest["reason"]) == (6, CancelReason.IMMEDIATE_OR_CANCEL)
    assert venue.state.accounts[alice]["order_count"] == 0
    venue.assert_books_balance()


def test_market_order_that_fires_has_the_band_as_its_limit(
    venue: Venue, alice: int, bob: int
) -> None:
    wait(venue, alice, BUY, STOP_MARKET, 602_000)
    venue.rest(bob, BTC, SELL, 615_000, 4)

    produced: list[Event] = []
    while not fired(produced):
        produced += move(venue, 602_000)

    (triggered,) = of_kind(produced, EventKind.ORDER_TRIGGERED)
    assert (triggered["fired_ticks"], triggered["price_ticks"]) == (602_000, 620_060)


def test_stop_limit_that_fires_rests_behind_those_of_its_price(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    order = wait(venue, alice, SELL, STOP_LIMIT | INDEX, 598_000, price=599_000)
    venue.rest(bob, BTC, SELL, 599_000, 3)

    produced = move(venue, 598_000)

    assert fired(produced) == [(order, 598_000, 598_000)]
    assert venue.book(BTC, SELL, 5) == [(599_000, 13)]
    assert venue.position(alice, BTC)["sell_lots"] == 10
    taken = venue.place(carol, BTC, BUY, 599_000, 5, IOC)
    makers = [e["account"] for e in of_kind(taken, EventKind.ORDER_FILLED)[::2]]
    assert makers == [bob, alice]
    venue.assert_books_balance()


def test_index_trigger_fires_before_the_mark_has_followed(
    venue: Venue, alice: int, bob: int
) -> None:
    by_mark = wait(venue, alice, BUY, STOP_LIMIT | MARK, 602_000, price=590_000)
    by_index = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 602_000, price=590_000)
    # A book below the index draws the mark down by the average of their distance.
    venue.rest(bob, BTC, BUY, 599_990, 1_000)
    venue.rest(bob, BTC, SELL, 600_010, 1_000)

    produced = move(venue, 602_000)
    later = move(venue, 602_500)

    assert fired(produced) == [(by_index, 602_000, 602_000)]
    assert [found[:2] for found in fired(later)] == [(by_mark, 602_000)]


def test_last_price_fires_at_the_end_of_the_command_that_traded(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    print_last(venue, alice, bob, 600_000)
    order = wait(venue, carol, BUY, STOP_LIMIT | LAST, 600_010, price=590_000)
    venue.rest(bob, BTC, SELL, 600_009, 1)
    venue.rest(bob, BTC, SELL, 600_010, 1)
    venue.rest(bob, BTC, SELL, 600_011, 1)

    below = venue.place(alice, BTC, BUY, 600_009, 1, IOC)
    produced = venue.place(alice, BTC, BUY, 600_011, 2, IOC)

    assert fired(below) == []
    # Two trades in one command: the price of the last one is what is looked at.
    assert kinds(produced)[-2:] == [EventKind.ORDER_FILLED, EventKind.ORDER_TRIGGERED]
    assert fired(produced) == [(order, 600_010, 600_011)]
    assert venue.book(BTC, BUY, 5) == [(590_000, 10)]


def test_cascade_of_stops_on_the_last_price_fires_one_after_the_other(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    print_last(venue, alice, bob, 600_000)
    dave = venue.open_funded(100_000 * UNITS)
    for price in (599_000, 598_000, 597_000, 596_000):
        venue.rest(carol, BTC, BUY, price, 10)
    # Each sells what stands at one price, and so fires the next.
    second = wait(venue, bob, SELL, STOP_MARKET | LAST, 598_500)
    first = wait(venue, alice, SELL, STOP_MARKET | LAST, 599_500)
    third = wait(venue, alice, SELL, STOP_MARKET | LAST, 597_500)

    produced = venue.place(dave, BTC, SELL, 599_000, 10, IOC)

    assert fired(produced) == [
        (first, 599_500, 599_000),
        (second, 598_500, 598_000),
        (third, 597_500, 597_000),
    ]
    assert venue.state.contracts[BTC]["last_ticks"] == 596_000
    venue.assert_books_balance()


def test_orders_fire_by_distance_then_in_the_order_they_came(
    venue: Venue, alice: int, bob: int
) -> None:
    far = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 601_500, price=590_000)
    first = wait(venue, bob, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)
    second = wait(venue, alice, SELL, TAKE_LIMIT | INDEX, 601_000, price=611_000)
    by_mark = wait(venue, alice, BUY, STOP_LIMIT | MARK, 601_700, price=590_000)

    produced = move(venue, 602_000)

    # What waits for the mark comes first.
    assert [order for order, _, _ in fired(produced)] == [by_mark, first, second, far]


@pytest.mark.parametrize(
    ("flags", "price", "expected"),
    [
        (STOP_MARKET, 0, RejectReason.NO_LIQUIDITY),
        (STOP_LIMIT, 650_000, RejectReason.PRICE_OUTSIDE_BAND),
        (STOP_LIMIT | FOK, 602_000, RejectReason.FILL_OR_KILL_UNFILLABLE),
        (STOP_LIMIT | units.FLAG_REDUCE_ONLY, 602_000, RejectReason.NOTHING_TO_REDUCE),
    ],
)
def test_order_that_is_refused_when_it_fires_is_cancelled_with_the_reason(
    venue: Venue, alice: int, flags: int, price: int, expected: RejectReason
) -> None:
    order = wait(venue, alice, BUY, flags | INDEX, 602_000, price=price)

    produced = move(venue, 602_000)

    assert kinds(produced)[-2:] == [EventKind.ORDER_TRIGGERED, EventKind.ORDER_CANCELLED]
    cancelled = produced[-1]
    assert (cancelled["order"], cancelled["quantity_lots"]) == (order, 10)
    assert CancelReason(cancelled["reason"]) is CancelReason.TRIGGER_REFUSED
    assert RejectReason(cancelled["reject_reason"]) is expected
    assert venue.state.accounts[alice]["order_count"] == 0
    assert venue.position(alice, BTC)["order_count"] == 0
    venue.assert_books_balance()


def test_order_without_margin_when_it_fires_is_cancelled_with_the_reason(
    venue: Venue, alice: int
) -> None:
    poor = venue.open_funded(100 * UNITS)
    wait(venue, poor, BUY, STOP_LIMIT | INDEX, 602_000, price=601_000, lots=1_000)

    produced = move(venue, 602_000)

    assert RejectReason(produced[-1]["reject_reason"]) is RejectReason.INSUFFICIENT_MARGIN


def test_post_only_order_that_fires_slides(venue: Venue, alice: int, bob: int) -> None:
    venue.rest(bob, BTC, SELL, 601_000, 4)
    wait(venue, alice, BUY, STOP_LIMIT | INDEX | units.FLAG_POST_ONLY, 600_500, price=601_500)

    produced = move(venue, 600_500)

    (triggered,) = of_kind(produced, EventKind.ORDER_TRIGGERED)
    assert triggered["price_ticks"] == 600_999
    assert venue.book(BTC, BUY, 5) == [(600_999, 10)]


def test_reduce_only_stop_closes_what_is_left_of_the_position(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    venue.trade(alice, bob, BTC, 600_000, 10)
    wait(venue, alice, SELL, STOP_MARKET | units.FLAG_REDUCE_ONLY, 599_000, lots=10)
    venue.trade(carol, alice, BTC, 600_000, 7)
    venue.rest(bob, BTC, BUY, 598_900, 50)

    produced: list[Event] = []
    while not fired(produced):
        produced += move(venue, 598_900)

    (triggered,) = of_kind(produced, EventKind.ORDER_TRIGGERED)
    assert triggered["quantity_lots"] == 3
    assert venue.position(alice, BTC)["lots"] == 0
    venue.assert_books_balance()


def test_one_command_fires_256_orders_and_the_next_the_others(venue: Venue, alice: int) -> None:
    accounts = [venue.open_funded(100_000 * UNITS) for _ in range(3)]
    for account in accounts:
        for _ in range(100):
            wait(venue, account, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000, lots=1)
    venue.set_price(BTC, 601_500)
    assert venue.state.contracts[BTC]["index_ticks"] == 600_000

    first = venue.tick(0.25)
    # A command that is refused fires what is left all the same.
    second = venue.place(alice, BTC, BUY, 0, 1)

    assert len(fired(first)) == 256
    assert reason(second) is RejectReason.INVALID_PRICE
    assert len(fired(second)) == 44
    assert len(venue.book(BTC, BUY, 2)) == 1
    assert venue.book(BTC, BUY, 1) == [(590_000, 300)]
    venue.assert_books_balance()


# --- trailing stops ---------------------------------------------------------------------------
