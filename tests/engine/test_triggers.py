"""TRIG, WAIT and FIRE rules: stop, take and trailing orders, from waiting to what they did."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, ETH, UNITS, Event, Venue, kinds, reason

STOP_LIMIT, STOP_MARKET = units.TYPE_STOP_LIMIT, units.TYPE_STOP_MARKET
TAKE_LIMIT, TAKE_MARKET = units.TYPE_TAKE_LIMIT, units.TYPE_TAKE_MARKET
TRAILING = units.TYPE_TRAILING_STOP
MARK, INDEX, LAST = units.TRIGGER_MARK, units.TRIGGER_INDEX, units.TRIGGER_LAST
IOC, FOK = units.TIF_IMMEDIATE_OR_CANCEL, units.TIF_FILL_OR_KILL


def wait(
    venue: Venue,
    account: int,
    side: int,
    flags: int,
    trigger: int,
    price: int = 0,
    lots: int = 10,
    **more: int,
) -> int:
    """A BTC order that waits for its trigger; its id."""
    produced = venue.place(
        account, BTC, side, price, lots, flags, trigger_ticks=trigger, **more
    )
    assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
    assert kinds(produced) == [EventKind.ORDER_ACCEPTED]
    return produced[0]["order"]


def amend(
    venue: Venue, account: int, order: int, price: int, lots: int, trigger: int = 0
) -> list[Event]:
    return venue.do(
        CommandKind.AMEND_ORDER,
        account,
        account=account,
        contract=BTC,
        order=order,
        price_ticks=price,
        quantity_lots=lots,
        trigger_ticks=trigger,
    )


def move(venue: Venue, price: int) -> list[Event]:
    """Moves the index, and the mark as far as one second lets it go."""
    return venue.set_price(BTC, price) + venue.tick(0.25)


def fired(produced: list[Event]) -> list[tuple[int, int, int]]:
    """(order, trigger, price that fired it) of each order that fired."""
    return [
        (event["order"], event["trigger_ticks"], event["fired_ticks"])
        for event in produced
        if event["kind"] == EventKind.ORDER_TRIGGERED
    ]


def of_kind(produced: list[Event], kind: EventKind) -> list[Event]:
    return [event for event in produced if event["kind"] == kind]


def trigger_of(venue: Venue, order: int) -> int:
    slot = order & (units.ORDERS_MAX - 1)
    return int(venue.state.conditions[slot]["trigger_ticks"])


def print_last(venue: Venue, buyer: int, seller: int, price: int) -> list[Event]:
    """One lot trades at a price, which is the last price then."""
    venue.rest(seller, BTC, SELL, price, 1)
    return venue.place(buyer, BTC, BUY, price, 1, IOC)


# --- waiting ----------------------------------------------------------------------------------


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
