"""A stop-loss guardian: no position without a stop, however it came or whoever cancelled it.

    python examples/stop_guardian.py --key … --secret … --distance 0.02

Each step compares positions with the stops that it placed (known by their label): a position
without one gets one, a stop of the wrong size or side is put right, a stop without a position
is cancelled. Stops are reduce-only and wait for the mark price, so that no trade far from the
market fires them. Orders of others are never touched. When it ends, its stops stay: they live
in the venue and work without it; --cancel-on-exit takes them away.
"""

import argparse
import asyncio
from typing import Any

import ccxt
from connecting import connect, parser, run, say

LABEL = "stop-guardian"


class Guardian:
    """One stop a position, as large as the position."""

    def __init__(self, exchange: Any, options: argparse.Namespace) -> None:
        self.exchange = exchange
        self.distance: float = options.distance
        self.cancels: bool = options.cancel_on_exit

    async def step(self) -> None:
        held = await self.exchange.fetch_positions()
        stops = await self.stops()
        for position in held:
            if position["contracts"]:
                mine = [stop for stop in stops if stop["symbol"] == position["symbol"]]
                stops = [stop for stop in stops if stop not in mine]
                await self.guard(position, mine)
        for stop in stops:
            say(f"{stop['symbol']} has no position any more")
            await self.cancel(stop)

    async def stops(self) -> list[Any]:
        """Its own, of all symbols: ccxt's fetch_open_orders knows one currency at a time."""
        await self.exchange.load_markets()
        answer = await self.exchange.privateGetGetOpenOrders({"type": "trigger_all"})
        orders = self.exchange.parse_orders(answer["result"])
        return [order for order in orders if order["info"]["label"] == LABEL]

    async def guard(self, position: Any, mine: list[Any]) -> None:
        """Keep the first stop that is on the right side; cancel the others."""
        side = "sell" if position["side"] == "long" else "buy"
        good = [stop for stop in mine if stop["side"] == side][:1]
        for stop in mine:
            if stop not in good:
                await self.cancel(stop)
        amount = abs(position["contracts"])
        if not good:
            await self.place(position, side, amount)
        elif good[0]["amount"] != amount:
            symbol, number = position["symbol"], good[0]["id"]
            await self.change(number, symbol, side, amount)

    async def place(self, position: Any, side: str, amount: float) -> None:
        """Below the entry of a long, above that of a short; behind the mark in any case."""
        symbol, mark = position["symbol"], position["markPrice"]
        entry = position["entryPrice"] or mark
        if side == "sell":
            price = min(entry, mark) * (1 - self.distance)
        else:
            price = max(entry, mark) * (1 + self.distance)
        params = {
            "stopLossPrice": price,
            "trigger": "mark_price",
            "reduceOnly": True,
            "label": LABEL,
        }
        await self.exchange.create_order(symbol, "market", side, amount, None, params)
        say(f"{symbol}: stop to {side} {amount} at {price:.1f}")

    async def change(self, number: str, symbol: str, side: str, amount: float) -> None:
        try:
            await self.exchange.edit_order(number, symbol, "market", side, amount)
            say(f"{symbol}: stop now for {amount}")
        except ccxt.InvalidOrder:
            say(f"{symbol}: stop is gone")  # fired or cancelled; the next step places another

    async def cancel(self, stop: Any) -> None:
        try:
            await self.exchange.cancel_order(stop["id"], stop["symbol"])
            say(f"{stop['symbol']}: cancelled stop {stop['id']}")
        except ccxt.InvalidOrder:
            say(f"{stop['symbol']}: stop {stop['id']} is gone already")

    async def leave(self) -> None:
        if self.cancels:
            for stop in await self.stops():
                await self.cancel(stop)
        say(f"leaves {len(await self.stops())} stops")


async def main() -> None:
    options = parser("Keeps a stop-loss behind every position.")
    options.add_argument("--distance", type=float, default=0.02, help="from the entry price")
    options.add_argument("--cancel-on-exit", action="store_true")
    chosen = options.parse_args()
    exchange = connect(chosen)
    guardian = Guardian(exchange, chosen)
    await run(exchange, guardian.step, guardian.leave, chosen.pause)


if __name__ == "__main__":
    asyncio.run(main())
