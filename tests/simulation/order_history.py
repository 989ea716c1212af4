"""Orders as events tell of them: where each stands, what it filled, how it ended."""

from tests.simulation.reference.wire import (
    BUY,
    FLAG_DORMANT,
    FLAG_LINKED,
    FLAG_LIQUIDATION,
    FLAG_MAKER,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_TRIGGERED,
    TIF_FILL_OR_KILL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TYPES_WITH_TRIGGER,
    CancelReason,
    EventKind,
)

Event = dict[str, int]


class OrderHistory:
    """Live orders by id, their queues, positions, and the last trade."""

    def __init__(self, owners: dict[int, int]) -> None:
        self.owners = owners
        self.live: dict[int, Event] = {}
        self.ended: set[int] = set()
        # Who stands in a book, oldest first: an order enters behind all others.
        self.queues: dict[tuple[int, int, int], list[int]] = {}
        self.lots: dict[tuple[int, int], int] = {}
        self.trade = 0
        self.maker: Event | None = None
        self.entering: list[int] = []
        self.asked_order = 0  # of the command, if it amends or cancels one
        self.asked_price = 0  # of the command: a post-only amendment may slide back to its own
        self.prices: dict[tuple[int, int], int] = {}

    def follow(self, event: Event) -> None:
        """Takes in one event."""
        kind = event["kind"]
        if kind == EventKind.ORDER_ACCEPTED:
            self._accepted(event)
        elif kind == EventKind.ORDER_FILLED:
            self._filled(event)
        elif kind == EventKind.ORDER_CANCELLED:
            self._cancelled(event)
        elif kind == EventKind.ORDER_REDUCED:
            self._reduced(event)
        elif kind in (
            EventKind.ORDER_AMENDED,
            EventKind.ORDER_TRIGGERED,
            EventKind.ORDER_ACTIVATED,
        ):
            self._changed(event)

    def end(self) -> None:
        """The command is over: what is left of its orders rests, if it may."""
        self._settle_entry()
        assert self.maker is None, f"I-17 a trade of one side: {self.maker}"
        self.prices.clear()

    def contracts_of(self, account: int) -> list[int]:
        """Where an account has lots."""
        return [c for (a, c), lots in self.lots.items() if a == account and lots]

    def highest_price(self, step: Event) -> int:
        """The highest price of an account's fills in this command, else the mark."""
        key = step["account"], step["contract"]
        return max(self.prices.get(key, 0), step["mark_ticks"])

    def _accepted(self, event: Event) -> None:
        self._settle_entry()
        number = event["order"]
        assert number not in self.live, f"I-13 accepted twice: {event}"
        assert number not in self.ended, f"I-13 accepted after its end: {event}"
        self.live[number] = {**event, "remaining": event["quantity_lots"], "filled": 0}
        if not event["trigger_ticks"] and not event["flags"] & FLAG_DORMANT:
            self.entering.append(number)

    def _changed(self, event: Event) -> None:
        is_amended = event["kind"] == EventKind.ORDER_AMENDED
        is_resized = is_amended and event["order"] != self.asked_order  # by others of its group
        if not is_resized:
            self._settle_entry()
        order = self._order(event)
        waits_not = event["flags"] & FLAG_TRIGGERED or not event["flags"] & TYPES_WITH_TRIGGER
        is_waiting = event["flags"] & FLAG_DORMANT or not waits_not
        remaining = event["quantity_lots"] - order["filled"]
        is_same = self.asked_price == event["price_ticks"] == order["price_ticks"]
        keeps_place = is_amended and is_same and remaining <= order["remaining"]
        if not keeps_place:
            self._leave(order)
        names = ("price_ticks", "quantity_lots", "flags")
        order.update({name: event[name] for name in names})
        order["remaining"] = remaining
        if is_amended:
            assert remaining == event["remaining_lots"], f"I-13 {event} {order}"
        if is_waiting or keeps_place:
            return
        if is_resized:
            self.queues.setdefault(_level(order), []).append(event["order"])
        else:
            self.entering.append(event["order"])

    def _reduced(self, event: Event) -> None:
        order = self._order(event)
        order["quantity_lots"] -= event["cut_lots"]
        order["remaining"] -= event["cut_lots"]
        held = self.lots.get((event["account"], event["contract"]), 0)
        assert held == event["position_lots"], f"I-17 position {held}: {event}"
        assert order["remaining"] == event["remaining_lots"] > 0, f"I-13 {event} {order}"
        assert order["quantity_lots"] == event["quantity_lots"], f"I-13 {event} {order}"
        is_linked = event["reason"] == CancelReason.LINKED
        flag = FLAG_LINKED if is_linked else FLAG_REDUCE_ONLY
        is_meant = order["flags"] & flag and event["cut_lots"] > 0
        assert is_meant, f"I-16 cut for no reason: {event}"

    def _filled(self, event: Event) -> None:
        order = self._order(event)
        order["filled"] += event["quantity_lots"]
        order["remaining"] -= event["quantity_lots"]
        assert order["remaining"] == event["remaining_lots"] >= 0, f"I-13 {event} {order}"
        key = event["account"], event["contract"]
        self.prices[key] = max(self.prices.get(key, 0), event["price_ticks"])
        self._check_limits(event, order)
        if event["flags"] & FLAG_MAKER:
            assert self.maker is None, f"I-17 two makers in a row: {event}"
            self._check_priority(event, order)
            self.maker = event
        else:
            self._check_pair(event)
            self.maker = None
        if order["remaining"] == 0:
            self._finish(order)

    def _check_limits(self, event: Event, order: Event) -> None:
        worse = order["side"] * (event["price_ticks"] - order["price_ticks"]) > 0
        assert not worse, f"I-16 worse than the limit: {event}"
        is_maker = event["flags"] & FLAG_MAKER
        assert is_maker or not order["flags"] & FLAG_POST_ONLY, f"I-16 post-only took: {event}"
        key = event["account"], event["contract"]
        before = self.lots.get(key, 0)
        after = before + event["side"] * event["quantity_lots"]
        assert after == event["position_lots"], f"I-17 position {after}: {event}"
        if order["flags"] & FLAG_REDUCE_ONLY:
            shrinks = before * after >= 0 and abs(after) < abs(before)
            assert shrinks, f"I-16 reduce-only went from {before}: {event}"
        self.lots[key] = after

    def _check_priority(self, event: Event, order: Event) -> None:
        contract, side = event["contract"], event["side"]
        prices = [p for c, s, p in self.queues if (c, s) == (contract, side)]
        best = max(prices, default=0) if side == BUY else min(prices, default=0)
        assert event["price_ticks"] == best, f"I-12 the best price is {best}: {event}"
        first = self.queues[contract, side, best][0]
        assert first == event["order"], f"I-12 {first} was first: {event}"
        assert event["price_ticks"] == order["price_ticks"], f"I-17 {event}"

    def _check_pair(self, taker: Event) -> None:
        maker = self.maker
        assert maker is not None, f"I-17 a taker without a maker: {taker}"
        names = ("trade", "contract", "price_ticks", "quantity_lots")
        agree = all(maker[name] == taker[name] for name in names)
        assert agree, f"I-17 {maker} {taker}"
        assert maker["side"] == -taker["side"], f"I-17 {maker} {taker}"
        assert taker["trade"] == self.trade + 1, f"I-17 {taker['trade']} after {self.trade}"
        self.trade = taker["trade"]
        is_forced = taker["flags"] & FLAG_LIQUIDATION
        own = self.owners[maker["account"]] == self.owners[taker["account"]]
        assert is_forced or not own, f"I-16 a trade with itself: {taker}"

    def _cancelled(self, event: Event) -> None:
        order = self._order(event)
        remaining = order["remaining"]
        assert remaining == event["quantity_lots"], f"I-13 {remaining} remained: {event}"
        assert order["filled"] == event["filled_lots"], f"I-13 {event} {order}"
        is_partial = order["filled"] > 0 and order["flags"] & TIF_MASK == TIF_FILL_OR_KILL
        assert not is_partial, f"I-16 fill-or-kill filled in part: {event}"
        self._finish(order)

    def _settle_entry(self) -> None:
        """Orders that were on their way: those that are still alive stand in a book now."""
        for number in self.entering:
            order = self.live.get(number)
            if order is not None:
                is_immediate = order["flags"] & TIF_NEVER_RESTS
                assert not is_immediate, f"I-16 an immediate order rests: {order}"
                self.queues.setdefault(_level(order), []).append(number)
        self.entering.clear()

    def _order(self, event: Event) -> Event:
        number = event["order"]
        assert number in self.live, f"I-13 no live order: {event}"
        order = self.live[number]
        assert order["account"] == event["account"], f"I-13 {event}"
        return order

    def _leave(self, order: Event) -> None:
        level = _level(order)
        queue = self.queues.get(level, [])
        if order["order"] in queue:
            queue.remove(order["order"])
            if not queue:
                del self.queues[level]

    def _finish(self, order: Event) -> None:
        self._leave(order)
        del self.live[order["order"]]
        self.ended.add(order["order"])


def _level(order: Event) -> tuple[int, int, int]:
    return order["contract"], order["side"], order["price_ticks"]
