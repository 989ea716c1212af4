"""Many clients that take and never read, and many that only connect: others do not notice.

Latency and memory are measured and printed; what is asserted is behaviour: others are answered,
who does not read is cut off, memory stays bounded.
"""

import json
import re
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from exchange.management.processes import fast_lane, web
from tests.gateway.venue import HOST, Client, Venue
from tests.hostile.raw import RawSocket
from tests.hostile.requests import BTC
from tests.hostile.victim import LIMITS

NEVER_READERS = 100
CONNECTS = 400
ANSWERS = 100  # of one message of a never-reader, 2 KB and more each
MEMORY_MB_MAX = 400  # each may let some megabytes wait (SOCK-003)
CUT_SECONDS = 60.0
_CHANNELS = [f"book.{BTC}.100ms", f"trades.{BTC}.100ms", f"ticker.{BTC}.100ms"]


FAST = pytest.param(fast_lane, marks=pytest.mark.nightly)


@pytest.fixture(scope="module", params=[web, FAST])
def port(request: pytest.FixtureRequest, venue: Venue) -> Iterator[int]:
    """Servers of their own, with budgets that do not end the flood before the socket does."""
    yield venue.start_lane(request.param, name="flooded", NOVATE_LIMITS=LIMITS)
    venue.stop("flooded")


@pytest.fixture
def pid(venue: Venue, port: int) -> int:
    return venue.pid("flooded")


@pytest.mark.slow
def test_never_readers_are_cut_off_and_cost_others_nothing(
    venue: Venue, port: int, pid: int, capsys: pytest.CaptureFixture[str]
) -> None:
    maker = venue.account()
    with venue.socket(port, maker) as other, ExitStack() as opened:
        before_mb, quiet = memory_mb(pid), latencies(other, 50)
        sleepers = [
            opened.enter_context(closing(RawSocket(port, receive_bytes=4_096)))
            for _ in range(NEVER_READERS)
        ]
        for sleeper in sleepers:
            sleeper.send(request("public/subscribe", channels=_CHANNELS))
        highest_mb, waits, cut = before_mb, [], set[int]()
        deadline = time.monotonic() + CUT_SECONDS
        while len(cut) < NEVER_READERS and time.monotonic() < deadline:
            for number, sleeper in enumerate(sleepers):
                if number not in cut and not keeps_asking(sleeper):
                    cut.add(number)
            waits += latencies(other, 10)
            highest_mb = max(highest_mb, memory_mb(pid))

        assert len(cut) == NEVER_READERS
        assert highest_mb - before_mb < MEMORY_MB_MAX
        assert other.call("private/get_positions") == []
    with capsys.disabled():
        print(
            f"\n{NEVER_READERS} never-readers: {before_mb:.0f} to {highest_mb:.0f} MB; others "
            f"p50 {median_ms(quiet):.1f} to {median_ms(waits):.1f} ms, "
            f"longest {1e3 * max(waits):.0f} ms"
        )


@pytest.mark.slow
def test_a_flood_of_connects_costs_others_nothing(
    venue: Venue, port: int, pid: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with venue.socket(port) as other:
        before_mb, quiet = memory_mb(pid), latencies(other, 50)
        waits: list[float] = []
        with half_open(port, CONNECTS // 4):
            for _ in range(CONNECTS // 20):
                for _ in range(15):
                    with suppress(OSError, AssertionError):
                        RawSocket(port).close()
                waits += latencies(other, 1)
        after_mb = memory_mb(pid)

        assert len(waits) == CONNECTS // 20
        assert after_mb - before_mb < MEMORY_MB_MAX
        assert "version" in other.call("public/test")
    with capsys.disabled():
        print(
            f"\n{CONNECTS} connects: {before_mb:.0f} to {after_mb:.0f} MB; others p50 "
            f"{median_ms(quiet):.1f} to {median_ms(waits):.1f} ms, "
            f"longest {1e3 * max(waits):.0f} ms"
        )


@contextmanager
def half_open(port: int, count: int) -> Iterator[None]:
    """Connections that begin a request and never end it."""
    with ExitStack() as opened:
        for _ in range(count):
            begun = opened.enter_context(closing(socket.create_connection((HOST, port), 10)))
            begun.sendall(b"POST /api/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n{")
        yield


def keeps_asking(sleeper: RawSocket) -> bool:
    """Ask for much without reading any of it; False once the server has hung up."""
    try:
        sleeper.send_now(b"[" + b",".join([request("public/get_instruments")] * ANSWERS) + b"]")
    except BlockingIOError:
        return not sleeper.is_reset()
    except OSError:
        return False
    return True


def latencies(client: Client, count: int) -> list[float]:
    found = []
    for _ in range(count):
        started = time.monotonic()
        client.call("public/test")
        found.append(time.monotonic() - started)
    return found


def median_ms(seconds: list[float]) -> float:
    return 1e3 * statistics.median(seconds)


def memory_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
    assert found is not None
    return int(found[1]) / 1_024


def request(method: str, **params: object) -> bytes:
    return json.dumps({"id": 1, "method": method, "params": params}).encode()
