"""A seeded order flow in one contract: 55 % passive orders, 35 % cancels, 10 % takers.

The generator keeps a book of its own, so that passive orders never cross, cancels name a live
order, and a taker sweeps one to five resting orders of other accounts and leaves no remainder.
Every price-time engine must therefore make the same trades: their totals are part of it.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log

import numpy as np
import numpy.typing as npt

ADD, CANCEL, TAKE = 0, 1, 2
BUY, SELL = 1, -1
MID_TICKS = 600_000
ACCOUNTS = 10_000
PREFILL_SHARE = 100  # one order in so many is placed before the mix begins
LIVE_MIN = 100  # below this nobody cancels
CROWDED = 10_000  # above this takers mostly finish what they sweep
REACH = -1 / log(1 - 0.03)  # mean distance of a passive order from the middle, in ticks

# order: a number from 0 for an order or a taker; for a cancel the number of the order it names.
COMMAND = np.dtype(
    [
        (name, "<i8")
        for name in ("kind", "order", "side", "price_ticks", "quantity_lots", "account")
    ]
)


@dataclass(slots=True)
class Totals:
    """What every engine must agree on."""

    trades: int = 0
    volume_lots: int = 0
    notional_ticks: int = 0
    live_orders: int = 0
    kinds: list[int] = field(default_factory=lambda: [0, 0, 0])


@dataclass(slots=True)
class Workload:
    """Commands in order, and the totals of the trades they make."""

    commands: npt.NDArray[np.void]
    totals: Totals
    seed: int


@dataclass(slots=True, eq=False)
class _Resting:
    number: int
    side: int
    price: int
    lots: int
    account: int
    place: int = 0  # index in the list of live orders


class _Generator:
    def __init__(self, seed: int, accounts: int) -> None:
        self.accounts = accounts
        self.random = random.Random(seed)  # Seeded: a benchmark is repeatable.
        self.levels: dict[int, dict[int, dict[int, _Resting]]] = {BUY: {}, SELL: {}}
        self.prices: dict[int, list[int]] = {BUY: [], SELL: []}  # ascending
        self.live: list[_Resting] = []
        self.middle = MID_TICKS
        self.totals = Totals()
        self.numbers = 0

    def kind(self, position: int, count: int) -> int:
        """Which of the three comes next, as far as the book allows it."""
        if self.random.random() < 0.1:
            self.middle += 1 if self.random.random() < 0.5 else -1
        draw = self.random.random()
        if position < count // PREFILL_SHARE or draw < 0.545:
            return ADD
        if draw < 0.90:
            return CANCEL if len(self.live) >= LIVE_MIN else ADD
        return TAKE if min(len(self.prices[BUY]), len(self.prices[SELL])) >= 10 else ADD

    def add(self) -> tuple[int, ...]:
        """A passive order, at most one tick inside the opposite best."""
        side = BUY if self.random.random() < 0.5 else SELL
        distance = 1 + int(REACH * -log(1 - self.random.random()))
        lots = 1 + int(-20 * log(1 - self.random.random()))
        price = self.middle - side * distance
        opposite = self.prices[-side]
        if opposite:
            best = opposite[0] if side == BUY else opposite[-1]
            if side * (price - best) >= 0:
                price = best - side
        number = self._next_number()
        order = _Resting(number, side, price, lots, self.random.randrange(self.accounts))
        if price not in self.levels[side]:
            self.levels[side][price] = {}
            insort(self.prices[side], price)
        self.levels[side][price][order.number] = order
        order.place = len(self.live)
        self.live.append(order)
        return (ADD, order.number, side, price, lots, order.account)

    def cancel(self) -> tuple[int, ...]:
        """Cancels any live order."""
        order = self.live[self.random.randrange(len(self.live))]
        self._remove(order)
        return (CANCEL, order.number, order.side, order.price, 0, order.account)

    def take(self) -> tuple[int, ...]:
        """Sweeps one to five resting orders, the last of them perhaps in part."""
        side = BUY if self.random.random() < 0.5 else SELL
        draw = self.random.random()
        wanted = 1 + sum(draw > share for share in (0.25, 0.50, 0.72, 0.88))
        whole = 0.9 if len(self.live) > CROWDED else 0.05
        met = self._front(-side, wanted)
        total = 0
        for order in met:
            lots = order.lots
            if order is met[-1] and self.random.random() >= whole:
                lots = 1 + self.random.randrange(order.lots)
            total += lots
            self._fill(order, lots)
        accounts = {order.account for order in met}
        taker = self.random.randrange(self.accounts)
        while taker in accounts:  # Self-trade prevention would change the totals.
            taker = self.random.randrange(self.accounts)
        return (TAKE, self._next_number(), side, met[-1].price, total, taker)

    def _front(self, side: int, count: int) -> list[_Resting]:
        met: list[_Resting] = []
        prices = self.prices[side]
        for price in reversed(prices) if side == BUY else prices:
            for order in self.levels[side][price].values():
                met.append(order)
                if len(met) == count:
                    return met
        return met

    def _fill(self, order: _Resting, lots: int) -> None:
        self.totals.trades += 1
        self.totals.volume_lots += lots
        self.totals.notional_ticks += lots * order.price
        if lots == order.lots:
            self._remove(order)
        else:
            order.lots -= lots

    def _remove(self, order: _Resting) -> None:
        last = self.live.pop()
        if last is not order:
            last.place = order.place
            self.live[order.place] = last
        level = self.levels[order.side][order.price]
        del level[order.number]
        if not level:
            del self.levels[order.side][order.price]
            prices = self.prices[order.side]
            del prices[bisect_left(prices, order.price)]

    def _next_number(self) -> int:
        self.numbers += 1
        return self.numbers - 1


def generate(count: int, seed: int = 7) -> Workload:
    """The same flow for the same count and seed, on every machine."""
    return next(parts(count, count, seed))


def parts(
    count: int, size: int, seed: int = 7, *, accounts: int = ACCOUNTS
) -> Iterator[Workload]:
    """The same flow in pieces, for one that is longer than memory; totals are those so far."""
    generator = _Generator(seed, accounts)
    make = {ADD: generator.add, CANCEL: generator.cancel, TAKE: generator.take}
    for first in range(0, count, size):
        rows = np.zeros(min(size, count - first), COMMAND)
        for place in range(len(rows)):
            kind = generator.kind(first + place, count)
            generator.totals.kinds[kind] += 1
            rows[place] = make[kind]()
        generator.totals.live_orders = len(generator.live)
        yield Workload(rows, generator.totals, seed)
