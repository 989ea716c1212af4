"""Fill an empty venue from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from exchange.management.base import NovateCommand
from exchange.pipeline.backup import BackupRefused, restore
from exchange.pipeline.high_water import MarkCorrupt
from exchange.pipeline.journal import JournalCorrupt


class Command(NovateCommand):
    help = "Restore DIR, made by `backup`, into an empty database, and check its chain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            found = restore(options["directory"].absolute(), self.progress)
        except (BackupRefused, JournalCorrupt, MarkCorrupt) as refusal:
            self.progress(f"Refused. {refusal}")
            raise SystemExit(1) from refusal
        self.stdout.write(f"sequence    {found.sequence}")
        self.stdout.write(f"rows        {found.rows}")
        if found.mark.sequence > found.sequence:
            self.progress(
                f"Commands {found.sequence + 1} to {found.mark.sequence} were acknowledged "
                "after this backup was made. Find a newer one, or go on without them: "
                f"manage.py run_engine --accept-loss-after {found.sequence}"
            )
            raise SystemExit(2)
        self.progress("Restored. `manage.py verify` recomputes it.")
