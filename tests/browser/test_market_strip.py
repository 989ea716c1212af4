"""The market strip: a market that stands still says so, and why."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.scenarios.venue import Venue

SOL = "SOL_USDC-PERPETUAL"


def test_halted_market_says_why_until_it_goes_on(
    open_terminal: Opener, own_venue: Venue | None
) -> None:
    if own_venue is None:
        pytest.skip("Markets of somebody else are not halted.")
    visitor = open_terminal()
    visitor.trade(SOL)
    badge = visitor.page.locator(".strip nv-halt")
    expect(badge).to_be_hidden()

    own_venue.manage("halt", SOL, "--reason", "The index <b>is</b> wrong.")
    try:
        expect(badge).to_have_text(
            re.compile(r"^Halted since .* UTC: The index <b>is</b> wrong\.$"), timeout=15_000
        )
    finally:
        own_venue.manage("resume", SOL, "--reason", "It is right again.")

    expect(badge).to_be_hidden(timeout=15_000)
