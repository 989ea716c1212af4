"""The second opinion agrees with the engine to the unit, or says so loudly."""

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import LIQUIDATE
from exchange.engine.health import equity_and_maintenance
from exchange.models import Alarm, MarginSweep
from exchange.tasks import sweep
from exchange.tasks.health import health_of_range
from exchange.tasks.sweep import sweep_range
from tests.engine.venue import BTC, SOL, UNITS, Venue, make_venue
from tests.projections.test_against_engine import random_market

pytestmark = pytest.mark.django_db
FIRST = units.FIRST_USER_ACCOUNT


def traded() -> tuple[Venue, int, int]:
    """Alice is long one BTC at 60,000.0 against Bob, each with 10,000 USDC."""
    venue = make_venue()
    alice, bob = venue.open_funded(10_000 * UNITS), venue.open_funded(10_000 * UNITS)
    venue.trade(alice, bob, BTC, 600_000, 1_000)
    return venue, alice, bob


def test_health_of_a_long_and_a_short_is_what_the_specification_says() -> None:
    venue, alice, bob = traded()

    health = health_of_range(venue.state, alice, bob + 1)

    # 10,000 less the fees of 60,000: 0.05 % as taker, 0.02 % as maker. Maintenance is 1 %.
    assert health.equity.tolist() == [9_970_000_000, 9_988_000_000]
    assert health.maintenance.tolist() == [600_000_000, 600_000_000]
    assert health.is_active.tolist() == [1, 1]


def test_margin_above_the_floor_is_exact_beyond_63_bits() -> None:
    venue = make_venue()
    whales = [venue.open_funded(2_000_000_000 * UNITS) for _ in range(2)]
    venue.trade(whales[0], whales[1], SOL, 150_000, 2_000_000)

    health = health_of_range(venue.state, whales[0], whales[1] + 1)

    # 30 M at 5 %: 1.5 M + 1.5 M x 29.5 M / 4.5 M = 11,333,333.333334; half of it, rounded up.
    assert health.maintenance.tolist() == [5_666_666_666_667, 5_666_666_666_667]


@pytest.mark.parametrize("seed", [4, 5])
def test_both_opinions_agree_to_the_unit_on_a_random_market(seed: int) -> None:
    state = random_market(seed).state
    last = FIRST + 20

    health = health_of_range(state, FIRST, last)

    for account in range(FIRST, last):
        row = account - FIRST
        ours = int(health.equity[row]), int(health.maintenance[row])
        assert ours == tuple(equity_and_maintenance(state, account))


def test_sweep_of_a_healthy_venue_reports_and_proposes_nothing() -> None:
    venue, alice, bob = traded()

    report, proposals = sweep_range(venue.state, venue.sequence, FIRST, bob + 1)

    stored = MarginSweep.objects.get()
    assert stored == report
    assert (stored.sequence, stored.last_account) == (venue.sequence, bob)
    assert (stored.accounts, stored.under_water, stored.disagreements) == (2, 0, 0)
    assert int(stored.equity_units) == 19_958_000_000
    assert int(stored.maintenance_units) == 1_200_000_000
    assert proposals.size == 0
    assert not Alarm.objects.exists()
    assert alice < bob


def test_account_under_water_that_the_engine_missed_is_proposed() -> None:
    venue, alice, bob = traded()
    # A fall that no mark update told the engine about: 60,000.0 -> 50,600.0.
    venue.state.contracts["mark_ticks"][BTC] = 506_000

    report, proposals = sweep_range(venue.state, venue.sequence, FIRST, bob + 1)

    assert (report.under_water, report.proposed, report.disagreements) == (0, 0, 0)
    venue.state.contracts["mark_ticks"][BTC] = 505_000
    report, proposals = sweep_range(venue.state, venue.sequence, FIRST, bob + 1)
    assert (report.under_water, report.proposed) == (1, 1)
    assert proposals.view(LIQUIDATE)["account"].tolist() == [alice]


def test_account_in_liquidation_is_not_proposed_again() -> None:
    venue, alice, bob = traded()
    venue.state.contracts["mark_ticks"][BTC] = 505_000
    venue.state.accounts["liquidation_stage"][alice] = 2

    report, proposals = sweep_range(venue.state, venue.sequence, FIRST, bob + 1)

    assert (report.under_water, report.proposed, proposals.size) == (1, 0, 0)


def test_disagreement_is_an_alarm_once_and_nothing_is_proposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue, alice, bob = traded()
    venue.state.contracts["mark_ticks"][BTC] = 505_000

    def mistaken(state: object, first: int, last: int) -> object:
        health = health_of_range(venue.state, first, last)
        return health._replace(equity=health.equity - (np.arange(first, last) == alice))

    monkeypatch.setattr(sweep, "health_of_range", mistaken)
    for _ in range(2):
        report, proposals = sweep_range(venue.state, venue.sequence, FIRST, bob + 1)

    assert (report.disagreements, report.under_water, proposals.size) == (1, 1, 0)
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.account, alarm.sequence) == (sweep.ALARM, alice, venue.sequence)
    assert alarm.details["engine_equity_units"] - alarm.details["sweep_equity_units"] == 1


def test_random_market_is_worth_its_name() -> None:
    """Some account ends with a position, or the agreement above would say little."""
    state = random_market(4).state
    assert (state.positions["lots"] != 0).any()
