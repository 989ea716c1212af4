"""Every test run has a venue of its own: a private NOVATE_HOME, deleted at the end.

Its servers start with the first test that needs them; tests of the engine start nothing.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

# Before the settings are read, so never a developer's venue. Compiled kernels are shared: they
# are keyed by their sources.
os.environ.setdefault("NOVATE_JIT_DIR", str(Path(__file__).parents[1] / ".novate" / "jit"))
os.environ["NOVATE_HOME"] = tempfile.mkdtemp(prefix="novate-test-")
os.environ["DJANGO_SETTINGS_MODULE"] = "exchange.settings"

import django
import pytest
import redis
from django.conf import settings
from django.test import override_settings

from exchange.pipeline.servers import (
    ServerLease,
    discard_servers,
    ensure_servers,
    jit_cache_directory,
    novate_home,
    redis_url,
)

if TYPE_CHECKING:
    from tests.gateway.venue import Venue

os.environ["NUMBA_CACHE_DIR"] = str(jit_cache_directory())
# pytest-django has looked for settings already and found none: test modules import models.
django.setup()


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerLease]:
    """Real PostgreSQL and Valkey, private to this run."""
    with ensure_servers() as lease:
        yield lease
    discard_servers(novate_home())


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: ServerLease) -> None:
    """Django's test database lives on the servers of this run."""


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Pages render without a collectstatic before them."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": storage}):
        yield


@pytest.fixture(scope="session")
def edge_venue() -> Iterator["Venue"]:
    """One running venue for all tests that speak to it from outside."""
    from tests.gateway.venue import Venue

    running = Venue()
    try:
        running.start()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
def no_venue(transactional_db: None, servers: ServerLease) -> Iterator[None]:
    """An empty journal, and before and after no file, stream or key of another venue."""
    _forget_venue()
    yield
    _forget_venue()


def _forget_venue() -> None:
    # These need django.setup(), and so come after it.
    from exchange import tasks
    from exchange.pipeline.replica import snapshot_directory
    from exchange.pipeline.runner import high_water_path

    high_water_path().unlink(missing_ok=True)
    shutil.rmtree(snapshot_directory(), ignore_errors=True)
    tasks.forget_replica()
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        valkey.flushdb()


@pytest.hookimpl(trylast=True)  # With -x the servers are still to be ended by then.
def pytest_sessionfinish() -> None:
    shutil.rmtree(os.environ["NOVATE_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("NOVATE_NIGHTLY") == "1":
        return
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    items[:] = [item for item in items if item not in nightly]
    config.hook.pytest_deselected(items=nightly)
