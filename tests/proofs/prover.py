"""Two words for the tests: a claim is proved, or refuted by a counterexample."""

import os

import z3

IS_LONG = os.environ.get("NOVATE_PROOFS") == "long"
TIMEOUT_MS = 600_000 if IS_LONG else 20_000


def is_proved(claim: z3.BoolRef, *given: z3.BoolRef) -> bool:
    """Whether no integers satisfy what is given and not the claim; never on a time-out."""
    return bool(_search(z3.Not(claim), *given) == z3.unsat)


def is_refuted(claim: z3.BoolRef, *given: z3.BoolRef) -> bool:
    """Whether integers were found that satisfy what is given and not the claim."""
    return bool(_search(z3.Not(claim), *given) == z3.sat)


def floor_quotient(
    name: str, product: z3.ArithRef, divisor: z3.ArithRef
) -> tuple[z3.ArithRef, z3.BoolRef]:
    """floor(product / divisor) for a positive divisor: a fresh integer, and what it obeys."""
    quotient = z3.Int(name)
    return quotient, z3.And(
        quotient * divisor <= product, product < quotient * divisor + divisor
    )


def _search(*constraints: z3.BoolRef) -> z3.CheckSatResult:
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(*constraints)
    return solver.check()
