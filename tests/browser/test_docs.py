"""The API reference in a browser: search, anchors, and trying methods out."""

import json

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC, PHONE, Terminal


def method(terminal: Terminal, name: str) -> Locator:
    return terminal.page.locator(f"article#{name.replace('/', '-')}")


def open_try(card: Locator) -> Locator:
    card.get_by_text("Try it", exact=True).click()
    return card.locator("nv-try textarea")


def test_methods_are_found_and_tried(open_terminal: Opener) -> None:
    terminal = open_terminal()
    terminal.go("/docs")
    terminal.wait_until_live()
    terminal.page.keyboard.press("/")
    terminal.page.keyboard.type("order book instrument depth")
    shown = terminal.page.locator(".docs-index li:visible")
    expect(shown.filter(has_text="public/get_order_book")).not_to_have_count(0)
    expect(shown.filter(has_text="private/withdraw")).to_have_count(0)

    terminal.page.keyboard.press("Escape")
    terminal.page.locator(".docs-index").get_by_text("public/ticker", exact=True).click()
    card = method(terminal, "public/ticker")
    expect(card).to_be_in_viewport()
    box = open_try(card)
    expect(box).to_have_value(json.dumps({"instrument_name": BTC}, indent=2))
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".answer small")).to_contain_text("result after")
    expect(card.locator(".answer pre")).to_contain_text('"mark_price"')

    box.fill('{"instrument_name": "NO-SUCH"}')
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".answer small")).to_have_text("error 10020")
    box.fill("{")
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".answer small")).to_have_text("Not sent")
    expect(method(terminal, "private/buy").get_by_text("Log in")).to_be_visible()


def test_what_changes_the_account_is_sent_after_a_second_click(open_terminal: Opener) -> None:
    terminal = open_terminal()
    terminal.begin()
    price = terminal.patient_price()
    terminal.go("/docs#private-buy")
    terminal.wait_until_live()
    card = method(terminal, "private/buy")
    box = open_try(card)
    box.fill(json.dumps({"instrument_name": BTC, "amount": 0.01, "price": float(price)}))

    card.get_by_role("button", name="Send").click()
    expect(card.get_by_text("This changes your account.")).to_be_visible()
    card.get_by_role("button", name="Leave it").click()
    expect(card.locator(".answer")).to_be_hidden()
    card.get_by_role("button", name="Send").click()
    card.get_by_role("button", name="Send it").click()

    expect(card.locator(".answer pre")).to_contain_text('"order_state": "open"')
    terminal.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    width = terminal.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE[0]
