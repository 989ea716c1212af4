"""The client side of websocket.py: loads a server and prints what it saw as one JSON line."""

import asyncio
import itertools
import json
import statistics
import sys
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import uvloop
from websockets.asyncio.client import ClientConnection, connect

INSTRUMENT = "BTC_USDC-PERPETUAL"
CHANNEL = f"book.{INSTRUMENT}.100ms"
PAUSE_SECONDS = 0.25
OPENING = 50  # sockets opened at once
_ids = itertools.count(1)


async def call(socket: ClientConnection, method: str, **params: Any) -> Any:
    """One request and its answer; what else arrives meanwhile is dropped."""
    number = next(_ids)
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    await socket.send(json.dumps(request))
    while True:
        answer = json.loads(await socket.recv())
        if answer.get("id") == number:
            assert "error" not in answer, answer
            return answer["result"]


async def sign_in(socket: ClientConnection, key: list[str]) -> None:
    credentials = {"client_id": key[0], "client_secret": key[1]}
    await call(socket, "public/auth", grant_type="client_credentials", **credentials)


async def orders(
    url: str, seconds: float, sockets: int, keys: list[list[str]]
) -> dict[str, Any]:
    """A closed loop on each socket: an order that rests, then its cancel."""
    traders: list[Trader] = []
    for number in range(sockets):
        trader = Trader(url, keys[number % len(keys)])
        await trader.open()
        traders.append(trader)
    began = perf_counter()
    for trader in traders:
        trader.start(began + seconds)
    await asyncio.gather(*(trader.ended for trader in traders))
    lasted = perf_counter() - began
    delays = [delay for trader in traders for delay in trader.delays]
    return {"per_second": len(delays) / lasted, **spread(delays)}


class Trader(asyncio.Protocol):
    """One socket in a closed loop, with frames of its own making: on two cores the client must
    not cost what the server does.
    """

    def __init__(self, url: str, key: list[str]) -> None:
        self.delays: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._url = urlsplit(url)
        self._key = key
        self._received = bytearray()
        self._answers: asyncio.Queue[bytes] | None = asyncio.Queue()
        self._transport: Any = None
        self._until = self._sent_at = 0.0
        self._is_placed = False

    async def open(self) -> None:
        """Connect, upgrade and sign in."""
        assert self._answers is not None
        loop = asyncio.get_running_loop()
        host, port = self._url.hostname or "", self._url.port or 80
        self._transport, _ = await loop.create_connection(lambda: self, host, port)
        self._transport.write(
            f"GET {self._url.path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert b" 101 " in await self._answers.get()
        credentials = {"client_id": self._key[0], "client_secret": self._key[1]}
        self._send("public/auth", {"grant_type": "client_credentials", **credentials})
        assert b"access_token" in (answer := await self._answers.get()), answer
        self._answers = None

    def start(self, until: float) -> None:
        """Trade until then."""
        self._until = until
        self._place()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._answers is not None and self._received.startswith(b"HTTP"):
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._answers.put_nowait(bytes(head))
        while (message := self._message()) is not None:
            if self._answers is not None:
                self._answers.put_nowait(message)
            else:
                self._on_answer(message)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(ConnectionError("The server hung up"))

    def _on_answer(self, answer: bytes) -> None:
        assert b'"error"' not in answer, answer
        now = perf_counter()
        self.delays.append(now - self._sent_at)
        if not self._is_placed:
            order = answer.partition(b'"order_id":"')[2].partition(b'"')[0]
            self._send("private/cancel", {"order_id": order.decode()})
        elif now < self._until:
            self._place()
        else:
            self.ended.set_result(None)
            self._transport.abort()
        self._is_placed = not self._is_placed

    def _place(self) -> None:
        terms = {"instrument_name": INSTRUMENT, "amount": 0.001, "price": 55_000}
        self._send("private/buy", {**terms, "type": "limit"})

    def _send(self, method: str, params: dict[str, Any]) -> None:
        request = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        raw = json.dumps(request).encode()
        # A client's frame is masked; by zeros it stays as it is (RFC 6455, section 5.3).
        size = (
            bytes([0x80 | len(raw)])
            if len(raw) < 126
            else b"\xfe" + len(raw).to_bytes(2, "big")
        )
        self._sent_at = perf_counter()
        self._transport.write(b"\x81" + size + bytes(4) + raw)

    def _message(self) -> bytes | None:
        """The next whole text of the server, which sends each in one frame."""
        held = self._received
        if len(held) < 2:
            return None
        start, size = 2, held[1]
        if size == 126:
            start, size = 4, int.from_bytes(held[2:4], "big")
        if len(held) < start + size:
            return None
        message = bytes(held[start : start + size])
        is_text = held[0] == 0x81
        del held[: start + size]
        return message if is_text else self._message()


async def fan_out(
    url: str, seconds: float, sockets: int, keys: list[list[str]]
) -> dict[str, Any]:
    """Everyone watches one book; each change is timed from its first to its last arrival."""
    arrivals: dict[int, list[float]] = {}

    async def watch(socket: ClientConnection) -> None:
        async for raw in socket:
            now = perf_counter()
            data = json.loads(raw).get("params", {}).get("data", {})
            if data.get("type") == "change":
                arrivals.setdefault(data["change_id"], []).append(now)

    opened: list[ClientConnection] = []
    for _ in range(0, sockets, OPENING):
        opened += await asyncio.gather(*(connect(url) for _ in range(OPENING)))
    for socket in opened:
        await call(socket, "public/subscribe", channels=[CHANNEL])
    watchers = [asyncio.create_task(watch(socket)) for socket in opened]
    async with connect(url) as driver:
        await sign_in(driver, keys[0])
        until = perf_counter() + seconds
        while perf_counter() < until:
            terms = {"instrument_name": INSTRUMENT, "amount": 0.001, "price": 55_000}
            placed = await call(driver, "private/buy", type="limit", **terms)
            await asyncio.sleep(PAUSE_SECONDS)
            await call(driver, "private/cancel", order_id=placed["order"]["order_id"])
            await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.sleep(1)
    for watcher in watchers:
        watcher.cancel()
    whole = [max(times) - min(times) for times in arrivals.values() if len(times) == sockets]
    assert whole, "no update reached every subscriber"
    return {"updates": len(whole), **spread(whole)}


def spread(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile of delays, in milliseconds."""
    ordered = sorted(seconds)
    worst = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return {"p50_ms": statistics.median(ordered) * 1e3, "p99_ms": worst * 1e3}


if __name__ == "__main__":
    _, kind, address, duration, count = sys.argv
    work = {"orders": orders, "fan-out": fan_out}[kind]
    print(
        json.dumps(uvloop.run(work(address, float(duration), int(count), json.load(sys.stdin))))
    )
