"""Put aside a command that breaks the engine, so that the venue can go on without it."""

from argparse import ArgumentParser
from typing import Any

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.quarantine import QuarantineRefused, quarantine


class Command(NovateCommand):
    help = "Journal that replay skips SEQUENCE. Only for a command that stops the engine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sequence", type=int, metavar="SEQUENCE")

    def handle(self, *_: Any, **options: Any) -> None:
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        try:
            row = quarantine(options["sequence"])
        except QuarantineRefused as refusal:
            self.progress(f"Refused. {refusal}")
            raise SystemExit(1) from refusal
        self.stdout.write(
            f"Command {options['sequence']} is quarantined by command {row.first_sequence}."
        )
