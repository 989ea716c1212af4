"""An account with its API key, for bots and tests; the venue may run or not."""

import json
import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from exchange.engine.units import AMOUNT_UNITS_MAX, ASSET_NAMES
from exchange.management.base import NovateCommand
from exchange.models.keys import create_key
from exchange.pipeline.at_hand import engine_at_hand
from exchange.pipeline.bus import Backpressure, OutcomeUnknown
from exchange.pipeline.provision import (
    NameTaken,
    Refused,
    provision_account,
    require_free_name,
)
from exchange.pipeline.servers import redis_url

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AMOUNT = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,6}))?", re.ASCII)


class Command(NovateCommand):
    help = "Opens an account, funds it with test money, and makes a full-scope API key for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="1 to 64 letters, digits, dots, dashes, underscores")
        parser.add_argument("--fund", metavar="ASSET=AMOUNT", help="for example USDC=100000")
        parser.add_argument("--json", action="store_true", help="one line of JSON on stdout")

    def handle(self, *_args: Any, **options: Any) -> None:
        name = checked_name(options["name"])
        fund_units = parse_fund(options["fund"]) if options["fund"] else 0
        try:
            require_free_name(name)
            with engine_at_hand(redis_url(), progress=self.progress):
                membership = provision_account(None, name, fund_units)
        except (NameTaken, Refused, Backpressure, OutcomeUnknown) as error:
            raise CommandError(str(error)) from error
        key, secret = create_key(membership.account_id, name)
        answer = {"id": membership.account_id, "name": name, "key": key, "secret": secret}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        for field, value in answer.items():
            self.stdout.write(f"{field:8}{value}")
        self.progress("The secret is shown this once.")


def checked_name(name: str) -> str:
    """The name, if it may be an account's. Raises CommandError."""
    if not _NAME.fullmatch(name):
        raise CommandError(
            "Expected a name of 1 to 64 letters, digits, dots, dashes or underscores, "
            f"beginning with a letter or digit, was {name!r}"
        )
    return name


def parse_fund(text: str) -> int:
    """Units of an amount such as USDC=100000.25. Raises CommandError.

    >>> parse_fund("USDC=0.25")
    250000
    """
    asset, _, amount = text.partition("=")
    if asset not in ASSET_NAMES:
        raise CommandError(f"Expected one of {', '.join(ASSET_NAMES)}=AMOUNT, was {text!r}")
    parts = _AMOUNT.fullmatch(amount)
    if parts is None:
        raise CommandError(f"Expected an amount such as 100000 or 0.25, was {amount!r}")
    units = int(parts[1]) * 1_000_000 + int((parts[2] or "").ljust(6, "0"))
    if not 0 < units <= AMOUNT_UNITS_MAX:
        raise CommandError(
            f"Expected more than 0 and at most {AMOUNT_UNITS_MAX // 1_000_000}, was {amount}"
        )
    return units
