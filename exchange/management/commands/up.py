"""`manage.py up`: a whole venue in one terminal.

UP-001  one venue runs in one NOVATE_HOME: a second `up` says so and ends.
UP-002  every stage is asked whether it is ready before the next one builds on it.
UP-003  whatever ends `up` ends every process it started; nothing is lost by that, because the
        journal is the truth, and the next `up` goes on from it.
"""

import errno
import fcntl
import os
import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from exchange.management import processes, static_files
from exchange.management.base import migrate_if_behind
from exchange.management.processes import Process, manage
from exchange.management.readiness import (
    answers,
    engine_ear,
    is_quoted,
    port_problem,
    projector_has_caught_up,
)
from exchange.management.supervisor import Child, ChildFailed, Supervisor
from exchange.pipeline.servers import (
    ServerLease,
    ServersUnavailable,
    ensure_servers,
    jit_cache_directory,
    novate_home,
    private_directory,
)
from oracle.sources.registry import load_reporters

READY_SECONDS = 120.0
QUOTES_SECONDS = 30.0
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.25
HEAL_SECONDS = 2.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_CONTRACT = "BTC_USDC-PERPETUAL"
PORT_MAX = 65_535  # The fast lane takes the port after the pages'.
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}


class Command(BaseCommand):
    help = "Starts a whole venue and keeps it alive until Ctrl-C."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=_port, default=8000, help="the fast lane takes the next"
        )
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--no-demo", action="store_true", help="no replayed prices, makers and takers"
        )
        parser.add_argument(
            "--oracle",
            type=_reporters,
            metavar="FILE",
            help="your own reporters: see run_oracle",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        with _only_one(novate_home(), f"http://{_shown(host)}:{port}/"):
            _require_ports(host, port)
            with _interruptible():
                _run(host, port, options["oracle"], with_demo=not options["no_demo"])


class _Venue:
    """The stages of a start, each with its progress line."""

    def __init__(self, lease: ServerLease, host: str, port: int, oracle: Path | None) -> None:
        self.supervisor = Supervisor(_say)
        self._lease = lease
        self._host = host
        self._port = port
        self._oracle = oracle
        self._logs = private_directory(novate_home() / "log")

    def prepare(self) -> None:
        """Database and static files, while a child compiles the kernels."""
        marker = jit_cache_directory() / "warm"
        compiler = None if marker.exists() else self._start_once("warm_up", *manage("warm_up"))
        with _stage("database"):
            migrate_if_behind(_note)
        if static_files.are_stale():
            with _stage("static files"):
                static_files.collect()
        if compiler is not None:
            with _stage("kernels (compiled once for these sources: a minute or so)"):
                self.supervisor.finish(compiler)
            marker.touch()

    def start_core(self, *, with_demo: bool) -> None:
        """What holds the state, and the contracts to trade."""
        with _stage("engine"), engine_ear() as ear:
            self._start(processes.engine())
            self._start(processes.projector())
            self._wait("engine", ear.hears)
        self._start(processes.web(self._host, self._port))
        self._start(processes.fast_lane(self._host, self._port + 1))
        with _stage("projector"):
            self._wait("projector", projector_has_caught_up)
        with _stage("contracts and demonstration accounts" if with_demo else "contracts"):
            extra: tuple[str, ...] = () if with_demo else ("--listings-only",)
            extra += ("--oracle", str(self._oracle)) if self._oracle else ()
            self.supervisor.finish(self._start_once("seed", *manage("seed_demo", *extra)))
        connection.close()

    def start_edge(self, *, with_demo: bool) -> None:
        """What speaks to the world and what works beside the engine."""
        with _stage("web"):
            host = _shown(self._host)
            self._wait("web", lambda: answers(host, self._port))
            self._wait("fast-lane", lambda: answers(host, self._port + 1))
        if with_demo or self._oracle:
            self._start(processes.oracle(self._oracle))
        if with_demo:
            with _stage("demonstration market"):
                for process in processes.demonstration(host, self._port + 1):
                    self._start(process)
                is_made = partial(is_quoted, host, self._port + 1, FIRST_CONTRACT)
                if not self._wait_until(is_made, QUOTES_SECONDS):
                    _note(f"no quotes yet: see {self._logs / 'makers.log'}")
        self._start(processes.worker())
        self._start(processes.beat())

    def keep_alive(self) -> None:
        healed_at = time.monotonic()
        while True:
            self.supervisor.watch()
            if time.monotonic() - healed_at > HEAL_SECONDS:
                for name in self._lease.heal():
                    _say(f"{name} had died and was started again")
                healed_at = time.monotonic()
            time.sleep(WATCH_SECONDS)

    def _start(self, process: Process) -> Child:
        return self.supervisor.start(self._child(process))

    def _start_once(self, name: str, *arguments: str) -> Child:
        child = self._child(Process(name, arguments, processes.WORK))
        child.once = True
        return self.supervisor.start(child)

    def _child(self, process: Process) -> Child:
        environment = {
            "NOVATE_HOME": str(novate_home()),
            "DJANGO_SETTINGS_MODULE": "exchange.settings",
            "PYTHONUNBUFFERED": "1",
            "NOVATE_PROCESS": process.name,
            **process.environment,
        }
        log = self._logs / f"{process.name}.log"
        return Child(process.name, process.command, log, process.wave, environment)

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        if not self._wait_until(is_ready, READY_SECONDS):
            log = self._logs / f"{name}.log"
            raise ChildFailed(f"{name} was not ready after {READY_SECONDS:.0f} s: see {log}")

    def _wait_until(self, is_ready: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not is_ready():
            self.supervisor.watch()
            self.supervisor.require_steady()
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def _run(host: str, port: int, oracle: Path | None, *, with_demo: bool) -> None:
    began = time.monotonic()
    try:
        with _started_servers() as lease:
            venue = _Venue(lease, host, port, oracle)
            try:
                venue.prepare()
                venue.start_core(with_demo=with_demo)
                venue.start_edge(with_demo=with_demo)
                _say(f"Novate is live at http://{_shown(host)}:{port}/ ({_since(began)}).")
                if not with_demo and oracle is None:
                    _say("It has no prices, so nothing trades: --oracle FILE starts reporters.")
                if host not in LOCAL_HOSTS:
                    _say(
                        "Others reach it only by the names in NOVATE_HOSTS; put TLS before it."
                    )
                venue.keep_alive()
            finally:
                _ignore_signals()
                _say("Stopping.")
                venue.supervisor.stop()
    except (ChildFailed, ServersUnavailable) as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        _say("All processes have ended. The next `up` goes on from here.")


@contextmanager
def _started_servers() -> Iterator[ServerLease]:
    with ExitStack() as stack:
        with _stage("servers"):
            lease = stack.enter_context(ensure_servers(_note))
        yield lease


@contextmanager
def _only_one(home: Path, url: str) -> Iterator[None]:
    private_directory(home)
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 500).decode()
        os.close(descriptor)
        raise CommandError(f"Novate already runs in {home}: {holder}") from error
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}, {url}".encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)


def _reporters(text: str) -> Path:
    path = Path(text).absolute()
    try:
        load_reporters(path)
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(str(error)) from error
    return path


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < PORT_MAX:
        raise ArgumentTypeError(f"Expected a port from 1 to {PORT_MAX - 1}, was {text!r}")
    return int(text)


def _require_ports(host: str, port: int) -> None:
    for wanted in (port, port + 1):
        problem = port_problem(host, wanted)
        if problem == errno.EADDRINUSE:
            raise CommandError(
                f"Port {wanted} of {host} is in use: pages take --port, the fast lane the next."
                f" Try: manage.py up --port {(port + 10) % PORT_MAX}"
            )
        if problem:
            raise CommandError(f"Port {wanted} of {host}: {os.strerror(problem)}.")


@contextmanager
def _interruptible() -> Iterator[None]:
    previous = {number: signal.signal(number, _interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    # Once is enough: a second Ctrl-C must not cut the orderly end short.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _stage(name: str) -> Iterator[None]:
    began = time.monotonic()
    _say(f"Starting: {name}")
    yield
    _say(f"   ready: {name.split(' (')[0]} in {_since(began)}")


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


def _shown(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - it is only shown.


def _note(text: str) -> None:
    _say(f"          {text}")


def _say(text: str) -> None:
    with suppress(BrokenPipeError):  # A reader that left must not end the venue.
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
