"""Equity and maintenance margin of many accounts at once, by arithmetic of its own.

The engine decides account by account in compiled kernels. This is the second opinion: whole
columns in NumPy, written from the specification (risk, "Linear, standard mode") and sharing no
code with the kernels, so that one mistake is not made twice.

SWEEP-001  equity = cash + sum of (lots x mark x tick value - cost + unsettled + accrued
           funding + floor(-lots x (index of the contract - of the position) / 10^9)).
SWEEP-002  maintenance = ceil(initial / 2), initial = min(N, ceil(N x rate) + what size adds),
           the addition being ceil(ceil(N x rate) x (N - floor) / (9 x floor)) above the floor.
"""

from typing import NamedTuple

import numpy as np

from exchange.engine.state import Integers, State
from exchange.engine.units import ACCOUNTS_MAX, PPM, SLOTS_MAX, USDC

_NANO = 10**9
_LOTS_OF_63_BITS = 1 << 32


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
    settled = positions["unsettled_units"] + positions["funding_units"]
    growth = contracts["funding_index"] - positions["funding_index"]
    np.add.at(equity, owner, value - positions["cost_units"] + settled)
    np.add.at(equity, owner, _funding(positions["lots"], growth))
    maintenance = np.zeros(count, np.int64)
    np.add.at(
        maintenance,
        owner,
        _maintenance(
            np.abs(value), contracts["initial_margin_ppm"], contracts["margin_floor_units"]
        ),
    )
    return Health(np.arange(first, last), equity, maintenance, is_active)


def _funding(lots: Integers, growth: Integers) -> Integers:
    """What each position receives for the growth of the index since it was settled.

    >>> _funding(np.array([1, -1, 7]), np.array([1_041_666_666, 1_041_666_666, 0])).tolist()
    [-2, 1, 0]
    """
    whole, nano = np.divmod(growth, _NANO)
    # Lots beyond 2^32 times 10^-9 units pass 63 bits: those few use Python's integers.
    is_large = np.abs(lots) > _LOTS_OF_63_BITS
    safe = np.where(is_large, 0, lots)
    received: Integers = -safe * whole + np.floor_divide(-safe * nano, _NANO)
    for row in np.flatnonzero(is_large):
        received[row] = -int(lots[row]) * int(growth[row]) // _NANO
    return received


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
