"""How kernels write events: one function an event, its arguments in the order of the layout.

EMIT-001  every event carries the sequence and time of the command being applied.
EMIT-002  the buffer is reserved by the caller (state_machine): no command emits more than
          EVENTS_PER_COMMAND_MAX events, so there is no check here.
"""

from typing import NamedTuple

from exchange.engine.events import EventKind
from exchange.engine.state import Integers, inner_kernel, kernel

USED = 0
SEQUENCE = 1
TIME_NS = 2

_REJECTED = int(EventKind.COMMAND_REJECTED)
_ACCEPTED = int(EventKind.ORDER_ACCEPTED)
_FILLED = int(EventKind.ORDER_FILLED)
_CANCELLED = int(EventKind.ORDER_CANCELLED)
_AMENDED = int(EventKind.ORDER_AMENDED)
_TRIGGERED = int(EventKind.ORDER_TRIGGERED)
_TRIGGER_MOVED = int(EventKind.TRIGGER_MOVED)
_REDUCED = int(EventKind.ORDER_REDUCED)
_INDEX = int(EventKind.INDEX_UPDATED)
_MARK = int(EventKind.MARK_UPDATED)
_VARIATION = int(EventKind.VARIATION_SETTLED)
_LIQUIDATION_STARTED = int(EventKind.LIQUIDATION_STARTED)
_LIQUIDATION_STEPPED = int(EventKind.LIQUIDATION_STEPPED)
_LIQUIDATION_ENDED = int(EventKind.LIQUIDATION_ENDED)
_INSURANCE = int(EventKind.INSURANCE_PAID)
_BAD_DEBT = int(EventKind.BAD_DEBT_RECORDED)
_CONTRACT_STATE = int(EventKind.CONTRACT_STATE_SET)
_FUNDING_SAMPLED = int(EventKind.FUNDING_SAMPLED)
_FUNDING_SETTLED = int(EventKind.FUNDING_SETTLED)
_FUNDING_CONVERTED = int(EventKind.FUNDING_CONVERTED)


class EventBuffer(NamedTuple):
    """rows : (capacity, 16) int64, cursor : (3,) int64, indexed by USED, SEQUENCE, TIME_NS."""

    rows: Integers
    cursor: Integers


@kernel
def begin(e: EventBuffer, event_kind: int, account: int, contract: int) -> Integers:
    """A zeroed row with its header written; the caller writes the payload from column 5."""
    row = e.rows[e.cursor[USED]]
    e.cursor[USED] += 1
    row[:] = 0
    row[0] = e.cursor[SEQUENCE]
    row[1] = e.cursor[TIME_NS]
    row[2] = event_kind
    row[3] = account
    row[4] = contract
    return row


@inner_kernel
def rejected(
    e: EventBuffer,
    principal: int,
    contract: int,
    reason: int,
    command_kind: int,
    order: int,
    needed_units: int,
    key: int,
) -> None:
    row = begin(e, _REJECTED, principal, contract)
    row[5] = reason
    row[6] = command_kind
    row[7] = order
    row[8] = needed_units
    row[9] = key


@inner_kernel
def order_accepted(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    trigger_ticks: int,
    offset_ticks: int,
    label: int,
    key: int,
) -> None:
    row = begin(e, _ACCEPTED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = trigger_ticks
    row[11] = label
    row[12] = key
    row[13] = offset_ticks


@inner_kernel
def order_filled(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    trade: int,
    fee_units: int,
    realised_units: int,
    position_lots: int,
    entry_units: int,
) -> None:
    row = begin(e, _FILLED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = trade
    row[12] = fee_units
    row[13] = realised_units
    row[14] = position_lots
    row[15] = entry_units


@inner_kernel
def order_cancelled(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    filled_lots: int,
    reason: int,
    resting: int,
    label: int,
    reject_reason: int,
) -> None:
    row = begin(e, _CANCELLED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = filled_lots
    row[11] = reason
    row[12] = resting
    row[13] = label
    row[14] = reject_reason


@inner_kernel
def order_amended(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    previous_price_ticks: int,
    previous_remaining_lots: int,
    label: int,
    trigger_ticks: int,
    offset_ticks: int,
) -> None:
    row = begin(e, _AMENDED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = previous_price_ticks
    row[12] = previous_remaining_lots
    row[13] = label
    row[14] = trigger_ticks
    row[15] = offset_ticks


@inner_kernel
def order_triggered(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    trigger_ticks: int,
    fired_ticks: int,
    label: int,
) -> None:
    row = begin(e, _TRIGGERED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = trigger_ticks
    row[11] = fired_ticks
    row[12] = label


@inner_kernel
def trigger_moved(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    trigger_ticks: int,
    previous_trigger_ticks: int,
    offset_ticks: int,
    best_ticks: int,
) -> None:
    row = begin(e, _TRIGGER_MOVED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = trigger_ticks
    row[9] = previous_trigger_ticks
    row[10] = offset_ticks
    row[11] = best_ticks


@inner_kernel
def order_reduced(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    cut_lots: int,
    position_lots: int,
    label: int,
) -> None:
    row = begin(e, _REDUCED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = cut_lots
    row[12] = position_lots
    row[13] = label


@inner_kernel
def index_updated(
    e: EventBuffer,
    underlying: int,
    index_e8: int,
    status: int,
    previous_status: int,
    fresh: int,
    inliers: int,
    confidence_e8: int,
    raw_e8: int,
) -> None:
    row = begin(e, _INDEX, -1, -1)
    row[5] = underlying
    row[6] = index_e8
    row[7] = status
    row[8] = previous_status
    row[9] = fresh
    row[10] = inliers
    row[11] = confidence_e8
    row[12] = raw_e8


@inner_kernel
def mark_updated(
    e: EventBuffer,
    contract: int,
    mark_ticks: int,
    previous_mark_ticks: int,
    index_ticks: int,
    bid_ticks: int,
    ask_ticks: int,
    last_ticks: int,
    open_interest_lots: int,
) -> None:
    row = begin(e, _MARK, -1, contract)
    row[5] = mark_ticks
    row[6] = previous_mark_ticks
    row[7] = index_ticks
    row[8] = bid_ticks
    row[9] = ask_ticks
    row[10] = last_ticks
    row[11] = open_interest_lots


@inner_kernel
def variation_settled(
    e: EventBuffer,
    account: int,
    contract: int,
    cash_units: int,
    unsettled_units: int,
    balance_units: int,
    mark_ticks: int,
) -> None:
    row = begin(e, _VARIATION, account, contract)
    row[5] = cash_units
    row[6] = unsettled_units
    row[7] = balance_units
    row[8] = mark_ticks


@inner_kernel
def liquidation_started(
    e: EventBuffer,
    account: int,
    contract: int,
    equity_units: int,
    maintenance_units: int,
    mark_ticks: int,
    cancelled_orders: int,
) -> None:
    row = begin(e, _LIQUIDATION_STARTED, account, contract)
    row[5] = equity_units
    row[6] = maintenance_units
    row[7] = mark_ticks
    row[8] = cancelled_orders


@inner_kernel
def liquidation_stepped(
    e: EventBuffer,
    account: int,
    contract: int,
    stage: int,
    equity_units: int,
    maintenance_units: int,
    mark_ticks: int,
    side: int,
    limit_ticks: int,
    wanted_lots: int,
    filled_lots: int,
    zero_price_ticks: int,
    fee_units: int,
    insurance_units: int,
) -> None:
    row = begin(e, _LIQUIDATION_STEPPED, account, contract)
    row[5] = stage
    row[6] = equity_units
    row[7] = maintenance_units
    row[8] = mark_ticks
    row[9] = side
    row[10] = limit_ticks
    row[11] = wanted_lots
    row[12] = filled_lots
    row[13] = zero_price_ticks
    row[14] = fee_units
    row[15] = insurance_units


@inner_kernel
def liquidation_ended(
    e: EventBuffer, account: int, equity_units: int, maintenance_units: int, reason: int
) -> None:
    row = begin(e, _LIQUIDATION_ENDED, account, -1)
    row[5] = equity_units
    row[6] = maintenance_units
    row[7] = reason


@inner_kernel
def insurance_paid(
    e: EventBuffer, account: int, contract: int, amount_units: int, insurance_units: int
) -> None:
    row = begin(e, _INSURANCE, account, contract)
    row[5] = amount_units
    row[6] = insurance_units


@inner_kernel
def bad_debt_recorded(e: EventBuffer, account: int, amount_units: int) -> None:
    row = begin(e, _BAD_DEBT, account, -1)
    row[5] = amount_units


@inner_kernel
def funding_sampled(
    e: EventBuffer,
    contract: int,
    end_ns: int,
    premium_ppb: int,
    measured_ms: int,
    average_ppb: int,
    rate_ppb: int,
    growth: int,
    funding_index: int,
    cumulative_units: int,
    cumulative_nano: int,
    mark_ticks: int,
    index_e8: int,
) -> None:
    row = begin(e, _FUNDING_SAMPLED, -1, contract)
    row[5] = end_ns
    row[6] = premium_ppb
    row[7] = measured_ms
    row[8] = average_ppb
    row[9] = rate_ppb
    row[10] = growth
    row[11] = funding_index
    row[12] = cumulative_units
    row[13] = cumulative_nano
    row[14] = mark_ticks
    row[15] = index_e8


@inner_kernel
def funding_settled(
    e: EventBuffer,
    account: int,
    contract: int,
    payment_units: int,
    lots: int,
    index_before: int,
    index_after: int,
    accrued_units: int,
) -> None:
    row = begin(e, _FUNDING_SETTLED, account, contract)
    row[5] = payment_units
    row[6] = lots
    row[7] = index_before
    row[8] = index_after
    row[9] = accrued_units


@inner_kernel
def funding_converted(
    e: EventBuffer, account: int, contract: int, amount_units: int, unsettled_units: int
) -> None:
    row = begin(e, _FUNDING_CONVERTED, account, contract)
    row[5] = amount_units
    row[6] = unsettled_units


@inner_kernel
def contract_state_set(
    e: EventBuffer, contract: int, state: int, previous_state: int, reason: int
) -> None:
    row = begin(e, _CONTRACT_STATE, -1, contract)
    row[5] = state
    row[6] = previous_state
    row[7] = reason
