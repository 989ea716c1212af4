"""An account's position slots: finding one, what it holds, and the list of a contract's
holders.

An account holds at most SLOTS_MAX positions; a slot exists while the account has lots,
unsettled P&L, accrued funding or open orders in that contract. The table is SLOTS_MAX planes of
ACCOUNTS_MAX rows: the i-th slot of an account is row i * ACCOUNTS_MAX + account, so that the
accounts' first slots lie side by side. (With an account's slots side by side, the first ones
are 8 KB apart and share a handful of cache lines: half the speed of the whole engine.)

POS-001  cost is exact: buying adds price x lots x tick value, closing removes the floor of its
         share, so (unsettled - cost) changes by exactly the money of each trade and the sum
         over both sides of a trade is zero.
POS-002  entry follows the same rule but is never reset by settlement; it is for people.
POS-003  buy_lots, buy_price_lots, ... are the sums over the account's open orders (I-10).
"""

import numpy as np

from exchange.engine.ledger import add_unsettled
from exchange.engine.state import Integers, State, inner_kernel, kernel
from exchange.engine.units import (
    ACCOUNTS_MAX,
    BUY,
    SLOTS_MAX,
    lifetime_sum,
    mul_div_floor,
)

NO_POSITION = -1


@inner_kernel
def position_slots(s: State, account: int) -> range:
    """Flat slots that the account has ever used; some may be free."""
    return range(account, s.accounts[account]["slot_count"] * ACCOUNTS_MAX, ACCOUNTS_MAX)


@inner_kernel
def account_of(slot: int) -> int:
    """The account that a flat slot belongs to."""
    return slot % ACCOUNTS_MAX


@kernel
def find_position(s: State, account: int, contract: int) -> int:
    """Flat slot of the account's position in the contract, or NO_POSITION."""
    for slot in position_slots(s, account):
        if s.positions[slot]["contract"] == contract + 1:
            return slot
    return NO_POSITION


@inner_kernel
def has_free_slot(s: State, account: int) -> bool:
    """Whether claim_position can succeed for a contract the account has no slot in."""
    count = s.accounts[account]["slot_count"]
    if count < SLOTS_MAX:
        return True
    for slot in position_slots(s, account):  # noqa: SIM110 (a kernel has no generators)
        if s.positions[slot]["contract"] == 0:
            return True
    return False


@inner_kernel
def claim_position(s: State, account: int, contract: int) -> int:
    """Flat slot of the position, made if missing; has_free_slot must hold."""
    found = find_position(s, account, contract)
    if found != NO_POSITION:
        return found
    count = s.accounts[account]["slot_count"]
    beyond = account + count * ACCOUNTS_MAX
    slot = beyond
    for candidate in position_slots(s, account):
        if s.positions[candidate]["contract"] == 0:
            slot = candidate
            break
    if slot == beyond:
        assert count < SLOTS_MAX
        s.accounts[account]["slot_count"] = count + 1
    s.positions[slot]["contract"] = contract + 1
    _link_holder(s, contract, slot)
    return slot


@inner_kernel
def release_if_empty(s: State, slot: int) -> None:
    """Free the slot once nothing stands in it."""
    row = s.positions[slot]
    if row["lots"] != 0 or row["unsettled_units"] != 0 or row["cost_units"] != 0:
        return
    if row["order_count"] != 0 or row["funding_units"] != 0:
        return
    _unlink_holder(s, row["contract"] - 1, slot)
    row["contract"] = 0
    row["entry_units"] = 0
    row["realised_units"] = 0
    row["funding_index"] = 0


@inner_kernel
def apply_fill(s: State, slot: int, delta_lots: int, quote_units: int) -> int:
    """Change a position by a trade; returns the realised P&L of the part closed (POS-001).

    delta_lots : signed lots; quote_units : their money, price x |lots| x tick value, > 0.
    """
    row = s.positions[slot]
    lots = row["lots"]
    money = quote_units if delta_lots > 0 else -quote_units
    realised = 0
    if lots == 0 or (lots > 0) == (delta_lots > 0):
        row["cost_units"] += money
        row["entry_units"] += money
    else:
        closed = min(abs(lots), abs(delta_lots))
        closing_money = mul_div_floor(money, closed, abs(delta_lots))
        cost_removed = mul_div_floor(row["cost_units"], closed, abs(lots))
        entry_removed = mul_div_floor(row["entry_units"], closed, abs(lots))
        add_unsettled(s, slot, -(closing_money + cost_removed))
        row["cost_units"] += money - closing_money - cost_removed
        row["entry_units"] += money - closing_money - entry_removed
        realised = -(closing_money + entry_removed)
        row["realised_units"] = lifetime_sum(row["realised_units"], realised)
    row["lots"] = lots + delta_lots
    return realised


@inner_kernel
def add_open_order(s: State, slot: int, side: int, price_ticks: int, lots: int) -> None:
    """Count a new open order in the position's sums (POS-003)."""
    row = s.positions[slot]
    row["resting_count"] += 1
    if side == BUY:
        row["buy_lots"] += lots
        row["buy_price_lots"] += price_ticks * lots
    else:
        row["sell_lots"] += lots
        row["sell_price_lots"] += price_ticks * lots


@inner_kernel
def reduce_open_order(
    s: State, slot: int, side: int, price_ticks: int, lots: int, gone: int
) -> None:
    """Take lots off an open order; gone is 1 when the order leaves the book, else 0."""
    row = s.positions[slot]
    row["resting_count"] -= gone
    if side == BUY:
        row["buy_lots"] -= lots
        row["buy_price_lots"] -= price_ticks * lots
        assert row["buy_lots"] >= 0
    else:
        row["sell_lots"] -= lots
        row["sell_price_lots"] -= price_ticks * lots
        assert row["sell_lots"] >= 0


@kernel
def holders(s: State, contract: int) -> Integers:
    """Flat slots of everyone with a slot in the contract, in list order; a fresh array."""
    count = s.contracts[contract]["holder_count"]
    slots = np.zeros(count, np.int64)
    slot = s.contracts[contract]["first_holder"]
    for i in range(count):
        slots[i] = slot - 1
        slot = s.positions[slot - 1]["next_holder"]
    return slots


@inner_kernel
def _link_holder(s: State, contract: int, slot: int) -> None:
    first = s.contracts[contract]["first_holder"]
    s.positions[slot]["next_holder"] = first
    s.positions[slot]["previous_holder"] = 0
    if first != 0:
        s.positions[first - 1]["previous_holder"] = slot + 1
    s.contracts[contract]["first_holder"] = slot + 1
    s.contracts[contract]["holder_count"] += 1


@inner_kernel
def _unlink_holder(s: State, contract: int, slot: int) -> None:
    after = s.positions[slot]["next_holder"]
    before = s.positions[slot]["previous_holder"]
    if before != 0:
        s.positions[before - 1]["next_holder"] = after
    else:
        s.contracts[contract]["first_holder"] = after
    if after != 0:
        s.positions[after - 1]["previous_holder"] = before
    s.positions[slot]["next_holder"] = 0
    s.positions[slot]["previous_holder"] = 0
    s.contracts[contract]["holder_count"] -= 1
