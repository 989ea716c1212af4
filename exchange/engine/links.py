"""Which orders are tied to one another: a bracket around an entry, one order or the other.

LINK-001  of two peers one cancels the other: what one fills is taken off the other, which ends
          when nothing is left of it. They are as large as each other when they come.
LINK-002  exits belong to a primary. They are dormant until it fills; each grows by what it
          fills, so that what filled is protected and nothing else. Two exits are peers.
LINK-003  an exit that fires or trades ends the entry: what is left of the primary is cancelled.
          No lot is ever bought or sold for which an exit has gone already.
LINK-004  when a primary ends, exits that are still dormant end; live ones stay.
LINK-005  the owner's cancel of one peer, for whatever reason of the owner's, ends both. The
          engine's (band, margin, surplus, a remainder) leaves the other: no protection is lost
          because its other half was.
LINK-006  ties are between live orders only; an order that ends is untied at once.
LINK-007  a dormant order is in no book and no list of triggers and reserves nothing. It is one
          of its account's open orders. What its primary fills waits as pending lots until the
          end of the command, in one list of all such orders, first come.
"""

from exchange.engine.events import CancelReason
from exchange.engine.state import Counter, State, inner_kernel
from exchange.engine.units import FLAG_DORMANT, FLAG_LINKED

_DUE = int(Counter.TRIGGERS_DUE)
_FIRST = int(Counter.LINK_FIRST)
_BY_OWNER = int(CancelReason.BY_OWNER)
_DISCONNECTED = int(CancelReason.DISCONNECTED)
_HEARTBEAT_MISSED = int(CancelReason.HEARTBEAT_MISSED)


@inner_kernel
def is_linked(flags: int) -> bool:
    """Whether an order came as one of a group."""
    return flags & FLAG_LINKED != 0


@inner_kernel
def is_dormant(flags: int) -> bool:
    """Whether an order is not live before another fills."""
    return flags & FLAG_DORMANT != 0


@inner_kernel
def is_sized_by_others(s: State, slot: int) -> bool:
    """Whether the lots of an order follow those of one that lives."""
    return s.links[slot]["peer"] != 0 or s.links[slot]["primary"] != 0


@inner_kernel
def tie_peers(s: State, one: int, other: int) -> None:
    """Let each of two orders cancel the other."""
    s.links[one]["peer"] = other + 1
    s.links[other]["peer"] = one + 1


@inner_kernel
def tie_exit(s: State, primary: int, exit_slot: int) -> None:
    """Let an order grow by what a primary fills."""
    if s.links[primary]["exit_0"] == 0:
        s.links[primary]["exit_0"] = exit_slot + 1
    else:
        assert s.links[primary]["exit_1"] == 0
        s.links[primary]["exit_1"] = exit_slot + 1
    s.links[exit_slot]["primary"] = primary + 1


@inner_kernel
def first_pending(s: State) -> int:
    """Slot + 1 of the dormant order that is activated next, 0: none."""
    return s.counters[_FIRST]


@inner_kernel
def add_pending(s: State, slot: int, lots: int) -> None:
    """Let a dormant order be activated at the end of the command, with so many lots more."""
    if s.links[slot]["pending_lots"] == 0:
        _enlist(s, slot)
    s.links[slot]["pending_lots"] += lots


@inner_kernel
def take_pending(s: State, slot: int) -> int:
    """All pending lots of an order, which has none any more."""
    lots = s.links[slot]["pending_lots"]
    if lots != 0:
        _delist(s, slot)
        s.links[slot]["pending_lots"] = 0
    return lots


@inner_kernel
def untie(s: State, slot: int, reason: int) -> tuple[int, int]:
    """Untie an order that ends; returns those that end with it, slot + 1 each, 0: none.

    reason: why it is cancelled, a CancelReason, or 0 when it has filled whole.
    """
    link = s.links[slot]
    take_pending(s, slot)
    ends_too = 0
    if link["peer"] != 0:
        s.links[link["peer"] - 1]["peer"] = 0
        ends_too = link["peer"] if _is_by_owner(reason) else 0
        link["peer"] = 0
    if link["primary"] != 0:
        primary = s.links[link["primary"] - 1]
        if primary["exit_0"] == slot + 1:
            primary["exit_0"] = 0
        else:
            primary["exit_1"] = 0
        link["primary"] = 0
    exit_0 = _release(s, link["exit_0"])
    exit_1 = _release(s, link["exit_1"])
    link["exit_0"] = 0
    link["exit_1"] = 0
    return (exit_0 if ends_too == 0 else ends_too), exit_1


@inner_kernel
def _is_by_owner(reason: int) -> bool:
    """Whether an order is cancelled because its owner said so, now or beforehand."""
    return reason in (_BY_OWNER, _DISCONNECTED, _HEARTBEAT_MISSED)


@inner_kernel
def _release(s: State, exit_link: int) -> int:
    """Let an exit go from its primary; itself if it ends with it (LINK-004), else 0."""
    if exit_link == 0:
        return 0
    s.links[exit_link - 1]["primary"] = 0
    is_asleep = is_dormant(s.orders[exit_link - 1]["flags"])
    return exit_link if is_asleep and s.links[exit_link - 1]["pending_lots"] == 0 else 0


@inner_kernel
def _enlist(s: State, slot: int) -> None:
    """List an order last. The first order's `previous_due` is the last of the list."""
    s.counters[_DUE] += 1
    first = s.counters[_FIRST]
    if first == 0:
        s.counters[_FIRST] = slot + 1
        s.links[slot]["previous_due"] = slot + 1
        return
    last = s.links[first - 1]["previous_due"]
    s.links[last - 1]["next_due"] = slot + 1
    s.links[slot]["previous_due"] = last
    s.links[first - 1]["previous_due"] = slot + 1


@inner_kernel
def _delist(s: State, slot: int) -> None:
    s.counters[_DUE] -= 1
    first = s.counters[_FIRST]
    before = s.links[slot]["previous_due"]
    after = s.links[slot]["next_due"]
    if first == slot + 1:
        s.counters[_FIRST] = after
    else:
        s.links[before - 1]["next_due"] = after
    if after != 0:
        s.links[after - 1]["previous_due"] = before
    elif first != slot + 1:
        s.links[first - 1]["previous_due"] = before
    s.links[slot]["next_due"] = 0
    s.links[slot]["previous_due"] = 0
