"""A whole venue in processes of its own, as a user starts it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from exchange.pipeline.servers import PROJECT
from exchange.pipeline.servers.home import server_place
from exchange.pipeline.servers.process import listener

LIVE_SECONDS = 240  # Kernels may have to be compiled first.
STOP_SECONDS = 60


class Venue:
    """`manage.py up` on a private NOVATE_HOME and two free ports."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.port = free_port_pair()
        self.output = home.with_name("up.out")
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with open(self.output, "wb") as output:
            self._process = subprocess.Popen(
                self._command(),
                cwd=PROJECT,
                env=self.environment(),
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + LIVE_SECONDS
        while "Novate is live" not in self.said():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def start_again(self) -> subprocess.CompletedProcess[str]:
        """A second `up` beside the first."""
        return subprocess.run(
            self._command(), cwd=PROJECT, env=self.environment(), capture_output=True, text=True
        )

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        return code

    def kill_what_is_left(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
        )

    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str, *, port: int | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def call(self, method: str, *, port: int | None = None) -> Any:
        return json.loads(self.get(f"/api/v2/public/{method}", port=port)[1])["result"]

    def database(self) -> psycopg.Connection:
        run = str(server_place(self.home).run)
        return psycopg.connect(host=run, user="novate", dbname="novate", autocommit=True)

    def processes(self) -> dict[int, str]:
        """Every living process that was started for this home: its pid and command."""
        wanted = f"NOVATE_HOME={self.home}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = command.decode(errors="replace")
            except OSError:
                continue  # It ended, or belongs to somebody else.
        return found

    def servers_listen(self) -> bool:
        run = server_place(self.home).run
        return any(listener(path) for path in (run / ".s.PGSQL.5432", run / "valkey.sock"))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NOVATE_HOME": str(self.home)}

    def _command(self) -> list[str]:
        return [sys.executable, "manage.py", "up", "--port", str(self.port), *self._arguments]


def free_port_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def eventually(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def one_pid(venue: Venue, command: str) -> int:
    """The one process of the venue with this in its command line, once it is there."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = [pid for pid, line in venue.processes().items() if command in line]
        return len(found) == 1

    assert eventually(is_there)
    return found[0]


@contextmanager
def live_venue(folder: Path) -> Iterator[Venue]:
    """A venue below the folder with its demonstration market, from its start to its end."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    venue = Venue(home)
    try:
        venue.start()
        yield venue
        venue.stop()
    finally:
        venue.kill_what_is_left()
