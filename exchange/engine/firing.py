"""Orders whose trigger is reached become ordinary orders, at the end of the command.

Dormant orders for which something filled come first, and again after each order that fires
(activating.py).

FIRE-001  what fires goes through the whole admission of a new order at that moment. Refused, it
          is cancelled, and the event says for which reason (RejectReason).
FIRE-002  a market order is immediate-or-cancel from then on, unless it is fill-or-kill. What
          rests is a limit order like any other, behind all that rest at its price.
FIRE-003  the order in which they fire is that of first_due, asked again after each: what one of
          them trades may move the last price and fire the next.
FIRE-004  one command fires and activates at most TRIGGERS_MAX orders, and no further one after
          FILLS_MAX / 2 makers were met. Those left over are looked at again at the end of the
          next command, whichever it is (there is a Tick every second): they fire if their price
          still stands at the trigger then, lowest contract first.
FIRE-005  liquidations of the same command come first: a stop of an account under water is
          cancelled with its other orders and never fires.
"""

from exchange.engine import emit
from exchange.engine.activating import activate_pending
from exchange.engine.days import is_day_over
from exchange.engine.emit import EventBuffer
from exchange.engine.following import end_entry
from exchange.engine.links import is_linked
from exchange.engine.matching import NO_ORDER
from exchange.engine.open_orders import cancel_expired, cancel_refused, leave_triggers
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, State, inner_kernel, kernel
from exchange.engine.trading import EVENTS_PER_MAKER_MAX, EVENTS_PER_TAKER_MAX, admit, execute
from exchange.engine.triggers import first_due, forget_price, source_price, trigger_source
from exchange.engine.units import (
    FILLS_MAX,
    FLAG_TRIGGERED,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TRIGGERS_MAX,
    TYPE_MARKET,
)

# The makers that FIRE-004 lets it meet and one whole order's more.
EVENTS_PER_FIRING_MAX = (
    3 * FILLS_MAX * EVENTS_PER_MAKER_MAX // 2 + TRIGGERS_MAX * EVENTS_PER_TAKER_MAX
)

_OK = int(RejectReason.ACCEPTED)
_CONTRACTS = int(Counter.CONTRACTS)


@kernel
def fire_due(s: State, e: EventBuffer) -> None:
    """Fire what is due in all contracts, as far as one command may (FIRE-004)."""
    done, met = activate_pending(s, e, 0, 0)
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["is_due"] == 0:
            continue
        slot = first_due(s, contract)
        while slot != NO_ORDER:
            if done >= TRIGGERS_MAX or 2 * met >= FILLS_MAX:
                return
            met += _fire(s, e, slot)
            done, met = activate_pending(s, e, done + 1, met)
            slot = first_due(s, contract)
        forget_price(s, contract)


@inner_kernel
def _fire(s: State, e: EventBuffer, slot: int) -> int:
    """Turn a waiting order into an ordinary one and execute it; returns the makers met."""
    row = s.orders[slot]
    contract = row["contract"]
    flags = row["flags"] | FLAG_TRIGGERED
    if flags & TYPE_MARKET != 0 and flags & TIF_NEVER_RESTS == 0:
        flags = (flags & ~TIF_MASK) | TIF_IMMEDIATE_OR_CANCEL
    leave_triggers(s, slot)
    if is_day_over(s, slot):
        cancel_expired(s, e, slot)
        return 0
    row["flags"] = flags
    if is_linked(flags):
        end_entry(s, e, slot)
    reason, _, limit, quantity, worst = admit(
        s,
        row["account"],
        contract,
        row["side"],
        flags,
        row["price_ticks"],
        row["remaining_lots"],
        False,
    )
    if reason == _OK:
        row["price_ticks"] = limit
        row["quantity_lots"] = quantity
        row["remaining_lots"] = quantity
    emit.order_triggered(
        e,
        row["account"],
        contract,
        row["id"],
        row["side"],
        flags,
        row["price_ticks"],
        row["quantity_lots"],
        s.conditions[slot]["trigger_ticks"],
        source_price(s, contract, trigger_source(flags)),
        row["label"],
    )
    if reason != _OK:
        cancel_refused(s, e, slot, reason)
        return 0
    return execute(s, e, slot, worst)
