"""Double entry: every movement of cash is one debit and one credit, made here and nowhere else.

LEDG-001  transfer() is the only function that changes a balance: the sum over all accounts of
          every asset is zero, always (I-01, I-03).
LEDG-002  a fee is paid from cash; what cash cannot cover is owed through the contract's
          unsettled P&L, so that no user's cash is ever negative (I-07).
LEDG-003  no balance and no unsettled P&L passes its limit in units.py: the engine would stop
          rather than let a sum leave 63 bits.
"""

from exchange.engine.state import State, inner_kernel, kernel
from exchange.engine.units import (
    BALANCE_UNITS_MAX,
    FEES,
    INSURANCE,
    UNSETTLED_UNITS_MAX,
    USDC,
)


@kernel
def transfer(s: State, source: int, target: int, asset: int, amount_units: int) -> None:
    """Move amount_units > 0 of an asset; the caller has checked that the source may give it."""
    assert amount_units > 0
    assert amount_units <= BALANCE_UNITS_MAX
    s.balances[source, asset] -= amount_units
    s.balances[target, asset] += amount_units
    assert s.balances[source, asset] >= -BALANCE_UNITS_MAX
    assert s.balances[target, asset] <= BALANCE_UNITS_MAX


@inner_kernel
def charge(s: State, account: int, position: int, house: int, amount_units: int) -> None:
    """Charge amount_units >= 0 to an account in favour of FEES or INSURANCE (LEDG-002)."""
    assert amount_units >= 0
    assert house in (FEES, INSURANCE)
    cash = min(amount_units, max(0, s.balances[account, USDC]))
    if cash > 0:
        transfer(s, account, house, USDC, cash)
    owed = amount_units - cash
    if owed == 0:
        return
    contract = s.positions[position]["contract"] - 1
    add_unsettled(s, position, -owed)
    if house == FEES:
        s.contracts[contract]["fees_unsettled_units"] += owed
    else:
        s.contracts[contract]["insurance_unsettled_units"] += owed


@inner_kernel
def add_unsettled(s: State, position: int, amount_units: int) -> None:
    """Change a position's unsettled P&L (LEDG-003); either sign."""
    row = s.positions[position]
    row["unsettled_units"] += amount_units
    assert abs(row["unsettled_units"]) <= UNSETTLED_UNITS_MAX
