"""A recording of a real order book, read into integers, and turned into orders and cancels.

A price is counted in ticks of 0.1 and a quantity in lots of 0.001, as BTC_USDC-PERPETUAL does,
so every figure of the recording is exact. Each price level becomes one order; a level whose
size changed is cancelled and placed again. Cancels come first: 455 diffs of the recording would
cross for a moment if additions preceded removals.
"""

import json
import lzma
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from exchange.engine import commands, events
from exchange.engine.units import BUY, SELL, TYPE_LIMIT

RECORDING = Path(__file__).parents[1] / "data" / "binance_um_btcusdt_l2_20240808.jsonl.xz"

Levels = dict[int, int]
# side, price_ticks, lots before, lots after
Change = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Diff:
    """Levels that changed, as absolute sizes; zero removes the level."""

    first_update: int
    last_update: int
    previous_update: int
    time_ms: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Trade:
    """One print of the tape, from the taker's point of view."""

    time_ms: int
    side: int
    price_ticks: int
    quantity_lots: int


@dataclass(slots=True)
class Recording:
    """The whole file: one snapshot, the diffs that follow it, and every trade."""

    bids: Levels = field(default_factory=dict)
    asks: Levels = field(default_factory=dict)
    last_update: int = 0
    diffs: list[Diff] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)


def price_ticks(text: str) -> int:
    """A price of the recording, two decimals of which the last is always zero.

    >>> price_ticks("61800.20")
    618002
    """
    ticks, rest = divmod(int(text.replace(".", "")), 10)
    assert rest == 0, f"Expected a price in tenths, was {text}"
    return ticks


def quantity_lots(text: str) -> int:
    """A quantity of the recording, always with three decimals.

    >>> quantity_lots("0.014")
    14
    """
    return int(text.replace(".", ""))


def load(path: Path = RECORDING) -> Recording:
    """Reads the recording; book tickers are left out, diffs older than the snapshot too."""
    recording = Recording()
    with lzma.open(path, "rt", encoding="ascii") as lines:
        for line in lines:
            if "@bookTicker" not in line:
                _read(json.loads(line.partition(" ")[2]), recording)
    recording.diffs = [d for d in recording.diffs if d.last_update >= recording.last_update]
    return recording


def _read(message: dict[str, object], recording: Recording) -> None:
    data = message.get("data", message)
    assert isinstance(data, dict)
    if "lastUpdateId" in data:
        recording.last_update = data["lastUpdateId"]
        recording.bids = dict(_levels(data["bids"]))
        recording.asks = dict(_levels(data["asks"]))
    elif data["e"] == "depthUpdate":
        recording.diffs.append(
            Diff(
                data["U"],
                data["u"],
                data["pu"],
                data["T"],
                _levels(data["b"]),
                _levels(data["a"]),
            )
        )
    elif data["e"] == "trade":
        side = SELL if data["m"] else BUY
        recording.trades.append(
            Trade(data["T"], side, price_ticks(data["p"]), quantity_lots(data["q"]))
        )


def _levels(rows: list[list[str]]) -> list[tuple[int, int]]:
    return [(price_ticks(price), quantity_lots(size)) for price, size in rows]


class VenueBook:
    """The recorded venue's own book, level by level."""

    def __init__(self, bids: Levels, asks: Levels) -> None:
        self.levels = {BUY: dict(bids), SELL: dict(asks)}
        # Sorted prices: the best levels are read after every diff.
        self.prices = {BUY: sorted(bids), SELL: sorted(asks)}

    def apply(self, diff: Diff) -> list[Change]:
        """Applies one diff and returns what really changed, in the order of the message."""
        return [*self._side(BUY, diff.bids), *self._side(SELL, diff.asks)]

    def everything(self) -> list[Change]:
        """Every level as if it had just appeared: the snapshot."""
        return [
            (side, price, 0, lots)
            for side, levels in self.levels.items()
            for price, lots in levels.items()
        ]

    def top(self, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The best levels of both sides, best first, as (price_ticks, lots)."""
        bids, asks = self.levels[BUY], self.levels[SELL]
        return (
            [(price, bids[price]) for price in self.prices[BUY][: -count - 1 : -1]],
            [(price, asks[price]) for price in self.prices[SELL][:count]],
        )

    def _side(self, side: int, rows: list[tuple[int, int]]) -> Iterator[Change]:
        levels, prices = self.levels[side], self.prices[side]
        for price, lots in rows:
            before = levels.get(price, 0)
            if lots == before:
                continue
            if not before:
                insort(prices, price)
            if lots:
                levels[price] = lots
            else:
                del levels[price]
                del prices[bisect_left(prices, price)]
            yield side, price, before, lots


class OrderFlow:
    """Turns level changes into cancels and limit orders of many accounts.

    An account may have 500 open orders, so the levels are dealt over enough of them.
    """

    def __init__(self, contract: int, accounts: list[int], orders_per_account: int) -> None:
        self.contract = contract
        # Dealt in turn: neighbouring levels belong to different accounts.
        self.free = [account for _ in range(orders_per_account) for account in accounts]
        self.resting: dict[tuple[int, int], tuple[int, int]] = {}  # level -> order, account
        self.placed: list[tuple[int, int, int]] = []  # side, price_ticks, account

    def commands(self, changes: list[Change]) -> npt.NDArray[np.void]:
        """Cancels of every level that left or changed, then orders for what stands there."""
        gone = [(side, price) for side, price, before, _ in changes if before]
        fresh = [(side, price, lots) for side, price, _, lots in changes if lots]
        records = np.zeros(len(gone) + len(fresh), commands.HEADER)
        if gone:
            self._fill_cancels(records[: len(gone)].view(commands.CANCEL_ORDER), gone)
        if fresh:
            self._fill_orders(records[len(gone) :].view(commands.PLACE_ORDER), fresh)
        return records

    def learn(self, produced: npt.NDArray[np.void]) -> None:
        """Notes the ids that the engine gave to the orders of the last batch."""
        accepted = produced[produced["kind"] == events.EventKind.ORDER_ACCEPTED]
        orders = accepted.view(events.ORDER_ACCEPTED)["order"].tolist()
        for (side, price, account), order in zip(self.placed, orders, strict=True):
            self.resting[side, price] = order, account

    def _fill_cancels(self, records: npt.NDArray[np.void], gone: list[tuple[int, int]]) -> None:
        rows = [self.resting.pop(level) for level in gone]
        accounts = [account for _, account in rows]
        self.free.extend(accounts)
        records["kind"] = commands.CommandKind.CANCEL_ORDER
        records["principal"] = records["account"] = accounts
        records["contract"] = self.contract
        records["order"] = [order for order, _ in rows]

    def _fill_orders(
        self, records: npt.NDArray[np.void], fresh: list[tuple[int, int, int]]
    ) -> None:
        self.placed = [(side, price, self.free.pop()) for side, price, _ in fresh]
        records["kind"] = commands.CommandKind.PLACE_ORDER
        records["principal"] = records["account"] = [account for _, _, account in self.placed]
        records["contract"] = self.contract
        records["side"] = [side for side, _, _ in fresh]
        records["flags"] = TYPE_LIMIT
        records["price_ticks"] = [price for _, price, _ in fresh]
        records["quantity_lots"] = [lots for _, _, lots in fresh]
