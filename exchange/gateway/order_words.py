"""An order's flags in Deribit's words, and back.

WORDS-001  an order keeps its id and its type all its life: a stop_limit that has fired says
           `triggered`, and names itself in `trigger_order_id`.
"""

from exchange.engine import units
from exchange.engine.events import CancelReason
from exchange.engine.rejects import RejectReason

ORDER_TYPES = {
    "limit": units.TYPE_LIMIT,
    "market": units.TYPE_MARKET,
    "stop_limit": units.TYPE_STOP_LIMIT,
    "stop_market": units.TYPE_STOP_MARKET,
    "take_limit": units.TYPE_TAKE_LIMIT,
    "take_market": units.TYPE_TAKE_MARKET,
    "trailing_stop": units.TYPE_TRAILING_STOP,
}
# What get_open_orders may be asked for beside each type itself.
TYPE_GROUPS = {
    "all": frozenset(ORDER_TYPES),
    "trigger_all": frozenset(ORDER_TYPES) - {"limit", "market"},
    "stop_all": frozenset(("stop_limit", "stop_market")),
    "take_all": frozenset(("take_limit", "take_market")),
    "trailing_all": frozenset(("trailing_stop",)),
}
# What the methods that cancel many may be asked for.
CANCEL_GROUPS = {
    "limit": frozenset(("limit",)),
    "trigger_all": TYPE_GROUPS["trigger_all"],
    "stop": TYPE_GROUPS["stop_all"],
    "take": TYPE_GROUPS["take_all"],
    "trailing_stop": TYPE_GROUPS["trailing_all"],
}
TRIGGERS = {
    "mark_price": units.TRIGGER_MARK,
    "index_price": units.TRIGGER_INDEX,
    "last_price": units.TRIGGER_LAST,
}
TIMES_IN_FORCE = {
    "good_til_cancelled": units.TIF_GOOD_TIL_CANCELLED,
    "good_til_day": units.TIF_GOOD_TIL_DAY,
    "immediate_or_cancel": units.TIF_IMMEDIATE_OR_CANCEL,
    "fill_or_kill": units.TIF_FILL_OR_KILL,
}
SELF_TRADE_MODES = {
    "cancel_maker": units.SELF_TRADE_CANCEL_MAKER,
    "reject_taker": units.SELF_TRADE_REJECT_TAKER,
    "cancel_both": units.SELF_TRADE_CANCEL_BOTH,
}
CANCEL_REASONS = {
    CancelReason.BY_OWNER: "user_request",
    CancelReason.IMMEDIATE_OR_CANCEL: "immediate_or_cancel",
    CancelReason.FILL_LIMIT: "fill_limit",
    CancelReason.SELF_TRADE: "self_trade",
    CancelReason.MARGIN: "margin",
    CancelReason.PRICE_BAND: "price_band",
    CancelReason.REDUCE_ONLY: "reduce_only",
    CancelReason.LIQUIDATION: "liquidation",
    CancelReason.TRIGGER_REFUSED: "trigger_refused",
    CancelReason.EXPIRED: "expired",
    CancelReason.DISCONNECTED: "cancel_on_disconnect",
    CancelReason.HEARTBEAT_MISSED: "heartbeat_missed",
    CancelReason.LINKED: "linked_order",
    CancelReason.LINK_REFUSED: "linked_order_refused",
}
OPEN, FILLED, CANCELLED = "open", "filled", "cancelled"
UNTRIGGERED, REJECTED = "untriggered", "rejected"

_TYPE_NAMES = {flag: name for name, flag in ORDER_TYPES.items()}
_TRIGGER_NAMES = {flag: name for name, flag in TRIGGERS.items()}
_TIME_NAMES = {flag: name for name, flag in TIMES_IN_FORCE.items()}
_MODE_NAMES = {mode: name for name, mode in SELF_TRADE_MODES.items()}


def direction(side: int) -> str:
    """Deribit's word for a side."""
    return "buy" if side == units.BUY else "sell"


def order_type(flags: int) -> str:
    """The type the order was placed with."""
    return _TYPE_NAMES[flags & units.TYPE_MASK]


def fill_type(flags: int) -> str:
    """What an order was when it traded: whatever waited is one of the two by then."""
    return "market" if flags & units.TYPE_MARKET else "limit"


def time_in_force(flags: int) -> str:
    """How long the order lives."""
    return _TIME_NAMES[flags & units.TIF_MASK]


def trigger(flags: int) -> str:
    """Which price the order waits, or waited, for."""
    return _TRIGGER_NAMES[flags & units.TRIGGER_MASK]


def has_trigger(flags: int) -> bool:
    """Whether the order waits, or waited, for a price."""
    return flags & units.TYPES_WITH_TRIGGER != 0


def is_waiting(flags: int) -> bool:
    """Whether the order still waits for its price."""
    return has_trigger(flags) and flags & units.FLAG_TRIGGERED == 0


def is_linked(flags: int) -> bool:
    """Whether the order came in a group of linked orders."""
    return flags & units.FLAG_LINKED != 0


def order_state(state: str, flags: int, reason: int) -> str:
    """Deribit's word for where an order stands, from whether it is open and why it is not."""
    if state == OPEN and (is_waiting(flags) or flags & units.FLAG_DORMANT):
        return UNTRIGGERED
    is_refused = reason in (CancelReason.TRIGGER_REFUSED, CancelReason.LINK_REFUSED)
    return REJECTED if is_refused else state


def cancel_reason(reason: int) -> str | None:
    """Why an order was cancelled, in a word; None when it was not."""
    return CANCEL_REASONS[CancelReason(reason)] if reason else None


def reject_reason(reason: int) -> str:
    """Why an order that fired was refused, in a word."""
    return RejectReason(reason).name.lower()


def self_trade_mode(mode: int) -> str:
    """What an owner's orders do when they meet."""
    return _MODE_NAMES[mode]
