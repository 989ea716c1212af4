"""A bot's money: when it runs short it asks for test funds, as any visitor may."""

import asyncio
import time
from contextlib import suppress

from exchange.management.bots.client import Client, Refused

NOT_ENOUGH_FUNDS = 10_009
TOO_MANY_REQUESTS = 10_028
FUND_SECONDS = 120.0
REFUSED_SECONDS = 0.5


class Purse:
    """Answers refusals with patience, and an empty account with a request for funds."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked = -FUND_SECONDS

    async def mind(self, refusal: Refused) -> None:
        """What a bot does about a refusal before it goes on."""
        wait_ms = refusal.data.get("wait_ms", 0)
        await asyncio.sleep(max(REFUSED_SECONDS, float(wait_ms) / 1_000))
        if refusal.code != NOT_ENOUGH_FUNDS or time.monotonic() - self._asked < FUND_SECONDS:
            return
        self._asked = time.monotonic()
        with suppress(Refused):  # The venue may not give any; then the bot trades less.
            await self._client.call("private/demo_fund")
