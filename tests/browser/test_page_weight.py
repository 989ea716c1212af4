"""What no clock decides about a fast page: how much code it needs, and that nothing jumps."""

import pytest

from tests.browser.conftest import Opener
from tests.browser.page_watch import BEGIN, CODE_BYTES, READY, SHIFTS
from tests.browser.terminal import BTC, DESK, PHONE

CODE_BYTES_MAX = 200_000
SHIFT_MAX = 0.02


@pytest.mark.parametrize("size", [DESK, pytest.param(PHONE, marks=pytest.mark.nightly)])
def test_pages_are_light_and_nothing_jumps(
    open_terminal: Opener, size: tuple[int, int]
) -> None:
    person = open_terminal(size, is_phone=size == PHONE)
    person.page.add_init_script(BEGIN)
    shifts = {}
    person.go(f"/trade/{BTC}")
    person.until(READY)

    sizes = person.evaluate(CODE_BYTES)
    assert sizes["chart"] > 0
    assert 0 < sizes["code"] <= CODE_BYTES_MAX
    for path in (f"/trade/{BTC}", "/", "/status", "/docs/limits"):
        person.go(path)
        person.wait_until_live()
        person.page.wait_for_timeout(1_200)
        shifts[path] = person.evaluate(SHIFTS)
    person.settle_in()
    for path in ("/portfolio", "/portfolio/funds", "/portfolio/accounts", "/welcome"):
        person.go(path)
        person.wait_until_live()
        person.page.wait_for_timeout(1_200)
        shifts[path] = person.evaluate(SHIFTS)

    assert {path: shift for path, shift in shifts.items() if shift >= SHIFT_MAX} == {}
