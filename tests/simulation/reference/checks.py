"""What may be wrong with an order, in the order in which it is looked for.

Each function answers with a RejectReason, ACCEPTED when it has nothing to object to.
"""

from dataclasses import dataclass

from tests.simulation.reference import health
from tests.simulation.reference.rounding import PPM, ceil_ppm, floor_ppm
from tests.simulation.reference.state import POSITIONS_MAX, Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    BUY,
    FLAG_LINKED,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    ORACLE_VALID,
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
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    TRIGGER_MASK,
    TYPE_LIMIT,
    TYPE_MARKET,
    TYPE_MASK,
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    TYPES_WITH_TRIGGER,
    CancelReason,
    Command,
    RejectReason,
)

QUANTITY_MAX = 1 << 31
OPEN_ORDERS_MAX = 500
OWNER_ORDERS_MAX = 2_000
SLOTS_RESERVED_FROM = 786_432  # three quarters of 2^20
REDUCE_ONLY_MAX = 32  # of an account, in books
OPEN_INTEREST_MAX = 10**17  # 10^11 USDC: of the venue, at the listing references
_FLAGS = TYPE_MASK | TIF_MASK | FLAG_POST_ONLY | FLAG_REJECT_POST_ONLY | FLAG_REDUCE_ONLY
_FLAGS |= TRIGGER_MASK
_PLAIN = (TYPE_LIMIT, TYPE_MARKET)
_TRIGGERED = (
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
)
_RESTING = (TIF_GOOD_TIL_CANCELLED, TIF_GOOD_TIL_DAY)
_FORCES = (*_RESTING, TIF_IMMEDIATE_OR_CANCEL, TIF_FILL_OR_KILL)
_SOURCES = (TRIGGER_MARK, TRIGGER_INDEX, TRIGGER_LAST)
_OK = RejectReason.ACCEPTED


@dataclass(frozen=True, slots=True)
class Ask:
    """What a trader asks of a contract."""

    account: int
    contract: int
    side: int
    flags: int
    price: int
    quantity: int
    trigger: int = 0  # or the offset of a trailing stop

    @property
    def is_market(self) -> bool:
        return self.flags & TYPE_MARKET != 0

    @property
    def is_post_only(self) -> bool:
        return self.flags & FLAG_POST_ONLY != 0

    @property
    def is_reduce_only(self) -> bool:
        return self.flags & FLAG_REDUCE_ONLY != 0

    @property
    def may_rest(self) -> bool:
        return self.flags & TIF_NEVER_RESTS == 0

    @property
    def has_trigger(self) -> bool:
        return self.flags & TYPES_WITH_TRIGGER != 0


def is_expired(command: Command) -> bool:
    return command["valid_until_ns"] != 0 and command["time_ns"] > command["valid_until_ns"]


def form_objection(venue: Venue, ask: Ask) -> RejectReason:
    if not venue.is_listed(ask.contract):
        return RejectReason.UNKNOWN_CONTRACT
    if ask.side not in (BUY, SELL):
        return RejectReason.INVALID_SIDE
    if not _are_flags_valid(ask.flags):
        return RejectReason.INVALID_FLAGS
    reason = numbers_objection(venue, ask)
    if reason:
        return reason
    ceiling = venue.contracts[ask.contract].price_ceiling_ticks
    is_sane = 0 < ask.trigger <= ceiling if ask.has_trigger else ask.trigger == 0
    return _OK if is_sane else RejectReason.INVALID_TRIGGER


def _are_flags_valid(flags: int) -> bool:
    kind, force, source = flags & TYPE_MASK, flags & TIF_MASK, flags & TRIGGER_MASK
    is_post_only = flags & FLAG_POST_ONLY != 0
    is_market = flags & TYPE_MARKET != 0
    known = (
        flags & ~_FLAGS == 0
        and kind in (*_PLAIN, *_TRIGGERED)
        and force in _FORCES
        and source in _SOURCES
    )
    contradictory = (
        (flags & FLAG_REJECT_POST_ONLY != 0 and not is_post_only)
        or (kind == TYPE_MARKET and force in _RESTING)
        or (is_post_only and (force not in _RESTING or is_market))
        or (source != 0 and kind in _PLAIN)
    )
    return known and not contradictory


def numbers_objection(venue: Venue, ask: Ask) -> RejectReason:
    ceiling = venue.contracts[ask.contract].price_ceiling_ticks
    is_priced = ask.price == 0 if ask.is_market else 0 < ask.price <= ceiling
    if not is_priced:
        return RejectReason.INVALID_PRICE
    return _OK if 0 < ask.quantity <= QUANTITY_MAX else RejectReason.INVALID_QUANTITY


def market_objection(venue: Venue, ask: Ask) -> RejectReason:
    """Whether the contract takes such an order in its state, and has a mark."""
    contract = venue.contracts[ask.contract]
    if contract.state not in (STATE_OPEN, STATE_REDUCE_ONLY):
        return RejectReason.CONTRACT_NOT_OPEN
    if contract.state == STATE_REDUCE_ONLY and not ask.is_reduce_only:
        return RejectReason.CONTRACT_REDUCE_ONLY
    return _OK if contract.mark_ticks else RejectReason.NO_MARK_PRICE


def admission_objection(venue: Venue, ask: Ask) -> RejectReason:
    reason = market_objection(venue, ask)
    if reason:
        return reason
    if ask.is_reduce_only:
        reduces = venue.lots(ask.account, ask.contract) * ask.side < 0
        return _OK if reduces else RejectReason.NOTHING_TO_REDUCE
    underlying = venue.contracts[ask.contract].underlying
    if venue.underlyings[underlying].status != ORACLE_VALID:
        return RejectReason.ORACLE_NOT_VALID
    if venue.accounts[ask.account].liquidation_stage != 0:
        return RejectReason.IN_LIQUIDATION
    return _OK


def room_objection(venue: Venue, ask: Ask) -> RejectReason:
    """Whether one more open order has a place; the last are not for everybody."""
    account = venue.accounts[ask.account]
    if len(account.orders) >= OPEN_ORDERS_MAX:
        return RejectReason.TOO_MANY_ORDERS
    if venue.owner_orders(ask.account) >= OWNER_ORDERS_MAX:
        return RejectReason.TOO_MANY_OWNER_ORDERS
    stays = ask.may_rest or ask.has_trigger
    is_welcome = ask.is_reduce_only or account.role & ROLE_MAKER or not stays
    is_crowded = len(venue.orders) >= SLOTS_RESERVED_FROM
    return RejectReason.ORDER_SLOTS_RESERVED if is_crowded and not is_welcome else _OK


def reduce_only_objection(venue: Venue, ask: Ask) -> RejectReason:
    """Whether one more reduce-only order may come to rest."""
    if not ask.is_reduce_only or not ask.may_rest:
        return _OK
    is_full = venue.accounts[ask.account].reduce_only_count >= REDUCE_ONLY_MAX
    return RejectReason.TOO_MANY_REDUCE_ONLY if is_full else _OK


def position_limit_lots(venue: Venue, number: int) -> int:
    contract = venue.contracts[number]
    at_reference = contract.reference_ticks * contract.tick_value_units
    return contract.position_limit_units // at_reference


def effective_price(venue: Venue, ask: Ask) -> int:
    """The band for a market order; post-only slides to one tick inside the opposite best."""
    contract = venue.contracts[ask.contract]
    if ask.is_market:
        band = floor_ppm(contract.mark_ticks, contract.order_band_ppm)
        edge = max(1, contract.mark_ticks + ask.side * band)
        return min(edge, contract.price_ceiling_ticks)
    there = venue.books[ask.contract].best_price(-ask.side)
    slides = ask.is_post_only and not ask.flags & FLAG_REJECT_POST_ONLY
    if slides and there and ask.side * (ask.price - there) >= 0:
        return there - ask.side
    return ask.price


def effective_quantity(venue: Venue, ask: Ask) -> int:
    if not ask.is_reduce_only:
        return ask.quantity
    return min(ask.quantity, abs(venue.lots(ask.account, ask.contract)))


def limits_objection(venue: Venue, ask: Ask, price: int, quantity: int) -> RejectReason:
    contract = venue.contracts[ask.contract]
    unit, mark = contract.tick_value_units, contract.mark_ticks
    if price <= 0:
        return RejectReason.POST_ONLY_WOULD_TAKE
    most = position_limit_lots(venue, ask.contract)
    if quantity > most:
        return RejectReason.POSITION_LIMIT
    if not ask.is_reduce_only and quantity * price * unit < contract.min_notional_units:
        return RejectReason.BELOW_MIN_NOTIONAL
    is_far = abs(price - mark) > ceil_ppm(mark, contract.passive_band_ppm)
    if is_far or is_outside_band(venue, ask.contract, ask.side, price):
        return RejectReason.PRICE_OUTSIDE_BAND
    held = venue.lots(ask.account, ask.contract) * ask.side
    opened = max(0, held + quantity) - max(0, held)
    room = OPEN_INTEREST_MAX - venue.open_interest_units()
    if opened * contract.reference_ticks * unit > room:
        return RejectReason.OPEN_INTEREST_LIMIT
    positions = venue.accounts[ask.account].positions
    if ask.contract not in positions:
        return _OK if len(positions) < POSITIONS_MAX else RejectReason.TOO_MANY_POSITIONS
    orders = venue.open_orders(ask.account, ask.contract)
    same_side = orders.buy_lots if ask.side == BUY else orders.sell_lots
    if not ask.is_reduce_only and held + same_side + quantity > most:
        return RejectReason.POSITION_LIMIT
    return _OK


def is_outside_band(venue: Venue, contract: int, side: int, price: int) -> bool:
    """A bid above mark + band, an ask below mark - band."""
    mark = venue.contracts[contract].mark_ticks
    return side * (price - mark) > mark * venue.contracts[contract].order_band_ppm // PPM


def book_objection(venue: Venue, ask: Ask, price: int) -> RejectReason:
    there = venue.books[ask.contract].best_price(-ask.side)
    takes = there != 0 and ask.side * (price - there) >= 0
    if ask.is_post_only and takes:
        return RejectReason.POST_ONLY_WOULD_TAKE
    if ask.is_market and not takes:
        return RejectReason.NO_LIQUIDITY
    return _OK


def self_trade_objection(venue: Venue, ask: Ask, price: int) -> RejectReason:
    """Whether it would at once meet an order of its owner, who wants takers rejected."""
    first = venue.books[ask.contract].head(-ask.side)
    if first is None or ask.side * (price - first.price_ticks) < 0:
        return _OK
    is_unwanted = venue.wishes(ask.account) == SELF_TRADE_REJECT_TAKER
    is_own = venue.accounts[first.account].owner == venue.accounts[ask.account].owner
    return RejectReason.WOULD_SELF_TRADE if is_unwanted and is_own else _OK


def surely_met(venue: Venue, order: Order) -> list[tuple[int, int]]:
    """(price, lots) that a fill-or-kill can rely on, looked at maker by maker.

    A reduce-only or linked maker may have shrunk by the time it is met: it is not relied
    upon. One of
    its own owner stops it there, unless the owner wants that one cancelled.
    """
    met: list[tuple[int, int]] = []
    left = order.quantity_lots
    for maker in venue.books[order.contract].queue(-order.side)[: health.FILLS_MAX]:
        if left == 0 or order.side * (order.price_ticks - maker.price_ticks) < 0:
            break
        against = maker_objection(venue, order.account, maker)
        goes_on = venue.wishes(order.account) == SELF_TRADE_CANCEL_MAKER
        if against is CancelReason.SELF_TRADE and not goes_on:
            break
        is_sure = not maker.is_reduce_only and not maker.flags & FLAG_LINKED
        if is_sure and not against:
            met.append((maker.price_ticks, min(left, maker.remaining_lots)))
            left -= min(left, maker.remaining_lots)
    return met


def maker_objection(
    venue: Venue, taker: int, maker: Order, *, is_trusting: bool = False
) -> CancelReason | None:
    """Why a resting order must not be filled now."""
    if venue.accounts[taker].owner == venue.accounts[maker.account].owner:
        return CancelReason.SELF_TRADE
    if is_outside_band(venue, maker.contract, maker.side, maker.price_ticks):
        return CancelReason.PRICE_BAND
    if venue.is_day_over(maker):
        return CancelReason.EXPIRED
    if fillable(venue, maker) == 0:
        return CancelReason.REDUCE_ONLY
    held = venue.lots(maker.account, maker.contract)
    only_reduces = held * maker.side < 0 and maker.remaining_lots <= abs(held)
    if is_trusting or only_reduces:
        return None
    equity = health.equity(venue, maker.account)
    is_carried = equity >= health.initial_margin(venue, maker.account)
    return None if is_carried else CancelReason.MARGIN


def fillable(venue: Venue, order: Order) -> int:
    """What an order may fill now: its remainder, or what reduce-only leaves of it."""
    if not order.is_reduce_only:
        return order.remaining_lots
    held = venue.lots(order.account, order.contract)
    return min(order.remaining_lots, max(0, -held * order.side))
