"""Real servers for the tests of the pipeline: an empty journal and a Valkey of their own."""

import shutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis

from exchange.engine import warmup
from exchange.pipeline import journal
from exchange.pipeline.replica import snapshot_directory
from exchange.pipeline.runner import Runner, high_water_path
from exchange.pipeline.servers import ServerLease, redis_url
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue

Connection = psycopg.Connection[Any]
Valkey = Any  # redis-py calls every reply bytes, text or None


@pytest.fixture
def empty_journal(db: None) -> Iterator[Connection]:
    """Django's test database through a connection of our own; only the journal is emptied."""
    _forget_files()
    with journal.connect() as connection:
        connection.execute("TRUNCATE exchange_journalbatch")
        yield connection
        connection.execute("TRUNCATE exchange_journalbatch")
    _forget_files()


def _forget_files() -> None:
    shutil.rmtree(snapshot_directory(), ignore_errors=True)
    high_water_path().unlink(missing_ok=True)


@pytest.fixture
def valkey(servers: ServerLease) -> Iterator[Valkey]:
    client = redis.Redis.from_url(redis_url())
    client.flushdb()
    yield client
    client.close()


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compiled before the first test waits for an answer."""
    warmup.warm_up()


@pytest.fixture
def engine(empty_journal: Connection, valkey: Valkey, kernels: None) -> Iterator[Runner]:
    with engine_in_thread() as runner:
        yield runner


@pytest.fixture
def venue(servers: ServerLease) -> Iterator[Venue]:
    venue = Venue()
    yield venue
    venue.close()
