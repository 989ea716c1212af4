"""Events of orders become rows of Order and Fill, each order written once a batch."""

import pytest

from exchange.engine.events import EventKind
from exchange.engine.units import (
    BUY,
    FLAG_DORMANT,
    FLAG_LINKED,
    FLAG_REDUCE_ONLY,
    FLAG_TRIGGERED,
    SELL,
    TRIGGER_LAST,
    TYPE_STOP_LIMIT,
    TYPE_TRAILING_STOP,
)
from exchange.models import Fill, Order
from exchange.models.trading import OrderState
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, START_NS, Story, a_day_of_trading

pytestmark = pytest.mark.django_db


def test_order_accepted_is_open() -> None:
    Story().place(ALICE, 101, BUY, 599_000, 10, label=77).write(Projector())

    order = Order.objects.get()
    assert (order.id, order.account, order.contract_id) == (101, ALICE, BTC_PERPETUAL)
    assert (order.side, order.price_ticks, order.quantity_lots) == (BUY, 599_000, 10)
    assert (order.state, order.remaining_lots, order.filled_lots) == (OrderState.OPEN, 10, 0)
    assert (order.label, order.created_ns, order.sequence) == (77, START_NS, 1)


def test_order_born_and_filled_in_one_batch_is_written_once_in_its_last_state() -> None:
    story = Story().place(ALICE, 101, BUY, 599_000, 10).place(BOB, 102, SELL, 598_000, 10)
    story.fill((ALICE, 101, 6), (BOB, 102, 6), trade=1, side=SELL, ticks=599_000, lots=4,
               fees=(8, 20))  # fmt: skip
    story.fill((ALICE, 101, 0), (BOB, 102, 0), trade=2, side=SELL, ticks=599_000, lots=6,
               fees=(12, 30), realised=(0, -5))  # fmt: skip

    story.write(Projector())

    taker = Order.objects.get(pk=102)
    assert (taker.state, taker.remaining_lots, taker.filled_lots) == (OrderState.FILLED, 0, 10)
    assert (taker.filled_price_lots, taker.fee_units) == (5_990_000, 50)
    assert taker.realised_units == -5
    assert Order.objects.get(pk=101).fee_units == 20


def test_order_cancelled_in_a_later_batch_keeps_what_it_filled() -> None:
    projector = Projector()
    story = Story().place(ALICE, 101, BUY, 599_000, 10).place(BOB, 102, SELL, 599_000, 3)
    story.fill((ALICE, 101, 7), (BOB, 102, 0), trade=1, side=SELL, ticks=599_000, lots=3)
    story.write(projector)

    story.next().wait(5).cancel(ALICE, 101, 7, filled=3, reason=5).write(projector)

    order = Order.objects.get(pk=101)
    assert (order.state, order.remaining_lots) == (OrderState.CANCELLED, 0)
    assert (order.filled_lots, order.cancelled_lots, order.cancel_reason) == (3, 7, 5)
    assert (order.created_ns, order.updated_ns) == (START_NS, START_NS + 5_000_000_000)


def test_order_filled_then_cancelled_in_one_batch_ends_cancelled() -> None:
    story = Story().place(ALICE, 101, BUY, 599_000, 10).place(BOB, 102, SELL, 599_000, 15)
    story.fill((ALICE, 101, 0), (BOB, 102, 5), trade=1, side=SELL, ticks=599_000, lots=10)
    story.also(EventKind.ORDER_CANCELLED, account=BOB, contract=BTC_PERPETUAL, order=102,
               quantity_lots=5, filled_lots=10, reason=2)  # fmt: skip

    story.write(Projector())

    order = Order.objects.get(pk=102)
    assert (order.state, order.remaining_lots) == (OrderState.CANCELLED, 0)
    assert (order.filled_lots, order.cancelled_lots, order.cancel_reason) == (10, 5, 2)


def test_order_amended_takes_new_price_quantity_and_remainder() -> None:
    projector = Projector()
    one = Story().place(ALICE, 101, BUY, 599_000, 10)
    one.write(projector)

    two = one.next().wait(2).then(
        EventKind.ORDER_AMENDED, account=ALICE, contract=BTC_PERPETUAL, order=101, side=BUY,
        price_ticks=598_000, quantity_lots=4, remaining_lots=4,
    )  # fmt: skip
    two.write(projector)

    order = Order.objects.get()
    assert (order.price_ticks, order.quantity_lots, order.remaining_lots) == (598_000, 4, 4)
    assert (order.state, order.cancelled_lots) == (OrderState.OPEN, 0)


def test_dormant_order_goes_live_with_what_its_entry_filled() -> None:
    projector = Projector()
    dormant = FLAG_REDUCE_ONLY | FLAG_LINKED | FLAG_DORMANT
    one = Story().place(ALICE, 101, SELL, 601_000, 10, flags=dormant)
    one.write(projector)

    two = one.next().wait(2).then(
        EventKind.ORDER_ACTIVATED, account=ALICE, contract=BTC_PERPETUAL, order=101, side=SELL,
        flags=FLAG_REDUCE_ONLY | FLAG_LINKED, price_ticks=601_000, quantity_lots=3,
        remaining_lots=3, previous_price_ticks=601_000, previous_remaining_lots=10,
    )  # fmt: skip
    two.write(projector)

    order = Order.objects.get()
    assert (order.quantity_lots, order.remaining_lots) == (3, 3)
    assert (order.flags, order.state) == (FLAG_REDUCE_ONLY | FLAG_LINKED, OrderState.OPEN)


def test_order_cut_by_a_fill_keeps_its_price_and_loses_the_surplus() -> None:
    projector = Projector()
    one = Story().place(ALICE, 101, SELL, 601_000, 10).place(ALICE, 102, SELL, 600_000, 4)
    one.write(projector)

    two = one.next().wait(2).place(BOB, 103, BUY, 600_000, 4)
    two.fill((ALICE, 102, 0), (BOB, 103, 0), trade=1, side=BUY, ticks=600_000, lots=4)
    two.also(EventKind.ORDER_REDUCED, account=ALICE, contract=BTC_PERPETUAL, order=101,
             side=SELL, price_ticks=601_000, quantity_lots=6, remaining_lots=6,
             cut_lots=4)  # fmt: skip
    two.write(projector)

    order = Order.objects.get(pk=101)
    assert (order.price_ticks, order.quantity_lots, order.remaining_lots) == (601_000, 6, 6)
    assert (order.state, order.filled_lots, order.cancelled_lots) == (OrderState.OPEN, 0, 0)


STOP = TYPE_STOP_LIMIT | TRIGGER_LAST
FIRED = STOP | FLAG_TRIGGERED
TERMS = {"account": ALICE, "contract": BTC_PERPETUAL, "order": 101, "side": BUY}


def stop(story: Story) -> Story:
    return story.then(EventKind.ORDER_ACCEPTED, **TERMS, flags=STOP, price_ticks=601_000,
                      quantity_lots=10, trigger_ticks=600_500)  # fmt: skip


def fire(story: Story, lots: int = 10) -> Story:
    return story.then(EventKind.ORDER_TRIGGERED, **TERMS, flags=FIRED, price_ticks=601_000,
                      quantity_lots=lots, trigger_ticks=600_500,
                      fired_ticks=600_600)  # fmt: skip


def test_order_that_waits_is_open_and_knows_its_trigger() -> None:
    stop(Story()).write(Projector())

    order = Order.objects.get()
    assert (order.flags, order.trigger_ticks, order.offset_ticks) == (STOP, 600_500, 0)
    assert (order.state, order.remaining_lots, order.reject_reason) == (OrderState.OPEN, 10, 0)


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_order_that_fires_takes_its_clamped_size_and_trades(is_one_batch: bool) -> None:
    projector = Projector()
    story = stop(Story())
    if not is_one_batch:
        story.write(projector)
        story = story.next()
    fire(story, lots=7).place(BOB, 102, SELL, 601_000, 3)
    story.fill((ALICE, 101, 4), (BOB, 102, 0), trade=1, side=SELL, ticks=601_000, lots=3)
    story.then(EventKind.ORDER_AMENDED, **TERMS, flags=FIRED, price_ticks=600_900,
               quantity_lots=6, remaining_lots=3)  # fmt: skip

    story.write(projector)

    order = Order.objects.get(pk=101)
    assert (order.flags, order.trigger_ticks) == (FIRED, 600_500)
    assert (order.price_ticks, order.quantity_lots) == (600_900, 6)
    assert (order.remaining_lots, order.filled_lots, order.state) == (3, 3, OrderState.OPEN)


def test_order_refused_when_it_fires_is_cancelled_with_the_reason() -> None:
    projector = Projector()
    one = stop(Story())
    one.write(projector)

    two = fire(one.next())
    two.also(EventKind.ORDER_CANCELLED, **TERMS, flags=FIRED, quantity_lots=10, reason=9,
             reject_reason=400)  # fmt: skip
    two.write(projector)

    order = Order.objects.get()
    assert (order.state, order.cancelled_lots) == (OrderState.CANCELLED, 10)
    assert (order.cancel_reason, order.reject_reason) == (9, 400)


def test_trailing_stop_keeps_the_trigger_that_was_told_last() -> None:
    projector = Projector()
    flags = {"flags": TYPE_TRAILING_STOP, "quantity_lots": 10}
    story = Story().then(EventKind.ORDER_ACCEPTED, **TERMS, **flags, trigger_ticks=601_000,
                         offset_ticks=1_000)  # fmt: skip
    story.write(projector)

    two = story.next().then(EventKind.TRIGGER_MOVED, **TERMS, flags=TYPE_TRAILING_STOP,
                            trigger_ticks=600_700, previous_trigger_ticks=601_000,
                            offset_ticks=1_000, best_ticks=599_700)  # fmt: skip
    two.write(projector)
    moved = Order.objects.get()
    three = two.next().then(EventKind.ORDER_AMENDED, **TERMS, **flags, remaining_lots=10,
                            trigger_ticks=600_200, offset_ticks=500)  # fmt: skip
    three.write(projector)

    assert (moved.trigger_ticks, moved.offset_ticks) == (600_700, 1_000)
    assert (moved.quantity_lots, moved.remaining_lots) == (10, 10)
    edited = Order.objects.get()
    assert (edited.trigger_ticks, edited.offset_ticks) == (600_200, 500)


def test_fill_stands_beside_its_counterpart_and_knows_the_mark() -> None:
    projector = Projector()
    one = Story().list_btc().mark(600_000, 600_010)
    one.write(projector)
    two = one.next().place(ALICE, 101, BUY, 599_000, 9).place(BOB, 102, SELL, 599_000, 3)
    two.fill((ALICE, 101, 6), (BOB, 102, 0), trade=1, side=SELL, ticks=599_000, lots=3)
    two.mark(599_500, 599_600).place(BOB, 103, SELL, 599_000, 3)
    two.fill((ALICE, 101, 3), (BOB, 103, 0), trade=2, side=SELL, ticks=599_000, lots=3,
             fees=(4, 9), realised=(1, -1), position=(6, -6))  # fmt: skip

    two.write(projector)

    first, second = Fill.objects.filter(is_taker=True).order_by("id")
    assert (first.id, first.trade, first.mark_ticks, first.index_ticks) == (
        3,
        1,
        600_000,
        600_010,
    )
    assert (second.id, second.mark_ticks, second.index_ticks) == (5, 599_500, 599_600)
    assert (second.account, second.order, second.side) == (BOB, 103, SELL)
    assert (second.fee_units, second.realised_units, second.position_lots) == (9, -1, -6)
    maker = Fill.objects.get(pk=4)
    assert (maker.account, maker.is_taker, maker.side, maker.fee_units) == (
        ALICE,
        False,
        BUY,
        4,
    )


def test_orders_are_the_same_however_the_events_were_batched() -> None:
    one, two, three = a_day_of_trading()
    projector = Projector()
    for story in (one, two, three):
        story.write(projector)
    separately = list(Order.objects.order_by("id").values())
    Order.objects.all().delete()
    together = Story()
    together._rows = one._rows + two._rows + three._rows
    together.sequence, together.time_ns = three.sequence, three.time_ns

    from exchange.pipeline.projections import truncate

    truncate()
    together.write(Projector())

    assert list(Order.objects.order_by("id").values()) == separately


def test_fill_of_an_unknown_order_stops_the_projector() -> None:
    with pytest.raises(AssertionError, match="never accepted"):
        Story().cancel(ALICE, 101, 4).write(Projector())
