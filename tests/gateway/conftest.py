import pytest

from tests.gateway.venue import Key, Venue


@pytest.fixture(scope="session")
def venue(edge_venue: Venue) -> Venue:
    """The venue of all tests of the edge."""
    return edge_venue


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
