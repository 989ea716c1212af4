"""Events of funding become samples, hours and payments; the clock asks for what is due."""

import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from exchange import tasks
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import FUNDING_HOUR_NS, INSURANCE, OPERATOR
from exchange.models import Contract, FundingHour, FundingPayment, FundingSample
from exchange.pipeline.projections import Projector, truncate
from tests.engine.venue import BTC, UNITS, Venue, make_venue
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, START_NS, Story

pytestmark = pytest.mark.django_db
SAMPLE_NS = 5_000_000_000
HOUR = START_NS // FUNDING_HOUR_NS
HOUR_NS = HOUR * FUNDING_HOUR_NS


def a_sample(story: Story, end_ns: int, **fields: int) -> Story:
    """One sample of 5 s at 0.05 %, and of a lot of 60 USDC."""
    usual = {
        "end_ns": end_ns,
        "premium_ppb": 1_000_000,
        "measured_ms": 5_000,
        "average_ppb": 1_000_000,
        "rate_ppb": 500_000,
        "growth": 5_208_333_333,
        "cumulative_units": 5,
        "cumulative_nano": 208_333_333,
        "mark_ticks": 600_000,
        "index_e8": 60_000 * 10**8,
    }
    return story.then(EventKind.FUNDING_SAMPLED, contract=BTC_PERPETUAL, **(usual | fields))


def test_sample_is_stored_under_its_number_and_hour() -> None:
    a_sample(Story(), HOUR_NS + SAMPLE_NS).write(Projector())

    row = FundingSample.objects.get()
    assert row.id == HOUR * 720  # the first of the hour
    assert (row.premium_ppb, row.rate_ppb, row.growth) == (1_000_000, 500_000, 5_208_333_333)
    hour = FundingHour.objects.get()
    assert (hour.id, hour.start_ns, hour.samples) == (HOUR, HOUR_NS, 1)
    assert hour.rate_ppb_ms == Decimal(2_500_000_000)


def test_hour_sums_its_samples_over_several_batches() -> None:
    projector = Projector()
    story = a_sample(Story(), HOUR_NS + SAMPLE_NS)
    a_sample(story, HOUR_NS + 2 * SAMPLE_NS, measured_ms=2_000, growth=7).write(projector)
    later = a_sample(story.next(), HOUR_NS + 720 * SAMPLE_NS, rate_ppb=-3, mark_ticks=9)
    a_sample(later, HOUR_NS + 721 * SAMPLE_NS).write(projector)

    first, second = FundingHour.objects.order_by("id")
    assert (first.samples, first.measured_ms, first.growth) == (3, 12_000, 10_416_666_673)
    # 5,000 x 500,000 + 2,000 x 500,000 - 5,000 x 3
    assert first.rate_ppb_ms == Decimal(3_499_985_000)
    assert (first.rate_ppb, first.mark_ticks) == (-3, 9)
    assert (second.id, second.samples) == (HOUR + 1, 1)


def test_conversion_is_a_payment_of_each_who_had_any() -> None:
    story = Story()
    Contract.objects.create(
        id=BTC_PERPETUAL, name="X", underlying_id=0, kind=1, state=2, tick_e8=1, lot_e8=1,
        tick_value_units=1, reference_ticks=1, expiry_ns=0, listed_ns=0,
    )  # fmt: skip
    story.then(EventKind.FUNDING_CONVERTED, account=ALICE, contract=BTC_PERPETUAL,
               amount_units=-53, unsettled_units=-60)  # fmt: skip
    for account, amount in ((BOB, 52), (INSURANCE, 0)):
        story.also(EventKind.FUNDING_CONVERTED, account=account, contract=BTC_PERPETUAL,
                   amount_units=amount, unsettled_units=amount)  # fmt: skip

    story.write(Projector())

    paid = FundingPayment.objects.order_by("id").values_list("account", "amount_units")
    assert list(paid) == [(ALICE, -53), (BOB, 52)]
    assert Contract.objects.get().funding_hour == HOUR


def a_funded_market() -> Venue:
    """Alice is long and Bob is short for two hours, of which they were heard a minute each."""
    venue = make_venue(with_funding=True)
    alice, bob = (venue.open_funded(100_000 * UNITS) for _ in range(2))
    venue.trade(alice, bob, BTC, 600_000, 1_000)
    for _ in range(2):
        for _ in range(60):
            venue.set_price(BTC, 600_000)
        venue.must(CommandKind.SETTLE_FUNDING, OPERATOR, contract=BTC)
        venue.pass_time(3_600)
    for _ in range(12):
        venue.set_price(BTC, 600_000)
    return venue


def project(venue: Venue, size: int) -> None:
    """Replays a journal into the tables, with a new projector for every batch: a restart."""
    machine, commands = StateMachine.create(), np.concatenate(venue.journal)
    while len(commands):
        batch, commands = commands[:size].copy(), commands[size:]
        Projector().write(
            machine.apply(batch).copy(),
            first=int(batch["sequence"][0]),
            through=int(batch["sequence"][-1]),
            time_ns=int(batch["time_ns"][-1]),
        )


def funding_rows() -> list[list[tuple[Any, ...]]]:
    """Everything in the tables of funding."""
    tables = (FundingSample, FundingHour, FundingPayment)
    return [list(table.objects.order_by("pk").values_list()) for table in tables]


def test_tables_equal_the_engine_that_said_it() -> None:
    venue = a_funded_market()

    project(venue, 100)

    for contract, row in enumerate(venue.state.contracts[:3]):
        last = FundingSample.objects.filter(contract=contract).order_by("pk").last()
        assert last is not None
        found = (last.premium_ppb, last.average_ppb, last.rate_ppb)
        assert found == (
            row["premium_ppb"],
            row["premium_average_ppb"],
            row["funding_rate_ppb"],
        )
        since = (last.cumulative_units, last.cumulative_nano)
        assert since == (row["cumulative_units"], row["cumulative_nano"])
        growth = sum(
            sample.growth for sample in FundingSample.objects.filter(contract=contract)
        )
        assert growth == row["cumulative_units"] * 10**9 + row["cumulative_nano"]
        assert growth == sum(
            hour.growth for hour in FundingHour.objects.filter(contract=contract)
        )
    # Two conversions: a minute of 60,000 USDC at 0.01 % of eight hours costs 0.0125.
    paid = list(FundingPayment.objects.order_by("pk").values_list("account", "amount_units"))
    alice, bob = 21, 22
    assert [account for account, _ in paid] == 2 * [alice, bob, INSURANCE]
    assert all(-12_600 <= amount < -10_000 for account, amount in paid if account == alice)
    # What the roundings left is insurance's: nothing was made, nothing lost (I-27).
    assert [sum(amount for _, amount in paid[n : n + 3]) for n in (0, 3)] == [0, 0]
    assert 0 < paid[2][1] < 4
    assert Contract.objects.get(pk=BTC).funding_hour == venue.state.funding[BTC]["hour"]


@pytest.mark.parametrize("size", [5, 40])
def test_restarts_change_no_row(size: int) -> None:
    venue = a_funded_market()
    project(venue, 10_000)
    at_once = funding_rows()
    assert all(at_once)
    truncate()

    project(venue, size)

    assert funding_rows() == at_once


def test_rebuild_begins_with_empty_tables_and_ends_with_the_same() -> None:
    venue = a_funded_market()
    project(venue, 50)
    before = funding_rows()
    assert all(before)

    truncate()

    assert funding_rows() == [[], [], []]
    project(venue, 50)
    assert funding_rows() == before


@pytest.mark.django_db(transaction=True)
def test_clock_asks_only_for_contracts_whose_hour_has_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The bus is the border here: nobody listens to it.
    monkeypatch.setattr(tasks, "_submit", len)
    now = time.time_ns() // FUNDING_HOUR_NS
    for contract, hour in ((0, now), (1, now - 1), (2, 0)):
        Contract.objects.create(
            id=contract, name=str(contract), underlying_id=0, kind=1, state=2, tick_e8=1,
            lot_e8=1, tick_value_units=1, reference_ticks=1, expiry_ns=0, listed_ns=0,
            funding_hour=hour,
        )  # fmt: skip

    assert tasks.settle_funding() == 2
