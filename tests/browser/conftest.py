"""One venue with its demonstration market, one Chromium, and a terminal for each person.

NOVATE_BROWSER_URL points the tests at a venue that runs already.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.quiet import quiet_venue
from tests.browser.terminal import DESK, Terminal
from tests.gateway.venue import Venue as QuietVenue
from tests.scenarios.venue import Venue, live_venue

Opener = Callable[..., Terminal]


@pytest.fixture(scope="session")
def own_venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue | None]:
    """The tests' own venue; None where they look at somebody else's."""
    if os.environ.get("NOVATE_BROWSER_URL"):
        yield None
        return
    with live_venue(tmp_path_factory.mktemp("venue")) as venue:
        yield venue


@pytest.fixture(scope="session")
def venue_url(own_venue: Venue | None) -> str:
    if own_venue is None:
        return os.environ["NOVATE_BROWSER_URL"]
    return f"http://127.0.0.1:{own_venue.port}"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not longer than this package: while it is open, Django takes the thread for asynchronous.
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session", name="quiet_venue")
def shared_quiet_venue() -> Iterator[QuietVenue]:
    with quiet_venue() as venue:
        yield venue


@pytest.fixture(scope="session")
def quiet_url(quiet_venue: QuietVenue) -> str:
    return f"http://127.0.0.1:{quiet_venue.port}"


@pytest.fixture
def open_terminal(browser: Browser, venue_url: str) -> Iterator[Opener]:
    """Opens a browser window of somebody; at the end nobody's console may hold an error."""
    with openings(browser, venue_url) as opener:
        yield opener


@pytest.fixture
def open_quiet(browser: Browser, quiet_url: str) -> Iterator[Opener]:
    """The same at the venue without bots."""
    with openings(browser, quiet_url) as opener:
        yield opener


@contextmanager
def openings(browser: Browser, url: str) -> Iterator[Opener]:
    terminals: list[Terminal] = []

    def open_one(
        viewport: tuple[int, int] = DESK, *, is_phone: bool = False, locale: str = "en-US"
    ) -> Terminal:
        terminals.append(Terminal(browser, url, viewport, is_phone=is_phone, locale=locale))
        return terminals[-1]

    yield open_one
    problems = [problem for terminal in terminals for problem in terminal.problems]
    for terminal in terminals:
        terminal.close()
    assert problems == []
