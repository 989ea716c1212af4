"""The reference mark of a perpetual (spec: risk, index and mark).

clamp(median(A, B, C), index +- band): A = index + basis, B = median(best bid, best ask, last
trade), C = index; the basis is a 150 s average of the clamped impact basis. In 10^-8 of the
quote, rounded to the nearest tick at the end.
"""

from statistics import median_low

from tests.simulation.reference.rounding import PPB, PPM, clamp, floor_ppm
from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Contract
from tests.simulation.reference.wire import BUY, SELL, EventKind

IMPACT_UNITS = 500_000_000  # 500 USDC over the initial margin rate
BASIS_US = 150_000_000
BASIS_ELAPSED_US_MAX = 1_000_000_000
RATE_PPB_PER_US = 5  # 0.5 % a second
RATE_US_MAX = 200_000_000


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
    mark = within_rate(mark, contract, index, elapsed_ns)
    reach = floor_ppm(index, contract.mark_band_ppm)
    mark = clamp(mark, index - reach, index + reach)
    contract.mark_ticks = clamp((mark + tick // 2) // tick, 1, contract.price_ceiling_ticks)
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


def next_basis(venue: Venue, number: int, index: int, elapsed_ns: int) -> int:
    """The average after one more sample; a book without depth on both sides says zero."""
    contract = venue.contracts[number]
    impact = IMPACT_UNITS * PPM // contract.initial_margin_ppm
    unit, tick = contract.tick_value_units, contract.tick_e8
    bid = venue.books[number].impact_price_e8(BUY, impact, unit, tick)
    ask = venue.books[number].impact_price_e8(SELL, impact, unit, tick)
    sample = 0
    if bid and ask:
        reach = floor_ppm(index, contract.mark_band_ppm)
        sample = clamp((bid + ask) // 2 - index, -reach, reach)
    elapsed_us = min(elapsed_ns // 1_000, BASIS_ELAPSED_US_MAX)
    share_ppb = elapsed_us * PPB // (BASIS_US + elapsed_us)
    way = abs(sample - contract.basis_e8) * share_ppb // PPB
    return contract.basis_e8 + (way if sample >= contract.basis_e8 else -way)


def within_rate(mark: int, contract: Contract, index: int, elapsed_ns: int) -> int:
    """|change of mark| <= |change of index| + 0.5 % of the index a second."""
    if not contract.mark_ticks:
        return mark
    elapsed_us = min(elapsed_ns // 1_000, RATE_US_MAX)
    step = abs(index - contract.mark_index_e8) + index * RATE_PPB_PER_US * elapsed_us // PPB
    previous = contract.mark_ticks * contract.tick_e8
    return clamp(mark, previous - step, previous + step)
