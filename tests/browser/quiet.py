"""A venue without bots, whose prices move when a test says so."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.gateway.venue import Venue


@contextmanager
def quiet_venue() -> Iterator[Venue]:
    """The running venue, with the files that its web servers serve."""
    running = Venue()
    try:
        # A web server only serves the files that it finds when it starts.
        running.manage("collectstatic", "--noinput", "--verbosity", "0")
        running.start()
        yield running
    finally:
        running.stop_all()
