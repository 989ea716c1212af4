"""Orders that wait for a price: where they wait, and which of them are due.

An order waits in a list of its contract, price source and direction, sorted by trigger, so that
a price asks only for the first of each list whatever the number of those that wait.

TRIG-001  a stop buy and a take sell fire when the price is at or above their trigger, a stop
          sell and a take buy when it is at or below. A trailing stop is a stop market whose
          trigger stays its offset behind the best price (lowest for a buy) since it came.
TRIG-002  the source is the mark (default), the index as the mark was last made from it, or the
          last traded price. Mark and index are looked at after each command that moved them;
          the last price after each command, and after each order fired, that traded.
TRIG-003  while it waits an order is in no book and reserves no margin. It is one of its
          account's open orders: listed, amended and cancelled like them, and cancelled when a
          liquidation begins.
TRIG-004  trailing stops of one list stand in a list of their own, from the worst best price to
          the best: a price that is no news costs one comparison, and a new best moves only
          those that it is new for. TRAILING_MAX bounds that list.
"""

from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.matching import NO_ORDER, dequeue, enqueue, trigger_list
from exchange.engine.state import Counter, State, inner_kernel, kernel
from exchange.engine.units import (
    FLAG_DORMANT,
    FLAG_TRIGGERED,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    TRIGGER_MASK,
    TRIGGER_SHIFT,
    TYPE_MASK,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    TYPES_WITH_TRIGGER,
)

_DUE = int(Counter.TRIGGERS_DUE)
_CONTRACTS = int(Counter.CONTRACTS)
_MARK = TRIGGER_MARK >> TRIGGER_SHIFT
_INDEX = TRIGGER_INDEX >> TRIGGER_SHIFT
_LAST = TRIGGER_LAST >> TRIGGER_SHIFT
_SOURCES = (_MARK, _INDEX, _LAST)


@inner_kernel
def is_waiting(flags: int) -> bool:
    """Whether an order with these flags waits for its trigger."""
    return flags & TYPES_WITH_TRIGGER != 0 and flags & (FLAG_TRIGGERED | FLAG_DORMANT) == 0


@inner_kernel
def is_trailing(flags: int) -> bool:
    return flags & TYPE_MASK == TYPE_TRAILING_STOP


@inner_kernel
def trigger_source(flags: int) -> int:
    """0 mark, 1 index, 2 last."""
    return (flags & TRIGGER_MASK) >> TRIGGER_SHIFT


@inner_kernel
def trigger_direction(flags: int, side: int) -> int:
    """1: fires when the price has risen to the trigger; -1: when it has fallen (TRIG-001)."""
    is_take = flags & TYPE_MASK == TYPE_TAKE_LIMIT or flags & TYPE_MASK == TYPE_TAKE_MARKET
    return -side if is_take else side


@inner_kernel
def source_price(s: State, contract: int, source: int) -> int:
    """The price that a source shows now, in ticks; 0: none yet."""
    row = s.contracts[contract]
    if source == _MARK:
        return row["mark_ticks"]
    return row["index_ticks"] if source == _INDEX else row["last_ticks"]


@inner_kernel
def watch(s: State, slot: int, trigger_ticks: int) -> None:
    """Let an order wait. trigger_ticks: its trigger, or the offset of a trailing stop."""
    row = s.orders[slot]
    contract = row["contract"]
    source = trigger_source(row["flags"])
    direction = trigger_direction(row["flags"], row["side"])
    condition = s.conditions[slot]
    condition["trigger_ticks"] = trigger_ticks
    if is_trailing(row["flags"]):
        price = source_price(s, contract, source)
        condition["offset_ticks"] = trigger_ticks
        condition["best_ticks"] = price
        condition["trigger_ticks"] = price + direction * trigger_ticks
        condition["told_ticks"] = condition["trigger_ticks"]
        _link_trailing(s, trigger_list(contract, source, direction), slot, direction)
    _enlist(s, slot)
    s.contracts[contract]["watchers"] += 1
    if source == _LAST:
        s.contracts[contract]["last_watchers"] += 1


@inner_kernel
def unwatch(s: State, slot: int) -> None:
    """Undo watch; what the trigger was remains written until the slot is freed."""
    row = s.orders[slot]
    contract = row["contract"]
    source = trigger_source(row["flags"])
    if is_trailing(row["flags"]):
        direction = trigger_direction(row["flags"], row["side"])
        _unlink_trailing(s, trigger_list(contract, source, direction), slot)
    _delist(s, slot)
    s.contracts[contract]["watchers"] -= 1
    if source == _LAST:
        s.contracts[contract]["last_watchers"] -= 1


@inner_kernel
def trailing_count(s: State, contract: int, source: int, direction: int) -> int:
    """How many trailing stops one list of triggers has."""
    return s.levels[trigger_list(contract, source, direction)]["count"]


@inner_kernel
def note_price(s: State, contract: int) -> None:
    """Remember that a price moved which somebody may be waiting for."""
    row = s.contracts[contract]
    if row["watchers"] != 0 and row["is_due"] == 0:
        row["is_due"] = 1
        s.counters[_DUE] += 1


@inner_kernel
def forget_price(s: State, contract: int) -> None:
    """Undo note_price: nobody is due any more."""
    s.contracts[contract]["is_due"] = 0
    s.counters[_DUE] -= 1


@inner_kernel
def first_due(s: State, contract: int) -> int:
    """Slot of the order that fires next, or NO_ORDER; trailing stops are moved first.

    Sources in the order mark, index, last; rising before falling; the trigger that the price
    has passed furthest first; then the order that took its place first.
    """
    for source in _SOURCES:
        price = source_price(s, contract, source)
        if price == 0:
            continue
        for direction in (1, -1):
            head = trigger_list(contract, source, direction)
            if s.levels[head]["count"] != 0:
                _trail(s, head, direction, price)
            level = s.level_next[head, 0]
            if level != 0:
                row = s.levels[level - 1]
                if direction * (price - row["price_ticks"]) >= 0:
                    return row["first"] - 1
    return NO_ORDER


@kernel
def count_trailing(s: State) -> int:
    """How many trailing stops there are in all contracts: the most that tell_trailing says."""
    total = 0
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["watchers"] != 0:
            for source in _SOURCES:
                total += trailing_count(s, contract, source, 1)
                total += trailing_count(s, contract, source, -1)
    return total


@kernel
def tell_trailing(s: State, e: EventBuffer) -> None:
    """An event for each trailing stop that has moved since the last one about it."""
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["watchers"] != 0:
            for source in _SOURCES:
                _tell_list(s, e, trigger_list(contract, source, 1))
                _tell_list(s, e, trigger_list(contract, source, -1))


@inner_kernel
def _tell_list(s: State, e: EventBuffer, head: int) -> None:
    link = s.levels[head]["first"]
    while link != 0:
        condition = s.conditions[link - 1]
        if condition["told_ticks"] != condition["trigger_ticks"]:
            row = s.orders[link - 1]
            emit.trigger_moved(
                e,
                row["account"],
                row["contract"],
                row["id"],
                row["side"],
                row["flags"],
                condition["trigger_ticks"],
                condition["told_ticks"],
                condition["offset_ticks"],
                condition["best_ticks"],
            )
            condition["told_ticks"] = condition["trigger_ticks"]
        link = condition["next_trailing"]


@inner_kernel
def _enlist(s: State, slot: int) -> None:
    row = s.orders[slot]
    direction = trigger_direction(row["flags"], row["side"])
    head = trigger_list(row["contract"], trigger_source(row["flags"]), direction)
    enqueue(s, slot, head, -direction, s.conditions[slot]["trigger_ticks"])


@inner_kernel
def _delist(s: State, slot: int) -> None:
    row = s.orders[slot]
    direction = trigger_direction(row["flags"], row["side"])
    head = trigger_list(row["contract"], trigger_source(row["flags"]), direction)
    dequeue(s, slot, head, -direction)


@inner_kernel
def _trail(s: State, head: int, direction: int, price: int) -> None:
    """Move the trailing stops for which the price is a new best, oldest first (TRIG-004)."""
    moving = 0
    link = s.levels[head]["first"]
    while link != 0 and direction * (price - s.conditions[link - 1]["best_ticks"]) < 0:
        moving = link
        link = s.conditions[link - 1]["next_trailing"]
    while moving != 0:
        condition = s.conditions[moving - 1]
        _delist(s, moving - 1)
        condition["best_ticks"] = price
        condition["trigger_ticks"] = price + direction * condition["offset_ticks"]
        _enlist(s, moving - 1)
        moving = condition["previous_trailing"]


@inner_kernel
def _link_trailing(s: State, head: int, slot: int, direction: int) -> None:
    """Put a trailing stop where its best price belongs, before its equals."""
    best = s.conditions[slot]["best_ticks"]
    before = 0
    after = s.levels[head]["first"]
    while after != 0 and direction * (best - s.conditions[after - 1]["best_ticks"]) < 0:
        before = after
        after = s.conditions[after - 1]["next_trailing"]
    s.conditions[slot]["previous_trailing"] = before
    s.conditions[slot]["next_trailing"] = after
    if before != 0:
        s.conditions[before - 1]["next_trailing"] = slot + 1
    else:
        s.levels[head]["first"] = slot + 1
    if after != 0:
        s.conditions[after - 1]["previous_trailing"] = slot + 1
    s.levels[head]["count"] += 1


@inner_kernel
def _unlink_trailing(s: State, head: int, slot: int) -> None:
    condition = s.conditions[slot]
    before = condition["previous_trailing"]
    after = condition["next_trailing"]
    if before != 0:
        s.conditions[before - 1]["next_trailing"] = after
    else:
        s.levels[head]["first"] = after
    if after != 0:
        s.conditions[after - 1]["previous_trailing"] = before
    condition["next_trailing"] = 0
    condition["previous_trailing"] = 0
    s.levels[head]["count"] -= 1
