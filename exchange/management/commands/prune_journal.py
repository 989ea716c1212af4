"""Move old rows of the journal into an archive; or back."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.archive import hash_of, read_archive
from exchange.pipeline.journal import JournalCorrupt
from exchange.pipeline.replica import PoisonCommand, StateDiverged
from exchange.pipeline.retention import PruneRefused, prune, put_back, sequence_at

DAY_NS = 86_400 * 10**9


class Command(NovateCommand):
    help = (
        "Archive rows of the journal and delete them, behind a verified state; the venue runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--keep-days", type=int, metavar="N", help="keep the last N days")
        what.add_argument("--before", type=int, metavar="SEQUENCE", help="keep from there on")
        what.add_argument("--put-back", type=Path, metavar="FILE", help="load an archive again")
        what.add_argument("--check", type=Path, metavar="FILE", help="check an archive's chain")
        parser.add_argument(
            "--archive", type=Path, metavar="DIR", help="where archives go; needed to prune"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            if options["put_back"]:
                done = put_back(options["put_back"].absolute())
                self.stdout.write(
                    f"Put back {done.rows} rows: {done.first_sequence} to {done.last_sequence}."
                )
                return
            if options["check"]:
                self._check(options["check"])
                return
            self._prune(options)
        except (PruneRefused, JournalCorrupt, JournalPruned, PoisonCommand, StateDiverged) as e:
            self.progress(f"Refused. {e}")
            raise SystemExit(1) from e

    def _check(self, path: Path) -> None:
        head, rows = read_archive(path)
        first, count = head.sequence + 1, 0
        for row in rows:
            head, count = row.head, count + 1
        self.stdout.write(f"sequence    {first} to {head.sequence}, {count} rows")
        self.stdout.write(f"chain hash  {head.hash.hex()}")
        self.stdout.write(f"blake2b     {hash_of(path).hex()}")

    def _prune(self, options: dict[str, Any]) -> None:
        if options["archive"] is None:
            raise PruneRefused("--archive DIR says where the rows go.")
        before = options["before"]
        if options["keep_days"] is not None:
            before = sequence_at(time.time_ns() - options["keep_days"] * DAY_NS)
        self.progress("Compiling or loading the kernels.")
        warmup.warm_up()
        done = prune(before, options["archive"].absolute(), self.tell)
        self.stdout.write(
            f"Archived {done.rows} rows, {done.first_sequence} to {done.last_sequence}, in "
            f"{done.archive}."
        )
        self.progress(
            f"The journal begins after {done.last_sequence}: verify and recovery start there, "
            "projections cannot be rebuilt without the archive."
        )
