"""Margin calls and variation: who is under water, and how profit and loss become cash.

CLEAR-001  after marks moved everyone who holds a contract of the underlying is looked at.
CLEAR-002  SettleVariation marks every position, takes losses from cash first and shares what
           came in among the winners pro rata, largest remainder first, ties to the lowest
           account. The rest stays unsettled: no house account is ever negative.
"""

import numpy as np

from exchange.engine import emit_clearing
from exchange.engine.emit import EventBuffer
from exchange.engine.health import equity_and_maintenance
from exchange.engine.ledger import add_unsettled, transfer
from exchange.engine.positions import account_of, holders, release_if_empty
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import (
    ACCOUNTS_MAX,
    CLEARING,
    FEES,
    INSURANCE,
    INT64_SAFE,
    USDC,
    mul_div_floor,
    mul_div_remainder,
)

_CONTRACTS = int(Counter.CONTRACTS)


@kernel
def accounts_under_water(s: State, underlying: int) -> Integers:
    """Accounts with a position on the underlying below maintenance, or being liquidated.

    In no order, each once: at the first of its slots that is on the underlying.
    """
    total = 0
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] == underlying:
            total += s.contracts[contract]["holder_count"]
    found = np.zeros(total, np.int64)
    used = 0
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] != underlying:
            continue
        link = s.contracts[contract]["first_holder"]
        while link != 0:
            slot = link - 1
            account = account_of(slot)
            link = s.positions[slot]["next_holder"]
            if not _is_first_slot(s, slot, underlying):
                continue
            if s.accounts[account]["liquidation_stage"] == 0:
                equity, maintenance = equity_and_maintenance(s, account)
                if equity >= maintenance:
                    continue
            found[used] = account
            used += 1
    return found[:used]


def settle_variation(s: State, e: EventBuffer, contract: int) -> None:
    """Turn profit and loss into cash as far as losers can pay (CLEAR-002)."""
    slots = holders(s, contract)
    slots = slots[np.argsort(slots % ACCOUNTS_MAX)]  # ties of remainders go to the lowest id
    moved = np.zeros(slots.size, np.int64)
    collected = collect_losses(s, slots, moved)
    shares, remainders = pro_rata(s, contract, slots, collected)
    left = collected - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    pay_winners(s, e, contract, slots, moved, shares)


@inner_kernel
def _is_first_slot(s: State, slot: int, underlying: int) -> bool:
    """Whether no earlier slot of the same account is on the underlying."""
    for earlier in range(account_of(slot), slot, ACCOUNTS_MAX):
        contract = s.positions[earlier]["contract"] - 1
        if contract >= 0 and s.contracts[contract]["underlying"] == underlying:
            return False
    return True


@kernel
def collect_losses(s: State, slots: Integers, moved: Integers) -> int:
    """Mark every position and move what losers can pay into CLEARING; returns the sum.

    slots : (n,) int64, flat position slots of all holders; moved : (n,) int64, written: units.
    """
    collected = 0
    for i in range(slots.size):
        row = s.positions[slots[i]]
        contract = s.contracts[row["contract"] - 1]
        value = row["lots"] * contract["mark_ticks"] * contract["tick_value_units"]
        add_unsettled(s, slots[i], value - row["cost_units"])
        row["cost_units"] = value
        account = account_of(slots[i])
        payable = min(-row["unsettled_units"], max(0, s.balances[account, USDC]))
        if payable > 0:
            transfer(s, account, CLEARING, USDC, payable)
            add_unsettled(s, slots[i], payable)
            moved[i] = -payable
            collected += payable
    return collected


@kernel
def pro_rata(
    s: State, contract: int, slots: Integers, collected: int
) -> tuple[Integers, Integers]:
    """(floors of the shares, their remainders) of those with unsettled profit.

    The last two entries are the claims of FEES and INSURANCE. Units; remainders are comparable.
    """
    row = s.contracts[contract]
    count = slots.size
    claims = np.zeros(count + 2, np.int64)
    remainders = np.zeros(count + 2, np.int64)
    for i in range(count):
        claims[i] = max(0, s.positions[slots[i]]["unsettled_units"])
    claims[count] = row["fees_unsettled_units"]
    claims[count + 1] = row["insurance_unsettled_units"]
    total = 0
    for i in range(count + 2):
        total += claims[i]
        assert total < INT64_SAFE
    assert total >= collected
    for i in range(count + 2):
        if collected > 0 and claims[i] > 0:
            remainders[i] = mul_div_remainder(claims[i], collected, total)
            claims[i] = mul_div_floor(claims[i], collected, total)
        else:
            claims[i] = 0
    return claims, remainders


@kernel
def pay_winners(
    s: State,
    e: EventBuffer,
    contract: int,
    slots: Integers,
    moved: Integers,
    shares: Integers,
) -> None:
    """Pay the shares out of CLEARING and say what moved; slots left empty are freed."""
    row = s.contracts[contract]
    count = slots.size
    for i in range(count):
        account = account_of(slots[i])
        position = s.positions[slots[i]]
        if shares[i] > 0:
            transfer(s, CLEARING, account, USDC, shares[i])
            add_unsettled(s, slots[i], -shares[i])
            moved[i] += shares[i]
        if moved[i] != 0:
            emit_clearing.variation_settled(
                e,
                account,
                contract,
                moved[i],
                position["unsettled_units"],
                s.balances[account, USDC],
                row["mark_ticks"],
            )
        release_if_empty(s, slots[i])
    # The house's shares are postings too: projections rebuild its vaults from them.
    mark = row["mark_ticks"]
    fees, insurance = shares[count], shares[count + 1]
    if fees > 0:
        transfer(s, CLEARING, FEES, USDC, fees)
        row["fees_unsettled_units"] -= fees
        owed = row["fees_unsettled_units"]
        emit_clearing.variation_settled(
            e, FEES, contract, fees, owed, s.balances[FEES, USDC], mark
        )
    if insurance > 0:
        transfer(s, CLEARING, INSURANCE, USDC, insurance)
        row["insurance_unsettled_units"] -= insurance
        owed = row["insurance_unsettled_units"]
        fund = s.balances[INSURANCE, USDC]
        emit_clearing.variation_settled(e, INSURANCE, contract, insurance, owed, fund, mark)
