"""What reduce-only orders may rest: never more than there is to reduce.

REDUCE-001  after every command the reduce-only lots that rest for a position are at most its
            lots, and all on the side that reduces it.
REDUCE-002  when the position has shrunk, or another reduce-only order came to rest, the most
            passive lots beyond it go: of sells those of the highest price, of buys those of the
            lowest, of one price the order accepted last. An order that loses all its lots is
            cancelled; one that loses some keeps its place (ORDER_REDUCED).
REDUCE-003  orders that wait for a trigger, or are dormant, are not counted: a stop and a
            take-profit may each be as large as the position. What fires is clamped then.
"""

from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.links import is_dormant
from exchange.engine.matching import NO_ORDER
from exchange.engine.open_orders import cancel_resting, cut_open
from exchange.engine.state import State, inner_kernel
from exchange.engine.triggers import is_waiting
from exchange.engine.units import FLAG_REDUCE_ONLY

_REDUCE_ONLY = int(CancelReason.REDUCE_ONLY)


@inner_kernel
def cut_surplus(s: State, e: EventBuffer, account: int, position: int) -> bool:
    """Take what is beyond a position off its reduce-only orders (REDUCE-002).

    Returns whether the book has changed.
    """
    if s.accounts[account]["reduce_only_count"] == 0:
        return False
    is_cut = False
    lots = s.positions[position]["lots"]
    surplus = -abs(lots)
    link = s.accounts[account]["first_order"]
    while link != 0:
        slot = link - 1
        row = s.orders[slot]
        link = row["next_of_account"]
        if not _is_counted(s, slot, position):
            continue
        if lots * row["side"] >= 0:
            cancel_resting(s, e, slot, _REDUCE_ONLY)
            is_cut = True
        else:
            surplus += row["remaining_lots"]
    is_cut = is_cut or surplus > 0
    while surplus > 0:
        slot = _most_passive(s, account, position)
        remaining = s.orders[slot]["remaining_lots"]
        if remaining <= surplus:
            cancel_resting(s, e, slot, _REDUCE_ONLY)
        else:
            cut_open(s, e, slot, surplus, _REDUCE_ONLY)
        surplus -= remaining
    return is_cut


@inner_kernel
def _is_counted(s: State, slot: int, position: int) -> bool:
    row = s.orders[slot]
    if row["position"] != position or row["flags"] & FLAG_REDUCE_ONLY == 0:
        return False
    # A maker that has just been filled whole is still listed, with nothing left.
    is_resting = not is_waiting(row["flags"]) and not is_dormant(row["flags"])
    return is_resting and row["remaining_lots"] > 0


@inner_kernel
def _most_passive(s: State, account: int, position: int) -> int:
    found = NO_ORDER
    link = s.accounts[account]["first_order"]
    while link != 0:
        slot = link - 1
        row = s.orders[slot]
        link = row["next_of_account"]
        if not _is_counted(s, slot, position):
            continue
        if found == NO_ORDER:
            found = slot
            continue
        nearer = row["side"] * (row["price_ticks"] - s.orders[found]["price_ticks"])
        if nearer < 0 or (nearer == 0 and row["id"] > s.orders[found]["id"]):
            found = slot
    assert found != NO_ORDER
    return found
