"""Account views: what the engine knows of one account, as bytes that any process can read.

After each batch the runner writes the views of the accounts it touched, before the results go
out, so that a read after the answer sees the write. A view is raw state, never a derived
number: margin moves with every mark, so readers compute it (pipeline.what_if).

VIEW-001  a view is one ACCOUNT_VIEW, then its POSITION rows in slot order, then its ORDER
          rows, newest first.
VIEW-002  an account is touched by a batch if and only if an event of the batch names it.
"""

from typing import NamedTuple

import numpy as np

from exchange.engine.records import column
from exchange.engine.state import (
    ACCOUNT,
    ORDER,
    POSITION,
    Counter,
    Integers,
    State,
    inner_kernel,
    kernel,
)
from exchange.engine.units import ACCOUNTS_MAX, ASSETS_MAX, FIRST_USER_ACCOUNT
from exchange.pipeline.codec import Records

ACCOUNT_KEY = b"novate:account:%d"
CONTRACT_KEY = b"novate:contract:%d"
CONTRACTS_KEY = b"novate:contracts"
UNDERLYINGS_KEY = b"novate:underlyings"
VIEW_VERSION = 1

ACCOUNT_VIEW = np.dtype(
    [
        ("version", "<i8"),
        ("account", "<i8"),
        ("sequence", "<i8"),  # of the last command applied before the view was made
        ("time_ns", "<i8"),
        ("n_positions", "<i8"),
        ("n_orders", "<i8"),
        ("row", ACCOUNT),
        ("balances", "<i8", (ASSETS_MAX,)),
    ]
)

_HEADER_WORDS = 6
_VIEW_WORDS = ACCOUNT_VIEW.itemsize // 8
_POSITION_WORDS = POSITION.itemsize // 8
_ORDER_WORDS = ORDER.itemsize // 8
_SLOT_COUNT = column(ACCOUNT, "slot_count")
_ORDER_COUNT = column(ACCOUNT, "order_count")
_FIRST_ORDER = column(ACCOUNT, "first_order")
_CONTRACT = column(POSITION, "contract")
_NEXT_OF_ACCOUNT = column(ORDER, "next_of_account")


class AccountView(NamedTuple):
    """A decoded view; the arrays are read-only views of the bytes."""

    header: np.void  # ACCOUNT_VIEW
    positions: Records  # state.POSITION
    orders: Records  # state.ORDER


def decode_view(raw: bytes) -> AccountView:
    """Raises ValueError for another version or a length that does not add up."""
    if len(raw) < ACCOUNT_VIEW.itemsize:
        raise ValueError(f"Expected an account view, was {len(raw)} bytes")
    header: np.void = np.frombuffer(raw, ACCOUNT_VIEW, 1)[0]
    if header["version"] != VIEW_VERSION:
        raise ValueError(f"Expected view version {VIEW_VERSION}, was {header['version']}")
    n_positions, n_orders = int(header["n_positions"]), int(header["n_orders"])
    orders_at = ACCOUNT_VIEW.itemsize + n_positions * POSITION.itemsize
    if len(raw) != orders_at + n_orders * ORDER.itemsize:
        raise ValueError(
            f"Expected {n_positions} positions and {n_orders} orders, was {len(raw)} bytes"
        )
    return AccountView(
        header,
        np.frombuffer(raw, POSITION, n_positions, ACCOUNT_VIEW.itemsize),
        np.frombuffer(raw, ORDER, n_orders, orders_at),
    )


def touched_accounts(events: Records) -> Integers:
    """Accounts that the events name, ascending (VIEW-002)."""
    accounts = np.unique(events["account"])
    return accounts[accounts >= 0]


def house_accounts() -> Integers:
    """Fees, insurance and the like move with most fills; no event names them."""
    return np.arange(FIRST_USER_ACCOUNT, dtype=np.int64)


class ViewWriter:
    """Makes views of a state; the buffer is reused from batch to batch."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._accounts = _words(state.accounts)
        self._positions = _words(state.positions)
        self._orders = _words(state.orders)
        self._buffer = np.zeros(1 << 16, np.int64)

    def views(
        self, accounts: Integers, sequence: int, time_ns: int
    ) -> list[tuple[bytes, memoryview]]:
        """(key, view) of each account that exists. Valid until the next call."""
        accounts = accounts[accounts < self._state.counters[Counter.ACCOUNTS]]
        ends = np.zeros(len(accounts), np.int64)
        total = view_sizes(self._accounts, self._positions, accounts, ends)
        if total > len(self._buffer):
            self._buffer = np.zeros(2 * total, np.int64)
        fill_views(
            self._accounts,
            self._state.balances,
            self._positions,
            self._orders,
            accounts,
            sequence,
            time_ns,
            self._buffer,
        )
        raw = self._buffer.data.cast("B")
        pairs: list[tuple[bytes, memoryview]] = []
        start = 0
        for account, end in zip(accounts.tolist(), ends.tolist(), strict=True):
            pairs.append((ACCOUNT_KEY % account, raw[8 * start : 8 * end]))
            start = end
        return pairs


@kernel
def view_sizes(
    accounts: Integers, positions: Integers, wanted: Integers, ends: Integers
) -> int:
    """Where each view ends in the buffer, in words; returns the total.

    accounts, positions : tables as words, (rows, words of a row)
    wanted : (views,) account ids that exist; ends : (views,) filled
    """
    total = 0
    for i in range(wanted.shape[0]):
        account = wanted[i]
        held = 0
        for slot in range(account, accounts[account, _SLOT_COUNT] * ACCOUNTS_MAX, ACCOUNTS_MAX):
            if positions[slot, _CONTRACT] != 0:
                held += 1
        orders = accounts[account, _ORDER_COUNT]
        total += _VIEW_WORDS + held * _POSITION_WORDS + orders * _ORDER_WORDS
        ends[i] = total
    return total


@kernel
def fill_views(
    accounts: Integers,
    balances: Integers,
    positions: Integers,
    orders: Integers,
    wanted: Integers,
    sequence: int,
    time_ns: int,
    buffer: Integers,
) -> None:
    """Write the views of the wanted accounts one behind the other (VIEW-001).

    tables as words, (rows, words of a row); buffer : (at least view_sizes,) words
    """
    at = 0
    for i in range(wanted.shape[0]):
        account = wanted[i]
        start = at
        at = start + _HEADER_WORDS
        at = _copy_row(accounts, account, buffer, at)
        at = _copy_row(balances, account, buffer, at)
        held = 0
        for slot in range(account, accounts[account, _SLOT_COUNT] * ACCOUNTS_MAX, ACCOUNTS_MAX):
            if positions[slot, _CONTRACT] != 0:
                held += 1
                at = _copy_row(positions, slot, buffer, at)
        count = 0
        link = accounts[account, _FIRST_ORDER]
        while link != 0:
            count += 1
            at = _copy_row(orders, link - 1, buffer, at)
            link = orders[link - 1, _NEXT_OF_ACCOUNT]
        assert count == accounts[account, _ORDER_COUNT]
        buffer[start] = VIEW_VERSION
        buffer[start + 1] = account
        buffer[start + 2] = sequence
        buffer[start + 3] = time_ns
        buffer[start + 4] = held
        buffer[start + 5] = count


@inner_kernel
def _copy_row(table: Integers, row: int, buffer: Integers, at: int) -> int:
    for word in range(table.shape[1]):
        buffer[at + word] = table[row, word]
    return at + table.shape[1]


def warm_up(state: State) -> None:
    """Compile or load the kernels of this module."""
    ViewWriter(state).views(house_accounts(), 0, 0)


def _words(table: Records) -> Integers:
    return table.view(np.int64).reshape(len(table), -1)
