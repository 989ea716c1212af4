import shutil
from collections.abc import Iterator

import pytest

from exchange.engine import warmup
from exchange.pipeline.replica import snapshot_directory
from tests.crash.stage import Stage


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compiled before the first client waits for an answer."""
    warmup.warm_up()


@pytest.fixture
def stage(no_venue: None, kernels: None) -> Iterator[Stage]:
    shutil.rmtree(snapshot_directory(), ignore_errors=True)
    stage = Stage()
    try:
        yield stage
    finally:
        stage.close()
