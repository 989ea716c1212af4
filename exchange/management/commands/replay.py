"""Replay the journal: into a state, or with --rebuild into every projected table."""

import time
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.projections import rebuild
from exchange.pipeline.replica import Replica


class Command(NovateCommand):
    help = (
        "Replay from the newest snapshot and print the state hash; --rebuild the projections."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="empty the projections and compute them again",
        )
        parser.add_argument("--to", type=int, metavar="SEQUENCE", help="stop there")

    def handle(self, *_: Any, **options: Any) -> None:
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        if options["rebuild"]:
            try:
                self.stdout.write(f"Projections rebuilt to sequence {rebuild(self._tell)}.")
            except JournalPruned as refusal:
                self.progress(f"Refused. {refusal}")
                raise SystemExit(1) from refusal
            return
        with closing(Replica.open(to_sequence=options["to"])) as replica:
            start, started = replica.sequence, time.monotonic()
            for row, _events in replica.advance(options["to"]):
                if row.first_sequence // 1_000_000 != row.last_sequence // 1_000_000:
                    self.progress(f"{row.last_sequence:,} commands.")
            seconds = time.monotonic() - started
            self.progress(f"Replayed {replica.sequence - start:,} commands in {seconds:.1f} s.")
            self.stdout.write(f"sequence    {replica.sequence}")
            self.stdout.write(f"state hash  {replica.state_hash().hex()}")

    def _tell(self, done: int, total: int) -> None:
        self.progress(f"{done:,} of {total:,} commands.")
