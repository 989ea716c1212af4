"""An account as it would stand with other positions: nothing is sent, nothing is stored.

SUPPOSE-001  the answer is what_if's, so the engine's; only the view that it is asked about is
             made up. What is added is bought or sold at the mark, without a fee.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from exchange.engine.state import POSITION
from exchange.engine.units import BUY, POSITION_UNITS_MAX, PPM, SLOTS_MAX
from exchange.pipeline.codec import Records
from exchange.pipeline.views import AccountView
from exchange.pipeline.what_if import AccountHealth, revalue
from risk.funding import funding_receipt
from risk.margin import margin_with_orders


class TooMuch(ValueError):
    """More than an account may hold; the message says of which contract, or how many."""


def order_margin(contract_row: np.void, side: int, lots: int, price_ticks: int) -> int:
    """Initial margin of one resting order of an account without anything else, units.

    Raises TooMuch for an order that no account could carry.
    """
    row = contract_row
    worst_ticks = max(price_ticks, int(row["mark_ticks"]))
    if lots * worst_ticks * int(row["tick_value_units"]) > POSITION_UNITS_MAX:
        raise TooMuch("must be within the venue's limits")
    buy_lots, sell_lots = (lots, 0) if side == BUY else (0, lots)
    return int(
        margin_with_orders(
            0,
            buy_lots,
            buy_lots * price_ticks,
            sell_lots,
            sell_lots * price_ticks,
            1,
            int(row["mark_ticks"]),
            int(row["tick_value_units"]),
            int(row["initial_margin_ppm"]),
            int(row["margin_floor_units"]),
            int(row["taker_fee_ppm"]),
        )
    )


def portfolio(
    view: AccountView,
    contract_rows: Records,
    underlying_rows: Records,
    lots: Mapping[int, int],
    *,
    adds: bool,
) -> AccountHealth:
    """The account with these lots by contract: beside what it has, or instead of it.

    Raises TooMuch for what no account could hold.
    """
    supposed = view._replace(positions=_positions(view, contract_rows, lots, adds))
    if not adds:
        supposed = supposed._replace(orders=view.orders[:0], conditions=view.conditions[:0])
    return revalue(supposed, contract_rows, underlying_rows)


def moved(
    view: AccountView,
    contract_rows: Records,
    underlying_rows: Records,
    moves_ppm: Sequence[int],
    contract: int | None = None,
) -> list[AccountHealth]:
    """The account if marks stood so much higher or lower: all of them, or one contract's.

    Raises TooMuch for positions that no account could hold at such marks.
    """
    found = []
    for move_ppm in moves_ppm:
        rows = contract_rows.copy()
        for number in range(len(rows)) if contract is None else (contract,):
            mark = int(rows[number]["mark_ticks"])
            rows[number]["mark_ticks"] = mark and max(1, mark * (PPM + move_ppm) // PPM)
        _check_sizes(view, rows)
        found.append(revalue(view, rows, underlying_rows))
    return found


def _check_sizes(view: AccountView, contract_rows: Records) -> None:
    for position in view.positions:
        row = contract_rows[int(position["contract"]) - 1]
        unit = int(row["mark_ticks"]) * int(row["tick_value_units"])
        if abs(int(position["lots"])) * unit > 2 * POSITION_UNITS_MAX:
            raise TooMuch("would pass the venue's limits")


def _positions(
    view: AccountView, contract_rows: Records, lots: Mapping[int, int], adds: bool
) -> Records:
    held = view.positions.copy() if adds else view.positions[:0].copy()
    places = {int(number) - 1: place for place, number in enumerate(held["contract"])}
    new = [contract for contract, count in lots.items() if count and contract not in places]
    if len(held) + len(new) > SLOTS_MAX:
        raise TooMuch(f"must leave at most {SLOTS_MAX} positions")
    rows = np.concatenate([held, np.zeros(len(new), POSITION)])
    for place, contract in enumerate(new, len(held)):
        rows[place]["contract"] = contract + 1
        rows[place]["funding_index"] = contract_rows[contract]["funding_index"]
        places[contract] = place
    for contract, count in lots.items():
        if count:
            _add(rows[places[contract]], contract_rows[contract], count)
    return rows


def _add(position: np.void, contract: np.void, lots: int) -> None:
    before = int(position["lots"])
    value = int(contract["mark_ticks"]) * int(contract["tick_value_units"])
    if abs(before + lots) * value > POSITION_UNITS_MAX:
        raise TooMuch("must be within the venue's limits")
    growth = int(contract["funding_index"]) - int(position["funding_index"])
    position["funding_units"] += funding_receipt(before, growth) if growth else 0
    position["funding_index"] = contract["funding_index"]
    position["lots"] = before + lots
    position["cost_units"] += lots * value
    position["entry_units"] += lots * value


def warm_up() -> None:
    """Compile or load what is called from here."""
    funding_receipt(1, 1)
    margin_with_orders(0, 1, 1, 0, 0, 1, 1, 1, 20_000, 1, 1)
