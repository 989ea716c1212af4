"""Copy a whole venue into a directory while it runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from exchange.management.base import NovateCommand
from exchange.pipeline.backup import BackupRefused, backup


class Command(NovateCommand):
    help = "Back up journal, tables, snapshot and keys into DIR, at one sequence."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR", help="new or empty")

    def handle(self, *_: Any, **options: Any) -> None:
        directory = options["directory"].absolute()
        try:
            manifest = backup(directory, self.progress)
        except BackupRefused as refusal:
            self.progress(f"Refused. {refusal}")
            raise SystemExit(1) from refusal
        self.stdout.write(f"sequence    {manifest['sequence']}")
        self.stdout.write(f"chain hash  {manifest['chain_hash']}")
        self.stdout.write(f"files       {len(manifest['files'])}")
        if not manifest["has_secret"]:
            self.progress("NOVATE_SECRET_KEY is not in the backup: keep it yourself.")
        self.progress(f"{directory} holds the venue's secrets: keep it as safe as the venue.")
