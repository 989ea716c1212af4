"""Channel names: what exists, what it covers, and what contracts' states say."""

from typing import Any

import numpy as np
import pytest

from exchange.engine.commands import pack_name
from exchange.engine.state import CONTRACT, UNDERLYING
from exchange.engine.units import STATE_OPEN
from exchange.gateway.channels import Topic, parse_channel
from exchange.gateway.listings import Listings
from tests.gateway.venue import Key, Venue

SOL = "SOL_USDC-PERPETUAL"


@pytest.fixture(scope="module")
def listings() -> Listings:
    """BTC and ETH."""
    contracts, underlyings = np.zeros(2, CONTRACT), np.zeros(2, UNDERLYING)
    for i, base in enumerate(("BTC", "ETH")):
        underlyings[i]["listed"] = 1
        underlyings[i]["name_0"], underlyings[i]["name_1"] = pack_name(base, 2)
        contracts[i]["state"] = STATE_OPEN
        contracts[i]["underlying"] = i
        for word, value in enumerate(pack_name(f"{base}_USDC-PERPETUAL", 4)):
            contracts[i][f"name_{word}"] = value
    made = Listings()
    made.load(contracts.tobytes(), underlyings.tobytes())
    return made


@pytest.mark.parametrize(
    ("name", "topic", "covered"),
    [
        ("book.BTC_USDC-PERPETUAL.raw", Topic.BOOK, ["BTC"]),
        ("book.BTC_USDC-PERPETUAL.100ms", Topic.BOOK, ["BTC"]),
        ("book.ETH_USDC-PERPETUAL.agg2", Topic.BOOK, ["ETH"]),
        ("book.BTC_USDC-PERPETUAL.none.20.100ms", Topic.TOP, ["BTC"]),
        ("book.BTC_USDC-PERPETUAL.10.1.agg2", Topic.TOP, ["BTC"]),
        ("ticker.BTC_USDC-PERPETUAL.agg2", Topic.TICKER, ["BTC"]),
        ("quote.BTC_USDC-PERPETUAL", Topic.QUOTE, ["BTC"]),
        ("perpetual.BTC_USDC-PERPETUAL.100ms", Topic.PERPETUAL, ["BTC"]),
        ("trades.BTC_USDC-PERPETUAL.raw", Topic.TRADES, ["BTC"]),
        ("trades.future.any.100ms", Topic.TRADES, ["BTC", "ETH"]),
        ("trades.future.ETH.100ms", Topic.TRADES, ["ETH"]),
        ("trades.option.BTC.100ms", Topic.TRADES, []),
        ("chart.trades.BTC_USDC-PERPETUAL.1D", Topic.CHART, ["BTC"]),
        ("deribit_price_index.btc_usdc", Topic.INDEX, []),
        ("deribit_price_index.btc_usd", Topic.INDEX, []),
        ("markprice.options.btc_usdc", Topic.SILENT, []),
        ("deribit_volatility_index.eth_usdc", Topic.SILENT, []),
        ("announcements", Topic.SILENT, []),
        ("instrument.state.any.any", Topic.STATE, ["BTC", "ETH"]),
        ("instrument.state.future.BTC", Topic.STATE, ["BTC"]),
        ("instrument.state.option.any", Topic.STATE, []),
        ("user.orders.any.any.raw", Topic.USER_ORDERS, ["BTC", "ETH"]),
        ("user.orders.BTC_USDC-PERPETUAL.raw", Topic.USER_ORDERS, ["BTC"]),
        ("user.orders.future.USDC.100ms", Topic.USER_ORDERS, ["BTC", "ETH"]),
        ("user.trades.option.any.raw", Topic.USER_TRADES, []),
        ("user.changes.any.ETH.agg2", Topic.USER_CHANGES, ["ETH"]),
        ("user.mmp_trigger.btc_usdc", Topic.USER_SILENT, []),
    ],
)
def test_a_channel_covers_what_its_name_says(
    listings: Listings, name: str, topic: Topic, covered: list[str]
) -> None:
    channel = parse_channel(name, listings)

    assert channel is not None
    assert channel.topic is topic
    assert channel.is_private == name.startswith("user.")
    if topic not in (Topic.INDEX, Topic.SILENT, Topic.USER_SILENT):
        found = [one.base for one in listings.by_id.values() if channel.covers(one)]
        assert found == covered


@pytest.mark.parametrize(
    "name",
    [
        "",
        "book",
        "book.BTC_USDC-PERPETUAL",
        "book.BTC_USDC-PERPETUAL.1s",
        "book.BTC_USDC-PERPETUAL.3.20.100ms",
        "book.BTC_USDC-PERPETUAL.none.7.100ms",
        "book.DOGE_USDC-PERPETUAL.raw",
        "ticker.BTC_USDC-PERPETUAL",
        "trades.house.any.raw",
        "trades.any.DOGE.raw",
        "chart.trades.BTC_USDC-PERPETUAL.7",
        "instrument.state.any",
        "instrument.state.any.DOGE",
        "markprice.options.doge_usd",
        "deribit_price_index.",
        "user.orders.any.any",
        "user.wallet.any",
        "user.portfolio.DOGE",
    ],
)
def test_other_names_are_no_channels(listings: Listings, name: str) -> None:
    assert parse_channel(name, listings) is None


def test_a_halt_and_its_end_are_told(venue: Venue) -> None:
    names = ["instrument.state.future.SOL", "instrument.state.any.any"]
    with venue.socket() as client:
        silent = ["instrument.state.option.SOL", "markprice.options.sol_usdc"]
        followed = client.call("public/subscribe", channels=[*names, *silent])
        venue.manage("halt", SOL, "--reason", "test")
        closed = [client.next_of(name) for name in names]
        venue.manage("resume", SOL, "--reason", "test")
        started = [client.next_of(name) for name in names]

    assert followed == [*names, *silent]
    for data in closed:
        assert (data["instrument_name"], data["state"]) == (SOL, "closed")
        assert data["contract_state"] == "halted"
    assert [data["state"] for data in started] == ["started", "started"]
    assert client.heard == []


def test_trades_of_another_kind_are_not_shown(venue: Venue, alice: Key, bob: Key) -> None:
    futures, options = "trades.future.SOL.raw", "trades.option.SOL.raw"
    with venue.socket(key=alice) as client:
        client.call("public/subscribe", channels=[futures, options])
        rest: dict[str, Any] = {"instrument_name": SOL, "amount": "0.1", "price": "150.5"}
        venue.get("private/sell", alice, **rest)
        venue.get("private/buy", bob, **rest)

        assert client.next_of(futures)[0]["price"] == 150.5
        client.call("public/test")

    assert [name for name, _ in client.heard] == []
