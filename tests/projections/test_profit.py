"""Quarters of an hour of accounts: once each, whole before the task has run, to the unit."""

import pytest
from django.db import connection

from exchange import profit_reads as reads
from exchange.engine.events import EventKind
from exchange.engine.units import BUY, SELL
from exchange.models import AccountQuarter, QuarterHead
from exchange.pipeline.projections import Projector
from exchange.profit_reads import BEFORE, QUARTER_NS, Flow
from exchange.tasks.profit import fold
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, Story

pytestmark = pytest.mark.django_db

NOON_NS = 1_789_992_000_000_000_000
NOTHING = -1
SMALL = {"fill": 1, "funding": 3, "step": 3, "entry": 5}


def two_quarters() -> Story:
    """Alice buys 6 lots at 100, sells 2 at 130 a quarter of an hour later; Bob is against."""
    story = Story(time_ns=NOON_NS).list_btc().open(ALICE).open(BOB)
    story.deposit(ALICE, 5_000, 5_000).deposit(BOB, 9_000, 9_000)
    story.place(BOB, 1, SELL, 100, 6).place(ALICE, 2, BUY, 100, 6)
    story.fill((BOB, 1, 0), (ALICE, 2, 0), trade=1, side=BUY, ticks=100, lots=6,
               fees=(1, 3), position=(-6, 6))  # fmt: skip
    story.wait(900)
    story.place(BOB, 3, BUY, 130, 2).place(ALICE, 4, SELL, 130, 2)
    story.fill((BOB, 3, 0), (ALICE, 4, 0), trade=2, side=SELL, ticks=130, lots=2,
               fees=(1, 2), position=(-4, 4))  # fmt: skip
    story.then(EventKind.FUNDING_CONVERTED, account=ALICE, contract=BTC_PERPETUAL,
               amount_units=-7, unsettled_units=-7)  # fmt: skip
    story.then(EventKind.LIQUIDATION_STEPPED, account=ALICE, contract=BTC_PERPETUAL,
               stage=2, side=SELL, fee_units=11)  # fmt: skip
    story.then(EventKind.INSURANCE_PAID, account=ALICE, contract=BTC_PERPETUAL,
               amount_units=5)  # fmt: skip
    return story


ALICES = {
    NOON_NS: {
        NOTHING: Flow(outside_units=5_000),
        BTC_PERPETUAL: Flow(
            lots=6, price_lots=600, volume_price_lots=600, trades=1, fee_units=3
        ),
    },
    NOON_NS + QUARTER_NS: {
        BTC_PERPETUAL: Flow(
            lots=-2,
            price_lots=-260,
            volume_price_lots=260,
            trades=1,
            fee_units=2,
            funding_units=-7,
            forced_units=-11 + 5,
        ),
    },
}


def alices() -> reads.Flows:
    return reads.flows(ALICE, NOON_NS, QUARTER_NS)


def test_what_is_not_folded_yet_is_read_from_the_rows() -> None:
    two_quarters().write(Projector())

    assert not AccountQuarter.objects.exists()
    assert alices() == ALICES
    assert reads.began_ns(ALICE) == NOON_NS


def test_folding_changes_no_answer_however_often_and_in_whatever_pieces() -> None:
    two_quarters().write(Projector())

    fold(chunks=SMALL)
    assert alices() == ALICES
    fold()
    assert alices() == ALICES

    rows = AccountQuarter.objects.filter(account=ALICE).order_by("start_ns", "contract")
    assert [(row.contract, row.lots, int(row.price_lots)) for row in rows] == [
        (NOTHING, 0, 0),
        (BTC_PERPETUAL, 6, 600),
        (BTC_PERPETUAL, -2, -260),
    ]
    assert QuarterHead.objects.get().fill == 5  # the taker's side of trade 2


def test_rows_behind_the_head_are_added_to_the_quarter_they_belong_to() -> None:
    story, projector = two_quarters(), Projector()
    story.write(projector)
    fold()
    more = story.next()
    more.place(BOB, 5, SELL, 140, 1).place(ALICE, 6, BUY, 140, 1)
    more.fill((BOB, 5, 0), (ALICE, 6, 0), trade=3, side=BUY, ticks=140, lots=1,
              fees=(0, 4), position=(-5, 5))  # fmt: skip
    more.write(projector)

    before = alices()
    fold()

    assert before[NOON_NS + QUARTER_NS][BTC_PERPETUAL].lots == -1
    assert before[NOON_NS + QUARTER_NS][BTC_PERPETUAL].fee_units == 6
    assert alices() == before


def test_all_that_was_before_the_range_is_one_bucket() -> None:
    two_quarters().write(Projector())

    found = reads.flows(ALICE, NOON_NS + QUARTER_NS, QUARTER_NS)

    assert found[BEFORE] == ALICES[NOON_NS]
    assert found[NOON_NS + QUARTER_NS] == ALICES[NOON_NS + QUARTER_NS]


def test_a_fold_that_is_cut_short_leaves_head_and_quarters_where_they_were() -> None:
    two_quarters().write(Projector())

    class Cut(Exception):
        pass

    def cut(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if sql.startswith('UPDATE "exchange_quarterhead"'):
            raise Cut
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut), pytest.raises(Cut):
        fold()

    assert not AccountQuarter.objects.exists()
    fold()
    assert alices() == ALICES


def test_marks_are_those_in_force_at_each_moment() -> None:
    story = Story(time_ns=NOON_NS).list_btc().mark(600_000, 600_010)
    story.wait(60).mark(601_000, 601_010)
    story.write(Projector())

    moments = [NOON_NS - 10**9, NOON_NS, NOON_NS + 59 * 10**9, NOON_NS + 61 * 10**9]

    assert reads.marks_at(BTC_PERPETUAL, moments) == [None, 600_000, 600_000, 601_000]
