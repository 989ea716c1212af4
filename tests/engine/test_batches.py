"""PlaceBatch: one piece, makers before takers, each member with its own result (batches)."""

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state import Counter
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, OPERATOR, SELL
from tests.engine.venue import BTC, Event, Records, Venue, decode

POST_ONLY = units.FLAG_POST_ONLY


def header(account: int, count: int, **more: int) -> Records:
    return make(CommandKind.PLACE_BATCH, account, account=account, count=count, **more)


def order(account: int, side: int, price: int, lots: int = 10, flags: int = 0) -> Records:
    fields = {"account": account, "contract": BTC, "side": side, "flags": flags}
    kind = CommandKind.PLACE_ORDER
    return make(kind, account, price_ticks=price, quantity_lots=lots, **fields)


def cancel(account: int, number: int) -> Records:
    return make(CommandKind.CANCEL_ORDER, account, account=account, order=number)


def submit(venue: Venue, *members: Records, **more: int) -> list[list[Event]]:
    """The events of the header and of each member, by their sequences."""
    account = int(members[0]["principal"][0])
    batch = np.concatenate([header(account, len(members), **more), *members])
    first = venue.sequence + 1
    produced = decode(venue.apply(batch))
    results: list[list[Event]] = [[] for _ in batch]
    for event in produced:
        results[event["sequence"] - first].append(event)
    return results


def reasons(results: list[list[Event]]) -> list[RejectReason]:
    """Why each member was refused, the header left out."""
    found = []
    for events in results[1:]:
        refused = bool(events) and events[0]["kind"] == EventKind.COMMAND_REJECTED
        found.append(RejectReason(events[0]["reason"] if refused else 0))
    return found


def test_each_member_gets_its_own_result(venue: Venue, alice: int) -> None:
    old = venue.rest(alice, BTC, BUY, 598_000, 10)

    results = submit(
        venue,
        cancel(alice, old),
        order(alice, BUY, 599_000, flags=POST_ONLY),
        order(alice, BUY, 0),
        order(alice, SELL, 601_000),
    )

    assert results[0] == []
    assert reasons(results) == [
        RejectReason.ACCEPTED,
        RejectReason.ACCEPTED,
        RejectReason.INVALID_PRICE,
        RejectReason.ACCEPTED,
    ]
    assert [event["kind"] for event in results[1]] == [EventKind.ORDER_CANCELLED]
    assert venue.book(BTC, BUY, 5) == [(599_000, 10)]
    assert venue.book(BTC, SELL, 5) == [(601_000, 10)]
    assert not np.any(venue.state.batch.view(np.int64))
    venue.assert_books_balance()


def test_an_order_that_follows_a_batch_is_on_its_own(venue: Venue, alice: int) -> None:
    submit(venue, order(alice, BUY, 599_000))

    assert venue.cancel(alice, venue.rest(alice, BTC, BUY, 598_000, 1))


@pytest.mark.parametrize("first", ["taker", "maker"])
def test_a_member_out_of_its_order_is_refused(venue: Venue, alice: int, first: str) -> None:
    old = venue.rest(alice, BTC, BUY, 590_000, 10)
    maker = order(alice, BUY, 599_000, flags=POST_ONLY)
    members = [order(alice, BUY, 598_000), maker] if first == "taker" else [maker]

    results = submit(venue, *members, cancel(alice, old))

    refused = RejectReason.BATCH_OUT_OF_ORDER
    expected = [RejectReason.ACCEPTED, *[refused] * (len(members) - 1), refused]
    assert reasons(results) == expected
    venue.assert_books_balance()


def test_a_batch_past_its_deadline_is_refused_whole(venue: Venue, alice: int) -> None:
    late = venue.time_ns - 1

    results = submit(
        venue, order(alice, BUY, 599_000), order(alice, BUY, 598_000), valid_until_ns=late
    )

    assert results[0][0]["reason"] == RejectReason.EXPIRED
    assert reasons(results) == [RejectReason.BATCH_REFUSED] * 2
    assert venue.book(BTC, BUY, 5) == []
    assert venue.place(alice, BTC, BUY, 599_000, 1)[0]["kind"] == EventKind.ORDER_ACCEPTED


def test_a_stranger_between_the_members_ends_the_batch(
    venue: Venue, alice: int, bob: int
) -> None:
    old = venue.rest(alice, BTC, BUY, 590_000, 10)
    venue.apply(header(alice, 3))
    venue.apply(order(alice, BUY, 599_000))

    by_bob = venue.place(bob, BTC, BUY, 598_000, 10)
    cancelled = venue.cancel(alice, old)

    # Inside the batch this cancel would stand behind an order.
    assert by_bob[0]["kind"] == EventKind.ORDER_ACCEPTED
    assert cancelled[0]["kind"] == EventKind.ORDER_CANCELLED
    assert int(venue.state.counters[Counter.BATCH_LEFT]) == 0


def test_a_tick_between_the_members_ends_the_batch(venue: Venue, alice: int) -> None:
    venue.apply(header(alice, 3))
    venue.must(CommandKind.TICK, OPERATOR)

    assert int(venue.state.counters[Counter.BATCH_LEFT]) == 0


def test_a_batch_cut_by_a_snapshot_goes_on(venue: Venue, alice: int) -> None:
    members = [order(alice, BUY, 599_000), order(alice, BUY, 598_000, flags=POST_ONLY)]
    venue.apply(np.concatenate([header(alice, 2), members[0]]))
    copy = StateMachine(load(dump(venue.state)))

    venue.apply(members[1])
    produced = decode(copy.apply(venue.journal[-1]))

    assert produced[0]["reason"] == RejectReason.BATCH_OUT_OF_ORDER
    assert state_hash(copy.state) == state_hash(venue.state)


def test_any_partition_of_batches_gives_the_same_state_and_events(
    venue: Venue, alice: int, bob: int
) -> None:
    source = np.random.default_rng(3)  # The whole run follows from the seed.
    for _ in range(40):
        account = alice if source.random() < 0.5 else bob
        members = [
            order(
                account,
                BUY if source.random() < 0.5 else SELL,
                int(source.integers(599_990, 600_010)),
                flags=POST_ONLY if source.random() < 0.5 else 0,
            )
            for _ in range(int(source.integers(1, 6)))
        ]
        submit(venue, *members)
    journal = np.concatenate(venue.journal)

    whole = StateMachine.create()
    produced = whole.apply(journal).tobytes()
    single = StateMachine.create()
    pieces = b"".join(single.apply(journal[i : i + 1]).tobytes() for i in range(len(journal)))

    assert pieces == produced
    assert state_hash(single.state) == state_hash(whole.state) == state_hash(venue.state)
    venue.assert_books_balance()
