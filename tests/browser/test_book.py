"""The book: grouped as the venue groups it, with one's own size, by keyboard, and as depth."""

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import Opener

# The venue's own grouping of the same moment is the yardstick: both books are read until they
# are of the same change.
SAME_GROUPS = """async (ticks) => {
  const { stream } = await import("novate/stream");
  const { bookOf } = await import("novate/book");
  const name = "BTC_USDC-PERPETUAL";
  let theirs = null;
  const stop = stream.subscribe(`book.${name}.${ticks}.10.100ms`, (data) => { theirs = data; });
  const own = (side) => side.levels(ticks, 10).map(({ price, amount }) => [price, amount]);
  const units = (rows) => rows.map(([price, amount]) =>
    [Math.round(price * 10), Math.round(amount * 1000)]);
  for (let tries = 0; tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    const book = bookOf(name);
    if (!theirs || !book.isWhole) continue;
    const same = ["bids", "asks"].every((side) =>
      JSON.stringify(own(book[side])) === JSON.stringify(units(theirs[side])));
    if (same) { stop(); return own(book.bids).length; }
  }
  stop();
  return 0;
}"""


def test_groups_are_the_venues_and_are_remembered(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()
    page = visitor.page

    for ticks in (1, 10, 100):
        assert visitor.page.evaluate(SAME_GROUPS, ticks) >= 5, ticks

    page.get_by_label("Group prices by").select_option(label="10.0")
    page.reload()
    visitor.wait_until_live()
    expect(page.get_by_label("Group prices by")).to_have_value("100")
    first = page.locator(".bids .level").first
    expect(first).to_have_attribute("data-price", re.compile(r"^\d+0\.0$"))


def test_own_size_stands_in_the_book_and_keys_pick_a_price(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    page = alice.page
    # In groups of a hundred the order stays on the screen wherever the market goes meanwhile.
    page.get_by_label("Group prices by").select_option(label="100.0")
    price = alice.patient_price()
    alice.enter(price=price, size="1.234")
    alice.submit.click()
    alice.toast("Order placed")

    own = page.locator(".bids .level[data-own]")
    expect(own).to_have_attribute("data-price", f"{price}.0")
    expect(own.locator("i")).to_have_text("1.234")
    expect(own).to_have_attribute("title", "Yours: 1.234 BTC")

    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("o")
    expect(page.locator(".bids .level").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    ask = page.locator(".asks .level").first
    expect(ask).to_be_focused()
    wanted = ask.get_attribute("data-price")
    page.keyboard.press("Enter")
    picked = Decimal(page.locator("#price").input_value().replace(",", ""))
    assert wanted is not None
    # The book may have moved between the look and the key.
    assert abs(picked - Decimal(wanted)) < Decimal(wanted) / 100


def test_depth_is_read_by_pointer_and_by_keyboard(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()
    page = visitor.page

    page.get_by_role("tab", name="Depth").click()
    expect(page.get_by_role("radiogroup", name="Candle length")).to_be_hidden()
    chart = page.get_by_role("slider", name="Depth of the market")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 100)
    reading = page.locator(".depth-head output")
    expect(reading).to_have_text(
        re.compile(r"^Buy [\d.,]+ BTC up to [\d.,]+ \(\+0\.4\d %\) · ")
    )
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 100)
    expect(reading).to_have_text(re.compile(r"^Sell [\d.,]+ BTC down to "))

    page.mouse.move(0, 0)
    expect(reading).to_have_text("")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(reading).to_have_text(re.compile("^Buy"))
    expect(chart).to_have_attribute("aria-valuetext", re.compile("^Buy"))
    page.locator("body").press("d")
    expect(page.locator(".chart-canvas")).to_be_visible()
