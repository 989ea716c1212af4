"""Reporters: price sources -> signed observations -> the engine.

Without --config these are the five of the demonstration, which replay recorded prices.
"""

import asyncio
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from exchange.management.base import NovateCommand
from exchange.management.reporters import CLOCK_SECONDS, PathClock, Reporter, report
from exchange.management.running import until_stopped
from exchange.models import Reporter as Registered
from exchange.models import Underlying
from exchange.pipeline.bus import AsyncBus
from exchange.pipeline.servers import redis_url
from oracle.replay import demo_paths, smooth_noise
from oracle.sources.demo import ReplaySource, Temper
from oracle.sources.registry import DEMO_REPORTERS, Config, build_source, load_reporters
from oracle.sources.signing import load_or_create_key, public_key_bytes

INTERVAL_SECONDS = 1.6
REGISTRATION_SECONDS_MAX = 120.0
POLL_SECONDS = 0.5


class Command(NovateCommand):
    help = "Run price reporters until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--config", type=Path, help="JSON list of reporters")
        parser.add_argument(
            "--interval",
            type=float,
            default=INTERVAL_SECONDS,
            help="seconds between two reports of one reporter",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path | None = options["config"]
        configs = load_reporters(path) if path else DEMO_REPORTERS
        clock = PathClock(settings.NOVATE_HOME / "replay-clock.json", time.time_ns())
        reporters = _registered_reporters(configs, clock)
        underlyings = {row.name: row.id for row in Underlying.objects.order_by("id")}
        names = ", ".join(reporter.name for reporter in reporters)
        self.progress(f"Reporting {', '.join(underlyings)} from {names}.")
        asyncio.run(_run(reporters, clock, underlyings, options["interval"]))


async def _run(
    reporters: list[Reporter], clock: PathClock, underlyings: dict[str, int], interval: float
) -> None:
    bus = await AsyncBus.connect(redis_url())
    try:
        await until_stopped(
            _keep_clock(clock),
            *(
                # Spread over the interval, so that the index moves in small steps.
                report(reporter, bus, underlyings, interval, interval * i / len(reporters))
                for i, reporter in enumerate(reporters)
            ),
        )
    finally:
        clock.save(time.time_ns())
        await bus.close()


async def _keep_clock(clock: PathClock) -> None:
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        clock.save(time.time_ns())


def _registered_reporters(configs: tuple[Config, ...], clock: PathClock) -> list[Reporter]:
    """The configured reporters as the engine knows them, found by their public keys."""
    paths = demo_paths()

    def replay(temper: Temper) -> ReplaySource:
        return ReplaySource(paths, temper, smooth_noise, position_ns=clock.position_ns)

    folder = settings.NOVATE_HOME / "keys"
    reporters = []
    for config in configs:
        key = load_or_create_key(folder, config.name)
        row = _registration(config.name, public_key_bytes(key))
        source = build_source(config, replay)
        reporters.append(Reporter(config.name, row.source, row.account, key, source))
    return reporters


def _registration(name: str, public_key: bytes) -> Registered:
    """The row of a reporter: the projector may still be on its way to it."""
    deadline = time.monotonic() + REGISTRATION_SECONDS_MAX
    while time.monotonic() < deadline:
        row = Registered.objects.filter(public_key=public_key).order_by("source").first()
        if row is not None:
            return row
        time.sleep(POLL_SECONDS)
    raise CommandError(
        f"Reporter {name} is not registered with public key {public_key.hex()}."
        " A demonstration registers its five by `manage.py seed_demo`."
    )
