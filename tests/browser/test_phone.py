"""390 x 844: one panel at a time, the ticket as a sheet, and no sideways scrolling."""

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC, PHONE, Terminal
from tests.browser.tour import OWN

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


def test_tabs_show_one_panel_at_a_time(open_terminal: Opener) -> None:
    visitor = open_terminal(PHONE, is_phone=True)
    visitor.trade()
    panels = visitor.page.locator(".desk > .panel:not(.ticket)")

    for tab, wanted in (("Book", ".ladder"), ("Positions", ".bottom"), ("Chart", ".chart")):
        visitor.page.locator("nv-phone").get_by_role("tab", name=tab).click()

        expect(visitor.page.locator(f".desk > {wanted}")).to_be_visible()
        assert sum(panel.is_visible() for panel in panels.all()) == 1

    tabs = visitor.page.locator("nv-phone").get_by_role("tab")
    tabs.first.focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(visitor.page.locator(".desk > .ladder")).to_be_visible()
    price = visitor.page.locator(".bids .level").first.evaluate(
        "row => { row.click(); return row.dataset.price }"
    )
    expect(visitor.page.locator(".ticket")).to_be_visible()
    expect(visitor.page.locator("#price")).to_have_value(f"{float(price):,.1f}")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator(".ticket")).not_to_be_visible()


def test_ticket_is_swiped_away_by_its_handle(open_terminal: Opener) -> None:
    visitor = open_terminal(PHONE, is_phone=True)
    visitor.trade()
    visitor.page.locator("nv-phone").get_by_role("tab", name="Trade").click()
    ticket = visitor.page.locator(".ticket")

    swipe(visitor, 20)
    expect(ticket).to_be_visible()
    swipe(visitor, 120)

    expect(ticket).not_to_be_visible()


def swipe(person: Terminal, pixels: int) -> None:
    """A finger on the ticket's handle, down so far."""
    person.page.wait_for_timeout(300)  # The sheet has come up.
    box = person.page.locator(".sheet-handle").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    protocol = person.page.context.new_cdp_session(person.page)
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x, y + pixels / 2)]),
        ("touchMove", [(x, y + pixels)]),
        ("touchEnd", []),
    ):
        touches = [{"x": across, "y": down} for across, down in points]
        protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_ticket_is_a_sheet_that_trades(open_terminal: Opener) -> None:
    alice = open_terminal(PHONE, is_phone=True)
    alice.settle_in()
    alice.trade()
    tabs = alice.page.locator("nv-phone")

    tabs.get_by_role("tab", name="Trade").click()
    alice.choose("type", "market")
    alice.enter(size="0.02")
    alice.submit.click()
    alice.toast("Bought 0.020 BTC")
    tabs.get_by_role("tab", name="Positions").click()

    expect(alice.page.locator("nv-positions")).to_contain_text("Long 0.020")
    expect(alice.page.locator(".ticket")).not_to_be_visible()


def test_no_page_scrolls_sideways(open_terminal: Opener) -> None:
    alice = open_terminal(PHONE, is_phone=True)
    alice.settle_in()

    for path in ("/", f"/trade/{BTC}", *OWN[:4], "/status", "/welcome"):
        alice.go(path)
        alice.wait_until_live()

        assert alice.evaluate(OVERFLOW) <= 0, path
