"""What a venue needs before anyone can trade, and the demonstration's cast.

Idempotent: it looks at the engine's own state (a replica) and gives only the commands that are
missing, so it may run at every start.
"""

import json
import os
import time
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from exchange.engine.commands import CommandKind, Records, make
from exchange.engine.rejects import RejectReason
from exchange.engine.state import State
from exchange.engine.units import INSURANCE, OPERATOR, PPM, ROLE_REPORTER, ROLE_TRADER
from exchange.management.base import NovateCommand
from exchange.management.launch import (
    INSURANCE_UNITS,
    MAKER_UNITS,
    MAKERS,
    TAKER_UNITS,
    TAKERS,
    missing_listings,
)
from exchange.management.recorded_past import lay_recorded_past
from exchange.models import ApiKey, Membership
from exchange.models.keys import create_key
from exchange.pipeline.at_hand import engine_at_hand
from exchange.pipeline.bus import Backpressure, Bus, OutcomeUnknown
from exchange.pipeline.provision import Refused, deposit, provision_account
from exchange.pipeline.replica import Replica
from exchange.pipeline.servers import redis_url
from oracle.sources.registry import DEMO_REPORTERS, Config, load_reporters
from oracle.sources.signing import load_or_create_key, public_key_words

_LOCK = int.from_bytes(b"seeddemo", "big") >> 1


class Command(NovateCommand):
    help = "Lists the launch contracts, then makes the demonstration's reporters and bots."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--listings-only", action="store_true", help="no reporters, funds and bots"
        )
        parser.add_argument(
            "--oracle", type=Path, metavar="FILE", help="register these reporters, no others"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        with_demo = not options["listings_only"]
        reporters = DEMO_REPORTERS if with_demo else ()
        if options["oracle"]:
            reporters = load_reporters(options["oracle"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            with (
                engine_at_hand(redis_url(), progress=self.progress),
                closing(Bus.connect(redis_url())) as bus,
            ):
                self._seed(bus, reporters, with_demo=with_demo)
        except (Refused, Backpressure, OutcomeUnknown) as error:
            raise CommandError(f"The venue is not seeded: {error}") from error
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])

    def _seed(self, bus: Bus, reporters: tuple[Config, ...], *, with_demo: bool) -> None:
        with closing(Replica.open()) as replica:
            replica.catch_up()
            state = replica.machine.state
            listings = missing_listings(state)
            submit(bus, listings, "list the launch contracts")
            self.progress(
                f"Listed: {len(listings)} commands." if listings else "Listed already."
            )
            _register_reporters(bus, state, reporters, settings.NOVATE_HOME / "keys")
            if with_demo:
                _fund_insurance(bus, state)
                _make_bots(settings.NOVATE_HOME / "keys" / "bots.json")
                replica.catch_up()
                lay_recorded_past(state, time.time_ns())
                self.progress(
                    f"Demonstration: {len(reporters)} reporters, {len(MAKERS)} makers, "
                    f"{len(TAKERS)} takers."
                )


def submit(bus: Bus, commands: list[Records], action: str) -> None:
    """Gives commands in one message. Raises Refused with the first reason."""
    if not commands:
        return
    for result in bus.submit(np.concatenate(commands)):
        if result.reason != RejectReason.ACCEPTED:
            raise Refused(action, result.reason)


def _fund_insurance(bus: Bus, state: State) -> None:
    if state.accounts["deposited_units"][INSURANCE] == 0:
        deposit(bus, INSURANCE, INSURANCE_UNITS, 0)


def _register_reporters(
    bus: Bus, state: State, reporters: tuple[Config, ...], folder: Path
) -> None:
    commands = []
    for source, config in enumerate(reporters):
        words = public_key_words(load_or_create_key(folder, config.name))
        row = state.reporters[source]
        if row["registered"] and tuple(int(row[f"key_{i}"]) for i in range(4)) == words:
            continue
        commands.append(
            make(
                CommandKind.REGISTER_REPORTER,
                OPERATOR,
                account=_account_of(f"reporter-{config.name}", 0, ROLE_REPORTER),
                source=source,
                weight_ppm=PPM // len(reporters),
                **{f"key_{i}": word for i, word in enumerate(words)},
            )
        )
    submit(bus, commands, "register the reporters")


def _account_of(name: str, fund_units: int, role: int) -> int:
    known = Membership.objects.filter(user__isnull=True, name=name).first()
    membership = known or provision_account(None, name, fund_units, role=role)
    return membership.account_id


def _make_bots(path: Path) -> None:
    written = json.loads(path.read_bytes()) if path.exists() else {}
    casts = (("makers", MAKERS, MAKER_UNITS), ("takers", TAKERS, TAKER_UNITS))
    fresh = {
        kind: [_bot(name, units, written.get(kind, [])) for name in names]
        for kind, names, units in casts
    }
    if fresh != written:
        _write_private(path, json.dumps(fresh, indent=1))


def _bot(name: str, fund_units: int, written: list[dict[str, Any]]) -> dict[str, Any]:
    account = _account_of(name, fund_units, ROLE_TRADER)
    for row in written:
        known = ApiKey.objects.filter(
            pk=row["key"], account_id=account, revoked_at__isnull=True
        )
        if row["name"] == name and known.exists():
            return row
    key, secret = create_key(account, name)
    return {"name": name, "id": account, "key": key, "secret": secret}


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(f".{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
