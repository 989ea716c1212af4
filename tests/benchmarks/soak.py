"""A whole venue with its demonstration under a steady load: `python -m tests.benchmarks.soak`.

Every `--every` seconds it writes one line: what the clients saw and what the venue says of
itself. At the end: the slope of every process's memory over the second half, the lags of the
first and of the last quarter, and every gauge that was not quiet. It ends with 1 if the ledger
was not balanced, an order had no answer or one was refused; speed and memory are for people
to judge.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from exchange.pipeline.servers import PROJECT
from tests.scenarios.venue import Venue

CLIENT = "tests.benchmarks.soak_client"
ACCOUNTS = 8
SOCKETS = 40
FUND = "USDC=1000000"
PAGE_BYTES = 4_096
MEGABYTE = 1 << 20
HOUR = 3_600.0
SHOWN = 10

# Gauges that are zero while all is well.
QUIET = ("novate_ledger_units", "novate_valkey_losses_total", "novate_postgres_losses_total")


@dataclass
class Sample:
    """What was seen at one moment; memory in bytes by process."""

    at: float
    metrics: dict[str, float]
    memory: dict[str, int]
    told: dict[str, Any]


@dataclass
class Record:
    """All samples of a run."""

    samples: list[Sample] = field(default_factory=list)

    def part(self, first: float, last: float) -> list[Sample]:
        """The samples between two shares of the run."""
        count = len(self.samples)
        return self.samples[int(count * first) : max(int(count * last), int(count * first) + 1)]

    def worst(self, name: str, samples: list[Sample]) -> float:
        return max((sample.metrics.get(name, 0.0) for sample in samples), default=0.0)


def main() -> int:
    """Starts the venue, loads it, watches it, reports."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="novate-soak-") as folder:
        venue = Venue(Path(folder) / "home")
        try:
            venue.start()
            print(venue.said().splitlines()[-1], flush=True)
            keys = [_account(venue, number) for number in range(ACCOUNTS)]
            record = Record()
            with _load(venue, keys, options) as told:
                _watch(venue, options, told, record)
        finally:
            venue.stop()
    return _report(record)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=1_000, help="orders and cancels a second")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two lines")
    return parser.parse_args()


def _account(venue: Venue, number: int) -> list[str]:
    made = venue.manage("create_account", f"soak-{number}", "--fund", FUND, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    return [told["key"], told["secret"]]


@contextlib.contextmanager
def _load(
    venue: Venue, keys: list[list[str]], options: argparse.Namespace
) -> Iterator[Iterator[dict[str, Any]]]:
    """The client process; yields what it tells, a line each `every` seconds."""
    url = f"ws://127.0.0.1:{venue.port + 1}/ws/api/v2"
    seconds, rate, every = str(options.minutes * 60), str(options.rate), str(options.every)
    client = subprocess.Popen(
        [sys.executable, "-m", CLIENT, url, seconds, str(SOCKETS), rate, every],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdin is not None
    assert client.stdout is not None
    try:
        client.stdin.write(json.dumps(keys))
        client.stdin.close()
        yield (json.loads(line) for line in client.stdout)
        assert client.wait() == 0, "the clients gave up"
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


def _watch(
    venue: Venue,
    options: argparse.Namespace,
    told: Iterator[dict[str, Any]],
    record: Record,
) -> None:
    began = time.monotonic()
    print("   s   orders/s  p50 ms  p99 ms  stream s  projector s  memory MB", flush=True)
    for line in told:
        sample = Sample(time.monotonic() - began, _metrics(venue), _memory(venue), line)
        record.samples.append(sample)
        print(
            f"{sample.at:5.0f} {line['per_second']:9,.0f} {line['p50_ms']:7.1f} "
            f"{line['p99_ms']:7.1f} {sample.metrics['novate_stream_oldest_seconds']:9.2f} "
            f"{sample.metrics.get('novate_projector_lag_seconds', 0.0):12.2f} "
            f"{sum(sample.memory.values()) / MEGABYTE:10,.0f}",
            flush=True,
        )


def _metrics(venue: Venue) -> dict[str, float]:
    """Every number of /metrics; of those with labels the largest by amount."""
    status, body = venue.get("/metrics", port=venue.port + 1)
    assert status == 200, body
    found: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            if abs(sample.value) >= abs(found[sample.name]):
                found[sample.name] = sample.value
    return found


def _memory(venue: Venue) -> dict[str, int]:
    """Bytes that each process of the venue holds for itself, by what it was started as."""
    found: dict[str, int] = defaultdict(int)
    for pid, command in venue.processes().items():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = (Path("/proc") / str(pid) / "statm").read_text().split()
            found[_name(command)] += (int(words[1]) - int(words[2])) * PAGE_BYTES
    return found


def _name(command: str) -> str:
    """What a process was started as: `run_engine`, `uvicorn`, `postgres`."""
    words = command.split()
    if "manage.py" in command:
        return words[next(i for i, word in enumerate(words) if "manage.py" in word) + 1]
    if "-m" in words:
        return words[words.index("-m") + 1]
    return Path(words[0].rstrip(":")).name if words else "ended"


def _report(record: Record) -> int:
    half = record.part(0.5, 1.0)
    print("\nmemory over the second half, MB an hour (and MB at the end)")
    hours = np.array([sample.at for sample in half]) / HOUR
    for name in sorted(half[-1].memory):
        held = np.array([sample.memory.get(name, 0) for sample in half]) / MEGABYTE
        slope = np.polyfit(hours, held, 1)[0] if len(half) > 2 else 0.0
        print(f"  {name:<24} {slope:+10.1f} {held[-1]:10.1f}")
    first, last = record.part(0.0, 0.25), record.part(0.75, 1.0)
    print("worst of the first and of the last quarter")
    for name in ("novate_stream_oldest_seconds", "novate_projector_lag_seconds"):
        print(f"  {name:<32} {record.worst(name, first):8.2f} {record.worst(name, last):8.2f}")
    for name in ("p50_ms", "p99_ms"):
        early, late = (max(sample.told[name] for sample in part) for part in (first, last))
        print(f"  {name:<32} {early:8.1f} {late:8.1f}")
    loud = {name: record.worst(name, record.samples) for name in QUIET}
    loud = {name: value for name, value in loud.items() if value}
    print(f"gauges that were not quiet: {loud or 'none'}")
    answered = sum(int(sample.told["answered"]) for sample in record.samples)
    missing = sum(int(sample.told["missing"]) for sample in record.samples)
    met = sum(int(sample.told["met"]) for sample in record.samples)
    print(f"{answered:,} answered, {missing} without an answer")
    refused = [text for sample in record.samples for text in sample.told["refused"]]
    print(f"{met} orders met by the market before their cancel, {len(refused)} refused")
    for text in refused[:SHOWN]:
        print(f"  {text}")
    return 1 if missing or refused or "novate_ledger_units" in loud else 0


if __name__ == "__main__":
    sys.exit(main())
