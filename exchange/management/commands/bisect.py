"""Find the first command after which this machine's state differs from the venue's.

Exit codes: 0 all hashes agree, 1 a difference was found, 2 it could not be told.
"""

from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from exchange.engine import warmup
from exchange.management.base import NovateCommand
from exchange.pipeline import journal
from exchange.pipeline.anchor import JournalPruned
from exchange.pipeline.bisection import (
    Compared,
    StateHash,
    find_divergence,
    first_other_row,
    hashes_of_database,
    journaled_hashes,
)
from exchange.pipeline.journal import EngineVersionNeeded, JournalCorrupt
from exchange.pipeline.replica import PoisonCommand


class Command(NovateCommand):
    help = "Replay beside the journal's own state hashes, or another machine's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--against",
            metavar="FILE|URL",
            help="output of state_hashes, or postgresql://… of another host's journal",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        against = options["against"]
        try:
            if against and "://" in against and (other := first_other_row(against)):
                self.stdout.write(f"commands differ from sequence {other} on")
                self.progress("Not the engines but the journals differ: two histories.")
                raise SystemExit(1)
            theirs = _hashes(against)
            self.progress("Compiling or loading the kernels.")
            warmup.warm_up()
            found = find_divergence(theirs, self.tell)
        except (
            JournalCorrupt, JournalPruned, EngineVersionNeeded, PoisonCommand,
            psycopg.OperationalError, OSError, ValueError,
        ) as fault:  # fmt: skip
            self.progress(f"It could not be told. {fault}")
            raise SystemExit(2) from fault
        self._report(found)

    def _report(self, found: Compared) -> None:
        if found.divergence is None:
            if not found.hashes:
                self.progress("There are no hashes to compare with.")
                raise SystemExit(2)
            self.stdout.write(f"agrees      {found.hashes} hashes, to sequence {found.through}")
            return
        apart = found.divergence
        self.stdout.write(f"agrees      to sequence {apart.agreed}")
        self.stdout.write(f"differs     at sequence {apart.differs}")
        self.stdout.write(f"here        {apart.ours.hex()}")
        self.stdout.write(f"there       {apart.theirs.hex()}")
        if apart.differs > apart.agreed + 1:
            self.progress(
                "To name the command, run there: manage.py state_hashes --every 1 "
                f"--after {apart.agreed} --to {apart.differs} > hashes.txt; and here: "
                "manage.py bisect --against hashes.txt"
            )
        raise SystemExit(1)


def _hashes(against: str | None) -> list[StateHash]:
    """Raises ValueError for a file that state_hashes did not write."""
    if against is None:
        with closing(journal.connect()) as connection:
            return journaled_hashes(connection)
    if "://" in against:
        return hashes_of_database(against)
    points = []
    for number, line in enumerate(Path(against).read_text().splitlines(), 1):
        sequence, _, digest = line.partition(" ")
        if not sequence.isdecimal() or len(digest) != 2 * journal.HASH_BYTES:
            raise ValueError(f"{against}, line {number}: expected `sequence hash`")
        points.append(StateHash(int(sequence), bytes.fromhex(digest)))
    return points
