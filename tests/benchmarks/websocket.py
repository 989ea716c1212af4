"""Order entry and fan-out over websockets, on both servers, from a client process."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable

from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import Key, Venue

Report = Callable[[str, str], None]
ACCOUNTS = 8
CONNECTIONS = 50
SUBSCRIBERS = 1_000
CLIENT = "tests.benchmarks.websocket_client"
BARS = {"uvicorn": "8,000/s, p99 15 ms; 30 ms", "daphne": "60 ms"}


def run(report: Report, *, seconds: int, subscribers: int = SUBSCRIBERS) -> None:
    """A whole venue without the demonstration; each server in turn."""
    _raise_file_limit()
    venue = Venue()
    try:
        venue.start()
        keys = [venue.account() for _ in range(ACCOUNTS)]
        for server, port in venue.ports.items():
            url = f"ws://127.0.0.1:{port}/ws/api/v2"
            print(f"  {server} (bars: {BARS[server]})")
            _orders(report, url, keys, seconds)
            _fan_out(report, url, keys[0], seconds, subscribers)
    finally:
        venue.stop_all()


def _orders(report: Report, url: str, keys: list[Key], seconds: int) -> None:
    told = _client("orders", url, keys, seconds, CONNECTIONS)
    delays = f"p50 {told['p50_ms']:.1f} ms, p99 {told['p99_ms']:.1f} ms"
    figures = f"{told['per_second']:>12,.0f} /s   {delays}"
    report(f"order or cancel to acknowledgement, {CONNECTIONS} connections", figures)


def _fan_out(report: Report, url: str, key: Key, seconds: int, subscribers: int) -> None:
    told = _client("fan-out", url, [key], seconds, subscribers)
    figures = (
        f"{told['p50_ms']:>12,.1f} ms p50, {told['p99_ms']:.1f} ms worst of {told['updates']}"
    )
    report(f"one book update, first to last of {subscribers:,} subscribers", figures)


def _client(
    kind: str, url: str, keys: list[Key], seconds: int, sockets: int
) -> dict[str, float]:
    secrets = json.dumps([[key.id, key.secret] for key in keys])
    done = subprocess.run(
        [sys.executable, "-m", CLIENT, kind, url, str(seconds), str(sockets)],
        cwd=PROJECT,
        input=secrets,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
