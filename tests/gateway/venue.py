"""A real venue for the tests of the edge: engine, projector, prices, both web servers."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from exchange.management.processes import Process, fast_lane, web
from exchange.pipeline.servers import PROJECT, discard_servers
from tests.scenarios.venue import eventually, free_port_pair

START_SECONDS = 240.0  # Kernels may have to be compiled first.
HOST = "127.0.0.1"


class Key(NamedTuple):
    """An account and its API key."""

    account: int
    id: str
    secret: str


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def result(self) -> Any:
        assert "error" not in self.body, self.body
        return self.body["result"]

    @property
    def error(self) -> Any:
        return self.body["error"]


class Venue:
    """Processes on a private NOVATE_HOME."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="novate-gateway-"))
        self.port = free_port_pair()
        self.ports = {"daphne": self.port, "uvicorn": self.port + 1}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._accounts = 0
        self._clerk: subprocess.Popen[str] | None = None

    # --- processes --------------------------------------------------------------------------
    def start(self) -> None:
        self.run("engine", "manage.py", "run_engine")
        self.wait_for("engine", "is live")
        self.run("oracle", "-m", "tests.gateway.oracle")
        self.wait_for("oracle", "listed")
        self.run("projector", "manage.py", "run_projector")
        self.run("daphne", *web(HOST, self.port).arguments)
        lane = fast_lane(HOST, self.port + 1)
        self.run("uvicorn", *lane.arguments, **lane.environment)
        for port in self.ports.values():
            assert eventually(partial(self._is_open, port), START_SECONDS)
        # A projector that still loads its kernels would be later than a history read waits.
        probe = self.account(fund=1)
        assert eventually(partial(self._is_projected, probe), START_SECONDS)

    def run(self, name: str, *arguments: str, **environment: str) -> None:
        with open(self.home / f"{name}.out", "wb") as output:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=self.environment() | environment,
                stdout=output,
                stderr=output,
            )

    def wait_for(self, name: str, words: str) -> None:
        def has_said() -> bool:
            assert self._running[name].poll() is None, self.said(name)
            return words in self.said(name)

        assert eventually(has_said, START_SECONDS), self.said(name)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """The process stands still meanwhile, and goes on as if nothing had been."""
        process = self._running[name]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def signal(self, name: str, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.terminate()
        process.wait(30)

    def kill(self, name: str) -> None:
        """kill -9: nobody says goodbye."""
        process = self._running.pop(name)
        process.kill()
        process.wait(30)

    def start_lane(
        self,
        kind: Callable[[str, int], Process] = fast_lane,
        name: str = "lane",
        *,
        port: int | None = None,
        **environment: str,
    ) -> int:
        """One more web server, to be killed; its port."""
        port = port or free_port_pair()
        lane = kind(HOST, port)
        self.run(name, *lane.arguments, **lane.environment, **environment)
        assert eventually(partial(self._is_open, port), START_SECONDS)
        return port

    def stop_all(self) -> None:
        if self._clerk is not None:
            self._clerk.communicate()
        for name in reversed(list(self._running)):
            self.stop(name)
        discard_servers(self.home)

    def said(self, name: str) -> str:
        return (self.home / f"{name}.out").read_text()

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NOVATE_HOME": str(self.home)}

    def manage(self, *arguments: str) -> str:
        """What the command prints on its standard output."""
        if self._clerk is None:
            self._clerk = self._employ_clerk()
        assert self._clerk.stdin is not None
        assert self._clerk.stdout is not None
        print(json.dumps(arguments), file=self._clerk.stdin, flush=True)
        done = json.loads(self._clerk.stdout.readline())
        assert done["code"] == 0, done["errors"]
        return str(done["output"])

    def _employ_clerk(self) -> subprocess.Popen[str]:
        with open(self.home / "clerk.out", "wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.gateway.clerk"],
                cwd=PROJECT,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def shell(self, code: str) -> Any:
        """What Django code prints as JSON."""
        return json.loads(self.manage("shell", "--verbosity", "0", "-c", code))

    # --- accounts ---------------------------------------------------------------------------
    def account(self, fund: int = 1_000_000) -> Key:
        """A new funded account with a full key."""
        self._accounts += 1
        text = self.manage(
            "create_account", f"trader-{self._accounts}", "--fund", f"USDC={fund}", "--json"
        )
        made = json.loads(text)
        return Key(made["id"], made["key"], made["secret"])

    def move_prices(self, **prices: str) -> None:
        """What the sources say from now on: BTC="59000"; the index follows within seconds."""
        draft = self.home / "prices.tmp"
        draft.write_text(json.dumps(prices))
        draft.rename(self.home / "prices.json")

    # --- HTTP -------------------------------------------------------------------------------
    def get(
        self, method: str, key: Key | None = None, *, port: int | None = None, **params: Any
    ) -> Answer:
        uri = f"/api/v2/{method}"
        if params:
            uri += "?" + urlencode(params)
        headers = sign(key, "GET", uri) if key else {}
        return self.send("GET", uri, headers=headers, port=port)

    def post(
        self,
        body: Any,
        key: Key | None = None,
        *,
        port: int | None = None,
        uri: str = "/api/v2",
    ) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = sign(key, "POST", uri, raw) if key else {}
        return self.send("POST", uri, raw, headers, port=port)

    def send(
        self,
        verb: str,
        uri: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        port: int | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(HOST, port or self.port, timeout=20)
        try:
            connection.request(verb, uri, body or None, headers or {})
            response = connection.getresponse()
            content = response.read()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, json.loads(content))
        finally:
            connection.close()

    @contextmanager
    def socket(
        self,
        port: int | None = None,
        key: Key | None = None,
        *,
        query: str = "",
        **options: Any,
    ) -> Iterator["Client"]:
        url = f"ws://{HOST}:{port or self.port}/ws/api/v2{query}"
        with connect(url, open_timeout=20, **options) as connection:
            client = Client(connection)
            if key is not None:
                client.sign_in(key)
            yield client

    def _is_projected(self, key: Key) -> bool:
        deposits = self.get("private/get_deposits", key, currency="USDC")
        return bool(deposits.result["data"])

    def _is_open(self, port: int) -> bool:
        try:
            return self.get("public/test", port=port).status == 200
        except (OSError, ValueError):
            return False


class Client:
    """One websocket: calls, and the notifications that came meanwhile."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[tuple[str, Any]] = []
        self._last_id = 0

    def call(self, method: str, **params: Any) -> Any:
        answer = self.ask(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def ask(self, method: str, **params: Any) -> Any:
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        self.connection.send(json.dumps(request))
        while True:
            message = self.read()
            if message.get("id") == self._last_id:
                return message

    def read(self, seconds: float = 20.0) -> Any:
        message = json.loads(self.connection.recv(seconds))
        if message.get("method") == "subscription":
            self.heard.append((message["params"]["channel"], message["params"]["data"]))
        return message

    def next_of(self, channel: str, seconds: float = 20.0) -> Any:
        """The oldest notification of a channel not yet taken."""
        deadline = time.monotonic() + seconds
        while True:
            for index, (name, data) in enumerate(self.heard):
                if name == channel:
                    del self.heard[index]
                    return data
            self.read(max(0.01, deadline - time.monotonic()))

    def sign_in(self, key: Key) -> Any:
        return self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id=key.id,
            client_secret=key.secret,
        )


def sign(key: Key, verb: str, uri: str, body: bytes = b"") -> dict[str, str]:
    """The Authorization header of one request."""
    stamp = str(time.time_ns() // 1_000_000)
    nonce = base64.urlsafe_b64encode(os.urandom(9)).decode()
    text = f"{stamp}\n{nonce}\n{verb}\n{uri}\n".encode() + body + b"\n"
    signature = hmac.new(key.secret.encode(), text, hashlib.sha256).hexdigest()
    value = f"deri-hmac-sha256 id={key.id},ts={stamp},sig={signature},nonce={nonce}"
    return {"Authorization": value}


def fetch(port: int, path: str, verb: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and text of any address."""
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request(verb, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def metric(port: int, line: str) -> float | None:
    """The largest number behind the lines that match."""
    _, text = fetch(port, "/metrics")
    found = re.findall(rf"^{line} (\S+)$", text, re.MULTILINE)
    return max(map(float, found), default=None)
