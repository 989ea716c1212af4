"""What the three bots share: address, keys, a loop that outlives lost connections, a clean end.

Only the addresses and the keys are ours: everything else is ccxt, as for Deribit.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import ccxt.pro

PATIENCE_SECONDS = 30.0
LAST_TRIES = 10


def parser(description: str) -> argparse.ArgumentParser:
    """The options of every bot; addresses and keys may come from the environment."""
    options = argparse.ArgumentParser(description=description)
    env = os.environ.get
    options.add_argument("--url", default=env("VENUE_URL", "http://127.0.0.1:8000"))
    options.add_argument("--key", default=env("VENUE_KEY", ""), help="or VENUE_KEY")
    options.add_argument("--secret", default=env("VENUE_SECRET", ""), help="or VENUE_SECRET")
    options.add_argument("--symbol", default="BTC/USDC:USDC")
    options.add_argument("--pause", type=float, default=1.0, help="seconds between two looks")
    return options


def connect(options: argparse.Namespace) -> Any:
    """ccxt's exchange; http becomes ws for the streams."""
    url: str = options.url.rstrip("/")
    addresses = {"rest": url, "ws": url.replace("http", "ws", 1) + "/ws/api/v2"}
    keys = {"apiKey": options.key, "secret": options.secret}
    return ccxt.pro.deribit({**keys, "urls": {"api": addresses}})


async def run(
    exchange: Any,
    step: Callable[[], Awaitable[None]],
    leave: Callable[[], Awaitable[None]],
    pause: float,
) -> None:
    """Step after step until Ctrl-C, SIGTERM or something that breaks; then leave, always."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    wait = pause
    try:
        while not stopping.is_set():
            try:
                await step()
                wait = pause
            except ccxt.NetworkError as error:
                # Lost, busy or restarting: what was asked may or may not have been done, so the
                # next step looks again at what there is.
                wait = min(2 * wait, PATIENCE_SECONDS)
                say(f"waiting {wait:.0f} s: {type(error).__name__} {str(error)[:80]}")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), wait)
    finally:
        await _leave(leave)
        await exchange.close()


async def cancel_everything(exchange: Any, symbol: str) -> None:
    """No order of the symbol is left: also none that was still on its way."""
    while await exchange.fetch_open_orders(symbol):
        await exchange.cancel_all_orders(symbol)
    say("no open orders")


def say(line: str) -> None:
    """One line for whoever watches."""
    print(line, flush=True)


async def _leave(leave: Callable[[], Awaitable[None]]) -> None:
    for left in reversed(range(LAST_TRIES)):
        try:
            await leave()
            return
        except ccxt.NetworkError:
            if not left:
                raise
            await asyncio.sleep(1)
