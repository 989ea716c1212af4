"""Account views: what the engine knows of one account, as bytes that any process can read.

After each batch the runner writes the views of the accounts it touched, before the results go
out, so that a read after the answer sees the write. A view is raw state, never a derived
number: margin moves with every mark, so readers compute it (pipeline.what_if).

VIEW-001  a view is one ACCOUNT_VIEW, then its POSITION rows in slot order, then its ORDER
          rows, newest first, then in the same order the CONDITION row of each of them that
          waits, or waited, for a trigger.
VIEW-002  an account is touched by a batch if and only if an event of the batch names it.
VIEW-003  a batch's views are one MSET, put together in Valkey's protocol by one kernel: a
          Python object for each key and value would cost more than the matching.
"""

from typing import NamedTuple

import numpy as np

from exchange.engine.records import column
from exchange.engine.state import (
    ACCOUNT,
    CONDITION,
    LINK,
    ORDER,
    POSITION,
    SAFEGUARD,
    Counter,
    Integers,
    State,
    inner_kernel,
    kernel,
)
from exchange.engine.units import (
    ACCOUNTS_MAX,
    ASSETS_MAX,
    FIRST_USER_ACCOUNT,
    FLAG_LINKED,
    TYPES_WITH_TRIGGER,
)
from exchange.pipeline.codec import Records

Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

ACCOUNT_KEY = b"novate:account:%d"
CONTRACT_KEY = b"novate:contract:%d"
CONTRACTS_KEY = b"novate:contracts"
UNDERLYINGS_KEY = b"novate:underlyings"
VIEW_VERSION = 3

ACCOUNT_VIEW = np.dtype(
    [
        ("version", "<i8"),
        ("account", "<i8"),
        ("sequence", "<i8"),  # of the last command applied before the view was made
        ("time_ns", "<i8"),
        ("n_positions", "<i8"),
        ("n_orders", "<i8"),
        ("n_conditions", "<i8"),
        ("n_ties", "<i8"),
        ("row", ACCOUNT),
        ("balances", "<i8", (ASSETS_MAX,)),
        ("safeguard", SAFEGUARD),
    ]
)

# Whom a linked order is tied to: ids of orders, 0: none.
TIES = np.dtype([(name, "<i8") for name in ("peer", "primary", "exit_0", "exit_1")])

_HEADER_WORDS = 8
_ACCOUNT_BYTES = ACCOUNT_VIEW.itemsize
_POSITION_BYTES = POSITION.itemsize
_ORDER_BYTES = ORDER.itemsize
_CONDITION_BYTES = CONDITION.itemsize
_TIES_BYTES = TIES.itemsize
_TIE_COLUMNS = tuple(column(LINK, name) for name in TIES.names or ())
_ORDER_ID = column(ORDER, "id")
_FRAME_BYTES_MAX = 128  # of one key and the lengths around it
_SLOT_COUNT = column(ACCOUNT, "slot_count")
_ORDER_COUNT = column(ACCOUNT, "order_count")
_FIRST_ORDER = column(ACCOUNT, "first_order")
_CONTRACT = column(POSITION, "contract")
_NEXT_OF_ACCOUNT = column(ORDER, "next_of_account")
_FLAGS = column(ORDER, "flags")
_ZERO, _STAR, _DOLLAR, _RETURN, _NEWLINE = b"0*$\r\n"
_MSET = np.frombuffer(b"$4\r\nMSET\r\n", np.uint8).copy()
_KEY_START = np.frombuffer(ACCOUNT_KEY.removesuffix(b"%d"), np.uint8).copy()


class AccountView(NamedTuple):
    """A decoded view; the arrays are read-only views of the bytes."""

    header: np.void  # ACCOUNT_VIEW
    positions: Records  # state.POSITION
    orders: Records  # state.ORDER
    conditions: Records  # state.CONDITION, of the orders with a trigger
    ties: Records  # TIES, of the orders that came in a group


def decode_view(raw: bytes) -> AccountView:
    """Raises ValueError for another version or a length that does not add up."""
    if len(raw) < ACCOUNT_VIEW.itemsize:
        raise ValueError(f"Expected an account view, was {len(raw)} bytes")
    header: np.void = np.frombuffer(raw, ACCOUNT_VIEW, 1)[0]
    if header["version"] != VIEW_VERSION:
        raise ValueError(f"Expected view version {VIEW_VERSION}, was {header['version']}")
    n_positions, n_orders = int(header["n_positions"]), int(header["n_orders"])
    n_conditions, n_ties = int(header["n_conditions"]), int(header["n_ties"])
    orders_at = ACCOUNT_VIEW.itemsize + n_positions * POSITION.itemsize
    conditions_at = orders_at + n_orders * ORDER.itemsize
    ties_at = conditions_at + n_conditions * CONDITION.itemsize
    if len(raw) != ties_at + n_ties * TIES.itemsize:
        raise ValueError(
            f"Expected {n_positions} positions, {n_orders} orders, {n_conditions} conditions "
            f"and {n_ties} ties, was {len(raw)} bytes"
        )
    return AccountView(
        header,
        np.frombuffer(raw, POSITION, n_positions, ACCOUNT_VIEW.itemsize),
        np.frombuffer(raw, ORDER, n_orders, orders_at),
        np.frombuffer(raw, CONDITION, n_conditions, conditions_at),
        np.frombuffer(raw, TIES, n_ties, ties_at),
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
        self._accounts = _as_words(state.accounts)
        self._safeguards = _as_words(state.safeguards)
        self._positions = _as_words(state.positions)
        self._orders = _as_words(state.orders)
        self._links = _as_words(state.links)
        self._conditions = _as_words(state.conditions)
        self._header = np.zeros(_HEADER_WORDS, np.int64)
        self._buffer = np.zeros(1 << 19, np.uint8)

    def command(self, accounts: Integers, sequence: int, time_ns: int) -> memoryview | None:
        """The MSET of the views of each account that exists, None when none does.

        Valid until the next call.
        """
        accounts = accounts[accounts < self._state.counters[Counter.ACCOUNTS]]
        if not len(accounts):
            return None
        size = _views_size(self._accounts, self._positions, self._orders, accounts)
        if size > len(self._buffer):
            self._buffer = np.zeros(2 * size, np.uint8)
        self._header[2:4] = sequence, time_ns
        used = _write_views(
            self._accounts,
            self._positions,
            self._orders,
            self._links,
            _as_bytes(self._accounts),
            _as_bytes(self._positions),
            _as_bytes(self._orders),
            _as_bytes(self._conditions),
            _as_bytes(self._state.balances),
            _as_bytes(self._safeguards),
            accounts,
            self._header,
            _MSET,
            _KEY_START,
            self._buffer,
        )
        return self._buffer.data[:used]


@kernel
def _views_size(
    accounts: Integers, positions: Integers, orders: Integers, wanted: Integers
) -> int:
    """An upper bound for the bytes of the command; tables as words, (rows, words of a row)."""
    total = _FRAME_BYTES_MAX
    for i in range(wanted.shape[0]):
        held, count, waiting, tied = _counts(accounts, positions, orders, wanted[i])
        total += _FRAME_BYTES_MAX + _view_bytes(held, count, waiting, tied)
    return total


@kernel
def _write_views(
    accounts: Integers,
    positions: Integers,
    orders: Integers,
    links: Integers,
    account_rows: Bytes,
    position_rows: Bytes,
    order_rows: Bytes,
    condition_rows: Bytes,
    balance_rows: Bytes,
    safeguard_rows: Bytes,
    wanted: Integers,
    header: Integers,
    mset: Bytes,
    key_start: Bytes,
    buffer: Bytes,
) -> int:
    """Write the command (VIEW-003), each value as in VIEW-001; returns its length in bytes.

    accounts, positions, orders : tables as words, (rows, words of a row); *_rows : the same,
    the balances and the safeguards as bytes. wanted : (views,) account ids. header : the first
    words of an ACCOUNT_VIEW, sequence and time set. buffer : at least _views_size bytes
    """
    header_bytes = header.view(np.uint8)
    ties = np.zeros(len(_TIE_COLUMNS), np.int64)
    ties_bytes = ties.view(np.uint8)
    at = _write_length(buffer, 0, _STAR, 1 + 2 * wanted.shape[0])
    at = _write_bytes(buffer, at, mset)
    for i in range(wanted.shape[0]):
        account = wanted[i]
        held, count, waiting, tied = _counts(accounts, positions, orders, account)
        at = _write_length(buffer, at, _DOLLAR, key_start.shape[0] + _digits(account))
        at = _write_number(buffer, _write_bytes(buffer, at, key_start), account)
        at = _end_line(buffer, at)
        at = _write_length(buffer, at, _DOLLAR, _view_bytes(held, count, waiting, tied))
        header[0] = VIEW_VERSION
        header[1] = account
        header[4] = held
        header[5] = count
        header[6] = waiting
        header[7] = tied
        at = _write_bytes(buffer, at, header_bytes)
        at = _write_bytes(buffer, at, account_rows[account])
        at = _write_bytes(buffer, at, balance_rows[account])
        at = _write_bytes(buffer, at, safeguard_rows[account])
        for slot in range(account, accounts[account, _SLOT_COUNT] * ACCOUNTS_MAX, ACCOUNTS_MAX):
            if positions[slot, _CONTRACT] != 0:
                at = _write_bytes(buffer, at, position_rows[slot])
        link = accounts[account, _FIRST_ORDER]
        while link != 0:
            at = _write_bytes(buffer, at, order_rows[link - 1])
            link = orders[link - 1, _NEXT_OF_ACCOUNT]
        link = accounts[account, _FIRST_ORDER] if waiting != 0 else 0
        while link != 0:
            if orders[link - 1, _FLAGS] & TYPES_WITH_TRIGGER != 0:
                at = _write_bytes(buffer, at, condition_rows[link - 1])
            link = orders[link - 1, _NEXT_OF_ACCOUNT]
        link = accounts[account, _FIRST_ORDER] if tied != 0 else 0
        while link != 0:
            if orders[link - 1, _FLAGS] & FLAG_LINKED != 0:
                _note_ties(ties, orders, links[link - 1])
                at = _write_bytes(buffer, at, ties_bytes)
            link = orders[link - 1, _NEXT_OF_ACCOUNT]
        at = _end_line(buffer, at)
    return at


@inner_kernel
def _note_ties(ties: Integers, orders: Integers, link: Integers) -> None:
    """Fill in one TIES."""
    for i in range(len(_TIE_COLUMNS)):
        other = link[_TIE_COLUMNS[i]]
        ties[i] = orders[other - 1, _ORDER_ID] if other != 0 else 0


@inner_kernel
def _counts(
    accounts: Integers, positions: Integers, orders: Integers, account: int
) -> tuple[int, int, int, int]:
    """(positions held, open orders, of them with a trigger, and of a group) of an account."""
    held = 0
    for slot in range(account, accounts[account, _SLOT_COUNT] * ACCOUNTS_MAX, ACCOUNTS_MAX):
        if positions[slot, _CONTRACT] != 0:
            held += 1
    waiting = 0
    tied = 0
    link = accounts[account, _FIRST_ORDER]
    while link != 0:
        if orders[link - 1, _FLAGS] & TYPES_WITH_TRIGGER != 0:
            waiting += 1
        if orders[link - 1, _FLAGS] & FLAG_LINKED != 0:
            tied += 1
        link = orders[link - 1, _NEXT_OF_ACCOUNT]
    return held, accounts[account, _ORDER_COUNT], waiting, tied


@inner_kernel
def _view_bytes(held: int, orders: int, waiting: int, tied: int) -> int:
    return (
        _ACCOUNT_BYTES
        + held * _POSITION_BYTES
        + orders * _ORDER_BYTES
        + waiting * _CONDITION_BYTES
        + tied * _TIES_BYTES
    )


@inner_kernel
def _write_bytes(buffer: Bytes, at: int, data: Bytes) -> int:
    buffer[at : at + data.shape[0]] = data
    return at + data.shape[0]


@inner_kernel
def _write_length(buffer: Bytes, at: int, mark: int, number: int) -> int:
    """A line of the protocol: what comes, and how much of it."""
    buffer[at] = mark
    return _end_line(buffer, _write_number(buffer, at + 1, number))


@inner_kernel
def _write_number(buffer: Bytes, at: int, number: int) -> int:
    end = at + _digits(number)
    for place in range(end - 1, at - 1, -1):
        buffer[place] = _ZERO + number % 10
        number //= 10
    return end


@inner_kernel
def _digits(number: int) -> int:
    count = 1
    while number >= 10:
        number //= 10
        count += 1
    return count


@inner_kernel
def _end_line(buffer: Bytes, at: int) -> int:
    buffer[at] = _RETURN
    buffer[at + 1] = _NEWLINE
    return at + 2


def warm_up(state: State) -> None:
    """Compile or load the kernels of this module."""
    ViewWriter(state).command(house_accounts(), 0, 0)


def _as_words(table: Records) -> Integers:
    return table.view(np.int64).reshape(len(table), -1)


def _as_bytes(words: Integers) -> Bytes:
    return words.view(np.uint8)
