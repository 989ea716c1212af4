"""The liquidation waterfall of one account: cancel, book, insured book (spec: risk).

LIQD-001  it starts only when equity < maintenance at prices whose status permits it: VALID, or
          WIDE when equity < 2/3 maintenance.
LIQD-002  one step closes, in the contract that frees the most maintenance per cost, the fewest
          lots that bring equity to 1.1 x maintenance; above 100,000 USDC notional at most 20 %
          of the position, five seconds apart.
LIQD-003  in the book stage no lot is closed worse than its zero price or than mark -/+ 1.5 x
          the maintenance rate: a step never lowers equity / maintenance.
LIQD-004  below 2/3 maintenance, or after three steps without a fill, the zero price no longer
          binds: the insurance fund pays, in the same command, what the book pays less than it,
          within its balance and the contract's hourly cap. It never holds positions. What it
          can pay is measured on the book as it is: anew whenever a maker is passed over.
LIQD-005  the fee to the insurance fund never exceeds the improvement over the zero price.
LIQD-006  an account left without lots and below zero is made whole by insurance; what insurance
          cannot pay is a named bad debt.
"""

from exchange.engine import emit, emit_clearing
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason, LiquidationStage
from exchange.engine.execution import match
from exchange.engine.health import equity_and_maintenance, lots_maintenance
from exchange.engine.ledger import charge, transfer
from exchange.engine.liquidation_legs import (
    available_insurance,
    covered_lots,
    has_reached_target,
    is_far_below,
    limit_ticks,
    step_cost,
    step_lots,
    zero_price,
    zero_value,
)
from exchange.engine.matching import has_free_order
from exchange.engine.open_orders import cancel_orders, cancel_remainder, new_order
from exchange.engine.positions import account_of, position_slots
from exchange.engine.state import State, inner_kernel, kernel
from exchange.engine.units import (
    BAD_DEBT,
    FLAG_LIQUIDATION,
    FLAG_REDUCE_ONLY,
    INSURANCE,
    INSURANCE_WINDOW_NS,
    LIQUIDATION_LARGE_UNITS,
    LIQUIDATION_MISS_PAUSE_NS,
    LIQUIDATION_MISSES_MAX,
    LIQUIDATION_PAUSE_NS,
    LIQUIDATION_STEPS_MAX,
    ORACLE_VALID,
    ORACLE_WIDE,
    TIF_IMMEDIATE_OR_CANCEL,
    USDC,
    compare_products,
)
from risk.liquidation import liquidation_fee

_NONE = int(LiquidationStage.NONE)
_BOOK = int(LiquidationStage.BOOK)
_INSURED = int(LiquidationStage.INSURED)
_STUCK = int(LiquidationStage.STUCK)
_BY_LIQUIDATION = int(CancelReason.LIQUIDATION)
_IOC = int(CancelReason.IMMEDIATE_OR_CANCEL)
_FLAGS = FLAG_LIQUIDATION | FLAG_REDUCE_ONLY | TIF_IMMEDIATE_OR_CANCEL
_NO_SLOT = -1

END_TARGET_REACHED = 1
END_RECOVERED = 2
END_NOTHING_LEFT = 3


@kernel
def review_account(s: State, e: EventBuffer, account: int) -> bool:
    """Take an account as far down the waterfall as it may go now; whether anything was due."""
    equity, maintenance = equity_and_maintenance(s, account)
    stage = s.accounts[account]["liquidation_stage"]
    if equity >= maintenance:
        if stage == _NONE:
            return False
        _end(s, e, account, equity, maintenance, END_RECOVERED)
        return True
    if not _is_permitted(s, account, equity, maintenance):
        return False
    if stage == _NONE:
        _start(s, e, account, equity, maintenance)
    for _ in range(LIQUIDATION_STEPS_MAX):
        equity, maintenance = equity_and_maintenance(s, account)
        if maintenance == 0:
            _close_deficit(s, e, account, equity)
            _end(s, e, account, max(0, equity), 0, END_NOTHING_LEFT)
            break
        if has_reached_target(equity, maintenance):
            _end(s, e, account, equity, maintenance, END_TARGET_REACHED)
            break
        if e.cursor[emit.TIME_NS] < s.accounts[account]["liquidation_next_ns"]:
            break
        if not _step(s, e, account, equity, maintenance):
            break
    return True


@inner_kernel
def _is_permitted(s: State, account: int, equity: int, maintenance: int) -> bool:
    for slot in position_slots(s, account):
        row = s.positions[slot]
        if row["contract"] == 0 or row["lots"] == 0:
            continue
        status = s.underlyings[s.contracts[row["contract"] - 1]["underlying"]]["status"]
        if status != ORACLE_VALID and not (
            status == ORACLE_WIDE and is_far_below(equity, maintenance)
        ):
            return False
    return True


@inner_kernel
def _start(s: State, e: EventBuffer, account: int, equity: int, maintenance: int) -> None:
    row = s.accounts[account]
    count = row["order_count"]
    emit_clearing.liquidation_started(e, account, -1, equity, maintenance, 0, count)
    cancel_orders(s, e, account, -1, 0, _BY_LIQUIDATION)
    row["liquidation_stage"] = _BOOK
    row["liquidation_misses"] = 0
    row["liquidation_next_ns"] = 0
    row["liquidation_sequence"] = e.cursor[emit.SEQUENCE]


@inner_kernel
def _end(
    s: State, e: EventBuffer, account: int, equity: int, maintenance: int, reason: int
) -> None:
    row = s.accounts[account]
    row["liquidation_stage"] = _NONE
    row["liquidation_misses"] = 0
    row["liquidation_next_ns"] = 0
    row["liquidation_contract"] = 0
    row["liquidation_sequence"] = 0
    emit_clearing.liquidation_ended(e, account, equity, maintenance, reason)


@inner_kernel
def _step(s: State, e: EventBuffer, account: int, equity: int, maintenance: int) -> bool:
    """One step; False when nothing could be closed and the account waits."""
    row = s.accounts[account]
    is_insured = (
        is_far_below(equity, maintenance) or row["liquidation_misses"] >= LIQUIDATION_MISSES_MAX
    )
    row["liquidation_stage"] = _INSURED if is_insured else _BOOK
    slot, lots = _best_leg(s, e, account, equity, maintenance, is_insured)
    if lots > 0 and has_free_order(s):
        return _close(s, e, slot, lots, equity, maintenance, is_insured)
    row["liquidation_misses"] += 1
    row["liquidation_next_ns"] = e.cursor[emit.TIME_NS] + LIQUIDATION_MISS_PAUSE_NS
    if row["liquidation_misses"] > LIQUIDATION_MISSES_MAX:
        row["liquidation_stage"] = _STUCK
    if slot != _NO_SLOT:
        _emit_step(s, e, slot, equity, maintenance, is_insured, 0, 0, 0, 0)
    return False


@inner_kernel
def _best_leg(
    s: State, e: EventBuffer, account: int, equity: int, maintenance: int, is_insured: bool
) -> tuple[int, int]:
    """(position slot, lots) of the step that frees the most maintenance per cost (LIQD-002).

    Ties go to the lowest contract: that one, with 0 lots, when nothing can be closed anywhere.
    """
    best = _NO_SLOT
    best_lots = 0
    best_freed = -1
    best_cost = 1
    for slot in position_slots(s, account):
        position = s.positions[slot]
        if position["contract"] == 0 or position["lots"] == 0:
            continue
        lots = step_lots(s, e, slot, equity, maintenance, is_insured)
        number = position["contract"] - 1
        held = abs(position["lots"])
        freed = lots_maintenance(s, number, held) - lots_maintenance(s, number, held - lots)
        cost = 1 + step_cost(s, slot, lots, equity, maintenance, is_insured)
        order = compare_products(freed, best_cost, best_freed, cost)
        if order > 0 or (
            order == 0 and best != _NO_SLOT and number < s.positions[best]["contract"] - 1
        ):
            best = slot
            best_lots = lots
            best_freed = freed
            best_cost = cost
    return best, best_lots


@inner_kernel
def _close(
    s: State,
    e: EventBuffer,
    slot: int,
    lots: int,
    equity: int,
    maintenance: int,
    is_insured: bool,
) -> bool:
    """Send one step to the book, settle its fee or its insurance; whether anything filled."""
    position = s.positions[slot]
    number = position["contract"] - 1
    contract = s.contracts[number]
    account = s.accounts[account_of(slot)]
    side = 1 if position["lots"] > 0 else -1
    held = abs(position["lots"])
    lot_units = contract["mark_ticks"] * contract["tick_value_units"]
    limit = limit_ticks(s, slot, equity, maintenance, is_insured)
    zero = zero_price(s, slot, equity, maintenance)
    order = new_order(s, e, account_of(slot), number, -side, _FLAGS, limit, lots, 0, 0, 0, 0)
    proceeds = _fill_step(s, e, order, held, limit, equity, maintenance, is_insured)
    filled = lots - s.orders[order]["remaining_lots"]
    fee = 0
    paid = 0
    if filled > 0:
        equity_after = equity + proceeds - side * filled * lot_units
        improvement = proceeds - zero_value(s, number, side, filled, held, equity, maintenance)
        fee = liquidation_fee(
            abs(proceeds), contract["liquidation_fee_ppm"], improvement, equity_after
        )
        charge(s, account_of(slot), slot, INSURANCE, fee)
        if improvement < 0:
            paid = _pay_insurance(s, e, account_of(slot), number, -improvement)
        account["liquidation_misses"] = 0
    else:
        account["liquidation_misses"] += 1
    pause = 0 if filled > 0 else LIQUIDATION_MISS_PAUSE_NS
    if held * lot_units > LIQUIDATION_LARGE_UNITS:
        pause = LIQUIDATION_PAUSE_NS
    account["liquidation_next_ns"] = e.cursor[emit.TIME_NS] + pause
    account["liquidation_contract"] = number
    emit_clearing.liquidation_stepped(
        e,
        account_of(slot),
        number,
        account["liquidation_stage"],
        equity,
        maintenance,
        contract["mark_ticks"],
        -side,
        limit,
        lots,
        filled,
        zero,
        fee,
        paid,
    )
    cancel_remainder(s, e, order, _IOC)
    return filled > 0


@inner_kernel
def _fill_step(
    s: State,
    e: EventBuffer,
    order: int,
    held: int,
    limit: int,
    equity: int,
    maintenance: int,
    is_insured: bool,
) -> int:
    """Match the order of a step; returns the signed money that its fills brought (LIQD-004).

    Whenever a maker is passed over the next may be dearer than was foreseen: in the insured
    stage as many lots are then given up as insurance could no longer pay for.
    """
    row = s.orders[order]
    side = -row["side"]
    contract = s.contracts[row["contract"]]
    lot_units = contract["mark_ticks"] * contract["tick_value_units"]
    kept = 0
    met = 0
    proceeds = 0
    while row["remaining_lots"] > kept:
        met_before = met
        met, _ = match(s, e, order, limit, kept, met, False)
        if met == met_before:
            break
        filled = row["quantity_lots"] - row["remaining_lots"]
        equity_after, _ = equity_and_maintenance(s, row["account"])
        proceeds = side * filled * lot_units + equity_after - equity
        if is_insured:
            cover = available_insurance(s, row["contract"], e.cursor[emit.TIME_NS])
            left = row["remaining_lots"]
            kept = left - covered_lots(
                s,
                row["contract"],
                side,
                held,
                equity,
                maintenance,
                limit,
                filled,
                proceeds,
                left,
                cover,
            )
    return proceeds


@inner_kernel
def _pay_insurance(
    s: State, e: EventBuffer, account: int, contract: int, wanted_units: int
) -> int:
    """Pay an account from the fund, within its caps; returns what was paid."""
    paid = min(wanted_units, available_insurance(s, contract, e.cursor[emit.TIME_NS]))
    if paid <= 0:
        return 0
    row = s.contracts[contract]
    hour = e.cursor[emit.TIME_NS] // INSURANCE_WINDOW_NS
    if row["insurance_hour"] != hour:
        row["insurance_hour"] = hour
        row["insurance_paid_units"] = 0
    row["insurance_paid_units"] += paid
    transfer(s, INSURANCE, account, USDC, paid)
    emit_clearing.insurance_paid(e, account, contract, paid, s.balances[INSURANCE, USDC])
    return paid


@inner_kernel
def _close_deficit(s: State, e: EventBuffer, account: int, equity: int) -> None:
    """Bring an account without lots back to zero (LIQD-006)."""
    if equity >= 0:
        return
    owed = -equity
    contract = s.accounts[account]["liquidation_contract"]
    owed -= _pay_insurance(s, e, account, contract, owed)
    if owed > 0:
        transfer(s, BAD_DEBT, account, USDC, owed)
        emit_clearing.bad_debt_recorded(e, account, owed)


@inner_kernel
def _emit_step(
    s: State,
    e: EventBuffer,
    slot: int,
    equity: int,
    maintenance: int,
    is_insured: bool,
    wanted: int,
    filled: int,
    fee: int,
    paid: int,
) -> None:
    position = s.positions[slot]
    emit_clearing.liquidation_stepped(
        e,
        account_of(slot),
        position["contract"] - 1,
        s.accounts[account_of(slot)]["liquidation_stage"],
        equity,
        maintenance,
        s.contracts[position["contract"] - 1]["mark_ticks"],
        -1 if position["lots"] > 0 else 1,
        limit_ticks(s, slot, equity, maintenance, is_insured),
        wanted,
        filled,
        zero_price(s, slot, equity, maintenance),
        fee,
        paid,
    )
