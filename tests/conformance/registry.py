"""The list of checks: what is called, what must come of it, which of ccxt's words it proves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.desk import Desk

Run = Callable[["Desk"], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    methods  ccxt's unified methods, as in `exchange.has`, that it proves
    says     what was asked and what must come of it
    streams  whether it needs a client that watches
    """

    name: str
    methods: tuple[str, ...]
    says: str
    run: Run
    streams: bool


CHECKS: list[Check] = []


def check(*methods: str, streams: bool = False) -> Callable[[Run], Run]:
    """Register the decorated coroutine; its docstring's first line stands in the table."""

    def register(run: Run) -> Run:
        says = (run.__doc__ or "").strip().partition("\n")[0]
        assert says, run
        CHECKS.append(Check(run.__name__, methods, says, run, streams))
        return run

    return register


def unproved(has: dict[str, Any]) -> list[str]:
    """What the client claims to have and no check proves."""
    proved = {method for each in CHECKS for method in each.methods}
    return sorted(name for name, value in has.items() if value and name not in proved | _WORDS)


# Entries of `has` that are no methods.
_WORDS = {
    "publicAPI", "privateAPI", "CORS", "sandbox", "spot", "swap", "future", "option", "ws",
}  # fmt: skip
