"""Size of numbers (spec: risk): what a listing refuses, an import stops, a sum stays at.

The largest numbers that are admitted are traded here in contracts of every size, and compared
with Python's integers, which do not wrap. That nothing between them can wrap: tests/proofs.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, pack_name
from exchange.engine.health import NO_CONTRACT, account_health
from exchange.engine.ledger import transfer
from exchange.engine.positions import find_position
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter, empty_state
from exchange.engine.units import (
    BALANCE_UNITS_MAX,
    EXTERNAL,
    FIRST_USER_ACCOUNT,
    KIND_PERPETUAL,
    LIFETIME_SUM_MAX,
    OPERATOR,
    UNSETTLED_UNITS_MAX,
    USDC,
    lifetime_sum,
)
from tests.engine.venue import BTC, UNITS, Listing, Venue, reason

ACCEPTED = RejectReason.ACCEPTED
NO_REFERENCE = RejectReason.INVALID_REFERENCE
NO_TICK = RejectReason.INVALID_TICK_VALUE
MILLION = 1_000_000


class Size(NamedTuple):
    """Terms of a contract, and what follows from them."""

    name: str
    tick_e8: int
    lot_e8: int
    reference_ticks: int
    expected: RejectReason


# A tick of a lot is tick_e8 x lot_e8 / 10^10 units; at ten times the reference a lot may be
# worth 10^11 units, and the price may be 2^31 ticks and 10^9 quote.
SIZES = (
    Size("coin of 0.00001, lots of 100", 1, 10**10, 1_000, ACCEPTED),
    Size("coin of 0.05, lots of 10", 1_000, 10**9, 5_000, ACCEPTED),
    Size("SOL of 150, lots of 0.1", 100_000, 10**7, 150_000, ACCEPTED),
    Size("BTC of 60,000, lots of 0.001", 10**7, 10**5, 600_000, ACCEPTED),
    Size("BTC of 60,000, lots of 0.1", 10**7, 10**7, 600_000, ACCEPTED),
    # 6,000,000 ticks of 100,000 units are 600,000 USDC a lot.
    Size("BTC of 60,000, lots of 1", 10**7, 10**8, 600_000, NO_REFERENCE),
    Size("a lot of 100,000 USDC at its ceiling", 10**7, 10**8, 100_000, ACCEPTED),
    Size("a lot of 100,001 USDC at its ceiling", 10**7, 10**8, 100_001, NO_REFERENCE),
    Size("ticks up to 2^31", 10**5, 10**5, 214_748_364, ACCEPTED),
    Size("a tick more", 10**5, 10**5, 214_748_365, NO_REFERENCE),
    Size("a price of 10^9 at its ceiling", 10**10, 1, MILLION, ACCEPTED),
    Size("a tick more than that", 10**10, 1, MILLION + 1, NO_REFERENCE),
    Size("a tick value of 2^20 units", 1_048_576, 10**10, 9_000, ACCEPTED),
    Size("a tick value of 2^20 + 1 units", 1_048_577, 10**10, 9_000, NO_TICK),
    Size("a tick value of less than a unit", 1, 10**9, 1_000, NO_TICK),
    Size("a tick value of a unit and a half", 15, 10**9, 1_000, NO_TICK),
    Size("no reference", 10**7, 10**5, 0, NO_REFERENCE),
)


@pytest.mark.parametrize("size", SIZES, ids=[size.name for size in SIZES])
def test_listing_of_a_size_is_accepted_exactly_within_the_bounds(size: Size) -> None:
    venue = Venue()
    underlying = venue.list_underlying("X")
    words = {f"name_{i}": word for i, word in enumerate(pack_name("X-PERPETUAL", 4))}

    produced = venue.do(
        CommandKind.LIST_CONTRACT,
        OPERATOR,
        **words,
        underlying=underlying,
        contract_kind=KIND_PERPETUAL,
        tick_e8=size.tick_e8,
        lot_e8=size.lot_e8,
        reference_ticks=size.reference_ticks,
    )

    assert reason(produced) is size.expected


class Largest(NamedTuple):
    """The largest trade of a size, and its short when the mark has risen by 1 %."""

    size: int
    reference_ticks: int
    lots: int  # 10^9 USDC at the reference, or 2 x 10^9 lots
    loss_units: int
    maintenance_units: int


# 2 % margin of N, beyond a floor of 10^9 USDC more by (N - floor) / (9 x floor), half of it.
LARGEST = (
    # 2 x 10^9 lots of 0.001 USDC are 2,020,000 USDC; 10 ticks of a unit.
    Largest(0, 1_000, 2 * 10**9, 20_000_000_000, 20_200_000_000),
    # 10^9 USDC: 1.01 x 10^9 x 2 % x (1 + 0.01 / 9) = 20,222,444.444445, and half of it.
    Largest(1, 5_000, 2 * 10**9, 10_000_000_000_000, 10_111_222_222_223),
    Largest(2, 150_000, 66_666_666, 9_999_999_900_000, 10_111_222_109_776),
    Largest(4, 600_000, 166_666, 9_999_960_000_000, 10_111_177_243_574),
    Largest(6, 100_000, 100_000, 10_000_000_000_000, 10_111_222_222_223),
    Largest(8, 214_748_300, 4_656_614, 9_999_999_402_562, 10_111_221_550_424),
)


@pytest.mark.parametrize("largest", LARGEST, ids=[SIZES[row.size].name for row in LARGEST])
def test_largest_position_of_a_size_is_counted_exactly(largest: Largest) -> None:
    venue, contract, short = _largest_trade(largest)

    risen = largest.reference_ticks // 100 * 101

    assert venue.drive_price(contract, risen) == risen
    health = account_health(venue.state, short, NO_CONTRACT)
    assert health[0] == 3 * 10**15 - largest.loss_units
    assert health[2] == largest.maintenance_units
    venue.assert_books_balance()


@pytest.mark.parametrize("largest", LARGEST[1:], ids=lambda row: SIZES[row.size].name)
def test_position_of_a_lot_more_than_the_largest_is_refused(largest: Largest) -> None:
    venue, contract, short = _largest_trade(largest)

    more = venue.place(short, contract, units.SELL, largest.reference_ticks, 1)

    assert reason(more) is RejectReason.POSITION_LIMIT


def _largest_trade(largest: Largest) -> tuple[Venue, int, int]:
    terms = SIZES[largest.size]
    listing = Listing(
        "X",
        "X-PERPETUAL",
        tick_e8=terms.tick_e8,
        lot_e8=terms.lot_e8,
        reference_ticks=largest.reference_ticks,
        initial_margin_ppm=20_000,
        margin_floor_units=units.POSITION_UNITS_MAX,
        mark_band_ppm=5_000,
    )
    venue = Venue()
    venue.add_reporters(5)
    contract = venue.list_contract(listing, venue.list_underlying("X"))
    for parameter in (
        ContractParameter.MAKER_FEE_PPM,
        ContractParameter.TAKER_FEE_PPM,
        ContractParameter.MIN_NOTIONAL_UNITS,
        ContractParameter.FUNDING_RATE_MAX_PPB,
    ):
        venue.set_parameter(contract, parameter, 0)
    venue.set_price(contract, largest.reference_ticks)
    long, short = (venue.open_funded(3 * 10**9 * UNITS) for _ in range(2))
    venue.trade(long, short, contract, largest.reference_ticks, largest.lots)
    return venue, contract, short


@pytest.mark.parametrize(
    ("limit", "larger"),
    [
        ("POSITION_UNITS_MAX = 10**15", "POSITION_UNITS_MAX = 2 * 10**15"),
        ("SLOTS_MAX = 64", "SLOTS_MAX = 128"),
        ("PRICE_CEILING_MULTIPLE = 10", "PRICE_CEILING_MULTIPLE = 20"),
        ("OPEN_INTEREST_UNITS_MAX = 10**17", "OPEN_INTEREST_UNITS_MAX = 10**18"),
        ("BALANCE_UNITS_MAX = 2 *", "BALANCE_UNITS_MAX = 10 *"),
        ("PRICE_TICKS_MAX = 1 << 31", "PRICE_TICKS_MAX = 1 << 32"),
        ("AMOUNT_UNITS_MAX = 10**16", "AMOUNT_UNITS_MAX = 10**18"),
    ],
)
def test_limit_that_is_too_large_stops_the_import(limit: str, larger: str) -> None:
    source = Path(units.__file__).read_text()
    assert source.count(limit) == 1
    names = {"__name__": "limits"}
    exec(compile(source.replace("cache=True, ", ""), "limits", "exec"), names)  # as it stands

    wrong = source.replace("cache=True, ", "").replace(limit, larger)
    with pytest.raises(AssertionError):
        exec(compile(wrong, "limits", "exec"), {"__name__": "limits"})


@pytest.mark.parametrize(
    ("total", "amount", "expected"),
    [
        (40, 2, 42),
        (40, -50, -10),
        (LIFETIME_SUM_MAX - 1, 1, LIFETIME_SUM_MAX),
        (LIFETIME_SUM_MAX, 10**16, LIFETIME_SUM_MAX),
        (LIFETIME_SUM_MAX, LIFETIME_SUM_MAX, LIFETIME_SUM_MAX),  # their sum fits 63 bits
        (-LIFETIME_SUM_MAX, -(10**16), -LIFETIME_SUM_MAX),
        (LIFETIME_SUM_MAX, -5, LIFETIME_SUM_MAX - 5),
    ],
)
def test_lifetime_sum_stays_at_its_limit(total: int, amount: int, expected: int) -> None:
    assert lifetime_sum(total, amount) == expected


def test_volume_that_has_reached_its_limit_stays_there(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.state.contracts[BTC]["volume_lots"] = LIFETIME_SUM_MAX - 3

    venue.trade(alice, bob, BTC, 600_000, 2)
    assert venue.state.contracts[BTC]["volume_lots"] == LIFETIME_SUM_MAX - 1
    venue.trade(alice, bob, BTC, 600_000, 2)

    assert venue.state.contracts[BTC]["volume_lots"] == LIFETIME_SUM_MAX


def test_balance_beyond_its_limit_stops_the_engine() -> None:
    state = empty_state()
    transfer(state, EXTERNAL, FIRST_USER_ACCOUNT, USDC, BALANCE_UNITS_MAX)

    with pytest.raises(AssertionError):
        transfer(state, EXTERNAL, FIRST_USER_ACCOUNT, USDC, 1)


def test_unsettled_profit_beyond_its_limit_stops_the_engine(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.trade(alice, bob, BTC, 600_000, 1)
    venue.set_price(BTC, 600_010)
    slot = find_position(venue.state, alice, BTC)
    # Ten ticks of 100 units just fit.
    venue.state.positions[slot]["unsettled_units"] = UNSETTLED_UNITS_MAX - 1_000
    venue.must(CommandKind.SETTLE_VARIATION, OPERATOR, contract=BTC)
    venue.set_price(BTC, 600_020)
    venue.state.positions[slot]["unsettled_units"] = UNSETTLED_UNITS_MAX - 999

    with pytest.raises(AssertionError):
        venue.do(CommandKind.SETTLE_VARIATION, OPERATOR, contract=BTC)
