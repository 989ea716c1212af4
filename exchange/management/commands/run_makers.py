"""The demonstration's makers: ordinary API clients with their own keys."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from exchange.management.base import NovateCommand
from exchange.management.bots.client import Client
from exchange.management.bots.fleet import DEFAULT_URL, load_credentials, run_fleet
from exchange.management.bots.maker import Maker

RATE = 12.0


class Command(NovateCommand):
    help = "Run the demonstration's makers until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=DEFAULT_URL, help="the venue's websocket")
        parser.add_argument(
            "--rate",
            type=float,
            default=RATE,
            help="quote changes a second, of all makers together",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        rate: float = options["rate"]
        if rate <= 0:
            raise CommandError(f"Expected a positive rate, was {rate}")
        try:
            credentials = load_credentials(
                settings.NOVATE_HOME / "keys" / "bots.json", "makers"
            )
        except (ValueError, PermissionError) as error:
            raise CommandError(str(error)) from error
        self.progress(
            f"{len(credentials)} makers at {options['url']}, {rate:g} quote changes a second."
        )

        def build(client: Client, number: int) -> Maker:
            return Maker(client, number, rate / len(credentials))

        asyncio.run(run_fleet(options["url"], credentials, build))
