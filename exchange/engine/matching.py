"""The order book: price-time priority over a pool of price levels shared by all contracts.

Each contract has two lists of levels, best price first, kept as skip lists: finding or making a
level costs O(log levels) even where thousands of prices are in use. A level queues its orders
first in, first out, as a doubly linked list of order slots. Links are slot + 1; 0 is none.
Orders that wait for a trigger stand in further lists of the same kind (triggers.py).

BOOK-001  the first level of a side is its best price; within a level, the first order is
          oldest.
BOOK-002  a level exists iff it has orders; its lots and count are the sums over them (I-14).
BOOK-003  tower heights come from a counter, not from chance: the same commands build the same
          book. Multiples of an irrational-like constant are evenly spread (Knuth, TAOCP vol. 3,
          section 6.4, theorem S), so heights are as balanced as random ones, and no client can
          steer them.
"""

from exchange.engine.state import Counter, State, inner_kernel, kernel
from exchange.engine.units import (
    BOOK_LISTS,
    BUY,
    CONTRACTS_MAX,
    LEVEL_HEIGHT_MAX,
    ORDER_SLOT_BITS,
    ORDERS_MAX,
    TIF_GOOD_TIL_DAY,
    TRIGGER_LISTS,
    TYPES_WITH_TRIGGER,
    mul_div_floor,
)

_ORDERS_HIGH = int(Counter.ORDERS_HIGH)
_ORDERS_FREE = int(Counter.ORDERS_FREE)
_ORDERS_OPEN = int(Counter.ORDERS_OPEN)
_ORDER_NUMBERS = int(Counter.ORDER_NUMBERS)
_LEVELS_HIGH = int(Counter.LEVELS_HIGH)
_LEVELS_FREE = int(Counter.LEVELS_FREE)
_LEVELS_MADE = int(Counter.LEVELS_MADE)
_SLOT_MASK = ORDERS_MAX - 1
_WEYL_MODULUS = (1 << 31) - 1
_WEYL_STEP = 1_327_217_885  # modulus / golden ratio
_TRIGGERS_FROM = BOOK_LISTS * CONTRACTS_MAX
_WITH_CONDITION = TYPES_WITH_TRIGGER | TIF_GOOD_TIL_DAY
NO_ORDER = -1


@kernel
def book_side(contract: int, side: int) -> int:
    """Level slot of the list head of one side of a book."""
    return BOOK_LISTS * contract + (0 if side == BUY else 1)


@kernel
def trigger_list(contract: int, source: int, direction: int) -> int:
    """Level slot of the list head of triggers on one price source, nearest trigger first.

    source: units.TRIGGER_* >> TRIGGER_SHIFT. direction: 1, fires when the price has risen to
    the trigger; -1, when it has fallen to it.
    """
    place = 2 * source + (0 if direction > 0 else 1)
    return _TRIGGERS_FROM + TRIGGER_LISTS * contract + place


@kernel
def best_level(s: State, contract: int, side: int) -> int:
    """Level slot + 1 of the best price of a side, 0 when the side is empty."""
    return s.level_next[book_side(contract, side), 0]


@kernel
def best_price(s: State, contract: int, side: int) -> int:
    """Best price of a side in ticks, 0 when the side is empty."""
    level = best_level(s, contract, side)
    return s.levels[level - 1]["price_ticks"] if level != 0 else 0


@inner_kernel
def crosses(side: int, limit_ticks: int, resting_ticks: int) -> bool:
    """Whether an order of this side and limit may trade with a resting order's price."""
    return side * (limit_ticks - resting_ticks) >= 0


@kernel
def order_slot(s: State, order_id: int) -> int:
    """Slot of a live order, or NO_ORDER."""
    slot = order_id & _SLOT_MASK
    if order_id <= 0 or s.orders[slot]["id"] != order_id:
        return NO_ORDER
    return slot


@inner_kernel
def has_free_order(s: State) -> bool:
    return s.counters[_ORDERS_FREE] != 0 or s.counters[_ORDERS_HIGH] < ORDERS_MAX


@inner_kernel
def claim_order(s: State) -> int:
    """A free order slot with its public id written; has_free_order must hold."""
    free = s.counters[_ORDERS_FREE]
    if free != 0:
        slot = free - 1
        s.counters[_ORDERS_FREE] = s.orders[slot]["next"]
        s.orders[slot]["next"] = 0
    else:
        slot = s.counters[_ORDERS_HIGH]
        assert slot < ORDERS_MAX
        s.counters[_ORDERS_HIGH] = slot + 1
    number = s.counters[_ORDER_NUMBERS] + 1
    s.counters[_ORDER_NUMBERS] = number
    s.orders[slot]["id"] = (number << ORDER_SLOT_BITS) | slot
    s.counters[_ORDERS_OPEN] += 1
    return slot


@inner_kernel
def free_order(s: State, slot: int) -> None:
    """Return a slot that is in no list to the pool."""
    row = s.orders[slot]
    if row["flags"] & _WITH_CONDITION != 0:
        condition = s.conditions[slot]
        condition["trigger_ticks"] = 0
        condition["offset_ticks"] = 0
        condition["best_ticks"] = 0
        condition["told_ticks"] = 0
    row["id"] = 0
    row["account"] = 0
    row["contract"] = 0
    row["position"] = 0
    row["side"] = 0
    row["flags"] = 0
    row["price_ticks"] = 0
    row["quantity_lots"] = 0
    row["remaining_lots"] = 0
    row["level"] = 0
    row["previous"] = 0
    row["label"] = 0
    row["accepted_ns"] = 0
    row["next"] = s.counters[_ORDERS_FREE]
    s.counters[_ORDERS_FREE] = slot + 1
    s.counters[_ORDERS_OPEN] -= 1


@inner_kernel
def rest_order(s: State, slot: int) -> None:
    """Queue an order behind all others of its price."""
    row = s.orders[slot]
    head = book_side(row["contract"], row["side"])
    enqueue(s, slot, head, row["side"], row["price_ticks"])


@inner_kernel
def enqueue(s: State, slot: int, head: int, side: int, price_ticks: int) -> None:
    """Queue an order last at a price of any list; side: BUY for lists that begin on high."""
    row = s.orders[slot]
    level = _find_or_make_level(s, head, side, price_ticks)
    level_row = s.levels[level]
    last = level_row["last"]
    row["level"] = level
    row["previous"] = last
    row["next"] = 0
    if last != 0:
        s.orders[last - 1]["next"] = slot + 1
    else:
        level_row["first"] = slot + 1
    level_row["last"] = slot + 1
    level_row["lots"] += row["remaining_lots"]
    level_row["count"] += 1


@inner_kernel
def reduce_resting(s: State, slot: int, lots: int) -> None:
    """Take lots off a resting order, which keeps its place in the queue."""
    s.orders[slot]["remaining_lots"] -= lots
    s.levels[s.orders[slot]["level"]]["lots"] -= lots


@inner_kernel
def unrest_order(s: State, slot: int) -> None:
    """Take an order out of its level in the book."""
    row = s.orders[slot]
    dequeue(s, slot, book_side(row["contract"], row["side"]), row["side"])


@inner_kernel
def dequeue(s: State, slot: int, head: int, side: int) -> None:
    """Take an order out of its level in any list; the level goes when it was the last."""
    row = s.orders[slot]
    level = row["level"]
    level_row = s.levels[level]
    before = row["previous"]
    after = row["next"]
    if before != 0:
        s.orders[before - 1]["next"] = after
    else:
        level_row["first"] = after
    if after != 0:
        s.orders[after - 1]["previous"] = before
    else:
        level_row["last"] = before
    row["previous"] = 0
    row["next"] = 0
    row["level"] = 0
    level_row["lots"] -= row["remaining_lots"]
    level_row["count"] -= 1
    if level_row["count"] == 0:
        assert level_row["lots"] == 0
        _remove_level(s, head, side, level)


@kernel
def walk_book(
    s: State, contract: int, side: int, limit_ticks: int, wanted_lots: int
) -> tuple[int, int, int]:
    """What an order would meet: (lots, sum of price x lots, worst price), whole levels' worth.

    side: of the order that takes. Orders that would be passed over (self-trade, margin, band)
    are counted; execution finds out.
    """
    left = wanted_lots
    price_lots = 0
    worst = 0
    level = best_level(s, contract, -side)
    while level != 0 and left > 0:
        row = s.levels[level - 1]
        if not crosses(side, limit_ticks, row["price_ticks"]):
            break
        taken = min(left, row["lots"])
        left -= taken
        worst = row["price_ticks"]
        price_lots += taken * worst
        level = s.level_next[level - 1, 0]
    return wanted_lots - left, price_lots, worst


@kernel
def impact_price_e8(s: State, contract: int, side: int, notional_units: int) -> int:
    """Average price at which a notional meets the resting orders of `side`, quote x 10^8.

    Rounded down; 0 when the book is not deep enough.
    """
    unit = s.contracts[contract]["tick_value_units"]
    left = notional_units
    lots = 0
    price_lots = 0
    level = best_level(s, contract, side)
    while level != 0:
        row = s.levels[level - 1]
        lot_units = row["price_ticks"] * unit
        taken = min((left + lot_units - 1) // lot_units, row["lots"])
        lots += taken
        price_lots += taken * row["price_ticks"]
        left -= taken * lot_units
        if left <= 0:
            return mul_div_floor(price_lots, s.contracts[contract]["tick_e8"], lots)
        level = s.level_next[level - 1, 0]
    return 0


@inner_kernel
def _find_or_make_level(s: State, head: int, side: int, price_ticks: int) -> int:
    key = -side * price_ticks
    before = head
    for height in range(LEVEL_HEIGHT_MAX - 1, -1, -1):
        after = s.level_next[before, height]
        while after != 0 and -side * s.levels[after - 1]["price_ticks"] < key:
            before = after - 1
            after = s.level_next[before, height]
    if after != 0 and s.levels[after - 1]["price_ticks"] == price_ticks:
        return after - 1
    return _insert_level(s, head, side, price_ticks)


@inner_kernel
def _insert_level(s: State, head: int, side: int, price_ticks: int) -> int:
    free = s.counters[_LEVELS_FREE]
    if free != 0:
        level = free - 1
        s.counters[_LEVELS_FREE] = s.levels[level]["next_free"]
        s.levels[level]["next_free"] = 0
    else:
        level = s.counters[_LEVELS_HIGH]
        s.counters[_LEVELS_HIGH] = level + 1
    tower = _next_height(s)
    s.levels[level]["price_ticks"] = price_ticks
    s.levels[level]["height"] = tower
    key = -side * price_ticks
    before = head
    for height in range(LEVEL_HEIGHT_MAX - 1, -1, -1):
        after = s.level_next[before, height]
        while after != 0 and -side * s.levels[after - 1]["price_ticks"] < key:
            before = after - 1
            after = s.level_next[before, height]
        if height < tower:
            s.level_next[level, height] = after
            s.level_next[before, height] = level + 1
    return level


@inner_kernel
def _remove_level(s: State, head: int, side: int, level: int) -> None:
    key = -side * s.levels[level]["price_ticks"]
    before = head
    for height in range(LEVEL_HEIGHT_MAX - 1, -1, -1):
        after = s.level_next[before, height]
        while after != 0 and -side * s.levels[after - 1]["price_ticks"] < key:
            before = after - 1
            after = s.level_next[before, height]
        if after == level + 1:
            s.level_next[before, height] = s.level_next[level, height]
            s.level_next[level, height] = 0
    s.levels[level]["price_ticks"] = 0
    s.levels[level]["height"] = 0
    s.levels[level]["next_free"] = s.counters[_LEVELS_FREE]
    s.counters[_LEVELS_FREE] = level + 1


@inner_kernel
def _next_height(s: State) -> int:
    """1 + the number of leading base-4 zeros of the next Weyl number (BOOK-003)."""
    made = s.counters[_LEVELS_MADE] + 1
    s.counters[_LEVELS_MADE] = made
    draw = (made % _WEYL_MODULUS) * _WEYL_STEP % _WEYL_MODULUS
    height = 1
    bound = _WEYL_MODULUS >> 2
    while draw < bound and height < LEVEL_HEIGHT_MAX:
        height += 1
        bound >>= 2
    return height
