"""The numbers of the wire format: all that the reference shares with the engine, no function.

Kinds, reasons, names of fields in their order, and the flags, roles, states and house accounts
that stand in commands and events. Figures that decide something are written where they decide.
"""

from exchange.engine import commands as _commands
from exchange.engine import events as _events
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind, LiquidationStage
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import (
    BAD_DEBT,
    BUY,
    CLEARING,
    EXTERNAL,
    FEES,
    FIRST_USER_ACCOUNT,
    FLAG_DISCONNECTED,
    FLAG_DORMANT,
    FLAG_LINKED,
    FLAG_LIQUIDATION,
    FLAG_MAKER,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    FLAG_TRIGGERED,
    HOLDS,
    INSURANCE,
    KIND_PERPETUAL,
    LINK_NONE,
    LINK_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_OTHER,
    NO_ACCOUNT,
    OPERATOR,
    ORACLE_DEGRADED,
    ORACLE_INVALID,
    ORACLE_NO_PRICE,
    ORACLE_VALID,
    ORACLE_WIDE,
    RESIDUE,
    ROLE_MAKER,
    ROLE_MASK,
    ROLE_OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
    SELF_TRADE_CANCEL_BOTH,
    SELF_TRADE_CANCEL_MAKER,
    SELF_TRADE_REJECT_TAKER,
    SELL,
    STATE_HALTED,
    STATE_OPEN,
    STATE_PRE_LAUNCH,
    STATE_REDUCE_ONLY,
    TIF_FILL_OR_KILL,
    TIF_GOOD_TIL_CANCELLED,
    TIF_GOOD_TIL_DAY,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    TRIGGER_MASK,
    TYPE_LIMIT,
    TYPE_MARKET,
    TYPE_MASK,
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    TYPES_WITH_TRIGGER,
    USDC,
)

__all__ = [
    "BAD_DEBT",
    "BUY",
    "CLEARING",
    "EXTERNAL",
    "FEES",
    "FIRST_USER_ACCOUNT",
    "FLAG_DISCONNECTED",
    "FLAG_DORMANT",
    "FLAG_LINKED",
    "FLAG_LIQUIDATION",
    "FLAG_MAKER",
    "FLAG_POST_ONLY",
    "FLAG_REDUCE_ONLY",
    "FLAG_REJECT_POST_ONLY",
    "FLAG_TRIGGERED",
    "HOLDS",
    "INSURANCE",
    "KIND_PERPETUAL",
    "LINK_NONE",
    "LINK_ONE_CANCELS_OTHER",
    "LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER",
    "LINK_ONE_TRIGGERS_OTHER",
    "NO_ACCOUNT",
    "OPERATOR",
    "ORACLE_DEGRADED",
    "ORACLE_INVALID",
    "ORACLE_NO_PRICE",
    "ORACLE_VALID",
    "ORACLE_WIDE",
    "RESIDUE",
    "ROLE_MAKER",
    "ROLE_MASK",
    "ROLE_OPERATOR",
    "ROLE_REPORTER",
    "ROLE_TRADER",
    "SELF_TRADE_CANCEL_BOTH",
    "SELF_TRADE_CANCEL_MAKER",
    "SELF_TRADE_REJECT_TAKER",
    "SELL",
    "STATE_HALTED",
    "STATE_OPEN",
    "STATE_PRE_LAUNCH",
    "STATE_REDUCE_ONLY",
    "TIF_FILL_OR_KILL",
    "TIF_GOOD_TIL_CANCELLED",
    "TIF_GOOD_TIL_DAY",
    "TIF_IMMEDIATE_OR_CANCEL",
    "TIF_MASK",
    "TIF_NEVER_RESTS",
    "TRIGGER_INDEX",
    "TRIGGER_LAST",
    "TRIGGER_MARK",
    "TRIGGER_MASK",
    "TYPES_WITH_TRIGGER",
    "TYPE_LIMIT",
    "TYPE_MARKET",
    "TYPE_MASK",
    "TYPE_STOP_LIMIT",
    "TYPE_STOP_MARKET",
    "TYPE_TAKE_LIMIT",
    "TYPE_TAKE_MARKET",
    "TYPE_TRAILING_STOP",
    "USDC",
    "CancelReason",
    "CommandKind",
    "ContractParameter",
    "EventKind",
    "LiquidationStage",
    "RejectReason",
]

Row = tuple[int, ...]  # the sixteen integers of a command or an event
Command = dict[str, int]

ROW_SIZE = 16
COMMAND_FIELDS: dict[int, tuple[str, ...]] = {
    kind: layout.names or () for kind, layout in _commands.LAYOUTS.items()
}
HEADER_FIELDS: tuple[str, ...] = _commands.HEADER.names or ()
EVENT_FIELDS: dict[int, tuple[str, ...]] = {
    kind: layout.names or () for kind, layout in _events.LAYOUTS.items()
}
EVENT_COLUMNS = {
    kind: {name: column for column, name in enumerate(names)}
    for kind, names in EVENT_FIELDS.items()
}


def read_command(row: Row) -> Command:
    """A command's fields by name; of an unknown kind only the header has names."""
    return dict(zip(COMMAND_FIELDS.get(row[2], HEADER_FIELDS), row, strict=True))


def read_event(row: Row) -> dict[str, int]:
    """An event's fields by name, without the unused ones."""
    named = zip(EVENT_FIELDS[row[2]], row, strict=True)
    return {name: value for name, value in named if not name.startswith("unused_")}
