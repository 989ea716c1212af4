"""What the reference venue knows: owners, money, markets, positions, open orders.

Everything an account must hold is computed from these tables each time it is asked for.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from tests.simulation.accounts import FEES, Ledger, Position
from tests.simulation.book import BUY, Book, Order
from tests.simulation.margin import (
    OpenOrders,
    Terms,
    is_permitted_reduction,
    maintenance,
    with_orders,
)

PPM = 1_000_000
FILLS_MAX = 1_000


@dataclass(slots=True)
class Market:
    """A contract: its terms, its book, and whether it trades."""

    terms: Terms
    book: Book = field(default_factory=Book)
    state: str = "open"  # open, reduce_only or halted
    index_is_valid: bool = True
    open_interest: int = 0
    fees_owed: int = 0


@dataclass(slots=True)
class Holdings:
    """The tables. A position exists while lots, money or orders stand in it."""

    owners: dict[int, int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    markets: dict[int, Market] = field(default_factory=dict)
    positions: dict[int, dict[int, Position]] = field(default_factory=dict)
    # Resting orders by their sequence, in the order in which they entered a book.
    orders: dict[int, Order] = field(default_factory=dict)

    # --- what an account must hold ------------------------------------------------------------

    def health(self, account: int, without: int | None = None) -> tuple[int, int, int]:
        """(equity, initial margin with open orders, maintenance margin)."""
        equity, required, maintained = self.ledger.cash(account), 0, 0
        for contract in self.contracts_of(account):
            if contract == without:
                continue
            terms = self.markets[contract].terms
            lots = self.lots(account, contract)
            notional = abs(lots) * terms.mark * terms.tick_value
            equity += self.equity_in(account, contract)
            required += with_orders(lots, self.open_orders(account, contract), terms)
            maintained += maintenance(notional, terms) if lots else 0
        return equity, required, maintained

    def shortfall(self, order: Order, met: int, price_lots: int, rests: int) -> int:
        """What is missing if an order fills and rests like this; 0: admitted."""
        account, contract, side = order.account, order.contract, order.side
        terms = self.markets[contract].terms
        unit, mark = terms.tick_value, terms.mark
        equity, required, maintained = self.health(account, without=contract)
        equity += self.equity_in(account, contract)
        lots = self.lots(account, contract)
        orders = self.open_orders(account, contract)
        same = orders.buy_lots if side == BUY else orders.sell_lots
        fee = ceil(Fraction(price_lots * unit * terms.taker_fee_ppm, PPM))
        fee += min(met, FILLS_MAX)  # every fill rounds its own fee up
        gain = side * (met * mark - price_lots) * unit - fee
        if rests:
            orders.add(side, order.price, rests)
        missing = required + with_orders(lots + side * met, orders, terms) - (equity + gain)
        closing = met + rests
        if missing <= 0 or lots * side >= 0 or closing + same > abs(lots):
            return max(0, missing)
        gain += side * rests * (mark - order.price) * unit
        lot = mark * unit
        before = maintained + maintenance(abs(lots) * lot, terms)
        after = maintained + maintenance((abs(lots) - closing) * lot, terms)
        return 0 if is_permitted_reduction(equity, before, equity + gain, after) else missing

    def equity_in(self, account: int, contract: int) -> int:
        position = self.positions.get(account, {}).get(contract, Position())
        terms = self.markets[contract].terms
        value = position.lots * terms.mark * terms.tick_value
        return value - position.cost + position.unsettled

    def open_orders(self, account: int, contract: int) -> OpenOrders:
        sums = OpenOrders()
        for order in self.orders.values():
            if (order.account, order.contract) == (account, contract):
                sums.add(order.side, order.price, order.remaining)
        return sums

    def order_count(self, account: int) -> int:
        return sum(order.account == account for order in self.orders.values())

    def contracts_of(self, account: int) -> list[int]:
        """Contracts in which the account has lots, money or orders."""
        mine = [order.contract for order in self.orders.values() if order.account == account]
        return sorted({*self.positions.get(account, {}), *mine})

    def lots(self, account: int, contract: int) -> int:
        return self.positions.get(account, {}).get(contract, Position()).lots

    def is_outside_band(self, contract: int, side: int, price: int) -> bool:
        terms = self.markets[contract].terms
        return side * (price - terms.mark) > terms.mark * terms.order_band_ppm // PPM

    def fillable(self, order: Order) -> int:
        if not order.reduce_only:
            return order.remaining
        held = self.lots(order.account, order.contract)
        return min(order.remaining, max(0, -held * order.side))

    # --- small changes ----------------------------------------------------------------------

    def claim(self, account: int, contract: int) -> Position:
        return self.positions.setdefault(account, {}).setdefault(contract, Position())

    def release(self, account: int) -> None:
        """Forgets positions in which nothing stands."""
        held = self.positions.get(account, {})
        for contract in [c for c, position in held.items() if position.is_empty()]:
            if not self.open_orders(account, contract).count:
                del held[contract]

    def charge_fee(self, account: int, contract: int, fee: int) -> None:
        """From cash; what cash cannot cover is owed as unsettled loss."""
        cash = min(fee, self.ledger.cash(account))
        if cash:
            self.ledger.move(account, FEES, cash)
        self.claim(account, contract).unsettled -= fee - cash
        self.markets[contract].fees_owed += fee - cash
