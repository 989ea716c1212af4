"""The reference funding of perpetuals (spec: risk, funding).

Every 5 s a sample of the premium is closed: rate of 8 h = hourly average + clamp(interest -
average, +-damper), at most 8 times what an hour may cost; the index of a lot grows by rate x
lot value x measured time / 8 h. A position gets floor(-lots x growth) before its lots change;
once a clock hour all of it becomes unsettled profit; the roundings belong to insurance.
"""

from tests.simulation.reference.premium import SAMPLE_NS
from tests.simulation.reference.rounding import NANO, clamp, toward_zero
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Contract
from tests.simulation.reference.wire import (
    INSURANCE,
    KIND_PERPETUAL,
    Command,
    EventKind,
    RejectReason,
)

SAMPLES = 720  # of an hour
HOUR = 720 * SAMPLE_NS
RATE_HOURS = 8
RATE_MS = RATE_HOURS * 3_600_000
INDEX_MAX_UNITS = (1 << 61) // NANO  # of a lot, unconverted


def close_samples(venue: Venue) -> None:
    """Closes the samples that ended since the last command, before this one is looked at."""
    end_ns = venue.time_ns // SAMPLE_NS * SAMPLE_NS
    if end_ns < venue.sample_end_ns:
        return
    venue.sample_end_ns = end_ns + SAMPLE_NS
    for number, contract in enumerate(venue.contracts):
        if contract.kind == KIND_PERPETUAL:
            _close(venue, number, end_ns)


def _close(venue: Venue, number: int, end_ns: int) -> None:
    funding = venue.funding[number]
    sample = funding.looked_ns // SAMPLE_NS
    if venue.time_ns - funding.looked_ns > SAMPLE_NS:
        funding.looked_ns = venue.time_ns  # Nobody was there.
    else:
        venue.look_at_premium(number, end_ns)
    premium, measured = funding.premium_ppb_ms, funding.measured_ms
    funding.premium_ppb_ms = funding.measured_ms = 0
    if measured:
        hour = {n: kept for n, kept in funding.samples.items() if n > sample - SAMPLES}
        funding.samples = hour | {sample: (premium, measured)}
        _accrue(venue, number, sample)


def _accrue(venue: Venue, number: int, sample: int) -> None:
    contract, funding = venue.contracts[number], venue.funding[number]
    premium, measured = funding.samples[sample]
    average = toward_zero(funding.hour_premium_ppb_ms, funding.hour_measured_ms)
    rate = rate_ppb(contract, average)
    growth = toward_zero(contract.lot_units * rate * measured, RATE_MS)
    ceiling = contract.price_ceiling_ticks * contract.tick_value_units
    if abs(contract.funding_index + growth) > min(ceiling, INDEX_MAX_UNITS) * NANO:
        growth = 0
    contract.premium_ppb = toward_zero(premium, measured)
    contract.premium_average_ppb, contract.funding_rate_ppb = average, rate
    contract.funding_index += growth
    contract.cumulative += growth
    venue.say(
        EventKind.FUNDING_SAMPLED,
        contract=number,
        end_ns=(sample + 1) * SAMPLE_NS,
        premium_ppb=contract.premium_ppb,
        measured_ms=measured,
        average_ppb=average,
        rate_ppb=rate,
        growth=growth,
        funding_index=contract.funding_index,
        cumulative_units=contract.cumulative_units,
        cumulative_nano=contract.cumulative_nano,
        mark_ticks=contract.mark_ticks,
        index_e8=venue.underlyings[contract.underlying].index_e8,
    )


def rate_ppb(contract: Contract, average: int) -> int:
    """The rate of eight hours."""
    damper = contract.funding_damper_ppb
    rate = average + clamp(contract.interest_ppb - average, -damper, damper)
    most = RATE_HOURS * contract.funding_rate_max_ppb
    return clamp(rate, -most, most)


def settle_position(venue: Venue, account: int, number: int) -> None:
    """Gives a position what the index grew by since it was last settled."""
    position = venue.accounts[account].positions[number]
    before, index = position.funding_index, venue.contracts[number].funding_index
    payment = position.receipt(index)
    position.funding_index = index
    if before == index or not position.lots:
        return
    position.funding_units += payment
    venue.funding[number].settlements += 1
    venue.say(
        EventKind.FUNDING_SETTLED,
        account,
        number,
        payment_units=payment,
        lots=position.lots,
        index_before=before,
        index_after=index,
        accrued_units=position.funding_units,
    )


def settle_funding(venue: Venue, command: Command) -> Answer:
    """SettleFunding: once a clock hour, accrued funding becomes unsettled profit."""
    number = command["contract"]
    if not venue.is_listed(number):
        return RejectReason.UNKNOWN_CONTRACT, 0
    contract, funding = venue.contracts[number], venue.funding[number]
    if contract.kind != KIND_PERPETUAL or funding.hour == venue.time_ns // HOUR:
        return RejectReason.FUNDING_NOT_DUE, 0
    residue = 0
    for account, position in venue.holders(number).items():
        settle_position(venue, account, number)
        amount, position.funding_units = position.funding_units, 0
        position.funding_index = 0
        position.unsettled_units += amount
        residue -= amount
        if amount:
            _say_converted(venue, number, account, amount, position.unsettled_units)
        venue.release_position(account, number)
    assert 0 <= residue < max(1, funding.settlements)
    contract.insurance_unsettled_units += residue
    contract.funding_index = funding.settlements = 0
    funding.hour = venue.time_ns // HOUR
    _say_converted(venue, number, INSURANCE, residue, contract.insurance_unsettled_units)
    return ACCEPTED


def _say_converted(
    venue: Venue, contract: int, account: int, amount: int, unsettled: int
) -> None:
    figures = {"amount_units": amount, "unsettled_units": unsettled}
    venue.say(EventKind.FUNDING_CONVERTED, account, contract, **figures)
