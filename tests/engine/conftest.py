"""Fixtures for the engine's tests: a venue with three contracts, and Alice, Bob and Carol."""

import pytest
from hypothesis import settings

from tests.engine.venue import UNITS, Venue, make_venue

# No wall clock in a verdict: compiling a kernel takes longer than any deadline.
settings.register_profile("novate", deadline=None, print_blob=True)
settings.load_profile("novate")


@pytest.fixture
def venue() -> Venue:
    """Three perpetuals with marks at 60,000.0, 3,000.00 and 150.000 and a VALID index."""
    return make_venue()


@pytest.fixture
def alice(venue: Venue) -> int:
    """A trader with 100,000 USDC."""
    return venue.open_funded(100_000 * UNITS)


@pytest.fixture
def bob(venue: Venue) -> int:
    """A trader with 100,000 USDC."""
    return venue.open_funded(100_000 * UNITS)


@pytest.fixture
def carol(venue: Venue) -> int:
    """A trader with 100,000 USDC."""
    return venue.open_funded(100_000 * UNITS)
