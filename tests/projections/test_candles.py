"""Candles: exact, once each, and whole even before the task has folded the last fills."""

import pytest
from django.db import connection

from exchange import selectors
from exchange.engine.units import BUY
from exchange.models import Candle, CandleHead, RecordedMinute
from exchange.pipeline.projections import Projector
from exchange.selectors import CandleRow, DayStats
from exchange.tasks.candles import RESOLUTIONS_MINUTES, roll_up
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, Story

pytestmark = pytest.mark.django_db

MINUTE = 60_000_000_000
# 20 seconds into a minute, and 20 minutes and 20 seconds into an hour.
NOON_NS = 1_789_992_000_000_000_000
AT_NS = NOON_NS + 20 * MINUTE + 20_000_000_000


def trades(*prices_and_lots: tuple[int, int], seconds_apart: int = 10) -> Story:
    """Trades one after the other, numbered from 1, the first at AT_NS."""
    story = Story(time_ns=AT_NS)
    for trade, (ticks, lots) in enumerate(prices_and_lots, start=1):
        story.place(ALICE, 2 * trade, -BUY, ticks, lots).place(
            BOB, 2 * trade + 1, BUY, ticks, lots
        )
        story.fill((ALICE, 2 * trade, 0), (BOB, 2 * trade + 1, 0), trade=trade, side=BUY,
                   ticks=ticks, lots=lots)  # fmt: skip
        story.wait(seconds_apart)
    return story


def minute_candles() -> list[tuple[int, ...]]:
    rows = Candle.objects.filter(minutes=1).order_by("start_ns")
    return [
        (row.start_ns, row.open_ticks, row.high_ticks, row.low_ticks, row.close_ticks,
         row.volume_lots, int(row.volume_price_lots), row.trades)
        for row in rows
    ]  # fmt: skip


FIVE_TRADES = ((100, 2), (110, 1), (90, 3), (95, 1), (120, 5))
TWO_MINUTES = [
    (NOON_NS + 20 * MINUTE, 100, 110, 90, 95, 7, 675, 4),
    (NOON_NS + 21 * MINUTE, 120, 120, 120, 120, 5, 600, 1),
]


def test_fills_become_candles_of_every_resolution() -> None:
    trades(*FIVE_TRADES).write(Projector())

    roll_up()

    assert minute_candles() == TWO_MINUTES
    found = Candle.objects.values_list("minutes", "start_ns", "trades").order_by(
        "minutes", "start_ns"
    )
    assert list(found)[2:] == [
        (3, NOON_NS + 18 * MINUTE, 4),
        (3, NOON_NS + 21 * MINUTE, 1),
        (5, NOON_NS + 20 * MINUTE, 5),
        (10, NOON_NS + 20 * MINUTE, 5),
        (15, NOON_NS + 15 * MINUTE, 5),
        (30, NOON_NS, 5),
        (60, NOON_NS, 5),
        (120, NOON_NS, 5),
        (180, NOON_NS, 5),
        (360, NOON_NS, 5),
        (720, NOON_NS, 5),
        (1_440, NOON_NS - 720 * MINUTE, 5),
    ]
    assert {minutes for minutes, *_ in found} == set(RESOLUTIONS_MINUTES)


def test_rolling_up_again_changes_nothing() -> None:
    trades(*FIVE_TRADES).write(Projector())
    roll_up()

    assert roll_up() == 11

    assert minute_candles() == TWO_MINUTES


def test_candle_grows_when_its_interval_goes_on() -> None:
    projector = Projector()
    story = trades(*FIVE_TRADES[:2])
    story.write(projector)
    roll_up()
    rest = story.next()
    for trade, (ticks, lots) in enumerate(FIVE_TRADES[2:], start=3):
        rest.place(ALICE, 2 * trade, -BUY, ticks, lots).place(
            BOB, 2 * trade + 1, BUY, ticks, lots
        )
        rest.fill((ALICE, 2 * trade, 0), (BOB, 2 * trade + 1, 0), trade=trade, side=BUY,
                  ticks=ticks, lots=lots)  # fmt: skip
        rest.wait(10)
    rest.write(projector)

    roll_up()

    assert minute_candles() == TWO_MINUTES


def test_catching_up_in_small_pieces_gives_the_same_candles() -> None:
    trades(*FIVE_TRADES).write(Projector())

    roll_up(chunk=2)

    assert minute_candles() == TWO_MINUTES
    assert CandleHead.objects.get().fill == 11


def test_failure_in_the_middle_changes_nothing() -> None:
    trades(*FIVE_TRADES).write(Projector())

    def cut_the_wire(execute, sql, *rest):  # type: ignore[no-untyped-def]
        if sql.startswith('UPDATE "exchange_candlehead"'):
            raise ConnectionError("cut")
        return execute(sql, *rest)

    with connection.execute_wrapper(cut_the_wire), pytest.raises(ConnectionError):
        roll_up()

    assert minute_candles() == []
    roll_up()
    assert minute_candles() == TWO_MINUTES


@pytest.mark.parametrize("folded", [0, 2, 5])
def test_chart_is_whole_however_much_was_folded(folded: int) -> None:
    projector = Projector()
    story = trades(*FIVE_TRADES)
    story.write(projector)
    if folded:
        roll_up()
    if folded == 2:
        late = story.next()
        late.place(ALICE, 20, -BUY, 80, 1).place(BOB, 21, BUY, 80, 1)
        late.fill((ALICE, 20, 0), (BOB, 21, 0), trade=6, side=BUY, ticks=80, lots=1)
        late.write(projector)

    rows = selectors.candles(BTC_PERPETUAL, 5, NOON_NS, NOON_NS + 60 * MINUTE)

    if folded == 2:
        assert rows == [CandleRow(NOON_NS + 20 * MINUTE, 100, 120, 80, 80, 13, 1_355, 6)]
    else:
        assert rows == [CandleRow(NOON_NS + 20 * MINUTE, 100, 120, 90, 120, 12, 1_275, 5)]


def test_chart_holds_the_candles_that_begin_inside_the_range() -> None:
    trades(*FIVE_TRADES).write(Projector())
    roll_up()

    inside = selectors.candles(
        BTC_PERPETUAL, 1, NOON_NS + 20 * MINUTE + 1, NOON_NS + 21 * MINUTE + 1
    )

    assert [row.start_ns for row in inside] == [NOON_NS + 21 * MINUTE]


def test_recorded_minutes_make_candles_without_volume() -> None:
    for minute, (opened, high, low, close) in enumerate(
        [(100, 104, 99, 101), (101, 103, 97, 98), (98, 99, 90, 95)]
    ):
        RecordedMinute.objects.create(
            contract_id=BTC_PERPETUAL,
            start_ns=NOON_NS + (3 + minute) * MINUTE,
            open_ticks=opened,
            high_ticks=high,
            low_ticks=low,
            close_ticks=close,
        )

    rows = selectors.recorded_candles(BTC_PERPETUAL, 5, NOON_NS, NOON_NS + 60 * MINUTE)

    assert rows == [
        CandleRow(NOON_NS, 100, 104, 97, 98, 0, 0, 0),
        CandleRow(NOON_NS + 5 * MINUTE, 98, 99, 90, 95, 0, 0, 0),
    ]
    assert selectors.candles(BTC_PERPETUAL, 5, NOON_NS, NOON_NS + 60 * MINUTE) == []
    assert selectors.day_stats() == {}


def test_day_stats_cover_the_last_24_hours() -> None:
    projector = Projector()
    story = trades(*FIVE_TRADES)
    story.write(projector)
    roll_up()
    late = story.next().wait(86_400 - 10)
    late.place(ALICE, 20, -BUY, 80, 1).place(BOB, 21, BUY, 80, 1)
    late.fill((ALICE, 20, 0), (BOB, 21, 0), trade=6, side=BUY, ticks=80, lots=1)
    late.write(projector)

    stats = selectors.day_stats()

    # Of the first day only the trade in its second minute is younger than 24 hours.
    assert stats == {BTC_PERPETUAL: DayStats(BTC_PERPETUAL, 120, 120, 80, 80, 6, 680, 2)}
