"""Who needs the embedded servers, and when they stop.

LEASE-001  a process that needs the servers holds a lease: a shared flock. The kernel drops it
           with the process, however that ends, so no count can ever be wrong.
LEASE-002  servers start and stop only under the exclusive flock of `servers.mutex`.
LEASE-003  the last one to leave stops them: the one who then gets the lease lock exclusively.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from exchange.pipeline.servers.home import (
    LEASE_FILE,
    Place,
    Report,
    prepare,
    private_directory,
    server_place,
)
from exchange.pipeline.servers.postgres import Postgres
from exchange.pipeline.servers.valkey import Valkey

MUTEX_FILE = "servers.mutex"


class ServerLease:
    """Holds the embedded servers that the environment does not replace by real ones."""

    def __init__(self, report: Report, home: Path | None = None) -> None:
        self.place = server_place(home)
        self._report = report
        self._servers = _embedded_servers(self.place)
        self._lock: int | None = None

    def __enter__(self) -> Self:
        if not self._servers:
            return self
        private_directory(self.place.home)
        with _exclusive(self.place.home / MUTEX_FILE):
            if not (self.place.home / LEASE_FILE).exists():
                self._stop()  # They served a home that was deleted under them.
            prepare(self.place, self._report)
            self._lock = _open(self.place.home / LEASE_FILE)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            try:
                self._start_missing()
            except BaseException:
                self._leave()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            with _exclusive(self.place.home / MUTEX_FILE):
                self._leave()

    def heal(self) -> list[str]:
        """Starts again the servers that died under us; their names."""
        if all(server.is_alive() for server in self._servers):
            return []
        with _exclusive(self.place.home / MUTEX_FILE):
            return self._start_missing()

    def _start_missing(self) -> list[str]:
        missing = [server for server in self._servers if not server.is_ready()]
        for server in missing:
            server.start(self._report)
        return [server.name for server in missing]

    def _leave(self) -> None:
        assert self._lock is not None
        lock, self._lock = self._lock, None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # Somebody else still needs them.
        else:
            self._stop()
        finally:
            os.close(lock)

    def _stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()


def ensure_servers(report: Report | None = None, *, home: Path | None = None) -> ServerLease:
    """A context manager: inside it the servers answer. `report` gets lines of progress."""
    return ServerLease(report or _silent, home)


def discard_servers(home: Path) -> None:
    """Deletes all that the servers of `home` keep. For homes of tests and drills."""
    place = server_place(home)
    with _exclusive(place.home / MUTEX_FILE):
        for server in reversed(_embedded_servers(place)):
            server.stop()
    shutil.rmtree(place.run, ignore_errors=True)
    shutil.rmtree(place.data.parent if place.user else place.data, ignore_errors=True)


def _embedded_servers(place: Place) -> list[Postgres | Valkey]:
    servers: list[Postgres | Valkey] = []
    if not os.environ.get("DATABASE_URL"):
        servers.append(Postgres(place))
    if not os.environ.get("REDIS_URL"):
        servers.append(Valkey(place))
    return servers


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _silent(_: str) -> None:
    """Nobody listens: a library caller did not ask for progress."""
