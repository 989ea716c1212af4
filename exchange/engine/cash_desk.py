"""The commands that move money: what each checks, does and says (rules: custody).

CASH-001  everything is checked before anything moves (SM-003); custody owns the checks.
"""

from collections.abc import Callable
from typing import Any

from exchange.engine import custody, governance
from exchange.engine.commands import CommandKind
from exchange.engine.event_log import EventLog
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import State
from exchange.engine.units import INSURANCE

_OK = RejectReason.ACCEPTED
Record = Any  # one row of a layout: fields are read by name


class CashDesk:
    """Handlers of the money commands: each returns (reason, units missing)."""

    def __init__(self, state: State, log: EventLog) -> None:
        self._state = state
        self._log = log

    def handlers(self) -> dict[int, Callable[[Record], tuple[RejectReason, int]]]:
        """The handler of each kind of command."""
        return {
            CommandKind.DEPOSIT: self._deposit,
            CommandKind.REQUEST_WITHDRAWAL: self._request_withdrawal,
            CommandKind.CONFIRM_WITHDRAWAL: self._confirm_withdrawal,
            CommandKind.FAIL_WITHDRAWAL: self._fail_withdrawal,
        }

    def _deposit(self, command: Record) -> tuple[RejectReason, int]:
        account, asset = int(command["account"]), int(command["asset"])
        amount = int(command["amount_units"])
        if account != INSURANCE and not governance.is_user_account(self._state, account):
            return RejectReason.UNKNOWN_ACCOUNT, 0
        reason = custody.deposit_objection(self._state, asset, amount)
        if reason is _OK:
            balance = custody.deposit(self._state, account, asset, amount)
            self._log.emit(
                EventKind.DEPOSITED,
                account,
                asset=asset,
                amount_units=amount,
                balance_units=balance,
                reference=int(command["reference"]),
            )
        return reason, 0

    def _request_withdrawal(self, command: Record) -> tuple[RejectReason, int]:
        account, asset = int(command["account"]), int(command["asset"])
        amount, missing = int(command["amount_units"]), 0
        reason = custody.amount_objection(asset, amount)
        if reason is _OK:
            reason, missing = custody.withdrawal_objection(self._state, account, asset, amount)
        if reason is _OK:
            withdrawal = custody.request_withdrawal(
                self._state,
                int(command["sequence"]),
                int(command["time_ns"]),
                account,
                asset,
                amount,
                int(command["reference"]),
            )
            slot = custody.pending_slot(self._state, withdrawal)
            assert slot is not None
            self._emit_withdrawal(EventKind.WITHDRAWAL_REQUESTED, slot)
        return reason, missing

    def _confirm_withdrawal(self, command: Record) -> tuple[RejectReason, int]:
        return self._finish_withdrawal(int(command["withdrawal"]), is_paid=True)

    def _fail_withdrawal(self, command: Record) -> tuple[RejectReason, int]:
        return self._finish_withdrawal(int(command["withdrawal"]), is_paid=False)

    def _finish_withdrawal(self, withdrawal: int, *, is_paid: bool) -> tuple[RejectReason, int]:
        slot = custody.pending_slot(self._state, withdrawal)
        if slot is None:
            return RejectReason.UNKNOWN_WITHDRAWAL, 0
        row = self._state.withdrawals[slot].copy()
        custody.finish_withdrawal(self._state, slot, is_paid)
        kind = EventKind.WITHDRAWAL_CONFIRMED if is_paid else EventKind.WITHDRAWAL_FAILED
        self._emit_withdrawal(kind, slot, row)
        return _OK, 0

    def _emit_withdrawal(self, kind: EventKind, slot: int, row: Record | None = None) -> None:
        row = self._state.withdrawals[slot] if row is None else row
        account, asset = int(row["account"]), int(row["asset"])
        self._log.emit(
            kind,
            account,
            asset=asset,
            amount_units=int(row["amount_units"]),
            balance_units=int(self._state.balances[account, asset]),
            reference=int(row["reference"]),
            withdrawal=int(row["id"]),
        )
