"""TRADE and EXEC rules: priority, times in force, flags, self-trades, amendments."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, ETH, SOL, UNITS, Event, Venue, kinds, reason

IOC = units.TIF_IMMEDIATE_OR_CANCEL
FOK = units.TIF_FILL_OR_KILL
MARKET = units.TYPE_MARKET | IOC


def fills(produced: list[Event]) -> list[tuple[int, int, int]]:
    """(account, price, lots) of each maker that was filled."""
    return [
        (event["account"], event["price_ticks"], event["quantity_lots"])
        for event in produced
        if event["kind"] == EventKind.ORDER_FILLED and event["flags"] & units.FLAG_MAKER
    ]


def cancels(produced: list[Event]) -> list[tuple[int, int, CancelReason]]:
    """(account, lots, reason) of each cancellation."""
    return [
        (event["account"], event["quantity_lots"], CancelReason(event["reason"]))
        for event in produced
        if event["kind"] == EventKind.ORDER_CANCELLED
    ]


def amend(venue: Venue, account: int, order: int, price: int, lots: int) -> list[Event]:
    """Amends a BTC order."""
    return venue.do(
        CommandKind.AMEND_ORDER,
        account,
        account=account,
        contract=BTC,
        order=order,
        price_ticks=price,
        quantity_lots=lots,
    )


def test_better_price_then_earlier_order_trades_first(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    venue.rest(alice, BTC, SELL, 600_010, 5)
    venue.rest(bob, BTC, SELL, 600_000, 3)
    venue.rest(alice, BTC, SELL, 600_000, 4)

    produced = venue.place(carol, BTC, BUY, 600_010, 9)

    assert fills(produced) == [
        (bob, 600_000, 3),
        (alice, 600_000, 4),
        (alice, 600_010, 2),
    ]
    assert venue.book(BTC, SELL, 5) == [(600_010, 3)]
    venue.assert_books_balance()


def test_both_sides_of_a_trade_agree_maker_first(venue: Venue, alice: int, bob: int) -> None:
    produced = venue.trade(alice, bob, BTC, 600_000, 10)

    maker, taker = produced[1:]
    assert kinds(produced) == [
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_FILLED,
        EventKind.ORDER_FILLED,
    ]
    assert (maker["account"], maker["side"], maker["position_lots"]) == (bob, SELL, -10)
    assert (taker["account"], taker["side"], taker["position_lots"]) == (alice, BUY, 10)
    assert maker["trade"] == taker["trade"] == 1
    # 10 lots are 0.01 BTC: 600 USDC. Maker 0.02 %, taker 0.05 %.
    assert (maker["fee_units"], taker["fee_units"]) == (120_000, 300_000)
    venue.assert_books_balance()


def test_remainder_of_a_limit_order_rests(venue: Venue, alice: int, bob: int) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 4)

    venue.place(alice, BTC, BUY, 600_005, 10)

    assert venue.book(BTC, SELL, 5) == []
    assert venue.book(BTC, BUY, 5) == [(600_005, 6)]


def test_remainder_of_immediate_or_cancel_is_cancelled(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 4)

    produced = venue.place(alice, BTC, BUY, 600_005, 10, IOC)

    assert fills(produced) == [(bob, 600_000, 4)]
    assert cancels(produced) == [(alice, 6, CancelReason.IMMEDIATE_OR_CANCEL)]
    assert venue.book(BTC, BUY, 5) == []


def test_market_order_stops_at_mark_plus_three_percent(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 618_000, 4)
    venue.rest(bob, BTC, SELL, 618_001, 4)

    produced = venue.place(alice, BTC, BUY, 0, 8, MARKET)

    assert fills(produced) == [(bob, 618_000, 4)]
    assert produced[0]["price_ticks"] == 618_000
    assert venue.book(BTC, SELL, 5) == [(618_001, 4)]


def test_fill_or_kill_fills_whole_over_several_prices(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_003, 6)

    produced = venue.place(alice, BTC, BUY, 600_003, 10, FOK)

    assert fills(produced) == [(bob, 600_000, 4), (bob, 600_003, 6)]


def test_fill_or_kill_that_meets_its_own_order_never_fills_in_part(
    venue: Venue, alice: int, bob: int
) -> None:
    # Cheap enough at 600,000, not at 612,000; half of the cheap lots are Alice's own.
    poor = venue.open_funded(1_250 * UNITS)
    venue.rest(poor, BTC, SELL, 600_000, 500)
    venue.rest(bob, BTC, SELL, 600_000, 500)
    venue.rest(bob, BTC, SELL, 612_000, 500)

    produced = venue.place(poor, BTC, BUY, 612_000, 1_000, FOK)

    assert reason(produced) is RejectReason.INSUFFICIENT_MARGIN
    assert venue.book(BTC, SELL, 5) == [(600_000, 1_000), (612_000, 500)]


@pytest.mark.parametrize(
    ("asked", "stands_at"), [(600_000, 599_999), (600_700, 599_999), (599_990, 599_990)]
)
def test_post_only_slides_to_one_tick_inside(
    venue: Venue, alice: int, bob: int, asked: int, stands_at: int
) -> None:
    venue.rest(bob, BTC, SELL, 600_000, 4)

    produced = venue.place(alice, BTC, BUY, asked, 5, units.FLAG_POST_ONLY)

    assert fills(produced) == []
    assert venue.book(BTC, BUY, 5) == [(stands_at, 5)]


def test_self_trade_cancels_the_resting_order_and_goes_on(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(alice, BTC, SELL, 600_000, 4)
    venue.rest(bob, BTC, SELL, 600_000, 6)

    produced = venue.place(alice, BTC, BUY, 600_000, 10)

    assert cancels(produced) == [(alice, 4, CancelReason.SELF_TRADE)]
    assert fills(produced) == [(bob, 600_000, 6)]
    # The lots that the own order took away rest.
    assert venue.book(BTC, BUY, 5) == [(600_000, 4)]
    assert venue.position(alice, BTC)["lots"] == 6
    venue.assert_books_balance()


def test_self_trade_across_sub_accounts_is_prevented(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)
    venue.deposit(savings, 10_000 * UNITS)
    venue.rest(savings, BTC, SELL, 600_000, 4)

    produced = venue.place(alice, BTC, BUY, 600_000, 4, IOC)

    assert fills(produced) == []
    assert cancels(produced) == [
        (savings, 4, CancelReason.SELF_TRADE),
        (alice, 4, CancelReason.IMMEDIATE_OR_CANCEL),
    ]
    venue.assert_books_balance()


def test_reduce_only_is_no_larger_than_the_position(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    venue.trade(alice, bob, BTC, 600_000, 10)
    venue.rest(carol, BTC, BUY, 599_000, 50)

    produced = venue.place(alice, BTC, SELL, 599_000, 50, units.FLAG_REDUCE_ONLY | IOC)

    assert fills(produced) == [(carol, 599_000, 10)]
    assert venue.position(alice, BTC)["lots"] == 0
    venue.assert_books_balance()


def test_maker_outside_the_moved_band_is_cancelled_at_the_touch(
    venue: Venue, alice: int, bob: int
) -> None:
    venue.rest(bob, BTC, BUY, 617_000, 5)  # mark + 2.8 %
    venue.drive_price(BTC, 590_000)  # now mark + 4.6 %

    produced = venue.place(alice, BTC, SELL, 590_000, 5, IOC)

    assert cancels(produced)[0] == (bob, 5, CancelReason.PRICE_BAND)
    assert fills(produced) == []


def test_maker_that_can_no_longer_carry_its_order_is_cancelled(
    venue: Venue, alice: int, bob: int
) -> None:
    poor = venue.open_funded(1_240 * UNITS)
    venue.rest(poor, BTC, BUY, 600_000, 1_000)  # needs 1,200 + 30 fee
    venue.drive_price(BTC, 597_000)  # 300 USDC above the mark by now

    produced = venue.place(alice, BTC, SELL, 597_000, 10, IOC)

    assert cancels(produced)[0] == (poor, 1_000, CancelReason.MARGIN)


def test_order_that_a_passed_over_maker_was_to_pay_for_does_not_fill(
    venue: Venue, bob: int
) -> None:
    account = venue.open_funded(900 * UNITS)
    sister = venue.open_account(owner=account)
    venue.deposit(sister, 10_000 * UNITS)
    venue.rest(sister, BTC, SELL, 590_000, 500)
    venue.rest(bob, BTC, SELL, 601_000, 1_000)

    # Foreseen: half a bitcoin 1,000 below the mark, half 100 above it: +450 on 1,200 of margin.
    produced = venue.place(account, BTC, BUY, 601_000, 1_000)

    assert fills(produced) == []
    assert cancels(produced) == [
        (sister, 500, CancelReason.SELF_TRADE),
        (account, 1_000, CancelReason.MARGIN),
    ]
    venue.assert_books_balance()


def test_amending_down_keeps_the_place_in_the_queue(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    first = venue.rest(alice, BTC, SELL, 600_000, 10)
    venue.rest(bob, BTC, SELL, 600_000, 10)

    amend(venue, alice, first, 600_000, 4)

    produced = venue.place(carol, BTC, BUY, 600_000, 5, IOC)
    assert fills(produced) == [(alice, 600_000, 4), (bob, 600_000, 1)]


@pytest.mark.parametrize(("price", "lots"), [(600_000, 11), (599_999, 10)])
def test_amending_up_or_to_a_new_price_queues_anew(
    venue: Venue, alice: int, bob: int, carol: int, price: int, lots: int
) -> None:
    first = venue.rest(alice, BTC, SELL, 600_000, 10)
    venue.rest(bob, BTC, SELL, price, 10)

    amend(venue, alice, first, price, lots)

    produced = venue.place(carol, BTC, BUY, price, 12, IOC)
    assert fills(produced) == [(bob, price, 10), (alice, price, 2)]


def test_amending_counts_what_is_filled_in_the_new_total(
    venue: Venue, alice: int, bob: int
) -> None:
    order = venue.rest(alice, BTC, SELL, 600_000, 10)
    venue.place(bob, BTC, BUY, 600_000, 4, IOC)

    produced = amend(venue, alice, order, 600_000, 7)

    assert produced[0]["remaining_lots"] == 3
    assert venue.book(BTC, SELL, 5) == [(600_000, 3)]


def test_amend_that_names_another_contract_changes_its_own_order_only(
    venue: Venue, alice: int
) -> None:
    """The contract, side and flags of AmendOrder are not read (commands.AMEND_ORDER)."""
    order = venue.rest(alice, BTC, BUY, 599_000, 100)

    produced = venue.do(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        contract=ETH,
        side=SELL,
        flags=units.FLAG_POST_ONLY,
        order=order,
        price_ticks=599_500,
        quantity_lots=120,
    )

    assert (produced[0]["contract"], produced[0]["side"], produced[0]["flags"]) == (BTC, BUY, 0)
    assert venue.book(BTC, BUY, 2) == [(599_500, 120)]
    assert venue.position(alice, BTC)["buy_price_lots"] == 71_940_000
    assert venue.position(alice, ETH)["contract"] == 0
    venue.assert_books_balance()


@pytest.mark.parametrize(
    ("cash", "missing"), [(12_301_001, 10), (12_301_010, 1), (12_301_011, 0)]
)
def test_order_reserves_the_rounding_of_each_fee_it_may_pay(
    venue: Venue, alice: int, cash: int, missing: int
) -> None:
    """Ten fills of one lot at 60,000.1 cost ten times ceil(30,000.05), not ceil(300,000.5).

    Margin 12 USDC, the price a tick from the mark 0.001, fees foreseen 0.300001 + 10 units.
    """
    dave = venue.open_funded(cash)
    for _ in range(10):
        venue.rest(alice, BTC, SELL, 600_001, 1)

    produced = venue.place(dave, BTC, BUY, 600_001, 10)

    if missing:
        assert reason(produced) is RejectReason.INSUFFICIENT_MARGIN
        assert produced[0]["needed_units"] == missing
    else:
        paid = [e["fee_units"] for e in produced if e["kind"] == EventKind.ORDER_FILLED]
        assert sum(paid[1::2]) == 300_010
    venue.assert_books_balance()


def test_amending_through_the_book_trades(venue: Venue, alice: int, bob: int) -> None:
    order = venue.rest(alice, BTC, BUY, 599_000, 10)
    venue.rest(bob, BTC, SELL, 600_000, 4)

    produced = amend(venue, alice, order, 600_000, 10)

    assert fills(produced) == [(bob, 600_000, 4)]
    assert venue.book(BTC, BUY, 5) == [(600_000, 6)]
    venue.assert_books_balance()


def test_cancel_all_takes_one_contract_or_label_or_everything(venue: Venue, alice: int) -> None:
    venue.place(alice, BTC, BUY, 599_000, 1, label=7)
    venue.place(alice, BTC, BUY, 598_000, 1, label=8)
    venue.place(alice, SOL, BUY, 149_000, 10, label=7)

    def cancel_all(**fields: int) -> int:
        return len(venue.must(CommandKind.CANCEL_ALL, alice, account=alice, **fields))

    assert cancel_all(contract=SOL, label=8) == 0
    assert cancel_all(contract=-1, label=7) == 2
    assert cancel_all(contract=BTC) == 1
    assert cancel_all(contract=-1) == 0


def test_command_meets_a_thousand_makers_at_most(venue: Venue, alice: int) -> None:
    venue.set_parameter(BTC, ContractParameter.MIN_NOTIONAL_UNITS, 0)
    for _ in range(3):
        maker = venue.open_funded(1_000_000 * UNITS)
        for _ in range(350):
            venue.rest(maker, BTC, SELL, 600_000, 1)

    produced = venue.place(alice, BTC, BUY, 600_000, 1_050)

    assert len(fills(produced)) == 1_000
    assert cancels(produced) == [(alice, 50, CancelReason.FILL_LIMIT)]
    assert venue.book(BTC, SELL, 5) == [(600_000, 50)]
    venue.assert_books_balance()
