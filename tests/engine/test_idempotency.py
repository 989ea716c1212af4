"""Idempotency keys: what is sent again changes nothing and hears what happened first.

I-18: a key maps to at most one accepted command among the account's last 1,024.
"""

import numpy as np

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, OPERATOR, SELL
from tests.engine.venue import BTC, UNITS, Event, Venue, decode, kinds, reason
from tests.simulation.auditor import audit


def open_orders(venue: Venue, account: int) -> int:
    return int(venue.state.accounts[account]["order_count"])


def amend(venue: Venue, account: int, order: int, lots: int, key: int) -> list[Event]:
    return venue.do(
        CommandKind.AMEND_ORDER,
        account,
        account=account,
        contract=BTC,
        side=BUY,
        order=order,
        price_ticks=599_000,
        quantity_lots=lots,
        idempotency_key=key,
    )


def withdraw(venue: Venue, account: int, amount: int, key: int, **more: int) -> list[Event]:
    return venue.do(
        CommandKind.REQUEST_WITHDRAWAL,
        account,
        account=account,
        amount_units=amount,
        idempotency_key=key,
        **more,
    )


def test_a_repeated_order_names_the_first_and_changes_nothing(venue: Venue, alice: int) -> None:
    first = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=42)
    sequence = venue.sequence

    again = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=42)

    assert kinds(again) == [EventKind.COMMAND_REPEATED]
    assert again[0]["account"] == alice
    assert again[0]["subject"] == first[0]["order"]
    assert again[0]["command_kind"] == CommandKind.PLACE_ORDER
    assert again[0]["first_sequence"] == sequence
    assert again[0]["idempotency_key"] == 42
    assert open_orders(venue, alice) == 1
    venue.assert_books_balance()


def test_a_repeat_of_an_order_that_has_filled_does_not_trade_again(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 20)
    venue.place(alice, BTC, BUY, 600_000, 10, idempotency_key=1)

    venue.place(alice, BTC, BUY, 600_000, 10, idempotency_key=1)

    assert venue.position(alice, BTC)["lots"] == 10


def test_a_repeat_after_the_deadline_still_hears_the_first_result(
    venue: Venue, alice: int
) -> None:
    deadline = venue.time_ns + 5
    first = venue.place(
        alice, BTC, BUY, 599_000, 10, idempotency_key=1, valid_until_ns=deadline
    )
    venue.time_ns = deadline + 1

    again = venue.place(
        alice, BTC, BUY, 599_000, 10, idempotency_key=1, valid_until_ns=deadline
    )

    assert again[0]["subject"] == first[0]["order"]


def test_a_rejected_key_is_good_for_another_try(venue: Venue, alice: int) -> None:
    refused = venue.place(alice, BTC, BUY, 0, 10, idempotency_key=9)
    accepted = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=9)

    assert reason(refused) is RejectReason.INVALID_PRICE
    assert kinds(accepted) == [EventKind.ORDER_ACCEPTED]


def test_keys_of_two_accounts_do_not_meet(venue: Venue, alice: int, bob: int) -> None:
    venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=9)

    other = venue.place(bob, BTC, BUY, 598_000, 20, idempotency_key=9)

    assert kinds(other) == [EventKind.ORDER_ACCEPTED]


def test_every_field_of_an_order_belongs_to_the_payload(venue: Venue, alice: int) -> None:
    fields = {
        "contract": BTC,
        "side": BUY,
        "flags": 0,
        "price_ticks": 599_000,
        "quantity_lots": 10,
        "label": 3,
    }
    changes = {
        "contract": 1,
        "side": SELL,
        "flags": units.FLAG_POST_ONLY,
        "price_ticks": 599_001,
        "quantity_lots": 11,
        "label": 4,
    }
    key = {"account": alice, "idempotency_key": 5}
    venue.must(CommandKind.PLACE_ORDER, alice, **fields, **key)

    for name, value in changes.items():
        produced = venue.do(CommandKind.PLACE_ORDER, alice, **(fields | {name: value}), **key)
        assert reason(produced) is RejectReason.KEY_REUSED, name


def test_a_repeated_amendment_does_not_undo_a_later_one(venue: Venue, alice: int) -> None:
    order = venue.rest(alice, BTC, BUY, 599_000, 10)
    amend(venue, alice, order, 8, key=1)
    amend(venue, alice, order, 6, key=2)

    again = amend(venue, alice, order, 8, key=1)

    assert kinds(again) == [EventKind.COMMAND_REPEATED]
    assert again[0]["subject"] == order
    assert venue.book(BTC, BUY, 1) == [(599_000, 6)]


def test_a_key_of_an_order_is_not_good_for_an_amendment(venue: Venue, alice: int) -> None:
    first = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=1)

    produced = amend(venue, alice, first[0]["order"], 9, key=1)

    assert reason(produced) is RejectReason.KEY_REUSED


def test_a_repeated_withdrawal_is_held_once(venue: Venue, alice: int) -> None:
    first = withdraw(venue, alice, 30_000 * UNITS, key=1)

    again = withdraw(venue, alice, 30_000 * UNITS, key=1)
    other = withdraw(venue, alice, 30_001 * UNITS, key=1)

    assert kinds(again) == [EventKind.COMMAND_REPEATED]
    assert again[0]["subject"] == first[0]["withdrawal"]
    assert reason(other) is RejectReason.KEY_REUSED
    assert venue.balance(alice) == 70_000 * UNITS
    venue.assert_books_balance()


def test_a_withdrawal_past_its_deadline_is_refused(venue: Venue, alice: int) -> None:
    produced = withdraw(venue, alice, UNITS, key=0, valid_until_ns=venue.time_ns - 1)

    assert reason(produced) is RejectReason.EXPIRED
    assert venue.balance(alice) == 100_000 * UNITS


def test_the_thousand_and_twenty_fifth_key_forgets_the_first(venue: Venue, alice: int) -> None:
    for key in range(1, 1_026):
        order = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=key)[0]["order"]
        venue.cancel(alice, order)

    second = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=2)
    first = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=1)
    third = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=3)

    assert kinds(second) == [EventKind.COMMAND_REPEATED]
    assert kinds(first) == [EventKind.ORDER_ACCEPTED]  # and forgets key 2
    assert kinds(third) == [EventKind.COMMAND_REPEATED]
    audit(venue.state)


def test_keys_that_collide_in_the_table_are_told_apart(venue: Venue, alice: int) -> None:
    # The same low bits: all share one chain.
    keys = [1 + (number << 40) for number in range(20)]
    orders = [
        venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=key)[0]["order"]
        for key in keys
    ]

    again = [venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=key) for key in keys]

    assert [produced[0]["subject"] for produced in again] == orders


def test_keys_survive_a_snapshot(venue: Venue, alice: int) -> None:
    first = venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=42)
    copy = StateMachine(load(dump(venue.state)))
    fields = {"price_ticks": 599_000, "quantity_lots": 10, "side": BUY, "idempotency_key": 42}
    command = make(CommandKind.PLACE_ORDER, alice, account=alice, **fields)

    produced = decode(copy.apply(venue.stamp(command.copy())))

    assert produced[0]["subject"] == first[0]["order"]


def test_any_partition_of_repeats_gives_the_same_state(venue: Venue, alice: int) -> None:
    source = np.random.default_rng(7)  # The whole run follows from the seed.
    for key in source.integers(1, 40, 300).tolist():
        venue.place(alice, BTC, BUY, 599_000, 10 + key % 3, idempotency_key=key)
        if key % 5 == 0:
            venue.do(CommandKind.CANCEL_ALL, alice, account=alice, contract=-1)
    venue.must(CommandKind.TICK, OPERATOR)
    journal = np.concatenate(venue.journal)

    machine = StateMachine.create()
    machine.apply(journal)

    assert state_hash(machine.state) == state_hash(venue.state)
    audit(machine.state)
