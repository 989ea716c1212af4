"""The durable path: raw records on the bus → journal, fsync → apply → results on the wire."""

import struct
from collections.abc import Callable
from time import perf_counter

import numpy as np
import redis

from exchange.engine.commands import PLACE_ORDER
from exchange.pipeline import codec
from exchange.pipeline.bus import BATCH_CHANNEL, STREAM, new_gateway_id
from exchange.pipeline.servers import redis_url
from tests.benchmarks.engine import Recorded
from tests.benchmarks.live import (
    engine_process,
    fdatasync_ms,
    fresh_prices,
    fund_accounts,
    live_engine,
)
from tests.benchmarks.workload import ACCOUNTS
from tests.engine.venue import UNITS, Records

Report = Callable[[str, str], None]
MESSAGE = 1_000  # commands of one message
AHEAD = 16  # messages in flight
SILENCE_SECONDS = 60.0


def run(recorded: Recorded, report: Report) -> None:
    """The recorded flow through a real engine process, message by message."""
    disk = fdatasync_ms()
    with live_engine() as (venue, process):
        with fresh_prices(venue):
            first = fund_accounts(venue, ACCOUNTS, 10_000_000 * UNITS)
            journal = readdressed(recorded, first)
            seconds, batches, rejected = _feed(journal)
        process.kill()
        process.wait()
        restart = _restart()
    assert not rejected, f"{rejected} commands were refused"
    figures = f"{len(journal) / seconds:>12,.0f} commands/s   {seconds:.1f} s in {batches:,} "
    report("bus, journal, apply, results", figures + f"commits; fdatasync p50 {disk:.2f} ms")
    tail = f"kill -9, restart with a tail of {len(journal):,} commands (bar: 5 s)"
    report(tail, f"{restart:>12.1f} s")


def _restart() -> float:
    """Seconds until a killed engine is live again; without a snapshot all is its tail."""
    began = perf_counter()
    with engine_process():
        return perf_counter() - began


def readdressed(recorded: Recorded, first: int) -> Records:
    """The recorded commands for the accounts of this venue, under a gateway of our own."""
    journal = recorded.journal.copy()
    orders = journal.view(PLACE_ORDER)  # all trading commands begin like it
    shift = first - recorded.first_account
    orders["principal"] += shift
    orders["account"] += shift
    journal["gateway_id"] = new_gateway_id()
    journal["gateway_sequence"] = np.arange(1, len(journal) + 1)
    journal["sequence"] = journal["time_ns"] = 0
    return journal


def _feed(journal: Records) -> tuple[float, int, int]:
    """(seconds, commits, refusals) from the first message to the last result."""
    client = redis.Redis.from_url(redis_url())
    listener = client.pubsub()  # type: ignore[no-untyped-call]  # redis-py is half typed.
    listener.subscribe(BATCH_CHANNEL)
    listener.get_message(timeout=SILENCE_SECONDS)
    gateway = int(journal["gateway_id"][0])
    messages = [journal[i : i + MESSAGE].tobytes() for i in range(0, len(journal), MESSAGE)]
    sent = answered = batches = rejected = 0
    began = perf_counter()
    while answered < len(journal):
        while sent < len(messages) and sent * MESSAGE - answered < AHEAD * MESSAGE:
            client.xadd(STREAM, {b"r": messages[sent], b"s": b""})
            sent += 1
        message = listener.get_message(timeout=SILENCE_SECONDS)
        assert message is not None, f"silence after {answered} of {len(journal)} commands"
        results = _results(message["data"])
        mine = results["gateway_id"] == gateway
        answered += int(mine.sum())
        rejected += int((results["reason"][mine] != 0).sum())
        batches += 1
    seconds = perf_counter() - began
    listener.close()
    client.close()
    return seconds, batches, rejected


def _results(raw: bytes) -> Records:
    """The results of a broadcast, without looking at its events."""
    count = struct.unpack_from("<8q", raw)[4]
    return np.frombuffer(raw, codec.RESULT, count, 64)
