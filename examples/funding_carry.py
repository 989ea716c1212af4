"""A funding-carry bot: it holds the side that is paid.

    python examples/funding_carry.py --key … --secret … --amount 0.05 --threshold 0.0001

While funding is above the threshold longs pay shorts, so it is short; below minus the
threshold it is long; in between it is flat. The price of what it holds is a risk of its own, to
be hedged elsewhere: this bot does the one leg that is here. It trades by immediate-or-cancel
orders with a price limit, so that a thin book costs patience and not money. It ends without
open orders; the position stays, unless --close-on-exit.
"""

import argparse
import asyncio
from typing import Any

import ccxt
from connecting import cancel_everything, connect, parser, run, say


class FundingCarry:
    """The position follows the sign of funding."""

    def __init__(self, exchange: Any, options: argparse.Namespace) -> None:
        self.exchange = exchange
        self.symbol: str = options.symbol
        self.amount: float = options.amount
        self.threshold: float = options.threshold
        self.slippage: float = options.slippage
        self.closes: bool = options.close_on_exit

    async def step(self) -> None:
        ticker = await self.exchange.fetch_ticker(self.symbol)
        # The rate in force, for eight hours: Deribit's ticker has it beside the prices.
        funding = float(ticker["info"]["current_funding"])
        await self.trade_to(self.target(funding), ticker["markPrice"])

    def target(self, funding: float) -> float:
        """Short while longs pay, long while shorts pay."""
        if funding > self.threshold:
            return -self.amount
        if funding < -self.threshold:
            return self.amount
        return 0.0

    async def position(self) -> float:
        """Long is positive. ccxt gives the contracts of a short a sign of their own."""
        held = await self.exchange.fetch_position(self.symbol)
        size = abs(float(held["contracts"] or 0))
        return -size if held["side"] == "short" else size

    async def trade_to(self, target: float, mark: float) -> None:
        """One order towards the target; what it does not get, the next step tries again."""
        position = await self.position()
        missing = target - position
        if abs(missing) < self.exchange.market(self.symbol)["limits"]["amount"]["min"] / 2:
            return
        # Through zero in two orders: the first may only close, whatever happened meanwhile.
        closes = position * missing < 0
        amount = min(abs(missing), abs(position)) if closes else abs(missing)
        side = "buy" if missing > 0 else "sell"
        price = mark * (1 + self.slippage if side == "buy" else 1 - self.slippage)
        params = {"timeInForce": "IOC", "reduceOnly": closes}
        try:
            order = await self.exchange.create_order(
                self.symbol, "limit", side, amount, price, params
            )
            say(f"{side} {order['filled']} of {amount}: {position} towards {target}")
        except ccxt.InsufficientFunds:
            say(f"not enough margin to {side} {amount}")
        except ccxt.ExchangeError as error:
            if isinstance(error, ccxt.AuthenticationError):
                raise
            say(f"{side} {amount} was refused: {str(error)[:120]}")

    async def leave(self) -> None:
        await cancel_everything(self.exchange, self.symbol)
        if self.closes:
            ticker = await self.exchange.fetch_ticker(self.symbol)
            await self.trade_to(0.0, ticker["markPrice"])
        say(f"leaves a position of {await self.position()}")


async def main() -> None:
    options = parser("Holds the side that funding pays.")
    options.add_argument("--amount", type=float, default=0.05, help="of the position")
    options.add_argument("--threshold", type=float, default=0.0001, help="of funding, 8 hours")
    options.add_argument("--slippage", type=float, default=0.002, help="beyond the mark price")
    options.add_argument("--close-on-exit", action="store_true")
    chosen = options.parse_args()
    exchange = connect(chosen)
    carry = FundingCarry(exchange, chosen)
    await run(exchange, carry.step, carry.leave, chosen.pause)


if __name__ == "__main__":
    asyncio.run(main())
