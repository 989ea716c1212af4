"""ROUND-001, ROUND-002: the limbs of risk.rounding neither overflow nor lose a bit.

A bit-vector model of 64-bit division is out of z3's reach. Long division is proved by
induction over integers instead, at the full width of 62 bits: one step keeps the invariant and
stays below 2^63, for every width of the divisor. The model of the whole loop, run at few bits
on every input there is and at 62 bits on random ones, ties the step to the code.
"""

import itertools

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from risk.rounding import mul_div_floor, mul_div_remainder
from tests.proofs.prover import IS_LONG, is_proved, is_refuted

LIMB = 62
INT64 = 1 << 63


def long_mul_div(a: int, b: int, d: int, limb: int) -> tuple[int, int, int]:
    """_long_mul_div with limbs of any width: (quotient, remainder, largest intermediate)."""
    step = limb - d.bit_length()
    quotient, remainder, position, largest = 0, 0, limb, 0
    while position > 0:
        taken = min(step, position)
        position -= taken
        digits = (b >> position) & ((1 << taken) - 1)
        value = (remainder << taken) + a * digits
        largest = max(largest, value)
        quotient = (quotient << taken) + value // d
        remainder = value % d
    return quotient, remainder, largest


@pytest.mark.parametrize("limb", [6, 7, 8] if IS_LONG else [6])
def test_model_of_few_bits_is_exact_for_every_input(limb: int) -> None:
    for d in range(1, 1 << (limb - 1)):
        for a, b in itertools.product(range(d), range(1 << limb)):
            quotient, remainder, largest = long_mul_div(a, b, d, limb)
            assert quotient * d + remainder == a * b
            assert 0 <= remainder < d
            assert largest < 1 << (limb + 1)


@given(
    st.integers(1, (1 << 61) - 1), st.integers(0, (1 << 62) - 1), st.integers(0, (1 << 62) - 1)
)
def test_model_at_62_bits_is_the_code(d: int, a: int, b: int) -> None:
    quotient, remainder, _ = long_mul_div(a % d, b, d, LIMB)

    assert mul_div_remainder(a, b, d) == remainder
    if a // d * b + quotient < 1 << 62:
        assert mul_div_floor(a, b, d) == a // d * b + quotient


@pytest.mark.parametrize("width", range(1, 62))
def test_step_of_long_division_stays_below_63_bits(width: int) -> None:
    assert is_proved(*_step_is_bounded(width, LIMB - width))


@pytest.mark.parametrize("width", [3, 20, 40, 61])
def test_control_step_with_one_more_bit_overflows(width: int) -> None:
    assert is_refuted(*_step_is_bounded(width, LIMB - width + 1))


def _step_is_bounded(width: int, taken: int) -> tuple[z3.BoolRef, ...]:
    """The claim about `value`, then what is given: reals, of which integers are a part."""
    a, d, remainder, digits = z3.Reals("a d remainder digits")
    value = remainder * (1 << taken) + a * digits
    return (
        z3.And(value >= 0, value < INT64),
        d >= 1,
        d <= (1 << width) - 1,
        a >= 0,
        a <= d - 1 if width > 1 else a <= d,
        remainder >= 0,
        remainder <= d - 1 if width > 1 else remainder <= d,
        digits >= 0,
        digits <= (1 << taken) - 1,
    )


@pytest.mark.parametrize("taken", [1, 2, 31, 61])
def test_step_of_long_division_keeps_the_invariant(taken: int) -> None:
    assert is_proved(*_step_is_exact(taken, lost=0))


def test_control_step_that_loses_a_bit_is_refuted() -> None:
    assert is_refuted(*_step_is_exact(31, lost=1))


def _step_is_exact(taken: int, lost: int) -> tuple[z3.BoolRef, ...]:
    """quotient x d + remainder = a x (the leading bits of b), before and after a step."""
    a, d, prefix, digits, quotient, remainder = z3.Ints("a d prefix digits quotient remainder")
    share, rest = z3.Ints("share rest")
    scale = 1 << taken
    after = quotient * scale + share
    return (
        z3.And(after * d + rest == a * (prefix * scale + digits), rest >= 0, rest < d),
        d >= 1,
        quotient * d + remainder == a * prefix,
        # share = value // d and rest = value % d
        share * d + rest == remainder * scale + a * digits - lost,
        rest >= 0,
        rest < d,
    )


def test_product_of_two_limbs_is_exact_and_below_63_bits() -> None:
    assert is_proved(*_product_is_exact(carry=0))


def test_control_product_that_forgets_a_carry_is_refuted() -> None:
    assert is_refuted(*_product_is_exact(carry=1))


def _product_is_exact(carry: int) -> tuple[z3.BoolRef, ...]:
    """_product: a x b = high x 2^62 + low from halves of 31 bits."""
    half, limb = 1 << 31, 1 << 62
    # The four products of the halves, each any integer up to (2^31 - 1)^2.
    high_high, high_low, low_high, low_low = z3.Ints("high_high high_low low_high low_low")
    products = (high_high, high_low, low_high, low_low)
    middle = high_low + low_high
    middle_high, middle_low, out, low = z3.Ints("middle_high middle_low out low")
    summed = low_low + middle_low * half
    high = high_high + middle_high + (out if carry == 0 else 0)
    exact = high_high * limb + middle * half + low_low
    fits = z3.And(middle < INT64, summed < INT64, high < INT64)
    return (
        z3.And(high * limb + low == exact, fits),
        *(z3.And(p >= 0, p <= (half - 1) ** 2) for p in products),
        z3.And(middle == middle_high * half + middle_low, middle_low >= 0, middle_low < half),
        z3.And(summed == out * limb + low, low >= 0, low < limb),
    )


def test_short_way_is_taken_only_where_it_fits() -> None:
    rest, b, quotient = z3.Reals("rest b quotient")
    small = z3.And(rest <= (1 << 31) - 1, b <= (1 << 31) - 1)
    # quotient = floor(2^62 / rest), so quotient x rest <= 2^62.
    divided = z3.And(rest >= 1, quotient * rest <= 1 << 62, b <= quotient)
    positive = z3.And(rest >= 0, b >= 0)

    assert is_proved(rest * b < INT64, positive, z3.Or(small, divided))
    wrong = z3.And(rest <= (1 << 32) - 1, b <= (1 << 32) - 1)
    assert is_refuted(rest * b < INT64, positive, wrong)
