"""The rare commands of clients about themselves: self-trades, disconnects, heartbeats.

DESK-001  everything is checked before anything changes (SM-003); safeguards owns the rules.
"""

from collections.abc import Callable
from typing import Any

from exchange.engine import safeguards
from exchange.engine.commands import CommandKind
from exchange.engine.event_log import EventLog
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.open_orders import cancel_account_orders
from exchange.engine.rejects import RejectReason
from exchange.engine.state import State
from exchange.engine.units import SELF_TRADE_CANCEL_BOTH, SELF_TRADE_CANCEL_MAKER

_OK = RejectReason.ACCEPTED
Record = Any  # one row of a layout: fields are read by name


class ClientDesk:
    """Handlers of those commands: each returns (reason, units missing)."""

    def __init__(self, state: State, log: EventLog) -> None:
        self._state = state
        self._log = log

    def handlers(self) -> dict[int, Callable[[Record], tuple[RejectReason, int]]]:
        """The handler of each kind of command."""
        return {
            CommandKind.SET_SELF_TRADE_MODE: self._set_self_trade_mode,
            CommandKind.SET_CANCEL_ON_DISCONNECT: self._set_cancel_on_disconnect,
            CommandKind.HEARTBEAT: self._heartbeat,
        }

    def cancel_for_silent(self, now_ns: int, events_max: int) -> None:
        """Cancel the orders of everyone whose heartbeat is overdue (SAFE-002).

        events_max : the most events that cancelling one account's orders can take.
        """
        account = int(safeguards.next_silent(self._state, -1, now_ns))
        while account >= 0:
            self._log.make_room(events_max)
            row = self._state.safeguards[account]
            self._log.emit(
                EventKind.HEARTBEAT_MISSED,
                account,
                due_ns=int(row["heartbeat_until_ns"]),
                timeout_ns=int(row["heartbeat_timeout_ns"]),
            )
            reason = int(CancelReason.HEARTBEAT_MISSED)
            cancel_account_orders(self._state, self._log.buffer, account, reason)
            after = int(safeguards.next_silent(self._state, account, now_ns))
            safeguards.set_cancel_on_disconnect(
                self._state, account, safeguards.UNCHANGED, 0, now_ns
            )
            account = after

    def _set_self_trade_mode(self, command: Record) -> tuple[RejectReason, int]:
        owner = int(self._state.accounts[int(command["account"])]["owner"])
        mode = int(command["mode"])
        if not SELF_TRADE_CANCEL_MAKER <= mode <= SELF_TRADE_CANCEL_BOTH:
            return RejectReason.INVALID_SELF_TRADE_MODE, 0
        row = self._state.accounts[owner]
        previous = int(row["self_trade_mode"])
        row["self_trade_mode"] = mode
        kind = EventKind.SELF_TRADE_MODE_SET
        self._log.emit(kind, owner, mode=mode, previous_mode=previous)
        return _OK, 0

    def _set_cancel_on_disconnect(self, command: Record) -> tuple[RejectReason, int]:
        account, timeout = int(command["account"]), int(command["timeout_ns"])
        is_enabled = int(command["is_enabled"])
        if is_enabled not in (safeguards.UNCHANGED, 0, 1):
            return RejectReason.INVALID_SAFEGUARD, 0
        low, high = safeguards.HEARTBEAT_NS_MIN, safeguards.HEARTBEAT_NS_MAX
        if timeout not in (safeguards.UNCHANGED, 0) and not low <= timeout <= high:
            return RejectReason.INVALID_SAFEGUARD, 0
        safeguards.set_cancel_on_disconnect(
            self._state, account, is_enabled, timeout, int(command["time_ns"])
        )
        row = self._state.safeguards[account]
        self._log.emit(
            EventKind.CANCEL_ON_DISCONNECT_SET,
            account,
            is_enabled=int(row["cancel_on_disconnect"]),
            timeout_ns=int(row["heartbeat_timeout_ns"]),
        )
        return _OK, 0

    def _heartbeat(self, command: Record) -> tuple[RejectReason, int]:
        account = int(command["account"])
        if int(self._state.safeguards[account]["heartbeat_timeout_ns"]) == 0:
            return RejectReason.HEARTBEAT_NOT_SET, 0
        safeguards.hear_account(self._state, account, int(command["time_ns"]))
        return _OK, 0
