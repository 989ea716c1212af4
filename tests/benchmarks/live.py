"""A venue for the benchmarks: servers, an engine process, one contract, fresh prices."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from django.core.management import call_command
from django.db import connections

from exchange.engine import commands, units
from exchange.engine.commands import CommandKind
from exchange.engine.units import OPERATOR
from exchange.pipeline.servers import PROJECT, discard_servers, ensure_servers, novate_home
from tests.pipeline.venue import Venue

PRICE_SECONDS = 2.0
START_SECONDS = 600.0
FUND_BATCH = 1_000


@contextlib.contextmanager
def child(
    *arguments: str, ready: str = "", **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A process of the venue; waits for the line that says it is ready."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr if ready else ():
            if ready in line:
                break
        assert process.poll() is None, f"{arguments} ended with {process.returncode}"
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@contextlib.contextmanager
def live_engine() -> Iterator[tuple[Venue, subprocess.Popen[str]]]:
    """A running engine with a listed BTC perpetual at 60,000, and its process."""
    with ensure_servers():
        call_command("migrate", interactive=False, verbosity=0)
        with engine_process() as process:
            venue = Venue()
            venue.open()
            yield venue, process
            venue.close()
        # Another benchmark's servers are not these.
        connections.close_all()
    discard_servers(novate_home())


def engine_process() -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """The engine in a process of its own, once it is live."""
    return child("manage.py", "run_engine", ready="The engine is live")


@contextlib.contextmanager
def fresh_prices(venue: Venue) -> Iterator[None]:
    """The index stays VALID meanwhile."""
    ended = threading.Event()
    prices = threading.Thread(target=_keep_prices, args=(venue, ended))
    prices.start()
    try:
        yield
    finally:
        ended.set()
        prices.join()


def fund_accounts(venue: Venue, count: int, funds_units: int) -> int:
    """Opens and funds accounts in batches; the first one's id."""
    first = 0
    for begin in range(0, count, FUND_BATCH):
        size = min(FUND_BATCH, count - begin)
        opened = np.zeros(size, commands.OPEN_ACCOUNT)
        opened["kind"], opened["principal"] = CommandKind.OPEN_ACCOUNT, OPERATOR
        opened["account"], opened["role"] = units.NO_ACCOUNT, units.ROLE_TRADER
        results = venue.accept(opened.view(commands.HEADER))
        accounts = [int(result.events["account"][0]) for result in results]
        first = first or accounts[0]
        funded = np.zeros(size, commands.DEPOSIT)
        funded["kind"], funded["principal"] = CommandKind.DEPOSIT, OPERATOR
        funded["account"], funded["amount_units"] = accounts, funds_units
        venue.accept(funded.view(commands.HEADER))
    return first


def fdatasync_ms() -> float:
    """The median of 200 small synced writes on the disk of the venue, in ms."""
    path = Path(novate_home()) / "fdatasync"
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4_096))
            began = perf_counter()
            os.fdatasync(file.fileno())
            took.append(perf_counter() - began)
    path.unlink()
    return 1e3 * sorted(took)[len(took) // 2]


def _keep_prices(venue: Venue, ended: threading.Event) -> None:
    # The index is stale after ten seconds without an observation.
    while not ended.wait(PRICE_SECONDS):
        venue.publish_price(60_000)
