"""Sub-accounts: transfers within one owner, and what stays apart (CUST-005, I-26)."""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, OPERATOR
from tests.engine.venue import BTC, UNITS, Event, Venue, kinds, reason


def transfer(
    venue: Venue, source: int, target: int, amount: int, principal: int = 0, **more: int
) -> list[Event]:
    return venue.do(
        CommandKind.TRANSFER,
        principal or source,
        account=source,
        target=target,
        amount_units=amount,
        **more,
    )


def test_a_transfer_is_a_debit_and_a_credit(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)

    produced = transfer(venue, alice, savings, 30_000 * UNITS, reference=77)

    assert kinds(produced) == [EventKind.TRANSFERRED, EventKind.TRANSFERRED]
    given, got = produced
    assert (given["account"], given["counterparty"]) == (alice, savings)
    assert (got["account"], got["counterparty"]) == (savings, alice)
    assert (given["amount_units"], got["amount_units"]) == (-30_000_000_000, 30_000_000_000)
    assert (given["balance_units"], got["balance_units"]) == (70_000_000_000, 30_000_000_000)
    assert given["reference"] == got["reference"] == 77
    assert venue.balance(alice) == 70_000_000_000
    assert venue.balance(savings) == 30_000_000_000
    venue.assert_books_balance()


def test_the_owner_moves_money_between_all_its_accounts(venue: Venue, alice: int) -> None:
    first, second = (venue.open_account(owner=alice) for _ in range(2))
    transfer(venue, alice, first, 500 * UNITS)

    sideways = transfer(venue, first, second, 200 * UNITS, principal=alice)
    by_sibling = transfer(venue, first, alice, 300 * UNITS, principal=second)
    by_sub_account = transfer(venue, alice, second, 300 * UNITS, principal=second)
    back = transfer(venue, first, alice, 300 * UNITS)

    assert [event["principal"] for event in sideways] == [alice, alice]
    assert reason(by_sibling) is RejectReason.NOT_AUTHORISED
    assert reason(by_sub_account) is RejectReason.NOT_AUTHORISED
    assert [event["principal"] for event in back] == [first, first]
    assert venue.balance(first) == 0
    assert venue.balance(second) == 200 * UNITS
    assert venue.balance(alice) == 99_800 * UNITS


def test_a_stranger_moves_nothing(venue: Venue, alice: int, bob: int) -> None:
    savings = venue.open_account(owner=alice)

    assert reason(transfer(venue, alice, savings, UNITS, principal=bob)) is (
        RejectReason.NOT_AUTHORISED
    )
    assert reason(transfer(venue, alice, 99_999, UNITS)) is RejectReason.UNKNOWN_ACCOUNT
    assert reason(transfer(venue, alice, units.INSURANCE, UNITS)) is (
        RejectReason.UNKNOWN_ACCOUNT
    )


def test_what_open_orders_reserve_stays(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)
    venue.rest(alice, BTC, BUY, 600_000, 10_000)  # 600,000 USDC: 12,000 margin, 300 fee

    refused = transfer(venue, alice, savings, 87_700 * UNITS + 1)
    accepted = transfer(venue, alice, savings, 87_700 * UNITS)

    assert reason(refused) is RejectReason.INSUFFICIENT_MARGIN
    assert refused[0]["needed_units"] == 1
    assert reason(accepted) is RejectReason.ACCEPTED
    venue.assert_books_balance()


def test_a_transfer_leaves_initial_margin_to_the_unit(
    venue: Venue, alice: int, bob: int
) -> None:
    savings = venue.open_account(owner=alice)
    venue.trade(alice, bob, BTC, 600_000, 10_000)  # 600,000 USDC: 2 % is 12,000
    # 100,000 - 300 taker fee (500 ppm) - 12,000 initial margin = 87,700 may move. A withdrawal
    # would have to leave 10 % of the notional, 60,000.
    most = 87_700 * UNITS

    refused = transfer(venue, alice, savings, most + 1)
    accepted = transfer(venue, alice, savings, most)

    assert reason(refused) is RejectReason.INSUFFICIENT_MARGIN
    assert refused[0]["needed_units"] == 1
    assert reason(accepted) is RejectReason.ACCEPTED
    assert venue.balance(alice) == 12_000 * UNITS
    venue.assert_books_balance()


def test_profit_that_is_not_settled_does_not_move(venue: Venue, alice: int, bob: int) -> None:
    savings = venue.open_account(owner=alice)
    venue.trade(alice, bob, BTC, 600_000, 1_000)
    venue.drive_price(BTC, 610_000)  # 1,000 lots x 10,000 ticks x 100 units: 1,000 USDC won
    cash = venue.balance(alice)

    refused = transfer(venue, alice, savings, cash + 1)

    assert reason(refused) is RejectReason.INSUFFICIENT_BALANCE
    assert refused[0]["needed_units"] == 1


def test_a_repeated_transfer_moves_once(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)
    transfer(venue, alice, savings, 100 * UNITS, idempotency_key=5)
    sequence = venue.sequence

    again = transfer(venue, alice, savings, 100 * UNITS, idempotency_key=5)
    other = transfer(venue, alice, savings, 101 * UNITS, idempotency_key=5)

    assert kinds(again) == [EventKind.COMMAND_REPEATED]
    assert again[0]["first_sequence"] == sequence
    assert reason(other) is RejectReason.KEY_REUSED
    assert venue.balance(savings) == 100 * UNITS


def test_a_transfer_past_its_deadline_is_refused(venue: Venue, alice: int) -> None:
    savings = venue.open_account(owner=alice)

    late = transfer(venue, alice, savings, UNITS, valid_until_ns=venue.time_ns - 1)

    assert reason(late) is RejectReason.EXPIRED


def test_an_isolated_loss_never_reaches_the_parent(venue: Venue, alice: int, bob: int) -> None:
    isolated = venue.open_account(owner=alice)
    transfer(venue, alice, isolated, 1_300 * UNITS)
    venue.trade(isolated, bob, BTC, 600_000, 1_000)  # long 60,000 USDC on 1,300
    venue.drive_price(BTC, 560_000)  # 4,000 USDC lost: more than there was
    venue.must(CommandKind.SETTLE_VARIATION, OPERATOR, contract=BTC)
    venue.tick(10)

    assert venue.balance(isolated) == 0
    assert venue.balance(alice) == 98_700 * UNITS
    assert venue.position(alice, BTC)["lots"] == 0
    assert int(venue.state.accounts[alice]["liquidation_stage"]) == 0
    venue.assert_books_balance()


def test_money_cannot_leave_an_account_in_liquidation(
    venue: Venue, alice: int, bob: int
) -> None:
    isolated = venue.open_account(owner=alice)
    transfer(venue, alice, isolated, 1_300 * UNITS)
    venue.trade(isolated, bob, BTC, 600_000, 1_000)
    venue.drive_price(BTC, 592_000)

    refused = transfer(venue, isolated, alice, 1)
    helped = transfer(venue, alice, isolated, 1_000 * UNITS)

    assert reason(refused) is RejectReason.IN_LIQUIDATION
    assert reason(helped) is RejectReason.ACCEPTED
