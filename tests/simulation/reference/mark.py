"""The reference mark of a perpetual (spec: risk, index and mark).

clamp(median(A, B, C), index +- band): A = index + basis, B = median(best bid, best ask, last
trade), C = index; the basis is a 150 s average of the clamped impact basis. In 10^-8 of the
quote, rounded at the end to the nearest tick that neither leaves the band nor moves too fast; a
band without any tick leaves the nearest one to the index. A contract whose mark would pass its
price ceiling is halted.
"""

from statistics import median_low

from tests.simulation.reference.premium import impact_prices_e8
from tests.simulation.reference.rounding import PPB, ceil_div, clamp, floor_ppm
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Contract
from tests.simulation.reference.wire import (
    BUY,
    SELL,
    STATE_HALTED,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    EventKind,
)

BASIS_ELAPSED_US_MAX = 1_000_000_000
RATE_US_MAX = 200_000_000
PRICE_CEILING = 1_000  # why a contract is halted: it must be listed anew


def mark_contract(venue: Venue, number: int) -> None:
    """Marks one contract with the index of its underlying."""
    contract, book = venue.contracts[number], venue.books[number]
    index = venue.underlyings[contract.underlying].index_e8
    previous, tick = contract.mark_ticks, contract.tick_e8
    elapsed_ns = venue.time_ns - contract.mark_ns if previous else 0
    contract.basis_e8 = next_basis(venue, number, index, elapsed_ns)
    bid, ask = book.best_price(BUY), book.best_price(SELL)
    voters = [price * tick or index for price in (bid, ask, contract.last_ticks)]
    mark = median_low([index + contract.basis_e8, median_low(voters), index])
    step = most_change(contract, index, elapsed_ns)
    if previous:
        mark = clamp(mark, previous * tick - step, previous * tick + step)
    reach = floor_ppm(index, contract.mark_band_ppm)
    mark = clamp(mark, index - reach, index + reach)
    nearest = (mark + tick // 2) // tick
    if previous:
        nearest = clamp(nearest, previous - step // tick, previous + step // tick)
    lowest, highest = ceil_div(index - reach, tick), (index + reach) // tick
    if lowest <= highest:
        nearest = clamp(nearest, lowest, highest)
    else:
        nearest = (index + tick // 2) // tick
    ceiling = contract.price_ceiling_ticks
    contract.mark_ticks = clamp(nearest, 1, ceiling)
    contract.index_ticks = (index + tick // 2) // tick
    contract.mark_index_e8 = index
    contract.mark_ns = venue.time_ns
    venue.note_price(number, is_last=False)
    if contract.mark_ticks != previous:
        venue.say(
            EventKind.MARK_UPDATED,
            contract=number,
            mark_ticks=contract.mark_ticks,
            previous_mark_ticks=previous,
            index_ticks=contract.index_ticks,
            bid_ticks=bid,
            ask_ticks=ask,
            last_ticks=contract.last_ticks,
            open_interest_lots=contract.open_interest_lots,
        )
    if nearest > ceiling and contract.state in (STATE_OPEN, STATE_REDUCE_ONLY):
        before, contract.state = contract.state, STATE_HALTED
        figures = {"state": STATE_HALTED, "previous_state": before, "reason": PRICE_CEILING}
        venue.say(EventKind.CONTRACT_STATE_SET, contract=number, **figures)


def next_basis(venue: Venue, number: int, index: int, elapsed_ns: int) -> int:
    """The average after one more sample; a book without depth on both sides says zero."""
    contract = venue.contracts[number]
    bid, ask = impact_prices_e8(contract, venue.books[number])
    sample = 0
    if bid and ask:
        reach = floor_ppm(index, contract.mark_band_ppm)
        sample = clamp((bid + ask) // 2 - index, -reach, reach)
    elapsed_us = min(elapsed_ns // 1_000, BASIS_ELAPSED_US_MAX)
    share_ppb = elapsed_us * PPB // (contract.basis_seconds * 1_000_000 + elapsed_us)
    way = abs(sample - contract.basis_e8) * share_ppb // PPB
    return contract.basis_e8 + (way if sample >= contract.basis_e8 else -way)


def most_change(contract: Contract, index: int, elapsed_ns: int) -> int:
    """|change of mark| <= |change of index| + a share of the index a second (0.5 %)."""
    elapsed_us = min(elapsed_ns // 1_000, RATE_US_MAX)
    share_ppb = contract.mark_rate_ppm * elapsed_us // 1_000
    return abs(index - contract.mark_index_e8) + index * share_ppb // PPB
