"""Order -> fill -> position -> posting, for traders and for liquidations alike.

EXEC-001  a trade happens at the maker's price; both sides see the same price, lots and number,
          maker first (I-17).
EXEC-002  before a maker is filled it is looked at again: an order of the taker's own owner, one
          that the mark has left outside the band, one whose day is over, one with nothing left
          to reduce, one whose account can no longer carry it, is cancelled instead, with its
          reason. What was foreseen of the book is then no longer so, nor when a fill takes the
          surplus off the maker's other orders: the taker is looked at again too.
EXEC-003  a command fills or passes over at most FILLS_MAX orders; then the remainder is
          cancelled.
EXEC-004  fees are rounded up and charged to each side at the fill; a liquidated account pays no
          taker fee (its own fee is in clearing). A negative maker fee is a rebate in cash:
          rounded down, and never more than the taker's fee of the same trade (so none in a
          liquidation), nor than the fee account holds once the taker has paid.
EXEC-005  what an owner's orders do when they meet is the owner's choice: the resting one goes
          and the other goes on (the default), the other stops, or both go. An order of a
          liquidation always goes on: nobody may stand in its way.
EXEC-006  when a trade has made a position smaller, its surplus of reduce-only orders goes at
          once (reducing.py). Before that, orders that are linked with one that was filled hear
          of it (following.py).
EXEC-007  a position is settled with the funding index before a fill changes it (FUND-014).
"""

from exchange.engine import emit
from exchange.engine.days import is_day_over
from exchange.engine.emit import EventBuffer
from exchange.engine.events import CancelReason
from exchange.engine.following import follow_fill
from exchange.engine.funding import note_book_change, settle_position
from exchange.engine.health import can_carry_orders
from exchange.engine.ledger import charge, transfer
from exchange.engine.matching import (
    best_level,
    crosses,
    reduce_resting,
)
from exchange.engine.open_orders import cancel_resting, discard, unbook_order
from exchange.engine.positions import apply_fill, reduce_open_order
from exchange.engine.reducing import cut_surplus
from exchange.engine.state import Counter, State, inner_kernel
from exchange.engine.triggers import note_price
from exchange.engine.units import (
    FEES,
    FILLS_MAX,
    FLAG_LINKED,
    FLAG_LIQUIDATION,
    FLAG_MAKER,
    FLAG_REDUCE_ONLY,
    PPM,
    SELF_TRADE_CANCEL_MAKER,
    SELF_TRADE_REJECT_TAKER,
    USDC,
    lifetime_sum,
    mul_div_ceil,
    mul_div_floor,
)

_TRADES = int(Counter.TRADES)
_OPEN_INTEREST = int(Counter.OPEN_INTEREST_UNITS)
_SELF_TRADE = int(CancelReason.SELF_TRADE)
_MARGIN = int(CancelReason.MARGIN)
_PRICE_BAND = int(CancelReason.PRICE_BAND)
_EXPIRED = int(CancelReason.EXPIRED)
_NOTHING_TO_REDUCE = int(CancelReason.REDUCE_ONLY)


@inner_kernel
def match(
    s: State,
    e: EventBuffer,
    taker: int,
    limit_ticks: int,
    kept_lots: int,
    met: int,
    is_trusting: bool,
) -> tuple[int, int]:
    """Trade an order that is in no book against the other side, up to its limit.

    Ends early, after the first maker that is passed over or has others cut: whoever foresaw
    these fills foresees what is left anew (EXEC-002).
    kept_lots: of its remainder, to be left unfilled.
    met: makers this command has met already; FILLS_MAX bounds the sum (EXEC-003).
    is_trusting: makers were already looked at in this command (fill-or-kill) and are not again.
    Returns the number of makers met so far and why the order must not go on: a CancelReason
    (its own reduce-only clamp, or a self-trade), or 0.
    """
    order = s.orders[taker]
    while order["remaining_lots"] > kept_lots and met < FILLS_MAX:
        level = best_level(s, order["contract"], -order["side"])
        if level == 0 or not crosses(
            order["side"], limit_ticks, s.levels[level - 1]["price_ticks"]
        ):
            break
        met += 1
        maker = s.levels[level - 1]["first"] - 1
        lots = min(order["remaining_lots"] - kept_lots, s.orders[maker]["remaining_lots"])
        lots = min(lots, reducible_lots(s, taker))
        if lots == 0:
            return met, _NOTHING_TO_REDUCE
        reason = objection(s, order["account"], maker, is_trusting)
        if reason == _SELF_TRADE and order["flags"] & FLAG_LIQUIDATION == 0:
            mode = self_trade_mode(s, order["account"])
            if mode != SELF_TRADE_REJECT_TAKER:
                cancel_resting(s, e, maker, reason)
            return met, 0 if mode == SELF_TRADE_CANCEL_MAKER else reason
        if reason != 0:
            cancel_resting(s, e, maker, reason)
            return met, 0
        if _trade(s, e, maker, taker, min(lots, reducible_lots(s, maker))):
            break
    return met, 0


@inner_kernel
def self_trade_mode(s: State, account: int) -> int:
    """What the account's owner wants when its orders meet: units.SELF_TRADE_*."""
    return s.accounts[s.accounts[account]["owner"]]["self_trade_mode"]


@inner_kernel
def objection(s: State, taker_account: int, maker: int, is_trusting: bool) -> int:
    """Why a maker must not be filled now (EXEC-002): a CancelReason, or 0."""
    row = s.orders[maker]
    account = row["account"]
    if s.accounts[account]["owner"] == s.accounts[taker_account]["owner"]:
        return _SELF_TRADE
    if is_outside_band(s, row["contract"], row["side"], row["price_ticks"]):
        return _PRICE_BAND
    if is_day_over(s, maker):
        return _EXPIRED
    if reducible_lots(s, maker) == 0:
        return _NOTHING_TO_REDUCE
    if is_trusting or is_reducing(s, maker):
        return 0
    return 0 if can_carry_orders(s, account) else _MARGIN


@inner_kernel
def is_outside_band(s: State, contract: int, side: int, price_ticks: int) -> bool:
    """A bid above mark + band, or an ask below mark - band."""
    row = s.contracts[contract]
    band = mul_div_floor(row["mark_ticks"], row["order_band_ppm"], PPM)
    return side * (price_ticks - row["mark_ticks"]) > band


@inner_kernel
def is_reducing(s: State, slot: int) -> bool:
    """Whether filling the whole order only brings its position nearer to zero."""
    row = s.orders[slot]
    lots = s.positions[row["position"]]["lots"]
    return lots * row["side"] < 0 and row["remaining_lots"] <= abs(lots)


@inner_kernel
def reducible_lots(s: State, slot: int) -> int:
    """The most an order may fill now: its remainder, or what its reduce-only flag leaves."""
    row = s.orders[slot]
    if row["flags"] & FLAG_REDUCE_ONLY == 0:
        return row["remaining_lots"]
    lots = s.positions[row["position"]]["lots"]
    return min(row["remaining_lots"], max(0, -lots * row["side"]))


@inner_kernel
def _trade(s: State, e: EventBuffer, maker: int, taker: int, lots: int) -> bool:
    assert lots > 0
    maker_row = s.orders[maker]
    number = maker_row["contract"]
    contract = s.contracts[number]
    price = maker_row["price_ticks"]
    units = price * lots * contract["tick_value_units"]
    trade = s.counters[_TRADES] + 1
    s.counters[_TRADES] = trade
    note_book_change(s, number)
    reduce_resting(s, maker, lots)
    reduce_open_order(s, maker_row["position"], maker_row["side"], price, lots, 0)
    s.orders[taker]["remaining_lots"] -= lots
    contract["last_ticks"] = price
    contract["trade_count"] += 1
    contract["volume_lots"] = lifetime_sum(contract["volume_lots"], lots)
    if contract["last_watchers"] != 0:
        note_price(s, number)
    maker_fee = mul_div_ceil(units, contract["maker_fee_ppm"], PPM)
    taker_fee = mul_div_ceil(units, contract["taker_fee_ppm"], PPM)
    if s.orders[taker]["flags"] & FLAG_LIQUIDATION != 0:
        taker_fee = 0
    if maker_fee < 0:
        maker_fee = -_rebate(s, s.orders[taker]["account"], -maker_fee, taker_fee)
    _fill_side(s, e, maker, lots, price, units, maker_fee, FLAG_MAKER, trade)
    _fill_side(s, e, taker, lots, price, units, taker_fee, 0, trade)
    if maker_fee < 0:
        transfer(s, FEES, maker_row["account"], USDC, -maker_fee)
    is_tied = maker_row["flags"] & FLAG_LINKED != 0  # it may have ended or cut others
    if is_tied or s.orders[taker]["flags"] & FLAG_LINKED != 0:
        follow_fill(s, e, maker, lots)
        follow_fill(s, e, taker, lots)
    is_cut = cut_surplus(s, e, maker_row["account"], maker_row["position"])
    cut_surplus(s, e, s.orders[taker]["account"], s.orders[taker]["position"])
    if maker_row["remaining_lots"] == 0:
        unbook_order(s, maker)
        discard(s, e, maker, 0)
    return is_cut or is_tied


@inner_kernel
def _rebate(s: State, taker: int, wanted_units: int, taker_fee_units: int) -> int:
    """What the maker of a trade gets out of the fees (EXEC-004)."""
    paid = min(taker_fee_units, max(0, s.balances[taker, USDC]))
    return min(wanted_units, taker_fee_units, s.balances[FEES, USDC] + paid)


@inner_kernel
def _fill_side(
    s: State,
    e: EventBuffer,
    slot: int,
    lots: int,
    price: int,
    units: int,
    fee: int,
    maker_flag: int,
    trade: int,
) -> None:
    row = s.orders[slot]
    position = row["position"]
    number = row["contract"]
    settle_position(s, e, position)
    lots_before = s.positions[position]["lots"]
    realised = apply_fill(s, position, row["side"] * lots, units)
    lots_after = s.positions[position]["lots"]
    contract = s.contracts[number]
    opened = max(0, lots_after) - max(0, lots_before)
    contract["open_interest_lots"] += opened
    s.counters[_OPEN_INTEREST] += (
        opened * contract["reference_ticks"] * contract["tick_value_units"]
    )
    # A rebate is paid when the taker has been charged: that may be what it is paid from.
    charge(s, row["account"], position, FEES, max(0, fee))
    account = s.accounts[row["account"]]
    account["fees_units"] = lifetime_sum(account["fees_units"], fee)
    emit.order_filled(
        e,
        row["account"],
        number,
        row["id"],
        row["side"],
        row["flags"] | maker_flag,
        price,
        lots,
        row["remaining_lots"],
        trade,
        fee,
        realised,
        lots_after,
        s.positions[position]["entry_units"],
    )
