"""What is told of one's account: on the screen, in the list behind the bell, on the desktop."""

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import Terminal

# Stands in for the desktop, which no test can look at; permission is the browser's own.
DESKTOP = """window.told = [];
    window.Notification = class {
        static permission = "default";
        static async requestPermission() {
            return (this.permission = window.isRefused ? "denied" : "granted");
        }
        constructor(title, { body, tag }) { window.told.push({ title, body, tag }); }
    };"""
HIDE = """Object.defineProperty(document, "visibilityState", { get: () => "hidden" })"""


def rest(person: Terminal) -> None:
    person.enter(price=person.patient_price(), size="0.02")
    person.submit.click()


def test_confirmations_are_shown_unless_one_does_not_want_them(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    page = alice.page
    page.locator(".bell").click()
    shown = page.get_by_label("Show fills and confirmations on the screen")
    expect(shown).to_be_checked()
    shown.uncheck()
    page.keyboard.press("Escape")

    rest(alice)

    expect(page.locator(".bell .unread")).to_have_text("1")
    expect(page.locator("nv-toasts .toast")).to_have_count(0)
    alice.enter(price=alice.patient_price(), size="9,000,000")
    alice.submit.click()
    alice.toast("Order not placed")
    page.reload()
    page.locator(".bell").click()
    expect(page.locator(".notices li b")).to_have_text(["Order not placed", "Order placed"])
    expect(shown).not_to_be_checked()


def test_desktop_tells_while_the_window_is_out_of_sight(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.page.add_init_script(DESKTOP)
    alice.begin()
    page = alice.page
    desktop = page.get_by_label("Notify the desktop while this window is out of sight")
    page.locator(".bell").click()
    page.evaluate("window.isRefused = true")
    desktop.click()
    expect(desktop).not_to_be_checked()
    expect(page.locator("nv-notice-settings")).to_contain_text("does not allow it")
    page.evaluate("window.isRefused = false")
    desktop.click()
    expect(desktop).to_be_checked()
    expect(page.locator("nv-notice-settings")).not_to_contain_text("does not allow it")
    page.keyboard.press("Escape")

    rest(alice)
    alice.toast("Order placed")
    assert alice.evaluate("window.told") == []
    page.evaluate(HIDE)
    rest(alice)
    alice.until("window.told.length === 1")

    assert alice.evaluate("window.told[0].title") == "Order placed"
