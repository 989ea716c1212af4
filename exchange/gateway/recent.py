"""Orders that this process saw last: what an answer needs and an event does not carry."""

from collections import OrderedDict

from exchange.gateway.order_words import OPEN
from exchange.gateway.wire import OrderView

HELD_MAX = 100_000


class RecentOrders:
    """Open orders by id, as far as this process knows them; the engine alone is right."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, OrderView] = OrderedDict()

    def get(self, order_id: int) -> OrderView | None:
        """What is known of the order."""
        return self._held.get(order_id)

    def put(self, order: OrderView) -> None:
        """Remember an open order, forget a closed one."""
        if order.state != OPEN:
            self._held.pop(order.id, None)
            return
        self._held[order.id] = order
        self._held.move_to_end(order.id)
        if len(self._held) > HELD_MAX:
            self._held.popitem(last=False)
