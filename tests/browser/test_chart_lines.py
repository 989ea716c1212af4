"""Own orders on the chart: a line is dragged, confirmed, refused, and moved by keyboard."""

import re
from decimal import Decimal

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opener
from tests.browser.terminal import Terminal

# Near enough to be inside the picture, far enough not to be met at once.
BELOW_THE_MARKET = 80
DOWN_PIXELS = 24


def resting_order(person: Terminal) -> Decimal:
    """A post-only bid that stays in the picture; its price."""
    price = int(Decimal(person.bid())) - BELOW_THE_MARKET
    person.choose("type", "limit")
    person.enter(price=str(price), size="3")
    person.page.get_by_label("Post-only").check()
    person.submit.click()
    person.toast("Order placed")
    return Decimal(price)


def line_of_order(person: Terminal) -> Locator:
    line = person.page.locator(".chart-line", has=person.page.get_by_role("slider"))
    expect(line).to_have_count(1)
    return line


def middle_of(handle: Locator) -> tuple[float, float]:
    box = handle.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(person: Terminal, handle: Locator, pixels: int) -> None:
    x, y = middle_of(handle)
    person.page.mouse.move(x, y)
    person.page.mouse.down()
    person.page.mouse.move(x, y + pixels / 2)
    person.page.mouse.move(x, y + pixels)
    person.page.mouse.up()


def proposed(line: Locator) -> tuple[Decimal, Decimal]:
    """Old and new price of a line that asks."""
    expect(line).to_have_attribute("data-state", "asking")
    words = line.locator(".proposal b").inner_text()
    old, new = words.replace(",", "").split(" → ")
    return Decimal(old), Decimal(new)


def test_order_line_is_dragged_confirmed_stepped_and_refused(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    price = resting_order(alice)
    alice.tab("Open orders")
    shown = alice.page.locator('nv-open-orders td[data-label="Price"]')
    line = line_of_order(alice)
    handle = line.get_by_role("slider")
    expect(line).not_to_have_attribute("data-away", "")
    expect(handle).to_have_attribute("aria-valuetext", f"{price:,.1f}")

    drag(alice, handle, DOWN_PIXELS)
    old, new = proposed(line)
    assert old == price
    assert new < price
    alice.page.keyboard.press("Escape")
    expect(line).to_have_attribute("data-state", "rest")
    expect(handle).to_have_attribute("aria-valuetext", f"{price:,.1f}")

    drag(alice, handle, DOWN_PIXELS)
    _, new = proposed(line)
    line.get_by_role("button", name="Move").click()
    expect(alice.toast("Order moved")).to_contain_text(f"{price:,.1f} → {new:,.1f}")
    expect(shown).to_have_text(f"{new:,.1f}")
    expect(line).to_have_attribute("data-state", "rest")

    handle.focus()
    for key in ("ArrowDown", "ArrowDown", "PageDown"):
        alice.page.keyboard.press(key)
    below = new - Decimal("1.2")
    expect(line.locator(".proposal b")).to_have_text(f"{new:,.1f} → {below:,.1f}")
    alice.page.keyboard.press("Enter")
    expect(shown).to_have_text(f"{below:,.1f}")
    expect(handle).to_have_attribute("aria-valuetext", f"{below:,.1f}")

    # Beyond the best ask, but inside the band of prices that are taken at all.
    up = price - below + BELOW_THE_MARKET + price * 3 / 1000
    drag(alice, handle, -int(up / ((price - new) / DOWN_PIXELS)))
    alice.page.keyboard.press("Enter")
    refusal = alice.toast("Order not moved")
    expect(refusal).to_contain_text("Post-only: at this price it would trade at once.")
    expect(refusal).to_contain_text(f"It stays at {below:,.1f}.")
    expect(handle).to_have_attribute("aria-valuetext", f"{below:,.1f}")
    expect(line).to_have_attribute("data-state", "rest")

    line.get_by_role("button", name=re.compile("^Cancel")).click()
    alice.toast("Order cancelled")
    expect(line).to_have_count(0)


def test_position_has_its_lines_and_the_ticket_its_drafts(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    # A short has a price at which it is liquidated even if the book takes only part of it.
    alice.choose("type", "market")
    alice.choose("side", "sell")
    alice.enter(size="2")
    alice.submit.click()
    alice.toast("Sold")

    alice.page.get_by_role("radio", name="1D").click()
    lines = alice.page.locator(".chart-line")
    expect(lines.filter(has_text="Short")).to_have_count(1)
    expect(lines.filter(has_text="Liquidation")).to_have_count(1)
    expect(alice.page.locator(".legend .own")).to_contain_text("Sold ")
    price = alice.bid()
    fire = (
        "price => document.dispatchEvent(new CustomEvent('nv-ticket-prices',"
        " { detail: { price, stop: null, takeProfit: '70000', stopLoss: null } }))"
    )
    alice.page.evaluate(fire, price)
    expect(lines.filter(has_text="Ticket: take profit")).to_have_count(1)
    alice.page.evaluate(fire.replace("'70000'", "null"), None)
    expect(lines.filter(has_text="Ticket")).to_have_count(0)
