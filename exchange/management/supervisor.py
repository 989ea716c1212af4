"""Keeps the processes of one venue alive, and ends them all.

PROC-001  every child leads a session of its own: Ctrl-C reaches the supervisor alone, which
          stops the children in reverse order of their start.
PROC-002  a child that dies is started again, at once the first time, then ever later; one that
          lived for STEADY_SECONDS starts again at once.
PROC-003  no child outlives the supervisor: it stops whole sessions, and should it be killed
          itself the kernel tells its children (PR_SET_PDEATHSIG).
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exchange.pipeline.servers import PROJECT
from exchange.pipeline.servers.process import log_tail

FIRST_DELAY_SECONDS = 0.25
DELAY_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0
FAILURES_TOLD_IN_FULL = 4
STOP_SECONDS = 15.0
POLL_SECONDS = 0.02
LOG_BYTES_MAX = 16_000_000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

Report = Callable[[str], None]


class ChildFailed(RuntimeError):
    """A process that the venue cannot do without did not come up."""


@dataclass(slots=True)
class Child:
    """One process of the venue: what to run, and how it fares."""

    name: str
    command: Sequence[str]
    log: Path
    wave: int = 0  # Stopped together; the last wave first.
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False  # It is meant to end, and is not started again.
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    next_start: float = 0.0
    last_words: str = ""

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, watches them, stops them.

    steady_seconds : a child that lived so long is started again at once when it dies
    """

    def __init__(self, report: Report, *, steady_seconds: float = STEADY_SECONDS) -> None:
        self._report = report
        self._steady_seconds = steady_seconds
        self._children: list[Child] = []

    def start(self, child: Child) -> Child:
        _rotate(child.log)
        _spawn(child)
        self._children.append(child)
        return child

    def finish(self, child: Child) -> None:
        """Waits for a one-time child, watching the others. Raises ChildFailed if it failed."""
        assert child.once
        while child.is_running():
            self.watch()
            time.sleep(POLL_SECONDS)
        self._children.remove(child)
        assert child.process is not None
        if child.process.returncode:
            raise ChildFailed(_obituary(child))

    def watch(self) -> None:
        """Starts again whatever has died and whose time has come."""
        now = time.monotonic()
        for child in self._children:
            if child.once:
                continue
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.process is None and now >= child.next_start:
                _spawn(child)

    def require_steady(self) -> None:
        """Raises when a child has died too often to hope for it."""
        for child in self._children:
            if child.failures >= FAILURES_TOLD_IN_FULL:
                raise ChildFailed(f"{child.name} does not start.\n{child.last_words}")

    def stop(self) -> None:
        for wave in sorted({child.wave for child in self._children}, reverse=True):
            for name in _stop([child for child in self._children if child.wave == wave]):
                self._report(f"{name} did not stop in {STOP_SECONDS:.0f} s and was killed")
        self._children.clear()

    def _bury(self, child: Child, now: float) -> None:
        steady = now - child.started >= self._steady_seconds
        child.failures = 1 if steady else child.failures + 1
        delay = min(FIRST_DELAY_SECONDS * 4 ** (child.failures - 1), DELAY_SECONDS_MAX)
        assert child.process is not None
        child.last_words = _obituary(child)
        if child.failures == FAILURES_TOLD_IN_FULL:
            self._report(f"{child.name} keeps dying. {child.last_words}")
        ending = _ending(child.process.returncode)
        self._report(f"{child.name} {ending}; starting it again in {delay:g} s ({child.log})")
        _end_session(child.process.pid)
        child.process = None
        child.next_start = now + delay


def _spawn(child: Child) -> None:
    child.started = time.monotonic()
    parent = os.getpid()
    with open(child.log, "ab") as output:
        child.process = subprocess.Popen(
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **child.environment},
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),  # The supervisor has one thread.
            cwd=PROJECT,
        )


def _die_with(parent: int) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)  # It died between the fork and the call.


def _stop(children: Sequence[Child]) -> list[str]:
    """Asks all of them at once, waits, and ends their sessions; the names of those too slow."""
    for child in children:
        if child.process is not None and child.is_running():
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    late = []
    for child in children:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            if child.is_running():
                late.append(child.name)
            _end_session(child.process.pid)
            child.process.wait()
    return late


def _end_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _obituary(child: Child) -> str:
    assert child.process is not None
    ending = _ending(child.process.returncode)
    return f"{child.name} {ending}. The end of {child.log}:\n{log_tail(child.log)}"


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(log.name + ".1"))
