"""The clients of soak.py: orders and cancels at a steady rate; a JSON line of what they saw."""

import asyncio
import itertools
import json
import sys
from time import perf_counter
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.websocket_client import INSTRUMENT, call, sign_in, spread

ANSWER_SECONDS = 10.0
LOOK_SECONDS = 1.0
FAR_BELOW = 0.97  # of the mark: rests, and is met only where the market falls that far
ENDED = ("filled", "cancelled")
_ids = itertools.count(1_000_000)


class Load:
    """What happened since the last line."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.missing = 0
        self.met = 0
        self.refused: list[str] = []
        self.price = 0

    async def look(self, socket: ClientConnection) -> None:
        """Follow the mark price."""
        ticker = await call(socket, "public/ticker", instrument_name=INSTRUMENT)
        self.price = round(ticker["mark_price"] * FAR_BELOW)

    async def place(self, socket: ClientConnection) -> str:
        """The id of the new order; empty without an answer."""
        terms = {"instrument_name": INSTRUMENT, "amount": 0.001, "price": self.price}
        answer = await self._timed(socket, "private/buy", type="limit", **terms)
        if answer is None:
            return ""
        if "error" in answer:
            self.refused.append(str(answer["error"]))
            return ""
        return str(answer["result"]["order"]["order_id"])

    async def cancel(self, socket: ClientConnection, order: str) -> None:
        """A refusal is right only where the market took the order first."""
        answer = await self._timed(socket, "private/cancel", order_id=order)
        if answer is None or "result" in answer:
            return
        held = await call(socket, "private/get_order_state", order_id=order)
        if held["order_state"] in ENDED:
            self.met += 1
        else:
            self.refused.append(f"{answer['error']}, but the order is {held}")

    async def _timed(
        self, socket: ClientConnection, method: str, **params: object
    ) -> dict[str, Any] | None:
        """The answer as it came; None: there was none in time."""
        number = next(_ids)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        began = perf_counter()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await socket.send(json.dumps(request))
                while (answer := json.loads(await socket.recv())).get("id") != number:
                    continue
        except TimeoutError:
            self.missing += 1
            return None
        self.delays.append(perf_counter() - began)
        assert isinstance(answer, dict)
        return answer

    def tell(self, seconds: float) -> None:
        """Print the line and begin anew."""
        delays, self.delays = self.delays, []
        told: dict[str, Any] = spread(delays or [0.0]) | {"answered": len(delays)}
        told["per_second"] = len(delays) / seconds
        told |= {"missing": self.missing, "met": self.met, "refused": self.refused}
        print(json.dumps(told), flush=True)
        self.missing, self.met, self.refused = 0, 0, []


async def run(
    url: str, seconds: float, sockets: int, rate: float, every: float, keys: list[list[str]]
) -> None:
    """Each socket places an order and cancels it, in turn, at its share of the rate."""
    opened = [await connect(url) for _ in range(sockets)]
    for number, socket in enumerate(opened):
        await sign_in(socket, keys[number % len(keys)])
    load, watcher = Load(), await connect(url)
    began = perf_counter()
    step = sockets / rate

    async def loop(socket: ClientConnection, first: float) -> None:
        due, order = began + first, ""
        while due < began + seconds:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            due += step
            if order:
                await load.cancel(socket, order)
                order = ""
            else:
                order = await load.place(socket)

    async def tell() -> None:
        while True:
            await asyncio.sleep(every)
            load.tell(every)

    async def follow() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await load.look(watcher)

    await load.look(watcher)
    beside = [asyncio.create_task(tell()), asyncio.create_task(follow())]
    await asyncio.gather(*(loop(s, step * i / sockets) for i, s in enumerate(opened)))
    for task in beside:
        task.cancel()
    for socket in (*opened, watcher):
        await socket.close()


if __name__ == "__main__":
    _, address, duration, count, pace, pause = sys.argv
    secrets = json.load(sys.stdin)
    uvloop.run(run(address, float(duration), int(count), float(pace), float(pause), secrets))
