"""Every process of a venue, in the order of their start. The Procfile lists the same ones."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from exchange.pipeline.servers import PROJECT

# What is asked to stop first has the highest wave.
ENGINE, PROJECTOR, WEB, WORK = range(4)

DAPHNE_LIMITS = ("--websocket-max-message-size", "32768", "--websocket_timeout", "-1")


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
    return Process("web", (*arguments, "--no-server-name", "exchange.asgi:application"), WEB)


def fast_lane(host: str, port: int) -> Process:
    """The same application, API only, for bots."""
    arguments = ("-m", "uvicorn", "--host", host, "--port", str(port), "--ws-max-size", "32768")
    quiet = ("--no-access-log", "--log-level", "warning", "--no-server-header")
    lane = {"NOVATE_LANE": "fast"}
    return Process("fast-lane", (*arguments, *quiet, "exchange.asgi:application"), WEB, lane)


def worker() -> Process:
    arguments = ("-m", "celery", "-A", "exchange", "worker", "--concurrency", "1")
    return Process("worker", (*arguments, "--loglevel", "warning"), WORK)


def beat() -> Process:
    return Process("beat", ("-m", "celery", "-A", "exchange", "beat", "--pidfile="), WORK)


def demonstration(host: str, port: int) -> tuple[Process, ...]:
    """Recorded prices, makers and takers: ordinary clients of the fast lane."""
    url = f"ws://{host}:{port}/ws/api/v2"
    return (
        Process("oracle", manage("run_oracle"), WORK),
        Process("makers", manage("run_makers", "--url", url), WORK),
        Process("takers", manage("run_takers", "--url", url), WORK),
    )
