"""The engine process: takes commands from the bus, journals, applies and answers them."""

import logging
from argparse import ArgumentParser
from typing import Any

from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.high_water import MarkCorrupt
from exchange.pipeline.journal import (
    BelowHighWater,
    EngineVersionNeeded,
    Fenced,
    JournalCorrupt,
    LockLost,
    RowRefused,
)
from exchange.pipeline.replica import PoisonCommand, StateDiverged
from exchange.pipeline.runner import Runner, warm_up
from exchange.pipeline.servers import redis_url

logger = logging.getLogger(__name__)

# The messages say what to do; a traceback of ours would hide them.
STOPPING = (
    BelowHighWater,
    EngineVersionNeeded,
    Fenced,
    JournalCorrupt,
    JournalPruned,
    LockLost,
    MarkCorrupt,
    PoisonCommand,
    RowRefused,
    StateDiverged,
)


class Command(NovateCommand):
    help = "Run the engine; a second one stands by until the first is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--accept-loss-after",
            type=int,
            metavar="SEQUENCE",
            help="start on a journal that ends at SEQUENCE, although more was acknowledged",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        self.progress("Compiling or loading the kernels.")
        warm_up()
        try:
            runner = Runner.open(
                redis_url(),
                progress=self.progress,
                accept_loss_after=options["accept_loss_after"],
            )
            runner.run(progress=self.progress)
        except STOPPING as reason:
            fault = reason.__cause__ if isinstance(reason, PoisonCommand) else None
            logger.critical("The engine stops. %s", reason, exc_info=fault)
            raise SystemExit(1) from reason
