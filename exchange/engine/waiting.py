"""Place and amend orders that wait for a trigger: what is checked before they may wait.

WAIT-001  an order may wait when its contract trades, its account is not being liquidated and
          has room for one more open order and, if need be, position, its numbers are within the
          contract's limits and its trigger is not reached yet. Bands, margin, the oracle's
          status, post-only and what a reduce-only order would reduce are looked at when it
          fires (firing.py), not before.
WAIT-002  the minimal notional is taken at the limit price, of a market order at the trigger.
WAIT-003  an amendment may change trigger, price and quantity. A new trigger takes its place
          behind those that wait for it already, and a new offset of a trailing stop starts from
          the price of that moment; without one an order keeps its place and its best price.
WAIT-004  of the trailing stops of one list (triggers) at most TRAILING_OF_ACCOUNT_MAX belong to
          one account, so that nobody alone keeps the others' out.
"""

from exchange.engine import commands as c
from exchange.engine.batches import complete_group
from exchange.engine.emit import EventBuffer
from exchange.engine.following import resize_exits
from exchange.engine.links import is_linked
from exchange.engine.matching import reduce_resting
from exchange.engine.open_orders import await_trigger, emit_amended, new_order
from exchange.engine.order_checks import (
    market_objection,
    numbers_objection,
    position_limit_lots,
    room_objection,
)
from exchange.engine.positions import NO_POSITION, find_position, has_free_slot
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Integers, State, inner_kernel
from exchange.engine.triggers import (
    is_trailing,
    is_waiting,
    source_price,
    trailing_count,
    trigger_direction,
    trigger_source,
    unwatch,
    watch,
)
from exchange.engine.units import (
    FLAG_REDUCE_ONLY,
    TRAILING_MAX,
    TRAILING_OF_ACCOUNT_MAX,
    TYPE_MARKET,
)

_OK = int(RejectReason.ACCEPTED)
_BELOW_MIN_NOTIONAL = int(RejectReason.BELOW_MIN_NOTIONAL)
_TOO_MANY_POSITIONS = int(RejectReason.TOO_MANY_POSITIONS)
_POSITION_LIMIT = int(RejectReason.POSITION_LIMIT)
_INVALID_TRIGGER = int(RejectReason.INVALID_TRIGGER)
_NO_TRIGGER_PRICE = int(RejectReason.NO_TRIGGER_PRICE)
_TRIGGER_ALREADY_REACHED = int(RejectReason.TRIGGER_ALREADY_REACHED)
_TOO_MANY_TRAILING_STOPS = int(RejectReason.TOO_MANY_TRAILING_STOPS)
_IN_LIQUIDATION = int(RejectReason.IN_LIQUIDATION)


@inner_kernel
def place_waiting(s: State, e: EventBuffer, command: Integers, linked: int) -> int:
    """Let a well-formed order wait for its trigger; returns a RejectReason.

    linked: as place_order.
    """
    account = command[c.ACCOUNT]
    contract = command[c.CONTRACT]
    side = command[c.SIDE]
    flags = command[c.FLAGS]
    price = command[c.PRICE_TICKS]
    quantity = command[c.QUANTITY_LOTS]
    given = command[c.TRIGGER_TICKS]
    reason = account_objection(s, account, contract, flags)
    if reason == _OK:
        reason = room_objection(s, account, flags)
    if reason == _OK:
        reason = trailing_objection(s, account, contract, side, flags)
    if reason == _OK:
        reason = trigger_objection(s, contract, side, flags, given)
    if reason != _OK:
        return reason
    trigger = trigger_price(s, contract, side, flags, given)
    reason = size_objection(s, contract, flags, price, trigger, quantity)
    if reason != _OK:
        return reason
    slot = new_order(
        s,
        e,
        account,
        contract,
        side,
        flags | linked,
        price,
        quantity,
        trigger,
        given if is_trailing(flags) else 0,
        command[c.LABEL],
        command[c.IDEMPOTENCY_KEY],
    )
    if linked != 0:
        complete_group(s, e, slot)
    await_trigger(s, slot, given)
    return _OK


@inner_kernel
def amend_waiting(s: State, e: EventBuffer, slot: int, command: Integers) -> int:
    """Change an order that waits for its trigger (WAIT-003); returns a RejectReason."""
    row = s.orders[slot]
    contract = row["contract"]
    flags = row["flags"]
    condition = s.conditions[slot]
    current = condition["offset_ticks"] if is_trailing(flags) else condition["trigger_ticks"]
    given = command[c.NEW_TRIGGER_TICKS]
    is_moved = given != 0 and given != current
    trigger = condition["trigger_ticks"]
    reason = numbers_objection(s, contract, flags, command)
    if reason == _OK:
        reason = account_objection(s, row["account"], contract, flags)
    if reason == _OK and is_moved:
        reason = trigger_objection(s, contract, row["side"], flags, given)
        trigger = trigger_price(s, contract, row["side"], flags, given)
    price = command[c.PRICE_TICKS]
    quantity = command[c.QUANTITY_LOTS]
    if reason == _OK:
        reason = size_objection(s, contract, flags, price, trigger, quantity)
    if reason != _OK:
        return reason
    price_before = row["price_ticks"]
    before = row["remaining_lots"]
    if is_moved:
        unwatch(s, slot)
        row["remaining_lots"] = quantity
        watch(s, slot, given)
    else:
        reduce_resting(s, slot, before - quantity)
    row["price_ticks"] = price
    row["quantity_lots"] = quantity
    emit_amended(
        s,
        e,
        slot,
        price_before,
        before,
        condition["trigger_ticks"],
        condition["offset_ticks"],
    )
    if is_linked(flags):
        resize_exits(s, e, slot)
    return _OK


@inner_kernel
def account_objection(s: State, account: int, contract: int, flags: int) -> int:
    reason = market_objection(s, contract, flags)
    if reason != _OK:
        return reason
    if s.accounts[account]["liquidation_stage"] != 0:
        return _IN_LIQUIDATION
    if find_position(s, account, contract) == NO_POSITION and not has_free_slot(s, account):
        return _TOO_MANY_POSITIONS
    return _OK


@inner_kernel
def trailing_objection(s: State, account: int, contract: int, side: int, flags: int) -> int:
    """Whether one more trailing stop may join its list (WAIT-004)."""
    if not is_trailing(flags):
        return _OK
    source = trigger_source(flags)
    direction = trigger_direction(flags, side)
    count = trailing_count(s, contract, source, direction)
    if count >= TRAILING_MAX:
        return _TOO_MANY_TRAILING_STOPS
    if count < TRAILING_OF_ACCOUNT_MAX:
        return _OK
    own = 0
    link = s.accounts[account]["first_order"]
    while link != 0:
        row = s.orders[link - 1]
        link = row["next_of_account"]
        is_alike = is_trailing(row["flags"]) and is_waiting(row["flags"])
        is_here = row["contract"] == contract and trigger_source(row["flags"]) == source
        if is_alike and is_here and row["side"] == side:
            own += 1
    return _OK if own < TRAILING_OF_ACCOUNT_MAX else _TOO_MANY_TRAILING_STOPS


@inner_kernel
def trigger_objection(s: State, contract: int, side: int, flags: int, given: int) -> int:
    """Whether a trigger, or the offset of a trailing stop, can be waited for."""
    if given <= 0 or given > s.contracts[contract]["price_ceiling_ticks"]:
        return _INVALID_TRIGGER
    source = trigger_source(flags)
    direction = trigger_direction(flags, side)
    price = source_price(s, contract, source)
    if price == 0:
        return _NO_TRIGGER_PRICE
    if is_trailing(flags):
        return _OK if price + direction * given > 0 else _INVALID_TRIGGER
    return _TRIGGER_ALREADY_REACHED if direction * (price - given) >= 0 else _OK


@inner_kernel
def trigger_price(s: State, contract: int, side: int, flags: int, given: int) -> int:
    if not is_trailing(flags):
        return given
    price = source_price(s, contract, trigger_source(flags))
    return price + trigger_direction(flags, side) * given


@inner_kernel
def size_objection(
    s: State, contract: int, flags: int, price: int, trigger: int, quantity: int
) -> int:
    if quantity > position_limit_lots(s, contract):
        return _POSITION_LIMIT
    row = s.contracts[contract]
    valued = trigger if flags & TYPE_MARKET != 0 else price
    notional = quantity * valued * row["tick_value_units"]
    if flags & FLAG_REDUCE_ONLY == 0 and notional < row["min_notional_units"]:
        return _BELOW_MIN_NOTIONAL
    return _OK
