"""One person's way through every page: what each check of the whole site walks along."""

from tests.browser.terminal import BTC, Terminal

VISITORS = (
    "/",
    f"/trade/{BTC}",
    "/status",
    "/docs/limits",
    "/accounts/login/",
    "/accounts/signup/",
)
OWN = (
    "/portfolio",
    "/portfolio/funds",
    "/portfolio/accounts",
    "/portfolio/statements",
    f"/trade/{BTC}",
    "/welcome",
    "/account/keys",
    "/account/keys/new",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/password/change/",
    "/accounts/logout/",
)
LONG = ("/docs",)  # a hundred methods: minutes under a checker


def settle(terminal: Terminal) -> None:
    """A person with funds, a sub-account, a position, an order and a key."""
    terminal.settle_in()
    terminal.buy(BTC, "0.5")
    terminal.rest(BTC, "0.1", label="tour")
    terminal.go("/portfolio/accounts")
    terminal.page.locator("#new-label").fill("Carry")
    terminal.page.get_by_role("button", name="Open it").click()
    terminal.page.get_by_text("The sub-account is open").wait_for()
    terminal.go("/account/keys/new")
    terminal.confirm()
    terminal.page.locator("[name=name]").fill("Maker")
    terminal.page.get_by_role("button", name="Make the key").click()
    terminal.page.locator(".secret").wait_for()
