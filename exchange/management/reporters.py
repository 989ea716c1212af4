"""Reporters at work: quote, sign, submit, and be patient while the engine is away.

REPORT-001  a reporter signs with its own key and acts as its own account, nothing else.
REPORT-002  a source that cannot quote says nothing: no old price is ever repeated as a new one.
REPORT-003  while the engine is away a reporter waits ever longer, and what it then submits is a
            new quote, never one from a queue.
REPORT-004  the demonstration's prices stand still while nobody replays them, so that a venue
            started again goes on where it was.
"""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.engine.commands import HEADER, SUBMIT_OBSERVATION, CommandKind
from exchange.engine.rejects import RejectReason
from exchange.pipeline.bus import AsyncBus, Backpressure, OutcomeUnknown
from exchange.pipeline.codec import Records
from oracle.sources import signing
from oracle.sources.base import Quote, Source, SourceError

log = logging.getLogger(__name__)

BACK_OFF_SECONDS = 0.5
BACK_OFF_SECONDS_MAX = 5.0
CLOCK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Reporter:
    """One registered reporter of this process."""

    name: str
    source: int
    account: int
    key: Ed25519PrivateKey
    prices: Source


class PathClock:
    """Wall time -> position on the recorded paths, standing still between runs (REPORT-004).

    The file holds when the path began and when it was last seen moving; at most CLOCK_SECONDS
    of the path are played twice after a crash.
    """

    def __init__(self, path: Path, now_ns: int) -> None:
        self._path = path
        self._origin_ns = now_ns
        if path.exists():
            saved = json.loads(path.read_bytes())
            self._origin_ns = now_ns - (int(saved["seen_ns"]) - int(saved["origin_ns"]))
        self.save(now_ns)

    def position_ns(self, wall_ns: int) -> int:
        return wall_ns - self._origin_ns

    def save(self, now_ns: int) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({"origin_ns": self._origin_ns, "seen_ns": now_ns}))
        os.replace(draft, self._path)


async def report(
    reporter: Reporter,
    bus: AsyncBus,
    underlyings: Mapping[str, int],
    interval_seconds: float,
    delay_seconds: float,
) -> None:
    """Report all underlyings every `interval_seconds`, for ever, from `delay_seconds` on."""
    complaints = Complaints(reporter.name)
    loop = asyncio.get_running_loop()
    back_off = BACK_OFF_SECONDS
    due = loop.time() + delay_seconds
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        due = max(due + interval_seconds, loop.time())
        try:
            await report_once(reporter, bus, underlyings, complaints)
            back_off = BACK_OFF_SECONDS
        except (Backpressure, OutcomeUnknown) as error:
            complaints.set("bus", f"{type(error).__name__}: {error}")
            due = loop.time() + back_off
            back_off = min(2 * back_off, BACK_OFF_SECONDS_MAX)


async def report_once(
    reporter: Reporter, bus: AsyncBus, underlyings: Mapping[str, int], complaints: "Complaints"
) -> None:
    """Quote, sign and submit each underlying once. Raises what AsyncBus.submit raises."""
    quotes: dict[str, Quote] = {}
    for name in underlyings:
        try:
            quotes[name] = await reporter.prices.quote(name)
        except SourceError as error:
            complaints.set(name, str(error))
    if not quotes:
        return
    commands, sides = observations(
        reporter, {underlyings[name]: quote for name, quote in quotes.items()}
    )
    results = await bus.submit(commands, sides)
    complaints.set("bus", "")
    for name, result in zip(quotes, results, strict=True):
        refused = RejectReason(result.reason).name if result.reason else ""
        complaints.set(name, refused)


def observations(
    reporter: Reporter, quotes: Mapping[int, Quote]
) -> tuple[Records, dict[int, bytes]]:
    """SubmitObservation records of quotes by underlying id, and their signatures as sides."""
    records = np.zeros(len(quotes), SUBMIT_OBSERVATION)
    records["kind"] = CommandKind.SUBMIT_OBSERVATION
    records["principal"] = reporter.account
    records["source"] = reporter.source
    signatures: dict[int, bytes] = {}
    for index, (underlying, quote) in enumerate(quotes.items()):
        records["underlying"][index] = underlying
        records["price_e8"][index] = quote.price_e8
        records["confidence_e8"][index] = quote.confidence_e8
        records["publish_time_ns"][index] = quote.publish_time_ns
        signatures[index] = signing.sign(reporter.key, reporter.source, underlying, quote)
    return records.view(HEADER), signatures


class Complaints:
    """Says once that something began to fail and once that it works again."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._standing: dict[str, str] = {}

    def set(self, subject: str, complaint: str) -> None:
        """Note the state of a subject; an empty complaint means that it works."""
        before = self._standing.get(subject, "")
        self._standing[subject] = complaint
        if complaint and not before:
            log.warning("%s: %s: %s", self._name, subject, complaint)
        elif before and not complaint:
            log.info("%s: %s: works again", self._name, subject)
