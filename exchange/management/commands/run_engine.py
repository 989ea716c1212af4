"""The engine process: takes commands from the bus, journals, applies and answers them."""

from argparse import ArgumentParser
from typing import Any

from exchange.management.base import NovateCommand
from exchange.pipeline.runner import Runner, warm_up
from exchange.pipeline.servers import redis_url


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
        runner = Runner.open(
            redis_url(),
            progress=self.progress,
            accept_loss_after=options["accept_loss_after"],
        )
        runner.run(progress=self.progress)
