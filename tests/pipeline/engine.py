"""The engine for tests: in a thread of this process, or in a process that may be killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from exchange.pipeline.runner import Runner
from exchange.pipeline.servers import PROJECT, redis_url
from tests.pipeline.process import VenueProcess, surroundings


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """For what another process does in its own time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"


@contextmanager
def engine_in_thread(url: str = "") -> Iterator[Runner]:
    """A real runner; at the end it finishes what it has and saves a snapshot."""
    runner = Runner.open(url or redis_url())
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


def run_manage(*arguments: str, at: str = "") -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, killed at a crash point if one is named."""
    return subprocess.run(
        [sys.executable, str(PROJECT / "manage.py"), *arguments],
        env=os.environ | surroundings() | {"NOVATE_CRASH_AT": at},
        capture_output=True,
        text=True,
    )


class EngineProcess(VenueProcess):
    """`manage.py run_engine` on the test database, in a process of its own."""

    def __init__(
        self,
        crash_at: str = "",
        options: Sequence[str] = (),
        *,
        is_forked: bool = True,
        **environment: str,
    ) -> None:
        arguments = ("manage.py", "run_engine", *options)
        super().__init__(*arguments, crash_at=crash_at, is_forked=is_forked, **environment)

    def wait_live(self) -> "EngineProcess":
        self.wait_for_line("The engine is live")
        return self
