"""The baseline of every run: a good pure-Python price-time book that checks nothing else.

Orders of a price stand in a dict, which keeps their order of arrival and forgets one in O(1); a
heap a side finds the best price, and prices that emptied are dropped when they surface.
"""

from heapq import heappop, heappush

BUY, SELL = 1, -1
Event = tuple[str, int, int, int, int]


class PlainBook:
    """Limit orders and cancels; `events` collects what happened."""

    __slots__ = ("events", "heaps", "levels", "where")

    def __init__(self) -> None:
        self.levels: dict[int, dict[int, dict[int, int]]] = {BUY: {}, SELL: {}}
        self.heaps: dict[int, list[int]] = {BUY: [], SELL: []}  # -side x price
        self.where: dict[int, dict[int, int]] = {}
        self.events: list[Event] = []

    def cancel(self, order: int) -> None:
        """Takes an order out of its level."""
        level = self.where.pop(order)
        self.events.append(("cancelled", order, 0, 0, level.pop(order)))

    def limit(self, order: int, side: int, price: int, lots: int) -> None:
        """Trades what crosses and rests the remainder."""
        self.events.append(("accepted", order, side, price, lots))
        heap, levels = self.heaps[-side], self.levels[-side]
        while lots and heap:
            best = side * heap[0]
            level = levels[best]
            if not level:
                heappop(heap)
                del levels[best]
                continue
            if side * (price - best) < 0:
                break
            lots = self._sweep(order, level, best, lots)
        if lots:
            self._rest(order, side, price, lots)

    def _sweep(self, order: int, level: dict[int, int], price: int, lots: int) -> int:
        done = []
        for maker, resting in level.items():
            if resting > lots:
                level[maker] = resting - lots
                self.events.append(("traded", order, maker, price, lots))
                lots = 0
                break
            lots -= resting
            done.append(maker)
            self.events.append(("traded", order, maker, price, resting))
            if not lots:
                break
        for maker in done:
            del level[maker]
            del self.where[maker]
        return lots

    def _rest(self, order: int, side: int, price: int, lots: int) -> None:
        level = self.levels[side].get(price)
        if level is None:
            level = self.levels[side][price] = {}
            heappush(self.heaps[side], -side * price)
        level[order] = lots
        self.where[order] = level
