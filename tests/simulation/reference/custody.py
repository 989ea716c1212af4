"""The reference's money: deposits, withdrawals, and transfers within an owner."""

from tests.simulation.reference import health
from tests.simulation.reference.checks import is_expired
from tests.simulation.reference.rounding import ceil_div
from tests.simulation.reference.state import (
    ACCEPTED,
    WITHDRAWAL_SLOT_BITS,
    Answer,
    Venue,
)
from tests.simulation.reference.tables import Withdrawal
from tests.simulation.reference.wire import (
    EXTERNAL,
    HOLDS,
    INSURANCE,
    ORACLE_VALID,
    ROLE_TRADER,
    USDC,
    Command,
    EventKind,
    RejectReason,
)

AMOUNT_MAX = 10**16
DEPOSITS_MAX = 5 * 10**17  # 5 x 10^11 USDC: of one asset, not withdrawn again
WITHDRAWALS_MAX = 1 << WITHDRAWAL_SLOT_BITS


def deposit(venue: Venue, command: Command) -> Answer:
    """Deposit."""
    account, amount = command["account"], command["amount_units"]
    if account != INSURANCE and not venue.is_user(account):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    reason = _amount_objection(command)
    if reason:
        return reason, 0
    asset = command["asset"]
    if amount - venue.ledger.cash(EXTERNAL, asset) > DEPOSITS_MAX:
        return RejectReason.DEPOSIT_LIMIT, 0
    venue.ledger.move(EXTERNAL, account, amount, asset)
    venue.accounts[account].deposited_units += amount
    venue.say(
        EventKind.DEPOSITED,
        account,
        asset=asset,
        amount_units=amount,
        balance_units=venue.ledger.cash(account, asset),
        reference=command["reference"],
    )
    return ACCEPTED


def request_withdrawal(venue: Venue, command: Command) -> Answer:
    """RequestWithdrawal: settled cash, as far as positions and orders do not need it."""
    account, amount, asset = command["account"], command["amount_units"], command["asset"]
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    reason, missing = _amount_objection(command), 0
    if not reason:
        reason, missing = _withdrawal_objection(venue, account, asset, amount)
    if reason:
        return reason, missing
    venue.ledger.move(account, HOLDS, amount, asset)
    slot = venue.withdrawal_slots.claim()
    number = venue.sequence << WITHDRAWAL_SLOT_BITS | slot
    what = (asset, amount, command["reference"], venue.time_ns)
    row = venue.withdrawals[number] = Withdrawal(number, account, *what)
    _say_withdrawal(venue, EventKind.WITHDRAWAL_REQUESTED, row)
    return ACCEPTED


def transfer(venue: Venue, command: Command) -> Answer:
    """Transfer to another account of one's owner: settled cash above the initial margin."""
    account, target = command["account"], command["target"]
    amount, asset = command["amount_units"], command["asset"]
    if is_expired(command):
        return RejectReason.EXPIRED, 0
    reason, missing = _amount_objection(command), 0
    if not reason:
        reason, missing = _transfer_objection(venue, account, target, asset, amount)
    if reason:
        return reason, missing
    venue.ledger.move(account, target, amount, asset)
    for side, other, signed in ((account, target, -amount), (target, account, amount)):
        venue.say(
            EventKind.TRANSFERRED,
            side,
            asset=asset,
            amount_units=signed,
            balance_units=venue.ledger.cash(side, asset),
            reference=command["reference"],
            counterparty=other,
            principal=command["principal"],
        )
    return ACCEPTED


def confirm_withdrawal(venue: Venue, command: Command) -> Answer:
    """ConfirmWithdrawal."""
    return _finish(venue, command["withdrawal"], EventKind.WITHDRAWAL_CONFIRMED)


def fail_withdrawal(venue: Venue, command: Command) -> Answer:
    """FailWithdrawal."""
    return _finish(venue, command["withdrawal"], EventKind.WITHDRAWAL_FAILED)


def _finish(venue: Venue, number: int, kind: EventKind) -> Answer:
    row = venue.withdrawals.pop(number, None)
    if row is None:
        return RejectReason.UNKNOWN_WITHDRAWAL, 0
    is_paid = kind is EventKind.WITHDRAWAL_CONFIRMED
    target = EXTERNAL if is_paid else row.account
    venue.ledger.move(HOLDS, target, row.amount_units, row.asset)
    if is_paid:
        venue.accounts[row.account].deposited_units -= row.amount_units
    venue.withdrawal_slots.free.append(number % WITHDRAWALS_MAX)
    _say_withdrawal(venue, kind, row)
    return ACCEPTED


def _amount_objection(command: Command) -> RejectReason:
    if command["asset"] != USDC:
        return RejectReason.UNKNOWN_ASSET
    is_sane = 0 < command["amount_units"] <= AMOUNT_MAX
    return RejectReason.ACCEPTED if is_sane else RejectReason.INVALID_AMOUNT


def _transfer_objection(
    venue: Venue, account: int, target: int, asset: int, amount: int
) -> Answer:
    if not venue.is_user(target):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    if target == account:
        return RejectReason.SAME_ACCOUNT, 0
    if venue.accounts[target].owner != venue.accounts[account].owner:
        return RejectReason.DIFFERENT_OWNER, 0
    if not venue.accounts[target].role & ROLE_TRADER:
        return RejectReason.NOT_AUTHORISED, 0
    needed = health.initial_margin(venue, account)
    return _outflow_objection(venue, account, asset, amount, needed)


def _withdrawal_objection(venue: Venue, account: int, asset: int, amount: int) -> Answer:
    tenth = ceil_div(health.gross_notional(venue, account), 10)
    needed = max(health.initial_margin(venue, account), tenth)
    reason, missing = _outflow_objection(venue, account, asset, amount, needed)
    is_full = len(venue.withdrawals) >= WITHDRAWALS_MAX
    return (RejectReason.CAPACITY_FULL, 0) if is_full and not reason else (reason, missing)


def _outflow_objection(
    venue: Venue, account: int, asset: int, amount: int, needed: int
) -> Answer:
    """Whether so much settled cash may go while the account needs that much equity."""
    if venue.accounts[account].liquidation_stage:
        return RejectReason.IN_LIQUIDATION, 0
    for contract, position in venue.accounts[account].positions.items():
        underlying = venue.underlyings[venue.contracts[contract].underlying]
        if position.lots and underlying.status != ORACLE_VALID:
            return RejectReason.ORACLE_NOT_VALID, 0
    balance = venue.ledger.cash(account, asset)
    if amount > balance:
        return RejectReason.INSUFFICIENT_BALANCE, amount - balance
    missing = needed - (health.equity(venue, account) - amount)
    return (RejectReason.INSUFFICIENT_MARGIN, missing) if missing > 0 else ACCEPTED


def _say_withdrawal(venue: Venue, kind: EventKind, row: Withdrawal) -> None:
    venue.say(
        kind,
        row.account,
        asset=row.asset,
        amount_units=row.amount_units,
        balance_units=venue.ledger.cash(row.account, row.asset),
        reference=row.reference,
        withdrawal=row.id,
    )
