"""Randomness in integers only: the same on every machine and in every version of libm."""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """One source of chance for a whole run."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """low..high, both included."""
        return self._source.randint(low, high)

    def happens(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self._source.randrange(100) < percent

    def rarely(self, one_in: int) -> bool:
        """True once in so many cases."""
        return self._source.randrange(one_in) == 0

    def pick(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return items[self._source.randrange(len(items))]

    def bell(self, width: int) -> int:
        """Around zero, mostly within +-width, never beyond twice of it."""
        return sum(self._source.randint(-width, width) for _ in range(4)) // 2

    def size(self, typical: int) -> int:
        """At least one, mostly about typical, sometimes ten times as much."""
        stretch = self._source.choice((1, 1, 1, 1, 2, 2, 3, 10))
        return self._source.randint(1, max(1, typical * stretch))

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All of them in another order."""
        return self._source.sample(items, len(items))
