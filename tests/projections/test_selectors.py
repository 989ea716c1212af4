"""Reads: order, pages, and one query each."""

import pytest
from pytest_django import DjangoAssertNumQueries

from exchange import history_reads, selectors
from exchange.engine.events import EventKind
from exchange.engine.units import BUY
from exchange.history_reads import Window
from exchange.models import Order
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, START_NS, Story, a_day_of_trading

pytestmark = pytest.mark.django_db


@pytest.fixture
def traded() -> None:
    projector = Projector()
    for story in a_day_of_trading():
        story.write(projector)


def many_cancelled_orders(count: int) -> Story:
    story = Story()
    for order in range(1, count + 1):
        story.place(ALICE, order, BUY, 100, 1).cancel(ALICE, order, 1)
    return story


def test_order_history_is_read_page_by_page_without_gaps_or_repeats() -> None:
    projector = Projector()
    story = many_cancelled_orders(7)
    story.write(projector)

    first = history_reads.order_history(ALICE, Window(limit=3))
    story.next().place(ALICE, 8, BUY, 100, 1).cancel(ALICE, 8, 1).write(projector)
    second = history_reads.order_history(ALICE, Window(limit=3, before=first.before))
    third = history_reads.order_history(ALICE, Window(limit=3, before=second.before))

    assert [order.id for order in first.rows] == [7, 6, 5]
    assert [order.id for order in second.rows] == [4, 3, 2]
    assert [order.id for order in third.rows] == [1]
    assert third.before is None


def test_last_full_page_says_that_it_is_the_last() -> None:
    many_cancelled_orders(3).write(Projector())

    assert history_reads.order_history(ALICE, Window(limit=3)).before is None


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_page_of_an_impossible_size_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="Expected a limit of 1 to 1000"):
        history_reads.order_history(ALICE, Window(limit=limit))


@pytest.mark.usefixtures("traded")
def test_order_history_is_the_accounts_own() -> None:
    assert [order.id for order in history_reads.order_history(ALICE).rows] == [104, 102, 101]
    assert [order.id for order in history_reads.order_history(BOB).rows] == [105, 103]


@pytest.mark.usefixtures("traded")
def test_order_is_shown_to_its_owner_only() -> None:
    assert history_reads.order(ALICE, 101) is not None
    assert history_reads.order(BOB, 101) is None


@pytest.mark.usefixtures("traded")
def test_fills_of_an_account_and_of_an_order() -> None:
    assert [fill.trade for fill in history_reads.account_fills(ALICE).rows] == [2, 1]
    assert [fill.order for fill in history_reads.account_fills(BOB, order_id=103).rows] == [103]
    since = START_NS + 62_000_000_000
    assert [
        fill.trade for fill in history_reads.account_fills(BOB, Window(since_ns=since)).rows
    ] == [2]


@pytest.mark.usefixtures("traded")
def test_tape_shows_each_trade_once_from_the_taker_side() -> None:
    first = history_reads.trades(Window(limit=1, contracts=[BTC_PERPETUAL]))
    second = history_reads.trades(
        Window(limit=1, before=first.before, contracts=[BTC_PERPETUAL])
    )

    assert [(fill.trade, fill.account) for fill in first.rows + second.rows] == [
        (2, BOB),
        (1, BOB),
    ]
    assert history_reads.trades(Window(contracts=[7])).rows == []


@pytest.mark.usefixtures("traded")
def test_ledger_deposits_and_withdrawals() -> None:
    assert [entry.amount_units for entry in history_reads.ledger(ALICE).rows] == [
        -82,
        -6,
        -12,
        5_000,
    ]
    assert [row.reference for row in history_reads.deposits(ALICE).rows] == [7]
    assert history_reads.withdrawals(ALICE).rows == []


@pytest.mark.usefixtures("traded")
def test_contracts_come_with_their_underlyings_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        listed = [(row.name, row.underlying.name) for row in selectors.contracts()]

    assert listed == [("BTC_USDC-PERPETUAL", "BTC")]


@pytest.mark.usefixtures("traded")
def test_mark_history_is_oldest_first_and_cut_at_the_range() -> None:
    whole = selectors.mark_history(BTC_PERPETUAL, START_NS, START_NS + 100_000_000_000)
    newest = selectors.mark_history(
        BTC_PERPETUAL, START_NS, START_NS + 100_000_000_000, limit=1
    )
    earlier = selectors.mark_history(BTC_PERPETUAL, START_NS, START_NS + 1)

    assert [row.mark_ticks for row in whole] == [600_000, 599_500]
    assert [row.mark_ticks for row in newest] == [599_500]
    assert [row.mark_ticks for row in earlier] == [600_000]


def test_liquidations_of_an_account_and_of_the_venue() -> None:
    story = Story()
    for account in (ALICE, BOB):
        story.then(EventKind.LIQUIDATION_STARTED, account=account, maintenance_units=9)
        story.also(EventKind.LIQUIDATION_STEPPED, account=account, contract=BTC_PERPETUAL)
    story.write(Projector())

    assert [row.account for row in selectors.liquidations().rows] == [BOB, ALICE]
    assert [row.account for row in selectors.liquidations(ALICE).rows] == [ALICE]
    steps = selectors.liquidation_steps(contract=BTC_PERPETUAL, limit=1)
    assert [row.account for row in steps.rows] == [BOB]
    assert steps.before is not None


def test_time_is_found_as_an_id_wherever_it_lies() -> None:
    story = Story()
    for order in (3, 10, 11, 400):
        story.wait(5).place(ALICE, order, BUY, 100, 1)
    story.write(Projector())

    def first(seconds: int) -> int | None:
        at_ns = START_NS + seconds * 1_000_000_000
        return history_reads.first_since(Order, "created_ns", at_ns)

    assert [first(seconds) for seconds in (0, 5, 6, 10, 15, 16, 20)] == [
        3, 3, 10, 10, 11, 400, 400,
    ]  # fmt: skip
    assert first(21) is None


def test_label_is_looked_for_among_the_newest_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    for order, label in ((1, 7), (2, 7), (3, 8), (4, 7)):
        story.place(ALICE, order, BUY, 100, 1, label=label)
    story.place(BOB, 5, BUY, 100, 1, label=7).write(Projector())

    def ids(account: int) -> list[int]:
        return [order.id for order in history_reads.labelled_orders(account, 7).rows]

    assert (ids(ALICE), ids(BOB)) == ([4, 2, 1], [5])
    monkeypatch.setattr(history_reads, "LABELS_REACH", 3)
    assert ids(ALICE) == [4, 2]


def test_time_is_found_in_no_rows_at_all() -> None:
    assert history_reads.first_since(Order, "created_ns", START_NS) is None


@pytest.mark.usefixtures("traded")
def test_window_is_cut_by_time_before_its_page_is() -> None:
    late = START_NS + 62_000_000_000

    oldest = history_reads.trades(Window(limit=1, is_ascending=True))
    newest = history_reads.trades(Window(limit=1, since_ns=late, is_ascending=True))
    early = history_reads.trades(Window(limit=1, until_ns=late - 1))

    assert [[fill.trade for fill in page.rows] for page in (oldest, newest, early)] == [
        [1],
        [2],
        [1],
    ]
    assert oldest.before is not None
    assert newest.before is None
