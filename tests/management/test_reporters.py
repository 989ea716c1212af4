"""Reporters: the paused clock, what is signed, and five of them making an index."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import SUBMIT_OBSERVATION, CommandKind, make, pack_name
from exchange.engine.events import ACCOUNT_OPENED, INDEX_UPDATED, EventKind
from exchange.engine.rejects import RejectReason
from exchange.management.reporters import (
    Complaints,
    PathClock,
    Reporter,
    observations,
    report_once,
)
from exchange.pipeline.at_hand import engine_at_hand
from exchange.pipeline.bus import AsyncBus, Bus
from exchange.pipeline.codec import Batch, Result
from exchange.pipeline.servers import redis_url
from oracle.sources.base import Quote, SourceError
from oracle.sources.demo import SimulatedSource
from oracle.sources.signing import is_signed_by, load_or_create_key, public_key_words

E8 = 100_000_000
SECOND_NS = 1_000_000_000
NAMES = ("alpha", "bravo", "charlie", "delta", "echo")


class Silent:
    """A source that has no price."""

    async def quote(self, underlying: str) -> Quote:
        raise SourceError(f"No price for {underlying}")


# --- the clock ---------------------------------------------------------------------------
def test_clock_stands_still_between_two_runs(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    first = PathClock(path, 1_000 * SECOND_NS)
    assert first.position_ns(1_060 * SECOND_NS) == 60 * SECOND_NS
    first.save(1_060 * SECOND_NS)

    second = PathClock(path, 9_000 * SECOND_NS)

    assert second.position_ns(9_000 * SECOND_NS) == 60 * SECOND_NS
    assert second.position_ns(9_010 * SECOND_NS) == 70 * SECOND_NS


def test_clock_repeats_only_what_was_not_saved_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    first = PathClock(path, 0)
    first.save(100 * SECOND_NS)
    first.position_ns(102 * SECOND_NS)

    assert PathClock(path, 500 * SECOND_NS).position_ns(500 * SECOND_NS) == 100 * SECOND_NS


def test_clock_is_never_half_written(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    PathClock(path, 5)

    assert json.loads(path.read_text()) == {"origin_ns": 5, "seen_ns": 5}
    assert [each.name for each in tmp_path.iterdir()] == ["clock.json"]


# --- what is signed ----------------------------------------------------------------------
def test_observations_carry_their_own_signatures(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path, "alpha")
    reporter = Reporter("alpha", 3, 17, key, Silent())
    quotes = {0: Quote(100 * E8, 5, 7), 2: Quote(200 * E8, 6, 8)}

    commands, sides = observations(reporter, quotes)

    rows = commands.view(SUBMIT_OBSERVATION)
    assert rows["kind"].tolist() == [30, 30]
    assert rows["principal"].tolist() == [17, 17]
    assert rows["source"].tolist() == [3, 3]
    assert rows["underlying"].tolist() == [0, 2]
    assert rows["price_e8"].tolist() == [100 * E8, 200 * E8]
    words = public_key_words(key)
    assert is_signed_by(words, sides[0], 3, 0, quotes[0])
    assert is_signed_by(words, sides[1], 3, 2, quotes[2])


# --- in the engine -----------------------------------------------------------------------
def register(bus: Bus, folder: Path, price_e8: int) -> list[Reporter]:
    """Five reporters and one underlying, registered by the operator."""
    name_0, name_1 = pack_name("BTC", 2)
    bus.submit(make(CommandKind.LIST_UNDERLYING, units.OPERATOR, name_0=name_0, name_1=name_1))
    reporters = []
    for source, name in enumerate(NAMES):
        opening = make(
            CommandKind.OPEN_ACCOUNT, units.OPERATOR, account=-1, role=units.ROLE_REPORTER
        )
        opened = bus.submit(opening)[0].events[:1].view(ACCOUNT_OPENED)
        account = int(opened["account"][0])
        key = load_or_create_key(folder, name)
        words = public_key_words(key)
        registration = make(
            CommandKind.REGISTER_REPORTER,
            units.OPERATOR,
            account=account,
            source=source,
            weight_ppm=200_000,
            **{f"key_{i}": word for i, word in enumerate(words)},
        )
        assert bus.submit(registration)[0].reason == RejectReason.ACCEPTED
        prices = SimulatedSource({"BTC": price_e8}, amplitude=0.0)
        reporters.append(Reporter(name, source, account, key, prices))
    return reporters


@pytest.mark.usefixtures("no_venue")
def test_five_reporters_make_a_valid_index(tmp_path: Path) -> None:
    with engine_at_hand(redis_url(), progress=lambda _: None):
        bus = Bus.connect(redis_url())
        reporters = register(bus, tmp_path, 50_000 * E8)
        bus.close()
        batches, forged = asyncio.run(report_all(reporters))

    events = np.concatenate([batch.events for batch in batches])
    updates = events[events["kind"] == EventKind.INDEX_UPDATED].view(INDEX_UPDATED)
    assert updates["index_e8"][-1] == 50_000 * E8
    assert updates["status"][-1] == units.ORACLE_VALID
    assert updates["fresh"][-1] >= 3
    assert forged.reason != RejectReason.ACCEPTED


async def report_all(reporters: list[Reporter]) -> tuple[list[Batch], Result]:
    """What the engine said to a round of reports, and to one signed with another's key."""
    batches: list[Batch] = []
    bus = await AsyncBus.connect(redis_url())
    bus.listeners.append(batches.append)
    for reporter in reporters:
        await report_once(reporter, bus, {"BTC": 0}, Complaints("test"))
    forger = replace(reporters[0], key=reporters[1].key)
    commands, sides = observations(forger, {0: Quote(60_000 * E8, 1, time.time_ns())})
    results = await bus.submit(commands, sides)
    await bus.close()
    return batches, results[0]
