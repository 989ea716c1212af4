"""CMD-001, CMD-002: who may give which command, for whom, and how often."""

import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, OPERATOR
from tests.engine.venue import BTC, UNITS, Venue, decode, reason

TRADING = {
    CommandKind.PLACE_ORDER,
    CommandKind.AMEND_ORDER,
    CommandKind.CANCEL_ORDER,
    CommandKind.CANCEL_ALL,
    CommandKind.SET_SELF_TRADE_MODE,
    CommandKind.PLACE_BATCH,
    CommandKind.REQUEST_WITHDRAWAL,
    CommandKind.TRANSFER,
    CommandKind.SET_CANCEL_ON_DISCONNECT,
    CommandKind.HEARTBEAT,
}
ALLOWED = {
    units.ROLE_TRADER: TRADING,
    units.ROLE_REPORTER: {CommandKind.SUBMIT_OBSERVATION},
    units.ROLE_OPERATOR: set(CommandKind) - TRADING - {CommandKind.SUBMIT_OBSERVATION},
}


@pytest.mark.parametrize("kind", list(CommandKind), ids=lambda kind: kind.name)
@pytest.mark.parametrize("role", ALLOWED, ids=["trader", "reporter", "operator"])
def test_command_is_open_to_its_role_only(venue: Venue, role: int, kind: CommandKind) -> None:
    principal = venue.open_account(role)
    record = make(kind, principal)
    if kind in TRADING:
        record = make(kind, principal, account=principal)
    elif kind is CommandKind.SUBMIT_OBSERVATION:
        register = {"account": principal, "source": 7, "weight_ppm": 0}
        venue.must(CommandKind.REGISTER_REPORTER, OPERATOR, **register)
        record = make(kind, principal, source=7)

    answer = reason(decode(venue.apply(record)))

    # What else may be wrong with an empty command is looked at only after authority.
    assert (answer is RejectReason.NOT_AUTHORISED) == (kind not in ALLOWED[role])
    venue.assert_books_balance()


@pytest.mark.parametrize("kind", sorted(TRADING), ids=lambda kind: kind.name)
def test_trader_acting_for_a_stranger_is_not_authorised(
    venue: Venue, alice: int, bob: int, kind: CommandKind
) -> None:
    assert reason(venue.do(kind, bob, account=alice)) is RejectReason.NOT_AUTHORISED


def test_trader_acts_for_the_sub_account_of_the_same_owner(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)
    venue.deposit(savings, 1_000 * UNITS)

    produced = venue.do(
        CommandKind.PLACE_ORDER,
        alice,
        account=savings,
        contract=BTC,
        side=BUY,
        price_ticks=599_000,
        quantity_lots=1,
    )

    assert reason(produced) is RejectReason.ACCEPTED
    assert produced[0]["account"] == savings


@pytest.mark.parametrize("kind", sorted(TRADING))
def test_sub_account_acts_for_itself_only(venue: Venue, alice: int, kind: CommandKind) -> None:
    first, second = (venue.open_account(owner=alice) for _ in range(2))

    assert reason(venue.do(kind, first, account=second)) is RejectReason.NOT_AUTHORISED
    assert reason(venue.do(kind, first, account=alice)) is RejectReason.NOT_AUTHORISED


def test_trader_may_not_order_for_an_operator_account(venue: Venue) -> None:
    assert (
        reason(venue.do(CommandKind.PLACE_ORDER, OPERATOR, account=OPERATOR))
        is RejectReason.NOT_AUTHORISED
    )


def test_role_taken_away_ends_the_right_to_trade(venue: Venue, alice: int) -> None:
    venue.must(CommandKind.SET_ROLE, OPERATOR, account=alice, role=units.ROLE_REPORTER)

    produced = venue.place(alice, BTC, BUY, 599_000, 1)

    assert reason(produced) is RejectReason.NOT_AUTHORISED


def test_repeated_gateway_sequence_does_not_order_twice(venue: Venue, alice: int) -> None:
    first = venue.place(alice, BTC, BUY, 599_000, 1, gateway_id=9, gateway_sequence=1)
    again = venue.place(alice, BTC, BUY, 599_000, 1, gateway_id=9, gateway_sequence=1)
    other = venue.place(alice, BTC, BUY, 599_000, 1, gateway_id=10, gateway_sequence=1)

    answers = [reason(first), reason(again), reason(other)]
    assert answers == [
        RejectReason.ACCEPTED,
        RejectReason.DUPLICATE_COMMAND,
        RejectReason.ACCEPTED,
    ]
    assert venue.book(BTC, BUY, 5) == [(599_000, 2)]
