"""What the pictures show: every page in each of its states, as somebody comes to it.

A scene is played once in a window and photographed in both themes and all its sizes.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from playwright.sync_api import expect

from tests.browser.terminal import BTC, DESK, PHONE, Terminal, Wire
from tests.gateway.venue import Venue as QuietVenue

WIDE = (1920, 1080)
DESKS = (DESK, WIDE)
PHONES = (PHONE,)
EVERYWHERE = (*DESKS, *PHONES)

SOL = "SOL_USDC-PERPETUAL"

Act = Callable[[Terminal], None]


class Scene(NamedTuple):
    """A state of a page, and the sizes in which it is photographed.

    is_whole: the picture is as long as the page, not as high as the window.
    """

    act: Act
    sizes: tuple[tuple[int, int], ...] = EVERYWHERE
    is_whole: bool = True


def _at(path: str) -> Act:
    def act(terminal: Terminal) -> None:
        terminal.go(path)
        terminal.wait_until_live()

    return act


def _alone(path: str) -> Act:
    """A page without a connection of its own."""

    def act(terminal: Terminal) -> None:
        terminal.go(path)

    return act


# --- the trade page ---------------------------------------------------------------------------
def hold(terminal: Terminal) -> None:
    """A position, bought at the market."""
    terminal.choose("type", "market")
    terminal.enter(size="0.5")
    terminal.submit.click()
    terminal.toast("Bought")


def trading(terminal: Terminal) -> None:
    """A position, an order, a ticket with its preview."""
    terminal.begin()
    hold(terminal)
    bid = terminal.patient_price()
    terminal.choose("type", "limit")
    terminal.enter(price=bid, size="0.25")
    terminal.submit.click()
    terminal.toast("Order placed")
    terminal.enter(price=bid, size="0.4")


def _refused(terminal: Terminal) -> None:
    terminal.begin()
    terminal.enter(price=terminal.patient_price(), size="500")
    expect(terminal.page.locator("nv-preview .refusal")).to_be_visible()
    terminal.tab("Open orders")


def _tab(name: str) -> Act:
    def act(terminal: Terminal) -> None:
        trading(terminal)
        terminal.tab(name)

    return act


def _stale(terminal: Terminal) -> None:
    wire = Wire(terminal.page)
    terminal.begin()
    wire.refuse()
    expect(terminal.page.locator(".panel[data-stale]").first).to_be_attached(timeout=10_000)


def _unconnected(path: str) -> Act:
    """The page while no websocket ever opens: what the server wrote, and its loading states."""

    def act(terminal: Terminal) -> None:
        Wire(terminal.page).refuse_all()
        terminal.go(path)
        offline = terminal.page.locator('nv-connection[data-state="offline"]')
        expect(offline).to_be_attached(timeout=10_000)

    return act


def _moving(terminal: Terminal) -> None:
    """An order's line, moved and not confirmed yet."""
    trading(terminal)
    terminal.page.get_by_role("slider", name="Limit order").first.focus()
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


def _exits(terminal: Terminal) -> None:
    """A limit order with both exits, not sent yet, and a stop that waits."""
    terminal.begin()
    hold(terminal)
    price = Decimal(terminal.patient_price())
    terminal.page.get_by_label("Orders that wait for a price").select_option("stop_limit")
    terminal.choose("side", "sell")
    terminal.page.locator("#trigger").fill(str(price - 300))
    terminal.enter(price=str(price - 500), size="0.5")
    terminal.submit.click()
    terminal.toast("Order waits for its price")
    terminal.choose("type", "limit")
    terminal.choose("side", "buy")
    terminal.enter(price=str(price), size="0.4")
    terminal.page.get_by_label("Take profit / stop loss").check()
    terminal.page.locator("#takeProfit").fill(str(price + 1_500))
    terminal.page.locator("#stopLoss").fill(str(price - 700))


def _closing(terminal: Terminal) -> None:
    trading(terminal)
    terminal.page.locator("nv-close-all button").click()
    expect(terminal.page.locator("dialog.ask")).to_be_visible()


def _notices(terminal: Terminal) -> None:
    terminal.begin()
    terminal.buy(BTC, "0.5")
    terminal.toast("Bought")
    terminal.page.locator(".bell").click()


def _menu(terminal: Terminal) -> None:
    terminal.begin()
    terminal.page.locator("details.menu summary").click()


def _phone(tab: str) -> Act:
    def act(terminal: Terminal) -> None:
        terminal.settle_in()
        terminal.trade()
        tabs = terminal.page.locator("nv-phone")
        tabs.get_by_role("tab", name="Trade").click()
        hold(terminal)
        tabs.get_by_role("tab", name=tab).click()

    return act


def _phone_ticket(terminal: Terminal) -> None:
    terminal.begin()
    terminal.page.locator("nv-phone").get_by_role("tab", name="Trade").click()
    terminal.enter(price=terminal.patient_price(), size="0.2")


# --- the account ------------------------------------------------------------------------------
def holder(terminal: Terminal) -> None:
    """Somebody with funds, a position and an order, wherever the ticket is."""
    terminal.settle_in()
    terminal.buy(BTC, "0.5")
    terminal.rest(BTC, "0.1")


def _held(path: str) -> Act:
    def act(terminal: Terminal) -> None:
        holder(terminal)
        terminal.go(path)
        terminal.wait_until_live()

    return act


def _new(path: str) -> Act:
    def act(terminal: Terminal) -> None:
        terminal.join()
        terminal.go(path)
        terminal.wait_until_live()

    return act


def _settings(path: str) -> Act:
    """A page of the account's settings, opened by somebody who has a key."""

    def act(terminal: Terminal) -> None:
        terminal.join()
        terminal.go("/account/keys/new")
        terminal.confirm()
        page = terminal.page
        page.locator("[name=name]").fill("Maker on BTC")
        page.get_by_label("Trade: place").check()
        page.get_by_label(BTC).check()
        page.locator("[name=allowed_ips]").fill("127.0.0.1\n2001:db8::/32")
        page.locator("[name=daily_loss]").fill("2,500")
        if path == "/account/keys/new":
            return
        page.get_by_role("button", name="Make the key").click()
        if path != "/account/keys/secret":
            terminal.go(path)
            terminal.wait_until_live()

    return act


def _wrong_login(terminal: Terminal) -> None:
    terminal.go("/accounts/login/")
    form = terminal.page.locator("main form").first
    form.locator("[name=login]").fill("nobody-here")
    form.locator("[name=password]").fill("wrong")
    form.get_by_role("button", name="Log in", exact=True).click()
    expect(terminal.page.locator(".errorlist")).to_be_visible()


def _accounts(terminal: Terminal) -> None:
    holder(terminal)
    terminal.call("private/create_subaccount")
    terminal.go("/portfolio/accounts")
    terminal.wait_until_live()


# --- a venue whose prices move when they are told to ------------------------------------------
def liquidated(terminal: Terminal, venue: QuietVenue) -> None:
    """A position too large, closed in part by force."""
    maker = venue.account()
    rest: dict[str, Any] = {"instrument_name": SOL, "amount": 200}
    venue.get("private/sell", maker, **rest, price=150)
    venue.get("private/buy", maker, **rest, price=142.5)
    terminal.join()
    terminal.trade(SOL)
    terminal.call("private/demo_fund", amount=1_000)
    terminal.choose("type", "market")
    terminal.enter(size="100")
    terminal.submit.click()
    terminal.toast("Bought")
    venue.move_prices(SOL="143")
    banner = terminal.page.locator("nv-liquidation")
    expect(banner).to_contain_text("is over", timeout=30_000)
    banner.locator("summary").click()
    venue.move_prices()


def halted(terminal: Terminal, venue: QuietVenue) -> None:
    venue.manage("halt", BTC, "--reason", "The index has one source left.")
    terminal.trade(BTC)
    expect(terminal.page.locator(".strip nv-halt")).to_be_visible()


QUIET_SCENES = {
    "trade-liquidated": liquidated,
    "trade-halted": halted,
}

SCENES: dict[str, Scene] = {
    "markets": Scene(_at("/")),
    "markets-offline": Scene(_unconnected("/"), (DESK, PHONE)),
    "trade-visitor": Scene(lambda terminal: terminal.trade(), DESKS, is_whole=False),
    "trade": Scene(trading, DESKS, is_whole=False),
    "trade-refused": Scene(_refused, (DESK,), is_whole=False),
    "trade-orders": Scene(_tab("Open orders"), (DESK,), is_whole=False),
    "trade-fills": Scene(_tab("Fills"), (DESK,), is_whole=False),
    "trade-stale": Scene(_stale, (DESK,), is_whole=False),
    "trade-offline": Scene(_unconnected(f"/trade/{BTC}"), (DESK, PHONE), is_whole=False),
    "trade-switcher": Scene(_switching, (DESK, PHONE), is_whole=False),
    "trade-moving": Scene(_moving, (DESK,), is_whole=False),
    "trade-depth": Scene(_depth, (DESK,), is_whole=False),
    "trade-exits": Scene(_exits, DESKS, is_whole=False),
    "trade-closing": Scene(_closing, (DESK,), is_whole=False),
    "trade-notices": Scene(_notices, (DESK, PHONE), is_whole=False),
    "trade-menu": Scene(_menu, (DESK, PHONE), is_whole=False),
    "trade-history": Scene(_tab("Order history"), (DESK,), is_whole=False),
    "trade-funding": Scene(_tab("Funding"), (DESK,), is_whole=False),
    "trade-keys": Scene(_keys, (DESK,), is_whole=False),
    "phone-chart": Scene(_phone("Chart"), PHONES, is_whole=False),
    "phone-book": Scene(_phone("Book"), PHONES, is_whole=False),
    "phone-ticket": Scene(_phone_ticket, PHONES, is_whole=False),
    "phone-positions": Scene(_phone("Positions"), PHONES, is_whole=False),
    "portfolio": Scene(_held("/portfolio")),
    "portfolio-empty": Scene(_new("/portfolio"), (DESK, PHONE)),
    "funds": Scene(_held("/portfolio/funds")),
    "accounts": Scene(_accounts),
    "statements": Scene(_held("/portfolio/statements")),
    "status": Scene(_at("/status")),
    "docs": Scene(_at("/docs"), is_whole=False),
    "docs-limits": Scene(_at("/docs/limits"), (DESK, PHONE)),
    "welcome": Scene(_new("/welcome")),
    "welcome-funded": Scene(_held("/welcome"), (DESK, PHONE)),
    "keys": Scene(_settings("/account/keys")),
    "keys-empty": Scene(_new("/account/keys"), (DESK, PHONE)),
    "keys-new": Scene(_settings("/account/keys/new"), (DESK, PHONE)),
    "keys-secret": Scene(_settings("/account/keys/secret"), (DESK, PHONE)),
    "two-factor": Scene(_settings("/accounts/2fa/"), (DESK, PHONE)),
    "two-factor-app": Scene(_settings("/accounts/2fa/totp/activate/"), (DESK, PHONE)),
    "sessions": Scene(_settings("/accounts/sessions/"), (DESK, PHONE)),
    "password": Scene(_new("/accounts/password/change/"), (DESK, PHONE)),
    "signup": Scene(_at("/accounts/signup/"), (DESK, PHONE)),
    "login": Scene(_at("/accounts/login/"), (DESK, PHONE)),
    "login-refused": Scene(_wrong_login, (DESK, PHONE)),
    "not-found": Scene(_alone(f"/trade/{BTC}-X"), (DESK, PHONE)),
}
