"""Forced actions are rows that carry the numbers which bound them."""

import pytest

from exchange.engine.events import EventKind, LiquidationStage
from exchange.engine.units import BAD_DEBT, INSURANCE, SELL
from exchange.models import (
    BadDebt,
    Balance,
    InsurancePayment,
    Liquidation,
    LiquidationStep,
    Vault,
)
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BTC_PERPETUAL, START_NS, Story

pytestmark = pytest.mark.django_db


def a_liquidation() -> Story:
    story = Story().deposit(INSURANCE, 1_000, 1_000).deposit(ALICE, 50, 50)
    story.then(EventKind.LIQUIDATION_STARTED, account=ALICE, equity_units=90,
               maintenance_units=100, cancelled_orders=2)  # fmt: skip
    return story.also(
        EventKind.LIQUIDATION_STEPPED, account=ALICE, contract=BTC_PERPETUAL,
        stage=LiquidationStage.BOOK, equity_units=90, maintenance_units=100, mark_ticks=600_000,
        side=SELL, limit_ticks=590_000, wanted_lots=4, filled_lots=4, zero_price_ticks=589_000,
        fee_units=30,
    )  # fmt: skip


def test_liquidation_starts_steps_and_ends() -> None:
    projector = Projector()
    one = a_liquidation()
    one.write(projector)
    assert Liquidation.objects.get().ended_ns == 0

    one.next().wait(5).then(EventKind.LIQUIDATION_ENDED, account=ALICE, equity_units=80,
                            maintenance_units=60, reason=1).write(projector)  # fmt: skip

    row = Liquidation.objects.get()
    assert (row.account, row.equity_units, row.maintenance_units) == (ALICE, 90, 100)
    assert (row.cancelled_orders, row.ended_ns) == (2, START_NS + 5_000_000_000)
    assert (row.end_equity_units, row.end_maintenance_units, row.end_reason) == (80, 60, 1)
    step = LiquidationStep.objects.get()
    assert (step.stage, step.side, step.filled_lots) == (LiquidationStage.BOOK, SELL, 4)
    assert (step.limit_ticks, step.zero_price_ticks) == (590_000, 589_000)


def test_liquidation_fee_goes_from_the_account_to_insurance() -> None:
    a_liquidation().write(Projector())

    assert Balance.objects.get(account=ALICE).balance_units == 20
    assert Vault.objects.get(account=INSURANCE).balance_units == 1_030


def test_insurance_payment_and_bad_debt_are_named_and_posted() -> None:
    story = a_liquidation()
    story.also(EventKind.INSURANCE_PAID, account=ALICE, contract=BTC_PERPETUAL,
               amount_units=400, insurance_balance_units=630)  # fmt: skip
    story.also(EventKind.BAD_DEBT_RECORDED, account=ALICE, amount_units=25)

    story.write(Projector())

    payment = InsurancePayment.objects.get()
    assert (payment.account, payment.amount_units) == (ALICE, 400)
    assert payment.insurance_balance_units == 630
    assert BadDebt.objects.get().amount_units == 25
    assert Vault.objects.get(account=INSURANCE).balance_units == 630
    assert Vault.objects.get(account=BAD_DEBT).balance_units == -25
    assert Balance.objects.get(account=ALICE).balance_units == 445
