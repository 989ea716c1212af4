"""What a halted contract still does, as the operator's page promises (docs/operations.md)."""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, UNITS, Event, Venue, kinds, reason
from tests.engine.waiting_orders import STOP_MARKET, fired, of_kind, wait


def prices(venue: Venue, price_ticks: int) -> list[Event]:
    """Index and mark move to a price less than 2 % away; all that happened."""
    return venue.set_price(BTC, price_ticks) + venue.set_price(BTC, price_ticks)


def test_mark_moves_and_a_stop_that_fires_is_refused(
    venue: Venue, alice: int, bob: int
) -> None:
    order = wait(venue, alice, BUY, STOP_MARKET, 602_000)
    venue.rest(bob, BTC, SELL, 602_000, 10)
    venue.set_state(BTC, units.STATE_HALTED)

    produced: list[Event] = []
    while not of_kind(produced, EventKind.ORDER_CANCELLED):
        produced += prices(venue, 603_000)

    assert venue.mark(BTC) >= 602_000
    assert [row[0] for row in fired(produced)] == [order]
    (gone,) = of_kind(produced, EventKind.ORDER_CANCELLED)
    assert (gone["order"], gone["reason"]) == (order, CancelReason.TRIGGER_REFUSED)
    assert of_kind(produced, EventKind.ORDER_FILLED) == []


def test_resting_order_can_be_cancelled(venue: Venue, alice: int) -> None:
    order = venue.rest(alice, BTC, BUY, 590_000, 10)
    venue.set_state(BTC, units.STATE_HALTED)

    produced = venue.cancel(alice, order)

    assert kinds(produced) == [EventKind.ORDER_CANCELLED]


def test_account_under_water_is_liquidated_against_what_rests(
    venue: Venue, alice: int, bob: int
) -> None:
    carol = venue.open_funded(1_300 * UNITS)
    venue.trade(carol, bob, BTC, 600_000, 1_000)
    venue.rest(alice, BTC, BUY, 593_000, 1_000)
    venue.set_state(BTC, units.STATE_HALTED)

    produced = prices(venue, 593_200)

    (started,) = of_kind(produced, EventKind.LIQUIDATION_STARTED)
    assert started["account"] == carol
    assert {row["account"] for row in of_kind(produced, EventKind.ORDER_FILLED)} == {
        carol,
        alice,
    }
    venue.assert_books_balance()


def test_money_can_be_withdrawn(venue: Venue, alice: int) -> None:
    venue.set_state(BTC, units.STATE_HALTED)

    produced = venue.must(
        CommandKind.REQUEST_WITHDRAWAL, alice, account=alice, amount_units=UNITS
    )

    assert kinds(produced) == [EventKind.WITHDRAWAL_REQUESTED]
    order = venue.place(alice, BTC, BUY, 590_000, 10)
    assert reason(order) == RejectReason.CONTRACT_NOT_OPEN
