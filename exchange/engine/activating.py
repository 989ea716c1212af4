"""Dormant orders become live at the end of the command that filled something for them.

ACT-001  one with a trigger waits for it from then on, though the price may have passed it
         already: it is due at once and fires in the same command (firing.py).
ACT-002  a limit order goes through the whole admission of a new order at that moment, and may
         trade at once. What is refused is cancelled, and the event says for which reason
         (RejectReason); its peer stays.
ACT-003  how many in one command: FIRE-004. Those left over are activated at the end of the next
         one, and have grown by what filled until then.
"""

from exchange.engine import link_events
from exchange.engine.days import is_day_over
from exchange.engine.emit import EventBuffer
from exchange.engine.links import first_pending, take_pending
from exchange.engine.open_orders import (
    await_trigger,
    cancel_expired,
    cancel_unlinkable,
    wake_up,
)
from exchange.engine.rejects import RejectReason
from exchange.engine.state import State, inner_kernel
from exchange.engine.trading import admit, execute
from exchange.engine.triggers import is_trailing, is_waiting, note_price
from exchange.engine.units import FILLS_MAX, FLAG_DORMANT, TRIGGERS_MAX
from exchange.engine.waiting import trailing_objection, trigger_objection

_OK = int(RejectReason.ACCEPTED)
_TRIGGER_ALREADY_REACHED = int(RejectReason.TRIGGER_ALREADY_REACHED)


@inner_kernel
def activate_pending(s: State, e: EventBuffer, done: int, met: int) -> tuple[int, int]:
    """Activate dormant orders with pending lots as far as one command may (ACT-003).

    done: orders fired and activated by this command; met: makers they have met. Returns both.
    """
    while first_pending(s) != 0 and done < TRIGGERS_MAX and 2 * met < FILLS_MAX:
        met += _activate(s, e, first_pending(s) - 1)
        done += 1
    return done, met


@inner_kernel
def _activate(s: State, e: EventBuffer, slot: int) -> int:
    """Make one order live; returns the makers met."""
    row = s.orders[slot]
    lots_before = row["remaining_lots"]
    lots = take_pending(s, slot)
    wake_up(s, slot)
    if is_day_over(s, slot):
        cancel_expired(s, e, slot)
        return 0
    row["flags"] &= ~FLAG_DORMANT
    row["quantity_lots"] = lots
    row["remaining_lots"] = lots
    if is_waiting(row["flags"]):
        _await(s, e, slot, lots_before)
        return 0
    price_before = row["price_ticks"]
    reason, _, limit, quantity, worst = admit(
        s,
        row["account"],
        row["contract"],
        row["side"],
        row["flags"],
        price_before,
        row["remaining_lots"],
        False,
    )
    if reason == _OK:
        row["price_ticks"] = limit
        row["quantity_lots"] = quantity
        row["remaining_lots"] = quantity
    link_events.order_activated(s, e, slot, price_before, lots_before)
    if reason != _OK:
        cancel_unlinkable(s, e, slot, reason)
        return 0
    return execute(s, e, slot, worst)


@inner_kernel
def _await(s: State, e: EventBuffer, slot: int, lots_before: int) -> None:
    row = s.orders[slot]
    contract = row["contract"]
    side = row["side"]
    flags = row["flags"]
    condition = s.conditions[slot]
    given = condition["offset_ticks"] if is_trailing(flags) else condition["trigger_ticks"]
    reason = trailing_objection(s, row["account"], contract, side, flags)
    if reason == _OK:
        reason = trigger_objection(s, contract, side, flags, given)
    is_welcome = reason in (_OK, _TRIGGER_ALREADY_REACHED)
    if is_welcome:
        await_trigger(s, slot, given)
        note_price(s, contract)
    link_events.order_activated(s, e, slot, row["price_ticks"], lots_before)
    if not is_welcome:
        cancel_unlinkable(s, e, slot, reason)
