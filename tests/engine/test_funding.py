"""FUND-010..015, every figure worked out by hand from the specification (risk, funding).

BTC at an index of 60,000: a lot is 0.001 BTC, 60 USDC = 60,000,000 units. The impact notional
is 500 / 2 % = 25,000 USDC. A lone bid of 1,000 lots at 60,060 is deep enough: its premium is
60 / 60,000 = 0.1 % = 1,000,000 ppb, and without an ask there is no basis: the mark is the
index.
"""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.health import equity_and_maintenance
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, INSURANCE, NANOSECONDS, OPERATOR, SELL
from risk.funding import funding_growth, funding_rate_ppb, funding_receipt, premium_ppb
from tests.engine.venue import BTC, START_NS, UNITS, Event, Venue, kinds, make_venue, reason

INDEX = 600_000  # ticks
GROWTH = 5_208_333_333  # of one lot in 5 s at 0.05 %: 60,000,000 x 0.0005 x 5 / 28,800


@pytest.fixture
def venue() -> Venue:
    """The first index comes at second 5, where a sample begins."""
    made = make_venue(reference_prices=False, with_funding=True)
    made.set_price(BTC, INDEX, seconds=5)
    return made


@pytest.fixture
def maker(venue: Venue) -> int:
    """Somebody who can afford any book."""
    return venue.open_funded(10_000_000 * UNITS)


def steady(venue: Venue, seconds: int, each: int = 1) -> list[Event]:
    """The index stands still and is reported every second or few; all events of it."""
    steps = range(0, seconds, each)
    return [event for _ in steps for event in venue.set_price(BTC, INDEX, seconds=each)]


def samples(produced: list[Event]) -> list[Event]:
    """The samples of BTC."""
    kind = EventKind.FUNDING_SAMPLED
    return [e for e in produced if e["kind"] == kind and e["contract"] == BTC]


def named(event: Event, *names: str) -> tuple[int, ...]:
    """Some fields of an event."""
    return tuple(event[name] for name in names)


def equity(venue: Venue, account: int) -> int:
    """In units, at the mark."""
    return int(equity_and_maintenance(venue.state, account)[0])


def row(venue: Venue, *names: str) -> tuple[int, ...]:
    """Some fields of the contract."""
    return tuple(int(venue.state.contracts[BTC][name]) for name in names)


def settle(venue: Venue) -> list[Event]:
    """SettleFunding of BTC."""
    return venue.do(CommandKind.SETTLE_FUNDING, OPERATOR, contract=BTC)


@pytest.mark.parametrize(
    ("bid", "ask", "premium"),
    [
        (60_060, 60_080, 1_000_000),  # 60 above / 60,000
        (59_900, 59_940, -1_000_000),  # the ask stands 60 below
        (59_990, 60_010, 0),  # the index lies between them
        (60_060, 0, 1_000_000),  # no depth to buy: that side says nothing
        (0, 59_940, -1_000_000),
        (0, 0, 0),
        (60_000, 60_000, 0),
        (60_001, 60_001, 16_666),  # 1 / 60,000 = 16,666.67 ppb, toward zero
        (59_999, 59_999, -16_666),
        (200_000, 200_001, 1_000_000_000),  # never more than 100 %
    ],
)
def test_premium_is_distance_of_impact_prices_beyond_the_index(
    bid: int, ask: int, premium: int
) -> None:
    assert premium_ppb(bid * 10**8, ask * 10**8, 60_000 * 10**8) == premium


@pytest.mark.parametrize(
    ("average", "rate"),
    [
        (0, 100_000),  # 0 + clamp(0.01 % - 0) = 0.01 %
        (100_000, 100_000),
        (400_000, 100_000),  # 0.04 % - 0.03 %
        (600_000, 100_000),  # 0.06 % - 0.05 %: the edge of the damper
        (1_000_000, 500_000),  # 0.10 % - 0.05 %
        (-400_000, 100_000),  # -0.04 % + 0.05 %
        (-1_000_000, -500_000),
        (40_400_000, 39_900_000),
        (40_500_000, 40_000_000),  # 4 % of eight hours is 0.5 % of one
        (900_000_000, 40_000_000),
        (-900_000_000, -40_000_000),
    ],
)
def test_rate_is_average_drawn_toward_interest_and_capped(average: int, rate: int) -> None:
    assert funding_rate_ppb(average, 100_000, 500_000, 5_000_000) == rate


@pytest.mark.parametrize(
    ("rate", "lot_units", "measured_ms", "growth"),
    [
        (500_000, 60_000_000, 5_000, GROWTH),
        (-500_000, 60_000_000, 5_000, -GROWTH),
        (500_000, 60_000_000, 1, 1_041_666),
        (500_000, 60_000_000, 0, 0),
        # The whole cap for a lot of 10,000 USDC at ten times its reference:
        # 10^11 units x 4 % x 5 / 28,800 = 694,444.4 units.
        (40_000_000, 100_000_000_000, 5_000, 694_444_444_444_444),
    ],
)
def test_index_grows_by_rate_for_measured_time(
    rate: int, lot_units: int, measured_ms: int, growth: int
) -> None:
    assert funding_growth(rate, lot_units, measured_ms) == growth


@pytest.mark.parametrize(
    ("lots", "growth", "receipt"),
    [
        (10, GROWTH, -53),  # pays 52.08: up
        (-10, GROWTH, 52),  # receives 52.08: down
        (10, -GROWTH, 52),
        (-10, -GROWTH, -53),
        (0, GROWTH, 0),
        (1, 1, -1),
        (-1, 1, 0),
        (10**15, 2 * 10**9, -2 * 10**15),  # lots x index passes 63 bits
    ],
)
def test_receipt_rounds_payers_up_and_receivers_down(
    lots: int, growth: int, receipt: int
) -> None:
    assert funding_receipt(lots, growth) == receipt


def test_sample_of_a_standing_book_has_its_premium_and_rate(venue: Venue, maker: int) -> None:
    venue.rest(maker, BTC, BUY, 600_600, 1_000)

    (sample,) = samples(steady(venue, 5))

    assert named(sample, "end_ns", "premium_ppb", "measured_ms", "average_ppb") == (
        START_NS + 10 * NANOSECONDS,
        1_000_000,
        5_000,
        1_000_000,
    )
    # 0.10 % - 0.05 %
    assert named(sample, "rate_ppb", "growth", "mark_ticks") == (500_000, GROWTH, INDEX)
    assert named(sample, "funding_index", "cumulative_units", "cumulative_nano") == (
        GROWTH,
        5,
        208_333_333,
    )


def test_sample_weighs_each_book_by_the_milliseconds_it_stood(venue: Venue, maker: int) -> None:
    order = venue.rest(maker, BTC, BUY, 600_600, 1_000)
    venue.pass_time(0.003)
    venue.cancel(maker, order)
    venue.pass_time(0.997)
    venue.rest(maker, BTC, BUY, 600_300, 1_000)  # 500,000 ppb for the other four seconds
    venue.set_price(BTC, INDEX, seconds=0)

    (sample,) = samples(steady(venue, 4))

    # (3 x 1,000,000 + 997 x 0 + 4,000 x 500,000) / 5,000
    assert sample["premium_ppb"] == 400_600


def test_sample_cannot_be_aimed_at(venue: Venue, maker: int) -> None:
    """A book that only stands while commands are handled, not between them, weighs nothing."""
    for _ in range(5):
        order = venue.rest(maker, BTC, BUY, 600_600, 1_000)
        venue.tick()
        venue.cancel(maker, order)
        steady(venue, 1)

    assert row(venue, "premium_ppb", "premium_average_ppb") == (0, 0)


def test_sample_is_split_where_it_ends_between_commands(venue: Venue, maker: int) -> None:
    steady(venue, 4)
    venue.rest(maker, BTC, BUY, 600_600, 1_000)  # at second 9
    produced = venue.set_price(BTC, INDEX, seconds=3.5)  # closes second 5 to 10 at 12.5
    steady(venue, 2)
    produced += venue.set_price(BTC, INDEX, seconds=0.5)

    assert [named(s, "premium_ppb", "measured_ms") for s in samples(produced)] == [
        (200_000, 5_000),  # one second of five
        (1_000_000, 5_000),
    ]


def test_average_is_of_the_last_720_samples(venue: Venue, maker: int) -> None:
    order = venue.rest(maker, BTC, BUY, 600_600, 1_000)
    steady(venue, 100, each=5)
    venue.cancel(maker, order)
    steady(venue, 3_500, each=5)
    # Of the hour from second 5 to 3,605 the premium stood for 100 seconds: 1/36.
    assert row(venue, "premium_average_ppb") == (27_777,)

    steady(venue, 50, each=5)
    assert row(venue, "premium_average_ppb") == (13_888,)

    steady(venue, 50, each=5)
    assert row(venue, "premium_average_ppb", "funding_rate_ppb") == (0, 100_000)


def test_time_without_valid_index_or_trading_accrues_nothing(venue: Venue, maker: int) -> None:
    venue.rest(maker, BTC, BUY, 600_600, 1_000)
    for _ in range(15):  # The other three sources are too old after ten seconds.
        venue.pass_time(1)
        venue.observe(BTC, INDEX * 10**7, sources=2)
    index = row(venue, "funding_index")

    for _ in range(5):
        venue.pass_time(1)
        produced = venue.observe(BTC, INDEX * 10**7, sources=2)
        assert samples(produced) == []

    assert row(venue, "funding_index") == index
    steady(venue, 5)
    assert row(venue, "funding_index") > index

    venue.set_state(BTC, units.STATE_HALTED)
    steady(venue, 5)
    index = row(venue, "funding_index")
    assert samples(steady(venue, 20)) == []
    assert row(venue, "funding_index") == index


def test_silence_of_more_than_a_sample_is_not_measured(venue: Venue, maker: int) -> None:
    venue.rest(maker, BTC, BUY, 600_600, 1_000)

    produced = venue.set_price(BTC, INDEX, seconds=3_600)

    assert samples(produced) == []
    assert row(venue, "funding_index") == (0,)
    assert len(samples(steady(venue, 5))) == 1


def test_position_pays_before_it_changes_and_equity_knows_at_once(
    venue: Venue, maker: int
) -> None:
    alice, bob = venue.open_funded(1_000 * UNITS), venue.open_funded(1_000 * UNITS)
    venue.set_parameter(BTC, ContractParameter.TAKER_FEE_PPM, 0)
    venue.set_parameter(BTC, ContractParameter.MAKER_FEE_PPM, 0)
    venue.trade(alice, bob, BTC, INDEX, 10)
    venue.rest(maker, BTC, BUY, 600_600, 1_000)
    steady(venue, 5)
    # 5.208333333 x 10 = 52.08 units: Alice pays 53, Bob gets 52.
    assert equity(venue, alice) == 1_000 * UNITS - 53
    assert equity(venue, bob) == 1_000 * UNITS + 52
    assert venue.position(alice, BTC)["funding_units"] == 0  # not settled yet

    produced = venue.place(bob, BTC, SELL, 600_600, 5, flags=units.TIF_IMMEDIATE_OR_CANCEL)

    settled = [e for e in produced if e["kind"] == EventKind.FUNDING_SETTLED]
    assert [named(e, "account", "payment_units", "lots", "accrued_units") for e in settled] == [
        (bob, 52, -10, 52)
    ]
    assert venue.position(bob, BTC)["funding_units"] == 52
    assert venue.position(maker, BTC)["funding_index"] == GROWTH
    venue.assert_books_balance()


def test_conversion_makes_funding_cash_once_an_hour(venue: Venue, maker: int) -> None:
    alice, bob = venue.open_funded(1_000 * UNITS), venue.open_funded(1_000 * UNITS)
    venue.set_parameter(BTC, ContractParameter.TAKER_FEE_PPM, 0)
    venue.set_parameter(BTC, ContractParameter.MAKER_FEE_PPM, 0)
    venue.trade(alice, bob, BTC, INDEX, 10)
    venue.rest(maker, BTC, BUY, 600_600, 1_000)
    steady(venue, 5)

    produced = settle(venue)

    converted = [e for e in produced if e["kind"] == EventKind.FUNDING_CONVERTED]
    assert [named(e, "account", "amount_units", "unsettled_units") for e in converted] == [
        (alice, -53, -53),
        (bob, 52, 52),
        (INSURANCE, 1, 1),
    ]
    assert reason(settle(venue)) is RejectReason.FUNDING_NOT_DUE
    assert row(venue, "funding_index") == (0,)
    cumulative = row(venue, "cumulative_units", "cumulative_nano")
    venue.must(CommandKind.SETTLE_VARIATION, OPERATOR, contract=BTC)
    assert venue.balance(alice) == 1_000 * UNITS - 53
    assert venue.balance(bob) == 1_000 * UNITS + 52
    assert venue.balance(INSURANCE) == 1
    venue.assert_books_balance()

    venue.set_price(BTC, INDEX, seconds=3_600)
    venue.must(CommandKind.SETTLE_FUNDING, OPERATOR, contract=BTC)
    assert row(venue, "cumulative_units", "cumulative_nano") == cumulative
    assert venue.position(alice, BTC)["funding_units"] == 0


def test_funding_alone_can_bring_a_liquidation(venue: Venue, maker: int) -> None:
    alice, bob = venue.open_funded(1_201 * UNITS), venue.open_funded(10_000 * UNITS)
    venue.set_parameter(BTC, ContractParameter.TAKER_FEE_PPM, 0)
    venue.set_parameter(BTC, ContractParameter.MAKER_FEE_PPM, 0)
    venue.set_parameter(BTC, ContractParameter.FUNDING_DAMPER_PPB, 0)
    venue.trade(alice, bob, BTC, INDEX, 1_000)  # 60,000 USDC: initial 1,200, maintenance 600
    venue.rest(maker, BTC, BUY, 618_000, 1_000)  # 3 % above: 3 % of 60,000 in eight hours
    assert int(venue.state.contracts[BTC]["mark_ticks"]) == INDEX

    produced = steady(venue, 2 * 3_600, each=5)

    # 225 USDC an hour, 0.3125 a sample: after 1,924 samples she is below 600.
    assert EventKind.LIQUIDATION_STARTED not in kinds(produced)
    assert equity(venue, alice) == 751 * UNITS
    produced = steady(venue, 2_415, each=5)
    assert EventKind.LIQUIDATION_STARTED not in kinds(produced)
    assert equity(venue, alice) == 600 * UNITS + 62_500
    assert EventKind.LIQUIDATION_STARTED in kinds(steady(venue, 5))
    venue.assert_books_balance()
