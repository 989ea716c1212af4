"""Good-til-day orders: until when they live, and in which order they end.

DAY-001  such an order lives until the first 08:00 UTC after it was accepted, by the venue's
         time; amending it does not prolong its day.
DAY-002  all of them that are open, resting or waiting for a trigger, stand in one list. The day
         of one that is listed later never ends earlier, so the first is always the next to end.
"""

from exchange.engine.state import Counter, State, inner_kernel
from exchange.engine.units import DAY_END_NS, DAY_NS, TIF_GOOD_TIL_DAY, TIF_MASK

_FIRST = int(Counter.DAY_FIRST)
_TIME_NS = int(Counter.TIME_NS)


@inner_kernel
def is_good_til_day(flags: int) -> bool:
    return flags & TIF_MASK == TIF_GOOD_TIL_DAY


@inner_kernel
def is_day_over(s: State, slot: int) -> bool:
    """Whether a good-til-day order may no longer trade (DAY-001)."""
    row = s.orders[slot]
    if not is_good_til_day(row["flags"]):
        return False
    days = (row["accepted_ns"] - DAY_END_NS) // DAY_NS
    return s.counters[_TIME_NS] >= (days + 1) * DAY_NS + DAY_END_NS


@inner_kernel
def first_of_day(s: State) -> int:
    """Slot + 1 of the order whose day ends next, 0: none."""
    return s.counters[_FIRST]


@inner_kernel
def link_day(s: State, slot: int) -> None:
    """List an open order last. The first order's `previous` is the last of the list."""
    first = s.counters[_FIRST]
    if first == 0:
        s.counters[_FIRST] = slot + 1
        s.conditions[slot]["previous_of_day"] = slot + 1
        return
    last = s.conditions[first - 1]["previous_of_day"]
    s.conditions[last - 1]["next_of_day"] = slot + 1
    s.conditions[slot]["previous_of_day"] = last
    s.conditions[first - 1]["previous_of_day"] = slot + 1


@inner_kernel
def unlink_day(s: State, slot: int) -> None:
    """Undo link_day."""
    first = s.counters[_FIRST]
    before = s.conditions[slot]["previous_of_day"]
    after = s.conditions[slot]["next_of_day"]
    if first == slot + 1:
        s.counters[_FIRST] = after
    else:
        s.conditions[before - 1]["next_of_day"] = after
    if after != 0:
        s.conditions[after - 1]["previous_of_day"] = before
    elif first != slot + 1:
        s.conditions[first - 1]["previous_of_day"] = before
    s.conditions[slot]["next_of_day"] = 0
    s.conditions[slot]["previous_of_day"] = 0
