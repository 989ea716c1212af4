"""What a bot knows: the contracts' steps and tickers, its own positions and resting orders."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exchange.management.bots.client import Client, Json

FRESH_SECONDS = 10.0
OPEN = "open"
BUY = "buy"
SELL = "sell"


@dataclass(slots=True)
class Order:
    """One of our resting orders."""

    id: str
    side: str  # "buy" or "sell"
    price_ticks: int
    amount_lots: int
    left_lots: int


@dataclass(slots=True)
class Contract:
    """One perpetual as a bot sees it. Prices are in ticks, quantities in lots."""

    name: str
    base: str
    tick: Decimal
    lot: Decimal
    min_notional: float
    index_ticks: float = 0.0
    best_bid_ticks: int = 0
    best_ask_ticks: int = 0
    is_open: bool = False
    heard: float = 0.0
    position_lots: int = 0
    orders: dict[str, Order] = field(default_factory=dict)

    @property
    def is_fresh(self) -> bool:
        """Whether there is a price to act on."""
        recent = time.monotonic() - self.heard < FRESH_SECONDS
        return self.is_open and recent and self.index_ticks > 0

    @property
    def lot_value(self) -> float:
        """What one lot is worth, in quote."""
        return self.index_ticks * float(self.tick * self.lot)

    def price(self, ticks: int) -> Decimal:
        """A price as the API takes it."""
        return ticks * self.tick

    def lots_for(self, notional: float) -> int:
        """The lots nearest to a notional, not below the venue's smallest order."""
        fewest = int(self.min_notional * 1.05 / self.lot_value) + 1
        return max(fewest, round(notional / self.lot_value))


class Market:
    """Keeps its contracts current from the notifications of one connection."""

    def __init__(self, client: Client) -> None:
        self.contracts: dict[str, Contract] = {}
        self._client = client
        self._closed: set[str] = set()
        client.listeners.append(self._on_notification)

    async def load(self) -> None:
        """Learn what is listed, cancel all we have (BOT-002), and follow everything."""
        await self._client.call("private/cancel_all")
        for row in await self._client.call("public/get_instruments", currency="any"):
            if row["settlement_period"] == "perpetual" and row["is_active"]:
                self.contracts[row["instrument_name"]] = _contract(row)
        await self._client.subscribe(*(f"ticker.{name}.100ms" for name in self.contracts))
        # Not user.changes: it values the whole account for each change, and we only count.
        await self._client.subscribe("user.orders.any.any.raw", "user.trades.any.any.raw")
        await self.reconcile()

    async def reconcile(self) -> None:
        """Replace what we believe of orders and positions by what the venue says."""
        orders = await self._client.call("private/get_open_orders")
        positions = await self._client.call("private/get_positions", currency="any")
        self._closed.clear()
        for contract in self.contracts.values():
            contract.orders.clear()
            contract.position_lots = 0
        self.note_orders(orders)
        self._note_positions(positions)

    def note_orders(self, orders: Iterable[Json]) -> None:
        """Orders as an answer or a notification shows them; they may come in either order."""
        for row in orders:
            contract = self.contracts.get(row["instrument_name"])
            if contract is None:
                continue
            number = row["order_id"]
            lots = round(Decimal(str(row["amount"])) / contract.lot)
            left = lots - round(Decimal(str(row["filled_amount"])) / contract.lot)
            if row["order_state"] != OPEN or left <= 0:
                contract.orders.pop(number, None)
                self._closed.add(number)
            elif number not in self._closed:
                ticks = round(Decimal(str(row["price"])) / contract.tick)
                contract.orders[number] = Order(number, row["direction"], ticks, lots, left)

    def forget(self, contract: Contract, order_id: str) -> None:
        """The order is not there any more."""
        contract.orders.pop(order_id, None)
        self._closed.add(order_id)

    def _on_notification(self, channel: str, data: Any) -> None:
        if channel.startswith("ticker."):
            self._note_ticker(data)
        elif channel.startswith("user.orders."):
            self.note_orders([data])
        elif channel.startswith("user.trades."):
            self._note_trades(data)

    def _note_ticker(self, data: Json) -> None:
        contract = self.contracts.get(data["instrument_name"])
        if contract is None:
            return
        tick = float(contract.tick)
        contract.index_ticks = float(data["index_price"] or 0) / tick
        contract.best_bid_ticks = round(float(data["best_bid_price"] or 0) / tick)
        contract.best_ask_ticks = round(float(data["best_ask_price"] or 0) / tick)
        contract.is_open = data["state"] == OPEN
        contract.heard = time.monotonic()

    def _note_trades(self, trades: Iterable[Json]) -> None:
        for row in trades:
            contract = self.contracts.get(row["instrument_name"])
            if contract is not None:
                lots = round(Decimal(str(row["amount"])) / contract.lot)
                contract.position_lots += lots if row["direction"] == BUY else -lots

    def _note_positions(self, positions: Iterable[Json]) -> None:
        for row in positions:
            contract = self.contracts.get(row["instrument_name"])
            if contract is not None:
                size = Decimal(str(row.get("size_currency") or row.get("size") or 0))
                contract.position_lots = round(size / contract.lot)


def _contract(row: Json) -> Contract:
    return Contract(
        name=row["instrument_name"],
        base=row["base_currency"],
        tick=Decimal(str(row["tick_size"])),
        lot=Decimal(str(row["min_trade_amount"])),
        min_notional=float(row.get("min_notional") or 10.0),
    )
