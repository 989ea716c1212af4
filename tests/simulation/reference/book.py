"""The reference order book: price-time priority with dicts and lists, nothing clever.

A side is a dict from price to a list of orders, oldest first. The best price is found by
looking at all of them.
"""

from dataclasses import dataclass, field

from tests.simulation.reference.rounding import ceil_div
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import BUY, SELL


@dataclass(slots=True)
class Book:
    """One contract's book."""

    bids: dict[int, list[Order]] = field(default_factory=dict)
    asks: dict[int, list[Order]] = field(default_factory=dict)

    def levels(self, side: int) -> dict[int, list[Order]]:
        return self.bids if side == BUY else self.asks

    def prices(self, side: int) -> list[int]:
        """Every price in use, best first."""
        return sorted(self.levels(side), reverse=side == BUY)

    def best_price(self, side: int) -> int:
        """Best price, 0 when the side is empty."""
        levels = self.levels(side)
        if not levels:
            return 0
        return max(levels) if side == BUY else min(levels)

    def head(self, side: int) -> Order | None:
        """The order that trades next on a side."""
        price = self.best_price(side)
        return self.levels(side)[price][0] if price else None

    def add(self, order: Order) -> None:
        """Queues an order behind all others of its price."""
        self.levels(order.side).setdefault(order.price_ticks, []).append(order)

    def remove(self, order: Order) -> None:
        levels = self.levels(order.side)
        levels[order.price_ticks].remove(order)
        if not levels[order.price_ticks]:
            del levels[order.price_ticks]

    def queue(self, side: int) -> list[Order]:
        """A side's orders in the order in which they trade."""
        levels = self.levels(side)
        return [order for price in self.prices(side) for order in levels[price]]

    def orders(self) -> list[Order]:
        """All resting orders: bids then asks."""
        return self.queue(BUY) + self.queue(SELL)

    def depth(self, side: int) -> list[tuple[int, int]]:
        """(price, lots) best first."""
        levels = self.levels(side)
        prices = self.prices(side)
        return [(price, sum(o.remaining_lots for o in levels[price])) for price in prices]

    def walk(self, side: int, limit: int, wanted: int) -> list[tuple[int, int]]:
        """(price, lots) that a taker of `side` would meet, whoever stands there."""
        met: list[tuple[int, int]] = []
        best = self.best_price(-side)
        if not best or side * (limit - best) < 0:
            return met
        for price, there in self.depth(-side):
            if wanted == 0 or side * (limit - price) < 0:
                break
            met.append((price, min(wanted, there)))
            wanted -= min(wanted, there)
        return met

    def impact_price_e8(self, side: int, notional: int, unit: int, tick_e8: int) -> int:
        """Average price of a notional among the orders of `side`; 0: not deep enough.

        Of the last level as many whole lots as the rest of the notional needs.
        """
        lots = price_lots = 0
        for price, there in self.depth(side):
            taken = min(ceil_div(notional, price * unit), there)
            lots += taken
            price_lots += taken * price
            notional -= taken * price * unit
            if notional <= 0:
                return price_lots * tick_e8 // lots
        return 0
