"""How far the projections have come, as the projector itself tells every gateway process.

PROJECTED-001  waiting for them costs nobody a thread or a query: the projector says where it
               stands after each transaction, and once a second at least.
"""

import asyncio
import time


class Projected:
    """The last command that the tables hold, and who waits for a later one."""

    def __init__(self) -> None:
        self.sequence = 0
        self.heard_at: float | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def learn(self, raw: bytes) -> None:
        """The projector said where it stands. It may stand lower than before: a rebuild."""
        self.heard_at = time.monotonic()
        self.stand(int(raw))

    def stand(self, sequence: int) -> None:
        """The tables hold the commands up to here, whoever says so."""
        self.sequence = sequence
        for sequence, arrived in self._waiting:
            if sequence <= self.sequence and not arrived.done():
                arrived.set_result(None)

    async def reach(self, sequence: int, seconds: float) -> bool:
        """Wait until the tables hold a command; False if they did not in time."""
        if sequence <= self.sequence:
            return True
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (sequence, arrived)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(seconds):
                await arrived
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiting)
        return True
