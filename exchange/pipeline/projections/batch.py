"""A batch of engine events, cut by kind: what every fold reads.

BATCH-001  `position` is an event's place in the batch, `ordinal` its place in the journal, from
           1: rows that need an id of their own take it from there.
"""

from typing import Any

import numpy as np

from exchange.engine.events import EVENT, LAYOUTS, EventKind

Integers = np.ndarray[Any, np.dtype[np.int64]]
Events = np.ndarray[Any, np.dtype[np.void]]


class Batch:
    """Events in journal order, and the number of events before them."""

    def __init__(self, events: Events, events_before: int) -> None:
        assert events.dtype == EVENT, events.dtype
        self.events = np.ascontiguousarray(events)
        self.events_before = events_before
        self._by_kind = {
            int(kind): np.flatnonzero(self.events["kind"] == kind)
            for kind in np.unique(self.events["kind"])
        }

    def __len__(self) -> int:
        return int(self.events.size)

    def positions(self, *kinds: EventKind) -> Integers:
        """Where the events of some kinds stand in the batch."""
        none = np.zeros(0, np.intp)
        places = [self._by_kind.get(int(kind), none) for kind in kinds]
        return places[0] if len(places) == 1 else np.sort(np.concatenate(places))

    def of(self, kind: EventKind, *alike: EventKind) -> Events:
        """The events of one kind, and of others that begin alike, in the first one's layout."""
        return self.events[self.positions(kind, *alike)].view(LAYOUTS[kind])

    def ordinals(self, kind: EventKind) -> Integers:
        """The places of one kind's events in the journal."""
        return self.positions(kind) + (self.events_before + 1)


def last_of_each(keys: Integers) -> Integers:
    """Index of the last occurrence of each distinct key, by ascending key.

    >>> last_of_each(np.array([7, 3, 7, 3, 9]))
    array([3, 2, 4])
    """
    if keys.size == 0:
        return np.zeros(0, np.intp)
    _, first_from_the_end = np.unique(keys[::-1], return_index=True)
    return keys.size - 1 - first_from_the_end
