"""The clients of soak.py: orders and cancels at a steady rate; a JSON line of what they saw."""

import asyncio
import json
import sys
from time import perf_counter

import uvloop
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.websocket_client import INSTRUMENT, call, sign_in, spread

ANSWER_SECONDS = 10.0
FAR_BELOW = 0.97  # of the mark: rests, and is never met


class Load:
    """What happened since the last line."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.missing = 0
        self.price = 0

    async def look(self, socket: ClientConnection) -> None:
        """Follow the mark price."""
        ticker = await call(socket, "public/ticker", instrument_name=INSTRUMENT)
        self.price = round(ticker["mark_price"] * FAR_BELOW)

    async def timed(self, socket: ClientConnection, method: str, **params: object) -> str:
        """The id of the order that the request is about; empty without an answer."""
        began = perf_counter()
        try:
            answer = await asyncio.wait_for(call(socket, method, **params), ANSWER_SECONDS)
        except TimeoutError:
            self.missing += 1
            return ""
        self.delays.append(perf_counter() - began)
        order = answer.get("order", answer)
        return str(order["order_id"])

    def tell(self, seconds: float) -> None:
        """Print the line and begin anew."""
        delays, missing = self.delays, self.missing
        self.delays, self.missing = [], 0
        told = spread(delays or [0.0])
        told |= {"per_second": len(delays) / seconds, "answered": len(delays)}
        print(json.dumps(told | {"missing": missing}), flush=True)


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
                await load.timed(socket, "private/cancel", order_id=order)
                order = ""
                continue
            terms = {"instrument_name": INSTRUMENT, "amount": 0.001, "price": load.price}
            order = await load.timed(socket, "private/buy", type="limit", **terms)

    async def tell() -> None:
        while True:
            await asyncio.sleep(every)
            load.tell(every)
            await load.look(watcher)

    await load.look(watcher)
    teller = asyncio.create_task(tell())
    await asyncio.gather(*(loop(s, step * i / sockets) for i, s in enumerate(opened)))
    teller.cancel()
    for socket in (*opened, watcher):
        await socket.close()


if __name__ == "__main__":
    _, address, duration, count, pace, pause = sys.argv
    secrets = json.load(sys.stdin)
    uvloop.run(run(address, float(duration), int(count), float(pace), float(pause), secrets))
