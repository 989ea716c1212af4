"""A hundred venues, each from one number: no difference, no broken invariant, nothing unseen.

A failing seed says how to run it again; more of them: python -m tests.simulation --seeds 1000
"""

from collections import Counter
from functools import cache

import pytest

from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from tests.simulation.__main__ import COMMANDS, reproduction
from tests.simulation.simulator.run import Run, run

SEEDS = range(1, 101)

# What no command of a run can come to, and why.
UNREACHED = {
    "ACCEPTED",  # not an event: acceptance is the events themselves
    "MALFORMED",  # answered by the runner, never journaled
    "DEPOSIT_LIMIT",  # 5 x 10^11 USDC: tests/engine/test_rejects
    "OPEN_INTEREST_LIMIT",  # a hundred accounts with 10^9 USDC each: tests/engine/test_rejects
    "ORDER_SLOTS_RESERVED",  # from 786,432 orders on: test_limits of engine and reference
}


@cache
def run_of(seed: int) -> Run:
    """One run; seeds are shared by the tests below."""
    return run(seed, COMMANDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_seed_keeps_engine_and_reference_together(seed: int) -> None:
    try:
        found = run_of(seed)
    except AssertionError as error:
        error.add_note(reproduction(seed, COMMANDS))
        raise
    assert found.commands >= COMMANDS


def test_runs_reach_every_event_every_refusal_and_every_end_of_an_order() -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        seen.update(run_of(seed).seen)
    expected = {kind.name for kind in EventKind} | {reason.name for reason in RejectReason}
    expected |= {f"CANCELLED_{reason.name}" for reason in CancelReason}

    assert expected - set(seen) == UNREACHED
    assert sum(run_of(seed).commands for seed in SEEDS) >= 200_000


def test_same_seed_is_the_same_run() -> None:
    assert run(3, 300) == run(3, 300)
