"""The reference ledger: two entries to every movement, and how a trade changes a position."""

from collections import defaultdict

from tests.simulation.reference.tables import Position
from tests.simulation.reference.wire import USDC


class Ledger:
    """Balances by (account, asset). Nothing but `move` changes them."""

    def __init__(self) -> None:
        self.balances: dict[tuple[int, int], int] = defaultdict(int)

    def move(self, source: int, target: int, amount: int, asset: int = USDC) -> None:
        """A debit and a credit."""
        assert amount > 0
        self.balances[source, asset] -= amount
        self.balances[target, asset] += amount

    def cash(self, account: int, asset: int = USDC) -> int:
        return self.balances.get((account, asset), 0)


def trade(position: Position, delta: int, lot_price: int) -> int:
    """Applies signed lots at a price (money a lot); returns the profit for people.

    Closing removes the floor of its share of the cost; what the trade brought beyond that is
    unsettled profit, which turns into cash only when variation is settled.
    """
    if position.lots * delta >= 0:
        _open(position, delta, lot_price)
        return 0
    closed = min(abs(position.lots), abs(delta))
    step = closed if delta > 0 else -closed
    cost_share = position.cost_units * closed // abs(position.lots)
    entry_share = position.entry_units * closed // abs(position.lots)
    proceeds = -step * lot_price
    position.lots += step
    position.cost_units -= cost_share
    position.entry_units -= entry_share
    position.unsettled_units += proceeds - cost_share
    position.realised_units += proceeds - entry_share
    if delta != step:
        _open(position, delta - step, lot_price)
    return proceeds - entry_share


def _open(position: Position, delta: int, lot_price: int) -> None:
    position.lots += delta
    position.cost_units += delta * lot_price
    position.entry_units += delta * lot_price
