"""An engine for commands that need one: the venue's own if it runs, else one in this process.

HAND-001  whoever needs an engine holds a shared lock while it does; the process that lent its
          own waits for all of them before it stops.
HAND-002  only one process at a time may find that no engine runs.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from exchange.engine import warmup
from exchange.pipeline import journal, market_data, views
from exchange.pipeline.journal import Connection
from exchange.pipeline.projections import Projector, project
from exchange.pipeline.replica import Replica
from exchange.pipeline.runner import Runner

_USERS = int.from_bytes(b"novate:u", "big")
_STARTING = int.from_bytes(b"novate:s", "big")

logger = logging.getLogger(__name__)

Progress = Callable[[str], None]


@contextmanager
def engine_at_hand(redis_url: str, *, progress: Progress = logger.info) -> Iterator[None]:
    """Inside, commands put on the bus are executed; an engine of our own ends with it."""
    with closing(journal.connect()) as connection:
        lent = _take_part(connection, redis_url, progress)
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock_shared(%s)", (_USERS,))
            if lent is not None:
                connection.execute("SELECT pg_advisory_lock(%s)", (_USERS,))
                lent.stop()
                project_now()


def project_now() -> int:
    """Brings the projections to the journal's head, whether a projector runs or not."""
    projector = Projector()
    with closing(Replica.open(to_sequence=projector.sequence)) as replica:
        replica.catch_up(projector.sequence)
        for _ in project(replica, projector):
            pass
    return projector.sequence


class _Lent:
    """A runner in a thread of this process."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._is_stopping.is_set():
            self._runner.step()
        self._runner.finish()


def _take_part(connection: Connection, redis_url: str, progress: Progress) -> _Lent | None:
    connection.execute("SELECT pg_advisory_lock_shared(%s)", (_USERS,))
    connection.execute("SELECT pg_advisory_lock(%s)", (_STARTING,))
    try:
        if _engine_runs(connection):
            return None
        progress("No engine is running: this command starts its own.")
        # A first command that waits for the compiler would be given up before it is executed.
        _compile()
        return _Lent(Runner.open(redis_url, progress=progress))
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_STARTING,))


def _compile() -> None:
    machine = warmup.warm_up()
    views.warm_up(machine.state)
    market_data.warm_up(machine.state)


def _engine_runs(connection: Connection) -> bool:
    if not journal.try_lock(connection):
        return True
    connection.execute("SELECT pg_advisory_unlock(%s)", (journal.LOCK_KEY,))
    return False
