"""An empty venue on the servers of the test run: what is to be killed, and who trades."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
import redis

from exchange.management.processes import fast_lane
from exchange.models.keys import create_key
from exchange.pipeline import journal
from exchange.pipeline.servers import redis_url
from tests.crash.clients import ApiClient, BusClient, Client, Load
from tests.crash.proof import History, prove
from tests.gateway.venue import HOST, Key
from tests.pipeline.engine import EngineProcess, engine_in_thread, wait_until
from tests.pipeline.process import VenueProcess
from tests.pipeline.venue import Venue
from tests.scenarios.venue import free_port_pair

TRADERS = 3


class Stage:
    """One contract with a price, three traders with money, an engine that was stopped."""

    def __init__(self) -> None:
        self.venue = Venue()
        self.processes: list[VenueProcess] = []
        with engine_in_thread():
            self.venue.open()
            self.traders = [self.venue.trader() for _ in range(TRADERS)]

    def close(self) -> None:
        for process in self.processes:
            process.close()
        self.venue.close()

    def engine(
        self,
        crash_at: str = "",
        options: Sequence[str] = (),
        *,
        is_forked: bool = True,
        **environment: str,
    ) -> EngineProcess:
        engine = EngineProcess(crash_at, options, is_forked=is_forked, **environment)
        self.processes.append(engine)
        return engine

    def manage(
        self, *arguments: str, crash_at: str = "", is_forked: bool = True, **environment: str
    ) -> VenueProcess:
        return self.run(
            "manage.py", *arguments, crash_at=crash_at, is_forked=is_forked, **environment
        )

    def run(
        self, *arguments: str, crash_at: str = "", is_forked: bool = True, **environment: str
    ) -> VenueProcess:
        process = VenueProcess(
            *arguments, crash_at=crash_at, is_forked=is_forked, **environment
        )
        self.processes.append(process)
        return process

    def lane(self, port: int, crash_at: str = "", **environment: str) -> VenueProcess:
        """A gateway: the bots' ASGI server."""
        lane = fast_lane(HOST, port)
        environment["NOVATE_LANE"] = lane.environment["NOVATE_LANE"]
        process = VenueProcess(
            *lane.arguments, crash_at=crash_at, is_forked=True, **environment
        )
        self.processes.append(process)
        return process

    @contextmanager
    def load(self) -> Iterator[Load]:
        """Every trader trades by the bus, and the price stays fresh."""
        clients = [BusClient(account, seed=account) for account in self.traders]
        with self._at_work(clients) as load:
            yield load

    @contextmanager
    def load_by_api(self) -> Iterator[tuple[Load, int]]:
        """Every trader trades over HTTP at one port, which is yielded too."""
        port = free_port_pair()
        keys = [Key(account, *create_key(account)) for account in self.traders]
        with self._at_work([ApiClient(key, [port], key.account) for key in keys]) as load:
            yield load, port

    @contextmanager
    def _at_work(self, clients: Sequence[Client]) -> Iterator[Load]:
        reporting = Venue()
        reporting.reporters = self.venue.reporters
        try:
            with Load(clients, reporting) as load:
                yield load
        finally:
            reporting.close()

    def prove(self, load: Load) -> History:
        return prove(load.clients)


def shortly(cases: Iterable[Any], *every_time: Any) -> list[Any]:
    """Parameters of which only some run every time, and the others at night."""
    return [
        case if case in every_time else pytest.param(case, marks=pytest.mark.nightly)
        for case in cases
    ]


def wait_for_trading(load: Load, orders: int = 5) -> None:
    """Until so many more orders are acknowledged."""
    wanted = load.acknowledged + orders
    wait_until(lambda: load.acknowledged >= wanted, 60.0)


def flush_valkey() -> None:
    """Valkey forgets everything, the stream of commands too."""
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        valkey.flushall()


def writer_session() -> int:
    """The server process of PostgreSQL that serves the engine's journal."""
    with journal.connect() as connection:
        row = connection.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND (classid::bigint << 32 | objid::bigint) = %s",
            (journal.LOCK_KEY,),
        ).fetchone()
    assert row is not None, "no engine holds the lock"
    return int(row[0])


def cut_the_engine_off() -> None:
    """End the writer's session in PostgreSQL, as a lost network would; nothing without one."""
    with journal.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND (classid::bigint << 32 | objid::bigint) = %s AND granted",
            (journal.LOCK_KEY,),
        )
