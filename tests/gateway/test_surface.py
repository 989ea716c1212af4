"""Every method of the specification answers, in Deribit's shapes (exchange/gateway/methods)."""

from typing import Any

import pytest

from tests.gateway.venue import Key, Venue

SOL = "SOL_USDC-PERPETUAL"
NOT_IMPLEMENTED = 10_033
# What existing clients call: name, scope by prefix, as the API's specification lists them.
PUBLIC = """
auth hello test status get_time set_heartbeat disable_heartbeat subscribe unsubscribe
get_currencies get_instruments get_instrument get_expirations ticker get_order_book
get_book_summary_by_currency get_book_summary_by_instrument get_last_trades_by_instrument
get_last_trades_by_instrument_and_time get_last_trades_by_currency get_tradingview_chart_data
get_funding_rate_value get_funding_rate_history get_funding_chart_data get_index_price
get_index_price_names get_volatility_index_data get_historical_volatility get_delivery_prices
get_last_settlements_by_instrument
"""
PRIVATE = """
buy sell edit edit_by_label cancel cancel_all cancel_all_by_currency cancel_all_by_instrument
cancel_by_label close_position get_open_orders get_open_orders_by_currency
get_open_orders_by_instrument get_open_orders_by_label get_order_history_by_currency
get_order_history_by_instrument get_order_state get_order_state_by_label
get_trigger_order_history get_user_trades_by_currency get_user_trades_by_currency_and_time
get_user_trades_by_instrument get_user_trades_by_instrument_and_time get_user_trades_by_order
get_position get_positions get_account_summary get_account_summaries get_margins
simulate_portfolio get_transaction_log enable_cancel_on_disconnect
disable_cancel_on_disconnect get_cancel_on_disconnect set_mmp_config get_mmp_config reset_mmp
reset_mmp_config get_subaccounts create_subaccount submit_transfer_between_subaccounts
get_deposits get_withdrawals withdraw change_margin_model logout mass_quote
"""
NAMES = [
    *(f"public/{name}" for name in PUBLIC.split()),
    *(f"private/{name}" for name in PRIVATE.split()),
]


@pytest.fixture(scope="module")
def erin(venue: Venue) -> Key:
    return venue.account(fund=1_000)


def test_no_method_of_the_specification_is_unknown(venue: Venue) -> None:
    asked = [{"jsonrpc": "2.0", "id": i, "method": name} for i, name in enumerate(NAMES)]

    answers = venue.post(asked).body

    unknown = [
        name
        for name, answer in zip(NAMES, answers, strict=True)
        if answer.get("error", {}).get("code") in (-32601, 11094)
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        (
            "public/get_volatility_index_data",
            {"currency": "BTC", "start_timestamp": 1, "end_timestamp": 2, "resolution": "60"},
            {"data": [], "continuation": None},
        ),
        ("public/get_historical_volatility", {"currency": "BTC"}, []),
        (
            "public/get_delivery_prices",
            {"index_name": "btc_usdc"},
            {"data": [], "records_total": 0},
        ),
        (
            "public/get_last_settlements_by_instrument",
            {"instrument_name": SOL, "type": "bankruptcy"},
            {"settlements": [], "continuation": None},
        ),
        (
            "public/get_last_settlements_by_currency",
            {"currency": "USDC"},
            {"settlements": [], "continuation": None},
        ),
        ("public/get_instruments", {"currency": "BTC", "kind": "option"}, []),
        ("public/get_instruments", {"currency": "BTC", "expired": "true"}, []),
        ("public/get_book_summary_by_currency", {"currency": "BTC", "kind": "option"}, []),
        (
            "public/get_last_trades_by_currency",
            {"currency": "BTC", "kind": "option"},
            {"trades": [], "has_more": False},
        ),
        (
            "public/get_expirations",
            {"currency": "SOL", "kind": "any"},
            {"future": ["PERPETUAL"], "option": []},
        ),
        ("public/get_expirations", {"currency": "any", "kind": "option"}, {"option": []}),
        (
            "public/get_expirations",
            {"currency": "grouped", "kind": "future"},
            {name: {"future": ["PERPETUAL"]} for name in ("usdc", "btc", "eth", "sol")},
        ),
        ("public/get_index_price_names", {}, ["btc_usdc", "eth_usdc", "sol_usdc"]),
        ("public/get_supported_index_names", {"type": "derivative"}, []),
        ("public/get_contract_size", {"instrument_name": SOL}, {"contract_size": 0.1}),
        ("public/get_announcements", {}, []),
        ("private/get_mmp_config", {"index_name": "btc_usdc"}, []),
        ("private/get_mmp_status", {}, []),
        (
            "private/get_settlement_history_by_instrument",
            {"instrument_name": SOL},
            {"settlements": [], "continuation": None},
        ),
        ("private/get_current_deposit_address", {"currency": "USDC"}, None),
        ("private/get_order_history_by_currency", {"currency": "BTC", "kind": "option"}, []),
        ("private/get_positions", {"currency": "BTC", "kind": "option"}, []),
    ],
)
def test_a_venue_without_options_says_so_in_the_usual_shapes(
    venue: Venue, erin: Key, method: str, params: dict[str, Any], result: object
) -> None:
    key = erin if method.startswith("private/") else None

    assert venue.get(method, key, **params).result == result


@pytest.mark.parametrize(
    ("method", "params", "code", "param"),
    [
        ("public/get_expirations", {"currency": "XYZ"}, -32602, "currency"),
        ("public/get_expirations", {"currency": "BTC", "kind": "spot"}, -32602, "kind"),
        ("public/get_expirations", {"currency_pair": "x_y"}, -32602, "currency_pair"),
        ("public/get_historical_volatility", {"currency": "XYZ"}, -32602, "currency"),
        ("public/get_delivery_prices", {"index_name": "doge_usd"}, -32602, "index_name"),
        (
            "public/get_volatility_index_data",
            {"currency": "BTC", "start_timestamp": 2, "end_timestamp": 1, "resolution": "60"},
            -32602,
            "start_timestamp",
        ),
        (
            "public/get_volatility_index_data",
            {"currency": "BTC", "start_timestamp": 1, "end_timestamp": 2, "resolution": "7"},
            -32602,
            "resolution",
        ),
        (
            "public/get_last_settlements_by_instrument",
            {"instrument_name": SOL, "type": "weekly"},
            -32602,
            "type",
        ),
        (
            "public/get_last_settlements_by_instrument",
            {"instrument_name": SOL, "continuation": "?"},
            -32602,
            "continuation",
        ),
        ("public/get_order_book_by_instrument_id", {"instrument_id": "99"}, -32602,
         "instrument_id"),
        ("private/get_mmp_config", {"index_name": "doge"}, -32602, "index_name"),
        ("private/change_margin_model", {"margin_model": "x"}, -32602, "margin_model"),
        (
            "private/change_margin_model",
            {"margin_model": "cross_pm"},
            NOT_IMPLEMENTED,
            "margin_model",
        ),
        ("private/change_margin_model", {"margin_model": "cross_sm", "user_id": 1}, 13_021,
         "user_id"),
        ("private/get_positions", {"subaccount_id": 1}, 13_021, "subaccount_id"),
        ("private/get_positions", {"subaccount_id": 2**40}, -32602, "subaccount_id"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_question_is_named(
    venue: Venue, erin: Key, method: str, params: dict[str, Any], code: int, param: str
) -> None:
    key = erin if method.startswith("private/") else None

    error = venue.get(method, key, **params).error

    assert (error["code"], error["data"]["param"]) == (code, param)
    assert error["data"]["reason"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (
            "private/set_mmp_config",
            {"index_name": "btc_usdc", "interval": 1, "frozen_time": 1},
        ),
        ("private/reset_mmp", {"index_name": "btc_usdc"}),
        ("private/create_deposit_address", {"currency": "USDC"}),
        (
            "private/submit_transfer_to_user",
            {"currency": "USDC", "amount": "1", "destination": "somebody"},
        ),
    ],
)
def test_what_the_venue_does_not_do_is_refused_and_not_pretended(
    venue: Venue, erin: Key, method: str, params: dict[str, Any]
) -> None:
    error = venue.get(method, erin, **params).error

    assert (error["code"], error["message"]) == (NOT_IMPLEMENTED, "not_implemented")
    assert error["data"]["reason"]


def test_the_margin_of_an_order_alone_is_the_engines(venue: Venue, erin: Key) -> None:
    # 10 SOL at a mark of 150: 5 % of 1,500, and the taker's fee of 0.05 % of the price.
    at_mark = venue.get(
        "private/get_margins", erin, instrument_name=SOL, amount="10", price="150"
    ).result
    # A bid 1 above the mark loses 10 when it fills.
    above = venue.get(
        "private/get_margins", erin, instrument_name=SOL, amount="10", price="151"
    ).result
    whole = venue.get(
        "private/get_margins", erin, instrument_name=SOL, amount="1e8", price="150"
    )

    assert (at_mark["buy"], at_mark["sell"]) == (75.75, 75.75)
    assert (above["buy"], above["sell"]) == (85.755, 75.755)
    assert at_mark["min_price"] < 150 < at_mark["max_price"]
    assert whole.error["data"]["param"] == "amount"


def test_a_portfolio_is_simulated_and_nothing_happens(venue: Venue, erin: Key) -> None:
    wanted: dict[str, Any] = {"currency": "USDC", "simulated_positions": f'{{"{SOL}": 10}}'}
    simulated = venue.get("private/simulate_portfolio", erin, **wanted).result
    short = venue.post(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "private/simulate_portfolio",
            "params": {
                "currency": "USDC",
                "add_positions": False,
                "simulated_positions": {SOL: -20},
            },
        },
        erin,
    ).result

    assert (simulated["equity"], simulated["initial_margin"]) == (1_000, 75)
    assert simulated["maintenance_margin"] == 37.5
    assert simulated["delta_total_map"] == {"sol_usdc": 10}
    assert (short["initial_margin"], short["delta_total_map"]) == (150, {"sol_usdc": -20})
    assert venue.get("private/get_positions", erin).result == []


@pytest.mark.parametrize(
    "positions", ["[]", "5", '{"X": 1}', f'{{"{SOL}": 0.05}}', f'{{"{SOL}": 1e12}}', '{"X":{}}']
)
def test_an_impossible_portfolio_is_refused(venue: Venue, erin: Key, positions: str) -> None:
    answer = venue.get(
        "private/simulate_portfolio", erin, currency="USDC", simulated_positions=positions
    )

    assert answer.error["code"] == -32602
    assert answer.error["data"]["param"].startswith("simulated_positions")


def test_the_one_margin_model_changes_nothing(venue: Venue, erin: Key) -> None:
    done = venue.get("private/change_margin_model", erin, margin_model="cross_sm").result

    state = {"maintenance_margin_rate": 0, "initial_margin_rate": 0, "available_balance": 1_000}
    assert done == [{"currency": "usdc", "old_state": state, "new_state": state}]


def test_a_main_account_reads_its_sub_account_and_no_other(venue: Venue) -> None:
    owner, stranger = venue.account(fund=500), venue.account(fund=500)
    made = venue.get("private/create_subaccount", owner).result["id"]
    moved = venue.get(
        "private/submit_transfer_to_subaccount",
        owner,
        currency="USDC",
        amount="120.5",
        destination=made,
    ).result

    own = venue.get("private/get_account_summaries", owner, subaccount_id=made).result
    refused = venue.get("private/get_account_summary", stranger, subaccount_id=made)
    listed = venue.get("private/get_transfers", owner, currency="USDC").result

    assert (moved["amount"], moved["state"], moved["type"]) == (
        120.5,
        "confirmed",
        "subaccount",
    )
    assert (own["id"], own["type"], own["summaries"][0]["equity"]) == (
        made,
        "subaccount",
        120.5,
    )
    assert refused.error["code"] == 13_021
    assert listed["count"] == 1
    assert listed["data"][0]["id"] == moved["id"]
    assert (listed["data"][0]["direction"], listed["data"][0]["amount"]) == ("payment", 120.5)
    assert listed["data"][0]["other_side"] == str(made)
