"""The reference execution: order -> fill -> position -> posting."""

from tests.simulation.reference import health
from tests.simulation.reference.checks import (
    Ask,
    fillable,
    maker_objection,
)
from tests.simulation.reference.endings import cancel_open, cut_open, end
from tests.simulation.reference.funding import settle_position
from tests.simulation.reference.ledger import trade
from tests.simulation.reference.linked import tell_fill
from tests.simulation.reference.rounding import ceil_ppm
from tests.simulation.reference.state import ORDER_SLOT_BITS, Venue
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    FEES,
    FLAG_LINKED,
    FLAG_LIQUIDATION,
    FLAG_MAKER,
    SELF_TRADE_CANCEL_MAKER,
    SELF_TRADE_REJECT_TAKER,
    TIF_FILL_OR_KILL,
    TIF_MASK,
    CancelReason,
    EventKind,
)


def accept(
    venue: Venue,
    ask: Ask,
    label: int = 0,
    key: int = 0,
    trigger: int = 0,
    offset: int = 0,
    more_flags: int = 0,
) -> Order:
    """Makes an order that stands nowhere yet."""
    flags = ask.flags | more_flags
    venue.order_numbers += 1
    number = venue.order_numbers << ORDER_SLOT_BITS | venue.order_slots.claim()
    quantity, price = ask.quantity, ask.price
    who = (number, ask.account, ask.contract, ask.side, flags)
    order = Order(*who, price, quantity, quantity, label, venue.time_ns)
    venue.claim_position(ask.account, ask.contract).order_count += 1
    venue.say(
        EventKind.ORDER_ACCEPTED,
        ask.account,
        ask.contract,
        order=number,
        side=ask.side,
        flags=flags,
        price_ticks=price,
        quantity_lots=quantity,
        label=label,
        idempotency_key=key,
        trigger_ticks=trigger,
        offset_ticks=offset,
    )
    return order


def match(
    venue: Venue, taker: Order, limit: int, met: int = 0, kept: int = 0
) -> tuple[int, CancelReason | None]:
    """Trades up to a limit, all but the lots that are kept.

    Ends as soon as a maker is passed over or loses other orders by its fill.
    Returns (makers met by this command so far, why it must not go on).
    """
    book = venue.books[taker.contract]
    # A fill-or-kill was looked at maker by maker before it was accepted.
    is_trusting = taker.flags & TIF_MASK == TIF_FILL_OR_KILL
    while taker.remaining_lots > kept and met < health.FILLS_MAX:
        maker = book.head(-taker.side)
        if maker is None or taker.side * (limit - maker.price_ticks) < 0:
            break
        met += 1
        lots = min(fillable(venue, taker), taker.remaining_lots - kept, maker.remaining_lots)
        if lots == 0:
            return met, CancelReason.REDUCE_ONLY
        reason = maker_objection(venue, taker.account, maker, is_trusting=is_trusting)
        if not reason:
            if _trade(venue, maker, taker, min(lots, fillable(venue, maker))):
                break
            continue
        wish = SELF_TRADE_CANCEL_MAKER
        if reason is CancelReason.SELF_TRADE and not taker.flags & FLAG_LIQUIDATION:
            wish = venue.wishes(taker.account)
        if wish != SELF_TRADE_REJECT_TAKER:
            cancel_open(venue, maker, reason)
        return met, None if wish == SELF_TRADE_CANCEL_MAKER else reason
    return met, None


def _trade(venue: Venue, maker: Order, taker: Order, lots: int) -> bool:
    venue.trades += 1
    contract = venue.contracts[maker.contract]
    notional = maker.price_ticks * lots * contract.tick_value_units
    contract.last_ticks = maker.price_ticks
    contract.trade_count += 1
    contract.volume_lots += lots
    venue.note_price(maker.contract, is_last=True)
    venue.look_at_premium(maker.contract, venue.time_ns)
    maker.remaining_lots -= lots
    taker.remaining_lots -= lots
    maker_fee = ceil_ppm(notional, contract.maker_fee_ppm)
    is_liquidation = taker.flags & FLAG_LIQUIDATION != 0
    taker_fee = 0 if is_liquidation else ceil_ppm(notional, contract.taker_fee_ppm)
    if maker_fee < 0:
        maker_fee = -_rebate(venue, taker.account, -maker_fee, taker_fee)
    _fill(venue, maker, maker.price_ticks, lots, maker_fee, FLAG_MAKER)
    _fill(venue, taker, maker.price_ticks, lots, taker_fee, 0)
    if maker_fee < 0:
        venue.ledger.move(FEES, maker.account, -maker_fee)
    tell_fill(venue, maker, lots)
    tell_fill(venue, taker, lots)
    is_cut = cut_surplus(venue, maker.account, maker.contract)
    cut_surplus(venue, taker.account, taker.contract)
    if maker.remaining_lots == 0:
        venue.unlist(maker)
        end(venue, maker)
    return is_cut or maker.flags & FLAG_LINKED != 0


def _rebate(venue: Venue, taker: int, wanted: int, taker_fee: int) -> int:
    """A rebate in cash: out of the taker's fee of this trade, as far as there is money."""
    paid = min(taker_fee, max(0, venue.ledger.cash(taker)))
    return min(wanted, taker_fee, venue.ledger.cash(FEES) + paid)


def _fill(venue: Venue, order: Order, price: int, lots: int, fee: int, maker_flag: int) -> None:
    contract = venue.contracts[order.contract]
    position = venue.accounts[order.account].positions[order.contract]
    settle_position(venue, order.account, order.contract)
    long_before = max(0, position.lots)
    profit = trade(position, order.side * lots, price * contract.tick_value_units)
    contract.open_interest_lots += max(0, position.lots) - long_before
    # A rebate is paid when both sides are filled.
    owed = venue.charge(order.account, order.contract, FEES, max(0, fee))
    contract.fees_unsettled_units += owed
    venue.accounts[order.account].fees_units += fee
    venue.say(
        EventKind.ORDER_FILLED,
        order.account,
        order.contract,
        order=order.id,
        side=order.side,
        flags=order.flags | maker_flag,
        price_ticks=price,
        quantity_lots=lots,
        remaining_lots=order.remaining_lots,
        trade=venue.trades,
        fee_units=fee,
        realised_units=profit,
        position_lots=position.lots,
        entry_units=position.entry_units,
    )


def cut_surplus(venue: Venue, account: int, contract: int) -> bool:
    """No more reduce-only lots rest than there are to reduce, on the side that reduces.

    The most passive go: the worst price first, of one price the order accepted last.
    Returns whether any went.
    """
    held = venue.lots(account, contract)
    mine = [
        order
        for order in reversed(list(venue.accounts[account].orders.values()))
        if order.contract == contract and order.is_reduce_only
        if order.remaining_lots and order.is_resting
    ]
    useless = [order for order in mine if held * order.side >= 0]
    for order in useless:
        cancel_open(venue, order, CancelReason.REDUCE_ONLY)
    mine = [order for order in mine if held * order.side < 0]
    surplus = sum(order.remaining_lots for order in mine) - abs(held)
    is_cut = bool(useless) or surplus > 0
    for order in sorted(mine, key=lambda order: (order.side * order.price_ticks, -order.id)):
        cut = min(surplus, order.remaining_lots)
        if cut <= 0:
            break
        surplus -= cut
        if cut == order.remaining_lots:
            cancel_open(venue, order, CancelReason.REDUCE_ONLY)
        else:
            cut_open(venue, order, cut, CancelReason.REDUCE_ONLY)
    return is_cut
