"""Charts: what traded here, after the recorded past of a demonstration (gateway/candles.py)."""

from exchange.gateway.candles import with_recorded_past
from exchange.selectors import CandleRow

HOUR = 3_600_000_000_000
PAST = [
    CandleRow(0, 100, 105, 99, 104, 0, 0, 0),
    CandleRow(HOUR, 104, 110, 101, 102, 0, 0, 0),
]


def test_recorded_past_comes_before_what_traded() -> None:
    traded = [CandleRow(3 * HOUR, 103, 106, 102, 105, 7, 700, 2)]

    assert with_recorded_past(PAST, traded) == [*PAST, *traded]
    assert with_recorded_past(PAST, []) == PAST
    assert with_recorded_past([], traded) == traded


def test_interval_in_which_trading_began_holds_both() -> None:
    traded = [CandleRow(HOUR, 103, 112, 103, 107, 7, 750, 2)]

    assert with_recorded_past(PAST, traded) == [
        PAST[0],
        CandleRow(HOUR, 104, 112, 101, 107, 7, 750, 2),
    ]


def test_recorded_past_never_stands_beside_later_trades() -> None:
    traded = [CandleRow(0, 100, 100, 100, 100, 1, 100, 1)]

    assert with_recorded_past(PAST, traded) == [CandleRow(0, 100, 105, 99, 100, 1, 100, 1)]
