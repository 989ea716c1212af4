"""The reference order book: price-time priority with dicts and lists, nothing clever.

A side is a dict from price to a list of orders, oldest first. The best price is found by
looking at all of them.
"""

from dataclasses import dataclass, field

BUY, SELL = 1, -1


@dataclass(slots=True, eq=False)
class Order:
    """An order, resting or on its way."""

    account: int
    contract: int
    side: int
    price: int
    quantity: int
    remaining: int
    sequence: int
    label: int = 0
    force: str = "gtc"  # gtc, ioc or fok
    reduce_only: bool = False
    post_only: bool = False
    reject_post_only: bool = False
    entered: int = 0  # counts entries into the book: the order of the queue

    @property
    def filled(self) -> int:
        return self.quantity - self.remaining


@dataclass(slots=True)
class Book:
    """One contract's book."""

    bids: dict[int, list[Order]] = field(default_factory=dict)
    asks: dict[int, list[Order]] = field(default_factory=dict)
    entries: int = 0

    def levels(self, side: int) -> dict[int, list[Order]]:
        return self.bids if side == BUY else self.asks

    def prices(self, side: int) -> list[int]:
        """Every price in use, best first."""
        return sorted(self.levels(side), reverse=side == BUY)

    def best_price(self, side: int) -> int:
        """Best price, 0 when the side is empty."""
        prices = self.prices(side)
        return prices[0] if prices else 0

    def head(self, side: int) -> Order | None:
        """The order that trades next on a side."""
        price = self.best_price(side)
        return self.levels(side)[price][0] if price else None

    def add(self, order: Order) -> None:
        """Queues an order behind all others of its price."""
        self.entries += 1
        order.entered = self.entries
        self.restore(order)

    def restore(self, order: Order) -> None:
        """Puts an order where it stood before it was removed."""
        queue = self.levels(order.side).setdefault(order.price, [])
        queue.append(order)
        queue.sort(key=lambda queued: queued.entered)

    def remove(self, order: Order) -> None:
        levels = self.levels(order.side)
        levels[order.price].remove(order)
        if not levels[order.price]:
            del levels[order.price]

    def orders(self) -> list[Order]:
        """All resting orders: bids then asks, best first, oldest first."""
        return [
            order
            for side in (BUY, SELL)
            for price in self.prices(side)
            for order in self.levels(side)[price]
        ]

    def depth(self, side: int) -> list[tuple[int, int]]:
        """(price, lots) best first."""
        levels = self.levels(side)
        return [(price, sum(o.remaining for o in levels[price])) for price in self.prices(side)]

    def foresee(self, order: Order) -> tuple[int, int]:
        """What an order would meet, whoever stands there: (lots, sum of price x lots)."""
        met = price_lots = 0
        for price, there in self.depth(-order.side):
            if met == order.remaining or order.side * (order.price - price) < 0:
                break
            taken = min(order.remaining - met, there)
            met += taken
            price_lots += taken * price
        return met, price_lots

    def worst(self, order: Order) -> int:
        """The worst price that an order would reach, 0: it meets nobody."""
        met = worst = 0
        for price, there in self.depth(-order.side):
            if met >= order.remaining or order.side * (order.price - price) < 0:
                break
            met, worst = met + there, price
        return worst
