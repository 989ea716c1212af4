"""One person's browser window, and what people do in it."""

import itertools
import os
import re
import time
from decimal import Decimal
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, WebSocketRoute, expect

DESK = (1440, 900)
PHONE = (390, 844)
BTC = "BTC_USDC-PERPETUAL"
POLL_MS = 50
PASSWORD = "correct horse battery 9"
WEBSOCKET = re.compile(r"/ws/api/v2(\?|$)")

_numbers = itertools.count(1)


def _name() -> str:
    return f"person-{os.getpid()}-{next(_numbers)}"


class Wire:
    """The page's websocket in a test's hands: cut, silent, refused, or losing a message."""

    def __init__(self, page: Page) -> None:
        self.lose_book_changes = 0
        self.lose_order_answers = 0
        self.connections = 0
        self._is_silent = False
        self._is_refused = False
        self._route: WebSocketRoute | None = None
        page.route_web_socket(WEBSOCKET, self._connect)

    def cut(self) -> None:
        assert self._route is not None
        self._route.close(code=3001)

    def go_silent(self) -> None:
        self._is_silent = True

    def refuse(self) -> None:
        self.refuse_all()
        self.cut()

    def refuse_all(self) -> None:
        self._is_refused = True

    def _connect(self, route: WebSocketRoute) -> None:
        if self._is_refused:
            route.close(code=3001)
            return
        self._route = route
        self.connections += 1
        route.connect_to_server().on_message(lambda message: self._forward(route, message))

    def _forward(self, route: WebSocketRoute, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode()
        is_change = '"channel":"book.' in text and '"prev_change_id"' in text
        is_answer = '"result":{"order":' in text
        if is_change and self.lose_book_changes:
            self.lose_book_changes -= 1
        elif is_answer and self.lose_order_answers:
            self.lose_order_answers -= 1
            self.cut()
        elif not self._is_silent:
            route.send(message)


class Terminal:
    """A window with its own cookies; `problems` holds console errors and CSP violations."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        viewport: tuple[int, int],
        *,
        is_phone: bool = False,
        locale: str = "en-US",
    ) -> None:
        self.url = url
        self.problems: list[str] = []
        self._context = browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]},
            is_mobile=is_phone,
            has_touch=is_phone,
            locale=locale,
        )
        self.page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"{error}"))

    def close(self) -> None:
        self._context.close()

    def set_theme(self, theme: str) -> None:
        self._context.add_cookies([{"name": "theme", "value": theme, "url": self.url}])

    def turn(self, theme: str) -> None:
        """The other theme, without opening the page anew."""
        self.page.evaluate(
            """async (name) => {
            const known = document.querySelector("script[type=importmap]");
            if (known) (await import("novate/theme")).setTheme(name);
        }""",
            theme,
        )

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def trade(self, contract: str = BTC) -> None:
        """Open the trade page and wait until its book is live."""
        self.go(f"/trade/{contract}")
        self.wait_until_live()
        expect(self.page.locator(".bids .level").first).to_be_attached(timeout=15_000)

    def wait_until_live(self) -> None:
        live = self.page.locator('nv-connection[data-state="live"]')
        expect(live).to_be_attached(timeout=15_000)

    def sign_up(self) -> str:
        """A new person; ends where the form leads to."""
        name = _name()
        self.go("/accounts/signup/")
        form = self.page.locator("main form")
        form.locator("[name=username]").fill(name)
        for field in form.locator("input[type=password]").all():
            field.fill(PASSWORD)
        form.get_by_role("button", name="Sign up").click()
        self.page.wait_for_url("**/welcome")
        return name

    def join(self) -> str:
        """A new person, quicker: the same form, sent without opening its page."""
        name, address = _name(), self.url + "/accounts/signup/"
        self.page.request.get(address)
        cookies = {one["name"]: one["value"] for one in self._context.cookies(address)}
        form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        answer = self.page.request.post(
            address, form={**form, "csrfmiddlewaretoken": cookies["csrftoken"]}, max_redirects=0
        )
        assert answer.status == 302, answer.text()
        return name

    def confirm(self) -> None:
        """Say again who one is, as the venue asks before anything that gives power."""
        self.page.locator("main [name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name="Confirm").click()

    def fund(self) -> None:
        """Test funds, on any page."""
        self.wait_until_live()
        self.call("private/demo_fund")
        funded = re.compile(r"^100.000.00$")  # in whatever locale
        expect(self.page.locator("nv-account-health .equity")).to_have_text(funded)

    def begin(self) -> str:
        """A new person with test funds on the trade page."""
        name = self.join()
        self.trade()
        self.fund()
        return name

    def settle_in(self) -> str:
        """A new person with test funds on a page without much on it."""
        name = self.join()
        self.go("/welcome")
        self.fund()
        return name

    def call(self, method: str, **params: Any) -> Any:
        """What the venue answers to the page's own session, over the page's own connection."""
        script = """async ([method, params]) =>
            (await import("novate/stream")).stream.call(method, params, { isWrite: true })"""
        return self.page.evaluate(script, [method, params])

    def buy(self, contract: str, size: str) -> None:
        """A position at the market, from any page."""
        self.call("private/buy", instrument_name=contract, amount=size, type="market")

    def rest(self, contract: str, size: str, **more: Any) -> None:
        """An order that rests below the market."""
        book = self.call("public/get_order_book", instrument_name=contract, depth=1)
        price = str(int(Decimal(str(book["best_bid_price"]))) // 100 * 100 - 200)
        terms = {"instrument_name": contract, "amount": size, "price": price, **more}
        self.call("private/buy", type="limit", **terms)

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f'nv-ticket button[name="{name}"][value="{value}"]').click()

    def enter(self, *, size: str, price: str | None = None) -> None:
        if price is not None:
            self.page.locator("#price").fill(price)
        self.page.locator("#size").fill(size)

    @property
    def submit(self) -> Locator:
        return self.page.locator("nv-ticket button.submit")

    def toast(self, title: str) -> Locator:
        """The newest message of that title, once it is there."""
        found = self.page.locator("nv-toasts .toast", has_text=title).last
        expect(found).to_be_visible(timeout=10_000)
        return found

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def bid(self, row: int = 0) -> str:
        """The price of a visible bid, as a decimal."""
        level = self.page.locator(".bids .level").nth(row)
        return str(level.get_attribute("data-price"))

    def patient_price(self) -> str:
        """A bid that will rest: some way below the best one, a multiple of every grouping."""
        return str(int(Decimal(self.bid())) // 100 * 100 - 200)

    def number(self, selector: str) -> Decimal:
        text = self.page.locator(selector).first.inner_text()
        found = re.search(r"[-−+]?[\d,]+(\.\d+)?", text)
        assert found, f"Expected a number in {text!r}"
        return Decimal(found[0].replace(",", "").replace("−", "-"))

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)

    def until(self, script: str, argument: Any = None, *, seconds: float = 20.0) -> None:
        """Waits for a script's truth. Asked from outside: the pages' own policy forbids the
        evaluation that Playwright's wait_for_function repeats within them."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(script, argument):
            assert time.monotonic() < deadline, f"it did not come about: {script}"
            self.page.wait_for_timeout(POLL_MS)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.problems.append(message.text)
