"""A venue of nothing: an empty journal, and no file, stream or key of another one."""

import shutil
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from exchange import tasks
from exchange.pipeline.replica import snapshot_directory
from exchange.pipeline.runner import high_water_path
from exchange.pipeline.servers import ServerLease, redis_url


@pytest.fixture
def no_venue(transactional_db: None, servers: ServerLease) -> Iterator[None]:
    """Before and after: nothing."""
    _forget_venue()
    yield
    _forget_venue()


def _forget_venue() -> None:
    high_water_path().unlink(missing_ok=True)
    shutil.rmtree(snapshot_directory(), ignore_errors=True)
    tasks.forget_replica()
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        valkey.flushdb()
