"""Size of numbers (spec: risk): what the limits of units.py allow fits 63 bits."""

import z3

from exchange.engine.governance import PARAMETERS
from exchange.engine.state import ContractParameter
from exchange.engine.units import (
    BALANCE_UNITS_MAX,
    FUNDING_INDEX_UNITS_MAX,
    INT64_SAFE,
    LIFETIME_SUM_MAX,
    LOT_CEILING_UNITS_MAX,
    OPEN_INTEREST_UNITS_MAX,
    OPEN_ORDERS_MAX,
    POSITION_UNITS_MAX,
    PPM,
    PRICE_CEILING_MULTIPLE,
    SLOTS_MAX,
    UNSETTLED_UNITS_MAX,
)
from risk.funding import NANO, RATE_MS
from risk.margin import ORDER_RESERVE_UNITS_MIN
from tests.proofs.prover import is_proved, is_refuted

CEILING_UNITS = POSITION_UNITS_MAX * PRICE_CEILING_MULTIPLE
MULTIPLE = 6


def position(name: str) -> tuple[z3.ArithRef, list[z3.BoolRef]]:
    """|lots| x price x tick value of one position at any price up to its ceiling."""
    lots, reference, price, unit, notional = z3.Reals(
        " ".join(
            f"{name}_{part}" for part in ("lots", "reference", "price", "unit", "notional")
        )
    )
    return notional, [
        z3.And(lots >= 0, reference >= 1, unit >= 1, price >= 0),
        lots * reference * unit <= POSITION_UNITS_MAX,
        price <= PRICE_CEILING_MULTIPLE * reference,
        notional == lots * price * unit,
    ]


def test_notional_at_any_admitted_price_is_within_the_ceiling() -> None:
    notional, rules = position("p")

    assert is_proved(notional <= CEILING_UNITS, *rules)
    assert is_refuted(notional <= CEILING_UNITS - 1, *rules)


def test_six_notionals_of_every_position_of_an_account_fit() -> None:
    notionals = z3.Ints(" ".join(f"n{i}" for i in range(SLOTS_MAX)))
    rules = [z3.And(n >= 0, n <= CEILING_UNITS) for n in notionals]

    assert is_proved(MULTIPLE * z3.Sum(notionals) < INT64_SAFE, *rules)
    # Control: eight of them would not.
    assert is_refuted((MULTIPLE + 2) * z3.Sum(notionals) < INT64_SAFE, *rules)


def test_margin_with_orders_of_a_position_is_below_six_notionals() -> None:
    """margin_with_orders: position, both sides' orders, their losses, their fees."""
    held, bought, sold, buy_loss, sell_loss, fees = z3.Ints("held bought sold bl sl fees")
    orders = z3.Int("orders")
    fee_ppm = PARAMETERS[ContractParameter.TAKER_FEE_PPM].high
    worst = z3.If(bought + buy_loss > sold + sell_loss, bought + buy_loss, sold + sell_loss)
    reserve = z3.If(worst - held + fees > orders, worst - held + fees, orders)
    rules = [
        z3.And(held >= 0, held <= CEILING_UNITS),
        # Position and open orders of one side share the position limit; the other side adds.
        *(z3.And(side >= 0, side <= 2 * CEILING_UNITS) for side in (bought, sold)),
        *(z3.And(loss >= 0, loss <= 2 * CEILING_UNITS) for loss in (buy_loss, sell_loss)),
        z3.And(fees >= 0, PPM * fees <= fee_ppm * 4 * CEILING_UNITS + PPM),
        z3.And(orders >= 0, orders <= OPEN_ORDERS_MAX * ORDER_RESERVE_UNITS_MIN),
    ]

    assert is_proved(held + reserve <= MULTIPLE * CEILING_UNITS, *rules)
    assert is_refuted(held + reserve <= (MULTIPLE - 2) * CEILING_UNITS, *rules)


def test_equity_part_of_a_position_is_at_most_six_notionals() -> None:
    """value - cost + unsettled + accrued + pending funding, the last of two notionals."""
    value, cost, unsettled, accrued, pending = z3.Ints("value cost unsettled accrued pending")
    parts = [z3.And(p >= -CEILING_UNITS, p <= CEILING_UNITS) for p in (value, cost)]
    parts += [
        z3.And(p >= -UNSETTLED_UNITS_MAX, p <= UNSETTLED_UNITS_MAX)
        for p in (unsettled, accrued)
    ]
    parts.append(z3.And(pending >= -2 * CEILING_UNITS, pending <= 2 * CEILING_UNITS))
    equity = value - cost + unsettled + accrued + pending
    most = MULTIPLE * CEILING_UNITS

    assert is_proved(z3.And(equity <= most, equity >= -most), *parts)
    assert is_refuted(equity <= most - 1, *parts)


def test_margin_less_equity_of_an_account_fits_63_bits() -> None:
    """What is missing is formed as a difference: cash and six notionals against six more."""
    cash = z3.Int("cash")
    owned = z3.Ints(" ".join(f"equity{i}" for i in range(SLOTS_MAX)))
    held = z3.Ints(" ".join(f"margin{i}" for i in range(SLOTS_MAX)))
    most = MULTIPLE * CEILING_UNITS
    rules = [
        z3.And(cash >= -BALANCE_UNITS_MAX, cash <= BALANCE_UNITS_MAX),
        *(z3.And(part >= -most, part <= most) for part in owned),
        *(z3.And(part >= 0, part <= most) for part in held),
    ]
    missing = z3.Sum(held) - cash - z3.Sum(owned)

    assert is_proved(z3.And(missing < 2 * INT64_SAFE, missing > -2 * INT64_SAFE), *rules)
    # Control: with two notionals more of each position it would not.
    assert is_refuted(missing + 2 * z3.Sum(held) / MULTIPLE < 2 * INT64_SAFE, *rules)


def test_balance_that_is_checked_after_every_transfer_never_wraps() -> None:
    """LEDG-003 looks at the sum: it must not have wrapped by then."""
    balance, amount = z3.Ints("balance amount")
    rules = [
        z3.And(balance >= -BALANCE_UNITS_MAX, balance <= BALANCE_UNITS_MAX),
        z3.And(amount > 0, amount <= BALANCE_UNITS_MAX),
    ]
    fits = z3.And(balance + amount < INT64_SAFE, balance - amount > -INT64_SAFE)

    assert is_proved(fits, *rules)
    # Control: an amount that was not looked at before.
    assert is_refuted(fits, rules[0], amount > 0)


def test_unsettled_profit_that_is_checked_after_every_change_never_wraps() -> None:
    """A change is at most what a fill realises: its own notional and the cost it removes."""
    unsettled, money, cost = z3.Ints("unsettled money cost")
    rules = [
        z3.And(part >= -CEILING_UNITS, part <= CEILING_UNITS)
        for part in (unsettled, money, cost)
    ]
    changed = unsettled - (money + cost)

    assert is_proved(z3.And(changed < INT64_SAFE, changed > -INT64_SAFE), *rules)
    assert is_refuted(changed <= 2 * CEILING_UNITS, *rules)


def test_lifetime_sum_never_wraps_before_it_is_cut() -> None:
    total, amount = z3.Ints("total amount")
    rules = [
        z3.And(part >= -LIFETIME_SUM_MAX, part <= LIFETIME_SUM_MAX) for part in (total, amount)
    ]

    assert is_proved(z3.And(total + amount < 2 * INT64_SAFE, total + amount > -(2**63)), *rules)
    assert is_refuted(total + amount < INT64_SAFE, *rules)


def test_open_interest_at_any_price_fits() -> None:
    at_reference, now = z3.Ints("at_reference now")
    rules = [at_reference <= OPEN_INTEREST_UNITS_MAX, at_reference >= 0]
    rules.append(now <= PRICE_CEILING_MULTIPLE * at_reference)

    assert is_proved(now < INT64_SAFE, *rules)
    assert is_refuted(now * PRICE_CEILING_MULTIPLE < INT64_SAFE, *rules)


def test_funding_growth_of_a_sample_fits_and_the_index_stays_in_its_limit() -> None:
    rate, lot, milliseconds, growth = z3.Reals("rate lot milliseconds growth")
    rate_max = 8 * PARAMETERS[ContractParameter.FUNDING_RATE_MAX_PPB].high
    rules = [
        z3.And(rate >= 0, rate <= rate_max),
        z3.And(lot >= 0, lot <= LOT_CEILING_UNITS_MAX),
        z3.And(milliseconds >= 0, milliseconds <= 5_000),
        growth * RATE_MS <= lot * rate * milliseconds,
    ]
    index = FUNDING_INDEX_UNITS_MAX * NANO

    # rate x milliseconds is a factor of mul_div, growth its result; index + growth is formed.
    assert is_proved(rate * milliseconds < INT64_SAFE, *rules)
    assert is_proved(index + growth < INT64_SAFE, *rules)
    # Control: a lot a million times as large.
    bigger = [*rules[:1], rules[2], rules[3], lot == 1_000_000 * LOT_CEILING_UNITS_MAX]
    assert is_refuted(index + growth < INT64_SAFE, *bigger)


def test_funding_of_a_position_is_at_most_two_notionals() -> None:
    """The index of a lot is within +- its value at the ceiling: two of them differ by two."""
    lots, lot, before, after = z3.Reals("lots lot before after")
    rules = [
        z3.And(lots >= 0, lot >= 0, lots * lot <= CEILING_UNITS),
        *(z3.And(index >= -lot * NANO, index <= lot * NANO) for index in (before, after)),
    ]

    assert is_proved(lots * (after - before) <= 2 * CEILING_UNITS * NANO, *rules)
    assert is_refuted(lots * (after - before) <= CEILING_UNITS * NANO, *rules)
