"""Money across the border of the venue: deposits and withdrawals.

CUST-001  a deposit is booked by an operator only, against EXTERNAL: users can never mint. What
          all have deposited and not withdrawn stays within DEPOSITS_UNITS_MAX, so that no
          balance can leave 63 bits.
CUST-002  a withdrawal leaves equity >= max(initial margin, open orders included, 10 % of the
          gross notional) and takes settled cash only; it is held until confirmed or failed
          (I-09).
CUST-003  with positions on an underlying whose oracle is not VALID nothing is withdrawn.
CUST-004  a withdrawal id is (sequence << 16) | slot and is paid at most once (I-48).
CUST-005  a transfer between accounts of one owner does not leave the venue: equity after it is
          at least the initial margin, open orders included, and only settled cash moves. An
          isolated position is a sub-account of its own: what it may lose is what was moved.
"""

from exchange.engine.health import NO_CONTRACT, account_health, gross_notional
from exchange.engine.ledger import transfer
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, State
from exchange.engine.units import (
    ACCOUNTS_MAX,
    AMOUNT_UNITS_MAX,
    ASSET_NAMES,
    DEPOSITS_UNITS_MAX,
    EXTERNAL,
    HOLDS,
    ORACLE_VALID,
    ROLE_TRADER,
    WITHDRAWAL_SLOT_BITS,
    WITHDRAWALS_MAX,
    lifetime_sum,
)

NOTIONAL_DIVISOR = 10  # 10 % of the notional stays
_OK = RejectReason.ACCEPTED
_SLOT_MASK = WITHDRAWALS_MAX - 1


def amount_objection(asset: int, amount_units: int) -> RejectReason:
    """What is wrong with an asset or an amount in itself."""
    if not 0 <= asset < len(ASSET_NAMES):
        return RejectReason.UNKNOWN_ASSET
    if not 0 < amount_units <= AMOUNT_UNITS_MAX:
        return RejectReason.INVALID_AMOUNT
    return RejectReason.ACCEPTED


def deposit_objection(state: State, asset: int, amount_units: int) -> RejectReason:
    """Why a deposit cannot be booked (CUST-001)."""
    reason = amount_objection(asset, amount_units)
    if reason is not RejectReason.ACCEPTED:
        return reason
    deposited = -int(state.balances[EXTERNAL, asset])
    if deposited + amount_units > DEPOSITS_UNITS_MAX:
        return RejectReason.DEPOSIT_LIMIT
    return RejectReason.ACCEPTED


def deposit(state: State, account: int, asset: int, amount_units: int) -> int:
    """Book a deposit; returns the balance after it."""
    transfer(state, EXTERNAL, account, asset, amount_units)
    _count_deposit(state, account, amount_units)
    return int(state.balances[account, asset])


def withdrawal_objection(
    state: State, account: int, asset: int, amount_units: int
) -> tuple[RejectReason, int]:
    """(reason, units missing) for a withdrawal (CUST-002, CUST-003)."""
    if state.accounts[account]["liquidation_stage"] != 0:
        return RejectReason.IN_LIQUIDATION, 0
    if not _are_prices_valid(state, account):
        return RejectReason.ORACLE_NOT_VALID, 0
    balance = int(state.balances[account, asset])
    if amount_units > balance:
        return RejectReason.INSUFFICIENT_BALANCE, amount_units - balance
    equity, initial, _ = account_health(state, account, NO_CONTRACT)
    notional = int(gross_notional(state, account))
    kept = max(int(initial), -(-notional // NOTIONAL_DIVISOR))
    missing = kept - (int(equity) - amount_units)
    if missing > 0:
        return RejectReason.INSUFFICIENT_MARGIN, missing
    if not _has_free_withdrawal(state):
        return RejectReason.CAPACITY_FULL, 0
    return RejectReason.ACCEPTED, 0


def transfer_objection(
    state: State, account: int, target: int, asset: int, amount_units: int
) -> tuple[RejectReason, int]:
    """(reason, units missing) for a transfer between two accounts (CUST-005, CUST-003)."""
    if target == account:
        return RejectReason.SAME_ACCOUNT, 0
    if state.accounts[account]["owner"] != state.accounts[target]["owner"]:
        return RejectReason.DIFFERENT_OWNER, 0
    if not int(state.accounts[target]["role"]) & ROLE_TRADER:
        return RejectReason.NOT_AUTHORISED, 0  # It could never be moved back.
    if state.accounts[account]["liquidation_stage"] != 0:
        return RejectReason.IN_LIQUIDATION, 0
    if not _are_prices_valid(state, account):
        return RejectReason.ORACLE_NOT_VALID, 0
    balance = int(state.balances[account, asset])
    if amount_units > balance:
        return RejectReason.INSUFFICIENT_BALANCE, amount_units - balance
    equity, initial, _ = account_health(state, account, NO_CONTRACT)
    missing = int(initial) - (int(equity) - amount_units)
    return (RejectReason.INSUFFICIENT_MARGIN, missing) if missing > 0 else (_OK, 0)


def request_withdrawal(
    state: State,
    sequence: int,
    time_ns: int,
    account: int,
    asset: int,
    amount: int,
    reference: int,
) -> int:
    """Hold the money of an admitted withdrawal; returns its id."""
    transfer(state, account, HOLDS, asset, amount)
    free = int(state.counters[Counter.WITHDRAWALS_FREE])
    if free != 0:
        slot = free - 1
        state.counters[Counter.WITHDRAWALS_FREE] = state.withdrawals[slot]["next_free"]
    else:
        slot = int(state.counters[Counter.WITHDRAWALS_HIGH])
        state.counters[Counter.WITHDRAWALS_HIGH] = slot + 1
    withdrawal = (sequence << WITHDRAWAL_SLOT_BITS) | slot
    state.withdrawals[slot] = (withdrawal, account, asset, amount, reference, time_ns, 0, 0)
    return withdrawal


def pending_slot(state: State, withdrawal: int) -> int | None:
    """Slot of a withdrawal that is neither paid nor failed."""
    slot = withdrawal & _SLOT_MASK
    if withdrawal <= 0 or int(state.withdrawals[slot]["id"]) != withdrawal:
        return None
    return slot


def finish_withdrawal(state: State, slot: int, is_paid: bool) -> None:
    """Pay a held withdrawal out, or give it back; its slot is free again."""
    row = state.withdrawals[slot]
    account, asset, amount = int(row["account"]), int(row["asset"]), int(row["amount_units"])
    transfer(state, HOLDS, EXTERNAL if is_paid else account, asset, amount)
    if is_paid:
        _count_deposit(state, account, -amount)
    free = int(state.counters[Counter.WITHDRAWALS_FREE])
    state.withdrawals[slot] = (0, 0, 0, 0, 0, 0, free, 0)
    state.counters[Counter.WITHDRAWALS_FREE] = slot + 1


def _count_deposit(state: State, account: int, amount_units: int) -> None:
    row = state.accounts[account]
    row["deposited_units"] = lifetime_sum(int(row["deposited_units"]), amount_units)


def _are_prices_valid(state: State, account: int) -> bool:
    for row in state.positions[account::ACCOUNTS_MAX]:
        if row["contract"] != 0 and row["lots"] != 0:
            underlying = state.contracts[row["contract"] - 1]["underlying"]
            if state.underlyings[underlying]["status"] != ORACLE_VALID:
                return False
    return True


def _has_free_withdrawal(state: State) -> bool:
    counters = state.counters
    return bool(
        counters[Counter.WITHDRAWALS_FREE] != 0
        or counters[Counter.WITHDRAWALS_HIGH] < WITHDRAWALS_MAX
    )
