"""What `halt` and `resume` share: which contracts, why, and what the engine answered.

Exit codes: 0 every contract is in the state asked for, 1 the engine refused one, 2 nothing was
asked, 3 no answer came: it may have happened, /status says.
"""

from argparse import ArgumentParser
from typing import Any, NoReturn

from exchange.engine.rejects import RejectReason
from exchange.management.base import NovateCommand
from exchange.pipeline.bus import Backpressure, OutcomeUnknown
from exchange.pipeline.halts import Outcome, UnknownContract, set_state
from exchange.pipeline.servers import redis_url


class StateCommand(NovateCommand):
    """Asks the engine for a state of contracts."""

    words = ""  # "halted"

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("contracts", nargs="*", default=[], metavar="CONTRACT")
        which.add_argument("--all", action="store_true", help="every contract of the venue")
        parser.add_argument(
            "--reason", required=True, help="journaled, and shown on the status page"
        )

    def ask(self, state: int, options: dict[str, Any]) -> None:
        try:
            outcomes = set_state(redis_url(), options["contracts"], state, options["reason"])
        except (UnknownContract, ValueError, Backpressure) as error:
            self._end(f"Nothing was asked. {error}", 2, error)
        except OutcomeUnknown as error:
            self._end(f"No answer came: it may have happened. {error}", 3, error)
        for outcome in outcomes:
            self.stdout.write(f"{outcome.contract:32}{self._said(outcome)}")
        if any(not self._is_settled(outcome) for outcome in outcomes):
            raise SystemExit(1)

    def _said(self, outcome: Outcome) -> str:
        if outcome.reason == RejectReason.ACCEPTED:
            return f"{self.words} by command {outcome.sequence}"
        if outcome.reason == RejectReason.INVALID_STATE_CHANGE:
            return f"was {self.words} already"
        return f"refused: {outcome.reason.name}"

    def _is_settled(self, outcome: Outcome) -> bool:
        return outcome.reason in (RejectReason.ACCEPTED, RejectReason.INVALID_STATE_CHANGE)

    def _end(self, text: str, code: int, error: Exception) -> NoReturn:
        self.progress(text)
        raise SystemExit(code) from error
