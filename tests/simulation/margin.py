"""The reference margin of linear contracts in standard mode, written from the specification.

imf(N) = min(100 %, imf0 (1 + max(0, N - floor) / (9 floor))), maintenance half of it, both
rounded up; open orders reserve the worse of all-buys-fill and all-sells-fill, what their limits
lose against the mark, taker fees, and at least 1 USDC each.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

PPM = 1_000_000
RESERVE_PER_ORDER = 1_000_000


@dataclass(slots=True)
class Terms:
    """A contract's figures, as listed and governed."""

    tick_value: int
    initial_ppm: int
    floor: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    order_band_ppm: int
    passive_band_ppm: int
    min_notional: int
    position_limit: int
    reference: int
    ceiling: int
    mark: int = 0


@dataclass(slots=True)
class OpenOrders:
    """Sums over an account's open orders in one contract."""

    buy_lots: int = 0
    buy_price_lots: int = 0
    sell_lots: int = 0
    sell_price_lots: int = 0
    count: int = 0

    def add(self, side: int, price: int, lots: int) -> None:
        self.count += 1
        if side > 0:
            self.buy_lots += lots
            self.buy_price_lots += price * lots
        else:
            self.sell_lots += lots
            self.sell_price_lots += price * lots


def initial(notional: int, terms: Terms) -> int:
    """Initial margin of a notional."""
    base = ceil(Fraction(notional * terms.initial_ppm, PPM))
    excess = max(0, notional - terms.floor)
    return min(notional, base + ceil(Fraction(base * excess, 9 * terms.floor)))


def maintenance(notional: int, terms: Terms) -> int:
    """Maintenance margin: half of the initial, rounded up."""
    return ceil(Fraction(initial(notional, terms), 2))


def with_orders(lots: int, orders: OpenOrders, terms: Terms) -> int:
    """Initial margin of a position and the open orders around it."""
    unit = terms.tick_value
    lot = terms.mark * unit
    held = initial(abs(lots) * lot, terms)
    if not orders.count:
        return held
    bought = initial(abs(lots + orders.buy_lots) * lot, terms)
    bought += max(0, orders.buy_price_lots * unit - orders.buy_lots * lot)
    sold = initial(abs(lots - orders.sell_lots) * lot, terms)
    sold += max(0, orders.sell_lots * lot - orders.sell_price_lots * unit)
    open_money = (orders.buy_price_lots + orders.sell_price_lots) * unit
    fees = ceil(Fraction(open_money * terms.taker_fee_ppm, PPM))
    reserve = max(held, bought, sold) - held + fees
    return held + max(reserve, orders.count * RESERVE_PER_ORDER)


def is_permitted_reduction(
    equity: int, maint: int, equity_after: int, maint_after: int
) -> bool:
    """Below initial margin: neither maintenance nor its cover may get worse."""
    if maint_after > maint:
        return False
    if equity < 0:
        return equity_after >= equity
    return equity_after * maint >= equity * maint_after
