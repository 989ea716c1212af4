"""The reference's premium: how far a book stands beside the index, and for how long it did.

It is counted whenever something that it depends on is about to change, and at the end of each
sample. What stood since it was last counted weighs the milliseconds it stood.
"""

from tests.simulation.reference.book import Book
from tests.simulation.reference.rounding import PPB, PPM, toward_zero
from tests.simulation.reference.tables import Contract, Funding, Underlying
from tests.simulation.reference.wire import (
    BUY,
    KIND_PERPETUAL,
    ORACLE_VALID,
    SELL,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
)

SAMPLE_NS = 5_000_000_000
MILLISECOND = 1_000_000


def impact_prices_e8(contract: Contract, book: Book) -> tuple[int, int]:
    """What selling and what buying the impact notional would bring; 0: not deep enough."""
    notional = contract.impact_margin_units * PPM // contract.initial_margin_ppm
    unit, tick = contract.tick_value_units, contract.tick_e8
    bid = book.impact_price_e8(BUY, notional, unit, tick)
    return bid, book.impact_price_e8(SELL, notional, unit, tick)


def premium_ppb(contract: Contract, book: Book, index: int) -> int:
    """(max(0, impact bid - index) - max(0, index - impact ask)) / index, at most 100 %."""
    bid, ask = impact_prices_e8(contract, book)
    gap = max(0, bid - index) - (max(0, index - ask) if ask else 0)
    return max(-PPB, min(PPB, toward_zero(gap * PPB, index)))


def look(
    contract: Contract, book: Book, underlying: Underlying, funding: Funding, now_ns: int
) -> None:
    """Counts the premium that stood since the last look, unless that is too long ago."""
    since, funding.looked_ns = funding.looked_ns, now_ns
    stood_ms = now_ns // MILLISECOND - since // MILLISECOND
    trades = contract.state in (STATE_OPEN, STATE_REDUCE_ONLY)
    is_priced = underlying.status == ORACLE_VALID and contract.kind == KIND_PERPETUAL
    if trades and is_priced and stood_ms and now_ns - since <= SAMPLE_NS:
        premium = premium_ppb(contract, book, underlying.index_e8)
        funding.premium_ppb_ms += premium * stood_ms
        funding.measured_ms += stood_ms
