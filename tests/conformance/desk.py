"""Where a check sits: the venue, the client under test, and somebody to trade with."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.clients import Client
from tests.gateway.venue import Answer, Key, Venue

BTC = "BTC/USDC:USDC"
ETH = "ETH/USDC:USDC"
SOL = "SOL/USDC:USDC"
SYMBOLS = (BTC, ETH, SOL)
INSTRUMENT = {
    BTC: "BTC_USDC-PERPETUAL",
    ETH: "ETH_USDC-PERPETUAL",
    SOL: "SOL_USDC-PERPETUAL",
}
WAIT_SECONDS = 15.0


@dataclass(slots=True)
class Desk:
    """key is the client's account, other that of somebody who trades by plain requests."""

    venue: Venue
    port: int
    kind: str
    client: Client
    key: Key
    other: Key
    cut: Callable[[], None] = field(default=lambda: None)

    async def raw(self, method: str, key: Key | None = None, **params: Any) -> Answer:
        """A plain signed request."""
        return await asyncio.to_thread(self.venue.get, method, key, **params)

    async def others(self, side: str, amount: float, price: float, symbol: str = BTC,
                     **params: Any) -> Any:  # fmt: skip
        """A limit order of the other account."""
        answer = await self.raw(
            f"private/{side}",
            self.other,
            instrument_name=INSTRUMENT[symbol],
            amount=amount,
            price=price,
            **params,
        )
        return answer.result

    async def trade(self, price: float, amount: float = 0.01, symbol: str = BTC) -> Any:
        """The client's account sells to the other, by plain requests; the maker's order."""
        answer = await self.raw(
            "private/sell",
            self.key,
            instrument_name=INSTRUMENT[symbol],
            amount=amount,
            price=price,
            post_only="true",
        )
        taken = await self.others(
            "buy", amount, price, symbol, time_in_force="immediate_or_cancel"
        )
        assert taken["order"]["order_state"] == "filled", taken
        return answer.result["order"] | {"trade": taken["trades"][0]}

    async def tidy(self) -> None:
        """No order is left of either."""
        for key in (self.key, self.other):
            await self.raw("private/cancel_all", key)


async def eventually(ask: Callable[[], Awaitable[Any]], seconds: float = WAIT_SECONDS) -> Any:
    """The first answer that is true: histories and books follow the engine by a moment."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await ask()
        if answer or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(0.05)


async def refused(asked: Awaitable[Any], kind: type[Exception], words: str = "") -> str:
    """The message with which the request failed, as ccxt's own exception of that kind."""
    with pytest.raises(kind) as caught:
        await asked
    assert words in str(caught.value), caught.value
    return str(caught.value)


def picked(shape: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Some members of a structure, to be compared at once."""
    return tuple(shape[name] for name in names)


def ids(shapes: Iterable[dict[str, Any]]) -> list[str]:
    """The ids of orders or trades."""
    return [shape["id"] for shape in shapes]
