"""The connection is lost and comes back; nothing that is shown may be wrong in between."""

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import Wire
from tests.scenarios.venue import Venue, one_pid

SAME_BOOK = """async () => {
  const { stream } = await import("novate/stream");
  const question = { instrument_name: "BTC_USDC-PERPETUAL", depth: 1 };
  const { bids } = await stream.call("public/get_order_book", question);
  // Makers whose engine was killed quote anew a moment later.
  const shown = document.querySelector(".bids .level")?.dataset.price;
  return bids.length > 0 && Number(shown) === Number(bids[0][0]);
}"""

# The tape and the newest candle as the venue has them: nothing of meanwhile is missing.
SAME_TRADES = """async () => {
  const { stream } = await import("novate/stream");
  const name = "BTC_USDC-PERPETUAL";
  const now = Date.now();
  const [{ trades }, candles] = await Promise.all([
    stream.call("public/get_last_trades_by_instrument", { instrument_name: name, count: 30 }),
    stream.call("public/get_tradingview_chart_data", { instrument_name: name, resolution: "1",
      start_timestamp: now - 600_000, end_timestamp: now })]);
  const number = (text) => Number(text.replaceAll(",", "").replace(/[^0-9.]/g, ""));
  const cells = (row) => [0, 1].map((at) => number(row.children[at].textContent));
  const shown = [...document.querySelectorAll(".print")].slice(0, 30).map(cells);
  const told = trades.map(({ price, amount }) => [Number(price), Number(amount)]);
  const close = number(document.querySelector(".legend .close").textContent);
  const isNewest = close === Number(candles.close.at(-1));
  return isNewest && JSON.stringify(shown) === JSON.stringify(told);
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
    alice.until(SAME_BOOK)
    assert wire.connections == connections + 1
    alice.tab("Open orders")
    expect(alice.page.locator("nv-open-orders tbody tr")).to_have_count(1)


def test_gap_in_the_book_is_noticed_and_repaired(open_terminal: Opener) -> None:
    visitor = open_terminal()
    wire = Wire(visitor.page)
    visitor.trade()

    wire.lose_book_changes = 1
    visitor.until(
        """async () => {
          const { bookOf } = await import("novate/book");
          const book = bookOf("BTC_USDC-PERPETUAL");
          return book.gaps === 1 && book.isWhole;
        }""",
    )

    visitor.until(SAME_BOOK)


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


@pytest.mark.nightly
def test_servers_restart_in_mid_session_and_nothing_is_missing(
    open_terminal: Opener, own_venue: Venue | None
) -> None:
    if own_venue is None:
        pytest.skip("The servers of somebody else are not killed.")
    alice = open_terminal()
    alice.begin()
    alice.enter(price=alice.patient_price(), size="0.02")
    alice.submit.click()
    alice.toast("Order placed")
    alice.page.evaluate("window.isSamePage = true")

    for command in ("run_engine", "daphne"):
        os.kill(one_pid(own_venue, command), signal.SIGKILL)

    offline = alice.page.locator('nv-connection[data-state="offline"]')
    expect(offline).to_be_attached(timeout=10_000)
    live = alice.page.locator('nv-connection[data-state="live"]')
    expect(live).to_be_attached(timeout=60_000)
    alice.until(SAME_BOOK, seconds=60.0)
    alice.until(SAME_TRADES, seconds=60.0)
    expect(alice.page.get_by_role("slider", name="Limit order: Buy 0.020 BTC")).to_be_attached()
    alice.tab("Open orders")
    alice.page.locator("nv-open-orders").get_by_role("button", name="Cancel").click()
    alice.toast("Order cancelled")
    assert alice.evaluate("window.isSamePage")
    # The browser itself tells of each attempt that found no server.
    alice.problems = [line for line in alice.problems if "WebSocket connection" not in line]
