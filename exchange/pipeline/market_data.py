"""Public market data: books, tickers and indices, at most one message of each per 100 ms.

The state is the source; events only say which levels to look at. What was last published is
remembered, so a message holds exactly what changed and a quiet contract costs nothing.

MKT-001  a book delta carries change_id and prev_change_id; applied in an unbroken chain to a
         snapshot with change_id = prev_change_id, it gives the engine's book (I-42).
MKT-002  change ids are command sequences: they rise for ever, across restarts too.
MKT-003  a snapshot is written with the change_id of the delta just published, never between
         two.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from exchange.engine.events import (
    ORDER_ACCEPTED,
    ORDER_ACTIVATED,
    ORDER_AMENDED,
    ORDER_CANCELLED,
    ORDER_REDUCED,
    ORDER_TRIGGERED,
    EventKind,
)
from exchange.engine.matching import best_level, book_side
from exchange.engine.records import RECORD_FIELDS, column
from exchange.engine.state import CONTRACT, UNDERLYING, Counter, Integers, State, kernel
from exchange.engine.units import BUY, FLAG_MAKER, LEVEL_HEIGHT_MAX, SELL
from exchange.pipeline.bus import MARKET_CHANNEL
from exchange.pipeline.codec import Records
from exchange.pipeline.resp import Command
from exchange.pipeline.views import CONTRACT_KEY, CONTRACTS_KEY, UNDERLYINGS_KEY

BOOK_KEY = b"novate:book:%d"
MARKET_VERSION = 1
CONFLATION_NS = 100_000_000
SNAPSHOT_NS = 1_000_000_000

MARKET_HEADER = np.dtype(
    [
        (name, "<i8")
        for name in (
            "version",
            "type",
            "contract",
            "time_ns",
            "change_id",
            "prev_change_id",
            "n_rows",
            "sequence",
        )
    ]
)
LEVEL_FIELDS = ("side", "price_ticks", "lots")
LEVEL_ROW = np.dtype([(name, "<i8") for name in LEVEL_FIELDS])


class MessageType(IntEnum):
    BOOK_DELTA = 1  # LEVEL_ROW rows; lots 0: the level is gone
    TICKER = 2  # one state.CONTRACT row
    INDEX = 3  # one state.UNDERLYING row; contract holds the underlying's number
    BOOK_SNAPSHOT = 4  # LEVEL_ROW rows, bids then asks, best first


_ROWS = {
    MessageType.BOOK_DELTA: LEVEL_ROW,
    MessageType.TICKER: CONTRACT,
    MessageType.INDEX: UNDERLYING,
    MessageType.BOOK_SNAPSHOT: LEVEL_ROW,
}
_SIDE = column(ORDER_ACCEPTED, "side")
_FLAGS = column(ORDER_ACCEPTED, "flags")
_PRICE = column(ORDER_ACCEPTED, "price_ticks")
for _layout in (
    ORDER_ACTIVATED,
    ORDER_AMENDED,
    ORDER_CANCELLED,
    ORDER_REDUCED,
    ORDER_TRIGGERED,
):
    assert column(_layout, "side") == _SIDE
    assert column(_layout, "price_ticks") == _PRICE
_PREVIOUS_PRICE = column(ORDER_AMENDED, "previous_price_ticks")
_KIND = column(ORDER_ACCEPTED, "kind")
_CONTRACT = column(ORDER_ACCEPTED, "contract")
_PLACING_KINDS = (
    EventKind.ORDER_ACCEPTED,
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_ACTIVATED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_CANCELLED,
)
_LISTING_KINDS = (
    EventKind.UNDERLYING_LISTED,
    EventKind.CONTRACT_LISTED,
    EventKind.PARAMETER_SET,
    EventKind.CONTRACT_STATE_SET,
)


class MarketMessage(NamedTuple):
    type: MessageType
    contract: int
    time_ns: int
    change_id: int
    prev_change_id: int
    sequence: int
    rows: Records


def encode_market(message: MarketMessage) -> bytes:
    header = np.zeros(1, MARKET_HEADER)
    header[0] = (
        MARKET_VERSION,
        message.type,
        message.contract,
        message.time_ns,
        message.change_id,
        message.prev_change_id,
        len(message.rows),
        message.sequence,
    )
    return header.tobytes() + message.rows.tobytes()


def decode_market(raw: bytes) -> MarketMessage:
    """Raises ValueError for another version, an unknown type or a wrong length."""
    if len(raw) < MARKET_HEADER.itemsize:
        raise ValueError(f"Expected a market header, was {len(raw)} bytes")
    header = np.frombuffer(raw, MARKET_HEADER, 1)[0]
    if header["version"] != MARKET_VERSION:
        raise ValueError(f"Expected market version {MARKET_VERSION}, was {header['version']}")
    kind = MessageType(int(header["type"]))
    n_rows = int(header["n_rows"])
    if n_rows < 0 or len(raw) != MARKET_HEADER.itemsize + n_rows * _ROWS[kind].itemsize:
        raise ValueError(f"Expected {n_rows} rows, was {len(raw)} bytes")
    return MarketMessage(
        kind,
        int(header["contract"]),
        int(header["time_ns"]),
        int(header["change_id"]),
        int(header["prev_change_id"]),
        int(header["sequence"]),
        np.frombuffer(raw, _ROWS[kind], n_rows, MARKET_HEADER.itemsize),
    )


class _Book:
    """What subscribers of one contract hold now."""

    __slots__ = ("change_id", "is_dirty", "lots", "snapshot_ns")

    def __init__(self) -> None:
        self.lots: dict[int, int] = {}  # by side * price_ticks
        self.change_id = 0
        self.is_dirty = False  # the stored snapshot is older than change_id
        self.snapshot_ns = 0  # when it was stored


class MarketData:
    """Turns a state and its events into Valkey commands. It sends nothing itself."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books: dict[int, _Book] = {}
        self._dirty: list[Integers] = []
        self._contracts = state.contracts[:0].copy()
        self._underlyings = state.underlyings[:0].copy()

    def note(self, events: Records) -> None:
        """Remember which levels the events may have changed."""
        words = events.view(np.int64).reshape(-1, RECORD_FIELDS)
        kind = words[:, _KIND]
        makers = (kind == EventKind.ORDER_FILLED) & (words[:, _FLAGS] & FLAG_MAKER != 0)
        amended = kind == EventKind.ORDER_AMENDED
        placed = np.isin(kind, _PLACING_KINDS)
        touched = words[makers | amended | placed]
        if len(touched):
            self._dirty.append(touched[:, (_CONTRACT, _SIDE, _PRICE)])
        if amended.any():
            self._dirty.append(words[amended][:, (_CONTRACT, _SIDE, _PREVIOUS_PRICE)])

    def has_listing(self, events: Records) -> bool:
        """Whether readers must see the contract rows before the answer, not 100 ms later."""
        return bool(np.isin(events["kind"], _LISTING_KINDS).any())

    def flush(self, time_ns: int, now_ns: int) -> list[Command]:
        """Keys and messages of all that changed since the last flush.

        time_ns: the engine's time, for the messages. now_ns: a monotonic clock, for snapshots.
        """
        sequence = int(self._state.counters[Counter.SEQUENCE])
        commands = self._flush_rows(sequence, time_ns)
        for contract, keys in self._dirty_keys():
            commands += self._flush_book(contract, keys, sequence, time_ns)
        commands += self._snapshots(sequence, time_ns, now_ns)
        return commands

    def snapshot_due_ns(self) -> int | None:
        """When the next stored snapshot falls behind too long; None when all are up to date."""
        due = [book.snapshot_ns for book in self._books.values() if book.is_dirty]
        return min(due) + SNAPSHOT_NS if due else None

    def everything(self, time_ns: int, now_ns: int) -> list[Command]:
        """All keys from scratch: at start, and when Valkey has lost them."""
        self._dirty.clear()
        self._contracts = self._contracts[:0]
        self._underlyings = self._underlyings[:0]
        for book in self._books.values():
            book.is_dirty, book.snapshot_ns = True, 0
        sequence = int(self._state.counters[Counter.SEQUENCE])
        commands = self._flush_rows(sequence, time_ns)
        for contract, book in self._books.items():
            book.lots = _lots_by_key(book_rows(self._state, contract))
            book.change_id = sequence
        return commands + self._snapshots(sequence, time_ns, now_ns)

    def _flush_rows(self, sequence: int, time_ns: int) -> list[Command]:
        contracts = self._state.contracts[: self._state.counters[Counter.CONTRACTS]].copy()
        underlyings = self._state.underlyings[
            : self._state.counters[Counter.UNDERLYINGS]
        ].copy()
        commands: list[Command] = []
        changed = _changed_rows(self._contracts, contracts)
        if changed:
            pairs: list[bytes] = [CONTRACTS_KEY, contracts.tobytes()]
            for contract in changed:
                pairs += (CONTRACT_KEY % contract, contracts[contract].tobytes())
                self._books.setdefault(contract, _new_book())
            commands.append(("MSET", *pairs))
        moved = _changed_rows(self._underlyings, underlyings)
        if moved:
            commands.append(("SET", UNDERLYINGS_KEY, underlyings.tobytes()))
        self._contracts, self._underlyings = contracts, underlyings
        for kind, table, numbers in (
            (MessageType.TICKER, contracts, changed),
            (MessageType.INDEX, underlyings, moved),
        ):
            for number in numbers:
                rows = table[number : number + 1]
                message = MarketMessage(kind, number, time_ns, sequence, 0, sequence, rows)
                commands.append(("PUBLISH", MARKET_CHANNEL, encode_market(message)))
        return commands

    def _dirty_keys(self) -> Iterable[tuple[int, Integers]]:
        if not self._dirty:
            return
        rows = np.concatenate(self._dirty)
        self._dirty.clear()
        keys = rows[:, 1] * rows[:, 2]
        for contract in np.unique(rows[:, 0]).tolist():
            yield contract, np.unique(keys[rows[:, 0] == contract])

    def _flush_book(
        self, contract: int, keys: Integers, sequence: int, time_ns: int
    ) -> list[Command]:
        book = self._books[contract]
        lots = np.zeros(len(keys), np.int64)
        level_lots(self._state, contract, keys, lots)
        changes = [
            (BUY if key > 0 else SELL, abs(key), now)
            for key, now in zip(keys.tolist(), lots.tolist(), strict=True)
            if book.lots.get(key, 0) != now
        ]
        if not changes:
            return []
        for side, price, now in changes:
            if now:
                book.lots[side * price] = now
            else:
                del book.lots[side * price]
        message = MarketMessage(
            MessageType.BOOK_DELTA,
            contract,
            time_ns,
            sequence,
            book.change_id,
            sequence,
            np.array(changes, LEVEL_ROW),
        )
        book.change_id, book.is_dirty = sequence, True
        return [("PUBLISH", MARKET_CHANNEL, encode_market(message))]

    def _snapshots(self, sequence: int, time_ns: int, now_ns: int) -> list[Command]:
        commands: list[Command] = []
        for contract, book in self._books.items():
            if book.is_dirty and now_ns - book.snapshot_ns >= SNAPSHOT_NS:
                message = MarketMessage(
                    MessageType.BOOK_SNAPSHOT,
                    contract,
                    time_ns,
                    book.change_id,
                    0,
                    sequence,
                    _rows_of(book.lots),
                )
                commands.append(("SET", BOOK_KEY % contract, encode_market(message)))
                book.is_dirty, book.snapshot_ns = False, now_ns
        return commands


def book_rows(state: State, contract: int) -> Records:
    """All levels of a contract: bids then asks, best first (LEVEL_ROW)."""
    count = count_levels(state, contract)
    rows = np.zeros(count, LEVEL_ROW)
    copy_levels(state, contract, rows.view(np.int64).reshape(-1, len(LEVEL_FIELDS)))
    return rows


@kernel
def level_lots(s: State, contract: int, keys: Integers, lots: Integers) -> None:
    """Fill lots with what rests at each key = side * price_ticks, 0 where there is no level."""
    for i in range(keys.shape[0]):
        side = BUY if keys[i] > 0 else SELL
        before = book_side(contract, side)
        after = 0
        for height in range(LEVEL_HEIGHT_MAX - 1, -1, -1):
            after = s.level_next[before, height]
            while after != 0 and side * s.levels[after - 1]["price_ticks"] > keys[i]:
                before = after - 1
                after = s.level_next[before, height]
        lots[i] = 0
        if after != 0 and side * s.levels[after - 1]["price_ticks"] == keys[i]:
            lots[i] = s.levels[after - 1]["lots"]


@kernel
def count_levels(s: State, contract: int) -> int:
    count = 0
    for side in (BUY, SELL):
        level = best_level(s, contract, side)
        while level != 0:
            count += 1
            level = s.level_next[level - 1, 0]
    return count


@kernel
def copy_levels(s: State, contract: int, rows: Integers) -> None:
    """rows : (count_levels, 3) side, price_ticks, lots; bids then asks, best first."""
    at = 0
    for side in (BUY, SELL):
        level = best_level(s, contract, side)
        while level != 0:
            rows[at, 0] = side
            rows[at, 1] = s.levels[level - 1]["price_ticks"]
            rows[at, 2] = s.levels[level - 1]["lots"]
            at += 1
            level = s.level_next[level - 1, 0]


def warm_up(state: State) -> None:
    """Compile or load the kernels of this module."""
    rows = book_rows(state, 0)
    level_lots(state, 0, rows["side"] * rows["price_ticks"], np.zeros(len(rows), np.int64))


def _changed_rows(before: Records, after: Records) -> list[int]:
    fields = after.dtype.itemsize // 8
    old = before.view(np.int64).reshape(-1, fields)
    new = after[: len(before)].view(np.int64).reshape(-1, fields)
    changed: list[int] = np.flatnonzero((old != new).any(axis=1)).tolist()
    return changed + list(range(len(before), len(after)))


def _new_book() -> _Book:
    book = _Book()
    book.is_dirty = True
    return book


def _lots_by_key(rows: Records) -> dict[int, int]:
    keys = (rows["side"] * rows["price_ticks"]).tolist()
    return dict(zip(keys, rows["lots"].tolist(), strict=True))


def _rows_of(lots: dict[int, int]) -> Records:
    """Bids from the highest price, asks from the lowest."""
    bids = sorted((key for key in lots if key > 0), reverse=True)
    asks = sorted((key for key in lots if key < 0), reverse=True)
    rows = [(BUY, key, lots[key]) for key in bids] + [(SELL, -key, lots[key]) for key in asks]
    return np.array(rows, LEVEL_ROW)
