"""What the auditor sees of clients: limits of owners, keys, heartbeats, batches."""

from typing import Any

import numpy as np

from exchange.engine import units
from exchange.engine.state import Counter, State
from tests.simulation.reading import armed_accounts

Row = dict[str, int]
_SPREAD = 2_654_435_761


def check_clients(state: State, accounts: list[Row]) -> None:
    """Everything below."""
    check_owners(accounts)
    check_keys(state)
    check_armed(state)
    check_batch(state)


def check_owners(accounts: list[Row]) -> None:
    """I-10, I-15: an owner's orders are those of all its accounts, within the limits."""
    totals = [0] * len(accounts)
    for row in accounts:
        totals[row["owner"]] += row["order_count"]
    for account, (row, total) in enumerate(zip(accounts, totals, strict=True)):
        assert row["owner_order_count"] == total, f"I-10 orders of owner {account}"
        assert total <= units.OWNER_ORDERS_MAX, f"I-15 {total} orders of owner {account}"
        assert row["order_count"] <= units.OPEN_ORDERS_MAX, f"I-15 orders of {account}"


def check_keys(state: State) -> None:
    """I-18: an account's keys are distinct; lists, chains and counts name each row once."""
    used = int(state.counters[Counter.KEYS_HIGH])
    if used == 0:
        return
    table = as_rows(state.keys[: used + 1])
    named = {(row["account"], row["key"]) for row in table[1:]}
    assert len(named) == used, f"I-18 {used} rows, {len(named)} different keys"
    by_age: list[int] = []
    row = table[0]["newer"]
    while row and len(by_age) <= used:
        by_age.append(row)
        row = table[row]["newer"]
    assert sorted(by_age) == list(range(1, used + 1)), "I-18 the list by age"
    sequences = [table[row]["first_sequence"] for row in by_age]
    assert sequences == sorted(sequences), "I-18 the list by age is not by age"
    chained: list[int] = []
    for bucket in np.flatnonzero(state.key_buckets).tolist():
        row = int(state.key_buckets[bucket])
        while row and len(chained) <= used:
            assert _bucket_of(table[row]) == bucket, f"I-18 in another's chain: {table[row]}"
            chained.append(row)
            row = table[row]["next_in_bucket"]
    assert sorted(chained) == sorted(by_age), "I-18 chains"
    for account, held in enumerate(
        as_rows(state.safeguards[: int(state.counters[Counter.ACCOUNTS])])
    ):
        own = [row for row in by_age if table[row]["account"] == account]
        found: list[int] = []
        row = held["oldest_key"]
        while row and len(found) <= used:
            found.append(row)
            row = table[row]["next_of_account"]
        assert found == own, f"I-18 keys of {account}: {found} {own}"
        ends = (held["newest_key"], held["key_count"])
        assert ends == (own[-1] if own else 0, len(own)), f"I-18 ends of {account}"


def _bucket_of(row: Row) -> int:
    key, account = row["key"], row["account"]
    return (key ^ (key >> 31) ^ (account * _SPREAD)) & (units.KEYS_MAX - 1)


def check_armed(state: State) -> None:
    """SAFE-003: the list names each account with a heartbeat timeout, once."""
    table = as_rows(state.safeguards[: int(state.counters[Counter.ACCOUNTS])])
    found = armed_accounts(state)
    armed = {account for account, row in enumerate(table) if row["heartbeat_timeout_ns"]}
    assert set(found) == armed, f"SAFE-003 armed are {armed}, listed {found}"
    before = [table[account]["previous_armed"] - 1 for account in found]
    assert before == [-1, *found][: len(found)], f"SAFE-003 {before}"
    for account, row in enumerate(table):
        is_waited_for = row["heartbeat_until_ns"] != 0
        assert is_waited_for == (account in armed), f"SAFE-002 account {account}: {row}"


def check_batch(state: State) -> None:
    """BATCH-002: an open batch has members to come; of a closed one nothing is left."""
    left = int(state.counters[Counter.BATCH_LEFT])
    (batch,) = as_rows(state.batch)
    assert 0 <= left <= units.BATCH_MAX, f"BATCH-002 {left} members to come"
    assert left or not any(batch.values()), f"BATCH-002 left of a closed batch: {batch}"


def as_rows(table: "np.ndarray[Any, np.dtype[np.void]]") -> list[Row]:
    """Records as dicts of Python integers."""
    names = table.dtype.names or ()
    return [dict(zip(names, record, strict=True)) for record in table.tolist()]
