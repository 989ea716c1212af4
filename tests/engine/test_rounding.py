"""Money rounds in two functions only: both must equal unbounded integers everywhere."""

from fractions import Fraction
from math import ceil, floor

from hypothesis import assume, example, given
from hypothesis import strategies as st

from risk.rounding import compare_products, mul_div_ceil, mul_div_floor

LIMIT = 1 << 62
RESULT_LIMIT = 1 << 62

# Uniform integers are nearly all huge, so half of the draws come from a power of two and its
# neighbours, where limbs and carries change.
magnitudes = st.one_of(
    st.integers(0, LIMIT - 1),
    st.builds(
        lambda bits, offset: min(LIMIT - 1, max(0, (1 << bits) + offset)),
        st.integers(0, 62),
        st.integers(-3, 3),
    ),
    st.integers(0, 10**6),
)
signed = st.builds(lambda value, sign: value * sign, magnitudes, st.sampled_from([1, -1]))
divisors = magnitudes.map(lambda value: max(1, value >> 1))


@given(a=signed, b=magnitudes, d=divisors)
@example(a=-(LIMIT - 1), b=1, d=1)
@example(a=LIMIT - 1, b=(LIMIT >> 1) - 2, d=(LIMIT >> 1) - 1)
@example(a=-(LIMIT - 1), b=(LIMIT >> 1) - 2, d=(LIMIT >> 1) - 1)
@example(a=9_200_000_000_001, b=1_000_000, d=1_000_000)
def test_mul_div_any_operands_equals_exact_fraction(a: int, b: int, d: int) -> None:
    exact = Fraction(a * b, d)
    assume(abs(exact) < RESULT_LIMIT)

    assert mul_div_floor(a, b, d) == floor(exact)
    assert mul_div_ceil(a, b, d) == ceil(exact)


@given(a=signed, b=magnitudes, d=divisors)
def test_mul_div_ceil_minus_floor_is_zero_or_one(a: int, b: int, d: int) -> None:
    assume(abs(Fraction(a * b, d)) < RESULT_LIMIT)

    gap = mul_div_ceil(a, b, d) - mul_div_floor(a, b, d)

    assert gap == (0 if a * b % d == 0 else 1)


@given(a=signed, b=signed, c=signed, d=signed)
@example(a=LIMIT - 1, b=LIMIT - 1, c=LIMIT - 1, d=LIMIT - 2)
@example(a=-(LIMIT - 1), b=LIMIT - 1, c=LIMIT - 1, d=-(LIMIT - 1))
@example(a=1 << 61, b=3, c=1 << 60, d=6)
def test_compare_products_any_operands_equals_exact_sign(
    a: int, b: int, c: int, d: int
) -> None:
    difference = a * b - c * d

    assert compare_products(a, b, c, d) == (difference > 0) - (difference < 0)


@given(a=signed, b=signed)
def test_compare_products_swapped_factors_are_equal(a: int, b: int) -> None:
    assert compare_products(a, b, b, a) == 0


def test_mul_div_written_out_rounds_towards_minus_and_plus_infinity() -> None:
    assert mul_div_floor(7, 3, 2) == 10
    assert mul_div_ceil(7, 3, 2) == 11
    assert mul_div_floor(-7, 3, 2) == -11
    assert mul_div_ceil(-7, 3, 2) == -10
    # 10^19 passes 63 bits before the division brings it back.
    assert mul_div_floor(10**13, 10**6, 10**6) == 10**13
    assert mul_div_floor(4_611_686_018_427_387_903, 3, 7) == 1_976_436_865_040_309_101
