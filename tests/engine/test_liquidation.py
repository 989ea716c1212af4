"""The waterfall with every number worked out by hand: book, insured book, bad debt.

Carol has 1,300 USDC and buys 1 BTC at 60,000 for a fee of 30. At a mark of P her equity is
1,270 + P - 60,000 and her maintenance 1 % of P: she is under water below 59,323.2.
"""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind, LiquidationStage
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BAD_DEBT, BUY, INSURANCE, OPERATOR, SELL
from tests.engine.venue import BTC, ETH, UNITS, Event, Venue, kinds, reason


@pytest.fixture
def carol(venue: Venue, bob: int) -> int:
    """A trader who is one BTC long on little money."""
    account = venue.open_funded(1_300 * UNITS)
    venue.trade(account, bob, BTC, 600_000, 1_000)
    assert venue.balance(account) == 1_270 * UNITS
    return account


def move(venue: Venue, price_ticks: int) -> list[Event]:
    """Moves index and mark to a price less than 2 % away; all that happened."""
    # The first round tells the sources' majority, the second lets time pass for the index.
    produced = venue.set_price(BTC, price_ticks) + venue.set_price(BTC, price_ticks)
    assert venue.mark(BTC) == price_ticks
    return produced


def only(produced: list[Event], kind: EventKind) -> list[Event]:
    """The events of one kind."""
    return [event for event in produced if event["kind"] == kind]


def pick(event: Event, *names: str) -> dict[str, int]:
    """Some fields of an event."""
    return {name: event[name] for name in names}


def test_account_at_maintenance_is_left_alone(venue: Venue, carol: int) -> None:
    produced = move(venue, 593_300)  # equity 600, maintenance 593.3

    assert only(produced, EventKind.LIQUIDATION_STARTED) == []


def test_book_step_closes_the_fewest_lots_that_reach_the_target(
    venue: Venue, alice: int, carol: int
) -> None:
    venue.rest(alice, BTC, BUY, 593_000, 1_000)

    produced = move(venue, 593_200)

    started = only(produced, EventKind.LIQUIDATION_STARTED)[0]
    assert pick(started, "account", "equity_units", "maintenance_units") == {
        "account": carol,
        "equity_units": 590_000_000,
        "maintenance_units": 593_200_000,
    }
    # Zero price: 59,320 - 590 = 58,730. With q lots at 59,300 each costs 0.02 of impact and
    # 0.2965 of fee: 590 - 0.3165 q >= 1.1 x 0.5932 (1000 - q) from q = 187 on.
    stepped = only(produced, EventKind.LIQUIDATION_STEPPED)[0]
    expected = {
        "stage": LiquidationStage.BOOK,
        "side": SELL,
        "limit_ticks": 587_300,
        "zero_price_ticks": 587_300,
        "wanted_lots": 187,
        "filled_lots": 187,
        "fee_units": 55_445_500,
        "insurance_units": 0,
    }
    assert pick(stepped, *expected) == expected
    ended = only(produced, EventKind.LIQUIDATION_ENDED)[0]
    # 590 - 3.74 - 55.4455, and 1 % of 813 lots at 59,320: 1.1 x 482.2716 = 530.49876.
    assert pick(ended, "equity_units", "maintenance_units") == {
        "equity_units": 530_814_500,
        "maintenance_units": 482_271_600,
    }
    assert venue.balance(INSURANCE) == 55_445_500
    assert venue.position(carol, BTC)["lots"] == 813
    venue.assert_books_balance()


def test_open_orders_are_cancelled_first(venue: Venue, alice: int, carol: int) -> None:
    venue.rest(carol, BTC, SELL, 650_000, 10)

    produced = move(venue, 593_200)

    cancelled = only(produced, EventKind.ORDER_CANCELLED)[0]
    assert (cancelled["account"], cancelled["reason"]) == (carol, CancelReason.LIQUIDATION)
    assert only(produced, EventKind.LIQUIDATION_STARTED)[0]["cancelled_orders"] == 1


def test_book_step_never_sells_below_the_zero_price(
    venue: Venue, alice: int, carol: int
) -> None:
    venue.rest(alice, BTC, BUY, 587_299, 1_000)

    produced = move(venue, 593_200)

    assert only(produced, EventKind.ORDER_FILLED) == []
    assert only(produced, EventKind.LIQUIDATION_STEPPED)[0]["filled_lots"] == 0
    assert venue.position(carol, BTC)["lots"] == 1_000


def test_below_two_thirds_insurance_pays_up_to_the_zero_price(
    venue: Venue, alice: int, carol: int
) -> None:
    venue.deposit(INSURANCE, 1_000 * UNITS)
    venue.rest(alice, BTC, BUY, 586_000, 1_000)

    produced = move(venue, 591_200)  # equity 390 < 2/3 x 591.2

    # V0 = 58,730: the book pays 58,600, insurance the other 130.
    stepped = only(produced, EventKind.LIQUIDATION_STEPPED)[0]
    expected = {
        "stage": LiquidationStage.INSURED,
        "filled_lots": 1_000,
        "zero_price_ticks": 587_300,
        "fee_units": 0,
        "insurance_units": 130_000_000,
    }
    assert pick(stepped, *expected) == expected
    paid = only(produced, EventKind.INSURANCE_PAID)[0]
    assert pick(paid, "amount_units", "insurance_balance_units") == {
        "amount_units": 130_000_000,
        "insurance_balance_units": 870_000_000,
    }
    assert only(produced, EventKind.LIQUIDATION_ENDED)[0]["equity_units"] == 0
    assert venue.position(carol, BTC)["lots"] == 0
    venue.assert_books_balance()


def test_insurance_closes_only_what_it_can_cover(venue: Venue, alice: int, carol: int) -> None:
    venue.deposit(INSURANCE, 13 * UNITS)  # 0.13 USDC a lot: 100 lots
    venue.rest(alice, BTC, BUY, 586_000, 1_000)

    produced = move(venue, 591_200)

    assert only(produced, EventKind.LIQUIDATION_STEPPED)[0]["filled_lots"] == 100
    assert venue.balance(INSURANCE) == 0
    assert venue.position(carol, BTC)["lots"] == 900
    venue.assert_books_balance()


def test_insurance_measures_again_when_a_maker_is_passed_over(
    venue: Venue, alice: int, carol: int
) -> None:
    venue.deposit(INSURANCE, 13 * UNITS)  # 0.13 USDC a lot at 58,600: 100 lots
    sister = venue.open_account(owner=carol)
    venue.deposit(sister, 10_000 * UNITS)
    venue.rest(sister, BTC, BUY, 587_500, 900)
    venue.rest(alice, BTC, BUY, 586_000, 1_000)

    produced = move(venue, 591_200)

    # Foreseen: 900 lots above the zero price of 58,730 and 100 below it, all of them covered.
    stepped = only(produced, EventKind.LIQUIDATION_STEPPED)[0]
    expected = {
        "stage": LiquidationStage.INSURED,
        "wanted_lots": 1_000,
        "filled_lots": 100,
        "zero_price_ticks": 587_300,
        "insurance_units": 13_000_000,
    }
    assert pick(stepped, *expected) == expected
    cancelled = only(produced, EventKind.ORDER_CANCELLED)[0]
    assert pick(cancelled, "account", "reason") == {
        "account": sister,
        "reason": CancelReason.SELF_TRADE,
    }
    # Equity 390 and maintenance 591.2 before; a tenth of both is gone.
    after = only(produced, EventKind.LIQUIDATION_STEPPED)[1]
    assert pick(after, "equity_units", "maintenance_units") == {
        "equity_units": 351_000_000,
        "maintenance_units": 532_080_000,
    }
    assert venue.position(carol, BTC)["lots"] == 900
    venue.assert_books_balance()


def test_deficit_without_lots_becomes_a_named_bad_debt(
    venue: Venue, alice: int, carol: int
) -> None:
    move(venue, 593_200)
    move(venue, 586_000)  # equity 1,270 - 1,400 = -130, and nobody bids
    venue.rest(alice, BTC, BUY, 586_300, 1_000)
    # She closes 30 above the mark for a fee of 29.315: equity rises, so it is allowed.
    flags = units.FLAG_REDUCE_ONLY | units.TIF_IMMEDIATE_OR_CANCEL
    closed = venue.place(carol, BTC, SELL, 586_300, 1_000, flags)
    assert reason(closed) is RejectReason.ACCEPTED

    produced = venue.must(CommandKind.LIQUIDATE, OPERATOR, account=carol)

    recorded = only(produced, EventKind.BAD_DEBT_RECORDED)
    assert [pick(event, "account", "amount_units") for event in recorded] == [
        {"account": carol, "amount_units": 129_315_000}
    ]
    assert venue.balance(BAD_DEBT) == -129_315_000
    venue.assert_books_balance()


def test_nothing_is_liquidated_while_the_index_is_not_valid(
    venue: Venue, alice: int, carol: int
) -> None:
    venue.rest(alice, BTC, BUY, 593_000, 1_000)
    venue.pass_time(11)  # three of five sources fall silent

    produced = venue.observe(BTC, 593_200 * 10_000_000, sources=2)
    venue.pass_time(1)
    produced += venue.observe(BTC, 593_200 * 10_000_000, sources=2)

    assert only(produced, EventKind.LIQUIDATION_STARTED) == []
    answer = venue.do(CommandKind.LIQUIDATE, OPERATOR, account=carol)
    assert kinds(answer) == [EventKind.COMMAND_REJECTED]


def test_tick_judges_nobody_by_the_status_of_the_tick_before(venue: Venue, bob: int) -> None:
    account = venue.open_funded(1_500 * UNITS)
    venue.trade(account, bob, BTC, 600_000, 1_000)
    venue.trade(account, bob, ETH, 300_000, 100)
    venue.pass_time(8.9)
    venue.observe(BTC, 590_000 * 10_000_000)
    venue.tick(1.2)  # Bitcoin's mark follows; ether's last observations are 10.1 s old

    assert venue.mark(BTC) < 592_000
    assert venue.state.underlyings[ETH]["status"] == units.ORACLE_INVALID
    assert venue.state.accounts[account]["liquidation_stage"] == LiquidationStage.NONE
    answer = venue.do(CommandKind.LIQUIDATE, OPERATOR, account=account)
    assert reason(answer) is RejectReason.ORACLE_NOT_VALID


def test_liquidated_account_may_reduce_but_not_increase(
    venue: Venue, alice: int, carol: int
) -> None:
    move(venue, 593_200)
    venue.rest(alice, BTC, BUY, 593_200, 500)

    more = venue.place(carol, BTC, BUY, 593_000, 1)
    flags = units.FLAG_REDUCE_ONLY | units.TIF_IMMEDIATE_OR_CANCEL
    less = venue.place(carol, BTC, SELL, 593_200, 500, flags)

    assert reason(more) is RejectReason.IN_LIQUIDATION
    assert reason(less) is RejectReason.ACCEPTED
    venue.assert_books_balance()
