"""The auditor's look at the orders that wait for a trigger (I-14, I-16)."""

from typing import TYPE_CHECKING

from exchange.engine import units
from exchange.engine.state import Counter

if TYPE_CHECKING:
    from tests.simulation.auditor import Audit

Row = dict[str, int]


def check_triggers(audit: "Audit", contract: int, queued: set[int]) -> None:
    """Each waits in the one list where it belongs, which the price has not passed."""
    for source in range(3):
        _check_triggers(audit, contract, source, 1, queued)
        _check_triggers(audit, contract, source, -1, queued)
    _check_watchers(audit, contract)


def check_days(audit: "Audit") -> None:
    """DAY-002: good-til-day orders stand in one list, the day that ends first in front."""
    expected = {
        slot
        for slot, order in enumerate(audit.orders)
        if order["id"] and order["flags"] & units.TIF_MASK == units.TIF_GOOD_TIL_DAY
    }
    found: list[int] = []
    first = audit.count[Counter.DAY_FIRST]
    link = first
    while link:
        assert link - 1 not in found, "DAY-002 the list of days loops"
        found.append(link - 1)
        link = audit.conditions[link - 1]["next_of_day"]
    assert set(found) == expected, f"DAY-002 {found}"
    since = [audit.orders[slot]["accepted_ns"] - units.DAY_END_NS for slot in found]
    days = [time_ns // units.DAY_NS for time_ns in since]
    assert days == sorted(days), f"DAY-002 {days}"
    before = [audit.conditions[slot]["previous_of_day"] - 1 for slot in found]
    assert before == found[-1:] + found[:-1], f"DAY-002 {before}"


def is_waiting(order: Row) -> bool:
    """Whether an order waits for its trigger."""
    has_trigger = order["flags"] & units.TYPE_MASK not in (units.TYPE_LIMIT, units.TYPE_MARKET)
    return has_trigger and not order["flags"] & (units.FLAG_TRIGGERED | units.FLAG_DORMANT)


def direction_of(order: Row) -> int:
    """1: its trigger is reached by a rise, -1: by a fall."""
    is_take = order["flags"] & units.TYPE_MASK in (
        units.TYPE_TAKE_LIMIT,
        units.TYPE_TAKE_MARKET,
    )
    return -order["side"] if is_take else order["side"]


def _check_triggers(
    audit: "Audit", contract: int, source: int, direction: int, queued: set[int]
) -> None:
    head = 2 * units.CONTRACTS_MAX + 6 * contract + 2 * source + (direction < 0)
    levels = list(audit.level_slots(head, 0))
    triggers: list[int] = []
    trailing: set[int] = set()
    for level in levels:
        row = audit.level(level)
        triggers.append(row["price_ticks"])
        queue = list(audit.queue(row))
        assert len(queue) == row["count"] > 0, f"I-14 level {row}"
        assert sum(q["remaining_lots"] for _, q in queue) == row["lots"], f"I-14 {row}"
        for slot, order in queue:
            condition = audit.conditions[slot]
            assert is_waiting(order), f"I-16 {order}"
            assert order["contract"] == contract, f"I-16 {order}"
            assert order["flags"] >> 12 & 3 == source, f"I-16 {order}"
            assert direction_of(order) == direction, f"I-16 {order}"
            assert condition["trigger_ticks"] == row["price_ticks"], f"I-16 {condition}"
            if order["flags"] & units.TYPE_MASK == units.TYPE_TRAILING_STOP:
                trailing.add(slot)
                followed = condition["best_ticks"] + direction * condition["offset_ticks"]
                assert followed == condition["trigger_ticks"], f"I-16 {condition}"
            assert slot not in queued, f"I-12 order {slot} queues twice"
            queued.add(slot)
    assert triggers == sorted(set(triggers), reverse=direction < 0), f"I-16 {triggers}"
    audit.check_towers(head, levels)
    _check_trailing(audit, head, direction, trailing)
    market = audit.contracts[contract]
    price = (market["mark_ticks"], market["index_ticks"], market["last_ticks"])[source]
    if triggers and price and not market["is_due"]:
        assert direction * (price - triggers[0]) < 0, f"I-16 {price} {triggers}"
        for slot in trailing:
            best = audit.conditions[slot]["best_ticks"]
            assert direction * (price - best) >= 0, f"I-16 {price} is better than {best}"


def _check_trailing(audit: "Audit", head: int, direction: int, expected: set[int]) -> None:
    found: list[int] = []
    previous, link = 0, int(audit.state.levels[head]["first"])
    while link:
        condition = audit.conditions[link - 1]
        assert condition["previous_trailing"] == previous, f"I-16 {condition}"
        assert link - 1 not in found, f"I-16 trailing stops of {head} loop"
        found.append(link - 1)
        previous, link = link, condition["next_trailing"]
    assert set(found) == expected, f"I-16 trailing stops of list {head}: {found}"
    assert int(audit.state.levels[head]["count"]) == len(found), f"I-16 list {head}"
    best = [audit.conditions[slot]["best_ticks"] for slot in found]
    assert best == sorted(best, reverse=direction > 0), f"I-16 list {head}: {best}"


def _check_watchers(audit: "Audit", contract: int) -> None:
    waiting = [o for o in audit.orders if o["contract"] == contract and is_waiting(o)]
    last = [o for o in waiting if o["flags"] & units.TRIGGER_MASK == units.TRIGGER_LAST]
    row = audit.contracts[contract]
    assert row["watchers"] == len(waiting), f"I-16 watchers of {contract}"
    assert row["last_watchers"] == len(last), f"I-16 watchers of {contract}"
