"""Orders that this process saw last: what an answer needs and an event does not carry."""

from collections import OrderedDict

from exchange.gateway.order_words import OPEN
from exchange.gateway.wire import OrderView

HELD_MAX = 20_000  # about a kilobyte each; of one no longer held the account's view is read


class RecentOrders:
    """Open orders by id, as far as this process knows them; the engine alone is right."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[int, int], OrderView] = OrderedDict()

    def get(self, account: int, order_id: int) -> OrderView | None:
        """What is known of the account's order; of another's: nothing."""
        return self._held.get((account, order_id))

    def put(self, account: int, order: OrderView) -> None:
        """Remember an open order, forget a closed one."""
        key = account, order.id
        if order.state != OPEN:
            self._held.pop(key, None)
            return
        self._held[key] = order
        self._held.move_to_end(key)
        if len(self._held) > HELD_MAX:
            self._held.popitem(last=False)
