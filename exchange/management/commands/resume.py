"""Let halted contracts trade again, at first perhaps only to reduce positions."""

from argparse import ArgumentParser
from typing import Any

from exchange.engine.units import STATE_OPEN, STATE_REDUCE_ONLY
from exchange.management.halting import StateCommand


class Command(StateCommand):
    help = "Resume CONTRACT … or --all; needs a running engine."
    words = "open"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--reduce-only", action="store_true", help="orders may only reduce positions"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["reduce_only"]:
            self.words = "reduce-only"
        self.ask(STATE_REDUCE_ONLY if options["reduce_only"] else STATE_OPEN, options)
