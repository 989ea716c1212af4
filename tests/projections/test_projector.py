"""Exactly once: whatever is offered twice, cut off, or done again from the start."""

from typing import Any

import numpy as np
import pytest
from django.db import connection

from exchange.engine.events import EVENT
from exchange.models import Account, Order, ProjectionHead
from exchange.pipeline.projections import PROJECTED, ProjectionGap, Projector, truncate
from tests.projections.story import ALICE, BOB, START_NS, Story, a_day_of_trading

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list[dict[str, Any]]]:
    """All projected rows, by table."""
    return {
        model.__name__: [dict(row) for row in model._default_manager.order_by("pk").values()]
        for model in PROJECTED
    }


def test_same_batch_again_changes_nothing() -> None:
    projector = Projector()
    stories = a_day_of_trading()
    for story in stories:
        story.write(projector)
    before = everything()

    repeated = [story.write(projector) for story in stories]

    assert repeated == [0, 0, 0]
    assert everything() == before


def test_batch_that_overlaps_the_head_adds_only_what_is_new() -> None:
    one, two, _ = a_day_of_trading()
    projector = Projector()
    one.write(projector)
    events = np.concatenate([one.events(), two.events()])

    added = projector.write(events, first=1, through=two.sequence, time_ns=two.time_ns)

    assert added == two.events().size
    assert ProjectionHead.objects.get().sequence == two.sequence


def test_crash_in_the_middle_of_a_batch_changes_nothing() -> None:
    one, two, three = a_day_of_trading()
    projector = Projector()
    one.write(projector)
    before = everything()

    def cut_the_wire(execute: Any, sql: str, *rest: Any) -> Any:
        if "exchange_vault" in sql and sql.startswith("INSERT"):
            raise ConnectionError("cut")
        return execute(sql, *rest)

    with connection.execute_wrapper(cut_the_wire), pytest.raises(ConnectionError):
        two.write(projector)
    assert everything() == before
    two.write(projector)
    three.write(projector)
    after_the_crash = everything()
    truncate()
    projector = Projector()
    for story in (one, two, three):
        story.write(projector)

    assert everything() == after_the_crash


def test_new_projector_goes_on_where_the_last_one_stopped() -> None:
    stories = a_day_of_trading()
    projector = Projector()
    for story in stories:
        story.write(projector)
    by_one = everything()
    truncate()

    for story in stories:
        story.write(Projector())

    assert everything() == by_one


def test_rival_projector_drops_what_the_other_wrote() -> None:
    one, two, _ = a_day_of_trading()
    first, second = Projector(), Projector()
    one.write(first)

    assert one.write(second) == 0
    assert two.write(second) == two.events().size
    assert two.write(first) == 0


def test_commands_without_events_move_the_head() -> None:
    projector = Projector()

    Story().silence(5).write(projector)

    head = ProjectionHead.objects.get()
    assert (head.sequence, head.events, head.time_ns) == (5, 0, START_NS)


def test_gap_is_refused() -> None:
    projector = Projector()

    with pytest.raises(ProjectionGap, match="Expected command 1, was 4"):
        projector.write(np.zeros(0, EVENT), first=4, through=6, time_ns=START_NS)


def test_truncate_empties_every_projected_table() -> None:
    Story().open(ALICE).open(BOB).write(Projector())

    truncate()

    assert not Account.objects.exists()
    assert not Order.objects.exists()
    assert Projector().sequence == 0
