"""A long journal projected and rebuilt: `python -m tests.benchmarks.rebuild --commands N`.

A projector that starts with all of it ahead; then a rebuild that is interrupted, resumed and
killed; then one that is left alone. The tables must be the same after the first and the last;
what each took, and its peak memory, is printed. It ends with 1 if they are not.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections

from exchange import selectors
from exchange.management.progress import Progress
from exchange.pipeline.projections import PROJECTED, journal_head
from exchange.pipeline.servers import PROJECT, discard_servers, ensure_servers, novate_home
from tests.benchmarks import long_journal

MEGABYTE = 1 << 20
POLL_SECONDS = 0.2
Digest = dict[str, tuple[int, int]]


class Run:
    """A command of the venue in a process of its own; its peak memory is watched."""

    def __init__(self, *arguments: str) -> None:
        self.peak_bytes = 0
        self.began = time.monotonic()
        with tempfile.NamedTemporaryFile(delete=False, suffix=".err") as said:
            self._said = Path(said.name)
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=PROJECT,
                env=dict(os.environ),
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def wait(self, until: Callable[[], bool] = lambda: False) -> float:
        """Until the process ends or something holds; seconds since it began."""
        while self.process.poll() is None and not until():
            self._look_at_memory()
            time.sleep(POLL_SECONDS)
        return time.monotonic() - self.began

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait()

    def said(self) -> list[str]:
        return self._said.read_text().splitlines()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._said.unlink()

    def _look_at_memory(self) -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = (Path("/proc") / str(self.process.pid) / "status").read_text()
            peak = next((row for row in status.splitlines() if row.startswith("VmHWM")), "")
            if peak:
                self.peak_bytes = 1_024 * int(peak.split()[1])


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Run]:
    run = Run(*arguments)
    try:
        yield run
    finally:
        run.close()


def digest() -> Digest:
    """Rows and a sum over them that does not depend on their order, by table."""
    found: Digest = {}
    with connection.cursor() as cursor:
        for model in PROJECTED:
            cursor.execute(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) "
                f'FROM "{model._meta.db_table}" t'
            )
            count, total = cursor.fetchone()
            found[model.__name__] = int(count), int(total)
    return found


def main() -> int:
    """Makes the journal, lets it be projected, rebuilds it; 1 if the tables differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rebuild")
    parser.add_argument("--commands", type=int, default=10_000_000)
    count = parser.parse_args().commands
    try:
        with ensure_servers():
            call_command("migrate", interactive=False, verbosity=0)
            _write(count)
            is_equal = _measure()
            connections.close_all()
    finally:
        discard_servers(novate_home())
    return 0 if is_equal else 1


def _write(count: int) -> None:
    bar = Progress(lambda line: print(f"  {line}", flush=True))
    print(f"writing a journal of {count:,} commands", flush=True)
    for written in long_journal.write(count):
        bar(written, count)


def _measure() -> bool:
    head = journal_head()
    with running("run_projector") as projector:
        seconds = projector.wait(lambda: selectors.projected_head().sequence == head)
        _report("a projector that starts with all of it ahead", head, seconds, projector)
        assert projector.end(signal.SIGTERM) == 130, projector.said()
    before = digest()
    with running("replay", "--rebuild") as first:
        first.wait(lambda: 0.1 * head < selectors.projected_head().sequence < head)
        assert first.end(signal.SIGINT) == 130, first.said()
        print(f"  interrupted: {first.said()[-1]}", flush=True)
    with running("replay", "--rebuild", "--resume") as second:
        second.wait(lambda: 0.2 * head < selectors.projected_head().sequence < head)
        assert second.end(signal.SIGKILL) == -signal.SIGKILL, second.said()
        stand = selectors.projected_head().sequence
        print(f"  resumed, and killed at sequence {stand:,}", flush=True)
    with running("replay", "--rebuild") as last:
        seconds = last.wait()
        assert last.process.returncode == 0, last.said()
        for line in last.said():
            print(f"    {line}", flush=True)
        _report("manage.py replay --rebuild", head, seconds, last)
    after = digest()
    rows = sum(count for count, _ in before.values())
    for table in before:
        if before[table] != after[table]:
            print(f"  DIFFERENT: {table} {before[table]} {after[table]}")
    verdict = "equal" if before == after else "DIFFERENT"
    print(f"  {rows:,} rows in {len(before)} tables: {verdict}")
    return before == after


def _report(name: str, commands: int, seconds: float, run: Run) -> None:
    print(
        f"  {name:<50} {seconds:>8.1f} s   {commands / seconds:>9,.0f} commands/s   "
        f"peak {run.peak_bytes / MEGABYTE:,.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
