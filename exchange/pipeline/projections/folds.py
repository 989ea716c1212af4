"""What is folded into one transaction, and the thread that writes it (FOLLOW-003 and 5)."""

import time
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from django.db import connection

from exchange.pipeline.crash import crash_point
from exchange.pipeline.journal import Row
from exchange.pipeline.projections.batch import Events
from exchange.pipeline.projections.projector import Projector, join
from exchange.pipeline.replica import Replica

FOLD_EVENTS_MAX = 200_000
FOLD_SECONDS = 0.05


class Fold:
    """Events of one transaction to be, in journal order."""

    def __init__(self, after: int, events_max: int) -> None:
        self._events_max = events_max
        self._parts: list[Events] = []
        self._held = 0
        self._first = after + 1
        self._through = after
        self._time_ns = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def is_full(self) -> bool:
        return self._held >= self._events_max

    def add(self, row: Row, events: Events) -> None:
        """The next row of the journal; the events are copied."""
        self._parts.append(events.copy())
        self._held += events.size
        self._through, self._time_ns = row.last_sequence, row.time_ns

    def write(self, projector: Projector) -> int:
        """The tables' new head."""
        events = join(self._parts)
        projector.write(events, first=self._first, through=self._through, time_ns=self._time_ns)
        return projector.sequence


class Steps:
    """A replica's way along the journal, in pieces."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._rows = replica.advance()

    def take(self, fold: Fold) -> bool:
        """Apply for FOLD_SECONDS, until the fold is full or, True, to the journal's end."""
        until = time.monotonic() + FOLD_SECONDS
        while not fold.is_full and time.monotonic() < until:
            step = next(self._rows, None)
            if step is None:
                self._rows = self._replica.advance()
                return True
            fold.add(*step)
            crash_point("mid_fold")
        return False


class WriteBehind:
    """The thread that writes (FOLLOW-005)."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._thread = ThreadPoolExecutor(1, "projector")
        self._written: Future[int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Behind whatever is under way, and looked up there: each thread has a connection.
        self._thread.submit(lambda: connection.close())
        self._thread.shutdown()

    @property
    def is_busy(self) -> bool:
        return self._written is not None

    def put(self, fold: Fold) -> None:
        """Begin to write it; nothing may be under way."""
        assert self._written is None
        self._written = self._thread.submit(fold.write, self._projector)

    def wait(self, seconds: float) -> Iterator[int]:
        """The tables' new head if it is written by then; raises what writing raised."""
        if self._written is None or not futures.wait([self._written], seconds).done:
            return
        written, self._written = self._written, None
        yield written.result()
