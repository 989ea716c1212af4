"""CHECK-003: the limits that keep anybody from jamming the book."""

import os

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter
from exchange.engine.units import BUY, OPERATOR, SELL
from tests.engine.venue import BTC, UNITS, Records, Venue, kinds, reason

PER_ACCOUNT = 500
RESERVED_FROM = 786_432  # three quarters of 1,048,576 slots


def orders(account: int, count: int) -> Records:
    """The same small bid, many times."""
    fields = {"account": account, "contract": BTC, "side": BUY}
    command = make(
        CommandKind.PLACE_ORDER, account, price_ticks=590_000, quantity_lots=1, **fields
    )
    return np.repeat(command, count)


def crowd(venue: Venue, size: int) -> list[int]:
    """Many funded traders, each an owner."""
    first = int(venue.state.counters[Counter.ACCOUNTS])
    accounts = list(range(first, first + size))
    opened = make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=units.ROLE_TRADER)
    venue.apply(np.repeat(opened, size))
    funds = np.concatenate(
        [
            make(CommandKind.DEPOSIT, OPERATOR, account=account, amount_units=10_000 * UNITS)
            for account in accounts
        ]
    )
    venue.apply(funds)
    return accounts


def test_an_owner_has_two_thousand_orders_over_all_accounts(venue: Venue, alice: int) -> None:
    accounts = [alice, *(venue.open_account(owner=alice) for _ in range(4))]
    for account in accounts[1:]:
        venue.deposit(account, 10_000 * UNITS)
    for account in accounts[:4]:
        produced = venue.apply(orders(account, PER_ACCOUNT))
        assert (produced["kind"] == EventKind.ORDER_ACCEPTED).all()

    refused = venue.place(accounts[4], BTC, BUY, 590_000, 1)
    venue.do(CommandKind.CANCEL_ALL, alice, account=alice, contract=BTC)
    accepted = venue.place(accounts[4], BTC, BUY, 590_000, 1)

    assert reason(refused) is RejectReason.TOO_MANY_OWNER_ORDERS
    assert kinds(accepted) == [EventKind.ORDER_ACCEPTED]
    venue.assert_books_balance()


def test_strangers_do_not_count_towards_an_owners_orders(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.apply(orders(alice, PER_ACCOUNT))

    assert kinds(venue.place(bob, BTC, BUY, 590_000, 1)) == [EventKind.ORDER_ACCEPTED]


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="786,432 orders take minutes then"
)
def test_the_last_quarter_of_the_slots_is_for_makers_and_reducers(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.trade(alice, bob, BTC, 600_000, 10)
    maker = venue.open_account(role=units.ROLE_TRADER | units.ROLE_MAKER)
    venue.deposit(maker, 10_000 * UNITS)
    accounts = crowd(venue, -(-RESERVED_FROM // PER_ACCOUNT))
    for account in accounts[:-1]:
        venue.apply(orders(account, PER_ACCOUNT))
    rest = RESERVED_FROM - PER_ACCOUNT * (len(accounts) - 1)
    venue.apply(orders(accounts[-1], rest))
    assert int(venue.state.counters[Counter.ORDERS_OPEN]) == RESERVED_FROM

    by_stranger = venue.place(alice, BTC, BUY, 590_000, 1)
    by_maker = venue.place(maker, BTC, BUY, 590_000, 1)
    reducing = venue.place(alice, BTC, SELL, 610_000, 10, units.FLAG_REDUCE_ONLY)
    passing = venue.place(bob, BTC, SELL, 590_000, 1, units.TIF_IMMEDIATE_OR_CANCEL)
    venue.cancel(maker, by_maker[0]["order"])
    venue.cancel(alice, reducing[0]["order"])
    room_again = venue.place(alice, BTC, BUY, 590_000, 1)

    assert reason(by_stranger) is RejectReason.ORDER_SLOTS_RESERVED
    assert kinds(by_maker) == [EventKind.ORDER_ACCEPTED]
    assert kinds(reducing) == [EventKind.ORDER_ACCEPTED]
    assert EventKind.ORDER_FILLED in kinds(passing)
    assert kinds(room_again) == [EventKind.ORDER_ACCEPTED]


def test_an_account_has_sixteen_trailing_stops_in_a_list(venue: Venue, alice: int) -> None:
    bob, flags = venue.open_account(), units.TYPE_TRAILING_STOP
    placed = [venue.place(alice, BTC, SELL, 0, 1, flags, trigger_ticks=9) for _ in range(16)]

    one_more = venue.place(alice, BTC, SELL, 0, 1, flags, trigger_ticks=9)
    in_another_list = venue.place(alice, BTC, BUY, 0, 1, flags, trigger_ticks=9)
    by_somebody_else = venue.place(bob, BTC, SELL, 0, 1, flags, trigger_ticks=9)
    moved = venue.must(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        order=placed[0][0]["order"],
        quantity_lots=1,
        trigger_ticks=20,
    )
    venue.cancel(alice, placed[1][0]["order"])
    room_again = venue.place(alice, BTC, SELL, 0, 1, flags, trigger_ticks=9)

    assert reason(one_more) is RejectReason.TOO_MANY_TRAILING_STOPS
    assert kinds(in_another_list) == [EventKind.ORDER_ACCEPTED]
    assert kinds(by_somebody_else) == [EventKind.ORDER_ACCEPTED]
    assert kinds(moved) == [EventKind.ORDER_AMENDED]
    assert kinds(room_again) == [EventKind.ORDER_ACCEPTED]
