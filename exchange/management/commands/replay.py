"""Replay the journal: into a state, or with --rebuild into every projected table."""

import time
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from exchange import selectors
from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.projections import RebuildUnderWay, journal_head, rebuild
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
        parser.add_argument(
            "--resume",
            action="store_true",
            help="with --rebuild: empty nothing, go on where an interrupted one stopped",
        )
        parser.add_argument("--to", type=int, metavar="SEQUENCE", help="stop there")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["rebuild"] and options["to"] is not None:
            raise CommandError(
                "Projections always stand at the journal's head: leave out --to."
            )
        if options["resume"] and not options["rebuild"]:
            raise CommandError("--resume goes on with a rebuild: say --rebuild --resume.")
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        if options["rebuild"]:
            self._rebuild(resume=options["resume"])
        else:
            self._replay(options["to"])

    def _rebuild(self, *, resume: bool) -> None:
        started = time.monotonic()
        before = selectors.projected_head().sequence if resume else 0
        try:
            sequence = rebuild(self.tell, resume=resume)
        except (JournalPruned, RebuildUnderWay) as refusal:
            self.progress(f"Refused. {refusal}")
            raise SystemExit(1) from refusal
        except KeyboardInterrupt:
            # An interrupted statement may leave its connection waiting for an answer.
            connection.close()
            stand = selectors.projected_head().sequence
            self.progress(
                f"Interrupted: the projections stand at sequence {stand}, whole up to there. A "
                "running projector goes on from it, and so does manage.py replay --rebuild "
                "--resume; without --resume it begins anew."
            )
            raise
        seconds = time.monotonic() - started
        rate = (sequence - before) / max(seconds, 1e-9)
        self.progress(
            f"Folded {sequence - before:,} commands in {seconds:.1f} s, {rate:,.0f}/s."
        )
        self.stdout.write(f"Projections rebuilt to sequence {sequence}.")

    def _replay(self, to_sequence: int | None) -> None:
        total = journal_head() if to_sequence is None else to_sequence
        with closing(Replica.open(to_sequence=to_sequence)) as replica:
            start, started = replica.sequence, time.monotonic()
            for row, _events in replica.advance(to_sequence):
                self.tell(row.last_sequence, max(total, row.last_sequence))
            seconds = time.monotonic() - started
            self.progress(f"Replayed {replica.sequence - start:,} commands in {seconds:.1f} s.")
            self.stdout.write(f"sequence    {replica.sequence}")
            self.stdout.write(f"state hash  {replica.state_hash().hex()}")
