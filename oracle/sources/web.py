"""Real venues: `http_json` (any JSON ticker) and `ccxt` (any exchange that ccxt knows).

Both read the network through fetch.get alone. For ccxt that means: its request signing, URL
building and parsing are used, its HTTP client is not, so that no venue's ticker can redirect,
swell or point a reporter at a private address.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from oracle.sources.base import Quote, SourceError, price_from_text
from oracle.sources.fetch import Policy, get

PPM = 1_000_000
DEFAULT_CONFIDENCE_PPM = 500
DEPTH_MAX = 16
AGE_MS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class JsonTicker:
    """Where one underlying's price stands: a URL, and keys or list positions leading to it."""

    url: str
    price: tuple[str | int, ...]


class HttpJsonSource:
    """`http_json`: a price at a fixed path of a JSON document.

    A ticker's own time has no common form, so the quote is as old as the request.
    """

    def __init__(
        self,
        tickers: Mapping[str, JsonTicker],
        policy: Policy,
        *,
        confidence_ppm: int = DEFAULT_CONFIDENCE_PPM,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._tickers = tickers
        self._policy = policy
        self._confidence_ppm = confidence_ppm
        self._now_ns = now_ns

    async def quote(self, underlying: str) -> Quote:
        ticker = self._tickers.get(underlying)
        if ticker is None:
            raise SourceError(f"No ticker is configured for {underlying}")
        asked_ns = self._now_ns()
        document = parse_json(await get(ticker.url, self._policy))
        price_e8 = price_from_text(text_at(document, ticker.price))
        return Quote(price_e8, price_e8 * self._confidence_ppm // PPM, asked_ns)


def parse_json(body: bytes) -> Any:
    """A JSON document whose numbers stay text. Raises SourceError where it is not one."""
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"Expected JSON: {type(error).__name__}") from error


def _refuse_constant(name: str) -> str:
    raise SourceError(f"Expected a number, was {name}")


def text_at(document: object, path: Sequence[str | int]) -> str:
    """The number's text at a path of keys and positions.

    >>> text_at({"result": [{"last": "41250.5"}]}, ("result", 0, "last"))
    '41250.5'
    """
    value = document
    for step in path:
        if isinstance(value, str):
            raise SourceError(f"Expected {step!r} in the document, not a text")
        try:
            value = value[step]  # type: ignore[index]  # any document; what fails is caught
        except (TypeError, LookupError) as error:
            raise SourceError(f"Expected {step!r} in the document") from error
    if not isinstance(value, str):
        raise SourceError(f"Expected a number at {list(path)}, was {type(value).__name__}")
    return value


class CcxtSource:
    """`ccxt`: the middle of bid and ask of an exchange's ticker, else its last trade.

    exchange : ccxt's name of the exchange, such as "kraken"
    symbols : ccxt's symbol by underlying, such as {"BTC": "BTC/USD"}
    policy : its hosts, if empty, become those of the exchange's own API
    """

    def __init__(
        self,
        exchange: str,
        symbols: Mapping[str, str],
        policy: Policy,
        *,
        options: Mapping[str, object] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._symbols = symbols
        self._now_ns = now_ns
        self._exchange = _hardened_exchange(exchange, policy, options or {})

    async def quote(self, underlying: str) -> Quote:
        symbol = self._symbols.get(underlying)
        if symbol is None:
            raise SourceError(f"No symbol is configured for {underlying}")
        asked_ns = self._now_ns()
        try:
            ticker = await self._exchange.fetch_ticker(symbol)
        except SourceError:
            raise
        except Exception as error:
            # ccxt raises KeyError, TypeError and more on answers it did not expect.
            raise SourceError(f"{symbol}: {type(error).__name__}: {error}") from error
        return _ticker_quote(ticker, asked_ns)


def _ticker_quote(ticker: Mapping[str, Any], asked_ns: int) -> Quote:
    stamp_ms = ticker.get("timestamp")
    age_ms = 0 if stamp_ms is None else asked_ns // PPM - int(stamp_ms)
    if age_ms > AGE_MS_MAX:
        raise SourceError(f"Its ticker is {age_ms} ms old")
    bid, ask, last = (ticker.get(name) for name in ("bid", "ask", "last"))
    if bid is not None and ask is not None:
        bid_e8, ask_e8 = price_from_text(str(bid)), price_from_text(str(ask))
        if bid_e8 > ask_e8:
            raise SourceError(f"Expected bid {bid} below ask {ask}")
        middle = (bid_e8 + ask_e8) // 2
        return Quote(middle, (ask_e8 - bid_e8 + 1) // 2, asked_ns - max(0, age_ms) * PPM)
    if last is None:
        raise SourceError("Expected a bid and an ask, or a last price")
    last_e8 = price_from_text(str(last))
    confidence_e8 = last_e8 * DEFAULT_CONFIDENCE_PPM // PPM
    return Quote(last_e8, confidence_e8, asked_ns - max(0, age_ms) * PPM)


def _hardened_exchange(name: str, policy: Policy, options: Mapping[str, object]) -> Any:
    try:
        import ccxt.async_support as ccxt  # Optional: heavy, and only real venues need it.
    except ImportError as error:
        raise SourceError("The ccxt source needs the package: pip install ccxt") from error
    if name not in ccxt.exchanges:
        raise SourceError(f"ccxt knows no exchange {name!r}")
    base = getattr(ccxt, name)

    class Hardened(base):  # type: ignore[misc, valid-type]  # the class is chosen by name
        number = Decimal  # Prices as decimals: a binary float never comes near them.

        async def fetch(self, url: str, method: str = "GET", *_: object) -> Any:
            if method != "GET":
                raise SourceError(f"A price source only reads, was asked to {method}")
            answer = (await get(url, self.novate_policy)).decode("utf-8")
            parsed = self.parse_json(answer)
            self.handle_errors(200, "OK", url, method, {}, answer, parsed, {}, None)
            return parsed

    exchange = Hardened(dict(options))
    hosts = policy.hosts or frozenset(_hosts(exchange, exchange.urls["api"]))
    exchange.novate_policy = replace(policy, hosts=hosts)
    return exchange


def _hosts(exchange: Any, urls: object) -> list[str]:
    if isinstance(urls, str):
        return [urlsplit(exchange.implode_hostname(urls)).hostname or ""]
    if isinstance(urls, dict):
        return [host for value in urls.values() for host in _hosts(exchange, value)]
    return []
