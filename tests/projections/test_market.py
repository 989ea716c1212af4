"""Marks and indices: the last of each second is kept, the latest stands on its contract."""

import pytest

from exchange.engine.events import EventKind
from exchange.engine.units import ORACLE_VALID
from exchange.models import Contract, IndexHistory, MarkHistory, Underlying
from exchange.pipeline.projections import Projector
from tests.projections.story import BTC_PERPETUAL, START_NS, Story

pytestmark = pytest.mark.django_db
START_SECOND = 1_790_000_000


def test_mark_history_keeps_the_last_of_each_second_across_batches() -> None:
    projector = Projector()
    one = Story().list_btc().mark(600_000, 1).mark(600_001, 2)
    one.write(projector)
    two = one.next()
    two.time_ns += 999_999_999
    two.mark(600_002, 3)
    two.time_ns += 1
    two.mark(600_003, 4)

    two.write(projector)

    history = MarkHistory.objects.order_by("id").values_list("id", "mark_ticks", "index_ticks")
    assert list(history) == [(START_SECOND, 600_002, 3), (START_SECOND + 1, 600_003, 4)]


def test_latest_mark_stands_on_its_contract() -> None:
    Story().list_btc().mark(600_000, 1).wait(3).mark(600_500, 600_490).write(Projector())

    contract = Contract.objects.get(pk=BTC_PERPETUAL)
    assert (contract.mark_ticks, contract.index_ticks) == (600_500, 600_490)
    assert (contract.mark_ns, contract.open_interest_lots) == (START_NS + 3_000_000_000, 5)


def test_index_has_history_and_stands_on_its_underlying() -> None:
    story = Story().list_btc().then(
        EventKind.INDEX_UPDATED, account=-1, underlying=0, index_e8=6_000_000_000_000,
        status=ORACLE_VALID, fresh=5, confidence_e8=7,
    )  # fmt: skip

    story.write(Projector())

    row = IndexHistory.objects.get()
    assert (row.index_e8, row.fresh_sources, row.confidence_e8) == (6_000_000_000_000, 5, 7)
    underlying = Underlying.objects.get()
    assert (underlying.index_e8, underlying.status) == (6_000_000_000_000, ORACLE_VALID)
