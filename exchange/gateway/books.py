"""The order book of a contract, kept level by level from a snapshot and the deltas after it.

BOOK-001  change ids form an exact chain: a delta applies only to the change id it names.
BOOK-002  a gap makes the book stale until a snapshot at or behind the next delta heals it;
          nobody is shown a stale book.
BOOK-003  removals are applied before additions, so that a delta never crosses the book.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exchange.engine.units import BUY

Level = tuple[int, int]  # price_ticks, lots
Change = tuple[str, int, int]  # new | change | delete, price_ticks, lots
PENDING_MAX = 1_000


class Side:
    """One side of the book: lots by price, and the prices in ascending order."""

    __slots__ = ("lots", "prices")

    def __init__(self) -> None:
        self.lots: dict[int, int] = {}
        self.prices: list[int] = []

    def put(self, price_ticks: int, lots: int) -> Change | None:
        """Set a level; lots 0 removes it. Says what changed, if anything did."""
        before = self.lots.get(price_ticks, 0)
        if lots == before:
            return None
        if not lots:
            del self.lots[price_ticks]
            del self.prices[bisect_left(self.prices, price_ticks)]
            return ("delete", price_ticks, 0)
        self.lots[price_ticks] = lots
        if before:
            return ("change", price_ticks, lots)
        insort(self.prices, price_ticks)
        return ("new", price_ticks, lots)


@dataclass(slots=True)
class Delta:
    """One conflated change of a book: rows of (side, price_ticks, lots); 0 lots: gone."""

    change_id: int
    prev_change_id: int
    time_ns: int
    rows: Sequence[tuple[int, int, int]]


@dataclass(slots=True)
class BookChange:
    """What a delta did, as subscribers are told."""

    change_id: int
    prev_change_id: int
    time_ns: int
    bids: list[Change] = field(default_factory=list)
    asks: list[Change] = field(default_factory=list)


class Book:
    """Bids and asks of one contract."""

    def __init__(self) -> None:
        self.bids = Side()
        self.asks = Side()
        self.change_id = 0
        self.time_ns = 0
        self.is_stale = True
        self._pending: list[Delta] = []

    def load(self, change_id: int, time_ns: int, rows: Iterable[tuple[int, int, int]]) -> None:
        """Start again from a snapshot, then catch up with the deltas that came meanwhile."""
        self.bids, self.asks = Side(), Side()
        self.change_id, self.time_ns = change_id, time_ns
        self.is_stale = False
        for side, price_ticks, lots in rows:
            (self.bids if side == BUY else self.asks).put(price_ticks, lots)
        pending, self._pending = self._pending, []
        for delta in pending:
            self.apply(delta)

    def apply(self, delta: Delta) -> BookChange | None:
        """Apply the next delta. None: it is old, or the book is now stale and keeps it."""
        if not self.is_stale and delta.change_id <= self.change_id:
            return None
        if self.is_stale or delta.prev_change_id != self.change_id:
            self.is_stale = True
            self._pending = [*self._pending[-PENDING_MAX:], delta]
            return None
        change = BookChange(delta.change_id, delta.prev_change_id, delta.time_ns)
        for side, price_ticks, lots in sorted(delta.rows, key=_removals_first):
            book_side, changes = (
                (self.bids, change.bids) if side == BUY else (self.asks, change.asks)
            )
            done = book_side.put(price_ticks, lots)
            if done is not None:
                changes.append(done)
        self.change_id, self.time_ns = delta.change_id, delta.time_ns
        return change

    def best_bid(self) -> Level | None:
        """The highest price somebody would pay."""
        prices = self.bids.prices
        return (prices[-1], self.bids.lots[prices[-1]]) if prices else None

    def best_ask(self) -> Level | None:
        """The lowest price somebody would take."""
        prices = self.asks.prices
        return (prices[0], self.asks.lots[prices[0]]) if prices else None

    def top_bids(self, depth: int, group_ticks: int = 1) -> list[Level]:
        """The best bids, best first; grouped prices are rounded down."""
        prices = reversed(self.bids.prices)
        return _grouped(prices, self.bids.lots, depth, group_ticks, up=False)

    def top_asks(self, depth: int, group_ticks: int = 1) -> list[Level]:
        """The best asks, best first; grouped prices are rounded up."""
        return _grouped(self.asks.prices, self.asks.lots, depth, group_ticks, up=True)


def _removals_first(row: tuple[int, int, int]) -> bool:
    return row[2] != 0


def _grouped(
    prices: Iterable[int], lots: dict[int, int], depth: int, group_ticks: int, *, up: bool
) -> list[Level]:
    levels: list[Level] = []
    for price in prices:
        bucket = -(-price // group_ticks) if up else price // group_ticks
        key = bucket * group_ticks
        if levels and levels[-1][0] == key:
            levels[-1] = (key, levels[-1][1] + lots[price])
        elif len(levels) == depth:
            break
        else:
            levels.append((key, lots[price]))
    return levels
