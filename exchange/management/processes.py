"""Every process of a venue, in the order of their start. The Procfile lists the same ones."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exchange.pipeline.servers import PROJECT

# What is asked to stop first has the highest wave.
ENGINE, PROJECTOR, WEB, WORK = range(4)

DAPHNE_LIMITS = ("--websocket-max-message-size", "32768", "--websocket_timeout", "-1")
# Frames are small: to compress one costs more than to send it.
UVICORN_LIMITS = ("--ws-max-size", "32768", "--ws-per-message-deflate", "false")
# Its access log would keep whole addresses: signatures and amounts of order entry by GET.
DAPHNE_QUIET = ("--access-log", os.devnull, "--no-server-name")


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name, what follows `python`, and extra environment."""

    name: str
    arguments: tuple[str, ...]
    wave: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> Sequence[str]:
        return (sys.executable, *self.arguments)


def manage(command: str, *arguments: str) -> tuple[str, ...]:
    return (str(PROJECT / "manage.py"), command, *arguments)


def engine() -> Process:
    return Process("engine", manage("run_engine"), ENGINE)


def projector() -> Process:
    return Process("projector", manage("run_projector"), PROJECTOR)


def web(host: str, port: int) -> Process:
    """Pages, API and streams."""
    arguments = ("-m", "daphne", "-b", host, "-p", str(port), *DAPHNE_LIMITS)
    return Process("web", (*arguments, *DAPHNE_QUIET, "exchange.asgi:application"), WEB)


def fast_lane(host: str, port: int) -> Process:
    """The same application, API only, for bots."""
    arguments = ("-m", "uvicorn", "--host", host, "--port", str(port))
    quiet = ("--no-access-log", "--log-level", "warning", "--no-server-header")
    # Whose word is taken for where a caller is, the gateway decides (ADDR-001): uvicorn would
    # believe whoever connects from this machine.
    peers = ("--no-proxy-headers",)
    lane = {"NOVATE_LANE": "fast"}
    options = (*arguments, *UVICORN_LIMITS, *quiet, *peers)
    return Process("fast-lane", (*options, "exchange.asgi:application"), WEB, lane)


def worker() -> Process:
    arguments = ("-m", "celery", "-A", "exchange", "worker", "--concurrency", "1")
    return Process("worker", (*arguments, "--loglevel", "info"), WORK)


def beat() -> Process:
    arguments = ("-m", "celery", "-A", "exchange", "beat", "--pidfile=")
    return Process("beat", (*arguments, "--loglevel", "info"), WORK)


def oracle(config: Path | None = None) -> Process:
    """The reporters of a file, else those of the demonstration."""
    extra = ("--config", str(config)) if config else ()
    return Process("oracle", manage("run_oracle", *extra), WORK)


def demonstration(host: str, port: int) -> tuple[Process, ...]:
    """Makers and takers: ordinary clients of the fast lane."""
    url = f"ws://{host}:{port}/ws/api/v2"
    return (
        Process("makers", manage("run_makers", "--url", url), WORK),
        Process("takers", manage("run_takers", "--url", url), WORK),
    )
