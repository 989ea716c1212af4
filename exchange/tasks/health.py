"""Equity and maintenance margin of many accounts at once, by arithmetic of its own.

The engine decides account by account in compiled kernels. This is the second opinion: whole
columns in NumPy, written from the specification (risk, "Linear, standard mode") and sharing no
code with the kernels, so that one mistake is not made twice.

SWEEP-001  equity = cash + sum of (lots x mark x tick value - cost + unsettled).
SWEEP-002  maintenance = ceil(initial / 2), initial = min(N, ceil(N x rate) + what size adds),
           the addition being ceil(ceil(N x rate) x (N - floor) / (9 x floor)) above the floor.
"""

from typing import NamedTuple

import numpy as np

from exchange.engine.state import Integers, State
from exchange.engine.units import ACCOUNTS_MAX, PPM, SLOTS_MAX, USDC


class Health(NamedTuple):
    """One row an account, (accounts,) int64 each, units."""

    account: Integers
    equity: Integers
    maintenance: Integers
    is_active: Integers  # 1: it has money or positions


def health_of_range(state: State, first: int, last: int) -> Health:
    """Health of the accounts first..last-1."""
    count = last - first
    planes = state.positions.reshape(SLOTS_MAX, ACCOUNTS_MAX)[:, first:last]
    positions = planes[planes["contract"] != 0]
    owner = np.nonzero(planes["contract"])[1]
    contracts = state.contracts[positions["contract"] - 1]
    value = positions["lots"] * contracts["mark_ticks"] * contracts["tick_value_units"]
    equity = state.balances[first:last, USDC].copy()
    is_active = (equity != 0).astype(np.int64)
    is_active[owner] = 1
    np.add.at(equity, owner, value - positions["cost_units"] + positions["unsettled_units"])
    maintenance = np.zeros(count, np.int64)
    np.add.at(
        maintenance,
        owner,
        _maintenance(
            np.abs(value), contracts["initial_margin_ppm"], contracts["margin_floor_units"]
        ),
    )
    return Health(np.arange(first, last), equity, maintenance, is_active)


def _maintenance(notional: Integers, rate_ppm: Integers, floor: Integers) -> Integers:
    """Maintenance margin of each notional (SWEEP-002).

    >>> _maintenance(np.array([10_000_000_000_000]), np.array([20_000]),
    ...              np.array([5_000_000_000_000])).tolist()
    [111111111112]
    """
    millions, rest = np.divmod(notional, PPM)
    initial = millions * rate_ppm + -(-(rest * rate_ppm) // PPM)
    # Money times money passes 63 bits: the few positions above the floor use Python's integers.
    for row in np.flatnonzero(notional > floor):
        base, size, start = int(initial[row]), int(notional[row]), int(floor[row])
        initial[row] = base - (-(base * (size - start)) // (9 * start))
    initial = np.minimum(initial, notional)
    result: Integers = (initial + 1) // 2
    return result
