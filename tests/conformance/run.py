"""Runs checks with one client against a venue, one after the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from tests.conformance.clients import WATCHING, opened
from tests.conformance.desk import Desk
from tests.conformance.registry import Check
from tests.faults.proxy import FaultProxy
from tests.gateway.venue import HOST, Key, Venue

CHECK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check with one client."""

    word: str  # for the table
    problem: str = ""  # empty: it holds
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """Where one build of ccxt sits down: a venue, one of its ports and two accounts."""

    venue: Venue
    port: int
    kind: str
    keys: tuple[Key, Key]
    say: Callable[[str], None] = field(default=lambda _line: None)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """A fresh client, behind a proxy that can cut its connections."""
        with FaultProxy((HOST, self.port)) as proxy:
            async with opened(self.kind, self.keys[0], proxy.port) as client:
                yield Desk(
                    self.venue, self.port, self.kind, client, *self.keys, cut=proxy.cut_all
                )


async def run_checks(table: Table, checks: Sequence[Check]) -> dict[str, Outcome]:
    """The outcome of each check by its name. What streams has a client of its own."""
    outcomes: dict[str, Outcome] = {}
    async with table.desk() as desk:
        for check in checks:
            if not check.streams:
                outcomes[check.name] = await run_one(desk, check)
                table.say(_line(check, outcomes))
    for check in checks:
        if check.streams and table.kind in WATCHING:
            async with table.desk() as desk:
                outcomes[check.name] = await run_one(desk, check)
            table.say(_line(check, outcomes))
    return outcomes


async def run_one(desk: Desk, check: Check) -> Outcome:
    """One check, and nothing left of its orders."""
    began = time.monotonic()
    outcome = Outcome("works")
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            outcome = Outcome(await check.run(desk) or "works")
    except Exception as error:
        # An assertion, ccxt's exception, or whatever ccxt stumbles over.
        outcome = Outcome("fails", f"{type(error).__name__}: {error}")
    await desk.tidy()
    return replace(outcome, seconds=time.monotonic() - began)


def _line(check: Check, outcomes: dict[str, Outcome]) -> str:
    outcome = outcomes[check.name]
    return f"{check.name}: {outcome.word} {outcome.seconds:.1f} s {outcome.problem}"
