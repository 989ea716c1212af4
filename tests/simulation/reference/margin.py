"""The reference margin of linear contracts in standard mode, written from the specification.

imf(N) = min(100 %, imf0 (1 + max(0, N - floor) / (9 floor))), maintenance half of it, both
rounded up; open orders reserve the worse of all-buys-fill and all-sells-fill, what their limits
lose against the mark, taker fees, and at least 1 USDC each. Orders that increase a position
require more while the market's open interest is above its lower cap.
"""

from dataclasses import dataclass

from tests.simulation.reference.rounding import PPM, ceil_div, ceil_ppm, clamp
from tests.simulation.reference.tables import Contract

RESERVE_PER_ORDER = 1_000_000  # 1 USDC


@dataclass(slots=True)
class OpenOrders:
    """Sums over an account's open orders in one contract."""

    buy_lots: int = 0
    buy_price_lots: int = 0
    sell_lots: int = 0
    sell_price_lots: int = 0
    resting_count: int = 0

    def add(self, side: int, price: int, lots: int) -> None:
        self.resting_count += 1
        if side > 0:
            self.buy_lots += lots
            self.buy_price_lots += price * lots
        else:
            self.sell_lots += lots
            self.sell_price_lots += price * lots


def initial(notional: int, contract: Contract) -> int:
    """Initial margin of a notional."""
    floor = contract.margin_floor_units
    base = ceil_ppm(notional, contract.initial_margin_ppm)
    return min(notional, base + ceil_div(base * max(0, notional - floor), 9 * floor))


def maintenance(notional: int, contract: Contract) -> int:
    """Maintenance margin of a notional: half of the initial, rounded up."""
    return ceil_div(initial(notional, contract), 2)


def lots_maintenance(lots: int, contract: Contract) -> int:
    """Maintenance margin of lots, long or short, at the mark."""
    return maintenance(abs(lots) * contract.lot_units, contract)


def with_orders(lots: int, orders: OpenOrders, contract: Contract) -> int:
    """Initial margin of a position and the open orders around it."""
    unit, lot = contract.tick_value_units, contract.lot_units
    held = initial(abs(lots) * lot, contract)
    if not orders.resting_count:
        return held
    bought = initial(abs(lots + orders.buy_lots) * lot, contract)
    bought += max(0, orders.buy_price_lots * unit - orders.buy_lots * lot)
    sold = initial(abs(lots - orders.sell_lots) * lot, contract)
    sold += max(0, orders.sell_lots * lot - orders.sell_price_lots * unit)
    open_money = (orders.buy_price_lots + orders.sell_price_lots) * unit
    reserve = max(held, bought, sold) - held + ceil_ppm(open_money, contract.taker_fee_ppm)
    return held + max(reserve, orders.resting_count * RESERVE_PER_ORDER)


def open_interest_add_on(held: int, ordered: int, contract: Contract) -> int:
    """What orders of one side that increase a position require beyond their margin.

    The rate rises in a straight line from none at the lower cap of the market's open interest
    to what lacks to 100 % at the upper. held: lots seen from the side of the orders.
    """
    lot = contract.lot_units
    increase = (max(0, held + ordered) - max(0, held)) * lot
    lower, upper = contract.open_interest_lower_units, contract.open_interest_upper_units
    reached = clamp(contract.open_interest_lots * lot, lower, upper) - lower
    rate = ceil_div((PPM - contract.initial_margin_ppm) * reached, upper - lower)
    return ceil_ppm(increase, rate)


def is_permitted_reduction(
    equity: int, maint: int, equity_after: int, maint_after: int
) -> bool:
    """Below initial margin: neither maintenance nor its cover may get worse."""
    if maint_after > maint:
        return False
    if equity < 0:
        return equity_after >= equity
    return equity_after * maint >= equity * maint_after
