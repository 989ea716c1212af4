"""A whole venue, random kills, and clients who go on through all of them.

Victims and moments follow from the seed alone, kill by kill: `--first 17 --kills 1` repeats the
seventeenth. What the operating system does between them is chance, as in life.

CAMP-001  the processes are the venue's own, kept alive by the supervisor of `manage.py up` and
          healed by its lease: what recovers here recovers there.
          They run interpreted, which starts sooner; the proof may replay compiled.
CAMP-002  the next kill comes when every client has been answered anew and the projector has
          caught up; each seventh comes while the venue is still recovering from the last.
"""

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.db import connection

from exchange.management import processes
from exchange.management.base import migrate_if_behind
from exchange.management.processes import Process
from exchange.management.supervisor import Child, Supervisor
from exchange.models.keys import create_key
from exchange.pipeline import journal
from exchange.pipeline.replica import Replica, snapshot_directory
from exchange.pipeline.runner import high_water_path
from exchange.pipeline.servers import (
    ServerLease,
    discard_servers,
    ensure_servers,
    novate_home,
)
from exchange.pipeline.servers.home import server_place
from exchange.pipeline.servers.process import listener
from tests.crash.clients import ApiClient, BusClient, Client, Load
from tests.crash.proof import prove
from tests.gateway.venue import HOST, Key
from tests.pipeline.venue import Venue
from tests.scenarios.venue import free_port_pair

RECOVERY_SECONDS = 60.0
START_SECONDS = 240.0
PAUSE_SECONDS_MAX = 0.6
STEADY_SECONDS = 0.5  # the next kill of the same process is no fault of the process
POLL_SECONDS = 0.02
BUS_TRADERS = 2
API_TRADERS = 2
HASTY = 7
SNAPSHOT_EVERY = 10
VICTIMS = ("engine", "projector", "gateway", "Valkey", "PostgreSQL", "session")

Say = Callable[[str], None]


class Kill(NamedTuple):
    """Who dies, how long after the venue was well; hasty: while it still recovers."""

    number: int
    victims: tuple[str, ...]
    pause_seconds: float
    is_hasty: bool


def kill_of(seed: int, number: int) -> Kill:
    """The number-th kill of a seed.

    >>> kill_of(1, 1) == kill_of(1, 1)
    True
    """
    draw = random.Random(f"{seed}/{number}")
    count = 2 if draw.random() < 0.15 else 1
    victims = tuple(draw.sample(VICTIMS, count))
    return Kill(number, victims, draw.uniform(0, PAUSE_SECONDS_MAX), number % HASTY == 0)


class Campaign:
    """The venue and its clients; `run` kills, `prove` judges."""

    def __init__(self, say: Say) -> None:
        self.deaths: Counter[str] = Counter()
        self.heals: Counter[str] = Counter()
        self._say = say
        self._supervisor = Supervisor(self._hear, steady_seconds=STEADY_SECONDS)
        self._children: dict[str, Child] = {}
        self._ends = ExitStack()
        self._lease: ServerLease
        self._load: Load

    def __enter__(self) -> "Campaign":
        with ExitStack() as begun:
            self._lease = begun.enter_context(ensure_servers(self._say))
            migrate_if_behind(self._say)
            begun.callback(self._supervisor.stop)
            port = free_port_pair()
            for process in (
                processes.engine(),
                processes.projector(),
                processes.fast_lane(HOST, port),
            ):
                self._start(process)
            self._load = begun.enter_context(self._at_work(port))
            self._watch_until(self._is_well(), START_SECONDS)
            self._ends = begun.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    @property
    def acknowledged(self) -> int:
        return self._load.acknowledged

    def run(self, kill: Kill) -> float:
        """Kill, and see the venue well again; returns the seconds that it took."""
        self._watch_for(kill.pause_seconds)
        began = time.monotonic()
        for victim in kill.victims:
            self._kill(victim)
        if not kill.is_hasty:
            self._watch_until(self._is_well(), RECOVERY_SECONDS)
        seconds = time.monotonic() - began
        if kill.number % SNAPSHOT_EVERY == 0 and not kill.is_hasty:
            self._save_snapshot()
        return seconds

    def prove(self) -> str:
        """Ends trading and processes in good order, then the proof; a line of figures."""
        self._watch_until(self._is_well(), RECOVERY_SECONDS)
        for client in self._load.clients:
            client.ask_to_finish()
        self._watch_until(self._has_finished, RECOVERY_SECONDS)
        self._load.finish()
        self._supervisor.stop()
        history = prove(self._load.clients)
        repeats = sum(history.repeats.values())
        return (
            f"{history.commands:,} commands, {history.accepted:,} orders acknowledged, "
            f"{repeats:,} repeats of a key that had been accepted, "
            f"state {history.state_hash.hex()[:16]}"
        )

    # --- processes --------------------------------------------------------------------------
    def _start(self, process: Process) -> None:
        name = "gateway" if process.name == "fast-lane" else process.name
        log = novate_home() / "log" / f"{process.name}.log"
        environment = {**process.environment, "NUMBA_DISABLE_JIT": "1"}
        child = Child(name, process.command, log, process.wave, environment)
        self._children[name] = self._supervisor.start(child)

    def _kill(self, victim: str) -> None:
        pid = self._pid_of(victim)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def _pid_of(self, victim: str) -> int | None:
        """None: it is dead already, or not there to be found."""
        if victim in self._children:
            child = self._children[victim]
            return child.process.pid if child.process and child.is_running() else None
        if victim == "session":
            return _writer_session()
        run = server_place().run
        name = "valkey.sock" if victim == "Valkey" else ".s.PGSQL.5432"
        server = listener(run / name)
        return server.pid if server else None

    def _hear(self, line: str) -> None:
        for name in self._children:
            if line.startswith((f"{name} was killed", f"{name} ended")):
                self.deaths[name] += 1
            if line.startswith(f"{name} ended"):
                self._say(f"   {line}")

    def _save_snapshot(self) -> None:
        """As the worker's task does: restarts would take ever longer without."""
        with closing(Replica.open()) as replica:
            replica.catch_up()
            replica.save_snapshot()

    # --- time -------------------------------------------------------------------------------
    def _watch(self) -> None:
        self._supervisor.watch()
        self.heals.update(self._lease.heal())
        time.sleep(POLL_SECONDS)

    def _watch_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._watch()

    def _watch_until(self, holds: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self._what_is_ill()
            self._watch()

    def _is_well(self) -> Callable[[], bool]:
        """Asked again and again: every client had a new answer, and its order is projected."""
        wanted = {client: client.answers + 2 for client in self._load.clients}
        head: list[int] = []

        def holds() -> bool:
            if any(client.answers < answers for client, answers in wanted.items()):
                for client in wanted:
                    client.check()
                return False
            if not head:
                head.extend(_number("SELECT max(first_sequence) FROM exchange_journalbatch"))
            projected = _number("SELECT max(sequence) FROM exchange_projectionhead")
            return bool(head and projected and projected[0] >= head[0])

        return holds

    def _has_finished(self) -> bool:
        return not any(client.is_alive() for client in self._load.clients)

    def _what_is_ill(self) -> str:
        tails = [
            f"{name}: {child.log.read_text(errors='replace')[-600:]}"
            for name, child in self._children.items()
        ]
        waiting = [f"{client.name}: {client.answers}" for client in self._load.clients]
        return "\n".join(["the venue does not recover", *waiting, *tails])

    # --- clients ----------------------------------------------------------------------------
    @contextmanager
    def _at_work(self, port: int) -> Iterator[Load]:
        with closing(self._first_venue()) as venue:
            venue.open()
            clients: list[Client] = [
                BusClient(venue.trader(), seed) for seed in range(BUS_TRADERS)
            ]
            for seed in range(API_TRADERS):
                account = venue.trader()
                key = Key(account, *create_key(account))
                clients.append(ApiClient(key, [port], BUS_TRADERS + seed))
            connection.close()
            with Load(clients, venue) as load:
                yield load

    def _first_venue(self) -> Venue:
        """Speaks to the engine as soon as it listens."""
        deadline = time.monotonic() + START_SECONDS
        log = Path(self._children["engine"].log)
        while "The engine is live" not in log.read_text(errors="replace"):
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            self._watch()
        return Venue()


def forget_venue() -> None:
    """Nothing is left of the venue but its keys: the next one begins at genesis."""
    connection.close()
    discard_servers(novate_home())
    high_water_path().unlink(missing_ok=True)
    shutil.rmtree(snapshot_directory(), ignore_errors=True)


def _writer_session() -> int | None:
    """The server process of PostgreSQL that serves the engine's journal."""
    return next(
        iter(
            _number(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
                f"AND (classid::bigint << 32 | objid::bigint) = {journal.LOCK_KEY}"
            )
        ),
        None,
    )


def _number(query: str) -> list[int]:
    """One integer, or nothing while the database is away."""
    try:
        with journal.connect() as own:
            row = own.execute(query.encode()).fetchone()
    except psycopg.Error:
        return []
    return [int(row[0])] if row and row[0] is not None else []
