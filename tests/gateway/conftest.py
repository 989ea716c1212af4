from collections.abc import Iterator

import pytest

from tests.gateway.venue import Key, Venue


@pytest.fixture(scope="session")
def venue() -> Iterator[Venue]:
    """One running venue for all tests of the edge."""
    running = Venue()
    try:
        running.start()
        yield running
    finally:
        running.stop_all()


@pytest.fixture(scope="session")
def alice(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="session")
def bob(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(params=["daphne", "uvicorn"])
def port(request: pytest.FixtureRequest, venue: Venue) -> int:
    """Each test of a connection runs on both servers."""
    return venue.ports[request.param]
