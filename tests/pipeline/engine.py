"""The engine for tests: in a thread of this process, or in a process that may be killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from exchange.pipeline.runner import Runner
from exchange.pipeline.servers import PROJECT, redis_url

START_SECONDS = 120.0  # a cold cache compiles


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """For what another process does in its own time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"


@contextmanager
def engine_in_thread() -> Iterator[Runner]:
    """A real runner; at the end it finishes what it has and saves a snapshot."""
    runner = Runner.open(redis_url())
    is_stopping = threading.Event()
    faults: list[BaseException] = []

    def serve() -> None:
        try:
            while not is_stopping.is_set():
                runner.step()
            runner.finish()
        except BaseException as fault:
            faults.append(fault)
            runner.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield runner
    finally:
        is_stopping.set()
        thread.join()
        if faults:
            raise faults[0]


def environment_of_tests(crash_at: str = "") -> dict[str, str]:
    """For a process that works on the test database."""
    settings: dict[str, Any] = connection.get_connection_params()
    database = (
        f"postgresql://{settings['user']}@/{settings['dbname']}"
        f"?host={settings['host']}&port={settings['port']}"
    )
    return os.environ | {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url(),
        "NOVATE_CRASH_AT": crash_at,
    }


def run_manage(*arguments: str, at: str = "") -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, killed at a crash point if one is named."""
    return subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), *arguments],
        env=environment_of_tests(at),
        capture_output=True,
        text=True,
    )


class EngineProcess:
    """`manage.py run_engine` on the test database, in a process of its own."""

    def __init__(self, crash_at: str = "", options: Sequence[str] = ()) -> None:
        self.lines: list[str] = []
        self._is_live = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, str(PROJECT / "manage.py"), "run_engine", *options],
            env=environment_of_tests(crash_at),
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_live(self) -> "EngineProcess":
        deadline = time.monotonic() + START_SECONDS
        while not self._is_live.wait(0.05):
            assert self._process.poll() is None, "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
        return self

    def wait_for_line(self, text: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not any(text in line for line in self.lines):
            assert time.monotonic() < deadline, "".join(self.lines)
            self._process.poll()
            threading.Event().wait(0.05)

    def kill(self) -> None:
        self._process.kill()
        self.wait()

    def terminate(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        code = self._process.wait(START_SECONDS)
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if "The engine is live" in line:
                self._is_live.set()
