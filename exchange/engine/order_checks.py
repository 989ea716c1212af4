"""What speaks against an order, and what it would meet: every check before any mutation.

Objections are RejectReason numbers, 0 when nothing speaks against it; trading asks for them in
the order of rejects.py. None of them changes the state.

CHECK-001  a market order is a limit at the edge of the order band; post-only slides to one tick
           inside the opposite best unless it asked to be refused; a reduce-only order is never
           larger than the position it reduces.
CHECK-002  what an order would fill is foreseen level by level; for fill-or-kill order by order,
           as execution would look at each, so that it fills whole or not at all.
CHECK-003  a market order says immediate-or-cancel or fill-or-kill. With a trigger it may also
           be good-til-cancelled or -day, which says how long it waits; fired, it is
           immediate-or-cancel. Of a limit order with a trigger the force counts when it has
           fired. Post-only is for limit orders that may rest.
CHECK-004  nobody can jam the book: an account has at most 500 open orders, an owner 2,000, and
           the last quarter of the venue's slots is for reduce-only orders, for orders that
           never rest, and for registered makers.
"""

from exchange.engine import commands as c
from exchange.engine.events import CancelReason
from exchange.engine.execution import (
    is_outside_band,
    objection,
    self_trade_mode,
)
from exchange.engine.matching import (
    NO_ORDER,
    best_level,
    best_price,
    crosses,
    has_free_order,
    walk_book,
)
from exchange.engine.positions import (
    NO_POSITION,
    find_position,
    has_free_slot,
)
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel
from exchange.engine.triggers import is_waiting
from exchange.engine.units import (
    BUY,
    CLIENT_FLAGS,
    FILLS_MAX,
    FLAG_LINKED,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    OPEN_INTEREST_UNITS_MAX,
    OPEN_ORDERS_MAX,
    ORACLE_VALID,
    ORDERS_RESERVED_FROM,
    OWNER_ORDERS_MAX,
    PPM,
    QUANTITY_LOTS_MAX,
    REDUCE_ONLY_ORDERS_MAX,
    ROLE_MAKER,
    SELF_TRADE_CANCEL_MAKER,
    SELF_TRADE_REJECT_TAKER,
    SELL,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    TIF_FILL_OR_KILL,
    TIF_GOOD_TIL_CANCELLED,
    TIF_GOOD_TIL_DAY,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TRIGGER_LAST,
    TRIGGER_MASK,
    TYPE_MARKET,
    TYPE_MASK,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    TYPES_WITH_TRIGGER,
    mul_div_ceil,
    mul_div_floor,
)

_OK = int(RejectReason.ACCEPTED)
_EXPIRED = int(RejectReason.EXPIRED)
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
_TOO_MANY_OWNER_ORDERS = int(RejectReason.TOO_MANY_OWNER_ORDERS)
_ORDER_SLOTS_RESERVED = int(RejectReason.ORDER_SLOTS_RESERVED)
_CAPACITY_FULL = int(RejectReason.CAPACITY_FULL)
_TOO_MANY_POSITIONS = int(RejectReason.TOO_MANY_POSITIONS)
_POSITION_LIMIT = int(RejectReason.POSITION_LIMIT)
_POST_ONLY_WOULD_TAKE = int(RejectReason.POST_ONLY_WOULD_TAKE)
_NOTHING_TO_REDUCE = int(RejectReason.NOTHING_TO_REDUCE)
_NO_LIQUIDITY = int(RejectReason.NO_LIQUIDITY)
_UNKNOWN_ORDER = int(RejectReason.UNKNOWN_ORDER)
_NOT_ORDER_OWNER = int(RejectReason.NOT_ORDER_OWNER)
_TOO_MANY_REDUCE_ONLY = int(RejectReason.TOO_MANY_REDUCE_ONLY)
_WOULD_SELF_TRADE = int(RejectReason.WOULD_SELF_TRADE)
_SELF_TRADE = int(CancelReason.SELF_TRADE)
_INVALID_TRIGGER = int(RejectReason.INVALID_TRIGGER)
_IN_LIQUIDATION = int(RejectReason.IN_LIQUIDATION)
_OPEN_INTEREST_LIMIT = int(RejectReason.OPEN_INTEREST_LIMIT)
_OPEN_INTEREST = int(Counter.OPEN_INTEREST_UNITS)

_ORDERS_OPEN = int(Counter.ORDERS_OPEN)


@inner_kernel
def is_expired(command: Integers) -> bool:
    valid_until = command[c.VALID_UNTIL_NS]
    return valid_until != 0 and command[c.TIME_NS] > valid_until


@inner_kernel
def form_objection(s: State, command: Integers) -> int:
    """What is wrong with the command itself, before any market is looked at."""
    if is_expired(command):
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
    reason = numbers_objection(s, contract, command[c.FLAGS], command)
    if reason != _OK:
        return reason
    trigger = command[c.TRIGGER_TICKS]
    if command[c.FLAGS] & TYPES_WITH_TRIGGER == 0:
        return _OK if trigger == 0 else _INVALID_TRIGGER
    is_price = trigger > 0 and trigger <= s.contracts[contract]["price_ceiling_ticks"]
    return _OK if is_price else _INVALID_TRIGGER


@inner_kernel
def numbers_objection(s: State, contract: int, flags: int, command: Integers) -> int:
    price = command[c.PRICE_TICKS]
    if flags & TYPE_MARKET != 0:
        if price != 0:
            return _INVALID_PRICE
    elif price <= 0 or price > s.contracts[contract]["price_ceiling_ticks"]:
        return _INVALID_PRICE
    if command[c.QUANTITY_LOTS] <= 0 or command[c.QUANTITY_LOTS] > QUANTITY_LOTS_MAX:
        return _INVALID_QUANTITY
    return _OK


@inner_kernel
def _are_valid_flags(flags: int) -> bool:
    """Whether type, force, trigger and post-only go together (CHECK-003)."""
    if flags & ~CLIENT_FLAGS != 0:
        return False
    if flags & FLAG_REJECT_POST_ONLY != 0 and flags & FLAG_POST_ONLY == 0:
        return False
    kind = flags & TYPE_MASK
    force = flags & TIF_MASK
    is_forceless = force in (TIF_GOOD_TIL_CANCELLED, TIF_GOOD_TIL_DAY)
    if kind > TYPE_TAKE_MARKET and kind != TYPE_TRAILING_STOP:
        return False
    if not is_forceless and force != TIF_IMMEDIATE_OR_CANCEL and force != TIF_FILL_OR_KILL:
        return False
    source = flags & TRIGGER_MASK
    if source > TRIGGER_LAST or (source != 0 and kind & TYPES_WITH_TRIGGER == 0):
        return False
    if kind == TYPE_MARKET and is_forceless:
        return False
    is_market = flags & TYPE_MARKET != 0
    return flags & FLAG_POST_ONLY == 0 or (is_forceless and not is_market)


@inner_kernel
def market_objection(s: State, contract: int, flags: int) -> int:
    """Whether the contract takes such an order in its state, and has a mark."""
    row = s.contracts[contract]
    if row["state"] != STATE_OPEN and row["state"] != STATE_REDUCE_ONLY:
        return _CONTRACT_NOT_OPEN
    if row["state"] == STATE_REDUCE_ONLY and flags & FLAG_REDUCE_ONLY == 0:
        return _CONTRACT_REDUCE_ONLY
    return _NO_MARK_PRICE if row["mark_ticks"] == 0 else _OK


@inner_kernel
def admission_objection(s: State, account: int, contract: int, side: int, flags: int) -> int:
    """Whether the contract and the account take such an order at this moment."""
    row = s.contracts[contract]
    is_reduce_only = flags & FLAG_REDUCE_ONLY != 0
    reason = market_objection(s, contract, flags)
    if reason != _OK:
        return reason
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
def effective_limit(s: State, contract: int, side: int, flags: int, price_ticks: int) -> int:
    """The price an order really has: the band for a market order, slid for post-only."""
    row = s.contracts[contract]
    mark = row["mark_ticks"]
    if flags & TYPE_MARKET != 0:
        band = mul_div_floor(mark, row["order_band_ppm"], PPM)
        return min(max(1, mark + side * band), row["price_ceiling_ticks"])
    opposite = best_price(s, contract, -side)
    if flags & FLAG_POST_ONLY == 0 or flags & FLAG_REJECT_POST_ONLY != 0 or opposite == 0:
        return price_ticks
    return opposite - side if crosses(side, price_ticks, opposite) else price_ticks


@inner_kernel
def effective_quantity(
    s: State, account: int, contract: int, side: int, flags: int, quantity_lots: int
) -> int:
    """A reduce-only order is never larger than the position it reduces."""
    if flags & FLAG_REDUCE_ONLY == 0:
        return quantity_lots
    lots = s.positions[find_position(s, account, contract)]["lots"]
    return min(quantity_lots, max(0, -lots * side))


@inner_kernel
def position_limit_lots(s: State, contract: int) -> int:
    """The most lots an account may hold, long or short."""
    row = s.contracts[contract]
    return row["position_limit_units"] // (row["reference_ticks"] * row["tick_value_units"])


@inner_kernel
def limits_objection(
    s: State, account: int, contract: int, side: int, flags: int, limit: int, quantity: int
) -> int:
    """Notional, bands, and the limits that keep sums within 63 bits."""
    row = s.contracts[contract]
    mark = row["mark_ticks"]
    unit = row["tick_value_units"]
    if limit <= 0:
        return _POST_ONLY_WOULD_TAKE
    lot_limit = position_limit_lots(s, contract)
    if quantity > lot_limit:
        return _POSITION_LIMIT
    is_reduce_only = flags & FLAG_REDUCE_ONLY != 0
    if not is_reduce_only and quantity * limit * unit < row["min_notional_units"]:
        return _BELOW_MIN_NOTIONAL
    far = mul_div_ceil(mark, row["passive_band_ppm"], PPM)
    if is_outside_band(s, contract, side, limit) or abs(limit - mark) > far:
        return _PRICE_OUTSIDE_BAND
    slot = find_position(s, account, contract)
    lots = s.positions[slot]["lots"] * side if slot != NO_POSITION else 0
    opened = max(0, lots + quantity) - max(0, lots)
    # What a trade adds to open interest is never more than what its taker opens.
    room = OPEN_INTEREST_UNITS_MAX - s.counters[_OPEN_INTEREST]
    if opened * row["reference_ticks"] * unit > room:
        return _OPEN_INTEREST_LIMIT
    if slot == NO_POSITION:
        return _OK if has_free_slot(s, account) else _TOO_MANY_POSITIONS
    position = s.positions[slot]
    same_side = position["buy_lots"] if side == BUY else position["sell_lots"]
    if not is_reduce_only and lots + same_side + quantity > lot_limit:
        return _POSITION_LIMIT
    return _OK


@inner_kernel
def room_objection(s: State, account: int, flags: int) -> int:
    """Whether one more open order may take a slot (CHECK-004)."""
    row = s.accounts[account]
    if row["order_count"] >= OPEN_ORDERS_MAX:
        return _TOO_MANY_ORDERS
    if s.accounts[row["owner"]]["owner_order_count"] >= OWNER_ORDERS_MAX:
        return _TOO_MANY_OWNER_ORDERS
    if not has_free_order(s):
        return _CAPACITY_FULL
    if s.counters[_ORDERS_OPEN] < ORDERS_RESERVED_FROM:
        return _OK
    is_passing = flags & TIF_NEVER_RESTS != 0 and not is_waiting(flags)
    is_first = is_passing or flags & FLAG_REDUCE_ONLY != 0 or row["role"] & ROLE_MAKER != 0
    return _OK if is_first else _ORDER_SLOTS_RESERVED


@inner_kernel
def reduce_only_objection(s: State, account: int, flags: int) -> int:
    """Whether a reduce-only order that may rest finds fewer of its kind than are allowed."""
    if flags & FLAG_REDUCE_ONLY == 0 or flags & TIF_NEVER_RESTS != 0:
        return _OK
    count = s.accounts[account]["reduce_only_count"]
    return _OK if count < REDUCE_ONLY_ORDERS_MAX else _TOO_MANY_REDUCE_ONLY


@inner_kernel
def book_objection(s: State, contract: int, side: int, flags: int, limit: int) -> int:
    """Post-only that would take, a market order without a book."""
    opposite = best_price(s, contract, -side)
    is_taking = opposite != 0 and crosses(side, limit, opposite)
    if flags & FLAG_POST_ONLY != 0 and is_taking:
        return _POST_ONLY_WOULD_TAKE
    if flags & TYPE_MARKET != 0 and not is_taking:
        return _NO_LIQUIDITY
    return _OK


@inner_kernel
def self_trade_objection(s: State, account: int, contract: int, side: int, limit: int) -> int:
    """Whether the first order it meets is its owner's own, who wants takers rejected.

    One that stands deeper stops the order when it is met (EXEC-005).
    """
    if self_trade_mode(s, account) != SELF_TRADE_REJECT_TAKER:
        return _OK
    level = best_level(s, contract, -side)
    if level == 0 or not crosses(side, limit, s.levels[level - 1]["price_ticks"]):
        return _OK
    maker = s.orders[s.levels[level - 1]["first"] - 1]["account"]
    is_own = s.accounts[maker]["owner"] == s.accounts[account]["owner"]
    return _WOULD_SELF_TRADE if is_own else _OK


@inner_kernel
def foresee(
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
            # A reduce-only or linked maker may have shrunk by the time it is met: it is not
            # relied upon.
            is_sure = row["flags"] & (FLAG_REDUCE_ONLY | FLAG_LINKED) == 0
            against = objection(s, account, link - 1, False)
            if against == _SELF_TRADE and (
                self_trade_mode(s, account) != SELF_TRADE_CANCEL_MAKER
            ):
                return quantity - left, price_lots, 0  # there it will stop
            if is_sure and against == 0:
                taken = min(left, row["remaining_lots"])
                left -= taken
                price_lots += taken * price
                if left == 0:
                    return quantity, price_lots, price
            link = row["next"]
        level = s.level_next[level - 1, 0]
    return quantity - left, price_lots, 0


@inner_kernel
def order_objection(s: State, slot: int, account: int) -> int:
    if slot == NO_ORDER:
        return _UNKNOWN_ORDER
    return _OK if s.orders[slot]["account"] == account else _NOT_ORDER_OWNER
