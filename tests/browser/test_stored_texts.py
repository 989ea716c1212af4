"""Whatever people call their keys, accounts, orders and browsers, pages show it as text."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.payloads import PAYLOADS
from tests.browser.terminal import BTC, Terminal

KEYS, ACCOUNTS = 30, 20  # as many as one account, and one person, may have
ACCOUNT_NAME_MOST = 40
COUNT_CALLS = """window.xssCalls = 0; window.xss = () => { window.xssCalls += 1; };
    window.alert = window.prompt = window.confirm = window.xss;"""
# What markup out of a payload would have left behind.
LEFT_BEHIND = """() => [...document.querySelectorAll("body *")].filter((node) =>
    node.matches("iframe, object, embed, marquee, math, base, audio, video")
    || [...node.attributes].some(({ name, value }) => name.startsWith("on")
        || (["href", "src", "action"].includes(name) && /javascript:|x\\.test/i.test(value))))
    .map((node) => node.outerHTML.slice(0, 120))"""


def harmless(terminal: Terminal) -> list[str]:
    """What the page did or holds that a payload alone could have caused."""
    calls = terminal.evaluate("window.xssCalls")
    left: list[str] = terminal.evaluate(LEFT_BEHIND)
    return left + ([f"{calls} calls"] if calls else [])


def post(page: Page, path: str, fields: dict[str, str]) -> int:
    """How a form is answered, sent as the browser would, without opening it each time."""
    token = page.locator("main [name=csrfmiddlewaretoken]").first.input_value()
    url = re.sub(r"(://[^/]+).*", rf"\1{path}", page.url)
    answer = page.request.post(
        url,
        form={"csrfmiddlewaretoken": token, **fields},
        headers={"Referer": url},
        max_redirects=0,
    )
    return answer.status


def name_everything(person: Terminal) -> None:
    """Fifty payloads as names of keys and accounts, and as labels of orders."""
    page = person.page
    person.settle_in()
    for payload in PAYLOADS:
        person.rest(BTC, "0.01", label=payload)
    person.go("/account/keys/new")
    person.confirm()
    page.locator("[name=name]").wait_for()
    account = page.locator("html").get_attribute("data-account-number")
    for payload in PAYLOADS[:KEYS]:
        made = {"name": payload, "scopes": "read", "account": str(account)}
        assert post(page, "/account/keys/new", made) == 200
    person.go("/portfolio/accounts")
    for payload in PAYLOADS[KEYS:]:
        label = payload[:ACCOUNT_NAME_MOST]
        assert post(page, "/portfolio/accounts/new", {"label": label}) == 302


@pytest.mark.nightly
def test_fifty_payloads_in_names_and_labels_do_nothing(open_terminal: Opener) -> None:
    person = open_terminal()
    person.page.add_init_script(COUNT_CALLS)
    name_everything(person)
    page = person.page

    person.go("/account/keys")
    expect(page.locator(".key-name b")).to_have_count(KEYS)
    assert page.locator(".key-name b").all_inner_texts() == list(PAYLOADS[:KEYS])
    found = harmless(person)
    person.go("/portfolio/accounts")
    person.wait_until_live()
    shown = page.locator(".accounts tbody td:first-child b").all_inner_texts()
    wanted = {" ".join(text[:ACCOUNT_NAME_MOST].split()) for text in PAYLOADS[KEYS:]}
    assert set(shown) == {"Main account", *wanted}
    found += harmless(person)
    for path in ("/portfolio", f"/trade/{BTC}", "/account/keys/new", "/portfolio/funds", "/"):
        person.go(path)
        person.wait_until_live()
        if "/trade" in path:
            person.tab("Open orders")
            expect(page.locator("nv-open-orders tbody tr").first).to_be_visible()
            found += harmless(person)
            person.tab("Order history")
        page.wait_for_timeout(300)
        found += harmless(person)

    assert found == []


def test_payloads_in_addresses_and_browsers_names_do_nothing(open_terminal: Opener) -> None:
    person = open_terminal()
    person.page.add_init_script(COUNT_CALLS)
    person.page.context.set_extra_http_headers({"User-Agent": PAYLOADS[5]})
    person.sign_up()
    found = []
    for path in ("/accounts/sessions/", "/trade/%3Cimg%20src=x%20onerror=xss()%3E"):
        person.go(path)
        found += harmless(person)
    person.go("/accounts/login/?next=javascript:xss()")
    found += harmless(person)
    assert not person.page.url.startswith("javascript:")
    person.go('/portfolio/statements?first="><script>xss()</script>&last=2026-01-01')
    found += harmless(person)

    assert found == []
    person.problems = [line for line in person.problems if "404" not in line]
