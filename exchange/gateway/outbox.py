"""What one socket still has to be sent: bounded, conflated, and nobody else's burden.

OUT-001  a state (ticker, quote, portfolio …) waits at most once: newer replaces older.
OUT-002  a chain of changes that falls CHAIN_MAX behind is replaced by one fresh snapshot,
         rendered when the socket is ready for it.
OUT-003  answers and events are never dropped: when CHARACTERS_MAX wait, the socket is cut off.
OUT-004  pushing never waits; only this socket's own sender task does.
"""

import asyncio
from collections.abc import Callable

CHARACTERS_MAX = 1 << 20
CHAIN_MAX = 20

Render = Callable[[], str | None]


class Outbox:
    """Frames waiting for one socket, in order of the first frame of each key."""

    __slots__ = ("_answers", "_characters", "_ready", "_waiting", "is_overrun")

    def __init__(self) -> None:
        self._waiting: dict[str, str | list[str] | Render] = {}
        self._characters = 0
        self._answers = 0
        self._ready = asyncio.Event()
        self.is_overrun = False

    @property
    def waiting_characters(self) -> int:
        """Characters that wait; snapshots yet to be rendered count nothing."""
        return self._characters

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def push_event(self, frame: str) -> None:
        """An answer or an event: must arrive, in order."""
        self._answers += 1
        self._put(f"#{self._answers}", frame)

    def push_state(self, key: str, frame: str) -> None:
        """A state: only the newest of this key counts."""
        previous = self._waiting.get(key)
        if isinstance(previous, str):
            self._characters -= len(previous)
        self._put(key, frame)

    def push_change(self, key: str, frame: str, snapshot: Render) -> None:
        """A link of a chain; `snapshot` renders the whole when the chain got too long."""
        waiting = self._waiting.get(key)
        if callable(waiting):
            return
        if not isinstance(waiting, list):
            self._waiting[key] = [frame]
        elif len(waiting) < CHAIN_MAX:
            waiting.append(frame)
        else:
            self._characters -= sum(map(len, waiting))
            self._waiting[key] = snapshot
            return
        self._grow(len(frame))

    def push_snapshot(self, key: str, snapshot: Render) -> None:
        """Whatever of this key waits is out of date: send the whole instead."""
        self.drop(key)
        self._waiting[key] = snapshot
        self._ready.set()

    def drop(self, key: str) -> None:
        """Forget what waits of this key."""
        waiting = self._waiting.pop(key, None)
        if isinstance(waiting, str):
            self._characters -= len(waiting)
        elif isinstance(waiting, list):
            self._characters -= sum(map(len, waiting))

    async def next(self) -> list[str]:
        """The frames of the key that has waited longest; waits until there are some."""
        while True:
            while not self._waiting:
                self._ready.clear()
                await self._ready.wait()
            key = next(iter(self._waiting))
            waiting = self._waiting.pop(key)
            if callable(waiting):
                frame = waiting()
                if frame is not None:
                    return [frame]
                continue
            frames = [waiting] if isinstance(waiting, str) else waiting
            self._characters -= sum(map(len, frames))
            return frames

    def _put(self, key: str, frame: str) -> None:
        self._waiting[key] = frame
        self._grow(len(frame))

    def _grow(self, size: int) -> None:
        self._characters += size
        if self._characters > CHARACTERS_MAX:
            self.is_overrun = True
        self._ready.set()
