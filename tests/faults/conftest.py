from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from exchange.engine import warmup
from exchange.pipeline import journal
from exchange.pipeline.high_water import HighWaterFile
from exchange.pipeline.journal import JournalWriter
from exchange.pipeline.servers import redis_url
from tests.crash.stage import Stage


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compiled before the first client waits for an answer."""
    warmup.warm_up()


@pytest.fixture
def stage(no_venue: None, kernels: None) -> Iterator[Stage]:
    stage = Stage()
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture
def own(no_venue: None) -> "Iterator[psycopg.Connection[Any]]":
    """A session of the test's own in the venue's database."""
    with journal.connect() as connection:
        yield connection


@pytest.fixture
def valkey() -> "Iterator[redis.Redis]":
    client = redis.Redis.from_url(redis_url())
    yield client
    client.close()


@pytest.fixture
def open_writer(no_venue: None, tmp_path: Path) -> Iterator[Callable[..., JournalWriter]]:
    writers: list[JournalWriter] = []

    def open_one(**options: Any) -> JournalWriter:
        writer = JournalWriter.try_open(HighWaterFile.open(tmp_path / "high_water"), **options)
        assert writer is not None
        writers.append(writer)
        return writer

    yield open_one
    for writer in writers:
        writer.close()
