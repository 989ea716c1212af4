"""Groups of orders as events tell of them: what an exit may have is what its entry filled.

LINK-001  two peers together fill no more than one was to fill
LINK-002  an exit has no more lots than its entry has filled, less what exits have filled
LINK-003  an entry does not outlive an exit that fired or traded
LINK-004  nobody is dormant who has nothing to hope for
LINK-005  no peer outlives the other when the owner has cancelled that one
LINK-007  a dormant order does not trade
"""

from dataclasses import dataclass, field

from tests.simulation.reference.wire import (
    FLAG_DORMANT,
    LINK_ONE_CANCELS_OTHER,
    CancelReason,
    EventKind,
)

Event = dict[str, int]
BY_OWNER = (
    CancelReason.BY_OWNER,
    CancelReason.DISCONNECTED,
    CancelReason.HEARTBEAT_MISSED,
)


@dataclass(slots=True)
class Told:
    """One group: its legs, its entry, and what either has filled."""

    legs: list[int]
    entry: int  # 0: two peers
    lots: int  # of two peers, when they came
    entered: int = 0
    left: int = 0  # filled by legs
    begun: bool = False  # a leg has fired or traded
    disowned: list[int] = field(default_factory=list)  # legs that their owner cancelled


class LinkHistory:
    """All groups of which somebody lives. live: the orders, as OrderHistory keeps them."""

    def __init__(self, live: dict[int, Event]) -> None:
        self.live = live
        self.groups: dict[int, Told] = {}  # by order
        self.touched: list[Told] = []

    def follow(self, event: Event) -> None:
        """Takes in one event, after the order's own history has."""
        if event["kind"] == EventKind.ORDERS_LINKED:
            self._linked(event)
        group = self.groups.get(event.get("order", 0))
        if group is None:
            return
        self.touched.append(group)
        if event["kind"] == EventKind.ORDER_FILLED:
            self._filled(event, group)
        elif event["kind"] == EventKind.ORDER_TRIGGERED:
            group.begun |= event["order"] in group.legs
        elif event["kind"] == EventKind.ORDER_CANCELLED and event["reason"] in BY_OWNER:
            group.disowned += [event["order"]] if event["order"] in group.legs else []

    def end(self) -> None:
        """The command is over: every group that it touched is sound."""
        for group in self.touched:
            self._check(group)
        self.touched.clear()

    def _linked(self, event: Event) -> None:
        others = [event[name] for name in ("other_0", "other_1") if event[name]]
        is_pair = event["link"] == LINK_ONE_CANCELS_OTHER
        legs = [*others, event["order"]] if is_pair else others
        lots = max(self.live[number]["quantity_lots"] for number in legs)
        group = Told(legs, 0 if is_pair else event["order"], lots)
        for number in [*others, event["order"]]:
            assert number in self.live, f"LINK-006 {number} has ended: {event}"
            self.groups[number] = group

    def _filled(self, event: Event, group: Told) -> None:
        assert not event["flags"] & FLAG_DORMANT, f"LINK-007 a dormant order fills: {event}"
        if event["order"] == group.entry:
            assert not group.begun, f"LINK-003 entered after an exit: {event}"
            group.entered += event["quantity_lots"]
        else:
            group.left += event["quantity_lots"]
            group.begun = True

    def _check(self, group: Told) -> None:
        legs = [self.live[number] for number in group.legs if number in self.live]
        is_entering = group.entry in self.live
        most = (group.entered if group.entry else group.lots) - group.left
        assert most >= 0, f"LINK-001 filled {-most} too many: {group}"
        assert not (is_entering and group.begun), f"LINK-003 the entry lives: {group}"
        is_bound = is_entering or len(legs) > 1
        for leg in legs:
            if leg["flags"] & FLAG_DORMANT:
                assert is_entering or most, f"LINK-004 it waits for nothing: {leg}"
            elif is_bound:
                assert leg["remaining"] <= most, f"LINK-002 {leg} of {most}: {group}"
        is_widowed = bool(legs) and bool(group.disowned)
        assert not is_widowed, f"LINK-005 its peer was cancelled: {legs} {group}"
        if not is_bound and not any(leg["flags"] & FLAG_DORMANT for leg in legs):
            # Nobody is left, or one that is its owner's to amend.
            for number in [*group.legs, group.entry]:
                self.groups.pop(number, None)
