"""MARG-001, I-20: the tiers are continuous and convex, and the share required never falls.

With the floor as the unit of size and imf0 as the unit of margin, the curve below the cap is
g(N) = N (1 + max(0, N - 1) / 9), whatever the contract.
"""

from fractions import Fraction

import z3
from hypothesis import given
from hypothesis import strategies as st

from risk.margin import initial_margin, maintenance_margin
from tests.proofs.prover import is_proved, is_refuted

PPM = 1_000_000


def tiers(size: z3.ArithRef) -> z3.ArithRef:
    """Initial margin below the cap, continuous in size."""
    return size * (1 + z3.If(size > 1, size - 1, 0) / 9)


def brackets(size: z3.ArithRef) -> z3.ArithRef:
    """What other venues do: above the floor the whole notional jumps to a higher rate."""
    return z3.If(size > 1, 2 * size, size)


def test_tiers_are_convex() -> None:
    small, large = z3.Reals("small large")
    middle = (small + large) / 2

    assert is_proved(
        tiers(small) + tiers(large) >= 2 * tiers(middle), small >= 0, large >= small
    )


def test_control_brackets_are_not_convex() -> None:
    small, large = z3.Reals("small large")
    middle = (small + large) / 2

    assert is_refuted(
        brackets(small) + brackets(large) >= 2 * brackets(middle), small >= 0, large >= small
    )


def test_tiers_are_continuous() -> None:
    """A step in size of e costs at most the steepest slope between times e: no jump."""
    size, step = z3.Reals("size step")
    slope = 1 + (2 * (size + step)) / 9
    rules = (size >= 0, step >= 0)

    assert is_proved(tiers(size + step) - tiers(size) <= slope * step + step / 9, *rules)
    # Control: brackets jump by the whole floor, however small the step.
    assert is_refuted(brackets(size + step) - brackets(size) <= 9 * step, *rules)


def test_share_required_never_falls_with_size() -> None:
    """Also where all of the notional is required: the cap is a share of 1."""
    small, large, cap = z3.Reals("small large cap")

    def required(size: z3.ArithRef) -> z3.ArithRef:
        return z3.If(tiers(size) < cap * size, tiers(size), cap * size)

    rules = (small > 0, large >= small, cap >= 1)
    assert is_proved(required(small) * large <= required(large) * small, *rules)
    assert is_refuted(required(small) * large <= 2 * required(large), *rules)


def rounding(rate: int) -> int:
    """The base is rounded up, then grown by at most 1 / rate, then rounded up again."""
    return 2 + PPM // rate


@given(
    st.integers(0, 10**16),
    st.integers(0, 10**15),
    st.integers(5_000, PPM),
    st.integers(10**9, 10**15),
)
def test_code_is_convex_but_for_its_roundings(
    size: int, step: int, rate: int, floor: int
) -> None:
    """Three equally large steps, of which the middle one is rounded up."""
    sizes = (size, size + step, size + 2 * step)
    lower, middle, upper = (initial_margin(notional, rate, floor) for notional in sizes)
    if upper == sizes[2]:
        return  # all of it is required: there the share no longer rises

    assert lower + upper - 2 * middle > -2 * rounding(rate)
    halves = [maintenance_margin(notional, rate, floor) for notional in sizes]
    assert halves[0] + halves[2] - 2 * halves[1] > -2 * rounding(rate)


@given(
    st.integers(1, 10**16),
    st.integers(0, 10**16),
    st.integers(5_000, PPM),
    st.integers(10**9, 10**15),
)
def test_code_requires_a_share_that_never_falls_but_for_its_roundings(
    size: int, more: int, rate: int, floor: int
) -> None:
    small, large = (initial_margin(notional, rate, floor) for notional in (size, size + more))

    assert Fraction(small - rounding(rate), size) <= Fraction(large, size + more)


@given(st.integers(1, 10**16), st.integers(5_000, PPM), st.integers(10**9, 10**15))
def test_code_requires_more_than_nothing_and_initial_no_less_than_maintenance(
    size: int, rate: int, floor: int
) -> None:
    initial = initial_margin(size, rate, floor)
    maintenance = maintenance_margin(size, rate, floor)

    assert size >= initial >= maintenance > 0


@given(st.integers(0, 10**16), st.integers(5_000, PPM), st.integers(10**9, 10**15))
def test_model_is_the_code(size: int, rate: int, floor: int) -> None:
    units = Fraction(size, floor)
    exact = units * (1 + max(Fraction(0), units - 1) / 9) * floor * rate / PPM

    assert 0 <= initial_margin(size, rate, floor) - min(exact, Fraction(size)) < rounding(rate)
