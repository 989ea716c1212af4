"""Every movement of money becomes a posting; balances and vaults are their sums."""

import pytest
from django.db.models import Sum

from exchange.engine.events import EventKind
from exchange.engine.units import BUY, CLEARING, FEES, INSURANCE, SELL
from exchange.models import Balance, LedgerEntry, Transfer, Vault
from exchange.models.accounts import LedgerKind, TransferState
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, Story, a_day_of_trading

pytestmark = pytest.mark.django_db


def assert_books_balance() -> None:
    """Users' balances and the house's add up to zero, and each is the sum of its postings."""
    users = Balance.objects.aggregate(total=Sum("balance_units"))["total"] or 0
    house = Vault.objects.aggregate(total=Sum("balance_units"))["total"] or 0
    assert users + house == 0
    for balance in Balance.objects.order_by("id"):
        moved = LedgerEntry.objects.filter(account=balance.account)
        assert balance.balance_units == moved.aggregate(total=Sum("amount_units"))["total"]


def test_deposit_is_a_posting_a_transfer_and_a_balance() -> None:
    Story().deposit(ALICE, 5_000, 5_000, 7).write(Projector())

    entry = LedgerEntry.objects.get()
    assert (entry.account, entry.counter_account, entry.kind) == (ALICE, 0, LedgerKind.DEPOSIT)
    assert (entry.amount_units, entry.balance_units, entry.reference) == (5_000, 5_000, 7)
    transfer = Transfer.objects.get()
    assert (transfer.amount_units, transfer.state) == (5_000, TransferState.DONE)
    assert Balance.objects.get(account=ALICE).balance_units == 5_000
    assert Vault.objects.get(name="external").balance_units == -5_000
    assert_books_balance()


def test_withdrawal_is_held_then_paid_or_returned() -> None:
    projector = Projector()
    one = Story().deposit(ALICE, 5_000, 5_000)
    for withdrawal, units, balance in ((70, 300, 4_700), (71, 500, 4_200)):
        one.then(EventKind.WITHDRAWAL_REQUESTED, account=ALICE, amount_units=units,
                 balance_units=balance, withdrawal=withdrawal)  # fmt: skip
    one.write(projector)
    assert Vault.objects.get(name="holds").balance_units == 800

    two = one.next().then(EventKind.WITHDRAWAL_CONFIRMED, account=ALICE, amount_units=300,
                          balance_units=4_200, withdrawal=70)  # fmt: skip
    two.then(EventKind.WITHDRAWAL_FAILED, account=ALICE, amount_units=500, balance_units=4_700,
             withdrawal=71)  # fmt: skip
    two.write(projector)

    states = Transfer.objects.filter(withdrawal__gt=0).order_by("id")
    assert list(states.values_list("withdrawal", "amount_units", "state")) == [
        (70, -300, TransferState.DONE),
        (71, -500, TransferState.FAILED),
    ]
    assert Balance.objects.get(account=ALICE).balance_units == 4_700
    assert Vault.objects.get(name="holds").balance_units == 0
    assert Vault.objects.get(name="external").balance_units == -4_700
    assert_books_balance()


def test_fees_and_variation_are_running_balances() -> None:
    projector = Projector()
    for story in a_day_of_trading():
        story.write(projector)

    entries = LedgerEntry.objects.filter(account=ALICE).order_by("id")
    assert list(entries.values_list("kind", "amount_units", "balance_units")) == [
        (LedgerKind.DEPOSIT, 5_000, 5_000),
        (LedgerKind.FEE, -12, 4_988),
        (LedgerKind.FEE, -6, 4_982),
        (LedgerKind.VARIATION, -82, 4_900),
    ]
    assert Vault.objects.get(account=FEES).balance_units == 63
    assert Vault.objects.get(account=CLEARING).balance_units == 0
    assert_books_balance()


def test_fee_beyond_the_cash_is_a_posting_of_the_cash_only() -> None:
    story = Story().deposit(ALICE, 10, 10).place(ALICE, 101, BUY, 599_000, 10)
    story.place(BOB, 102, SELL, 599_000, 10)
    for trade, remaining in ((1, 5), (2, 0)):
        story.fill((ALICE, 101, remaining), (BOB, 102, remaining), trade=trade, side=SELL,
                   ticks=599_000, lots=5, fees=(7, 0))  # fmt: skip
    story.deposit(ALICE, 100, 100)

    story.write(Projector())

    entries = LedgerEntry.objects.filter(account=ALICE).order_by("id")
    assert list(entries.values_list("amount_units", "balance_units")) == [
        (10, 10),
        (-7, 3),
        (-3, 0),
        (100, 100),
    ]
    assert Vault.objects.get(account=FEES).balance_units == 10
    assert_books_balance()


def test_deposit_into_insurance_is_a_vault_not_a_user() -> None:
    Story().deposit(INSURANCE, 900, 900).write(Projector())

    assert Vault.objects.get(account=INSURANCE).balance_units == 900
    assert not Balance.objects.exists()


def test_event_that_states_another_balance_stops_the_projector() -> None:
    projector = Projector()

    with pytest.raises(AssertionError, match="Expected a balance of 4999 units for account 16"):
        Story().deposit(ALICE, 5_000, 4_999).write(projector)

    assert not LedgerEntry.objects.exists()
    assert projector.sequence == 0


def test_a_transfer_stands_in_both_logs_and_counts_once() -> None:
    story = Story().deposit(ALICE, 50, 50).deposit(BOB, 10, 10)
    story.then(EventKind.TRANSFERRED, account=ALICE, counterparty=BOB, amount_units=-20,
               balance_units=30, reference=7)  # fmt: skip
    story.also(EventKind.TRANSFERRED, account=BOB, counterparty=ALICE, amount_units=20,
               balance_units=30, reference=7)  # fmt: skip

    story.write(Projector())

    entries = LedgerEntry.objects.filter(kind=LedgerKind.TRANSFER).order_by("id")
    columns = ("account", "counter_account", "amount_units", "balance_units", "reference")
    assert list(entries.values_list(*columns)) == [
        (ALICE, BOB, -20, 30, 7),
        (BOB, ALICE, 20, 30, 7),
    ]
    assert Balance.objects.get(account=BOB).balance_units == 30
    assert_books_balance()


def test_variation_names_its_contract() -> None:
    story = Story().deposit(ALICE, 50, 50).deposit(BOB, 50, 50)
    story.then(EventKind.VARIATION_SETTLED, account=ALICE, contract=BTC_PERPETUAL,
               cash_units=-20, balance_units=30)  # fmt: skip
    story.also(EventKind.VARIATION_SETTLED, account=BOB, contract=BTC_PERPETUAL, cash_units=20,
               balance_units=70)  # fmt: skip

    story.write(Projector())

    entry = LedgerEntry.objects.get(account=BOB, kind=LedgerKind.VARIATION)
    assert (entry.contract, entry.counter_account, entry.balance_units) == (0, CLEARING, 70)
    assert_books_balance()
