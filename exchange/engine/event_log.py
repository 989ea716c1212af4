"""Where a batch's events gather: a buffer that kernels write, set aside whenever it is full.

LOG-001  room is made before events are written, never while: a kernel cannot grow a buffer.
LOG-002  collect() gives the events of all that was applied since begin(), in order.
"""

import numpy as np

from exchange.engine import emit
from exchange.engine.emit import BUFFER_EVENTS, new_buffer
from exchange.engine.events import EVENT, LAYOUTS, EventKind
from exchange.engine.state import Integers, Table, in_array


class EventLog:
    """The events of the batch being applied."""

    def __init__(self) -> None:
        self.buffer = new_buffer()
        self.buffers = in_array(self.buffer)
        self._rows, self._cursor = self.buffer.rows, self.buffer.cursor
        self._full: list[Integers] = []

    def begin(self) -> None:
        """Forget the events of the batch before."""
        self._full.clear()
        self._cursor[emit.USED] = 0

    def make_room(self, events: int) -> None:
        """Set written events aside when `events` more, at most BUFFER_EVENTS, might not fit."""
        assert events <= BUFFER_EVENTS
        used = int(self._cursor[emit.USED])
        if used + events <= BUFFER_EVENTS:
            return
        self._full.append(self._rows[:used].copy())
        self._cursor[emit.USED] = 0

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
        used = int(self._cursor[emit.USED])
        rows = self._rows[:used]
        if self._full:
            rows = np.concatenate([*self._full, rows])
        return rows.reshape(-1).view(EVENT)
