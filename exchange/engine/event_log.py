"""Where a batch's events gather: a buffer that kernels write, set aside whenever it is full.

LOG-001  room is made before events are written, never while: a kernel cannot grow a buffer.
LOG-002  collect() gives the events of all that was applied since begin(), in order.
"""

import numpy as np

from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.events import EVENT, LAYOUTS, EventKind
from exchange.engine.records import RECORD_FIELDS
from exchange.engine.state import Integers, Table

BUFFER_EVENTS = 1 << 18


class EventLog:
    """The events of the batch being applied."""

    def __init__(self) -> None:
        self.buffer = _new_buffer(BUFFER_EVENTS)
        self._full: list[Integers] = []

    def begin(self) -> None:
        """Forget the events of the batch before."""
        self._full.clear()
        self.buffer.cursor[emit.USED] = 0

    def make_room(self, events: int) -> None:
        """Set written events aside when `events` more might not fit."""
        used = int(self.buffer.cursor[emit.USED])
        if used + events <= len(self.buffer.rows):
            return
        self._full.append(self.buffer.rows[:used].copy())
        self.buffer.cursor[emit.USED] = 0
        if events > len(self.buffer.rows):
            self.buffer = EventBuffer(_new_buffer(events).rows, self.buffer.cursor)

    def emit(
        self, kind: EventKind, account: int = -1, contract: int = -1, **fields: int
    ) -> None:
        """Write one event of a rare command; unknown field names raise ValueError."""
        self.make_room(1)
        row = emit.begin(self.buffer, int(kind), account, contract)
        record = row.view(LAYOUTS[kind])[0]
        for name, value in fields.items():
            record[name] = value

    def collect(self) -> Table:
        """All events since begin(), valid until the next begin()."""
        used = int(self.buffer.cursor[emit.USED])
        rows = self.buffer.rows[:used]
        if self._full:
            rows = np.concatenate([*self._full, rows])
        return rows.reshape(-1).view(EVENT)


def _new_buffer(events: int) -> EventBuffer:
    return EventBuffer(
        rows=np.zeros((events, RECORD_FIELDS), np.int64), cursor=np.zeros(3, np.int64)
    )
