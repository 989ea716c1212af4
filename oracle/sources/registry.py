"""A reporter's configuration -> its source. Unknown kinds and unknown fields are refused.

The file is a JSON list, one object a reporter:

    [{"name": "alpha", "kind": "ccxt", "exchange": "kraken", "symbols": {"BTC": "BTC/USD"}},
     {"name": "bravo", "kind": "http_json", "hosts": ["api.coinbase.com"], "tickers":
        {"BTC": {"url": "https://api.coinbase.com/v2/prices/BTC-USD/spot",
                 "price": ["data", "amount"]}}},
     {"name": "charlie", "kind": "replay", "seed": 3, "noise_ppm": 60, "delay_ms": 400},
     {"name": "delta", "kind": "simulated", "starts": {"BTC": "60000"}}]
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from oracle.sources.base import Source, price_from_text
from oracle.sources.demo import SimulatedSource, Temper
from oracle.sources.fetch import Policy
from oracle.sources.web import DEFAULT_CONFIDENCE_PPM, CcxtSource, HttpJsonSource, JsonTicker

# A reporter's name is also the name of its key file: it must stay a plain word.
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
DelayMs = Annotated[int, msgspec.Meta(ge=0, le=5_000)]
MS_NS = 1_000_000

# ccxt reads an exchange's whole list of markets once, and some are large.
CCXT_BYTES_MAX = 33_554_432
CCXT_SECONDS_MAX = 20.0


class _Kind(msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, frozen=True):
    name: Name


class ReplayConfig(_Kind, tag="replay", frozen=True):
    """Recorded prices with a small noise and delay of its own."""

    seed: int
    noise_ppm: Ppm
    delay_ms: DelayMs


class SimulatedConfig(_Kind, tag="simulated", frozen=True):
    """Waves around the start prices."""

    starts: dict[str, str]


class TickerConfig(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    url: str
    price: list[str | int]


class HttpJsonConfig(_Kind, tag="http_json", frozen=True):
    """Any JSON ticker; `hosts` is the allow-list and never follows from the URLs."""

    hosts: list[str]
    tickers: dict[str, TickerConfig]
    confidence_ppm: Ppm = DEFAULT_CONFIDENCE_PPM


class CcxtConfig(_Kind, tag="ccxt", frozen=True):
    """Any exchange's ticker."""

    exchange: str
    symbols: dict[str, str]


Config = ReplayConfig | SimulatedConfig | HttpJsonConfig | CcxtConfig

# The demonstration market: five venues, some quicker and some more exact than others.
DEMO_REPORTERS: tuple[Config, ...] = (
    ReplayConfig(name="alpha", seed=11, noise_ppm=30, delay_ms=120),
    ReplayConfig(name="bravo", seed=12, noise_ppm=50, delay_ms=250),
    ReplayConfig(name="charlie", seed=13, noise_ppm=60, delay_ms=400),
    ReplayConfig(name="delta", seed=14, noise_ppm=80, delay_ms=650),
    ReplayConfig(name="echo", seed=15, noise_ppm=120, delay_ms=900),
)


def load_reporters(path: Path) -> tuple[Config, ...]:
    """The reporters of a configuration file. Raises ValueError with the place of the fault."""
    try:
        reporters = msgspec.json.decode(path.read_bytes(), type=tuple[Config, ...])
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: {error}") from error
    names = [reporter.name for reporter in reporters]
    if len(set(names)) != len(names):
        raise ValueError(f"{path}: Expected each name once, was {names}")
    return reporters


def build_source(config: Config, replay: Callable[[Temper], Source]) -> Source:
    """The source of one reporter. `replay` makes those that need paths and a clock."""
    match config:
        case ReplayConfig():
            temper = Temper(config.seed, config.noise_ppm, config.delay_ms * MS_NS)
            return replay(temper)
        case SimulatedConfig():
            starts = {name: price_from_text(text) for name, text in config.starts.items()}
            return SimulatedSource(starts)
        case HttpJsonConfig():
            tickers = {
                name: JsonTicker(ticker.url, tuple(ticker.price))
                for name, ticker in config.tickers.items()
            }
            policy = Policy(hosts=frozenset(config.hosts))
            return HttpJsonSource(tickers, policy, confidence_ppm=config.confidence_ppm)
        case CcxtConfig():
            policy = Policy(
                hosts=frozenset(), bytes_max=CCXT_BYTES_MAX, seconds_max=CCXT_SECONDS_MAX
            )
            return CcxtSource(config.exchange, config.symbols, policy)
