"""What may be wrong with an order, in the order in which it is looked for.

Each function answers with the name of a RejectReason, or "" when it has nothing to object to.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from tests.simulation.book import BUY, Order
from tests.simulation.holdings import FILLS_MAX, PPM, Holdings

POSITIONS_MAX = 64
QUANTITY_MAX = 1 << 31


@dataclass(frozen=True, slots=True)
class Request:
    """What a trader asks for; the fields of PlaceOrder without their packing."""

    sequence: int
    account: int
    contract: int
    side: int
    price: int
    quantity: int
    is_market: bool = False
    force: str = "gtc"  # gtc, ioc or fok
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    label: int = 0


def form_objection(venue: Holdings, ask: Request) -> str:
    if ask.contract not in venue.markets:
        return "UNKNOWN_CONTRACT"
    if ask.side not in (1, -1):
        return "INVALID_SIDE"
    contradictory = (
        (ask.reject_post_only and not ask.post_only)
        or (ask.is_market and ask.force == "gtc")
        or (ask.post_only and ask.force != "gtc")
    )
    if contradictory:
        return "INVALID_FLAGS"
    if ask.is_market and ask.price != 0:
        return "INVALID_PRICE"
    ceiling = venue.markets[ask.contract].terms.ceiling
    if not ask.is_market and not 0 < ask.price <= ceiling:
        return "INVALID_PRICE"
    return "" if 0 < ask.quantity <= QUANTITY_MAX else "INVALID_QUANTITY"


def admission_objection(venue: Holdings, ask: Request) -> str:
    market = venue.markets[ask.contract]
    if market.state == "halted":
        return "CONTRACT_NOT_OPEN"
    if market.state == "reduce_only" and not ask.reduce_only:
        return "CONTRACT_REDUCE_ONLY"
    if market.terms.mark == 0:
        return "NO_MARK_PRICE"
    if not ask.reduce_only and not market.index_is_valid:
        return "ORACLE_NOT_VALID"
    if ask.reduce_only and venue.lots(ask.account, ask.contract) * ask.side >= 0:
        return "NOTHING_TO_REDUCE"
    return ""


def effective_price(venue: Holdings, ask: Request) -> int:
    market = venue.markets[ask.contract]
    terms = market.terms
    if ask.is_market:
        band = terms.mark * terms.order_band_ppm // PPM
        return min(max(1, terms.mark + ask.side * band), terms.ceiling)
    there = market.book.best_price(-ask.side)
    slides = ask.post_only and not ask.reject_post_only
    if slides and there and ask.side * (ask.price - there) >= 0:
        return there - ask.side
    return ask.price


def effective_quantity(venue: Holdings, ask: Request) -> int:
    if not ask.reduce_only:
        return ask.quantity
    return min(ask.quantity, abs(venue.lots(ask.account, ask.contract)))


def limits_objection(venue: Holdings, ask: Request, price: int, quantity: int) -> str:
    terms = venue.markets[ask.contract].terms
    if price <= 0:
        return "POST_ONLY_WOULD_TAKE"
    most = terms.position_limit // (terms.reference * terms.tick_value)
    if quantity > most:
        return "POSITION_LIMIT"
    notional = quantity * price * terms.tick_value
    if not ask.reduce_only and notional < terms.min_notional:
        return "BELOW_MIN_NOTIONAL"
    far = ceil(Fraction(terms.mark * terms.passive_band_ppm, PPM))
    if venue.is_outside_band(ask.contract, ask.side, price) or abs(price - terms.mark) > far:
        return "PRICE_OUTSIDE_BAND"
    contracts = venue.contracts_of(ask.account)
    if ask.contract not in contracts and len(contracts) >= POSITIONS_MAX:
        return "TOO_MANY_POSITIONS"
    open_orders = venue.open_orders(ask.account, ask.contract)
    same = open_orders.buy_lots if ask.side == BUY else open_orders.sell_lots
    held = venue.lots(ask.account, ask.contract) * ask.side
    if not ask.reduce_only and held + same + quantity > most:
        return "POSITION_LIMIT"
    return ""


def book_objection(venue: Holdings, ask: Request, price: int) -> str:
    there = venue.markets[ask.contract].book.best_price(-ask.side)
    takes = there != 0 and ask.side * (price - there) >= 0
    if ask.post_only and takes:
        return "POST_ONLY_WOULD_TAKE"
    if ask.is_market and not takes:
        return "NO_LIQUIDITY"
    return ""


def surely_filled(venue: Holdings, order: Order) -> tuple[int, int]:
    """What a fill-or-kill can rely on, maker by maker: (lots, sum of price x lots)."""
    lots = price_lots = met = 0
    for maker in venue.markets[order.contract].book.orders():
        if maker.side == order.side or order.side * (order.price - maker.price) < 0:
            continue
        met += 1
        if lots == order.quantity or met > FILLS_MAX:
            break
        if maker.reduce_only or maker_objection(venue, order.account, maker):
            continue
        taken = min(order.quantity - lots, maker.remaining)
        lots += taken
        price_lots += taken * maker.price
    return lots, price_lots


def maker_objection(
    venue: Holdings, taker: int, maker: Order, *, is_trusting: bool = False
) -> str:
    if venue.owners[taker] == venue.owners[maker.account]:
        return "SELF_TRADE"
    if venue.is_outside_band(maker.contract, maker.side, maker.price):
        return "PRICE_BAND"
    if venue.fillable(maker) == 0:
        return "REDUCE_ONLY"
    held = venue.lots(maker.account, maker.contract)
    only_reduces = held * maker.side < 0 and maker.remaining <= abs(held)
    if is_trusting or only_reduces:
        return ""
    equity, required, _ = venue.health(maker.account)
    return "" if equity >= required else "MARGIN"
