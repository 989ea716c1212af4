"""Every output of the engine: fixed 128-byte records of sixteen int64, past tense.

An event carries the sequence of the command that caused it. Events are enough to rebuild every
projection without looking at state, and a forced action carries the numbers that bound it.
Amounts are signed from the named account's point of view unless said otherwise.
"""

from enum import IntEnum

from exchange.engine.records import Layout, record_layout

EVENT_VERSION = 1

_COMMON = ("sequence", "time_ns", "kind", "account", "contract")


class EventKind(IntEnum):
    """Permanent numbers."""

    COMMAND_REJECTED = 1
    ACCOUNT_OPENED = 2
    ROLE_SET = 3
    REPORTER_REGISTERED = 4
    ORDER_ACCEPTED = 10
    ORDER_FILLED = 11
    ORDER_CANCELLED = 12
    ORDER_AMENDED = 13
    ORDER_TRIGGERED = 14
    SELF_TRADE_MODE_SET = 15
    TRIGGER_MOVED = 16
    ORDER_REDUCED = 17
    COMMAND_REPEATED = 18
    CANCEL_ON_DISCONNECT_SET = 19
    DEPOSITED = 20
    WITHDRAWAL_REQUESTED = 21
    WITHDRAWAL_CONFIRMED = 22
    WITHDRAWAL_FAILED = 23
    TRANSFERRED = 24
    HEARTBEAT_MISSED = 25
    OBSERVATION_ACCEPTED = 30
    INDEX_UPDATED = 31
    MARK_UPDATED = 32
    FUNDING_SAMPLED = 33
    VARIATION_SETTLED = 40
    LIQUIDATION_STARTED = 41
    LIQUIDATION_STEPPED = 42
    LIQUIDATION_ENDED = 43
    INSURANCE_PAID = 44
    BAD_DEBT_RECORDED = 45
    FUNDING_SETTLED = 46
    FUNDING_CONVERTED = 47
    UNDERLYING_LISTED = 50
    CONTRACT_LISTED = 51
    PARAMETER_SET = 52
    CONTRACT_STATE_SET = 53
    ORDERS_LINKED = 60
    ORDER_ACTIVATED = 61


class CancelReason(IntEnum):
    """Why an order left the book unfilled."""

    BY_OWNER = 1
    IMMEDIATE_OR_CANCEL = 2  # the remainder of an order that must not rest
    FILL_LIMIT = 3  # more than FILLS_MAX fills in one command
    SELF_TRADE = 4  # it would have traded with another order of its owner
    MARGIN = 5  # its account could no longer carry the fill
    PRICE_BAND = 6  # the mark moved and left it outside the band
    REDUCE_ONLY = 7  # nothing left to reduce
    LIQUIDATION = 8  # its account fell below maintenance margin
    TRIGGER_REFUSED = 9  # it fired, and was refused as a new order would have been
    EXPIRED = 10  # its day is over
    DISCONNECTED = 20  # the session that placed it is gone
    HEARTBEAT_MISSED = 21  # its account was silent for longer than it had promised
    LINKED = 22  # what happened to an order that it is linked with
    LINK_REFUSED = 23  # its primary filled, and it was refused as a new order would have been


class LiquidationStage(IntEnum):
    """How far down the waterfall an account is (spec: risk, liquidation waterfall)."""

    NONE = 0
    BOOK = 2
    INSURED = 4
    STUCK = 5  # no counterparty and no insurance left within its caps: waits


class StateReason(IntEnum):
    """Why the engine itself changed a contract's state; below 1,000 are an operator's own."""

    PRICE_CEILING = 1_000  # the mark passed ten times the listing reference


def _layout(*payload: str) -> Layout:
    return record_layout(_COMMON, payload)


EVENT = _layout()

# account: the principal. reason: RejectReason. needed_units: what is missing, where money is.
COMMAND_REJECTED = _layout(
    "reason", "command_kind", "order", "needed_units", "idempotency_key", "limit"
)
ACCOUNT_OPENED = _layout("owner", "role", "external_id")
ROLE_SET = _layout("role", "previous_role")
REPORTER_REGISTERED = _layout("source", "weight_ppm", "key_0", "key_1", "key_2", "key_3")

# remaining_lots is not final: fills and cancels of the same sequence follow. price_ticks: 0 for
# an order that waits for a trigger and has no limit. offset_ticks: of a trailing stop.
ORDER_ACCEPTED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "trigger_ticks",
    "label",
    "idempotency_key",
    "offset_ticks",
)
# One for each side of a trade, maker first, both with the same trade number.
# flags: the order's, with FLAG_MAKER on the resting side. fee_units > 0 is paid by the account.
# realised_units: profit of the closed part; position_lots, cost_units: after the fill.
ORDER_FILLED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "remaining_lots",
    "trade",
    "fee_units",
    "realised_units",
    "position_lots",
    "entry_units",
)
# quantity_lots: what was cancelled. resting: 1 if these lots had stood in the book.
# reject_reason: RejectReason, why an order that fired or was activated was refused; else 0.
ORDER_CANCELLED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "filled_lots",
    "reason",
    "resting",
    "label",
    "reject_reason",
)
# remaining_lots: after the amendment; previous_*: what stood in the book before. trigger_ticks,
# offset_ticks: as they are now, of an order that waits for its trigger.
ORDER_AMENDED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "remaining_lots",
    "previous_price_ticks",
    "previous_remaining_lots",
    "label",
    "trigger_ticks",
    "offset_ticks",
)
# account: the one whose key it is. subject: the order or withdrawal that the first command of
# this key named; first_sequence: where that command stands in the journal. Nothing changed.
COMMAND_REPEATED = _layout("subject", "command_kind", "first_sequence", "idempotency_key")
# An order has fired and is now an ordinary one: flags carry FLAG_TRIGGERED, price and quantity
# are those in force. fired_ticks: the price that fired it, of the source named in the flags.
ORDER_TRIGGERED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "trigger_ticks",
    "fired_ticks",
    "label",
)
# account: the owner. mode: units.SELF_TRADE_*.
SELF_TRADE_MODE_SET = _layout("mode", "previous_mode")
# A trailing stop followed its price; told once a tick. best_ticks: what it follows.
TRIGGER_MOVED = _layout(
    "order",
    "side",
    "flags",
    "trigger_ticks",
    "previous_trigger_ticks",
    "offset_ticks",
    "best_ticks",
)
# The engine took lots off an open order that lives on. quantity_lots: the new total.
# reason: REDUCE_ONLY, or LINKED: its peer has filled cut_lots.
ORDER_REDUCED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "remaining_lots",
    "cut_lots",
    "position_lots",
    "label",
    "reason",
)
# A group is whole. link: units.LINK_*. order: the primary, or the second of two peers; others:
# those that were stored before it, 0: none.
ORDERS_LINKED = _layout("order", "link", "other_0", "other_1")
# A dormant order is live: it waits for its trigger from now on, or enters the book. The columns
# of ORDER_AMENDED; quantity_lots: what its primary has filled, or its peer has left of it.
ORDER_ACTIVATED = _layout(
    "order",
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "remaining_lots",
    "previous_price_ticks",
    "previous_remaining_lots",
    "label",
    "trigger_ticks",
    "offset_ticks",
)

DEPOSITED = _layout("asset", "amount_units", "balance_units", "reference")
WITHDRAWAL_REQUESTED = _layout(
    "asset", "amount_units", "balance_units", "reference", "withdrawal"
)
WITHDRAWAL_CONFIRMED = _layout(
    "asset", "amount_units", "balance_units", "reference", "withdrawal"
)
WITHDRAWAL_FAILED = _layout("asset", "amount_units", "balance_units", "reference", "withdrawal")

CANCEL_ON_DISCONNECT_SET = _layout("is_enabled", "timeout_ns")
# Its orders are cancelled by the events that follow. due_ns: when it should have been heard.
HEARTBEAT_MISSED = _layout("due_ns", "timeout_ns")
# One event for each side, the giver first. amount_units: signed, from the account's side.
TRANSFERRED = _layout(
    "asset", "amount_units", "balance_units", "reference", "counterparty", "principal"
)

OBSERVATION_ACCEPTED = _layout(
    "source", "underlying", "price_e8", "confidence_e8", "publish_time_ns"
)
# status: ORACLE_*. fresh, inliers: counts of sources. previous_status differs when it changed.
INDEX_UPDATED = _layout(
    "underlying",
    "index_e8",
    "status",
    "previous_status",
    "fresh",
    "inliers",
    "confidence_e8",
    "raw_e8",
)
MARK_UPDATED = _layout(
    "mark_ticks",
    "previous_mark_ticks",
    "index_ticks",
    "bid_ticks",
    "ask_ticks",
    "last_ticks",
    "open_interest_lots",
)

# One sample of a contract. end_ns: when it ended. premium_ppb: its time-weighted average over
# measured_ms; average_ppb: of the last hour; rate_ppb: of eight hours. growth: of the index, in
# 10^-9 units a lot. funding_index: since the last conversion; cumulative_units + _nano x 10^-9:
# since the listing.
FUNDING_SAMPLED = _layout(
    "end_ns",
    "premium_ppb",
    "measured_ms",
    "average_ppb",
    "rate_ppb",
    "growth",
    "funding_index",
    "cumulative_units",
    "cumulative_nano",
    "mark_ticks",
    "index_e8",
)
# payment_units: what the account gets (negative: pays) = floor(-lots x (index_after -
# index_before) / 10^9). accrued_units: all that waits for the conversion.
FUNDING_SETTLED = _layout(
    "payment_units", "lots", "index_before", "index_after", "accrued_units"
)
# amount_units: accrued funding that became unsettled P&L; INSURANCE gets the roundings, last.
FUNDING_CONVERTED = _layout("amount_units", "unsettled_units")

# cash_units: moved between the account's cash and clearing; unsettled_units: what stays.
VARIATION_SETTLED = _layout("cash_units", "unsettled_units", "balance_units", "mark_ticks")

# contract is -1 for the whole account. equity, maintenance: when the decision was taken.
LIQUIDATION_STARTED = _layout(
    "equity_units", "maintenance_units", "mark_ticks", "cancelled_orders"
)
LIQUIDATION_STEPPED = _layout(
    "stage",
    "equity_units",
    "maintenance_units",
    "mark_ticks",
    "side",
    "limit_ticks",
    "wanted_lots",
    "filled_lots",
    "zero_price_ticks",
    "fee_units",
    "insurance_units",
)
LIQUIDATION_ENDED = _layout("equity_units", "maintenance_units", "reason")
INSURANCE_PAID = _layout("amount_units", "insurance_balance_units")
BAD_DEBT_RECORDED = _layout("amount_units")

UNDERLYING_LISTED = _layout("underlying", "name_0", "name_1")
CONTRACT_LISTED = _layout(
    "name_0",
    "name_1",
    "name_2",
    "name_3",
    "underlying",
    "contract_kind",
    "tick_e8",
    "lot_e8",
    "tick_value_units",
    "reference_ticks",
    "expiry_ns",
)
PARAMETER_SET = _layout("parameter", "value", "previous_value")
CONTRACT_STATE_SET = _layout("state", "previous_state", "reason")

LAYOUTS: dict[int, Layout] = {kind: globals()[kind.name] for kind in EventKind}
