"""One venue with its demonstration market, one Chromium, and a terminal for each person.

NOVATE_BROWSER_URL points the tests at a venue that runs already.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.terminal import DESK, Terminal
from tests.scenarios.venue import Venue

Opener = Callable[..., Terminal]


@pytest.fixture(scope="session")
def own_venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue | None]:
    """The tests' own venue; None where they look at somebody else's."""
    if os.environ.get("NOVATE_BROWSER_URL"):
        yield None
        return
    home = Path(tmp_path_factory.mktemp("venue")) / "home"
    home.mkdir(mode=0o700)
    venue = Venue(home)
    try:
        venue.start()
        yield venue
        venue.stop()
    finally:
        venue.kill_what_is_left()


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


@pytest.fixture
def open_terminal(browser: Browser, venue_url: str) -> Iterator[Opener]:
    """Opens a browser window of somebody; at the end nobody's console may hold an error."""
    terminals: list[Terminal] = []

    def open_one(viewport: tuple[int, int] = DESK, *, is_phone: bool = False) -> Terminal:
        terminals.append(Terminal(browser, venue_url, viewport, is_phone=is_phone))
        return terminals[-1]

    yield open_one
    problems = [problem for terminal in terminals for problem in terminal.problems]
    for terminal in terminals:
        terminal.close()
    assert problems == []
