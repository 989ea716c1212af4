"""The reference liquidation: cancel, book, insured book, deficit (spec: risk, waterfall).

The lots of a step are found by trying every number of lots in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.reference import health, margin
from tests.simulation.reference.checks import Ask
from tests.simulation.reference.endings import cancel_orders, cancel_remainder
from tests.simulation.reference.execution import accept, match
from tests.simulation.reference.rounding import ceil_div, ceil_ppm
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Account, Contract, Order
from tests.simulation.reference.wire import (
    BAD_DEBT,
    FLAG_LIQUIDATION,
    FLAG_REDUCE_ONLY,
    INSURANCE,
    ORACLE_VALID,
    ORACLE_WIDE,
    TIF_IMMEDIATE_OR_CANCEL,
    CancelReason,
    Command,
    EventKind,
    LiquidationStage,
    RejectReason,
)

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
LARGE_UNITS = 100_000_000_000  # 100,000 USDC: above it a fifth a step, five seconds apart
PAUSE_NS = 5 * SECOND
MISS_PAUSE_NS = SECOND
MISSES_MAX = 3
STEPS_MAX = 4  # of an account in one command
TARGET_REACHED, RECOVERED, NOTHING_LEFT = 1, 2, 3
FLAGS = FLAG_LIQUIDATION | FLAG_REDUCE_ONLY | TIF_IMMEDIATE_OR_CANCEL


def liquidate(venue: Venue, command: Command) -> Answer:
    """Liquidate: a sweep's proposal, decided again here."""
    account = command["account"]
    if not venue.is_user(account):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    spare = health.equity(venue, account) - health.maintenance(venue, account)
    if spare >= 0:
        return RejectReason.LIQUIDATION_NOT_DUE, spare
    return ACCEPTED if review(venue, account) else (RejectReason.ORACLE_NOT_VALID, 0)


def review(venue: Venue, number: int) -> bool:
    """Takes an account as far down the waterfall as it may go now; whether any was due."""
    account = venue.accounts[number]
    equity, maint = health.equity(venue, number), health.maintenance(venue, number)
    if equity >= maint:
        if account.liquidation_stage:
            _end(venue, number, equity, maint, RECOVERED)
            return True
        return False
    if not _is_permitted(venue, account, equity, maint):
        return False
    if not account.liquidation_stage:
        _start(venue, number, equity, maint)
    for _ in range(STEPS_MAX):
        equity, maint = health.equity(venue, number), health.maintenance(venue, number)
        if maint == 0:
            _close_deficit(venue, number, equity)
            _end(venue, number, max(0, equity), 0, NOTHING_LEFT)
            break
        if 10 * equity >= 11 * maint:
            _end(venue, number, equity, maint, TARGET_REACHED)
            break
        is_early = venue.time_ns < account.liquidation_next_ns
        if is_early or not _step(venue, number, equity, maint):
            break
    return True


def _is_permitted(venue: Venue, account: Account, equity: int, maint: int) -> bool:
    """Only at VALID prices; far below maintenance also at WIDE ones."""
    for number, position in account.positions.items():
        status = venue.underlyings[venue.contracts[number].underlying].status
        is_far_below = status == ORACLE_WIDE and 3 * equity < 2 * maint
        if position.lots and status != ORACLE_VALID and not is_far_below:
            return False
    return True


def _start(venue: Venue, number: int, equity: int, maint: int) -> None:
    account = venue.accounts[number]
    venue.say(
        EventKind.LIQUIDATION_STARTED,
        number,
        equity_units=equity,
        maintenance_units=maint,
        cancelled_orders=len(account.orders),
    )
    cancel_orders(venue, number, CancelReason.LIQUIDATION)
    account.liquidation_stage = LiquidationStage.BOOK
    account.liquidation_sequence = venue.sequence


def _end(venue: Venue, number: int, equity: int, maint: int, reason: int) -> None:
    account = venue.accounts[number]
    account.liquidation_stage = LiquidationStage.NONE
    account.liquidation_misses = account.liquidation_next_ns = 0
    account.liquidation_contract = account.liquidation_sequence = 0
    figures = {"equity_units": equity, "maintenance_units": maint, "reason": reason}
    venue.say(EventKind.LIQUIDATION_ENDED, number, **figures)


@dataclass(frozen=True, slots=True)
class Leg:
    """One position of an account under liquidation, measured before the step."""

    venue: Venue
    account: int
    number: int
    is_insured: bool
    equity: int  # of the account
    maint: int  # of the account
    side: int
    held: int  # lots > 0
    own: int  # maintenance of this position alone
    give_up: int
    zero_price: int
    limit: int

    @property
    def contract(self) -> Contract:
        return self.venue.contracts[self.number]

    def mark_value(self, lots: int) -> int:
        return self.side * lots * self.contract.lot_units

    def zero_value(self, lots: int) -> int:
        """What closing must bring for equity / maintenance to fall by not even a rounding."""
        given = self.give_up * lots // self.held
        if self.equity > 0:
            freed = self.own - margin.lots_maintenance(self.held - lots, self.contract)
            given = min(given, self.equity * freed // self.maint)
        return self.mark_value(lots) - given

    def outcomes(self) -> Iterator[tuple[int, int, int]]:
        """(lots, money they bring, fee) of every number of lots that the book would take."""
        most = self.held
        if abs(self.mark_value(self.held)) > LARGE_UNITS:
            most = ceil_div(self.held, 5)
        lots = price_lots = 0
        book = self.venue.books[self.number]
        for price, there in book.walk(-self.side, self.limit, most):
            for _ in range(there):
                lots += 1
                price_lots += price
                money = self.side * price_lots * self.contract.tick_value_units
                yield lots, money, self.fee(lots, money)

    def covered(self, order: Order, money: int) -> int:
        """The most lots that an order may fill still, which has brought so much so far."""
        most = lots = 0
        cover = available_insurance(self.venue, self.number)
        book = self.venue.books[self.number]
        for price, there in book.walk(-self.side, self.limit, order.remaining_lots):
            for _ in range(there):
                lots += 1
                money += self.side * price * self.contract.tick_value_units
                if self.zero_value(order.filled_lots + lots) - money <= cover:
                    most = lots
        return most

    def fee(self, lots: int, money: int) -> int:
        """At most a rate of the notional, the improvement, the equity that is left."""
        full = ceil_ppm(abs(money), self.contract.liquidation_fee_ppm)
        after = self.equity + money - self.mark_value(lots)
        return max(0, min(full, money - self.zero_value(lots), after))

    def wanted(self) -> tuple[int, int, int]:
        """(lots, maintenance freed, impact + fee) of the step that this leg would make.

        The fewest lots that reach 1.1 x maintenance, else all that the book takes; insured, the
        most whose shortfall the fund can pay.
        """
        chosen = (0, 0, 0)
        cover = available_insurance(self.venue, self.number)
        for lots, money, fee in self.outcomes():
            if self.is_insured:
                if self.zero_value(lots) - money <= cover:
                    chosen = (lots, money, fee)
                continue
            chosen = (lots, money, fee)
            equity = self.equity + money - self.mark_value(lots) - fee
            rest = (
                self.maint - self.own + margin.lots_maintenance(self.held - lots, self.contract)
            )
            if 10 * equity >= 11 * rest:
                break
        lots, money, fee = chosen
        freed = self.own - margin.lots_maintenance(self.held - lots, self.contract)
        return lots, freed, max(0, self.mark_value(lots) - money) + fee


def measure(
    venue: Venue, account: int, number: int, equity: int, maint: int, *, is_insured: bool
) -> Leg:
    """A leg with its zero price and the limit of its step.

    At the zero price equity / maintenance stays as it is; it is rounded in the account's
    favour. No step is worse than mark -/+ 1.5 x maintenance, nor, in the book stage, than it.
    """
    contract, lots = venue.contracts[number], venue.lots(account, number)
    side, held = (1, lots) if lots > 0 else (-1, -lots)
    own = margin.lots_maintenance(held, contract)
    give_up = equity * own // maint
    lots_tick = held * contract.tick_value_units  # one tick of the whole position
    zero_price = max(1, contract.mark_ticks - side * (give_up // lots_tick))
    limit = max(1, contract.mark_ticks - side * (3 * own // (2 * lots_tick)))
    if not is_insured:
        limit = side * max(side * limit, side * zero_price)
    prices = (give_up, zero_price, limit)
    return Leg(venue, account, number, is_insured, equity, maint, side, held, own, *prices)


def _step(venue: Venue, number: int, equity: int, maint: int) -> bool:
    """One step; False when nothing could be closed and the account waits."""
    account = venue.accounts[number]
    is_insured = 3 * equity < 2 * maint or account.liquidation_misses >= MISSES_MAX
    stage = LiquidationStage.INSURED if is_insured else LiquidationStage.BOOK
    account.liquidation_stage = stage
    best: tuple[int, int, int, Leg] | None = None
    for contract in sorted(account.positions):
        if not account.positions[contract].lots:
            continue
        leg = measure(venue, number, contract, equity, maint, is_insured=is_insured)
        lots, freed, cost = leg.wanted()
        if best is None or freed * (1 + best[2]) > best[1] * (1 + cost):
            best = (lots, freed, cost, leg)
    assert best is not None
    lots, leg = best[0], best[3]
    if lots:
        return _close(venue, leg, lots)
    account.liquidation_misses += 1
    account.liquidation_next_ns = venue.time_ns + MISS_PAUSE_NS
    if account.liquidation_misses > MISSES_MAX:
        account.liquidation_stage = LiquidationStage.STUCK
    _say_stepped(leg)
    return False


def _close(venue: Venue, leg: Leg, lots: int) -> bool:
    """Sends one step to the book, settles its fee or its insurance."""
    account, contract = venue.accounts[leg.account], leg.contract
    order = accept(venue, Ask(leg.account, leg.number, -leg.side, FLAGS, leg.limit, lots))
    met, kept, money = 0, 0, 0
    while order.remaining_lots > kept:
        met_before = met
        met, _ = match(venue, order, leg.limit, met, kept)
        if met == met_before:
            break
        # What the fills really brought, whoever was met.
        after = health.equity(venue, leg.account)
        money = leg.mark_value(order.filled_lots) + after - leg.equity
        if leg.is_insured:
            kept = order.remaining_lots - leg.covered(order, money)
    filled = order.filled_lots
    fee = paid = 0
    if filled:
        fee = leg.fee(filled, money)
        owed = venue.charge(leg.account, leg.number, INSURANCE, fee)
        contract.insurance_unsettled_units += owed
        lacking = leg.zero_value(filled) - money
        paid = _pay_insurance(venue, leg.account, leg.number, lacking) if lacking > 0 else 0
    account.liquidation_misses = 0 if filled else account.liquidation_misses + 1
    is_large = abs(leg.mark_value(leg.held)) > LARGE_UNITS
    pause = PAUSE_NS if is_large else 0 if filled else MISS_PAUSE_NS
    account.liquidation_next_ns = venue.time_ns + pause
    account.liquidation_contract = leg.number
    figures = {"wanted_lots": lots, "filled_lots": filled}
    _say_stepped(leg, fee_units=fee, insurance_units=paid, **figures)
    cancel_remainder(venue, order, CancelReason.IMMEDIATE_OR_CANCEL)
    return filled > 0


def available_insurance(venue: Venue, number: int) -> int:
    """What the fund may still pay for a contract in this hour."""
    contract = venue.contracts[number]
    is_this_hour = contract.insurance_hour == venue.time_ns // HOUR
    paid = contract.insurance_paid_units if is_this_hour else 0
    return max(0, min(venue.ledger.cash(INSURANCE), contract.insurance_cap_units - paid))


def _pay_insurance(venue: Venue, account: int, number: int, wanted: int) -> int:
    paid = min(wanted, available_insurance(venue, number))
    if paid <= 0:
        return 0
    contract = venue.contracts[number]
    if contract.insurance_hour != venue.time_ns // HOUR:
        contract.insurance_hour, contract.insurance_paid_units = venue.time_ns // HOUR, 0
    contract.insurance_paid_units += paid
    venue.ledger.move(INSURANCE, account, paid)
    left = venue.ledger.cash(INSURANCE)
    figures = {"amount_units": paid, "insurance_balance_units": left}
    venue.say(EventKind.INSURANCE_PAID, account, number, **figures)
    return paid


def _close_deficit(venue: Venue, number: int, equity: int) -> None:
    """An account without lots is made whole: by insurance, then by a named bad debt."""
    if equity >= 0:
        return
    contract = venue.accounts[number].liquidation_contract
    owed = -equity - _pay_insurance(venue, number, contract, -equity)
    if owed:
        venue.ledger.move(BAD_DEBT, number, owed)
        venue.say(EventKind.BAD_DEBT_RECORDED, number, amount_units=owed)


def _say_stepped(leg: Leg, **figures: int) -> None:
    venue = leg.venue
    venue.say(
        EventKind.LIQUIDATION_STEPPED,
        leg.account,
        leg.number,
        stage=venue.accounts[leg.account].liquidation_stage,
        equity_units=leg.equity,
        maintenance_units=leg.maint,
        mark_ticks=leg.contract.mark_ticks,
        side=-leg.side,
        limit_ticks=leg.limit,
        zero_price_ticks=leg.zero_price,
        **figures,
    )
