"""How kernels write the events of prices and clearing, as emit.py does those of orders."""

from exchange.engine.emit import EventBuffer, begin
from exchange.engine.events import EventKind
from exchange.engine.state import inner_kernel

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
