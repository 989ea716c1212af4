"""Each check of linked orders can fail: one number of a story is changed, and it is seen."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from exchange.engine.commands import HEADER
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.snapshot import dump, load
from exchange.engine.state import State
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, FLAG_DORMANT, FLAG_LINKED, FLAG_REDUCE_ONLY
from tests.engine.linked_orders import bracket, pair, sell_to
from tests.engine.venue import BTC, UNITS, Venue, make_venue
from tests.simulation.auditor import audit
from tests.simulation.history import History
from tests.simulation.reading import tables_of
from tests.simulation.reference.wire import EVENT_COLUMNS, Row, read_event

Event = dict[str, int]
Pick = Callable[[State], int]


def traders(venue: Venue) -> tuple[int, int]:
    return venue.open_funded(100_000 * UNITS), venue.open_funded(100_000 * UNITS)


@cache
def half_filled() -> bytes:
    """A bracket with three lots of ten filled, one that is untouched, and two peers."""
    venue = make_venue()
    alice, bob = traders(venue)
    bracket(venue, alice)
    sell_to(venue, bob, 3)
    bracket(venue, alice, 598_000)
    pair(venue, alice)
    return dump(venue.state)


def with_flag(flag: int, is_dormant: bool) -> Pick:
    """The first linked order that has a flag, dormant or not."""

    def pick(state: State) -> int:
        flags = state.orders["flags"][:64]
        wanted = (flags & FLAG_LINKED != 0) & (flags & flag != 0)
        return int(np.flatnonzero(wanted & ((flags & FLAG_DORMANT != 0) == is_dormant))[0])

    return pick


def unlinked(state: State) -> int:
    return 40  # beyond all orders that were ever made


live_exit = with_flag(FLAG_REDUCE_ONLY, is_dormant=False)
dormant_exit = with_flag(FLAG_REDUCE_ONLY, is_dormant=True)


def entry(state: State) -> int:
    return int(np.flatnonzero(state.links["exit_0"][:64])[0])


STATE_CHANGES: list[tuple[str, str, str, Pick, int]] = [
    ("LINK-006", "links", "peer", live_exit, 1),
    ("LINK-006", "links", "exit_0", entry, 1),
    ("LINK-007", "links", "pending_lots", live_exit, 1),
    ("LINK-002", "links", "pending_lots", dormant_exit, 1),
    ("STATE-001", "links", "reserved", unlinked, 1),
    ("LINK-002", "orders", "flags", dormant_exit, -FLAG_REDUCE_ONLY),
    ("LINK-006", "orders", "flags", entry, -FLAG_LINKED),
    ("LINK-002", "orders", "flags", dormant_exit, -FLAG_DORMANT),
]


@pytest.mark.parametrize(
    ("invariant", "table", "column", "pick", "more"),
    STATE_CHANGES,
    ids=[f"{c[0]}-{c[1]}-{c[2]}-{c[4]}" for c in STATE_CHANGES],
)
def test_auditor_names_the_rule_of_links_that_a_number_breaks(
    invariant: str, table: str, column: str, pick: Pick, more: int
) -> None:
    state = tables_of(load(half_filled()))
    audit(state)

    getattr(state, table)[column][pick(state)] += more

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        audit(state)


def test_auditor_sees_an_exit_larger_than_what_filled() -> None:
    state = tables_of(load(half_filled()))
    slot = live_exit(state)
    level = int(state.orders["level"][slot])

    for column in ("quantity_lots", "remaining_lots"):
        state.orders[column][slot] += 1
    state.levels["lots"][level] += 1

    with pytest.raises(AssertionError, match=r"^LINK-002 3 filled"):
        audit(state)


def test_auditor_sees_an_exit_that_waits_for_nobody() -> None:
    state = tables_of(load(half_filled()))
    slot = dormant_exit(state)
    primary = int(state.links["primary"][slot]) - 1

    for column in ("exit_0", "exit_1"):
        state.links["primary"][int(state.links[column][primary]) - 1] = 0
        state.links[column][primary] = 0

    with pytest.raises(AssertionError, match=r"^LINK-004 it is dormant for ever"):
        audit(state)


def retold(venue: Venue) -> tuple[list[Row], list[Row]]:
    """(commands, events) of everything that a venue has been through."""
    journal = np.concatenate([batch.view(np.int64).reshape(-1, 16) for batch in venue.journal])
    produced = StateMachine.create().apply(journal.copy().view(HEADER))
    events = list(map(tuple, produced.view(np.int64).reshape(-1, 16).tolist()))
    return list(map(tuple, journal.tolist())), events


def is_ended(order: int, why: CancelReason) -> Callable[[Event], bool]:
    return lambda e: (
        e["kind"] == EventKind.ORDER_CANCELLED and (e["order"], e["reason"]) == (order, why)
    )


def assert_missed(venue: Venue, invariant: str, is_meant: Callable[[Event], bool]) -> None:
    """History takes in all events, but not all but one."""
    journal, produced = retold(venue)
    History().follow(journal, produced)
    told = [event for event in produced if not is_meant(read_event(event))]
    assert len(told) < len(produced)

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        History().follow(journal, told)


def test_history_sees_an_entry_outlive_an_exit() -> None:
    venue = make_venue()
    alice, bob = traders(venue)
    order, _, _ = bracket(venue, alice)
    sell_to(venue, bob, 4)
    venue.drive_price(BTC, 608_000)
    venue.place(bob, BTC, BUY, 610_000, 1)

    assert_missed(venue, "LINK-003", is_ended(order, CancelReason.LINKED))


def test_history_sees_a_peer_that_keeps_what_the_other_filled() -> None:
    venue = make_venue()
    alice, bob = traders(venue)
    pair(venue, alice)
    venue.drive_price(BTC, 608_000)
    venue.place(bob, BTC, BUY, 610_000, 3)

    assert_missed(venue, "LINK-002", lambda e: e["kind"] == EventKind.ORDER_REDUCED)


def test_history_sees_a_peer_outlive_its_owners_cancel() -> None:
    venue = make_venue()
    alice, _ = traders(venue)
    one, other = pair(venue, alice)
    venue.cancel(alice, one)

    assert_missed(venue, "LINK-005", is_ended(other, CancelReason.LINKED))


def test_history_sees_an_exit_outlive_an_entry_that_never_filled() -> None:
    venue = make_venue()
    alice, _ = traders(venue)
    order, stop, _ = bracket(venue, alice)
    venue.cancel(alice, order)

    assert_missed(venue, "LINK-004", is_ended(stop, CancelReason.LINKED))


def test_history_sees_an_exit_that_grows_beyond_its_entry() -> None:
    venue = make_venue()
    alice, bob = traders(venue)
    bracket(venue, alice)
    sell_to(venue, bob, 3)
    journal, produced = retold(venue)
    names = ("quantity_lots", "remaining_lots")
    columns = [EVENT_COLUMNS[EventKind.ORDER_ACTIVATED][name] for name in names]
    told = [
        tuple(value + (column in columns) for column, value in enumerate(event))
        if event[2] == EventKind.ORDER_ACTIVATED
        else event
        for event in produced
    ]

    with pytest.raises(AssertionError, match=r"^LINK-002 "):
        History().follow(journal, told)


def test_history_sees_a_dormant_order_trade() -> None:
    venue = make_venue()
    alice, bob = traders(venue)
    bracket(venue, alice)
    sell_to(venue, bob, 3)
    journal, produced = retold(venue)
    column = EVENT_COLUMNS[EventKind.ORDER_FILLED]["flags"]
    told = [
        (*event[:column], event[column] | FLAG_DORMANT, *event[column + 1 :])
        if event[2] == EventKind.ORDER_FILLED
        else event
        for event in produced
    ]

    with pytest.raises(AssertionError, match=r"^LINK-007 "):
        History().follow(journal, told)


def test_history_sees_two_peers_fill_more_than_one_was_to() -> None:
    venue = make_venue()
    alice, bob = traders(venue)
    pair(venue, alice)
    venue.drive_price(BTC, 608_000)
    venue.place(bob, BTC, BUY, 610_000, 10)
    journal, produced = retold(venue)
    story = History()
    count = next(i for i, event in enumerate(produced) if event[2] == EventKind.ORDERS_LINKED)
    sequence = produced[count][0]
    before = [row for row in journal if row[0] <= sequence]
    story.follow(before, [event for event in produced if event[0] <= sequence])
    story.links.groups[read_event(produced[count])["order"]].lots = 9

    with pytest.raises(AssertionError, match=r"^LINK-001 filled 1 too many"):
        story.follow(
            [row for row in journal if row[0] > sequence],
            [event for event in produced if event[0] > sequence],
        )
