"""The connection is lost and comes back; nothing that is shown may be wrong in between."""

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import Wire

SAME_BOOK = """async () => {
  const { stream } = await import("novate/stream");
  const question = { instrument_name: "BTC_USDC-PERPETUAL", depth: 1 };
  const { bids } = await stream.call("public/get_order_book", question);
  const shown = document.querySelector(".bids .level").dataset.price;
  return Number(shown) === Number(bids[0][0]);
}"""


def test_lost_connection_is_said_and_comes_back_with_everything(open_terminal: Opener) -> None:
    alice = open_terminal()
    wire = Wire(alice.page)
    alice.begin()
    alice.enter(price=alice.patient_price(), size="0.02")
    alice.submit.click()
    alice.toast("Order placed")
    connections = wire.connections

    wire.cut()

    alice.wait_until_live()
    alice.page.wait_for_function(SAME_BOOK)
    assert wire.connections == connections + 1
    alice.tab("Open orders")
    expect(alice.page.locator("nv-open-orders tbody tr")).to_have_count(1)


def test_gap_in_the_book_is_noticed_and_repaired(open_terminal: Opener) -> None:
    visitor = open_terminal()
    wire = Wire(visitor.page)
    visitor.trade()

    wire.lose_book_changes = 1
    visitor.page.wait_for_function(
        """async () => {
          const { bookOf } = await import("novate/book");
          const book = bookOf("BTC_USDC-PERPETUAL");
          return book.gaps === 1 && book.isWhole;
        }""",
        timeout=15_000,
    )

    visitor.page.wait_for_function(SAME_BOOK)


def test_silent_venue_is_shown_as_stale_with_its_age(open_terminal: Opener) -> None:
    visitor = open_terminal()
    wire = Wire(visitor.page)
    visitor.trade()

    wire.go_silent()

    stale = visitor.page.locator(".panel[data-stale]").first
    expect(stale).to_be_attached(timeout=20_000)


def test_order_is_not_queued_while_offline(open_terminal: Opener) -> None:
    alice = open_terminal()
    wire = Wire(alice.page)
    alice.begin()
    alice.enter(price=alice.patient_price(), size="0.02")

    wire.refuse()
    expect(alice.page.locator('nv-connection[data-state="offline"]')).to_be_attached()
    alice.submit.click()

    expect(alice.toast("Order not placed")).to_contain_text("Not connected")
