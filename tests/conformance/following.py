"""A user's loop around one watch_* method, across a connection that is cut.

The loop is the one of ccxt's examples: watch, and after a NetworkError watch again. A channel
does not tell what happened while nobody listened; so the checks ask, as users do, the history
for what the loop could not hear, and demand that both together are complete.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import ccxt

from tests.conformance.desk import WAIT_SECONDS, Desk

AGAIN_SECONDS = 0.3


@dataclass(slots=True)
class Follower:
    """What a loop heard, in order."""

    heard: list[Any] = field(default_factory=list)
    drops: int = 0
    may_connect: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    async def until(
        self, holds: Callable[[Any], bool], act: Callable[[], Awaitable[Any]] | None = None
    ) -> Any:
        """The first answer from now on that holds; acts again and again until it was heard.

        ccxt subscribes in its own time and says nothing of it.
        """
        position = len(self.heard)
        for _ in range(int(WAIT_SECONDS / AGAIN_SECONDS)):
            if act is not None:
                await act()
            await asyncio.sleep(AGAIN_SECONDS)
            assert self.task is not None
            if self.task.done():
                self.task.result()
            for answer in self.heard[position:]:
                if holds(answer):
                    return answer
        raise AssertionError(f"Nothing of it was heard; last: {str(self.heard[-1:])[:300]}")

    async def until_true(self, condition: Callable[[], bool]) -> None:
        """What it heard up to now, or will have heard, is so."""
        for _ in range(int(WAIT_SECONDS / 0.05)):
            if condition():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"It did not come to that; last: {str(self.heard[-1:])[:300]}")


@asynccontextmanager
async def following(desk: Desk, method: str, *arguments: Any) -> AsyncIterator[Follower]:
    """Watch in the background for as long as the block lasts."""
    follower = Follower()
    follower.may_connect.set()

    async def loop() -> None:
        while True:
            try:
                follower.heard.append(_kept(await desk.client.call(method, *arguments)))
            except ccxt.NetworkError:
                follower.drops += 1
                await follower.may_connect.wait()

    follower.task = asyncio.create_task(loop(), name=method)
    try:
        yield follower
    finally:
        follower.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ccxt.BaseError):
            await follower.task


def _kept(answer: Any) -> Any:
    """Orders and trades as they were told: ccxt goes on writing into its own."""
    return (
        [dict(each) if isinstance(each, dict) else each for each in answer]
        if isinstance(answer, list)
        else answer
    )


@asynccontextmanager
async def gap(desk: Desk, follower: Follower) -> AsyncIterator[None]:
    """The client's connections are cut, and it connects again when the block is done."""
    drops = follower.drops
    follower.may_connect.clear()
    desk.cut()
    await follower.until_true(lambda: follower.drops > drops)
    yield
    follower.may_connect.set()
