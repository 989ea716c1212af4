"""The past of the demonstration's charts (management/recorded_past.py)."""

import numpy as np
import pytest

from exchange.engine.state_machine import StateMachine
from exchange.management.launch import missing_listings
from exchange.management.recorded_past import lay_recorded_past
from exchange.models import Fill, RecordedMinute

pytestmark = pytest.mark.django_db

MINUTE_NS = 60_000_000_000
NOW_NS = 1_789_992_000_000_000_000 + 17_000_000_000


@pytest.fixture(scope="module")
def launched() -> StateMachine:
    machine = StateMachine.create()
    records = np.concatenate(missing_listings(machine.state))
    records["sequence"] = np.arange(1, len(records) + 1)
    machine.apply(records)
    return machine


def test_past_ends_before_this_minute_at_the_first_price(launched: StateMachine) -> None:
    assert lay_recorded_past(launched.state, NOW_NS) == 3

    assert RecordedMinute.objects.count() == 3 * 13_859
    last = RecordedMinute.objects.filter(contract_id=0).order_by("-start_ns")[0]
    assert last.start_ns == NOW_NS - 17_000_000_000 - MINUTE_NS
    assert last.close_ticks == 408_270


def test_past_is_laid_once_and_never_over_trades(launched: StateMachine) -> None:
    Fill.objects.create(
        id=2, trade=1, contract_id=2, account=16, order=1, side=1, flags=0, is_taker=True,
        price_ticks=137_000, quantity_lots=1, remaining_lots=0, fee_units=0, realised_units=0,
        position_lots=1, entry_units=1, mark_ticks=0, index_ticks=0, time_ns=1, sequence=1,
    )  # fmt: skip

    assert lay_recorded_past(launched.state, NOW_NS) == 2
    assert lay_recorded_past(launched.state, NOW_NS + MINUTE_NS) == 0
    assert not RecordedMinute.objects.filter(contract_id=2).exists()
