"""Place, amend, cancel: every check first, then the mutation (spec: engine, orders).

TRADE-001  a command is refused before it changes anything; the reasons are checked in the order
           of rejects.py.
TRADE-002  an order is admitted on what it would do now: the fills it meets in the book and the
           remainder that would rest. If makers turn out to be gone (self-trade, band, margin),
           what is left is looked at again before it goes deeper or rests.
TRADE-003  a market order is a limit at the edge of the order band that never rests.
TRADE-004  post-only slides to one tick inside the opposite best, or is refused if it asked so.
TRADE-005  amending down at the same price keeps the place in the queue; anything else queues
           anew.
TRADE-006  fill-or-kill looks at each order it would meet before the first fill.
"""

from exchange.engine import commands as c
from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.execution import (
    book_order,
    cancel_orders,
    cancel_remainder,
    cancel_resting,
    is_outside_band,
    match,
    new_order,
    objection,
    unbook_order,
)
from exchange.engine.health import shortfall_after_order
from exchange.engine.matching import (
    NO_ORDER,
    best_level,
    best_price,
    crosses,
    has_free_order,
    order_slot,
    reduce_resting,
    walk_book,
)
from exchange.engine.positions import (
    NO_POSITION,
    find_position,
    has_free_slot,
    reduce_open_order,
)
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Integers, State, inner_kernel
from exchange.engine.units import (
    BUY,
    CLIENT_FLAGS,
    FILLS_MAX,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    OPEN_ORDERS_MAX,
    ORACLE_VALID,
    PPM,
    QUANTITY_LOTS_MAX,
    SELL,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    TIF_FILL_OR_KILL,
    TIF_MASK,
    TYPE_LIMIT,
    TYPE_MARKET,
    TYPE_MASK,
    mul_div_ceil,
    mul_div_floor,
)

_OK = int(RejectReason.ACCEPTED)
_EXPIRED = int(RejectReason.EXPIRED)
_CAPACITY_FULL = int(RejectReason.CAPACITY_FULL)
_UNKNOWN_CONTRACT = int(RejectReason.UNKNOWN_CONTRACT)
_CONTRACT_NOT_OPEN = int(RejectReason.CONTRACT_NOT_OPEN)
_CONTRACT_REDUCE_ONLY = int(RejectReason.CONTRACT_REDUCE_ONLY)
_NO_MARK_PRICE = int(RejectReason.NO_MARK_PRICE)
_ORACLE_NOT_VALID = int(RejectReason.ORACLE_NOT_VALID)
_INVALID_SIDE = int(RejectReason.INVALID_SIDE)
_INVALID_FLAGS = int(RejectReason.INVALID_FLAGS)
_INVALID_PRICE = int(RejectReason.INVALID_PRICE)
_INVALID_QUANTITY = int(RejectReason.INVALID_QUANTITY)
_BELOW_MIN_NOTIONAL = int(RejectReason.BELOW_MIN_NOTIONAL)
_PRICE_OUTSIDE_BAND = int(RejectReason.PRICE_OUTSIDE_BAND)
_TOO_MANY_ORDERS = int(RejectReason.TOO_MANY_ORDERS)
_TOO_MANY_POSITIONS = int(RejectReason.TOO_MANY_POSITIONS)
_POSITION_LIMIT = int(RejectReason.POSITION_LIMIT)
_POST_ONLY_WOULD_TAKE = int(RejectReason.POST_ONLY_WOULD_TAKE)
_FILL_OR_KILL_UNFILLABLE = int(RejectReason.FILL_OR_KILL_UNFILLABLE)
_NOTHING_TO_REDUCE = int(RejectReason.NOTHING_TO_REDUCE)
_NO_LIQUIDITY = int(RejectReason.NO_LIQUIDITY)
_UNKNOWN_ORDER = int(RejectReason.UNKNOWN_ORDER)
_NOT_ORDER_OWNER = int(RejectReason.NOT_ORDER_OWNER)
_AMEND_BELOW_FILLED = int(RejectReason.AMEND_BELOW_FILLED)
_INSUFFICIENT_MARGIN = int(RejectReason.INSUFFICIENT_MARGIN)
_IN_LIQUIDATION = int(RejectReason.IN_LIQUIDATION)

_BY_OWNER = int(CancelReason.BY_OWNER)
_IOC = int(CancelReason.IMMEDIATE_OR_CANCEL)
_FILL_LIMIT = int(CancelReason.FILL_LIMIT)
_MARGIN = int(CancelReason.MARGIN)
_REDUCE_ONLY = int(CancelReason.REDUCE_ONLY)


@inner_kernel
def place_order(s: State, e: EventBuffer, command: Integers) -> tuple[int, int]:
    """Place one order; returns (RejectReason, units missing when margin is the reason)."""
    account = command[c.ACCOUNT]
    contract = command[c.CONTRACT]
    side = command[c.SIDE]
    flags = command[c.FLAGS]
    reason = _form_objection(s, command)
    if reason == _OK:
        reason = _admission_objection(s, account, contract, side, flags)
    if reason != _OK:
        return reason, 0
    limit = _effective_limit(s, contract, side, flags, command[c.PRICE_TICKS])
    quantity = _effective_quantity(s, account, contract, side, flags, command[c.QUANTITY_LOTS])
    reason = _limits_objection(s, account, contract, side, flags, limit, quantity)
    if reason == _OK and s.accounts[account]["order_count"] >= OPEN_ORDERS_MAX:
        reason = _TOO_MANY_ORDERS
    if reason == _OK and not has_free_order(s):
        reason = _CAPACITY_FULL
    if reason == _OK:
        reason = _book_objection(s, contract, side, flags, limit)
    if reason != _OK:
        return reason, 0
    filled, price_lots, worst = _foresee(s, account, contract, side, flags, limit, quantity)
    if flags & TIF_MASK == TIF_FILL_OR_KILL and filled < quantity:
        return _FILL_OR_KILL_UNFILLABLE, 0
    resting = 0 if flags & TIF_MASK != 0 else quantity - filled
    missing = shortfall_after_order(
        s, account, contract, side, filled, price_lots, resting, limit
    )
    if missing > 0:
        return _INSUFFICIENT_MARGIN, missing
    slot = new_order(
        s,
        e,
        account,
        contract,
        side,
        flags,
        limit,
        quantity,
        command[c.LABEL],
        command[c.IDEMPOTENCY_KEY],
    )
    _execute(s, e, slot, worst)
    return _OK, 0


@inner_kernel
def amend_order(s: State, e: EventBuffer, command: Integers) -> tuple[int, int]:
    """Change the price or the total quantity of a resting order; returns as place_order."""
    slot = order_slot(s, command[c.ORDER])
    reason = _order_objection(s, slot, command[c.ACCOUNT])
    if reason == _OK and _is_expired(command):
        reason = _EXPIRED
    if reason == _OK:
        reason = _numbers_objection(s, s.orders[slot]["contract"], TYPE_LIMIT, command)
    if reason != _OK:
        return reason, 0
    row = s.orders[slot]
    price = row["price_ticks"]
    before = row["remaining_lots"]
    remaining = command[c.QUANTITY_LOTS] - (row["quantity_lots"] - before)
    if remaining <= 0:
        return _AMEND_BELOW_FILLED, 0
    if command[c.PRICE_TICKS] == price and remaining <= before:
        reduce_open_order(s, row["position"], row["side"], price, before - remaining, 0)
        reduce_resting(s, slot, before - remaining)
        row["quantity_lots"] = command[c.QUANTITY_LOTS]
        _emit_amended(s, e, slot, price, before)
        return _OK, 0
    return _requeue(s, e, slot, command, remaining)


@inner_kernel
def cancel_order(s: State, e: EventBuffer, command: Integers) -> int:
    """Cancel one resting order; returns a RejectReason."""
    slot = order_slot(s, command[c.ORDER])
    reason = _order_objection(s, slot, command[c.ACCOUNT])
    if reason == _OK:
        cancel_resting(s, e, slot, _BY_OWNER)
    return reason


@inner_kernel
def cancel_all(s: State, e: EventBuffer, command: Integers) -> int:
    """Cancel the account's orders in one contract (-1: all), of one label (0: all)."""
    cancel_orders(s, e, command[c.ACCOUNT], command[c.CONTRACT], command[c.LABEL], _BY_OWNER)
    return _OK


@inner_kernel
def _execute(s: State, e: EventBuffer, slot: int, foreseen_ticks: int) -> None:
    """Match an admitted order no deeper than was foreseen, then look again (TRADE-002)."""
    row = s.orders[slot]
    account = row["account"]
    contract = row["contract"]
    side = row["side"]
    limit = row["price_ticks"]
    is_trusting = row["flags"] & TIF_MASK == TIF_FILL_OR_KILL
    met = 0
    reason = _OK
    while foreseen_ticks != 0 and row["remaining_lots"] > 0 and reason == _OK:
        met, may_go_on = match(s, e, slot, foreseen_ticks, met, is_trusting)
        if not may_go_on:
            reason = _REDUCE_ONLY
        elif met >= FILLS_MAX:
            reason = _FILL_LIMIT
        else:
            lots, price_lots, foreseen_ticks = walk_book(
                s, contract, side, limit, row["remaining_lots"]
            )
            resting = 0 if row["flags"] & TIF_MASK != 0 else row["remaining_lots"] - lots
            missing = 0
            if row["remaining_lots"] > 0:
                missing = shortfall_after_order(
                    s, account, contract, side, lots, price_lots, resting, limit
                )
            if missing > 0:
                reason = _MARGIN
    if row["remaining_lots"] > 0 and reason == _OK:
        if row["flags"] & TIF_MASK == 0:
            book_order(s, slot)
            return
        reason = _IOC
    cancel_remainder(s, e, slot, reason)


@inner_kernel
def _requeue(
    s: State, e: EventBuffer, slot: int, command: Integers, remaining: int
) -> tuple[int, int]:
    """Amend by leaving the queue and entering it anew, if the changed order is admitted."""
    row = s.orders[slot]
    account = row["account"]
    contract = row["contract"]
    side = row["side"]
    flags = row["flags"]
    price_before = row["price_ticks"]
    remaining_before = row["remaining_lots"]
    reason = _admission_objection(s, account, contract, side, flags)
    if reason != _OK:
        return reason, 0
    limit = _effective_limit(s, contract, side, flags, command[c.PRICE_TICKS])
    position = row["position"]
    reduce_open_order(s, position, side, price_before, remaining_before, 1)
    reason = _limits_objection(s, account, contract, side, flags, limit, remaining)
    if reason == _OK:
        reason = _book_objection(s, contract, side, flags, limit)
    filled, price_lots, worst = walk_book(s, contract, side, limit, remaining)
    missing = 0
    if reason == _OK:
        missing = shortfall_after_order(
            s, account, contract, side, filled, price_lots, remaining - filled, limit
        )
        if missing > 0:
            reason = _INSUFFICIENT_MARGIN
    _restore_open_order(s, position, side, price_before, remaining_before)
    if reason != _OK:
        return reason, missing
    unbook_order(s, slot)
    row["price_ticks"] = limit
    row["quantity_lots"] = command[c.QUANTITY_LOTS]
    row["remaining_lots"] = remaining
    _emit_amended(s, e, slot, price_before, remaining_before)
    _execute(s, e, slot, worst)
    return _OK, 0


@inner_kernel
def _restore_open_order(
    s: State, position: int, side: int, price_ticks: int, lots: int
) -> None:
    """Undo a reduce_open_order that took a whole order out of the sums."""
    reduce_open_order(s, position, side, price_ticks, -lots, -1)


@inner_kernel
def _is_expired(command: Integers) -> bool:
    valid_until = command[c.VALID_UNTIL_NS]
    return valid_until != 0 and command[c.TIME_NS] > valid_until


@inner_kernel
def _form_objection(s: State, command: Integers) -> int:
    """What is wrong with the command itself, before any market is looked at."""
    if _is_expired(command):
        return _EXPIRED
    contract = command[c.CONTRACT]
    if contract < 0 or contract >= s.contracts.shape[0]:
        return _UNKNOWN_CONTRACT
    if s.contracts[contract]["state"] == 0:
        return _UNKNOWN_CONTRACT
    if command[c.SIDE] != BUY and command[c.SIDE] != SELL:
        return _INVALID_SIDE
    if not _are_valid_flags(command[c.FLAGS]):
        return _INVALID_FLAGS
    return _numbers_objection(s, contract, command[c.FLAGS], command)


@inner_kernel
def _numbers_objection(s: State, contract: int, flags: int, command: Integers) -> int:
    price = command[c.PRICE_TICKS]
    if flags & TYPE_MASK == TYPE_MARKET:
        if price != 0:
            return _INVALID_PRICE
    elif price <= 0 or price > s.contracts[contract]["price_ceiling_ticks"]:
        return _INVALID_PRICE
    if command[c.QUANTITY_LOTS] <= 0 or command[c.QUANTITY_LOTS] > QUANTITY_LOTS_MAX:
        return _INVALID_QUANTITY
    return _OK


@inner_kernel
def _are_valid_flags(flags: int) -> bool:
    if flags & ~CLIENT_FLAGS != 0 or flags & TYPE_MASK > TYPE_MARKET:
        return False
    force = flags & TIF_MASK
    if force > TIF_FILL_OR_KILL:
        return False
    if flags & FLAG_REJECT_POST_ONLY != 0 and flags & FLAG_POST_ONLY == 0:
        return False
    if flags & TYPE_MASK == TYPE_MARKET and force == 0:
        return False
    return flags & FLAG_POST_ONLY == 0 or force == 0


@inner_kernel
def _admission_objection(s: State, account: int, contract: int, side: int, flags: int) -> int:
    """Whether the contract and the account take such an order at this moment."""
    row = s.contracts[contract]
    is_reduce_only = flags & FLAG_REDUCE_ONLY != 0
    if row["state"] != STATE_OPEN and row["state"] != STATE_REDUCE_ONLY:
        return _CONTRACT_NOT_OPEN
    if row["state"] == STATE_REDUCE_ONLY and not is_reduce_only:
        return _CONTRACT_REDUCE_ONLY
    if row["mark_ticks"] == 0:
        return _NO_MARK_PRICE
    if not is_reduce_only and s.underlyings[row["underlying"]]["status"] != ORACLE_VALID:
        return _ORACLE_NOT_VALID
    if not is_reduce_only and s.accounts[account]["liquidation_stage"] != 0:
        return _IN_LIQUIDATION
    if is_reduce_only:
        slot = find_position(s, account, contract)
        if slot == NO_POSITION or s.positions[slot]["lots"] * side >= 0:
            return _NOTHING_TO_REDUCE
    return _OK


@inner_kernel
def _effective_limit(s: State, contract: int, side: int, flags: int, price_ticks: int) -> int:
    """The price an order really has: the band for a market order, slid for post-only."""
    row = s.contracts[contract]
    mark = row["mark_ticks"]
    if flags & TYPE_MASK == TYPE_MARKET:
        band = mul_div_floor(mark, row["order_band_ppm"], PPM)
        return min(max(1, mark + side * band), row["price_ceiling_ticks"])
    opposite = best_price(s, contract, -side)
    if flags & FLAG_POST_ONLY == 0 or flags & FLAG_REJECT_POST_ONLY != 0 or opposite == 0:
        return price_ticks
    return opposite - side if crosses(side, price_ticks, opposite) else price_ticks


@inner_kernel
def _effective_quantity(
    s: State, account: int, contract: int, side: int, flags: int, quantity_lots: int
) -> int:
    """A reduce-only order is never larger than the position it reduces."""
    if flags & FLAG_REDUCE_ONLY == 0:
        return quantity_lots
    lots = s.positions[find_position(s, account, contract)]["lots"]
    return min(quantity_lots, max(0, -lots * side))


@inner_kernel
def _limits_objection(
    s: State, account: int, contract: int, side: int, flags: int, limit: int, quantity: int
) -> int:
    """Notional, bands, and the limits that keep sums within 63 bits."""
    row = s.contracts[contract]
    mark = row["mark_ticks"]
    unit = row["tick_value_units"]
    if limit <= 0:
        return _POST_ONLY_WOULD_TAKE
    lot_limit = row["position_limit_units"] // (row["reference_ticks"] * unit)
    if quantity > lot_limit:
        return _POSITION_LIMIT
    is_reduce_only = flags & FLAG_REDUCE_ONLY != 0
    if not is_reduce_only and quantity * limit * unit < row["min_notional_units"]:
        return _BELOW_MIN_NOTIONAL
    far = mul_div_ceil(mark, row["passive_band_ppm"], PPM)
    if is_outside_band(s, contract, side, limit) or abs(limit - mark) > far:
        return _PRICE_OUTSIDE_BAND
    slot = find_position(s, account, contract)
    if slot == NO_POSITION:
        return _OK if has_free_slot(s, account) else _TOO_MANY_POSITIONS
    position = s.positions[slot]
    same_side = position["buy_lots"] if side == BUY else position["sell_lots"]
    if not is_reduce_only and position["lots"] * side + same_side + quantity > lot_limit:
        return _POSITION_LIMIT
    return _OK


@inner_kernel
def _book_objection(s: State, contract: int, side: int, flags: int, limit: int) -> int:
    """Post-only that would take, a market order without a book."""
    opposite = best_price(s, contract, -side)
    is_taking = opposite != 0 and crosses(side, limit, opposite)
    if flags & FLAG_POST_ONLY != 0 and is_taking:
        return _POST_ONLY_WOULD_TAKE
    if flags & TYPE_MASK == TYPE_MARKET and not is_taking:
        return _NO_LIQUIDITY
    return _OK


@inner_kernel
def _foresee(
    s: State, account: int, contract: int, side: int, flags: int, limit: int, quantity: int
) -> tuple[int, int, int]:
    """(lots, sum of price x lots, worst price) that the order would meet; exact for FOK."""
    if flags & TIF_MASK != TIF_FILL_OR_KILL:
        return walk_book(s, contract, side, limit, quantity)
    left = quantity
    price_lots = 0
    met = 0
    level = best_level(s, contract, -side)
    while level != 0 and crosses(side, limit, s.levels[level - 1]["price_ticks"]):
        price = s.levels[level - 1]["price_ticks"]
        link = s.levels[level - 1]["first"]
        while link != 0 and met < FILLS_MAX:
            met += 1
            row = s.orders[link - 1]
            # A reduce-only maker may have shrunk by the time it is met: it is not relied upon.
            is_sure = row["flags"] & FLAG_REDUCE_ONLY == 0
            if is_sure and objection(s, account, link - 1, False) == 0:
                taken = min(left, row["remaining_lots"])
                left -= taken
                price_lots += taken * price
                if left == 0:
                    return quantity, price_lots, price
            link = row["next"]
        level = s.level_next[level - 1, 0]
    return quantity - left, price_lots, 0


@inner_kernel
def _order_objection(s: State, slot: int, account: int) -> int:
    if slot == NO_ORDER:
        return _UNKNOWN_ORDER
    return _OK if s.orders[slot]["account"] == account else _NOT_ORDER_OWNER


@inner_kernel
def _emit_amended(
    s: State, e: EventBuffer, slot: int, price_before: int, remaining_before: int
) -> None:
    row = s.orders[slot]
    emit.order_amended(
        e,
        row["account"],
        row["contract"],
        row["id"],
        row["side"],
        row["flags"],
        row["price_ticks"],
        row["quantity_lots"],
        row["remaining_lots"],
        price_before,
        remaining_before,
        row["label"],
    )
