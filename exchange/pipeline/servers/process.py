"""Starting, finding and ending a server that is not necessarily our child.

A server is alive when its socket accepts a connection, and its process is whoever listens there
(SO_PEERCRED). A pid file alone proves nothing: pids are used again.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exchange.pipeline.servers.home import Place, ServersUnavailable, server_environment

CONNECT_SECONDS = 5.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Peer:
    pid: int
    uid: int


def listener(path: Path) -> Peer | None:
    """Who listens on a unix socket, or None when nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_SECONDS)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        size = struct.calcsize("3i")
        pid, uid, _ = struct.unpack(
            "3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        )
    return Peer(pid, uid)


def trusted_listener(path: Path, place: Place) -> Peer | None:
    """Like `listener`, and refuses a server that runs as a user other than the place's."""
    peer = listener(path)
    if peer is not None and peer.uid != place.uid:
        raise ServersUnavailable(
            f"Expected user {place.uid} to serve {path}, found user {peer.uid}."
        )
    return peer


def spawn(command: Sequence[str | Path], place: Place, log: Path) -> int:
    """Starts a server in a session of its own: Ctrl-C ends the venue first, then the server."""
    with open(log, "ab") as output:
        os.chmod(log, 0o600)
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=place.run,
            env=dict(server_environment(place)),
            start_new_session=True,
            user=place.user,
            group=place.user,
            extra_groups=[] if place.user else None,
            umask=0o077,
        )
    process.returncode = 0  # It may outlive us: the Popen object must not wait for it.
    return process.pid


def run_as(command: Sequence[str | Path], place: Place) -> subprocess.CompletedProcess[str]:
    """Runs a tool such as initdb to its end as the place's user."""
    return subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=place.run,
        env=dict(server_environment(place)),
        user=place.user,
        group=place.user,
        extra_groups=[] if place.user else None,
        umask=0o077,
        check=False,
    )


def is_running(pid: int) -> bool:
    """Whether `pid` still runs. Reaps it when it is our own child that has ended."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(pid: int, signals: Sequence[signal.Signals], seconds_each: float) -> bool:
    """Sends the signals in turn until the process is gone; False when it outlives them all."""
    for number in signals:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds_each
        while time.monotonic() < deadline:
            if not is_running(pid):
                return True
            time.sleep(POLL_SECONDS)
    return not is_running(pid)


def working_directory(pid: int) -> Path | None:
    """The directory a process works in; None when it is gone or not ours to see."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None


def log_tail(log: Path, lines: int = 8) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
