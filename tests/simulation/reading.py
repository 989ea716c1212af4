"""The engine's tables as plain Python rows, for those who compare and audit.

Nothing is decided here and no kernel is called: numbers are read where they stand.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exchange.engine.state import Counter, State
from exchange.engine.units import ACCOUNTS_MAX, SELL

Row = dict[str, int]
COUNTERS = tuple(counter for counter in Counter if counter.name != "COUNT")


def tables_of(state: State) -> State:
    """The same tables, sharing memory: a tuple is read much faster than a NumPy record."""
    return State(*(getattr(state, name) for name in State._fields))


def rows(table: "np.ndarray[Any, np.dtype[np.void]]") -> list[Row]:
    """Records as dicts of Python integers, which cannot overflow."""
    names = table.dtype.names
    assert names is not None
    return [dict(zip(names, record, strict=True)) for record in table.tolist()]


def row(table: "np.ndarray[Any, np.dtype[np.void]]", slot: int) -> Row:
    """One record."""
    return rows(table[slot : slot + 1])[0]


def counters(state: State) -> dict[Counter, int]:
    """Every counter by its name."""
    values = state.counters.tolist()
    return {counter: values[counter] for counter in COUNTERS}


def positions_of(state: State, account: int) -> dict[int, tuple[int, Row]]:
    """(slot, record) of an account's positions by contract."""
    used = int(state.accounts[account]["slot_count"])
    table = state.positions[account::ACCOUNTS_MAX][:used]
    found = {}
    for i, held in enumerate(rows(table)):
        if held["contract"]:
            found[held["contract"] - 1] = (account + i * ACCOUNTS_MAX, held)
    return found


def order_ids_of(state: State, account: int) -> list[int]:
    """The account's resting orders, the last to enter a book first."""
    found = []
    link = int(state.accounts[account]["first_order"])
    while link:
        order = state.orders[link - 1]
        found.append(int(order["id"]))
        link = int(order["next_of_account"])
    return found


def day_ids(state: State) -> list[int]:
    """The open good-til-day orders, the next to end first."""
    found = []
    link = int(state.counters[Counter.DAY_FIRST])
    while link:
        found.append(int(state.orders[link - 1]["id"]))
        link = int(state.conditions[link - 1]["next_of_day"])
    return found


def ids_of(state: State, *links: int) -> list[int]:
    """The ids of the orders that links name; 0 names none."""
    return [int(state.orders[link - 1]["id"]) for link in links if link]


def pending_ids(state: State) -> list[int]:
    """Dormant orders that go live at the end of a command, first come."""
    found = []
    link = int(state.counters[Counter.LINK_FIRST])
    while link:
        found += ids_of(state, link)
        link = int(state.links[link - 1]["next_due"])
    return found


def keys_by_age(state: State) -> list[Row]:
    """The remembered idempotency keys, the oldest first."""
    found = []
    link = int(state.keys[0]["newer"])
    while link:
        found.append(row(state.keys, link))
        link = found[-1]["newer"]
    return found


def armed_accounts(state: State) -> list[int]:
    """Accounts whose heartbeat is waited for, the last to be armed first."""
    found = []
    link = int(state.counters[Counter.FIRST_ARMED])
    while link and link - 1 not in found:
        found.append(link - 1)
        link = int(state.safeguards[link - 1]["next_armed"])
    return found


def queue(state: State, contract: int, side: int) -> Iterator[Row]:
    """The orders of one side of a book, in the order in which they trade."""
    link = int(state.level_next[2 * contract + (side == SELL), 0])
    while link:
        order = int(state.levels[link - 1]["first"])
        while order:
            record = row(state.orders, order - 1)
            yield record
            order = record["next"]
        link = int(state.level_next[link - 1, 0])
