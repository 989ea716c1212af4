"""MARG-004 and the bounds of open interest, through orders."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind, StateReason
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter, Counter
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, UNITS, Venue, kinds, reason

INDEX = 600_000


@pytest.fixture
def crowded(venue: Venue) -> Venue:
    """Somebody holds 1,000 lots, 60,000 USDC: half way between caps of 40,000 and 80,000."""
    venue.set_parameter(BTC, ContractParameter.OPEN_INTEREST_LOWER_UNITS, 40_000 * UNITS)
    venue.set_parameter(BTC, ContractParameter.OPEN_INTEREST_UPPER_UNITS, 80_000 * UNITS)
    venue.set_parameter(BTC, ContractParameter.TAKER_FEE_PPM, 0)
    long, short = venue.open_funded(100_000 * UNITS), venue.open_funded(100_000 * UNITS)
    venue.trade(long, short, BTC, INDEX, 1_000)
    assert (long, short) == (16 + 5, 16 + 6)
    return venue


LONG, SHORT = 21, 22


def test_increasing_order_needs_the_fraction_of_its_market(crowded: Venue) -> None:
    # 100 lots are 6,000 USDC; 2 % + 98 % / 2 = 51 % of it is 3,060.
    poor = crowded.open_funded(3_060 * UNITS - 1)

    refused = crowded.place(poor, BTC, BUY, INDEX, 100)

    assert reason(refused) is RejectReason.INSUFFICIENT_MARGIN
    assert refused[0]["needed_units"] == 1
    crowded.deposit(poor, 1)
    assert reason(crowded.place(poor, BTC, BUY, INDEX, 100)) is RejectReason.ACCEPTED


def test_open_orders_of_the_same_side_count_together(crowded: Venue) -> None:
    poor = crowded.open_funded(3_060 * UNITS)
    crowded.rest(poor, BTC, BUY, INDEX, 50)

    assert reason(crowded.place(poor, BTC, BUY, INDEX, 50)) is RejectReason.ACCEPTED
    refused = crowded.place(poor, BTC, BUY, INDEX, 1)
    # 1 lot more: 51 % of 60 USDC.
    assert refused[0]["needed_units"] == 30_600_000


def test_closing_and_withdrawing_do_not_know_the_add_on(crowded: Venue) -> None:
    # Of 100,000 USDC all but 10 % of the notional may leave.
    crowded.must(
        CommandKind.REQUEST_WITHDRAWAL,
        LONG,
        account=LONG,
        asset=units.USDC,
        amount_units=94_000 * UNITS,
    )

    closing = crowded.place(LONG, BTC, SELL, INDEX, 1_000)

    assert reason(closing) is RejectReason.ACCEPTED
    # Beyond closing, it would open a short of 300 lots.
    crowded.cancel(LONG, closing[0]["order"])
    flip = crowded.place(LONG, BTC, SELL, INDEX, 1_300)
    # 1,200 margin of the long + 1 for the order + 49 % of 18,000 = 10,021; it has 6,000.
    assert reason(flip) is RejectReason.INSUFFICIENT_MARGIN
    assert flip[0]["needed_units"] == 4_021 * UNITS


def test_venue_open_interest_counts_every_contract_at_its_reference(crowded: Venue) -> None:
    counted = crowded.state.counters[Counter.OPEN_INTEREST_UNITS]

    assert counted == 60_000 * UNITS
    crowded.assert_books_balance()


def test_mark_beyond_the_ceiling_halts_the_contract(venue: Venue) -> None:
    produced = []
    for _ in range(26):  # 10 % in five seconds, 1.1^25 > 10
        produced = venue.set_price(BTC, 6_100_000, seconds=5)
        if EventKind.CONTRACT_STATE_SET in kinds(produced):
            break

    (halt,) = [e for e in produced if e["kind"] == EventKind.CONTRACT_STATE_SET]
    assert (halt["state"], halt["previous_state"]) == (units.STATE_HALTED, units.STATE_OPEN)
    assert halt["reason"] == StateReason.PRICE_CEILING
    assert venue.mark(BTC) == 6_000_000
