"""ccxt's four builds behind one face: every method is awaited, whatever the build does inside.

Only the addresses and the keys differ from what ccxt's own examples say of Deribit.
"""

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro

from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import HOST, Key

PYTHON_KINDS = ("sync", "async", "pro")
JAVASCRIPT = "javascript"
KINDS = (*PYTHON_KINDS, JAVASCRIPT)
WATCHING = ("pro", JAVASCRIPT)

NODE_FOLDER = PROJECT / ".novate" / "node"
BRIDGE = Path(__file__).with_name("bridge.mjs")
LINE_BYTES_MAX = 1 << 26
_CAMEL = re.compile(r"_([a-z0-9])")


def settings(key: Key | None, port: int) -> dict[str, Any]:
    """What a user changes of an example for Deribit."""
    addresses = {"rest": f"http://{HOST}:{port}", "ws": f"ws://{HOST}:{port}/ws/api/v2"}
    keys = {"apiKey": key.id, "secret": key.secret} if key else {}
    return {**keys, "enableRateLimit": False, "urls": {"api": addresses}}


class Client:
    """A ccxt exchange of any build: `await client.fetch_ticker(…)`, `client.value("has")`."""

    def __getattr__(self, method: str) -> Any:
        return partial(self.call, method)

    async def call(self, method: str, *arguments: Any) -> Any:
        raise NotImplementedError

    async def value(self, name: str) -> Any:
        raise NotImplementedError

    async def set(self, name: str, value: Any) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class Blocking(Client):
    """ccxt, sync: each call in a thread, as a user's script would make it."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.exchange = ccxt.deribit(words)

    async def call(self, method: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(getattr(self.exchange, method), *arguments)

    async def value(self, name: str) -> Any:
        return getattr(self.exchange, name)

    async def set(self, name: str, value: Any) -> None:
        setattr(self.exchange, name, value)

    async def close(self) -> None:
        self.exchange.session.close()


class Asynchronous(Client):
    """ccxt.async_support or ccxt.pro."""

    def __init__(self, kind: Any, words: dict[str, Any]) -> None:
        self.exchange = kind(words)

    async def call(self, method: str, *arguments: Any) -> Any:
        return await getattr(self.exchange, method)(*arguments)

    async def value(self, name: str) -> Any:
        return getattr(self.exchange, name)

    async def set(self, name: str, value: Any) -> None:
        setattr(self.exchange, name, value)

    async def close(self) -> None:
        await self.exchange.close()


class JavaScript(Client):
    """ccxt.pro of npm in a Node process, asked line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0
        self._reader = asyncio.create_task(self._read(), name="node")

    @classmethod
    async def start(cls, words: dict[str, Any]) -> "JavaScript":
        process = await asyncio.create_subprocess_exec(
            "node", str(BRIDGE), json.dumps(words),
            cwd=NODE_FOLDER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX,
        )  # fmt: skip
        return cls(process)

    async def call(self, method: str, *arguments: Any) -> Any:
        return await self._ask({"call": camel(method), "arguments": arguments})

    async def value(self, name: str) -> Any:
        return await self._ask({"get": camel(name)})

    async def set(self, name: str, value: Any) -> None:
        await self._ask({"set": camel(name), "value": value})

    async def close(self) -> None:
        with contextlib.suppress(ccxt.BaseError):
            await self._ask({"call": "close", "arguments": []})
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def _ask(self, request: dict[str, Any]) -> Any:
        self._last_id += 1
        number = self._last_id
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, **request}).encode() + b"\n")
        return await answer

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            waiting = self._waiting.pop(message["id"])
            if waiting.done():
                continue  # The caller was cancelled meanwhile.
            if "error" in message:
                kind = getattr(ccxt, message["error"], RuntimeError)
                waiting.set_exception(kind(message["message"]))
            else:
                waiting.set_result(message.get("result"))


def camel(name: str) -> str:
    """
    >>> camel("fetch_l2_order_book"), camel("watch_ohlcv_for_symbols"), camel("publicGetTicker")
    ('fetchL2OrderBook', 'watchOHLCVForSymbols', 'publicGetTicker')
    """
    return _CAMEL.sub(lambda match: match[1].upper(), name).replace("Ohlcv", "OHLCV")


@asynccontextmanager
async def opened(kind: str, key: Key | None, port: int) -> AsyncIterator[Client]:
    """A client of one build, closed at the end."""
    words = settings(key, port)
    client: Client
    if kind == "sync":
        client = Blocking(words)
    elif kind == JAVASCRIPT:
        client = await JavaScript.start(words)
    else:
        module = ccxt.pro if kind == "pro" else ccxt.async_support
        client = Asynchronous(module.deribit, words)
    try:
        yield client
    finally:
        await client.close()


def node_problem() -> str | None:
    """Why ccxt's JavaScript build cannot be had here; None when it is there."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node is not installed"
    if not (NODE_FOLDER / "node_modules" / "ccxt").exists():
        NODE_FOLDER.mkdir(parents=True, exist_ok=True)
        (NODE_FOLDER / "package.json").write_text('{"private": true, "type": "module"}\n')
        command = ["npm", "install", "ccxt", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=NODE_FOLDER, capture_output=True, text=True)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:]
            return f"npm could not install ccxt: {''.join(last)}"
    return None


def version(kind: str) -> str:
    """The version of a build."""
    if kind != JAVASCRIPT:
        return str(ccxt.__version__)
    package = NODE_FOLDER / "node_modules" / "ccxt" / "package.json"
    return str(json.loads(package.read_text())["version"])
