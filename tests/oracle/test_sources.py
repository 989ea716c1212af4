"""Sources: text to integers, documents to quotes."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.replay import smooth_noise
from oracle.sources.base import Quote, SourceError, price_from_text
from oracle.sources.demo import ReplaySource, SimulatedSource, Temper
from oracle.sources.web import CcxtSource, HttpJsonSource, JsonTicker, parse_json, text_at
from tests.oracle.venue import Answer, Venue, running_venue

E8 = 100_000_000
NOW_NS = 1_700_000_000_000_000_000


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    with running_venue(tmp_path_factory.mktemp("venue")) as running:
        yield running


# --- text -> integer --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "price_e8"),
    [
        ("1", E8),
        ("61659.75", 6_165_975_000_000),
        ("0.00000001", 1),
        ("0.0000000149", 1),
        ("1e3", 1_000 * E8),
        ("1000000000", 10**17),
    ],
)
def test_price_text_becomes_an_exact_integer(text: str, price_e8: int) -> None:
    assert price_from_text(text) == price_e8


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-1",
        "-0.0",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "",
        "1_000",
        "1,000",
        "0x10",
        "١٢٣",
        "1e999999999",
        "1e-999999999",
        "0.000000001",
        "1000000000.1",
        "1" * 41,
        "one",
        "1 2",
    ],
)
def test_text_that_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        price_from_text(text)


@given(st.integers(1, 10**17))
def test_price_text_round_trips(price_e8: int) -> None:
    assert price_from_text(str(Decimal(price_e8).scaleb(-8))) == price_e8


@given(st.text(max_size=50))
def test_any_text_is_a_price_or_a_source_error(text: str) -> None:
    with suppress(SourceError):
        assert 0 < price_from_text(text) <= 10**17


# --- http_json --------------------------------------------------------------------------------
def json_source(venue: Venue, body: bytes) -> HttpJsonSource:
    venue.answers["/ticker"] = Answer(body)
    ticker = JsonTicker(venue.url("/ticker"), ("result", 0, "last"))
    return HttpJsonSource({"BTC": ticker}, venue.policy(), now_ns=lambda: NOW_NS)


async def test_http_json_quotes_a_number_or_a_text(venue: Venue) -> None:
    for last in (b"41250.50", b'"41250.50"'):
        source = json_source(venue, b'{"result": [{"last": ' + last + b"}]}")

        quote = await source.quote("BTC")

        assert quote == Quote(4_125_050_000_000, 2_062_525_000, NOW_NS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b'{"result": []}',
        b'{"result": {"0": {"last": 1}}}',
        b'{"result": [{"last": null}]}',
        b'{"result": [{"last": true}]}',
        b'{"result": [{"last": [1]}]}',
        b'{"result": [{"last": NaN}]}',
        b'{"result": [{"last": -5}]}',
        b'{"result": [{"last": 1e400}]}',
        b"[" * 50_000,
    ],
)
async def test_http_json_without_a_price_says_nothing(body: bytes, venue: Venue) -> None:
    with pytest.raises(SourceError):
        await json_source(venue, body).quote("BTC")


async def test_http_json_of_an_unknown_underlying_says_nothing(venue: Venue) -> None:
    with pytest.raises(SourceError, match="ETH"):
        await json_source(venue, b"{}").quote("ETH")


def test_text_at_a_path_through_a_string_is_refused() -> None:
    with pytest.raises(SourceError):
        text_at({"last": "41250"}, ("last", 0, 0))
    assert parse_json(b'{"a": 1.10}') == {"a": "1.10"}


# --- ccxt -------------------------------------------------------------------------------------
def deribit_answers(venue: Venue, ticker: dict[str, object]) -> None:
    instrument = {
        "instrument_name": "BTC_USDC-PERPETUAL",
        "kind": "future",
        "base_currency": "BTC",
        "quote_currency": "USDC",
        "counter_currency": "USDC",
        "settlement_currency": "USDC",
        "settlement_period": "perpetual",
        "instrument_type": "linear",
        "tick_size": 0.1,
        "contract_size": 0.001,
        "min_trade_amount": 0.001,
        "is_active": True,
        "maker_commission": 0,
        "taker_commission": 0.0005,
        "expiration_timestamp": 32_503_708_800_000,
        "creation_timestamp": 0,
    }
    results = {
        "get_currencies": [{"currency": "USDC", "coin_type": "USDC", "fee_precision": 6}],
        "get_instruments": [instrument],
        "ticker": ticker,
    }
    for method, result in results.items():
        body = json.dumps({"jsonrpc": "2.0", "result": result}).encode()
        venue.answers[f"/api/v2/public/{method}"] = Answer(body)


def ccxt_source(venue: Venue) -> CcxtSource:
    return CcxtSource(
        "deribit",
        {"BTC": "BTC/USDC:USDC"},
        replace(venue.policy(), hosts=frozenset()),
        options={"urls": {"api": {"rest": venue.url("")}}},
        now_ns=lambda: NOW_NS,
    )


def ticker_now(**fields: object) -> dict[str, object]:
    return {
        "instrument_name": "BTC_USDC-PERPETUAL",
        "timestamp": NOW_NS // 1_000_000 - 700,
        "best_bid_price": 41_250.1,
        "best_ask_price": 41_250.4,
        "last_price": 41_251.0,
        "stats": {},
        **fields,
    }


async def test_ccxt_quotes_the_middle_of_the_touch(venue: Venue) -> None:
    deribit_answers(venue, ticker_now())

    quote = await ccxt_source(venue).quote("BTC")

    assert quote == Quote(4_125_025_000_000, 15_000_000, NOW_NS - 700_000_000)


@pytest.mark.parametrize("empty", [None, 0])
async def test_ccxt_without_a_touch_quotes_the_last_trade(
    empty: int | None, venue: Venue
) -> None:
    deribit_answers(venue, ticker_now(best_bid_price=empty))

    assert (await ccxt_source(venue).quote("BTC")).price_e8 == 4_125_100_000_000


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": NOW_NS // 1_000_000 - 60_000},
        {"best_bid_price": 41_250.5, "best_ask_price": 41_250.4},
        {"best_bid_price": None, "best_ask_price": None, "last_price": None},
    ],
)
async def test_ccxt_ticker_that_is_stale_or_absurd_says_nothing(
    fields: dict[str, object], venue: Venue
) -> None:
    deribit_answers(venue, ticker_now(**fields))

    with pytest.raises(SourceError):
        await ccxt_source(venue).quote("BTC")


async def test_ccxt_reaches_only_the_hosts_of_its_exchange(venue: Venue) -> None:
    source = CcxtSource(
        "deribit",
        {"BTC": "BTC/USDC:USDC"},
        replace(venue.policy(), hosts=frozenset({"elsewhere.example"})),
        options={"urls": {"api": {"rest": venue.url("")}}},
    )

    with pytest.raises(SourceError, match="allow-list"):
        await source.quote("BTC")


async def test_ccxt_error_answer_says_nothing(venue: Venue) -> None:
    deribit_answers(venue, ticker_now())
    error = {"jsonrpc": "2.0", "error": {"code": 10_028, "message": "too_many_requests"}}
    venue.answers["/api/v2/public/ticker"] = Answer(json.dumps(error).encode())

    with pytest.raises(SourceError):
        await ccxt_source(venue).quote("BTC")


def test_ccxt_of_an_unknown_exchange_is_refused(venue: Venue) -> None:
    with pytest.raises(SourceError, match="knows no exchange"):
        CcxtSource("nowhere", {}, venue.policy())


# --- demonstration ----------------------------------------------------------------------------
class Still:
    """A path that stands at one price, and remembers where it was asked."""

    def __init__(self, price_e8: int) -> None:
        self.asked: list[int] = []
        self._price_e8 = price_e8

    def price_e8(self, position_ns: int) -> int:
        self.asked.append(position_ns)
        return self._price_e8


async def test_replay_reports_late_and_within_its_noise() -> None:
    path = Still(50_000 * E8)
    clock = {"now": NOW_NS}
    source = ReplaySource(
        {"BTC": path},
        Temper(seed=1, noise_ppm=100, delay_ns=250_000_000),
        smooth_noise,
        position_ns=lambda wall_ns: wall_ns - NOW_NS,
        now_ns=lambda: clock["now"],
    )
    prices = []
    for _ in range(200):
        clock["now"] += 1_600_000_000
        quote = await source.quote("BTC")
        prices.append(quote.price_e8)
        assert quote.publish_time_ns == clock["now"] - 250_000_000
        assert quote.confidence_e8 == quote.price_e8 * 150 // 1_000_000

    assert path.asked[0] == 1_350_000_000
    assert max(prices) <= 50_005 * E8
    assert min(prices) >= 49_995 * E8
    assert len(set(prices)) > 150


async def test_simulated_prices_stay_within_their_amplitude() -> None:
    clock = {"now": NOW_NS}
    source = SimulatedSource({"BTC": 60_000 * E8}, now_ns=lambda: clock["now"])
    prices = []
    for _ in range(500):
        clock["now"] += 20_000_000_000
        prices.append((await source.quote("BTC")).price_e8)

    assert 60_000 * E8 * 0.98 < min(prices) < max(prices) < 60_000 * E8 * 1.0203
    with pytest.raises(SourceError):
        await source.quote("ETH")
