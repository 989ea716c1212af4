"""Pictures of every page, state and theme: `python -m tests.browser.screenshots [URL]`.

Without a URL a venue of its own is started. The pictures go to screenshots/, which git ignores.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect

from exchange.pipeline.servers import PROJECT
from tests.browser.chromium import chromium
from tests.browser.terminal import BTC, DESK, PHONE, Terminal, Wire
from tests.scenarios.venue import Venue

FOLDER = PROJECT / "screenshots"
WIDE = (1920, 1080)
SETTLE_MS = 1_500

Scene = Callable[[Terminal], None]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with _venue(sys.argv[1:]) as url, chromium() as browser:
        for theme in ("dark", "light"):
            for name, (viewport, scene) in SCENES.items():
                _take(browser, url, f"{name}-{theme}", theme, viewport, scene)


def _take(
    browser: Browser, url: str, name: str, theme: str, viewport: tuple[int, int], scene: Scene
) -> None:
    terminal = Terminal(browser, url, viewport, is_phone=viewport == PHONE)
    terminal.set_theme(theme)
    scene(terminal)
    terminal.page.wait_for_timeout(SETTLE_MS)
    terminal.page.screenshot(path=FOLDER / f"{name}.png")
    terminal.close()
    print(f"{name}.png", *terminal.problems, sep="\n  ")


@contextmanager
def _venue(arguments: list[str]) -> Iterator[str]:
    if arguments:
        yield arguments[0]
        return
    with tempfile.TemporaryDirectory(prefix="novate-screenshots-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        venue = Venue(home)
        try:
            venue.start()
            yield f"http://127.0.0.1:{venue.port}"
            venue.stop()
        finally:
            venue.kill_what_is_left()


def _page(path: str) -> Scene:
    def scene(terminal: Terminal) -> None:
        terminal.go(path)
        terminal.wait_until_live()

    return scene


def _visiting(terminal: Terminal) -> None:
    terminal.trade()


def _trading(terminal: Terminal) -> None:
    """A position, two orders, a ticket with its preview."""
    terminal.begin()
    _hold(terminal)
    bid = terminal.patient_price()
    terminal.choose("type", "limit")
    terminal.enter(price=bid, size="0.25")
    terminal.submit.click()
    terminal.toast("Order placed")
    terminal.enter(price=bid, size="0.4")


def _hold(terminal: Terminal) -> None:
    terminal.choose("type", "market")
    terminal.enter(size="0.5")
    terminal.submit.click()
    terminal.toast("Bought")


def _refused(terminal: Terminal) -> None:
    terminal.begin()
    terminal.enter(price=terminal.patient_price(), size="500")
    expect(terminal.page.locator("nv-preview .refusal")).to_be_visible()
    terminal.tab("Open orders")


def _history(terminal: Terminal) -> None:
    terminal.begin()
    _hold(terminal)
    terminal.tab("Fills")


def _stale(terminal: Terminal) -> None:
    wire = Wire(terminal.page)
    terminal.begin()
    wire.refuse()
    expect(terminal.page.locator(".panel[data-stale]").first).to_be_attached(timeout=10_000)


def _moving(terminal: Terminal) -> None:
    """An order's line, moved and not confirmed yet."""
    _trading(terminal)
    handle = terminal.page.get_by_role("slider", name="Limit order").first
    handle.focus()
    terminal.page.keyboard.press("PageUp")


def _depth(terminal: Terminal) -> None:
    terminal.trade()
    terminal.tab("Depth")
    terminal.page.mouse.move(600, 300)


def _keys(terminal: Terminal) -> None:
    terminal.trade()
    terminal.page.keyboard.press("?")


def _switching(terminal: Terminal) -> None:
    terminal.trade()
    terminal.page.keyboard.press("Control+k")


def _welcome(terminal: Terminal) -> None:
    terminal.sign_up()


def _portfolio(terminal: Terminal) -> None:
    terminal.begin()
    _hold(terminal)
    terminal.go("/portfolio")
    terminal.wait_until_live()


def _phone(tab: str) -> Scene:
    def scene(terminal: Terminal) -> None:
        terminal.sign_up()
        terminal.fund()
        terminal.trade()
        tabs = terminal.page.locator("nv-phone")
        tabs.get_by_role("tab", name="Trade").click()
        _hold(terminal)
        tabs.get_by_role("tab", name=tab).click()

    return scene


def _phone_ticket(terminal: Terminal) -> None:
    terminal.begin()
    terminal.page.locator("nv-phone").get_by_role("tab", name="Trade").click()
    terminal.enter(price=terminal.patient_price(), size="0.2")


def _phone_portfolio(terminal: Terminal) -> None:
    terminal.sign_up()
    terminal.fund()
    terminal.go("/portfolio")
    terminal.wait_until_live()


def _settings(path: str) -> Scene:
    """A page of the account's settings, opened by somebody who has a key."""

    def scene(terminal: Terminal) -> None:
        terminal.sign_up()
        terminal.go("/account/keys/new")
        terminal.confirm()
        page = terminal.page
        page.locator("[name=name]").fill("Maker on BTC")
        page.get_by_label("Trade: place").check()
        page.get_by_label(BTC).check()
        page.locator("[name=allowed_ips]").fill("127.0.0.1\n2001:db8::/32")
        page.locator("[name=daily_loss]").fill("2,500")
        if path != "/account/keys/new":
            page.get_by_role("button", name="Make the key").click()
        if path.startswith("/accounts") or path == "/account/keys":
            terminal.go(path)
            terminal.wait_until_live()

    return scene


SCENES: dict[str, tuple[tuple[int, int], Scene]] = {
    "markets": (DESK, _page("/")),
    "trade-visitor": (DESK, _visiting),
    "trade": (DESK, _trading),
    "trade-refused": (DESK, _refused),
    "trade-fills": (DESK, _history),
    "trade-stale": (DESK, _stale),
    "trade-switcher": (DESK, _switching),
    "trade-moving": (DESK, _moving),
    "trade-depth": (DESK, _depth),
    "trade-keys": (DESK, _keys),
    "trade-wide": (WIDE, _trading),
    "portfolio": (DESK, _portfolio),
    "status": (DESK, _page("/status")),
    "welcome": (DESK, _welcome),
    "keys": (DESK, _settings("/account/keys")),
    "keys-new": (DESK, _settings("/account/keys/new")),
    "keys-secret": (DESK, _settings("/account/keys/secret")),
    "two-factor": (DESK, _settings("/accounts/2fa/")),
    "two-factor-app": (DESK, _settings("/accounts/2fa/totp/activate/")),
    "sessions": (DESK, _settings("/accounts/sessions/")),
    "phone-keys": (PHONE, _settings("/account/keys")),
    "phone-keys-new": (PHONE, _settings("/account/keys/new")),
    "phone-keys-secret": (PHONE, _settings("/account/keys/secret")),
    "phone-two-factor": (PHONE, _settings("/accounts/2fa/")),
    "phone-sessions": (PHONE, _settings("/accounts/sessions/")),
    "signup": (DESK, _page("/accounts/signup/")),
    "login": (DESK, _page("/accounts/login/")),
    "not-found": (DESK, _page(f"/trade/{BTC}-X")),
    "phone-markets": (PHONE, _page("/")),
    "phone-chart": (PHONE, _phone("Chart")),
    "phone-book": (PHONE, _phone("Book")),
    "phone-ticket": (PHONE, _phone_ticket),
    "phone-positions": (PHONE, _phone("Positions")),
    "phone-portfolio": (PHONE, _phone_portfolio),
}


if __name__ == "__main__":
    main()
