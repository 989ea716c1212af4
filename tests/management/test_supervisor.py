"""The supervisor with real children: they die, are started again, and none is left over."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from exchange.management.supervisor import Child, ChildFailed, Supervisor
from exchange.pipeline.servers import PROJECT
from exchange.pipeline.servers.process import is_running

FOREVER = "import time\nwhile True: time.sleep(60)"
# A child that starts a child of its own and ignores a polite end.
STUBBORN_FAMILY = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
grandchild = subprocess.Popen([sys.executable, "-c", {FOREVER!r}])
print(grandchild.pid, flush=True)
while True: time.sleep(60)
"""


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(lines: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(lines.append)
    yield supervisor
    supervisor.stop()


def child(tmp_path: Path, code: str, name: str = "child", wave: int = 0) -> Child:
    return Child(name, (sys.executable, "-c", code), tmp_path / f"{name}.log", wave)


def eventually(is_so: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
    return True


def is_ready(log: Path) -> bool:
    return "ready" in log.read_text()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_killed_child_is_started_again(
    supervisor: Supervisor, lines: list[str], tmp_path: Path
) -> None:
    one = supervisor.start(child(tmp_path, FOREVER))
    first = pid_of(one)
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        supervisor.watch()
        return one.is_running() and pid_of(one) != first

    assert eventually(is_back)
    assert lines[0].startswith("child was killed by SIGKILL; starting it again in 0.25 s")


def test_child_that_keeps_dying_is_told_with_its_last_words(
    supervisor: Supervisor, lines: list[str], tmp_path: Path
) -> None:
    one = supervisor.start(child(tmp_path, "raise SystemExit('no such market')"))

    def is_told() -> bool:
        supervisor.watch()
        return any("keeps dying" in line for line in lines)

    assert eventually(is_told, seconds=60)
    assert "no such market" in one.last_words
    assert one.next_start - time.monotonic() > 10
    with pytest.raises(ChildFailed, match="no such market"):
        supervisor.require_steady()


def test_stop_ends_whole_sessions(supervisor: Supervisor, tmp_path: Path) -> None:
    one = supervisor.start(child(tmp_path, STUBBORN_FAMILY))
    assert eventually(lambda: one.log.read_text().endswith("\n"))
    grandchild = int(one.log.read_text())
    leader = pid_of(one)

    supervisor.stop()

    assert eventually(lambda: not is_running(leader))
    assert eventually(lambda: not _is_alive(grandchild))


def test_last_wave_is_stopped_first(supervisor: Supervisor, tmp_path: Path) -> None:
    tell = textwrap.dedent(
        """
        import pathlib, signal, sys, time
        def end(*_):
            with open({path!r}, "a") as file: file.write({name!r})
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        print("ready", flush=True)
        while True: time.sleep(60)
        """
    )
    diary = tmp_path / "diary"
    for wave, name in enumerate("abc"):
        one = supervisor.start(
            child(tmp_path, tell.format(path=str(diary), name=name), name, wave)
        )
        assert eventually(partial(is_ready, one.log))

    supervisor.stop()

    assert diary.read_text() == "cba"


def test_child_that_should_end_and_fails_is_an_error(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    one = child(tmp_path, "raise SystemExit(3)")
    one.once = True

    with pytest.raises(ChildFailed, match="ended with code 3"):
        supervisor.finish(supervisor.start(one))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from exchange.management.supervisor import Child, Supervisor
        supervisor = Supervisor(print)
        command = (sys.executable, "-c", {FOREVER!r})
        child = supervisor.start(Child("child", command, Path({str(tmp_path / "log")!r})))
        print(child.process.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    assert _is_alive(orphan)

    parent.kill()
    parent.communicate()

    assert eventually(lambda: not _is_alive(orphan))


def _is_alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet answers signals; /proc knows that it is dead."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
