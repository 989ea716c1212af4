"""LINK, FOLLOW and ACT rules: exits are dormant until their entry fills, and protect that."""

import numpy as np

from exchange.engine import units
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, SELL
from tests.engine.linked_orders import (
    DAY,
    LINKED,
    MARKET,
    OTO,
    OTOCO,
    REDUCE,
    STOP,
    TAKE,
    TRAILING,
    bracket,
    cancelled,
    group,
    is_dormant,
    lots,
    member,
    of_kind,
    row,
    sell_to,
)
from tests.engine.venue import BTC, UNITS, Venue

# --- a bracket: dormant, then sized to what filled --------------------------------------------


def test_exits_are_dormant_until_the_entry_fills(venue: Venue, alice: int) -> None:
    entry, stop, take = bracket(venue, alice, 599_000)

    assert venue.book(BTC, SELL, 5) == []
    assert venue.book(BTC, BUY, 5) == [(599_000, 10)]
    assert (is_dormant(venue, stop), is_dormant(venue, take)) == (True, True)
    assert row(venue, entry)["flags"] == LINKED
    assert venue.state.accounts[alice]["order_count"] == 3
    assert venue.position(alice, BTC)["sell_lots"] == 0
    venue.assert_books_balance()


def test_group_is_told_as_one_when_it_is_whole(venue: Venue, alice: int) -> None:
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    take = member(alice, SELL, REDUCE, 610_000)

    produced = group(venue, OTOCO, stop, take, member(alice, BUY, 0, 599_000))

    first, second, entry = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))
    assert [e["kind"] for e in produced] == [
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDERS_LINKED,
    ]
    told = produced[3]
    assert (told["order"], told["link"]) == (entry, OTOCO)
    assert (told["other_0"], told["other_1"]) == (first, second)


def test_each_exit_grows_by_what_the_entry_fills(venue: Venue, alice: int, bob: int) -> None:
    _, stop, take = bracket(venue, alice)

    produced = sell_to(venue, bob, 3)

    activated = of_kind(produced, EventKind.ORDER_ACTIVATED)
    assert [(e["order"], e["quantity_lots"]) for e in activated] == [(stop, 3), (take, 3)]
    assert [e["flags"] for e in activated] == [STOP | REDUCE | LINKED, REDUCE | LINKED]
    assert venue.book(BTC, SELL, 5) == [(610_000, 3)]

    produced = sell_to(venue, bob, 4)

    resized = of_kind(produced, EventKind.ORDER_AMENDED)
    assert [(e["order"], e["quantity_lots"]) for e in resized] == [(stop, 7), (take, 7)]
    assert [e["trigger_ticks"] for e in resized] == [590_000, 0]
    assert venue.book(BTC, SELL, 5) == [(610_000, 7)]
    assert venue.book(BTC, BUY, 5) == [(600_000, 3)]
    venue.assert_books_balance()


def test_exit_that_grows_in_the_book_queues_behind_its_price(
    venue: Venue, alice: int, bob: int
) -> None:
    _, _, take = bracket(venue, alice)
    sell_to(venue, bob, 3)
    other = venue.rest(bob, BTC, SELL, 610_000, 5)

    sell_to(venue, bob, 1)

    first = int(venue.state.levels[row(venue, take)["level"]]["first"]) - 1
    assert int(venue.state.orders[first]["id"]) == other


def test_market_entry_is_protected_in_its_own_command(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_100, 6)

    entry, stop, take = bracket(venue, alice, 0, flags=MARKET)

    assert row(venue, entry) == {}  # six filled, four were never there
    assert (lots(venue, stop), lots(venue, take)) == (6, 6)
    assert venue.book(BTC, SELL, 5) == [(610_000, 6)]
    venue.assert_books_balance()


def test_entry_that_waits_for_a_trigger_brings_its_exits(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 603_000, 10)
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    produced = group(venue, OTO, stop, member(alice, BUY, STOP, trigger=601_000))
    exit_id, entry = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))

    venue.drive_price(BTC, 602_000)

    assert row(venue, entry) == {}
    assert venue.position(alice, BTC)["lots"] == 10
    assert (lots(venue, exit_id), is_dormant(venue, exit_id)) == (10, False)
    venue.assert_books_balance()


# --- what an exit does to the others ----------------------------------------------------------


def test_what_one_exit_fills_is_taken_off_the_other(venue: Venue, alice: int, bob: int) -> None:
    _, stop, take = bracket(venue, alice)
    sell_to(venue, bob, 10)
    venue.drive_price(BTC, 608_000)

    produced = venue.place(bob, BTC, BUY, 610_000, 4)

    (cut,) = of_kind(produced, EventKind.ORDER_REDUCED)
    assert (cut["order"], cut["cut_lots"], cut["remaining_lots"]) == (stop, 4, 6)
    assert cut["reason"] == CancelReason.LINKED
    assert (lots(venue, stop), lots(venue, take)) == (6, 6)

    produced = venue.place(bob, BTC, BUY, 610_000, 6)

    assert cancelled(produced) == [(stop, 6, CancelReason.LINKED)]
    assert venue.state.accounts[alice]["order_count"] == 0
    venue.assert_books_balance()


def test_exit_that_trades_ends_what_is_left_of_the_entry(
    venue: Venue, alice: int, bob: int
) -> None:
    entry, stop, take = bracket(venue, alice)
    sell_to(venue, bob, 4)
    venue.drive_price(BTC, 608_000)

    produced = venue.place(bob, BTC, BUY, 610_000, 1)

    assert cancelled(produced) == [(entry, 6, CancelReason.LINKED)]
    assert (lots(venue, stop), lots(venue, take)) == (3, 3)
    assert venue.book(BTC, BUY, 5) == []
    venue.assert_books_balance()


def test_exit_that_fires_ends_the_entry_before_it_trades(
    venue: Venue, alice: int, bob: int
) -> None:
    entry, stop, take = bracket(venue, alice, 591_000)
    venue.drive_price(BTC, 592_000)
    sell_to(venue, bob, 4, 591_000)
    venue.rest(bob, BTC, BUY, 589_000, 10)

    venue.drive_price(BTC, 589_500)

    assert [row(venue, order) for order in (entry, stop, take)] == [{}, {}, {}]
    assert venue.position(alice, BTC)["lots"] == 0
    assert venue.book(BTC, BUY, 5) == [(589_000, 6)]
    venue.assert_books_balance()


def test_exit_whose_trigger_is_passed_fires_as_soon_as_it_is_live(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, BUY, 599_000, 20)
    take = member(alice, SELL, TAKE | REDUCE, trigger=599_500)
    group(venue, OTO, take, member(alice, BUY, 0, 600_000))

    produced = sell_to(venue, bob, 10)

    (fired,) = of_kind(produced, EventKind.ORDER_TRIGGERED)
    assert (fired["trigger_ticks"], fired["fired_ticks"]) == (599_500, 600_000)
    assert venue.position(alice, BTC)["lots"] == 0
    venue.assert_books_balance()


def test_exit_that_is_refused_leaves_the_other(venue: Venue, alice: int, bob: int) -> None:
    venue.rest(bob, BTC, BUY, 605_000, 1)
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    flags = REDUCE | units.FLAG_POST_ONLY | units.FLAG_REJECT_POST_ONLY
    take = member(alice, SELL, flags, 604_000)
    venue.rest(bob, BTC, SELL, 606_000, 10)

    produced = group(venue, OTOCO, stop, take, member(alice, BUY, 0, 606_000))

    stop_id, take_id, _ = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))
    assert cancelled(produced) == [(take_id, 10, CancelReason.LINK_REFUSED)]
    (ended,) = of_kind(produced, EventKind.ORDER_CANCELLED)
    assert ended["reject_reason"] == RejectReason.POST_ONLY_WOULD_TAKE
    assert lots(venue, stop_id) == 10
    venue.assert_books_balance()


def test_trailing_exit_starts_from_the_price_at_which_it_goes_live(
    venue: Venue, alice: int, bob: int
) -> None:
    trail = member(alice, SELL, TRAILING | REDUCE, trigger=5_000)
    produced = group(venue, OTO, trail, member(alice, BUY, 0, 598_000))
    assert (produced[0]["trigger_ticks"], produced[0]["offset_ticks"]) == (0, 5_000)
    venue.drive_price(BTC, 599_000)

    produced = sell_to(venue, bob, 10, 598_000)

    (activated,) = of_kind(produced, EventKind.ORDER_ACTIVATED)
    assert (activated["trigger_ticks"], activated["offset_ticks"]) == (594_000, 5_000)


# --- how an entry ends ------------------------------------------------------------------------


def test_entry_cancelled_unfilled_takes_its_exits(venue: Venue, alice: int) -> None:
    entry, stop, take = bracket(venue, alice)

    produced = venue.cancel(alice, entry)

    assert cancelled(produced) == [
        (entry, 10, CancelReason.BY_OWNER),
        (stop, 10, CancelReason.LINKED),
        (take, 10, CancelReason.LINKED),
    ]
    assert venue.position(alice, BTC)["contract"] == 0
    venue.assert_books_balance()


def test_entry_cancelled_in_part_filled_leaves_its_exits(
    venue: Venue, alice: int, bob: int
) -> None:
    entry, stop, take = bracket(venue, alice)
    sell_to(venue, bob, 3)

    produced = venue.cancel(alice, entry)

    assert cancelled(produced) == [(entry, 7, CancelReason.BY_OWNER)]
    assert (lots(venue, stop), lots(venue, take)) == (3, 3)
    venue.assert_books_balance()


def test_entry_that_meets_nobody_takes_its_exits(venue: Venue, alice: int) -> None:
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    ioc = member(alice, BUY, units.TIF_IMMEDIATE_OR_CANCEL, 600_000)

    produced = group(venue, OTO, stop, ioc)

    stop_id, entry = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))
    assert cancelled(produced) == [
        (entry, 10, CancelReason.IMMEDIATE_OR_CANCEL),
        (stop_id, 10, CancelReason.LINKED),
    ]
    assert venue.state.accounts[alice]["order_count"] == 0


def test_day_of_an_entry_ends_with_its_exits(venue: Venue, alice: int) -> None:
    entry, stop, take = bracket(venue, alice, flags=DAY)

    produced = venue.tick(86_400)

    assert cancelled(produced) == [
        (entry, 10, CancelReason.EXPIRED),
        (stop, 10, CancelReason.LINKED),
        (take, 10, CancelReason.LINKED),
    ]
    venue.assert_books_balance()


def test_liquidation_ends_all_of_a_bracket(venue: Venue, bob: int) -> None:
    poor = venue.open_funded(20 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 10)
    bracket(venue, poor, 590_500, 1)

    venue.drive_price(BTC, 580_000)

    assert venue.state.accounts[poor]["order_count"] == 0
    venue.assert_books_balance()


def test_entry_passed_over_by_a_match_takes_its_exits(
    venue: Venue, alice: int, bob: int
) -> None:
    entry, stop, take = bracket(venue, alice, 600_000)

    produced = venue.place(alice, BTC, SELL, 600_000, 5)

    assert cancelled(produced)[:3] == [
        (entry, 10, CancelReason.SELF_TRADE),
        (stop, 10, CancelReason.LINKED),
        (take, 10, CancelReason.LINKED),
    ]


# --- what is kept of them ---------------------------------------------------------------------


def test_group_cut_by_a_restart_is_the_same_group(venue: Venue, alice: int, bob: int) -> None:
    before = dump(venue.state)
    bracket(venue, alice)
    sell_to(venue, bob, 3)
    group, sale = venue.journal[-2:]
    machine = StateMachine(load(before))

    for record in np.concatenate([group, sale]):
        machine.apply(record.reshape(1).copy())
        machine = StateMachine(load(dump(machine.state)))

    assert state_hash(machine.state) == state_hash(venue.state)


def test_slots_of_a_bracket_that_has_ended_are_used_for_others(
    venue: Venue, alice: int, bob: int
) -> None:
    old = bracket(venue, alice)
    venue.cancel(alice, old[0])

    new = [venue.rest(bob, BTC, BUY, 599_000 - i, 1) for i in range(3)]

    slots = units.ORDERS_MAX - 1
    assert {order & slots for order in new} == {order & slots for order in old}
    assert not np.any(venue.state.links[:8].view(np.int64))
    assert [row(venue, order)["flags"] for order in new] == [0, 0, 0]
    venue.assert_books_balance()
