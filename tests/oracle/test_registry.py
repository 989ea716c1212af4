"""A reporter's configuration becomes its source, or is refused with the place of the fault."""

from pathlib import Path

import pytest

from oracle.sources.demo import SimulatedSource, Temper
from oracle.sources.registry import (
    DEMO_REPORTERS,
    CcxtConfig,
    HttpJsonConfig,
    ReplayConfig,
    build_source,
    load_reporters,
)
from oracle.sources.web import CcxtSource, HttpJsonSource


def refuse_replay(_: Temper) -> SimulatedSource:
    raise AssertionError("no replay was configured")


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_configuration_builds_every_kind(tmp_path: Path) -> None:
    path = write(
        tmp_path / "reporters.json",
        """[
        {"name": "alpha", "kind": "ccxt", "exchange": "kraken", "symbols": {"BTC": "BTC/USD"}},
        {"name": "bravo", "kind": "http_json", "hosts": ["api.example"],
         "tickers": {"BTC": {"url": "https://api.example/t", "price": ["data", 0]}}},
        {"name": "charlie", "kind": "replay", "seed": 3, "noise_ppm": 60, "delay_ms": 400},
        {"name": "delta", "kind": "simulated", "starts": {"BTC": "60000"}}]""",
    )
    tempers: list[Temper] = []

    def replay(temper: Temper) -> SimulatedSource:
        tempers.append(temper)
        return SimulatedSource({})

    configs = load_reporters(path)
    sources = [build_source(config, replay) for config in configs]

    assert isinstance(configs[0], CcxtConfig)
    assert isinstance(configs[1], HttpJsonConfig)
    assert [type(source) for source in sources[:2]] == [CcxtSource, HttpJsonSource]
    assert tempers == [Temper(3, 60, 400_000_000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '[{"name": "alpha"}]',
        '[{"name": "alpha", "kind": "oracle"}]',
        '[{"name": "../x", "kind": "simulated", "starts": {}}]',
        '[{"name": "Alpha", "kind": "simulated", "starts": {}}]',
        '[{"name": "alpha", "kind": "simulated", "starts": {}, "extra": 1}]',
        '[{"name": "alpha", "kind": "replay", "seed": 3, "noise_ppm": -1, "delay_ms": 0}]',
        '[{"name": "a", "kind": "simulated", "starts": {}},'
        ' {"name": "a", "kind": "simulated", "starts": {}}]',
    ],
)
def test_configuration_with_a_fault_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        load_reporters(write(tmp_path / "reporters.json", text))


def test_demonstration_has_five_reporters_who_differ() -> None:
    names = [config.name for config in DEMO_REPORTERS]
    replays = [config for config in DEMO_REPORTERS if isinstance(config, ReplayConfig)]

    assert names == ["alpha", "bravo", "charlie", "delta", "echo"]
    assert len({config.seed for config in replays}) == 5
