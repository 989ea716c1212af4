"""Each check of what protects clients can fail: keys, deadlines, heartbeats, batches."""

import pytest

from exchange.engine.commands import VALID_UNTIL_NS
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.snapshot import load
from exchange.engine.units import FIRST_USER_ACCOUNT
from tests.simulation.auditor import audit
from tests.simulation.history import History
from tests.simulation.margin_audit import ACCOUNT
from tests.simulation.reading import tables_of
from tests.simulation.reference.wire import read_event
from tests.simulation.simulator.world import KEY
from tests.simulation.test_auditors import SEEDS, Event, snapshot, story, story_with

# The number that must be named, the table, the column, which row, and what is added.
STATE_CHANGES: list[tuple[str, str, str, int, int]] = [
    ("I-10", "accounts", "owner_order_count", FIRST_USER_ACCOUNT, 1),
    ("I-18", "keys", "key", 1, 1 << 40),  # it is not in the chain of that key
    ("I-18", "keys", "newer", 1, 1),
    ("I-18", "safeguards", "key_count", FIRST_USER_ACCOUNT, 1),
    ("SAFE-003", "safeguards", "heartbeat_timeout_ns", FIRST_USER_ACCOUNT, 1),
    ("BATCH-002", "batch", "phase", 0, 1),
]


def is_silenced(event: Event) -> bool:
    return event["reason"] == CancelReason.HEARTBEAT_MISSED


def test_history_sees_an_order_executed_past_its_deadline() -> None:
    journal, produced = story(SEEDS[0])
    accepted = {event[0] for event in produced if event[2] == EventKind.ORDER_ACCEPTED}
    late = next(row for row in journal if row[0] in accepted)
    told = [(*row[:VALID_UNTIL_NS], 1) if row == late else row for row in journal]

    with pytest.raises(AssertionError, match=r"^I-38 executed past its deadline"):
        History().follow(told, produced)


def test_history_sees_a_key_accepted_twice() -> None:
    journal, produced = story(SEEDS[0])
    accepted = {event[0] for event in produced if event[2] == EventKind.ORDER_ACCEPTED}
    placed = [row for row in journal if row[0] in accepted and not row[KEY]]
    twins = [row for row in placed if row[ACCOUNT] == placed[0][ACCOUNT]][:2]
    told = [(*row[:KEY], 1 << 40, *row[KEY + 1 :]) if row in twins else row for row in journal]

    with pytest.raises(AssertionError, match=r"^I-18 accepted twice under one key"):
        History().follow(told, produced)


def test_history_sees_a_silent_account_keep_an_order() -> None:
    journal, produced = story_with(EventKind.ORDER_CANCELLED, is_silenced)
    left = next(
        e for e in produced if e[2] == EventKind.ORDER_CANCELLED and is_silenced(read_event(e))
    )
    told = [event for event in produced if event != left]

    with pytest.raises(AssertionError, match=r"^I-10 silent, but with orders"):
        History().follow(journal, told)


@pytest.mark.parametrize(
    ("invariant", "table", "column", "slot", "more"),
    STATE_CHANGES,
    ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in STATE_CHANGES],
)
def test_auditor_names_the_rule_that_a_number_breaks(
    invariant: str, table: str, column: str, slot: int, more: int
) -> None:
    state = tables_of(load(snapshot()))
    audit(state)

    getattr(state, table)[column][slot] += more

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        audit(state)
