"""A process of the venue on the servers of the test run, that may be killed or told to die.

Most are forked from one server process that has imported everything once: a start takes no
second then, and each still is a process with its own sockets, locks and files. What must be
seen by the dynamic linker needs a program of its own (is_forked=False).
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from django.db import connection, connections

from exchange.pipeline import crash
from exchange.pipeline.servers import PROJECT, database_settings, redis_url

START_SECONDS = 120.0  # a busy machine
PRELOADED = ["tests.pipeline.preload"]

_context: ForkServerContext | None = None


def database_url(name: str = "") -> str:
    """The test database's address, or that of another one on the same server."""
    settings: dict[str, Any] = connection.get_connection_params()
    return (
        f"postgresql://{settings['user']}@/{name or settings['dbname']}"
        f"?host={settings['host']}&port={settings['port']}"
    )


class VenueProcess:
    """`python …` with the test run's database and bus, and without the compiler.

    What is tested with it waits for disks and sockets; interpreted kernels start in no time,
    and compute the same.
    """

    def __init__(
        self, *arguments: str, crash_at: str = "", is_forked: bool = True, **environment: str
    ) -> None:
        descriptor, name = tempfile.mkstemp(dir=os.environ["NOVATE_HOME"])
        self._output = Path(name)
        self._process: subprocess.Popen[bytes] | ForkServerProcess
        changes = {"NOVATE_CRASH_AT": crash_at, **environment}
        if is_forked:
            self._process = _forked().Process(
                target=_run, args=(arguments, changes, str(self._output))
            )
            self._process.start()
        else:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=os.environ | surroundings() | changes,
                stdout=descriptor,
                stderr=descriptor,
            )
        os.close(descriptor)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, minus the signal that ended it; None while it runs."""
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll()
        return self._process.exitcode

    @property
    def is_alive(self) -> bool:
        return self.code is None

    @property
    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for_line(self, text: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while text not in self.said:
            assert self.is_alive or text in self.said, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.01)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit code."""
        deadline = time.monotonic() + START_SECONDS
        while (code := self.code) is None:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.005)
        return code

    def close(self) -> None:
        """Nothing is left of it, whatever the test left."""
        if self.is_alive:
            self.kill()
        self._output.unlink()
        if not isinstance(self._process, subprocess.Popen):
            self._process.close()


def surroundings() -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url(),
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _forked() -> ForkServerContext:
    """The server of forks, started with the first process of a test run."""
    global _context
    if _context is None:
        _context = multiprocessing.get_context("forkserver")
        _context.set_forkserver_preload(PRELOADED)
        with _changed_environment(surroundings()):
            forkserver.ensure_running()
    return _context


@contextmanager
def _changed_environment(changes: Mapping[str, str]) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _run(arguments: Sequence[str], changes: Mapping[str, str], output: str) -> None:
    """In the forked process: what `python arguments…` would do."""
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file here
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # Tests that a shell runs in its background are deaf to this signal; a command is not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(PROJECT)
    os.environ.update(changes)
    crash.arm(changes["NOVATE_CRASH_AT"])
    connections.databases["default"].update(database_settings())
    if arguments[0] == "-m":
        sys.argv = [arguments[1], *arguments[2:]]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(str(PROJECT / arguments[0]), run_name="__main__")
