"""Recompute the journal from its first command and print the hash of the state."""

from argparse import ArgumentParser
from typing import Any

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.journal import EngineVersionNeeded, JournalCorrupt
from exchange.pipeline.replica import PoisonCommand, StateDiverged
from exchange.pipeline.verification import verify


class Command(NovateCommand):
    help = "Check every hash of the journal, replay every command, print the state hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--signatures", action="store_true", help="check the reporters' signatures too"
        )
        parser.add_argument("--to", type=int, metavar="SEQUENCE", help="stop there")

    def handle(self, *_: Any, **options: Any) -> None:
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        try:
            found = verify(
                self.tell, with_signatures=options["signatures"], to_sequence=options["to"]
            )
        except (
            JournalCorrupt, JournalPruned, StateDiverged, EngineVersionNeeded, PoisonCommand
        ) as fault:  # fmt: skip
            self.progress(f"NOT VERIFIED. {fault}")
            raise SystemExit(1) from fault
        if found.after:
            self.stdout.write(f"begins at   {found.after + 1}: what was before is archived")
        self.stdout.write(f"sequence    {found.sequence}")
        self.stdout.write(f"rows        {found.rows}")
        if options["signatures"]:
            self.stdout.write(f"signatures  {found.signatures}")
        self.stdout.write(f"chain hash  {found.chain_hash.hex()}")
        self.stdout.write(f"state hash  {found.state_hash.hex()}")
        rate = (found.sequence - found.after) / max(found.seconds, 1e-9)
        self.progress(f"Verified in {found.seconds:.1f} s, {rate:,.0f} commands/s.")
