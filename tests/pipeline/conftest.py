"""Real servers for the tests of the pipeline: an empty journal and a Valkey of their own."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis

from exchange.pipeline import journal
from exchange.pipeline.servers import ServerLease, redis_url


@pytest.fixture
def empty_journal(db: None) -> Iterator[psycopg.Connection[Any]]:
    """Django's test database through a connection of our own; only the journal is emptied."""
    with journal.connect() as connection:
        connection.execute("TRUNCATE exchange_journalbatch")
        yield connection
        connection.execute("TRUNCATE exchange_journalbatch")


@pytest.fixture
def valkey(servers: ServerLease) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url())
    client.flushdb()
    yield client
    client.close()
