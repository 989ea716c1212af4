"""apply(batch of commands) -> events: the dispatch table, on one screen.

SM-001  every command yields exactly one result: its events, or one COMMAND_REJECTED.
SM-002  trading commands run in one kernel call; the rare ones below in Python on the same
        arrays.
SM-003  handlers check everything before they change anything.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from exchange.engine import clearing, emit, funding, governance, marking
from exchange.engine import commands as c
from exchange.engine.admission import admission_reason
from exchange.engine.batches import abandon_batch
from exchange.engine.cash_desk import CashDesk
from exchange.engine.client_desk import ClientDesk
from exchange.engine.commands import CommandKind
from exchange.engine.emit import BUFFER_EVENTS
from exchange.engine.event_log import EventLog
from exchange.engine.events import EventKind
from exchange.engine.firing import EVENTS_PER_FIRING_MAX, fire_due
from exchange.engine.health import equity_and_maintenance
from exchange.engine.hot_path import (
    EVENTS_PER_TRADING_COMMAND_MAX,
    apply_trading,
    begin_command,
    reject,
)
from exchange.engine.liquidating import review_account
from exchange.engine.open_orders import EVENTS_PER_EXPIRY_MAX, expire_orders
from exchange.engine.records import RAW, RECORD_FIELDS
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, Table, empty_state, in_array
from exchange.engine.trading import EVENTS_PER_MAKER_MAX, EVENTS_PER_TAKER_MAX
from exchange.engine.triggers import count_trailing, tell_trailing
from exchange.engine.units import (
    EXPIRIES_MAX,
    FILLS_MAX,
    LIQUIDATION_STEPS_MAX,
    OPEN_ORDERS_MAX,
    ROLE_MASK,
)

_EVENTS_PER_STEP_MAX = FILLS_MAX * EVENTS_PER_MAKER_MAX + EVENTS_PER_TAKER_MAX
_EVENTS_PER_REVIEW_MAX = LIQUIDATION_STEPS_MAX * _EVENTS_PER_STEP_MAX + OPEN_ORDERS_MAX + 8
assert _EVENTS_PER_REVIEW_MAX < BUFFER_EVENTS
assert EVENTS_PER_TRADING_COMMAND_MAX < BUFFER_EVENTS

_OK = RejectReason.ACCEPTED
Record = Any  # one row of a layout: fields are read by name


class StateMachine:
    """The one that changes a State. Everything about it is a function of the commands
    applied."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._states = in_array(state)
        self._counters = state.counters
        self._log = EventLog()
        self._clients = ClientDesk(state, self._log)
        self._handlers: dict[int, Callable[[Record], tuple[RejectReason, int]]] = {
            CommandKind.OPEN_ACCOUNT: self._open_account,
            CommandKind.SET_ROLE: self._set_role,
            CommandKind.REGISTER_REPORTER: self._register_reporter,
            CommandKind.SUBMIT_OBSERVATION: self._submit_observation,
            CommandKind.TICK: self._tick,
            CommandKind.SETTLE_VARIATION: self._settle_variation,
            CommandKind.LIQUIDATE: self._liquidate,
            CommandKind.SETTLE_FUNDING: self._settle_funding,
            CommandKind.LIST_UNDERLYING: self._list_underlying,
            CommandKind.LIST_CONTRACT: self._list_contract,
            CommandKind.SET_PARAMETER: self._set_parameter,
            CommandKind.SET_CONTRACT_STATE: self._set_contract_state,
            CommandKind.QUARANTINE: self._quarantine,
            **CashDesk(state, self._log).handlers(),
            **self._clients.handlers(),
        }

    @classmethod
    def create(cls) -> "StateMachine":
        """A venue at genesis."""
        return cls(empty_state())

    def apply(self, commands: Table) -> Table:
        """Apply commands in order; returns their events, valid until the next call.

        commands : (n,) records of commands.py, sequence and time set, contiguous from the
        state's.
        """
        rows = np.ascontiguousarray(commands).view(np.int64).reshape(-1, RECORD_FIELDS)
        if not rows.flags.writeable:
            rows = rows.copy()  # A read-only array would compile a second set of kernels.
        raw = rows.view(RAW).reshape(-1)
        self._log.begin()
        position = 0
        while position < len(rows):
            self._close_funding_samples(rows[position])
            self._log.make_room(EVENTS_PER_TRADING_COMMAND_MAX)
            reached = apply_trading(self._states, self._log.buffers, raw, position)
            if reached == position:
                self._apply_rare(rows[position])
                reached += 1
            position = reached
        return self._log.collect()

    def _close_funding_samples(self, row: Integers) -> None:
        """Before the first command at or after the end of a sample is looked at (FUND-012)."""
        if row[c.TIME_NS] < self._counters[Counter.NEXT_SAMPLE_NS]:
            return
        self._log.make_room(int(self._counters[Counter.CONTRACTS]))
        self._log.buffer.cursor[emit.SEQUENCE] = row[c.SEQUENCE]
        self._log.buffer.cursor[emit.TIME_NS] = row[c.TIME_NS]
        funding.close_samples(self.state, self._log.buffer)

    def _apply_rare(self, row: Integers) -> None:
        begin_command(self.state, self._log.buffer, row)
        if self._counters[Counter.BATCH_LEFT] != 0:
            self._log.make_room(2)
            abandon_batch(self.state, self._log.buffer)
        reason = RejectReason(int(admission_reason(self.state, row)))
        missing = 0
        if reason is _OK:
            kind = int(row[c.KIND])
            record = row.view(c.LAYOUTS[kind])[0]
            reason, missing = self._handlers[kind](record)
        if reason is not _OK:
            self._log.make_room(1)
            reject(self._log.buffer, row, int(reason), missing)
        if self._counters[Counter.TRIGGERS_DUE]:
            self._log.make_room(EVENTS_PER_FIRING_MAX)
            fire_due(self.state, self._log.buffer)

    # --- authority ----------------------------------------------------------------------------

    def _open_account(self, command: Record) -> tuple[RejectReason, int]:
        parent, role = int(command["account"]), int(command["role"])
        reason = governance.opening_objection(self.state, parent, role)
        if reason is _OK:
            external_id, now = int(command["external_id"]), int(command["time_ns"])
            account = governance.open_account(self.state, parent, role, now)
            owner = int(self.state.accounts[account]["owner"])
            self._log.emit(
                EventKind.ACCOUNT_OPENED,
                account,
                owner=owner,
                role=role,
                external_id=external_id,
            )
        return reason, 0

    def _set_role(self, command: Record) -> tuple[RejectReason, int]:
        account, role = int(command["account"]), int(command["role"])
        if not governance.is_user_account(self.state, account):
            return RejectReason.UNKNOWN_ACCOUNT, 0
        if role <= 0 or role & ~ROLE_MASK:
            return RejectReason.INVALID_ROLE, 0
        previous = int(self.state.accounts[account]["role"])
        self.state.accounts[account]["role"] = role
        self._log.emit(EventKind.ROLE_SET, account, role=role, previous_role=previous)
        return _OK, 0

    def _register_reporter(self, command: Record) -> tuple[RejectReason, int]:
        account, source = int(command["account"]), int(command["source"])
        weight = int(command["weight_ppm"])
        reason = governance.reporter_objection(self.state, account, source, weight)
        if reason is _OK:
            keys = {f"key_{i}": int(command[f"key_{i}"]) for i in range(4)}
            key = (keys["key_0"], keys["key_1"], keys["key_2"], keys["key_3"])
            governance.register_reporter(self.state, account, source, weight, key)
            self._log.emit(
                EventKind.REPORTER_REGISTERED, account, source=source, weight_ppm=weight, **keys
            )
        return reason, 0

    # --- market and clearing ------------------------------------------------------------------

    def _submit_observation(self, command: Record) -> tuple[RejectReason, int]:
        source, underlying = int(command["source"]), int(command["underlying"])
        price, confidence = int(command["price_e8"]), int(command["confidence_e8"])
        published = int(command["publish_time_ns"])
        reason = RejectReason(
            int(
                marking.observation_objection(
                    self.state,
                    int(command["principal"]),
                    source,
                    underlying,
                    price,
                    confidence,
                    published,
                    int(command["time_ns"]),
                )
            )
        )
        if reason is _OK:
            marking.accept_observation(
                self.state, self._log.buffer, source, underlying, price, confidence, published
            )
            self._refresh(range(underlying, underlying + 1))
        return reason, 0

    def _tick(self, command: Record) -> tuple[RejectReason, int]:
        self._clients.cancel_for_silent(int(command["time_ns"]), OPEN_ORDERS_MAX + 1)
        self._log.make_room(EXPIRIES_MAX * EVENTS_PER_EXPIRY_MAX)
        expire_orders(self.state, self._log.buffer)
        self._refresh(range(int(self._counters[Counter.UNDERLYINGS])))
        trailing = int(count_trailing(self.state))
        if trailing:
            self._log.make_room(trailing)
            tell_trailing(self.state, self._log.buffer)
        return _OK, 0

    def _refresh(self, underlyings: range) -> None:
        """All indices, then marks, then everyone whom the new marks put under water.

        In this order, so that nobody is judged by a price or a status of the tick before.
        """
        # A new index; of each contract a new mark, and that it halted at its price ceiling.
        contracts = int(self._counters[Counter.CONTRACTS])
        self._log.make_room(len(underlyings) + 2 * contracts)
        due = [u for u in underlyings if marking.refresh_index(self.state, self._log.buffer, u)]
        for underlying in due:
            marking.mark_contracts(self.state, self._log.buffer, underlying)
        found = [clearing.accounts_under_water(self.state, underlying) for underlying in due]
        if not found:
            return
        # Ascending: who is reviewed first does not depend on the order of the holder lists.
        for account in np.unique(np.concatenate(found)):
            self._log.make_room(_EVENTS_PER_REVIEW_MAX)
            review_account(self.state, self._log.buffer, int(account))

    def _settle_variation(self, command: Record) -> tuple[RejectReason, int]:
        contract = int(command["contract"])
        if not governance.is_listed(self.state, contract):
            return RejectReason.UNKNOWN_CONTRACT, 0
        row = self.state.contracts[contract]
        if int(row["mark_ticks"]) == 0:
            return RejectReason.NO_MARK_PRICE, 0
        self._log.make_room(int(row["holder_count"]) + 2)
        clearing.settle_variation(self.state, self._log.buffer, contract)
        return _OK, 0

    def _settle_funding(self, command: Record) -> tuple[RejectReason, int]:
        contract = int(command["contract"])
        if not governance.is_listed(self.state, contract):
            return RejectReason.UNKNOWN_CONTRACT, 0
        if not funding.is_conversion_due(self.state, contract, int(command["time_ns"])):
            return RejectReason.FUNDING_NOT_DUE, 0
        self._log.make_room(2 * int(self.state.contracts[contract]["holder_count"]) + 1)
        funding.settle_funding(self.state, self._log.buffer, contract)
        return _OK, 0

    def _liquidate(self, command: Record) -> tuple[RejectReason, int]:
        account = int(command["account"])
        if not governance.is_user_account(self.state, account):
            return RejectReason.UNKNOWN_ACCOUNT, 0
        equity, maintenance = equity_and_maintenance(self.state, account)
        if equity >= maintenance:
            return RejectReason.LIQUIDATION_NOT_DUE, int(equity - maintenance)
        self._log.make_room(_EVENTS_PER_REVIEW_MAX)
        is_due = review_account(self.state, self._log.buffer, account)
        return (_OK, 0) if is_due else (RejectReason.ORACLE_NOT_VALID, 0)

    # --- governance ---------------------------------------------------------------------------

    def _list_underlying(self, command: Record) -> tuple[RejectReason, int]:
        name = (int(command["name_0"]), int(command["name_1"]))
        reason = governance.list_underlying_objection(self.state, name)
        if reason is _OK:
            underlying = governance.list_underlying(self.state, name)
            self._log.emit(
                EventKind.UNDERLYING_LISTED,
                underlying=underlying,
                name_0=name[0],
                name_1=name[1],
            )
        return reason, 0

    def _list_contract(self, command: Record) -> tuple[RejectReason, int]:
        listing = governance.Listing(
            name=tuple(int(command[f"name_{i}"]) for i in range(4)),  # type: ignore[arg-type]
            underlying=int(command["underlying"]),
            kind=int(command["contract_kind"]),
            tick_e8=int(command["tick_e8"]),
            lot_e8=int(command["lot_e8"]),
            reference_ticks=int(command["reference_ticks"]),
            expiry_ns=int(command["expiry_ns"]),
        )
        reason = governance.listing_objection(self.state, listing)
        if reason is _OK:
            contract = governance.list_contract(self.state, listing)
            names = {f"name_{i}": word for i, word in enumerate(listing.name)}
            self._log.emit(
                EventKind.CONTRACT_LISTED,
                contract=contract,
                underlying=listing.underlying,
                contract_kind=listing.kind,
                tick_e8=listing.tick_e8,
                lot_e8=listing.lot_e8,
                tick_value_units=int(self.state.contracts[contract]["tick_value_units"]),
                reference_ticks=listing.reference_ticks,
                expiry_ns=listing.expiry_ns,
                **names,
            )
        return reason, 0

    def _set_parameter(self, command: Record) -> tuple[RejectReason, int]:
        contract, parameter = int(command["contract"]), int(command["parameter"])
        value = int(command["value"])
        reason = governance.parameter_objection(self.state, contract, parameter, value)
        if reason is _OK:
            funding.look_at_premium(self.state, contract, int(command["time_ns"]))
            previous = governance.set_parameter(self.state, contract, parameter, value)
            self._log.emit(
                EventKind.PARAMETER_SET,
                contract=contract,
                parameter=parameter,
                value=value,
                previous_value=previous,
            )
        return reason, 0

    def _set_contract_state(self, command: Record) -> tuple[RejectReason, int]:
        contract, target = int(command["contract"]), int(command["state"])
        reason = governance.state_change_objection(self.state, contract, target)
        if reason is _OK:
            funding.look_at_premium(self.state, contract, int(command["time_ns"]))
            previous = int(self.state.contracts[contract]["state"])
            self.state.contracts[contract]["state"] = target
            self._log.emit(
                EventKind.CONTRACT_STATE_SET,
                contract=contract,
                state=target,
                previous_state=previous,
                reason=int(command["reason"]),
            )
        return reason, 0

    def _quarantine(self, command: Record) -> tuple[RejectReason, int]:
        """The journal reader acts on it, at every replay; the state does not change."""
        is_past = 0 < int(command["target_sequence"]) < int(command["sequence"])
        return (_OK if is_past else RejectReason.INVALID_QUARANTINE), 0
