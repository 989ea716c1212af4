"""Many bots in one process: their keys, their connections, and how they say farewell."""

import asyncio
import json
import logging
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from exchange.management.bots.client import Client, Disconnected, Refused
from exchange.management.running import until_stopped

log = logging.getLogger(__name__)

DEFAULT_URL = "ws://127.0.0.1:8001/ws/api/v2"
BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 10.0
STEADY_SECONDS = 30.0  # a connection that lasted this long was a good one
FAREWELL_SECONDS = 2.0


class Credentials(NamedTuple):
    """A bot's API key."""

    key: str
    secret: str


class Bot(Protocol):
    """Anything that trades over a client until it is cancelled."""

    async def run(self) -> None: ...


def load_credentials(path: Path, kind: str) -> list[Credentials]:
    """The keys of "makers" or "takers". Raises ValueError or PermissionError."""
    if not path.exists():
        raise ValueError(f"{path} is missing: `manage.py seed_demo` writes it")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"Expected {path} to be private. Run: chmod 600 {path}")
    rows = json.loads(path.read_bytes()).get(kind, [])
    if not rows:
        raise ValueError(f"{path} holds no {kind}")
    return [Credentials(row["key"], row["secret"]) for row in rows]


async def run_fleet(
    url: str, credentials: list[Credentials], build: Callable[[Client, int], Bot]
) -> None:
    """Keep every bot connected until a signal asks to stop."""
    await until_stopped(
        *(keep_connected(url, own, number, build) for number, own in enumerate(credentials))
    )


async def keep_connected(
    url: str, credentials: Credentials, number: int, build: Callable[[Client, int], Bot]
) -> None:
    """Connect, trade, and after a failure connect again, waiting longer each time (BOT-003)."""
    back_off = BACK_OFF_SECONDS
    loop = asyncio.get_running_loop()
    complained = ""
    while True:
        began = loop.time()
        try:
            async with Client.open(url) as client:
                await client.authenticate(credentials.key, credentials.secret)
                await _trade(client, build(client, number))
        except (Disconnected, Refused) as error:
            if loop.time() - began > STEADY_SECONDS:
                back_off, complained = BACK_OFF_SECONDS, ""
            if str(error) != complained:
                complained = str(error)
                log.warning("bot %d: %s", number, complained)
        await asyncio.sleep(back_off)
        back_off = min(2 * back_off, BACK_OFF_SECONDS_MAX)


async def _trade(client: Client, bot: Bot) -> None:
    try:
        await bot.run()
    except asyncio.CancelledError:
        # Asked to stop: nothing of ours stays in the book, if the venue still answers.
        with suppress(Disconnected, Refused, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await client.call("private/cancel_all")
        raise
