"""A market maker: one bid and one ask around the mark price, leaning against its position.

    python examples/maker.py --key … --secret … --spread 0.001 --amount 0.01

Each step reads the mark price from the ticker's stream and the open orders from the venue, and
moves what is not where it should be. All orders are post-only: a price that would take is
refused and tried again with the next step. It ends, however it ends, without open orders.
"""

import argparse
import asyncio
from typing import Any

import ccxt
from connecting import cancel_everything, connect, parser, run, say

TICKER_SECONDS = 10.0


class Maker:
    """What it keeps is settings only: after a crash or a lost connection it looks again."""

    def __init__(self, exchange: Any, options: argparse.Namespace) -> None:
        self.exchange = exchange
        self.symbol: str = options.symbol
        self.amount: float = options.amount
        self.spread: float = options.spread
        self.limit: float = options.position_limit

    async def step(self) -> None:
        mark = await self.mark_price()
        position = await self.position()
        orders = await self.exchange.fetch_open_orders(self.symbol)
        # Long: both prices lower, so that it sells rather than buys; short: the other way.
        fair = mark * (1 - self.spread * position / self.limit / 2)
        for side, price, has_room in (
            ("buy", fair * (1 - self.spread / 2), position < self.limit),
            ("sell", fair * (1 + self.spread / 2), position > -self.limit),
        ):
            mine = [order for order in orders if order["side"] == side]
            await self.quote(side, price if has_room else None, mine)

    async def mark_price(self) -> float:
        """From the stream; after a lost connection the next call opens another."""
        watching = self.exchange.watch_ticker(self.symbol)
        try:
            ticker = await asyncio.wait_for(watching, TICKER_SECONDS)
        except TimeoutError as error:
            raise ccxt.RequestTimeout("the ticker is silent") from error
        return float(ticker["markPrice"])

    async def position(self) -> float:
        """Long is positive. ccxt gives the contracts of a short a sign of their own."""
        held = await self.exchange.fetch_position(self.symbol)
        size = abs(float(held["contracts"] or 0))
        return -size if held["side"] == "short" else size

    async def quote(self, side: str, price: float | None, mine: list[Any]) -> None:
        """One order of that side at about that price; none where there is no price."""
        keeps = [order for order in mine if price and self.is_near(order, price)][:1]
        moves = [order for order in mine if price and order not in keeps][: 1 - len(keeps)]
        try:
            for order in mine:
                if order not in keeps + moves:
                    await self.exchange.cancel_order(order["id"], self.symbol)
            for order in moves:
                changed = (self.symbol, "limit", side, self.amount, price)
                await self.exchange.edit_order(order["id"], *changed)
                say(f"moved {side} to {price:.1f}")
            if price and not keeps and not moves:
                quote = (self.symbol, "limit", side, self.amount, price)
                await self.exchange.create_order(*quote, {"postOnly": True})
                say(f"quoted {side} {self.amount} at {price:.1f}")
        except ccxt.OrderNotFound:
            say(f"{side} was filled meanwhile")
        except ccxt.InvalidOrder as error:
            say(f"{side} at {price} was refused: {str(error)[:120]}")

    def is_near(self, order: Any, price: float) -> bool:
        """Not worth losing the place in the queue."""
        return bool(abs(order["price"] - price) < self.spread * price / 8)

    async def leave(self) -> None:
        await cancel_everything(self.exchange, self.symbol)


async def main() -> None:
    options = parser("A market maker around the mark price.")
    options.add_argument("--amount", type=float, default=0.01, help="of each order")
    options.add_argument("--spread", type=float, default=0.001, help="between bid and ask")
    options.add_argument("--position-limit", type=float, default=0.1)
    chosen = options.parse_args()
    exchange = connect(chosen)
    maker = Maker(exchange, chosen)
    await run(exchange, maker.step, maker.leave, chosen.pause)


if __name__ == "__main__":
    asyncio.run(main())
