"""What every command of the venue does before its own work.

It takes a lease on the servers, migrates when the database is behind, and turns SIGTERM into
the same orderly end as Ctrl-C, so that the lease is always given back. Progress goes to stderr:
stdout belongs to the answer, which may be a line of JSON.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from exchange.management.progress import Progress
from exchange.pipeline.crash import crash_point
from exchange.pipeline.servers import ServersUnavailable, ensure_servers

logger = logging.getLogger(__name__)

DATABASE_SECONDS = 30.0
DATABASE_PAUSE_SECONDS = 0.1
MIGRATION_LOCK = 0x6E6F7661  # One process migrates, the others wait for it.


class NovateCommand(BaseCommand):
    """A command that finds its servers running and its database migrated."""

    needs_database = True
    _bar: Progress | None = None
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute.

    def execute(self, *args: Any, **options: Any) -> str | None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            with ensure_servers(self.progress):
                if self.needs_database:
                    wait_for_database(self.progress)
                    migrate_if_behind(self.progress)
                return super().execute(*args, **options)
        except ServersUnavailable as error:
            self.progress(str(error))
            sys.exit(1)
        except Exception:
            if os.environ.get("NOVATE_LOG") != "json":
                raise
            logger.critical("The command failed.", exc_info=True)  # a line like all others
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)

    def progress(self, text: str) -> None:
        """One line, below the picture of a work that is under way."""
        if self._bar is not None:
            self._bar.finish()
        if os.environ.get("NOVATE_LOG") == "json":
            logger.info(text)
            return
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def tell(self, done: int, total: int) -> None:
        """How far a long work has come."""
        if self._bar is None:
            self._bar = Progress(self.progress)
        self._bar(done, total)


def wait_for_database(progress: Callable[[str], None]) -> None:
    """Until it lets us in: it may be starting, or recovering. Raises ServersUnavailable."""
    deadline = time.monotonic() + DATABASE_SECONDS
    is_told = False
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise ServersUnavailable(f"The database does not let us in: {error}") from error
            if not is_told:
                progress(f"Waiting for the database: {error}")
                is_told = True
            time.sleep(DATABASE_PAUSE_SECONDS)


def migrate_if_behind(progress: Any) -> None:
    """Applies missing migrations, once, however many commands start together."""
    if not _pending_migrations():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            if _pending_migrations():
                progress("Migrating the database.")
                with connection.execute_wrapper(_between_statements):
                    call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _between_statements(execute: Callable[..., Any], *statement: Any) -> Any:
    crash_point("mid_migration")
    return execute(*statement)


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
