"""The reference ledger and positions: exact integers, two entries to every movement.

Cost is what was paid (long, positive) or received (short, negative) for the lots held. Closing
removes the floor of its share of it; what the trade brought beyond that is unsettled profit,
which turns into cash only when variation is settled. What an account cannot pay in cash it owes
as unsettled loss to the house.
"""

from collections import defaultdict
from dataclasses import dataclass, field

EXTERNAL, FEES, INSURANCE, CLEARING = 0, 1, 2, 3
HOLDS = 6


@dataclass(slots=True)
class Position:
    """What an account holds of one contract."""

    lots: int = 0
    cost: int = 0
    entry: int = 0
    unsettled: int = 0
    realised: int = 0

    def is_empty(self) -> bool:
        return not (self.lots or self.cost or self.unsettled)

    def trade(self, delta: int, unit_price: int) -> int:
        """Applies signed lots at a price (money a lot); returns the profit for people."""
        if self.lots * delta >= 0:
            self._open(delta, unit_price)
            return 0
        closed = min(abs(self.lots), abs(delta))
        step = closed if delta > 0 else -closed
        cost_share = self.cost * closed // abs(self.lots)
        entry_share = self.entry * closed // abs(self.lots)
        proceeds = -step * unit_price
        self.lots += step
        self.cost -= cost_share
        self.entry -= entry_share
        self.unsettled += proceeds - cost_share
        self.realised += proceeds - entry_share
        if delta != step:
            self._open(delta - step, unit_price)
        return proceeds - entry_share

    def _open(self, delta: int, unit_price: int) -> None:
        self.lots += delta
        self.cost += delta * unit_price
        self.entry += delta * unit_price


@dataclass(slots=True)
class Ledger:
    """Balances of one asset. Nothing but `move` changes them."""

    balances: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def move(self, source: int, target: int, amount: int) -> None:
        """A debit and a credit."""
        assert amount > 0
        self.balances[source] -= amount
        self.balances[target] += amount
        assert sum(self.balances.values()) == 0

    def cash(self, account: int) -> int:
        return self.balances.get(account, 0)
