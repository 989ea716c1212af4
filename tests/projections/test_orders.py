"""Events of orders become rows of Order and Fill, each order written once a batch."""

import pytest

from exchange.engine.events import EventKind
from exchange.engine.units import BUY, SELL
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
