"""Print hashes of the state, for another machine to compare with (`bisect --against`)."""

from argparse import ArgumentParser
from typing import Any

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.bisection import state_hashes
from exchange.pipeline.journal import EngineVersionNeeded, JournalCorrupt
from exchange.pipeline.replica import PoisonCommand, StateDiverged


class Command(NovateCommand):
    help = "Replay and print `sequence hash` after every N commands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=int, default=100_000, metavar="N")
        parser.add_argument("--after", type=int, default=0, metavar="SEQUENCE")
        parser.add_argument("--to", type=int, metavar="SEQUENCE")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["every"] < 1:
            self.progress("Expected --every to be at least 1.")
            raise SystemExit(2)
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        points = state_hashes(
            options["every"], self.tell, after=options["after"], to_sequence=options["to"]
        )
        try:
            for point in points:
                self.stdout.write(f"{point.sequence} {point.hash.hex()}")
        except (
            JournalCorrupt, JournalPruned, StateDiverged, EngineVersionNeeded, PoisonCommand
        ) as fault:  # fmt: skip
            self.progress(f"Stopped. {fault}")
            raise SystemExit(1) from fault
