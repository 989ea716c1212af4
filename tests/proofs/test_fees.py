"""EXEC-004 and FUND-004: whoever pays rounds up, and no rounding makes money."""

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from risk.funding import NANO, funding_receipt
from risk.rounding import mul_div_ceil
from tests.proofs.prover import IS_LONG, floor_quotient, is_proved, is_refuted

PPM = 1_000_000


def ceil_fee(
    name: str, units: z3.ArithRef, rate: z3.ArithRef
) -> tuple[z3.ArithRef, z3.BoolRef]:
    """ceil(units x rate / 10^6) = -floor(-units x rate / 10^6), as mul_div_ceil has it."""
    negative, obeys = floor_quotient(name, -units * rate, z3.IntVal(PPM))
    return -negative, obeys


@given(st.integers(0, 10**16), st.integers(-10_000, 10_000))
def test_model_of_a_fee_is_the_code(units: int, rate: int) -> None:
    sign = 1 if rate >= 0 else -1
    assert mul_div_ceil(sign * units, abs(rate), PPM) == -(-units * rate // PPM)


def test_fee_is_never_less_than_its_rate_nor_a_unit_more() -> None:
    units, rate = z3.Ints("units rate")
    fee, obeys = ceil_fee("fee", units, rate)
    claim = z3.And(fee * PPM >= units * rate, fee * PPM < units * rate + PPM, fee >= 0)

    assert is_proved(claim, obeys, units >= 0, rate >= 0)


def test_control_fee_rounded_down_is_less_than_its_rate() -> None:
    units, rate = z3.Ints("units rate")
    fee, obeys = floor_quotient("fee", units * rate, z3.IntVal(PPM))

    assert is_refuted(fee * PPM >= units * rate, obeys, units >= 0, rate >= 0)


def test_rebate_within_the_taker_fee_never_makes_money() -> None:
    """A negative maker rate is a rebate; both sides are rounded up, a rebate so toward zero."""
    units, maker, taker = z3.Ints("units maker taker")
    maker_fee, maker_obeys = ceil_fee("maker_fee", units, maker)
    taker_fee, taker_obeys = ceil_fee("taker_fee", units, taker)
    given_fees = (maker_obeys, taker_obeys, units >= 0, taker >= 0)

    assert is_proved(maker_fee + taker_fee >= 0, *given_fees, units * (maker + taker) >= 0)
    # Control: a rebate that passes the taker fee by one part per million.
    assert is_refuted(maker_fee + taker_fee >= 0, *given_fees, maker == -taker - 1)


def test_control_rebate_rounded_away_from_zero_makes_money() -> None:
    units, maker, taker = z3.Ints("units maker taker")
    rebate, obeys = floor_quotient("rebate", units * maker, z3.IntVal(PPM))
    taker_fee, taker_obeys = floor_quotient("taker_fee", units * taker, z3.IntVal(PPM))

    assert is_refuted(
        rebate + taker_fee >= 0, obeys, taker_obeys, units >= 0, taker >= 0, maker == -taker
    )


@given(st.integers(-(10**15), 10**15), st.integers(-(10**12), 10**12))
def test_model_of_a_funding_receipt_is_the_code(lots: int, growth: int) -> None:
    assert funding_receipt(lots, growth) == -lots * growth // NANO


@pytest.mark.parametrize("count", [2, 3, 4, 5] if IS_LONG else [2, 3])
def test_funding_of_positions_leaves_a_residue_below_their_number(count: int) -> None:
    """I-27: lots sum to zero, each receives floor(-lots x growth / 10^9)."""
    growth = z3.Int("growth")
    lots = z3.Ints(" ".join(f"lots{i}" for i in range(count)))
    receipts, rules = _receipts(lots, growth, rounding=0)
    residue = -z3.Sum(receipts)
    closed = z3.Sum(list(lots)) * growth == 0

    assert is_proved(z3.And(residue >= 0, residue < count), *rules, closed)


def test_control_funding_rounded_for_the_receiver_is_refuted() -> None:
    growth = z3.Int("growth")
    lots = z3.Ints("first second third")
    receipts, rules = _receipts(lots, growth, rounding=NANO - 1)

    assert is_refuted(-z3.Sum(receipts) >= 0, *rules, z3.Sum(list(lots)) == 0)


def _receipts(
    lots: list[z3.ArithRef], growth: z3.ArithRef, rounding: int
) -> tuple[list[z3.ArithRef], list[z3.BoolRef]]:
    pairs = [
        floor_quotient(f"receipt_{i}", -lot * growth + rounding, z3.IntVal(NANO))
        for i, lot in enumerate(lots)
    ]
    return [receipt for receipt, _ in pairs], [rule for _, rule in pairs]
