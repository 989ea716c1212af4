"""TRIG rules of trailing stops: what they follow, what is told of it, and when they fire."""

from exchange.engine.events import EventKind
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, Event, Venue
from tests.engine.waiting_orders import (
    IOC,
    LAST,
    TRAILING,
    amend,
    fired,
    move,
    of_kind,
    print_last,
    trigger_of,
    wait,
)


def test_trailing_sell_follows_the_highest_price_and_fires_on_the_way_down(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    print_last(venue, alice, bob, 600_000)
    order = wait(venue, carol, SELL, TRAILING | LAST, 1_000)
    assert trigger_of(venue, order) == 599_000
    print_last(venue, alice, bob, 602_000)
    assert trigger_of(venue, order) == 601_000
    print_last(venue, alice, bob, 601_500)
    assert trigger_of(venue, order) == 601_000
    venue.rest(bob, BTC, BUY, 600_900, 10)

    # Two lots below the trigger: the second finds the trailing stop selling.
    produced = venue.place(alice, BTC, SELL, 600_900, 2, IOC)

    assert fired(produced) == [(order, 601_000, 600_900)]
    assert venue.position(carol, BTC)["lots"] == -8
    venue.assert_books_balance()


def test_trailing_buy_follows_the_lowest_mark(venue: Venue, alice: int, bob: int) -> None:
    order = wait(venue, alice, BUY, TRAILING, 2_000)
    venue.rest(bob, BTC, SELL, 600_500, 10)
    assert trigger_of(venue, order) == 602_000
    assert venue.drive_price(BTC, 598_000) == 598_000
    assert trigger_of(venue, order) == 600_000

    produced: list[Event] = []
    while not fired(produced):
        produced += move(venue, 600_000)

    assert fired(produced) == [(order, 600_000, 600_000)]
    assert venue.position(alice, BTC)["lots"] == 10


def test_trailing_stops_of_different_ages_each_know_their_own_best_price(
    venue: Venue, alice: int, bob: int
) -> None:
    print_last(venue, alice, bob, 605_000)
    old = wait(venue, alice, SELL, TRAILING | LAST, 10_000)
    print_last(venue, alice, bob, 600_000)
    young = wait(venue, alice, SELL, TRAILING | LAST, 10_000)
    print_last(venue, alice, bob, 603_000)

    assert (trigger_of(venue, old), trigger_of(venue, young)) == (595_000, 593_000)
    print_last(venue, alice, bob, 606_000)
    assert (trigger_of(venue, old), trigger_of(venue, young)) == (596_000, 596_000)
    venue.assert_books_balance()


def test_trailing_stop_that_moved_is_told_once_a_tick(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    print_last(venue, alice, bob, 600_000)
    order = wait(venue, carol, SELL, TRAILING | LAST, 1_000)
    print_last(venue, alice, bob, 602_000)
    print_last(venue, alice, bob, 603_000)

    (moved,) = of_kind(venue.tick(), EventKind.TRIGGER_MOVED)

    assert (moved["account"], moved["order"]) == (carol, order)
    assert (moved["previous_trigger_ticks"], moved["trigger_ticks"]) == (599_000, 602_000)
    assert (moved["offset_ticks"], moved["best_ticks"]) == (1_000, 603_000)
    assert of_kind(venue.tick(), EventKind.TRIGGER_MOVED) == []


# --- amending ---------------------------------------------------------------------------------


def test_amending_the_offset_of_a_trailing_stop_starts_from_the_present_price(
    venue: Venue, alice: int, bob: int
) -> None:
    print_last(venue, alice, bob, 602_000)
    order = wait(venue, alice, SELL, TRAILING | LAST, 5_000)
    print_last(venue, alice, bob, 600_000)

    (kept,) = amend(venue, alice, order, 0, 5, trigger=5_000)
    (anew,) = amend(venue, alice, order, 0, 5, trigger=1_000)

    assert (kept["trigger_ticks"], kept["offset_ticks"]) == (597_000, 5_000)
    assert (anew["trigger_ticks"], anew["offset_ticks"]) == (599_000, 1_000)
    venue.assert_books_balance()
