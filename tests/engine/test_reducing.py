"""REDUCE rules: reduce-only orders never rest with more lots than there are to reduce."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, ETH, UNITS, Event, Venue, kinds, reason

REDUCE = units.FLAG_REDUCE_ONLY
IOC = units.TIF_IMMEDIATE_OR_CANCEL


def reduce_with(venue: Venue, account: int, side: int, price: int, lots: int) -> int:
    """A reduce-only order that rests; its id."""
    produced = venue.place(account, BTC, side, price, lots, REDUCE)
    assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
    return produced[0]["order"]


def gone(produced: list[Event]) -> list[tuple[int, int]]:
    """(order, lots) of each reduce-only order that was cancelled or cut, in order."""
    found = []
    for event in produced:
        if event["kind"] == EventKind.ORDER_CANCELLED:
            assert CancelReason(event["reason"]) is CancelReason.REDUCE_ONLY
            found.append((event["order"], event["quantity_lots"]))
        elif event["kind"] == EventKind.ORDER_REDUCED:
            found.append((event["order"], event["cut_lots"]))
    return found


@pytest.fixture
def long(venue: Venue, alice: int, bob: int) -> int:
    """Alice, long 10 lots of BTC at 600,000."""
    venue.trade(alice, bob, BTC, 600_000, 10)
    return alice


def test_most_passive_sells_go_when_the_long_shrinks(
    venue: Venue, long: int, carol: int
) -> None:
    near = reduce_with(venue, long, SELL, 601_000, 4)
    far = reduce_with(venue, long, SELL, 603_000, 3)
    middle = reduce_with(venue, long, SELL, 602_000, 3)

    produced = venue.trade(carol, long, BTC, 600_000, 5)

    # Five lots are left to reduce, ten rest: three far ones and two of the middle go.
    assert gone(produced) == [(far, 3), (middle, 2)]
    assert venue.book(BTC, SELL, 5) == [(601_000, 4), (602_000, 1)]
    reduced = produced[-1]
    assert (reduced["quantity_lots"], reduced["remaining_lots"]) == (1, 1)
    assert (reduced["price_ticks"], reduced["position_lots"]) == (602_000, 5)
    assert near not in [order for order, _ in gone(produced)]
    venue.assert_books_balance()


def test_most_passive_buys_go_when_the_short_shrinks(
    venue: Venue, bob: int, long: int, carol: int
) -> None:
    far = reduce_with(venue, bob, BUY, 597_000, 5)
    near = reduce_with(venue, bob, BUY, 599_000, 5)

    produced = venue.trade(bob, carol, BTC, 600_000, 8)

    assert gone(produced) == [(far, 5), (near, 3)]
    assert venue.book(BTC, BUY, 5) == [(599_000, 2)]
    venue.assert_books_balance()


def test_of_one_price_the_order_accepted_last_goes_first(
    venue: Venue, long: int, carol: int
) -> None:
    reduce_with(venue, long, SELL, 601_000, 5)
    last = reduce_with(venue, long, SELL, 601_000, 5)

    produced = venue.trade(carol, long, BTC, 600_000, 3)

    assert gone(produced) == [(last, 3)]
    venue.assert_books_balance()


def test_cut_order_keeps_its_place_in_the_queue(
    venue: Venue, long: int, bob: int, carol: int
) -> None:
    reduce_with(venue, long, SELL, 601_000, 10)
    venue.rest(bob, BTC, SELL, 601_000, 10)
    venue.trade(carol, long, BTC, 600_000, 7)

    produced = venue.place(carol, BTC, BUY, 601_000, 4, IOC)

    makers = [
        (event["account"], event["quantity_lots"])
        for event in produced
        if event["kind"] == EventKind.ORDER_FILLED and event["account"] != carol
    ]
    assert makers == [(long, 3), (bob, 1)]
    assert venue.position(long, BTC)["lots"] == 0


def test_all_go_when_the_position_closes_or_turns(venue: Venue, long: int, carol: int) -> None:
    order = reduce_with(venue, long, SELL, 601_000, 10)

    produced = venue.trade(carol, long, BTC, 600_000, 15)

    assert gone(produced) == [(order, 10)]
    assert venue.position(long, BTC)["lots"] == -5
    assert venue.book(BTC, SELL, 5) == []
    venue.assert_books_balance()


def test_filling_a_reduce_only_order_itself_cuts_nothing(
    venue: Venue, long: int, carol: int
) -> None:
    reduce_with(venue, long, SELL, 601_000, 6)
    reduce_with(venue, long, SELL, 602_000, 4)

    produced = venue.place(carol, BTC, BUY, 601_000, 3, IOC)

    assert gone(produced) == []
    assert venue.book(BTC, SELL, 5) == [(601_000, 3), (602_000, 4)]
    venue.assert_books_balance()


def test_new_order_takes_the_lots_of_more_passive_ones(venue: Venue, long: int) -> None:
    far = reduce_with(venue, long, SELL, 605_000, 10)

    produced = venue.place(long, BTC, SELL, 601_000, 50, REDUCE)

    assert produced[0]["quantity_lots"] == 10  # clamped to the position when it came
    assert gone(produced) == [(far, 10)]
    assert venue.book(BTC, SELL, 5) == [(601_000, 10)]
    venue.assert_books_balance()


def test_new_order_that_is_the_most_passive_goes_itself(venue: Venue, long: int) -> None:
    reduce_with(venue, long, SELL, 601_000, 8)

    produced = venue.place(long, BTC, SELL, 605_000, 10, REDUCE)

    assert gone(produced) == [(produced[0]["order"], 8)]
    assert venue.book(BTC, SELL, 5) == [(601_000, 8), (605_000, 2)]
    venue.assert_books_balance()


def test_amending_up_is_cut_as_well(venue: Venue, long: int) -> None:
    order = reduce_with(venue, long, SELL, 601_000, 8)

    produced = venue.must(
        CommandKind.AMEND_ORDER,
        long,
        account=long,
        order=order,
        price_ticks=601_000,
        quantity_lots=30,
    )

    assert kinds(produced) == [EventKind.ORDER_AMENDED, EventKind.ORDER_REDUCED]
    assert gone(produced) == [(order, 20)]
    venue.assert_books_balance()


def test_waiting_orders_and_ordinary_ones_are_not_counted(
    venue: Venue, long: int, carol: int
) -> None:
    stop = REDUCE | units.TYPE_STOP_MARKET
    venue.place(long, BTC, SELL, 0, 10, stop, trigger_ticks=590_000)
    venue.rest(long, BTC, SELL, 604_000, 10)
    reduce_with(venue, long, SELL, 601_000, 10)

    produced = venue.trade(carol, long, BTC, 600_000, 1)

    assert len(gone(produced)) == 1
    assert venue.book(BTC, SELL, 5) == [(601_000, 9), (604_000, 10)]
    assert venue.state.accounts[long]["order_count"] == 3
    venue.assert_books_balance()


def test_positions_of_other_contracts_are_left_alone(
    venue: Venue, long: int, bob: int, carol: int
) -> None:
    venue.trade(long, bob, ETH, 300_000, 10)
    venue.place(long, ETH, SELL, 301_000, 10, REDUCE)
    reduce_with(venue, long, SELL, 601_000, 10)

    venue.trade(carol, long, BTC, 600_000, 10)

    assert venue.book(BTC, SELL, 5) == []
    assert venue.book(ETH, SELL, 5) == [(301_000, 10)]
    venue.assert_books_balance()


def test_liquidation_of_the_other_side_cuts_its_makers_too(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    passive = reduce_with(venue, bob, BUY, 580_100, 900)
    venue.rest(bob, BTC, BUY, 592_000, 500)

    produced: list[Event] = []
    while venue.mark(BTC) != 592_000:
        produced += venue.set_price(BTC, 592_000)

    cut = [lots for order, lots in gone_of(produced, passive)]
    filled = 1_000 - abs(venue.position(bob, BTC)["lots"])
    assert filled > 100
    assert sum(cut) == filled - 100
    venue.assert_books_balance()


def gone_of(produced: list[Event], order: int) -> list[tuple[int, int]]:
    return gone([event for event in produced if event.get("order") == order])
