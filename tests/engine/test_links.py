"""LINK, DORM and BATCH rules: one order or the other; groups taken in whole; amendments."""

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, OPERATOR, SELL
from tests.engine.linked_orders import (
    MARKET,
    OCO,
    OTO,
    OTOCO,
    REDUCE,
    STOP,
    amend,
    bracket,
    cancelled,
    group,
    is_dormant,
    lots,
    member,
    of_kind,
    pair,
    row,
    sell_to,
)
from tests.engine.venue import BTC, ETH, UNITS, Venue, decode, reason

# --- one order or the other -------------------------------------------------------------------


def test_two_peers_are_live_together(venue: Venue, alice: int) -> None:
    stop, limit = pair(venue, alice)

    assert (lots(venue, stop), lots(venue, limit)) == (10, 10)
    assert not is_dormant(venue, stop)
    assert venue.book(BTC, SELL, 5) == [(610_000, 10)]
    venue.assert_books_balance()


def test_fill_of_one_peer_is_taken_off_the_other(venue: Venue, alice: int, bob: int) -> None:
    stop, limit = pair(venue, alice)
    venue.drive_price(BTC, 608_000)

    venue.place(bob, BTC, BUY, 610_000, 3)

    assert (lots(venue, stop), lots(venue, limit)) == (7, 7)

    produced = venue.place(bob, BTC, BUY, 610_000, 7)

    assert cancelled(produced) == [(stop, 7, CancelReason.LINKED)]
    assert venue.position(alice, BTC)["lots"] == -10
    venue.assert_books_balance()


def test_peer_that_fills_at_once_ends_the_other_before_it_is_live(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, BUY, 599_900, 10)
    stop = member(alice, SELL, STOP, trigger=590_000)

    produced = group(venue, OCO, stop, member(alice, SELL, 0, 599_900))

    stop_id = produced[0]["order"]
    assert cancelled(produced) == [(stop_id, 10, CancelReason.LINKED)]
    assert of_kind(produced, EventKind.ORDER_ACTIVATED) == []
    venue.assert_books_balance()


def test_peer_that_fills_in_part_at_once_leaves_the_rest_to_the_other(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, BUY, 599_900, 4)
    stop = member(alice, SELL, STOP, trigger=590_000)

    produced = group(venue, OCO, stop, member(alice, SELL, 0, 599_900))

    (activated,) = of_kind(produced, EventKind.ORDER_ACTIVATED)
    assert activated["quantity_lots"] == 6
    assert venue.book(BTC, SELL, 5) == [(599_900, 6)]


@pytest.mark.parametrize("first", [0, 1])
def test_owner_cancels_one_peer_and_so_both(venue: Venue, alice: int, first: int) -> None:
    orders = pair(venue, alice)

    produced = venue.cancel(alice, orders[first])

    assert cancelled(produced) == [
        (orders[first], 10, CancelReason.BY_OWNER),
        (orders[1 - first], 10, CancelReason.LINKED),
    ]
    venue.assert_books_balance()


def test_cancel_of_a_label_takes_peers_of_another(venue: Venue, alice: int) -> None:
    apart = venue.place(alice, BTC, BUY, 599_000, 10, label=7)[0]["order"]
    stop = member(alice, SELL, STOP, trigger=590_000, label=7)
    produced = group(venue, OCO, stop, member(alice, SELL, 0, 610_000, label=8))
    one, other = (e["order"] for e in of_kind(produced, EventKind.ORDER_ACCEPTED))

    fields = {"account": alice, "contract": -1, "label": 8}
    produced = venue.must(CommandKind.CANCEL_ALL, alice, **fields)

    assert cancelled(produced) == [
        (other, 10, CancelReason.BY_OWNER),
        (one, 10, CancelReason.LINKED),
    ]
    assert lots(venue, apart) == 10
    venue.assert_books_balance()


def test_cancel_all_ends_each_order_of_groups_once(venue: Venue, alice: int, bob: int) -> None:
    pair(venue, alice)
    bracket(venue, alice, 599_000)
    bracket(venue, alice)
    sell_to(venue, bob, 2)

    produced = venue.must(CommandKind.CANCEL_ALL, alice, account=alice, contract=-1)

    assert len(cancelled(produced)) == 8
    assert venue.state.accounts[alice]["order_count"] == 0
    venue.assert_books_balance()


def test_engine_cancels_one_peer_and_leaves_the_other(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.trade(alice, bob, BTC, 600_000, 10)
    stop, limit = pair(venue, alice, REDUCE)
    other = venue.place(alice, BTC, SELL, 605_000, 10, REDUCE)

    assert cancelled(other) == [(limit, 10, CancelReason.REDUCE_ONLY)]
    assert lots(venue, stop) == 10
    venue.assert_books_balance()


def test_fill_or_kill_does_not_rely_on_two_peers_at_once(
    venue: Venue, alice: int, bob: int
) -> None:
    take = member(alice, SELL, units.TYPE_TAKE_LIMIT, 600_500, trigger=600_100)
    group(venue, OCO, take, member(alice, SELL, 0, 600_400))
    venue.drive_price(BTC, 600_200)
    assert venue.book(BTC, SELL, 5) == [(600_400, 10), (600_500, 10)]

    produced = venue.place(bob, BTC, BUY, 600_500, 20, units.TIF_FILL_OR_KILL)

    assert reason(produced) is RejectReason.FILL_OR_KILL_UNFILLABLE

    venue.place(bob, BTC, BUY, 600_500, 20)

    assert venue.position(alice, BTC)["lots"] == -10
    venue.assert_books_balance()


# --- a group is taken in whole or not at all --------------------------------------------------


def test_refused_entry_discards_its_exits(venue: Venue) -> None:
    poor = venue.open_funded(1 * UNITS)
    stop = member(poor, SELL, STOP | REDUCE, trigger=590_000)

    produced = group(venue, OTO, stop, member(poor, BUY, 0, 600_000))

    assert [e["kind"] for e in produced] == [
        EventKind.ORDER_ACCEPTED,
        EventKind.COMMAND_REJECTED,
        EventKind.ORDER_CANCELLED,
    ]
    assert produced[1]["reason"] == RejectReason.INSUFFICIENT_MARGIN
    assert cancelled(produced) == [(produced[0]["order"], 10, CancelReason.LINKED)]
    assert venue.state.accounts[poor]["order_count"] == 0
    assert not np.any(venue.state.batch.view(np.int64))
    venue.assert_books_balance()


def test_refused_exit_refuses_those_behind_it(venue: Venue, alice: int) -> None:
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    take = member(alice, SELL, REDUCE, 0)

    produced = group(venue, OTOCO, stop, take, member(alice, BUY, 0, 600_000))

    assert [e["reason"] for e in of_kind(produced, EventKind.COMMAND_REJECTED)] == [
        RejectReason.INVALID_PRICE,
        RejectReason.BATCH_REFUSED,
    ]
    assert venue.state.accounts[alice]["order_count"] == 0
    assert venue.book(BTC, BUY, 5) == []


@pytest.mark.parametrize(
    ("link", "first", "last"),
    [
        (OTO, {"flags": STOP, "trigger": 590_000}, {}),  # not reduce-only
        (OTO, {"flags": REDUCE, "price": 610_000, "side": BUY}, {}),  # the entry's side
        (OTO, {"flags": REDUCE | MARKET}, {}),
        (OTO, {"flags": REDUCE | units.TIF_FILL_OR_KILL, "price": 610_000}, {}),
        (OTO, {"flags": REDUCE, "price": 610_000, "lots": 9}, {}),
        (OTO, {"flags": REDUCE, "price": 610_000, "contract": ETH}, {}),
        (OTO, {"flags": REDUCE, "price": 610_000}, {"flags": REDUCE}),
        (OCO, {"flags": 0, "price": 610_000}, {"side": SELL}),  # it waits for no trigger
        (OCO, {"flags": STOP, "trigger": 590_000}, {"lots": 9}),
    ],
)
def test_members_that_do_not_go_together_are_refused(
    venue: Venue, alice: int, link: int, first: dict[str, int], last: dict[str, int]
) -> None:
    one = member(alice, **({"side": SELL} | first))
    other = member(alice, **({"side": BUY, "flags": 0, "price": 600_000} | last))

    produced = group(venue, link, one, other)

    refused = of_kind(produced, EventKind.COMMAND_REJECTED)
    assert refused[0]["reason"] == RejectReason.INVALID_LINK
    assert venue.state.accounts[alice]["order_count"] == 0
    venue.assert_books_balance()


@pytest.mark.parametrize(("link", "count"), [(OCO, 3), (OTO, 1), (OTOCO, 2), (4, 2), (-1, 2)])
def test_group_of_another_size_is_no_batch(
    venue: Venue, alice: int, link: int, count: int
) -> None:
    fields = {"account": alice, "count": count, "link": link}

    produced = venue.do(CommandKind.PLACE_BATCH, alice, **fields)

    assert reason(produced) is RejectReason.INVALID_BATCH


def test_anything_but_orders_is_no_member_of_a_group(venue: Venue, alice: int) -> None:
    own = venue.rest(alice, BTC, BUY, 599_000, 10)
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    cancel = make(CommandKind.CANCEL_ORDER, alice, account=alice, order=own)

    produced = group(venue, OTO, stop, cancel)

    assert produced[1]["reason"] == RejectReason.INVALID_LINK
    assert venue.state.accounts[alice]["order_count"] == 1
    venue.assert_books_balance()


def test_stranger_between_the_members_discards_them(venue: Venue, alice: int) -> None:
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    header = make(CommandKind.PLACE_BATCH, alice, account=alice, count=2, link=OTO)
    tick = make(CommandKind.TICK, OPERATOR)
    entry = member(alice, BUY, 0, 600_000)

    produced = decode(venue.apply(np.concatenate([header, stop, tick, entry])))

    assert cancelled(produced) == [(produced[0]["order"], 10, CancelReason.LINKED)]
    assert venue.book(BTC, BUY, 5) == [(600_000, 10)]
    assert row(venue, produced[-1]["order"])["flags"] == 0
    venue.assert_books_balance()


def test_repeated_entry_discards_what_came_with_it(venue: Venue, alice: int) -> None:
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    entry = member(alice, BUY, 0, 599_000, idempotency_key=5)
    group(venue, OTO, stop, entry)

    produced = group(venue, OTO, stop.copy(), entry.copy())

    assert [e["kind"] for e in produced] == [
        EventKind.ORDER_ACCEPTED,
        EventKind.COMMAND_REPEATED,
        EventKind.ORDER_CANCELLED,
    ]
    assert venue.state.accounts[alice]["order_count"] == 2
    venue.assert_books_balance()


# --- amendments -------------------------------------------------------------------------------


def test_dormant_exits_are_resized_with_their_entry(venue: Venue, alice: int) -> None:
    entry, stop, take = bracket(venue, alice)

    produced = amend(venue, alice, entry, 600_000, 7)

    amended = of_kind(produced, EventKind.ORDER_AMENDED)
    assert [(e["order"], e["quantity_lots"]) for e in amended] == [
        (entry, 7),
        (stop, 7),
        (take, 7),
    ]
    venue.assert_books_balance()


def test_entry_that_queues_anew_keeps_its_exits(venue: Venue, alice: int, bob: int) -> None:
    entry, stop, take = bracket(venue, alice)
    sell_to(venue, bob, 3)

    amend(venue, alice, entry, 599_500, 12)
    sell_to(venue, bob, 9, 599_500)

    assert row(venue, entry) == {}
    assert (lots(venue, stop), lots(venue, take)) == (12, 12)
    venue.assert_books_balance()


def test_price_and_trigger_of_exits_may_be_amended(venue: Venue, alice: int, bob: int) -> None:
    _, stop, take = bracket(venue, alice)

    amend(venue, alice, stop, 0, 10, trigger=591_000)
    amend(venue, alice, take, 611_000, 10)
    sell_to(venue, bob, 10)

    assert venue.book(BTC, SELL, 5) == [(611_000, 10)]
    slot = stop & (units.ORDERS_MAX - 1)
    assert int(venue.state.conditions[slot]["trigger_ticks"]) == 591_000

    amend(venue, alice, stop, 0, 10, trigger=592_000)
    amend(venue, alice, take, 612_000, 10)

    assert venue.book(BTC, SELL, 5) == [(612_000, 10)]
    assert int(venue.state.conditions[slot]["trigger_ticks"]) == 592_000
    venue.assert_books_balance()


def test_size_of_an_exit_is_not_the_owners_to_say(venue: Venue, alice: int, bob: int) -> None:
    _, stop, take = bracket(venue, alice)

    assert reason(amend(venue, alice, stop, 0, 9)) is RejectReason.LINKED_QUANTITY
    sell_to(venue, bob, 10)
    assert reason(amend(venue, alice, take, 610_000, 9)) is RejectReason.LINKED_QUANTITY


def test_trigger_is_not_for_an_exit_that_waits_for_none(venue: Venue, alice: int) -> None:
    _, stop, take = bracket(venue, alice)

    refused = amend(venue, alice, take, 610_000, 10, trigger=1)

    assert reason(refused) is RejectReason.INVALID_TRIGGER
    assert reason(amend(venue, alice, stop, 0, 10, 6_000_001)) is RejectReason.INVALID_TRIGGER


# --- bounds -----------------------------------------------------------------------------------


def test_dormant_orders_count_among_those_of_an_account(venue: Venue, alice: int) -> None:
    for _ in range(166):
        bracket(venue, alice, 599_000, 1)
    stop = member(alice, SELL, STOP | REDUCE, trigger=590_000)
    take = member(alice, SELL, REDUCE, 610_000)

    produced = group(venue, OTOCO, stop, take, member(alice, BUY, 0, 599_000))

    (refused,) = of_kind(produced, EventKind.COMMAND_REJECTED)
    assert refused["reason"] == RejectReason.TOO_MANY_ORDERS
    assert venue.state.accounts[alice]["order_count"] == 498


def test_more_exits_than_one_command_may_activate_follow_with_the_next(
    venue: Venue, bob: int
) -> None:
    crowd = [venue.open_funded(10_000_000 * UNITS) for _ in range(3)]
    for account in crowd:
        for _ in range(50):
            bracket(venue, account, 600_000, 1)

    sell_to(venue, bob, 150)

    pending = venue.state.links["pending_lots"]
    assert int(np.count_nonzero(pending)) == 300 - 256
    venue.assert_books_balance()

    venue.tick()

    assert int(np.count_nonzero(pending)) == 0
    venue.assert_books_balance()
