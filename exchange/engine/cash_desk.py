"""The commands that move money: what each checks, does and says (rules: custody).

CASH-001  everything is checked before anything moves (SM-003); custody owns the checks.
CASH-002  what a client asks for may carry an idempotency key and a deadline, as orders may.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from exchange.engine import custody, governance
from exchange.engine.commands import CommandKind
from exchange.engine.event_log import EventLog
from exchange.engine.events import EventKind
from exchange.engine.hot_path import repeat
from exchange.engine.idempotency import NO_KEY, find_key, remember_key
from exchange.engine.ledger import transfer
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
            CommandKind.TRANSFER: self._transfer,
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
        return self._once(command, self._hold_withdrawal)

    def _hold_withdrawal(self, command: Record) -> tuple[RejectReason, int, int]:
        account, asset = int(command["account"]), int(command["asset"])
        amount = int(command["amount_units"])
        reason = custody.amount_objection(asset, amount)
        if reason is not _OK:
            return reason, 0, 0
        reason, missing = custody.withdrawal_objection(self._state, account, asset, amount)
        if reason is not _OK:
            return reason, missing, 0
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
        return _OK, 0, withdrawal

    def _transfer(self, command: Record) -> tuple[RejectReason, int]:
        return self._once(command, self._move)

    def _move(self, command: Record) -> tuple[RejectReason, int, int]:
        account, target = int(command["account"]), int(command["target"])
        asset, amount = int(command["asset"]), int(command["amount_units"])
        reason = custody.amount_objection(asset, amount)
        if reason is _OK and not governance.is_user_account(self._state, target):
            reason = RejectReason.UNKNOWN_ACCOUNT
        if reason is not _OK:
            return reason, 0, 0
        reason, missing = custody.transfer_objection(
            self._state, account, target, asset, amount
        )
        if reason is not _OK:
            return reason, missing, 0
        transfer(self._state, account, target, asset, amount)
        for side, other, signed in ((account, target, -amount), (target, account, amount)):
            self._log.emit(
                EventKind.TRANSFERRED,
                side,
                asset=asset,
                amount_units=signed,
                balance_units=int(self._state.balances[side, asset]),
                reference=int(command["reference"]),
                counterparty=other,
                principal=int(command["principal"]),
            )
        return _OK, 0, int(command["sequence"])

    def _once(
        self, command: Record, act: Callable[[Record], tuple[RejectReason, int, int]]
    ) -> tuple[RejectReason, int]:
        """Act unless the key is known already or the deadline is past (CASH-002).

        act : returns (reason, units missing, what the result names).
        """
        row = np.array(command.tolist(), np.int64)
        key = int(command["idempotency_key"])
        if key != 0:
            found = find_key(self._state, int(command["account"]), key)
            if found != NO_KEY:
                return RejectReason(int(repeat(self._state, self._log.buffer, row, found))), 0
        deadline = int(command["valid_until_ns"])
        if deadline != 0 and int(command["time_ns"]) > deadline:
            return RejectReason.EXPIRED, 0
        reason, missing, subject = act(command)
        if key != 0 and reason is _OK:
            remember_key(self._state, row, subject)
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
