"""Deposits, withdrawals, cost, realised profit and variation, to the unit."""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, EXTERNAL, FEES, HOLDS, OPERATOR, SELL
from tests.engine.venue import BTC, ETH, UNITS, Event, Venue, kinds, reason


def request(venue: Venue, account: int, amount_units: int) -> list[Event]:
    """Asks for a withdrawal."""
    return venue.do(
        CommandKind.REQUEST_WITHDRAWAL, account, account=account, amount_units=amount_units
    )


def without_fees(venue: Venue) -> None:
    """Takes fees out of a calculation."""
    venue.set_parameter(BTC, ContractParameter.MAKER_FEE_PPM, 0)
    venue.set_parameter(BTC, ContractParameter.TAKER_FEE_PPM, 0)


def settle(venue: Venue) -> list[Event]:
    """SettleVariation of BTC; what traders paid and got."""
    produced = venue.must(CommandKind.SETTLE_VARIATION, OPERATOR, contract=BTC)
    return [event for event in produced if event["account"] >= units.FIRST_USER_ACCOUNT]


def test_deposit_is_booked_against_the_outside_world(venue: Venue, alice: int) -> None:
    before = venue.balance(EXTERNAL)

    produced = venue.deposit(alice, 5 * UNITS)

    assert produced[0]["balance_units"] == venue.balance(alice) == 100_005 * UNITS
    assert venue.balance(EXTERNAL) == before - 5 * UNITS
    venue.assert_books_balance()


def test_withdrawal_is_held_then_paid_once(venue: Venue, alice: int) -> None:
    outside = venue.balance(EXTERNAL)
    produced = request(venue, alice, 40_000 * UNITS)
    number = produced[0]["withdrawal"]
    assert (venue.balance(alice), venue.balance(HOLDS)) == (60_000 * UNITS, 40_000 * UNITS)

    paid = venue.must(CommandKind.CONFIRM_WITHDRAWAL, OPERATOR, withdrawal=number)
    again = venue.do(CommandKind.CONFIRM_WITHDRAWAL, OPERATOR, withdrawal=number)

    assert kinds(paid) == [EventKind.WITHDRAWAL_CONFIRMED]
    assert reason(again) is RejectReason.UNKNOWN_WITHDRAWAL
    assert venue.balance(HOLDS) == 0
    assert venue.balance(EXTERNAL) == outside + 40_000 * UNITS
    venue.assert_books_balance()


def test_failed_withdrawal_gives_the_money_back(venue: Venue, alice: int) -> None:
    number = request(venue, alice, 40_000 * UNITS)[0]["withdrawal"]

    venue.must(CommandKind.FAIL_WITHDRAWAL, OPERATOR, withdrawal=number)

    assert (venue.balance(alice), venue.balance(HOLDS)) == (100_000 * UNITS, 0)
    venue.assert_books_balance()


def test_withdrawal_leaves_ten_percent_of_notional(venue: Venue, alice: int, bob: int) -> None:
    # 1 BTC at 60,000: fee 30 paid; 6,000 must stay although initial margin is only 1,200.
    venue.trade(alice, bob, BTC, 600_000, 1_000)
    free = (100_000 - 30 - 6_000) * UNITS

    refused = request(venue, alice, free + 1)
    allowed = request(venue, alice, free)

    assert reason(refused) is RejectReason.INSUFFICIENT_MARGIN
    assert refused[0]["needed_units"] == 1
    assert reason(allowed) is RejectReason.ACCEPTED


def test_unsettled_profit_cannot_be_withdrawn(venue: Venue, bob: int, carol: int) -> None:
    without_fees(venue)
    poor = venue.open_funded(2_000 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    venue.drive_price(BTC, 606_000)
    venue.trade(carol, poor, BTC, 606_000, 1_000)  # 600 USDC of profit, not cash yet

    assert venue.position(poor, BTC)["unsettled_units"] == 600 * UNITS
    assert reason(request(venue, poor, 2_001 * UNITS)) is RejectReason.INSUFFICIENT_BALANCE


def test_fees_are_rounded_up_and_go_to_the_fee_account(
    venue: Venue, alice: int, bob: int
) -> None:
    # 1 lot at 600,001 ticks: 60,000,100 units. 0.02 %: 12,000.02; 0.05 %: 30,000.05.
    produced = venue.trade(alice, bob, BTC, 600_001, 1)

    assert [event["fee_units"] for event in produced[1:]] == [12_001, 30_001]
    assert venue.balance(FEES) == 42_002
    assert venue.balance(alice) == 100_000 * UNITS - 30_001


def test_cost_is_exact_through_increase_reduction_and_flip(
    venue: Venue, alice: int, bob: int
) -> None:
    without_fees(venue)
    venue.trade(alice, bob, BTC, 600_000, 3)  # 180,000,000 units
    venue.trade(alice, bob, BTC, 600_100, 4)  # 240,040,000
    held = venue.position(alice, BTC)
    assert (held["lots"], held["cost_units"]) == (7, 420_040_000)

    # Two of seven: floor(420,040,000 x 2 / 7) = 120,011,428; sold for 120,080,000.
    venue.trade(bob, alice, BTC, 600_400, 2)
    held = venue.position(alice, BTC)
    assert (held["lots"], held["cost_units"]) == (5, 300_028_572)
    assert (held["unsettled_units"], held["realised_units"]) == (68_572, 68_572)

    # Nine more sold at 599,000: five close at a loss, four open a short of 239,600,000.
    venue.trade(bob, alice, BTC, 599_000, 9)
    held = venue.position(alice, BTC)
    assert (held["lots"], held["cost_units"]) == (-4, -239_600_000)
    assert held["unsettled_units"] == 68_572 + 299_500_000 - 300_028_572
    venue.assert_books_balance()


def test_variation_moves_the_loss_of_one_to_the_other(
    venue: Venue, alice: int, bob: int
) -> None:
    without_fees(venue)
    venue.trade(alice, bob, BTC, 600_000, 1_000)
    venue.drive_price(BTC, 606_000)

    moved = settle(venue)

    assert [(event["account"], event["cash_units"]) for event in moved] == [
        (alice, 600 * UNITS),
        (bob, -600 * UNITS),
    ]
    assert venue.balance(alice) == 100_600 * UNITS
    # Positions are marked: cost is now the value at 60,600.
    assert venue.position(alice, BTC)["cost_units"] == 60_600 * UNITS
    assert venue.position(alice, BTC)["entry_units"] == 60_000 * UNITS
    assert settle(venue) == []
    venue.assert_books_balance()


def test_loser_without_enough_cash_pays_what_there_is(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    without_fees(venue)
    poor = venue.open_funded(2_000 * UNITS)
    venue.trade(alice, poor, BTC, 600_000, 500)
    venue.trade(bob, poor, BTC, 600_000, 250)
    # Profit in ETH keeps the account above water, but it is not cash. Fee: 19.995 USDC.
    venue.trade(poor, carol, ETH, 300_000, 1_333)
    venue.drive_price(ETH, 318_000)
    venue.drive_price(BTC, 636_000)  # 3,600 a BTC: 2,700 owed, 1,800 of it to Alice

    moved = {event["account"]: event["cash_units"] for event in settle(venue)}

    # Two thirds of 1,980.005 and one third; the odd unit goes to the larger fraction.
    assert moved == {alice: 1_320_003_333, bob: 660_001_667, poor: -1_980_005_000}
    assert venue.balance(poor) == 0
    assert venue.position(poor, BTC)["unsettled_units"] == 1_980_005_000 - 2_700 * UNITS
    venue.assert_books_balance()


def test_fee_that_cash_cannot_cover_is_owed_as_unsettled_loss(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    venue.set_parameter(BTC, ContractParameter.MAKER_FEE_PPM, 0)
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)  # fee 30: 1,270 of cash
    venue.drive_price(BTC, 630_000)  # + 3,000 unsettled
    venue.place(poor, BTC, BUY, 0, 1, units.TYPE_MARKET | units.TIF_IMMEDIATE_OR_CANCEL)
    kept = venue.balance(poor)
    number = request(venue, poor, kept)

    assert reason(number) is RejectReason.INSUFFICIENT_MARGIN  # 10 % of 63,000 stays
    venue.rest(carol, BTC, BUY, 630_000, 1_000)
    venue.place(poor, BTC, SELL, 630_000, 1_000)
    assert venue.balance(poor) == 1_270 * UNITS - 31_500_000
    venue.assert_books_balance()
