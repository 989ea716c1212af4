"""The auditor's look at orders that are tied to one another (rules LINK-001 to LINK-007)."""

from typing import TYPE_CHECKING

import numpy as np

from exchange.engine import units
from exchange.engine.state import Counter

if TYPE_CHECKING:
    from tests.simulation.auditor import Audit

Row = dict[str, int]
TIES = ("peer", "primary", "exit_0", "exit_1")


def is_dormant(order: Row) -> bool:
    """Whether an order is not live before another fills."""
    return order["flags"] & units.FLAG_DORMANT != 0


def check_links(audit: "Audit") -> None:
    """Ties are between live orders, both ways; what waits for an entry has one."""
    for slot, link in enumerate(audit.links):
        order = audit.orders[slot]
        if order["id"] == 0:
            assert not any(link.values()), f"LINK-006 an order that ended is tied: {link}"
            continue
        is_linked = order["flags"] & units.FLAG_LINKED != 0
        assert is_linked or not any(link.values()), f"LINK-006 {order} {link}"
        assert is_linked or not is_dormant(order), f"LINK-007 {order}"
        for name in TIES:
            if link[name]:
                _check_tie(audit, slot, name, link[name] - 1)
        assert not (link["exit_0"] and link["primary"]), f"LINK-002 {link}"
        if link["primary"]:
            _check_exit(audit, slot, link["primary"] - 1)
        if is_dormant(order):
            _check_dormant(audit, slot)
        else:
            assert link["pending_lots"] == 0, f"LINK-007 a live order waits: {link}"
    _check_pending(audit)
    beyond = audit.state.links[len(audit.links) : len(audit.links) + 64]
    assert not np.any(beyond.view(np.int64)), "STATE-001 links of no order"


def _check_tie(audit: "Audit", slot: int, name: str, other: int) -> None:
    mine, theirs = audit.orders[slot], audit.orders[other]
    assert theirs["id"] != 0, f"LINK-006 {name} of {mine} has ended"
    agrees = (theirs["account"], theirs["contract"]) == (mine["account"], mine["contract"])
    assert agrees, f"LINK-001 {name} of {mine} is {theirs}"
    back = audit.links[other]
    names = {"peer": ("peer",), "primary": ("exit_0", "exit_1")}.get(name, ("primary",))
    returned = [back[n] for n in names].count(slot + 1)
    assert returned == 1, f"LINK-006 {name} of {mine} does not know it: {back}"


def _check_exit(audit: "Audit", slot: int, primary: int) -> None:
    """LINK-002: an exit protects at most what its primary has filled."""
    order, entry = audit.orders[slot], audit.orders[primary]
    assert order["flags"] & units.FLAG_REDUCE_ONLY, f"LINK-002 {order}"
    assert order["side"] == -entry["side"], f"LINK-002 {order} {entry}"
    filled = entry["quantity_lots"] - entry["remaining_lots"]
    pending = audit.links[slot]["pending_lots"]
    if is_dormant(order):
        assert pending == filled, f"LINK-002 {filled} filled, {pending} wait: {order}"
        assert filled or order["quantity_lots"] == entry["quantity_lots"], f"LINK-002 {order}"
    else:
        assert order["quantity_lots"] <= filled, f"LINK-002 {filled} filled: {order}"
        assert order["remaining_lots"] == order["quantity_lots"], f"LINK-003 {order} {entry}"


def _check_dormant(audit: "Audit", slot: int) -> None:
    """LINK-004, LINK-007: it waits for a primary, or for the end of a command."""
    link, order = audit.links[slot], audit.orders[slot]
    batch = audit.state.batch[0]
    is_stored = slot + 1 in (int(batch["stored_0"]), int(batch["stored_1"]))
    has_hope = link["primary"] or link["pending_lots"] or is_stored
    assert has_hope, f"LINK-004 it is dormant for ever: {order}"
    assert order["remaining_lots"] == order["quantity_lots"], f"LINK-007 it filled: {order}"
    assert link["pending_lots"] <= order["quantity_lots"], f"LINK-007 {order} {link}"


def _check_pending(audit: "Audit") -> None:
    expected = {slot for slot, link in enumerate(audit.links) if link["pending_lots"]}
    found: list[int] = []
    link = audit.count[Counter.LINK_FIRST]
    while link:
        assert link - 1 not in found, "LINK-007 the list of pending orders loops"
        found.append(link - 1)
        link = audit.links[link - 1]["next_due"]
    assert set(found) == expected, f"LINK-007 {found}"
    before = [audit.links[slot]["previous_due"] - 1 for slot in found]
    assert before == found[-1:] + found[:-1], f"LINK-007 {before}"
    due = sum(row["is_due"] for row in audit.contracts) + len(found)
    assert due == audit.count[Counter.TRIGGERS_DUE], f"I-16 {due} are due"
