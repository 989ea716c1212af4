"""apply(command) -> events: who may act at all, then the handler of the kind."""

from collections.abc import Callable

from tests.simulation.reference import (
    batches,
    clearing,
    custody,
    firing,
    funding,
    governance,
    keys,
    liquidation,
    safeguards,
    trading,
)
from tests.simulation.reference.state import Answer, Venue
from tests.simulation.reference.tables import Gateway
from tests.simulation.reference.wire import (
    ROLE_OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
    Command,
    CommandKind,
    EventKind,
    RejectReason,
    Row,
    read_command,
)

GATEWAYS_MAX = 1_024
QUARANTINED = -1  # what the journal's reader writes in place of a kind
Handler = Callable[[Venue, Command], Answer]

TRADING: dict[int, Handler] = {
    CommandKind.PLACE_ORDER: trading.place,
    CommandKind.AMEND_ORDER: trading.amend,
    CommandKind.CANCEL_ORDER: trading.cancel,
    CommandKind.CANCEL_ALL: trading.cancel_all,
}
BY_TRADERS = TRADING | {
    CommandKind.PLACE_BATCH: batches.begin,
    CommandKind.TRANSFER: custody.transfer,
    CommandKind.SET_CANCEL_ON_DISCONNECT: safeguards.set_cancel_on_disconnect,
    CommandKind.HEARTBEAT: safeguards.heartbeat,
    CommandKind.REQUEST_WITHDRAWAL: custody.request_withdrawal,
    CommandKind.SET_SELF_TRADE_MODE: governance.set_self_trade_mode,
}
BY_REPORTERS: dict[int, Handler] = {
    CommandKind.SUBMIT_OBSERVATION: clearing.submit_observation,
}
BY_OPERATORS: dict[int, Handler] = {
    CommandKind.OPEN_ACCOUNT: governance.open_account,
    CommandKind.SET_ROLE: governance.set_role,
    CommandKind.REGISTER_REPORTER: governance.register_reporter,
    CommandKind.DEPOSIT: custody.deposit,
    CommandKind.CONFIRM_WITHDRAWAL: custody.confirm_withdrawal,
    CommandKind.FAIL_WITHDRAWAL: custody.fail_withdrawal,
    CommandKind.TICK: clearing.tick,
    CommandKind.SETTLE_VARIATION: clearing.settle_variation,
    CommandKind.LIQUIDATE: liquidation.liquidate,
    CommandKind.SETTLE_FUNDING: funding.settle_funding,
    CommandKind.LIST_UNDERLYING: governance.list_underlying,
    CommandKind.LIST_CONTRACT: governance.list_contract,
    CommandKind.SET_PARAMETER: governance.set_parameter,
    CommandKind.SET_CONTRACT_STATE: governance.set_contract_state,
    CommandKind.QUARANTINE: governance.quarantine,
}
HANDLERS = BY_TRADERS | BY_REPORTERS | BY_OPERATORS


class Reference:
    """The plain venue behind one method."""

    def __init__(self) -> None:
        self.venue = Venue()

    def apply(self, row: Row) -> list[Row]:
        """One command, as its sixteen integers; its events."""
        venue = self.venue
        command = read_command(row)
        assert command["sequence"] == venue.sequence + 1
        assert command["time_ns"] >= venue.time_ns
        venue.sequence, venue.time_ns = command["sequence"], command["time_ns"]
        venue.events = []
        funding.close_samples(venue)
        is_member = venue.batch is not None
        out_of_place = batches.take_in(venue, command)
        is_member = is_member and venue.batch is not None
        heard, made = len(venue.events), venue.order_numbers
        reason, missing = self._admission(command) or out_of_place, 0
        if not reason:
            reason, missing = self._decide(command)
        if reason:
            assert len(venue.events) == heard, "a refused command changed something"
            self._say_rejected(command, reason, missing)
        if is_member:
            batches.finish(venue, is_taken=venue.order_numbers != made)
        firing.fire_due(venue)
        return venue.events

    def _decide(self, command: Command) -> Answer:
        """The handler's answer, once for each key."""
        venue, key = self.venue, keys.key_of(command)
        again = keys.answer_again(venue, command) if key else None
        if again is not None:
            return again
        before = len(venue.events)
        reason, missing = HANDLERS[command["kind"]](venue, command)
        if key and not reason:
            keys.remember(venue, command, venue.events[before])
        return reason, missing

    def _admission(self, command: Command) -> RejectReason:
        venue, kind = self.venue, command["kind"]
        if command["gateway_id"] != 0 and not self._is_news(command):
            return RejectReason.DUPLICATE_COMMAND
        if kind == QUARANTINED:
            return RejectReason.QUARANTINED
        principal = command["principal"]
        known = 0 <= principal < len(venue.accounts)
        role = venue.accounts[principal].role if known else 0
        if not role:
            return RejectReason.UNKNOWN_PRINCIPAL
        if kind in BY_TRADERS:
            return self._trader_admission(role, principal, command["account"])
        needed = ROLE_REPORTER if kind in BY_REPORTERS else ROLE_OPERATOR
        if kind not in HANDLERS:
            return RejectReason.UNKNOWN_COMMAND
        return RejectReason.ACCEPTED if role & needed else RejectReason.NOT_AUTHORISED

    def _trader_admission(self, role: int, principal: int, account: int) -> RejectReason:
        """Traders act for themselves, an owner for all its accounts, if these trade."""
        accounts = self.venue.accounts
        if not role & ROLE_TRADER:
            return RejectReason.NOT_AUTHORISED
        if not self.venue.is_user(account):
            return RejectReason.UNKNOWN_ACCOUNT
        is_own = principal in (account, accounts[account].owner)
        trades = accounts[account].role & ROLE_TRADER
        return RejectReason.ACCEPTED if is_own and trades else RejectReason.NOT_AUTHORISED

    def _is_news(self, command: Command) -> bool:
        """Remembers the gateway's counter; one too many makes the longest silent forgotten."""
        gateways, name = self.venue.gateways, command["gateway_id"]
        if name not in gateways:
            if len(gateways) >= GATEWAYS_MAX:
                del gateways[min(gateways, key=lambda g: gateways[g].last_sequence)]
            gateways[name] = Gateway()
        gateway = gateways[name]
        gateway.last_sequence = command["sequence"]
        if command["gateway_sequence"] <= gateway.gateway_sequence:
            return False
        gateway.gateway_sequence = command["gateway_sequence"]
        return True

    def _say_rejected(self, command: Command, reason: RejectReason, missing: int) -> None:
        kind = command["kind"]
        contract = command["contract"] if kind in TRADING else -1
        names_order = kind in (CommandKind.AMEND_ORDER, CommandKind.CANCEL_ORDER)
        has_key = kind in (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER)
        self.venue.say(
            EventKind.COMMAND_REJECTED,
            command["principal"],
            contract,
            reason=reason,
            command_kind=kind,
            order=command["order"] if names_order else 0,
            needed_units=missing,
            idempotency_key=command["idempotency_key"] if has_key else 0,
        )
