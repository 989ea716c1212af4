"""TRIG and WAIT rules: stop, take and trailing orders while they wait, and their amendments."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, ETH, UNITS, Event, Venue, kinds, reason
from tests.engine.waiting_orders import (
    INDEX,
    IOC,
    LAST,
    STOP_LIMIT,
    STOP_MARKET,
    TAKE_LIMIT,
    TAKE_MARKET,
    TRAILING,
    amend,
    fired,
    move,
    of_kind,
    trigger_of,
    wait,
)


def test_waiting_order_is_open_but_in_no_book_and_without_margin(
    venue: Venue, alice: int
) -> None:
    poor = venue.open_funded(1)

    produced = venue.place(
        poor, BTC, BUY, 604_000, 1_000, STOP_LIMIT, trigger_ticks=603_000, label=7
    )

    (accepted,) = produced
    assert (accepted["price_ticks"], accepted["trigger_ticks"]) == (604_000, 603_000)
    assert accepted["flags"] == STOP_LIMIT
    assert venue.book(BTC, BUY, 5) == []
    assert venue.state.accounts[poor]["order_count"] == 1
    assert venue.position(poor, BTC)["buy_lots"] == 0
    venue.assert_books_balance()


@pytest.mark.parametrize(
    ("side", "flags", "trigger"),
    [
        (BUY, STOP_MARKET, 600_000),
        (BUY, STOP_MARKET, 599_999),
        (SELL, STOP_LIMIT, 600_000),
        (SELL, STOP_LIMIT, 600_001),
        (BUY, TAKE_LIMIT, 600_000),
        (SELL, TAKE_MARKET, 600_000),
        (BUY, STOP_MARKET | INDEX, 600_000),
    ],
)
def test_trigger_that_the_price_has_reached_is_refused(
    venue: Venue, alice: int, side: int, flags: int, trigger: int
) -> None:
    price = 0 if flags & units.TYPE_MARKET else 600_000

    produced = venue.place(alice, BTC, side, price, 10, flags, trigger_ticks=trigger)

    assert reason(produced) is RejectReason.TRIGGER_ALREADY_REACHED


@pytest.mark.parametrize(
    ("flags", "trigger"),
    [
        (STOP_MARKET, 0),
        (STOP_MARKET, -1),
        (STOP_MARKET, 6_000_001),
        (TRAILING, 600_000),
        (units.TYPE_MARKET | IOC, 603_000),
    ],
)
def test_trigger_that_makes_no_sense_is_refused(
    venue: Venue, alice: int, flags: int, trigger: int
) -> None:
    produced = venue.place(alice, BTC, SELL, 0, 10, flags, trigger_ticks=trigger)

    assert reason(produced) is RejectReason.INVALID_TRIGGER


@pytest.mark.parametrize(
    "flags",
    [
        6,
        8,
        STOP_LIMIT | 3 << 12,
        units.TYPE_LIMIT | LAST,
        STOP_MARKET | units.FLAG_POST_ONLY,
        STOP_LIMIT | IOC | units.FLAG_POST_ONLY,
        STOP_LIMIT | units.FLAG_TRIGGERED,
    ],
)
def test_flags_that_contradict_each_other_are_refused(
    venue: Venue, alice: int, flags: int
) -> None:
    price = 0 if flags & units.TYPE_MARKET else 600_000

    produced = venue.place(alice, BTC, BUY, price, 10, flags, trigger_ticks=603_000)

    assert reason(produced) is RejectReason.INVALID_FLAGS


def test_waiting_order_is_cancelled_by_id_by_label_and_with_all(
    venue: Venue, alice: int
) -> None:
    first = wait(venue, alice, BUY, STOP_MARKET, 603_000)
    wait(venue, alice, BUY, STOP_MARKET, 603_000, label=7)
    wait(venue, alice, SELL, TRAILING, 1_000)

    (by_id,) = venue.cancel(alice, first)
    (by_label,) = venue.must(CommandKind.CANCEL_ALL, alice, account=alice, contract=-1, label=7)
    (with_all,) = venue.must(CommandKind.CANCEL_ALL, alice, account=alice, contract=BTC)

    for event in (by_id, by_label, with_all):
        assert event["kind"] == EventKind.ORDER_CANCELLED
        assert (event["reason"], event["resting"]) == (CancelReason.BY_OWNER, 0)
        assert (event["quantity_lots"], event["filled_lots"]) == (10, 0)
    assert venue.state.accounts[alice]["order_count"] == 0
    assert venue.position(alice, BTC)["order_count"] == 0
    venue.assert_books_balance()


def test_waiting_orders_count_towards_five_hundred(venue: Venue, alice: int) -> None:
    for _ in range(500):
        wait(venue, alice, BUY, STOP_MARKET, 603_000)

    produced = venue.place(alice, BTC, BUY, 590_000, 10)

    assert reason(produced) is RejectReason.TOO_MANY_ORDERS


def test_waiting_order_is_cancelled_when_its_account_is_liquidated(
    venue: Venue, alice: int, bob: int
) -> None:
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    # Reached by the very mark that puts the account under water: liquidation comes first.
    stop = wait(venue, poor, SELL, STOP_MARKET | units.FLAG_REDUCE_ONLY, 592_500, lots=1_000)

    produced: list[Event] = []
    while venue.mark(BTC) != 592_000:
        produced += move(venue, 592_000)

    (cancelled,) = [
        event for event in of_kind(produced, EventKind.ORDER_CANCELLED)
        if event["order"] == stop
    ]  # fmt: skip
    assert cancelled["reason"] == CancelReason.LIQUIDATION
    assert fired(produced) == []
    venue.assert_books_balance()


# --- firing -----------------------------------------------------------------------------------


def test_amending_trigger_price_and_quantity_of_a_waiting_order(
    venue: Venue, alice: int
) -> None:
    order = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 601_000, price=601_000)

    (amended,) = amend(venue, alice, order, 602_500, 25, trigger=602_000)

    assert amended["kind"] == EventKind.ORDER_AMENDED
    assert (amended["price_ticks"], amended["previous_price_ticks"]) == (602_500, 601_000)
    assert (amended["quantity_lots"], amended["remaining_lots"]) == (25, 25)
    assert (amended["previous_remaining_lots"], amended["trigger_ticks"]) == (10, 602_000)
    venue.assert_books_balance()
    assert fired(move(venue, 601_500)) == []
    assert fired(move(venue, 602_000)) == [(order, 602_000, 602_000)]
    assert venue.book(BTC, BUY, 5) == [(602_500, 25)]


def test_amending_without_a_trigger_keeps_the_place_among_those_that_wait(
    venue: Venue, alice: int, bob: int
) -> None:
    first = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)
    second = wait(venue, bob, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)
    third = wait(venue, bob, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)

    amend(venue, alice, first, 591_000, 20)
    amend(venue, bob, second, 590_000, 10, trigger=601_001)
    amend(venue, bob, second, 590_000, 10, trigger=601_000)

    venue.assert_books_balance()
    produced = move(venue, 601_500)
    assert [order for order, _, _ in fired(produced)] == [first, third, second]


@pytest.mark.parametrize(
    ("price", "lots", "trigger", "expected"),
    [
        (601_000, 10, 600_000, RejectReason.TRIGGER_ALREADY_REACHED),
        (601_000, 10, -5, RejectReason.INVALID_TRIGGER),
        (0, 10, 602_000, RejectReason.INVALID_PRICE),
        (601_000, 0, 602_000, RejectReason.INVALID_QUANTITY),
        (601_000, 16_666_667, 602_000, RejectReason.POSITION_LIMIT),
        (1, 1, 602_000, RejectReason.BELOW_MIN_NOTIONAL),
    ],
)
def test_amendment_of_a_waiting_order_is_checked_like_a_new_one(
    venue: Venue, alice: int, price: int, lots: int, trigger: int, expected: RejectReason
) -> None:
    order = wait(venue, alice, BUY, STOP_LIMIT, 601_000, price=601_000)

    produced = amend(venue, alice, order, price, lots, trigger)

    assert reason(produced) is expected
    venue.assert_books_balance()


def test_trigger_of_an_order_that_has_fired_cannot_be_amended(venue: Venue, alice: int) -> None:
    order = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)
    move(venue, 601_000)

    assert reason(amend(venue, alice, order, 590_000, 5, trigger=602_000)) is (
        RejectReason.INVALID_TRIGGER
    )
    assert kinds(amend(venue, alice, order, 590_000, 5)) == [EventKind.ORDER_AMENDED]
    assert venue.book(BTC, BUY, 5) == [(590_000, 5)]


# --- state ------------------------------------------------------------------------------------


def test_waiting_orders_survive_a_snapshot(venue: Venue, alice: int, bob: int) -> None:
    stop = wait(venue, alice, BUY, STOP_LIMIT | INDEX, 601_000, price=590_000)
    trailing = wait(venue, bob, BUY, TRAILING, 2_000)
    venue.set_price(ETH, 300_000)

    venue.machine = StateMachine(load(dump(venue.state)))

    venue.assert_books_balance()
    assert fired(move(venue, 601_000)) == [(stop, 601_000, 601_000)]
    assert trigger_of(venue, trailing) == 602_000
