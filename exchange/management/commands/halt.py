"""Stop trading in contracts: cancels stay possible, orders are refused."""

from typing import Any

from exchange.engine.units import STATE_HALTED
from exchange.management.halting import StateCommand


class Command(StateCommand):
    help = "Halt CONTRACT … or --all; needs a running engine."
    words = "halted"

    def handle(self, *_: Any, **options: Any) -> None:
        self.ask(STATE_HALTED, options)
