"""DAY rules: until when a good-til-day order lives. The tests begin at 22:13:20 UTC."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, NANOSECONDS, SELL
from tests.engine.venue import BTC, SOL, UNITS, Event, Venue, kinds, reason

DAY = units.TIF_GOOD_TIL_DAY
DAY_END_NS = 1_700_035_200 * NANOSECONDS  # 2023-11-15 08:00 UTC


def rest_for_the_day(
    venue: Venue, account: int, side: int, price: int, flags: int = 0, **more: int
) -> int:
    produced = venue.place(account, BTC, side, price, 10, DAY | flags, **more)
    assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
    return produced[0]["order"]


def at(venue: Venue, time_ns: int) -> list[Event]:
    """A tick at a time."""
    venue.time_ns = time_ns
    return venue.tick()


def cancelled(produced: list[Event]) -> list[tuple[int, CancelReason]]:
    return [
        (event["order"], CancelReason(event["reason"]))
        for event in produced
        if event["kind"] == EventKind.ORDER_CANCELLED
    ]


def test_order_expires_at_eight_utc_and_not_before(venue: Venue, alice: int) -> None:
    order = rest_for_the_day(venue, alice, BUY, 599_000)

    before = at(venue, DAY_END_NS - 1)
    after = at(venue, DAY_END_NS)

    assert cancelled(before) == []
    assert cancelled(after) == [(order, CancelReason.EXPIRED)]
    assert venue.book(BTC, BUY, 5) == []
    assert venue.position(alice, BTC)["order_count"] == 0
    venue.assert_books_balance()


def test_order_accepted_at_eight_utc_lives_for_the_whole_day(venue: Venue, alice: int) -> None:
    venue.time_ns = DAY_END_NS
    venue.observe(BTC, 60_000 * units.INDEX_SCALE)
    order = rest_for_the_day(venue, alice, BUY, 599_000)

    assert cancelled(at(venue, DAY_END_NS + 86_400 * NANOSECONDS - 1)) == []
    assert cancelled(at(venue, DAY_END_NS + 86_400 * NANOSECONDS)) == [
        (order, CancelReason.EXPIRED)
    ]


def test_orders_expire_in_the_order_they_were_accepted_waiting_ones_too(
    venue: Venue, alice: int, bob: int
) -> None:
    first = rest_for_the_day(venue, alice, BUY, 599_000)
    second = rest_for_the_day(venue, bob, BUY, 0, units.TYPE_STOP_MARKET, trigger_ticks=603_000)
    third = rest_for_the_day(venue, alice, SELL, 601_000)
    gone = rest_for_the_day(venue, bob, SELL, 602_000)
    venue.rest(alice, BTC, BUY, 598_000, 10)
    venue.cancel(bob, gone)

    produced = at(venue, DAY_END_NS)

    assert [order for order, _ in cancelled(produced)] == [first, second, third]
    assert venue.book(BTC, BUY, 5) == [(598_000, 10)]
    venue.assert_books_balance()


def test_order_past_its_day_never_trades_though_no_tick_came(
    venue: Venue, alice: int, bob: int
) -> None:
    order = rest_for_the_day(venue, alice, SELL, 600_000)
    venue.rest(alice, BTC, SELL, 600_001, 10)
    venue.time_ns = DAY_END_NS

    killed = venue.place(bob, BTC, BUY, 600_000, 5, units.TIF_FILL_OR_KILL)
    produced = venue.place(bob, BTC, BUY, 600_001, 5, units.TIF_IMMEDIATE_OR_CANCEL)

    assert reason(killed) is RejectReason.FILL_OR_KILL_UNFILLABLE
    assert cancelled(produced) == [(order, CancelReason.EXPIRED)]
    fills = [event for event in produced if event["kind"] == EventKind.ORDER_FILLED]
    assert [fill["price_ticks"] for fill in fills] == [600_001, 600_001]


def test_waiting_order_past_its_day_is_cancelled_instead_of_fired(
    venue: Venue, alice: int
) -> None:
    flags = units.TYPE_STOP_LIMIT | units.TRIGGER_INDEX
    order = rest_for_the_day(venue, alice, BUY, 590_000, flags, trigger_ticks=601_000)
    venue.time_ns = DAY_END_NS - NANOSECONDS

    produced: list[Event] = []
    while not cancelled(produced):
        produced += venue.set_price(BTC, 602_000)

    assert EventKind.ORDER_TRIGGERED not in kinds(produced)
    assert cancelled(produced) == [(order, CancelReason.EXPIRED)]
    venue.assert_books_balance()


def test_amended_order_keeps_its_day(venue: Venue, alice: int) -> None:
    order = rest_for_the_day(venue, alice, BUY, 599_000)
    later = rest_for_the_day(venue, alice, BUY, 598_000)
    fields = {"account": alice, "order": order, "price_ticks": 599_500, "quantity_lots": 20}
    venue.must(CommandKind.AMEND_ORDER, alice, **fields)
    venue.assert_books_balance()

    produced = at(venue, DAY_END_NS)

    assert [order for order, _ in cancelled(produced)] == [later, order]


def test_market_stop_of_a_day_fires_as_immediate_or_cancel(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 601_500, 4)
    flags = units.TYPE_STOP_MARKET | units.TRIGGER_INDEX
    rest_for_the_day(venue, alice, BUY, 0, flags, trigger_ticks=601_000)

    venue.set_price(BTC, 601_000)
    produced = venue.tick(0.25)

    assert [reason for _, reason in cancelled(produced)] == [CancelReason.IMMEDIATE_OR_CANCEL]
    assert venue.position(alice, BTC)["lots"] == 4
    venue.assert_books_balance()
    assert cancelled(at(venue, DAY_END_NS)) == []


@pytest.mark.parametrize("flags", [units.TYPE_MARKET, units.TIF_IMMEDIATE_OR_CANCEL])
def test_day_of_an_order_that_never_rests_is_refused(
    venue: Venue, alice: int, flags: int
) -> None:
    produced = venue.place(alice, BTC, BUY, 0 if flags & 1 else 600_000, 10, DAY | flags)

    assert reason(produced) is RejectReason.INVALID_FLAGS


def test_tick_cancels_a_thousand_expired_orders_at_most(venue: Venue) -> None:
    accounts = [venue.open_funded(1_000_000 * UNITS) for _ in range(3)]
    for account in accounts:
        for _ in range(400):
            venue.place(account, SOL, BUY, 140_000, 1, DAY)
    venue.machine = StateMachine(load(dump(venue.state)))

    first = at(venue, DAY_END_NS)
    second = venue.tick(1)

    assert (len(cancelled(first)), len(cancelled(second))) == (1_000, 200)
    # What is left is that of the last account.
    assert {event["account"] for event in second} == {accounts[2]}
    venue.assert_books_balance()
