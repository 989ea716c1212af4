"""How kernels write the events of linked orders (rules: emit)."""

from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.events import ORDER_ACTIVATED, ORDER_AMENDED, EventKind
from exchange.engine.state import State, inner_kernel

_LINKED = int(EventKind.ORDERS_LINKED)
_ACTIVATED = int(EventKind.ORDER_ACTIVATED)
assert ORDER_ACTIVATED == ORDER_AMENDED


@inner_kernel
def orders_linked(
    s: State, e: EventBuffer, slot: int, link: int, other_0: int, other_1: int
) -> None:
    """A group is whole. others: slots + 1, 0: none."""
    row = emit.begin(e, _LINKED, s.orders[slot]["account"], s.orders[slot]["contract"])
    row[5] = s.orders[slot]["id"]
    row[6] = link
    row[7] = s.orders[other_0 - 1]["id"] if other_0 != 0 else 0
    row[8] = s.orders[other_1 - 1]["id"] if other_1 != 0 else 0


@inner_kernel
def order_activated(
    s: State, e: EventBuffer, slot: int, price_before: int, lots_before: int
) -> None:
    """A dormant order is live, with its row as it is now."""
    order = s.orders[slot]
    row = emit.begin(e, _ACTIVATED, order["account"], order["contract"])
    row[5] = order["id"]
    row[6] = order["side"]
    row[7] = order["flags"]
    row[8] = order["price_ticks"]
    row[9] = order["quantity_lots"]
    row[10] = order["remaining_lots"]
    row[11] = price_before
    row[12] = lots_before
    row[13] = order["label"]
    row[14] = s.conditions[slot]["trigger_ticks"]
    row[15] = s.conditions[slot]["offset_ticks"]
