"""The first look at any command: repeated, quarantined, by whom, on whose account.

CMD-001  a repeated (gateway_id, gateway_sequence) changes nothing: a client that resends after
         a lost answer cannot order twice. Counters of one gateway only rise.
CMD-002  role x command is checked here, whatever a gateway checked (I-43). Traders act for
         themselves, an owner for all its accounts; only operators touch money and rules.
"""

from exchange.engine import commands as c
from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import (
    FIRST_USER_ACCOUNT,
    GATEWAYS_MAX,
    ROLE_OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
)

_OK = int(RejectReason.ACCEPTED)
_UNKNOWN_COMMAND = int(RejectReason.UNKNOWN_COMMAND)
_DUPLICATE_COMMAND = int(RejectReason.DUPLICATE_COMMAND)
_QUARANTINED = int(RejectReason.QUARANTINED)
_UNKNOWN_PRINCIPAL = int(RejectReason.UNKNOWN_PRINCIPAL)
_NOT_AUTHORISED = int(RejectReason.NOT_AUTHORISED)
_UNKNOWN_ACCOUNT = int(RejectReason.UNKNOWN_ACCOUNT)

_GATEWAYS = int(Counter.GATEWAYS)
_LAST_GATEWAY = int(Counter.LAST_GATEWAY)
_ACCOUNTS = int(Counter.ACCOUNTS)

QUARANTINED_KIND = -1  # what the journal reader puts in place of a quarantined command's kind

_PLACE = int(CommandKind.PLACE_ORDER)
_AMEND = int(CommandKind.AMEND_ORDER)
_CANCEL = int(CommandKind.CANCEL_ORDER)
_CANCEL_ALL = int(CommandKind.CANCEL_ALL)
_BATCH = int(CommandKind.PLACE_BATCH)
_OWNER_KINDS = tuple(
    int(kind)
    for kind in (
        CommandKind.REQUEST_WITHDRAWAL,
        CommandKind.TRANSFER,
        CommandKind.SET_SELF_TRADE_MODE,
        CommandKind.SET_CANCEL_ON_DISCONNECT,
        CommandKind.HEARTBEAT,
    )
)
_OBSERVE = int(CommandKind.SUBMIT_OBSERVATION)
_OPERATOR_KINDS = tuple(
    int(kind)
    for kind in (
        CommandKind.OPEN_ACCOUNT,
        CommandKind.SET_ROLE,
        CommandKind.REGISTER_REPORTER,
        CommandKind.DEPOSIT,
        CommandKind.CONFIRM_WITHDRAWAL,
        CommandKind.FAIL_WITHDRAWAL,
        CommandKind.TICK,
        CommandKind.SETTLE_VARIATION,
        CommandKind.LIQUIDATE,
        CommandKind.SETTLE_FUNDING,
        CommandKind.LIST_UNDERLYING,
        CommandKind.LIST_CONTRACT,
        CommandKind.SET_PARAMETER,
        CommandKind.SET_CONTRACT_STATE,
        CommandKind.QUARANTINE,
    )
)


@kernel
def admission_reason(s: State, command: Integers) -> int:
    """Why a command is not even looked at (CMD-001, CMD-002): a RejectReason, or 0."""
    if command[c.GATEWAY_ID] != 0 and not _is_news(s, command):
        return _DUPLICATE_COMMAND
    kind = command[c.KIND]
    if kind == QUARANTINED_KIND:
        return _QUARANTINED
    principal = command[c.PRINCIPAL]
    if principal < 0 or principal >= s.counters[_ACCOUNTS]:
        return _UNKNOWN_PRINCIPAL
    role = s.accounts[principal]["role"]
    if role == 0:
        return _UNKNOWN_PRINCIPAL
    if is_trading(kind) or kind in _OWNER_KINDS:
        return _trader_reason(s, principal, role, command[c.ACCOUNT])
    if kind == _OBSERVE:
        return _OK if role & ROLE_REPORTER != 0 else _NOT_AUTHORISED
    for operator_kind in _OPERATOR_KINDS:
        if kind == operator_kind:
            return _OK if role & ROLE_OPERATOR != 0 else _NOT_AUTHORISED
    return _UNKNOWN_COMMAND


@inner_kernel
def is_trading(kind: int) -> bool:
    """Whether the kind belongs to the hot path."""
    return kind in (_PLACE, _CANCEL, _AMEND, _CANCEL_ALL, _BATCH)


@inner_kernel
def _trader_reason(s: State, principal: int, role: int, account: int) -> int:
    if role & ROLE_TRADER == 0:
        return _NOT_AUTHORISED
    if account < FIRST_USER_ACCOUNT or account >= s.counters[_ACCOUNTS]:
        return _UNKNOWN_ACCOUNT
    if principal != account and principal != s.accounts[account]["owner"]:
        return _NOT_AUTHORISED
    return _OK if s.accounts[account]["role"] & ROLE_TRADER != 0 else _NOT_AUTHORISED


@inner_kernel
def _is_news(s: State, command: Integers) -> bool:
    """Remember the gateway's counter; False when it has been seen before."""
    row = s.gateways[_gateway_row(s, command[c.GATEWAY_ID])]
    row["last_sequence"] = command[c.SEQUENCE]
    if command[c.GATEWAY_SEQUENCE] <= row["gateway_sequence"]:
        return False
    row["gateway_sequence"] = command[c.GATEWAY_SEQUENCE]
    return True


@inner_kernel
def _gateway_row(s: State, gateway_id: int) -> int:
    """Row of a gateway; a new one takes a free row or that of the longest silent."""
    last = s.counters[_LAST_GATEWAY]
    if s.gateways[last]["gateway_id"] == gateway_id:
        return last
    found = -1
    oldest = 0
    count = s.counters[_GATEWAYS]
    for row in range(count):
        if s.gateways[row]["gateway_id"] == gateway_id:
            found = row
            break
        if s.gateways[row]["last_sequence"] < s.gateways[oldest]["last_sequence"]:
            oldest = row
    if found < 0:
        found = count if count < GATEWAYS_MAX else oldest
        if count < GATEWAYS_MAX:
            s.counters[_GATEWAYS] = count + 1
        s.gateways[found]["gateway_id"] = gateway_id
        s.gateways[found]["gateway_sequence"] = 0
    s.counters[_LAST_GATEWAY] = found
    return found
