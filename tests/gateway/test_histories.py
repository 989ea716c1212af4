"""Histories: paging, sorting and ranges of orders, trades and money, on a known past."""

from typing import Any, NamedTuple

import pytest

from tests.gateway.venue import Key, Venue

SOL, BTC = "SOL_USDC-PERPETUAL", "BTC_USDC-PERPETUAL"
PRICES = ["150.001", "150.002", "150.003", "150.004", "150.005"]
MINUTE_MS = 60_000
EVER: dict[str, Any] = {
    "currency": "USDC",
    "start_timestamp": 0,
    "end_timestamp": 4_000_000_000_000,
}


class Past(NamedTuple):
    """What two accounts have done: five trades in SOL, two in BTC between them, one cancel."""

    maker: Key
    taker: Key
    trades: list[dict[str, Any]]  # the taker's side, oldest first
    orders: list[str]  # the taker's, oldest first


@pytest.fixture(scope="module")
def past(venue: Venue) -> Past:
    maker, taker = venue.account(fund=10_000), venue.account(fund=10_000)
    trades, orders = [], []

    def trade(instrument: str, price: str, amount: str) -> None:
        rest: dict[str, Any] = {"instrument_name": instrument, "amount": amount, "price": price}
        venue.get("private/sell", maker, **rest, label="rests")
        took = venue.get("private/buy", taker, **rest, label="takes").result
        trades.extend(took["trades"])
        orders.append(took["order"]["order_id"])

    for price in PRICES[:3]:
        trade(SOL, price, "1")
    for price in ("60000", "60000.5"):
        trade(BTC, price, "0.001")
    for price in PRICES[3:]:
        trade(SOL, price, "1")
    rest: dict[str, Any] = {"instrument_name": SOL, "amount": "1", "price": "149"}
    placed = venue.get("private/buy", taker, **rest, label="takes").result["order"]
    venue.get("private/cancel", taker, order_id=placed["order_id"])
    return Past(maker, taker, trades, [*orders, placed["order_id"]])


def prices(trades: list[dict[str, Any]]) -> list[float]:
    return [trade["price"] for trade in trades]


def test_trades_by_currency_page_without_gaps_through_other_contracts(
    venue: Venue, past: Past
) -> None:
    """BTC's trades lie between SOL's: a page of SOL is full all the same."""
    seen: list[float] = []
    end: dict[str, Any] = {}
    while True:
        page = venue.get(
            "private/get_user_trades_by_currency", past.taker, currency="SOL", count=2, **end
        ).result
        seen += prices(page["trades"])
        if not page["has_more"]:
            break
        assert len(page["trades"]) == 2
        end = {"end_id": str(int(page["trades"][-1]["trade_id"]) - 1)}

    assert seen == [150.005, 150.004, 150.003, 150.002, 150.001]


@pytest.mark.parametrize(
    ("params", "expected", "has_more"),
    [
        ({"sorting": "asc", "count": 2}, [150.001, 150.002], True),
        ({"sorting": "desc", "count": 2}, [150.005, 150.004], True),
        ({"count": 5}, [150.005, 150.004, 150.003, 150.002, 150.001], False),
    ],
)
def test_trades_of_an_instrument_are_sorted_as_asked(
    venue: Venue, past: Past, params: dict[str, Any], expected: list[float], has_more: bool
) -> None:
    page = venue.get(
        "private/get_user_trades_by_instrument", past.taker, instrument_name=SOL, **params
    ).result

    assert (prices(page["trades"]), page["has_more"]) == (expected, has_more)


def test_trades_from_a_number_on_come_oldest_first(venue: Venue, past: Past) -> None:
    second = past.trades[1]["trade_seq"]
    last = past.trades[5]["trade_seq"]

    page = venue.get(
        "private/get_user_trades_by_instrument",
        past.taker,
        instrument_name=SOL,
        start_seq=second,
        end_seq=last,
    ).result

    assert prices(page["trades"]) == [150.002, 150.003, 150.004]


def test_trades_of_a_range_of_time_are_those_and_no_others(venue: Venue, past: Past) -> None:
    at = [trade["timestamp"] for trade in past.trades]
    span = {"start_timestamp": at[1], "end_timestamp": at[3]}

    private = venue.get(
        "private/get_user_trades_by_currency_and_time", past.maker, currency="any", **span
    ).result["trades"]
    public = venue.get(
        "public/get_last_trades_by_currency_and_time", currency="USDC", **span
    ).result["trades"]
    before = venue.get(
        "private/get_user_trades_by_instrument_and_time",
        past.maker,
        instrument_name=SOL,
        start_timestamp=0,
        end_timestamp=at[0] - MINUTE_MS,
    ).result

    # Trades of one millisecond belong to the range together.
    ids = [trade["trade_id"] for trade in past.trades if at[1] <= trade["timestamp"] <= at[3]]
    assert [trade["trade_id"] for trade in private] == ids
    assert [trade["trade_id"] for trade in public if trade["trade_id"] in ids] == ids
    assert before == {"trades": [], "has_more": False}


def test_the_tape_of_a_contract_has_its_tick_directions(venue: Venue, past: Past) -> None:
    page = venue.get(
        "public/get_last_trades_by_instrument",
        instrument_name=SOL,
        start_seq=past.trades[0]["trade_seq"],
        count=5,
    ).result["trades"]

    assert prices(page) == [150.001, 150.002, 150.003, 150.004, 150.005]
    assert [trade["tick_direction"] for trade in page] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("method", "params", "param"),
    [
        ("get_user_trades_by_instrument", {"instrument_name": SOL, "count": 0}, "count"),
        ("get_user_trades_by_instrument", {"instrument_name": SOL, "count": 1001}, "count"),
        (
            "get_user_trades_by_instrument",
            {"instrument_name": SOL, "start_seq": 9, "end_seq": 8},
            "start_seq",
        ),
        (
            "get_user_trades_by_instrument",
            {"instrument_name": SOL, "start_timestamp": 9, "end_timestamp": 8},
            "start_timestamp",
        ),
        (
            "get_user_trades_by_instrument_and_time",
            {"instrument_name": SOL},
            "start_timestamp",
        ),
        ("get_user_trades_by_currency", {"currency": "SOL", "start_id": "SOL-1"}, "start_id"),
        ("get_user_trades_by_currency", {"currency": "SOL", "sorting": "up"}, "sorting"),
        ("get_order_history_by_currency", {"currency": "X"}, "currency"),
        ("get_order_history_by_instrument", {"instrument_name": SOL, "offset": -1}, "offset"),
        (
            "get_order_history_by_instrument",
            {"instrument_name": SOL, "continuation": "next"},
            "continuation",
        ),
        ("get_trigger_order_history", {"currency": "SOL", "continuation": "x"}, "continuation"),
        ("get_deposits", {"currency": "USDC", "offset": 2**60}, "offset"),
        (
            "get_transaction_log",
            {"currency": "USDC", "start_timestamp": 1, "end_timestamp": 2, "query": "x"},
            "query",
        ),
        (
            "get_transaction_log",
            {"currency": "USDC", "start_timestamp": 2, "end_timestamp": 1},
            "start_timestamp",
        ),
    ],
)
def test_a_window_that_is_none_is_refused_by_its_field(
    venue: Venue, past: Past, method: str, params: dict[str, Any], param: str
) -> None:
    error = venue.get(f"private/{method}", past.taker, **params).error

    assert (error["code"], error["data"]["param"]) == (-32602, param)
    assert error["data"]["reason"]


def test_orders_page_by_offset_and_by_continuation(venue: Venue, past: Past) -> None:
    name, key = "private/get_order_history_by_currency", past.taker
    everything = past.orders[::-1]

    def ids(orders: list[dict[str, Any]]) -> list[str]:
        return [order["order_id"] for order in orders]

    filled = venue.get(name, key, currency="any").result
    whole = venue.get(name, key, currency="any", include_unfilled="true").result
    skipped = venue.get(
        name, key, currency="SOL", include_unfilled="true", count=2, offset=2
    ).result
    first = venue.get(name, key, currency="SOL", count=3, with_continuation="true").result
    second = venue.get(
        name,
        key,
        currency="SOL",
        count=3,
        with_continuation="true",
        continuation=first["continuation"],
    ).result

    of_sol = [everything[i] for i in (0, 1, 2, 5, 6, 7)]
    assert ids(filled) == everything[1:]
    assert ids(whole) == everything
    assert ids(skipped) == of_sol[2:4]
    assert ids(first["data"]) + ids(second["data"]) == of_sol[1:]
    assert second["continuation"] is None


def test_orders_of_a_label_are_found_open_or_not(venue: Venue, past: Past) -> None:
    found = venue.get(
        "private/get_order_state_by_label", past.taker, currency="SOL", label="takes"
    ).result
    nobody = venue.get(
        "private/get_order_state_by_label", past.maker, currency="SOL", label="takes"
    ).result
    nameless = venue.get("private/get_order_state_by_label", past.taker, label="")

    assert [order["order_state"] for order in found] == ["cancelled", *["filled"] * 5]
    assert {order["label"] for order in found} == {"takes"}
    assert nobody == []
    assert nameless.error["data"]["param"] == "label"


def test_the_log_reconciles_to_the_unit_page_by_page(venue: Venue, past: Past) -> None:
    logs: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        page = venue.get(
            "private/get_transaction_log", past.taker, count=3, **EVER, **page
        ).result
        logs += page["logs"]
        if page["continuation"] is None:
            break
        assert len(page["logs"]) == 3
        page = {"continuation": page["continuation"]}
    summary = venue.get("private/get_account_summary", past.taker, currency="USDC").result

    def units(value: float) -> int:
        return round(value * 1_000_000)

    oldest_first = logs[::-1]
    before = 0
    for entry in oldest_first:
        before += units(entry["change"])
        assert units(entry["balance"]) == before, entry
    assert units(summary["balance"]) == before
    assert oldest_first[0]["type"] == "deposit"
    # The taker pays 0.05 %: of 150.001 and so on for SOL, of 60 for BTC.
    fees = [entry for entry in oldest_first if entry["type"] == "trade"]
    assert [entry["change"] for entry in fees] == [
        -0.075001, -0.075001, -0.075002, -0.03, -0.030001, -0.075002, -0.075003,
    ]  # fmt: skip
    first = fees[0]
    assert (first["price"], first["amount"], first["position"]) == (150.001, 1, 1)
    assert (first["side"], first["user_role"], first["commission"]) == (
        "open buy", "taker", 0.075001,
    )  # fmt: skip
    assert first["trade_id"] == past.trades[0]["trade_id"]
    assert first["order_id"] == past.orders[0]


@pytest.mark.parametrize(
    ("query", "who", "count"),
    [
        ("deposit", "taker", 1),
        ("taker", "taker", 7),
        ("maker", "taker", 0),
        ("maker", "maker", 7),
        ("buy", "taker", 7),
        ("sell", "taker", 0),
        ("open", "maker", 7),
        ("close", "maker", 0),
        ("delivery", "maker", 0),
    ],
)
def test_the_log_is_narrowed_by_a_word(
    venue: Venue, past: Past, query: str, who: str, count: int
) -> None:

    found = venue.get(
        "private/get_transaction_log", getattr(past, who), query=query, **EVER
    ).result

    assert len(found["logs"]) == count


def test_the_log_of_a_range_of_time_holds_that_range(venue: Venue, past: Past) -> None:
    at = past.trades[3]["timestamp"]

    found = venue.get(
        "private/get_transaction_log",
        past.taker,
        currency="USDC",
        query="trade",
        start_timestamp=at,
        end_timestamp=at,
    ).result["logs"]

    assert past.trades[3]["trade_id"] in [entry["trade_id"] for entry in found]
    assert {entry["timestamp"] for entry in found} == {at}


def test_deposits_page_and_are_counted(venue: Venue) -> None:
    key = venue.account(fund=1)
    for amount in ("2", "3"):
        venue.get("private/demo_fund", key, amount=amount)

    first = venue.get("private/get_deposits", key, currency="USDC", count=2).result
    rest = venue.get("private/get_deposits", key, currency="USDC", count=2, offset=2).result

    assert [row["amount"] for row in first["data"]] == [3, 2]
    assert [row["amount"] for row in rest["data"]] == [1]
    assert first["count"] == rest["count"] == 3
    assert venue.get("private/get_deposits", key, currency="BTC").result["count"] == 0
