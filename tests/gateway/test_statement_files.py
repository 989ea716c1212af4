"""Statements: opening balance + postings = closing balance, day by day and page by page."""

import csv
import io
import itertools
from datetime import date
from decimal import Decimal

import pytest

from exchange.engine.units import BUY, SELL
from exchange.gateway import statement_files
from exchange.gateway.statement_files import Period, decimal, statement
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BOB, BTC_PERPETUAL, Story

NAMES = {BTC_PERPETUAL: "BTC_USDC-PERPETUAL"}
DAY_SECONDS = 86_400
NOON_NS = 1_789_992_000_000_000_000  # 2026-09-21 12:00 UTC


def read(period: Period) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(statement(ALICE, period, NAMES)))))


def three_days() -> Story:
    story = Story(time_ns=NOON_NS).list_btc().open(ALICE).open(BOB)
    story.deposit(ALICE, 5_000_000, 5_000_000, 7).deposit(BOB, 9_000_000, 9_000_000)
    for trade in range(1, 4):
        story.wait(DAY_SECONDS)
        story.place(BOB, 2 * trade, SELL, 100, 1).place(ALICE, 2 * trade + 1, BUY, 100, 1)
        story.fill(
            (BOB, 2 * trade, 0),
            (ALICE, 2 * trade + 1, 0),
            trade=trade,
            side=BUY,
            ticks=100,
            lots=1,
            fees=(0, 1_500_001),
            position=(-trade, trade),
        )
    return story


@pytest.mark.django_db
@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_statement_reconciles_to_the_unit_whatever_its_pages(
    monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(statement_files, "PAGE", page)
    three_days().write(Projector())

    rows = read(Period(date(2026, 9, 22), date(2026, 9, 23)))

    assert rows[0] == list(statement_files.HEAD)
    assert [row[1:5] for row in rows[1:]] == [
        ["opening balance", "", "", "5.000000"],
        ["trading fee", "BTC_USDC-PERPETUAL", "-1.500001", "3.499999"],
        ["trading fee", "BTC_USDC-PERPETUAL", "-1.500001", "1.999998"],
        ["sum of changes", "", "-3.000002", ""],
        ["closing balance", "", "", "1.999998"],
    ]
    assert rows[2][0] == "2026-09-22 12:00:00.000000000"


@pytest.mark.django_db
def test_closing_balance_of_a_period_opens_the_next_one() -> None:
    three_days().write(Projector())
    days = [Period(date(2026, 9, day), date(2026, 9, day)) for day in range(20, 26)]

    found = [read(day) for day in days]

    for one, next_one in itertools.pairwise(found):
        assert one[-1][4] == next_one[1][4]
    changes = [Decimal(row[3]) for rows in found for row in rows[2:-2]]
    assert sum(changes) == Decimal(found[-1][-1][4]) == Decimal("0.499997")


@pytest.mark.django_db
def test_nobody_elses_postings_are_in_it_and_an_empty_one_is_whole() -> None:
    three_days().write(Projector())

    rows = read(Period(date(2020, 1, 1), date(2020, 1, 31)))

    assert [row[1:5] for row in rows[1:]] == [
        ["opening balance", "", "", "0.000000"],
        ["sum of changes", "", "0.000000", ""],
        ["closing balance", "", "", "0.000000"],
    ]


@pytest.mark.parametrize(
    ("amount_units", "text"),
    [(0, "0.000000"), (-1, "-0.000001"), (1_500_000, "1.500000"), (-2_000_001, "-2.000001")],
)
def test_money_is_written_exactly(amount_units: int, text: str) -> None:
    assert decimal(amount_units) == text
