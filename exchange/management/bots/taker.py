"""A taker: comes at random, in clusters, sized by a power law, and mostly crosses the spread.

TAKER-001  arrivals are a self-exciting process: each trade makes the next ones likelier for
           some seconds; the mean rate is the one asked for.
TAKER-002  sizes are Pareto: many small, few large, none above the cap.
TAKER-003  a side is chosen by temper: momentum follows the last minute of the index, reversion
           leans against it, and beyond its position limit every taker only reduces.
TAKER-004  an order that rests is cancelled after its patience.
"""

import asyncio
import math
import random
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from exchange.management.bots.client import Client, Refused
from exchange.management.bots.ladder import BASIS_POINT
from exchange.management.bots.market import BUY, SELL, Contract, Market
from exchange.management.bots.purse import Purse

RECONCILE_SECONDS = 30.0
MEMORY_SECONDS = 60.0
SAMPLE_SECONDS = 1.0
TREND_BP = 6.0  # a move of this size within the memory is a clear trend
EXCITEMENT = 0.45  # of each arrival, in further arrivals
EXCITEMENT_SECONDS = 4.0
PATIENCE_SECONDS = (8.0, 45.0)
MARKET_SHARE, CROSS_SHARE = 0.62, 0.2  # the rest joins the touch and waits
CONTRACT_WEIGHTS = {"BTC": 5.0, "ETH": 3.0, "SOL": 2.0}


@dataclass(frozen=True, slots=True)
class Temper:
    """What moves one taker."""

    momentum: float  # -1: always against the trend; 1: always with it
    smallest: float  # quote
    tail: float  # exponent of the power law: lower is heavier
    position_limit: float  # quote, an underlying


TEMPERS = (
    Temper(momentum=0.7, smallest=60, tail=1.25, position_limit=150_000),
    Temper(momentum=-0.6, smallest=80, tail=1.3, position_limit=200_000),
    Temper(momentum=0.0, smallest=25, tail=1.1, position_limit=60_000),
    Temper(momentum=0.4, smallest=200, tail=1.5, position_limit=150_000),
    Temper(momentum=-0.3, smallest=40, tail=1.2, position_limit=80_000),
    Temper(momentum=0.0, smallest=400, tail=1.4, position_limit=250_000),
)
LARGEST_SIZE = 40_000.0


class Taker:
    """One taker on one connection."""

    def __init__(self, client: Client, number: int, rate: float) -> None:
        self._client = client
        self._market = Market(client)
        self._purse = Purse(client)
        self._number = number
        self._temper = TEMPERS[number % len(TEMPERS)]
        self._random = random.Random(2_000 + number)  # noqa: S311 - a market, not a secret.
        self._arrivals = Arrivals(rate, self._random, began=time.monotonic())
        self._trends: dict[str, Trend] = {}
        self._waiting: deque[tuple[float, Contract, str]] = deque()

    async def run(self) -> None:
        """Trade until cancelled. Raises Disconnected when the connection is lost."""
        await self._market.load()
        reconciled = time.monotonic()
        while True:
            now = time.monotonic()
            self._watch(now)
            await self._cancel_impatient(now)
            if now - reconciled > RECONCILE_SECONDS:
                await self._market.reconcile()
                reconciled = now
            if self._arrivals.due(now):
                await self._trade()
            await asyncio.sleep(min(0.5, self._arrivals.wait(time.monotonic())))

    def _watch(self, now: float) -> None:
        for contract in self._market.contracts.values():
            if contract.is_fresh:
                trend = self._trends.setdefault(contract.name, Trend())
                trend.note(now, contract.index_ticks)

    async def _cancel_impatient(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, contract, order_id = self._waiting.popleft()
            if order_id in contract.orders:
                self._market.forget(contract, order_id)
                with suppress(Refused):  # Filled in the meantime: that was the wish.
                    await self._client.call("private/cancel", order_id=order_id)

    async def _trade(self) -> None:
        open_now = [each for each in self._market.contracts.values() if each.is_fresh]
        if not open_now:
            return
        weights = [CONTRACT_WEIGHTS.get(contract.base, 1.0) for contract in open_now]
        contract = self._random.choices(open_now, weights)[0]
        trend = self._trends[contract.name].strength(contract.index_ticks)
        held = contract.position_lots * contract.lot_value / self._temper.position_limit
        side = choose_side(self._temper.momentum, trend, held, self._random.random())
        notional = choose_size(self._temper, self._random.random())
        try:
            await self._send(contract, side, contract.lots_for(notional))
        except Refused as refusal:
            await self._purse.mind(refusal)

    async def _send(self, contract: Contract, side: str, lots: int) -> None:
        style = self._random.random()
        order: dict[str, object] = {
            "instrument_name": contract.name,
            "amount": lots * contract.lot,
            "label": f"taker-{self._number}",
        }
        if style < MARKET_SHARE:
            order |= {"type": "market"}
        elif style < MARKET_SHARE + CROSS_SHARE:
            reach = 1.0 + (8.0 if side == BUY else -8.0) * BASIS_POINT
            ticks = round(contract.index_ticks * reach)
            order |= {
                "type": "limit",
                "price": contract.price(ticks),
                "time_in_force": "immediate_or_cancel",
            }
        else:
            order |= {"type": "limit", "price": contract.price(self._touch(contract, side))}
        answer = await self._client.call(f"private/{side}", **order)
        self._market.note_orders([answer["order"]])
        order_id = answer["order"]["order_id"]
        if order_id in contract.orders:
            patience = self._random.uniform(*PATIENCE_SECONDS)
            self._waiting.append((time.monotonic() + patience, contract, order_id))
            self._waiting = deque(sorted(self._waiting, key=lambda entry: entry[0]))

    def _touch(self, contract: Contract, side: str) -> int:
        best = contract.best_bid_ticks if side == BUY else contract.best_ask_ticks
        step = self._random.choice((0, 0, 1, -2, -5))
        ticks = best or round(contract.index_ticks)
        return max(1, ticks + step if side == BUY else ticks - step)


class Arrivals:
    """When a taker acts (TAKER-001): a Hawkes process, exponential kernel, by thinning."""

    def __init__(self, rate: float, generator: random.Random, *, began: float) -> None:
        self._base = rate * (1.0 - EXCITEMENT)
        self._random = generator
        self._excited = 0.0
        self._at = began
        self._next = self._draw(self._at)

    def due(self, now: float) -> bool:
        """Whether it is time; if so the next arrival is drawn."""
        if now < self._next:
            return False
        self._excited = self._level(now) + EXCITEMENT / EXCITEMENT_SECONDS
        self._at = now
        self._next = self._draw(now)
        return True

    def wait(self, now: float) -> float:
        """Seconds until the next arrival."""
        return max(0.0, self._next - now)

    def _level(self, now: float) -> float:
        return self._excited * math.exp((self._at - now) / EXCITEMENT_SECONDS)

    def _draw(self, now: float) -> float:
        at = now
        while True:
            bound = self._base + self._level(at)
            at += self._random.expovariate(bound)
            if self._random.random() * bound <= self._base + self._level(at):
                return at


class Trend:
    """The index's way over the last minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def note(self, now: float, index_ticks: float) -> None:
        """Remember one sample a second."""
        if self._samples and now - self._samples[-1][0] < SAMPLE_SECONDS:
            return
        self._samples.append((now, index_ticks))
        while now - self._samples[0][0] > MEMORY_SECONDS:
            self._samples.popleft()

    def strength(self, index_ticks: float) -> float:
        """-1 .. 1: how clearly it rose."""
        if not self._samples:
            return 0.0
        start = self._samples[0][1]
        return math.tanh((index_ticks / start - 1.0) / (TREND_BP * BASIS_POINT))


def choose_side(momentum: float, trend: float, held: float, draw: float) -> str:
    """BUY or SELL (TAKER-003).

    momentum, trend : -1 .. 1; held : position / limit, long positive; draw : uniform 0 .. 1

    >>> choose_side(1.0, 1.0, 0.0, 0.7), choose_side(1.0, 1.0, 1.2, 0.7)
    ('buy', 'sell')
    """
    if abs(held) >= 1.0:
        return SELL if held > 0 else BUY
    # Half of the wish comes from the trend; a growing position leans the other way.
    chance = 0.5 + 0.4 * momentum * trend - 0.35 * held
    return BUY if draw < chance else SELL


def choose_size(temper: Temper, draw: float) -> float:
    """A Pareto size in quote (TAKER-002).

    >>> round(choose_size(Temper(0.0, 100.0, 1.0, 1.0), 0.5))
    200
    """
    growth: float = (1.0 - draw) ** (-1.0 / temper.tail)
    return min(LARGEST_SIZE, temper.smallest * growth)
