"""The client side of websocket.py: loads a server and prints what it saw as one JSON line."""

import asyncio
import itertools
import json
import statistics
import sys
from time import perf_counter
from typing import Any

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
    delays: list[float] = []

    async def loop(socket: ClientConnection, until: float) -> None:
        while perf_counter() < until:
            began = perf_counter()
            placed = await call(
                socket,
                "private/buy",
                instrument_name=INSTRUMENT,
                amount=0.001,
                type="limit",
                price=55_000,
            )
            middle = perf_counter()
            await call(socket, "private/cancel", order_id=placed["order"]["order_id"])
            delays.extend((middle - began, perf_counter() - middle))

    opened = [await connect(url) for _ in range(sockets)]
    for number, socket in enumerate(opened):
        await sign_in(socket, keys[number % len(keys)])
    began = perf_counter()
    await asyncio.gather(*(loop(socket, began + seconds) for socket in opened))
    lasted = perf_counter() - began
    for socket in opened:
        await socket.close()
    return {"per_second": len(delays) / lasted, **spread(delays)}


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
