"""Whether the engine's state and the reference's tables say the same.

Every column of every table is compared but links between rows and what only finds things
faster: which those are is written below, and a new column that is in neither list fails.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from exchange.engine import state as engine
from exchange.engine.state import Counter, State
from exchange.engine.units import ASSETS_MAX, BUY, FUNDING_SAMPLES, SELL
from tests.simulation.reading import (
    Row,
    armed_accounts,
    counters,
    day_ids,
    ids_of,
    keys_by_age,
    order_ids_of,
    pending_ids,
    positions_of,
    queue,
    row,
    rows,
)
from tests.simulation.reference import tables
from tests.simulation.reference.margin import OpenOrders
from tests.simulation.reference.state import ORDER_SLOT_BITS, Venue

PAYLOAD = tuple(f"payload_{i}" for i in range(7))
# Columns that the reference does not have, or has under another form.
LINKS = {
    "accounts": {
        "slot_count",
        "first_order",
        "order_count",
        "owner_order_count",
    },
    "positions": {
        "contract",
        "buy_lots",
        "buy_price_lots",
        "sell_lots",
        "sell_price_lots",
        "resting_count",
        "next_holder",
        "previous_holder",
    },
    "conditions": {
        "next_trailing",
        "previous_trailing",
        "next_of_day",
        "previous_of_day",
    },
    "orders": {
        "position",
        "level",
        "next",
        "previous",
        "next_of_account",
        "previous_of_account",
    },
    "contracts": {
        "name_0",
        "name_1",
        "name_2",
        "name_3",
        "first_holder",
        "holder_count",
        "watchers",
        "last_watchers",
    },
    "underlyings": {"listed", "name_0", "name_1", "reserved"},
    "observations": {"deviation_ppm", "outliers"},
    "reporters": {"key_0", "key_1", "key_2", "key_3", "registered"},
    "withdrawals": {"next_free", "reserved"},
    "gateways": {"gateway_id", "reserved"},
    "funding": set(),
    "safeguards": {
        "oldest_key",
        "newest_key",
        "key_count",
        "next_armed",
        "previous_armed",
    },
    "keys": {
        "account",
        "key",
        *PAYLOAD,
        "next_of_account",
        "next_in_bucket",
        "newer",
        "older",
    },
    "batch": {"stored_0", "stored_1", "reserved"},
}


def _columns(dtype: Any, table: str) -> tuple[str, ...]:
    return tuple(name for name in dtype.names if name not in LINKS[table])


ACCOUNT = _columns(engine.ACCOUNT, "accounts")
POSITION = _columns(engine.POSITION, "positions")
ORDER = _columns(engine.ORDER, "orders")
CONDITION = _columns(engine.CONDITION, "conditions")
CONTRACT = _columns(engine.CONTRACT, "contracts")
UNDERLYING = _columns(engine.UNDERLYING, "underlyings")
OBSERVATION = _columns(engine.OBSERVATION, "observations")
REPORTER = _columns(engine.REPORTER, "reporters")
WITHDRAWAL = _columns(engine.WITHDRAWAL, "withdrawals")
GATEWAY = _columns(engine.GATEWAY, "gateways")
FUNDING = _columns(engine.FUNDING, "funding")
SAFEGUARD = _columns(engine.SAFEGUARD, "safeguards")
KEY = _columns(engine.KEY, "keys")
BATCH = _columns(engine.BATCH, "batch")
ORDER_SUMS = tuple(field.name for field in fields(OpenOrders))


def assert_same_state(state: State, venue: Venue) -> None:
    """Compares everything."""
    _assert_same_counters(state, venue)
    days = [order.id for order in venue.days()]
    assert day_ids(state) == days, f"good-til-day orders: {days}"
    for account in range(len(venue.accounts)):
        assert_same_account(state, venue, account)
    for contract in range(len(venue.contracts)):
        assert_same_contract(state, venue, contract)
        assert_same_samples(state, venue, contract)
        assert_same_book(state, venue, contract)
    for underlying in range(len(venue.underlyings)):
        assert_same_underlying(state, venue, underlying)
    _assert_same_registers(state, venue)
    _assert_same_keys(state, venue)
    _assert_same_batch(state, venue)
    owned = [0] * len(venue.accounts)
    for row_of_account in venue.accounts:
        owned[row_of_account.owner] += len(row_of_account.orders)
    found = state.accounts["owner_order_count"][: len(owned)].tolist()
    assert found == owned, f"orders of owners: engine {found}, reference {owned}"


def assert_same_account(state: State, venue: Venue, number: int) -> None:
    """Its row, its cash, its positions with their order sums, its list of orders."""
    mine = venue.accounts[number]
    theirs = row(state.accounts, number)
    _same(f"account {number}", theirs, mine, ACCOUNT)
    _same(f"safeguard of {number}", row(state.safeguards, number), mine, SAFEGUARD)
    cash = [venue.ledger.cash(number, asset) for asset in range(ASSETS_MAX)]
    assert state.balances[number].tolist() == cash, f"balances of {number}: {cash}"
    if not (theirs["slot_count"] or mine.positions or mine.orders):
        return
    held = positions_of(state, number)
    assert held.keys() == mine.positions.keys(), f"positions of {number}: {held.keys()}"
    for contract, position in mine.positions.items():
        name = f"position of {number} in {contract}"
        _same(name, held[contract][1], position, POSITION)
        _same(name, held[contract][1], venue.open_orders(number, contract), ORDER_SUMS)
    assert theirs["order_count"] == len(mine.orders), f"order count of {number}"
    assert order_ids_of(state, number) == list(mine.orders)[::-1], f"orders of {number}"
    for order in mine.orders.values():
        _assert_same_order(state, order)


def assert_same_contract(state: State, venue: Venue, number: int) -> None:
    """Its terms, parameters, prices and sums."""
    theirs = row(state.contracts, number)
    _same(f"contract {number}", theirs, venue.contracts[number], CONTRACT)
    name = tuple(theirs[f"name_{i}"] for i in range(4))
    assert name == venue.contracts[number].name, f"name of contract {number}"
    waiting = venue.waiting(number)
    assert theirs["watchers"] == len(waiting), f"watchers of {number}"
    last = sum(order.watches_last for order in waiting)
    assert theirs["last_watchers"] == last, f"watchers of the last price of {number}"
    _same(f"funding of {number}", row(state.funding, number), venue.funding[number], FUNDING)


def assert_same_samples(state: State, venue: Venue, number: int) -> None:
    """The premium that was measured in the last hour, sample by sample."""
    mine = {n % FUNDING_SAMPLES: kept for n, kept in venue.funding[number].samples.items()}
    theirs = enumerate(state.funding_samples[number].tolist())
    kept = {place: sample for place, sample in theirs if sample != (0, 0)}
    assert kept == mine, f"samples of {number}: {kept}, reference {mine}"


def assert_same_book(state: State, venue: Venue, contract: int) -> None:
    """Both queues, order by order and field by field."""
    for side in (BUY, SELL):
        mine = venue.books[contract].queue(side)
        theirs = list(queue(state, contract, side))
        ids = [order["id"] for order in theirs]
        assert ids == [order.id for order in mine], f"queue of {contract} {side}: {ids}"


def _assert_same_order(state: State, order: tables.Order) -> None:
    slot = order.id % (1 << ORDER_SLOT_BITS)
    _same(f"order {order.id}", row(state.orders, slot), order, ORDER)
    _same(f"condition of {order.id}", row(state.conditions, slot), order, CONDITION)
    link, group = row(state.links, slot), order.group or tables.Group([])
    is_entry = group.entry is order
    exits = [leg.id for leg in group.legs] if is_entry else []
    found = ids_of(state, link["exit_0"], link["exit_1"])
    assert found == exits, f"exits of {order.id}: engine {found}, reference {exits}"
    others = [] if is_entry else [leg.id for leg in group.legs if leg is not order]
    found = ids_of(state, link["peer"])
    assert found == others, f"peer of {order.id}: engine {found}, reference {others}"
    entries = [group.entry.id] if group.entry and not is_entry else []
    found = ids_of(state, link["primary"])
    assert found == entries, f"primary of {order.id}: engine {found}, reference {entries}"
    assert link["pending_lots"] == order.pending_lots, f"pending lots of {order.id}"


def assert_same_underlying(state: State, venue: Venue, number: int) -> None:
    """Its index and what its sources said last."""
    theirs = row(state.underlyings, number)
    _same(f"underlying {number}", theirs, venue.underlyings[number], UNDERLYING)
    assert (theirs["name_0"], theirs["name_1"]) == venue.underlyings[number].name
    for source, found in enumerate(rows(state.observations[number])):
        mine = venue.observations.get((number, source), tables.Observation())
        _same(f"observation {number} of source {source}", found, mine, OBSERVATION)


def _assert_same_counters(state: State, venue: Venue) -> None:
    mine = {
        Counter.SEQUENCE: venue.sequence,
        Counter.TIME_NS: venue.time_ns,
        Counter.ACCOUNTS: len(venue.accounts),
        Counter.CONTRACTS: len(venue.contracts),
        Counter.UNDERLYINGS: len(venue.underlyings),
        Counter.TRADES: venue.trades,
        Counter.ORDERS_HIGH: venue.order_slots.high,
        Counter.ORDERS_OPEN: len(venue.orders),
        Counter.WITHDRAWALS_HIGH: venue.withdrawal_slots.high,
        Counter.GATEWAYS: len(venue.gateways),
        Counter.ORDER_NUMBERS: venue.order_numbers,
        Counter.NEXT_SAMPLE_NS: venue.sample_end_ns,
        Counter.OPEN_INTEREST_UNITS: venue.open_interest_units(),
        Counter.TRIGGERS_DUE: sum(contract.is_due for contract in venue.contracts)
        + len(venue.pending),
    }
    found = counters(state)
    for counter, value in mine.items():
        assert found[counter] == value, f"{counter.name}: {found[counter]} / {value}"


def _assert_same_registers(state: State, venue: Venue) -> None:
    for source, found in enumerate(rows(state.reporters)):
        mine = venue.reporters.get(source)
        assert bool(found["registered"]) == (mine is not None), f"source {source}"
        if mine:
            _same(f"source {source}", found, mine, REPORTER)
            assert tuple(found[f"key_{i}"] for i in range(4)) == mine.keys
    table = state.withdrawals[: venue.withdrawal_slots.high]
    pending = {found["id"]: found for found in rows(table) if found["id"]}
    assert pending.keys() == venue.withdrawals.keys(), f"withdrawals {pending.keys()}"
    for number, withdrawal in venue.withdrawals.items():
        _same(f"withdrawal {number}", pending[number], withdrawal, WITHDRAWAL)
    gateways = {found["gateway_id"]: found for found in rows(state.gateways)}
    for name, gateway in venue.gateways.items():
        assert name in gateways, f"gateway {name} is forgotten"
        _same(f"gateway {name}", gateways[name], gateway, GATEWAY)


def _assert_same_keys(state: State, venue: Venue) -> None:
    """Every key from the oldest to the youngest, and whose heartbeat is waited for."""
    found = keys_by_age(state)
    names = [(key["account"], key["key"]) for key in found]
    assert names == list(venue.keys), f"keys by age: {names}"
    for theirs, (name, mine) in zip(found, venue.keys.items(), strict=True):
        _same(f"key {name}", theirs, mine, KEY)
        payload = tuple(theirs[column] for column in PAYLOAD)
        assert payload == mine.payload, f"payload of key {name}: {payload}"
    assert armed_accounts(state) == venue.armed[::-1], f"armed: {venue.armed[::-1]}"


def _assert_same_batch(state: State, venue: Venue) -> None:
    mine = venue.batch or tables.Batch(0, 0, left=0)
    left = int(state.counters[Counter.BATCH_LEFT])
    assert left == mine.left, f"members to come: engine {left}, reference {mine.left}"
    _same("batch", row(state.batch, 0), mine, BATCH)
    stored = ids_of(state, *(int(state.batch[0][f"stored_{i}"]) for i in range(2)))
    assert stored == [order.id for order in mine.stored], f"stored: engine {stored}"
    pending = [order.id for order in venue.pending]
    found = pending_ids(state)
    assert found == pending, f"pending: engine {found}, reference {pending}"


def _same(what: str, theirs: Row, mine: Any, columns: Iterable[str]) -> None:
    for name in columns:
        found, expected = theirs[name], getattr(mine, name)
        assert found == expected, f"{what}, {name}: engine {found}, reference {expected}"
