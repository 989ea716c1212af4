"""A person trades: funds, a limit order in the book, a market order, a position, its close."""

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC

POSITION = "nv-positions tbody tr"
# Thousandths of a BTC in one's fills of a side; sizes are shown to the third decimal.
TRADED = """(side => [...document.querySelectorAll("nv-fills tbody tr")]
    .filter(row => row.cells[1].textContent.trim() === side)
    .reduce((sum, row) => sum + Number(row.cells[3].textContent.trim().replace(".", "")), 0))"""


def test_visitor_sees_the_market_and_is_asked_to_sign_up(open_terminal: Opener) -> None:
    visitor = open_terminal()

    visitor.go("/")
    expect(visitor.page.locator("nv-markets tr[data-name]")).to_have_count(3)
    visitor.page.locator("nv-markets a", has_text="BTC").click()
    visitor.wait_until_live()

    expect(visitor.page.locator(".asks .level").nth(3)).to_be_attached(timeout=15_000)
    expect(visitor.page.locator("a.submit")).to_have_text("Sign up to trade")
    expect(visitor.page.locator("nv-positions")).to_contain_text("without an account")


def test_onboarding_leads_from_sign_up_to_funds_to_the_ticket(open_terminal: Opener) -> None:
    alice = open_terminal()

    alice.sign_up()
    alice.page.get_by_role("button", name="Get test funds").click()
    alice.toast("Test funds received")
    alice.page.get_by_role("link", name="Start trading").click()

    expect(alice.page).to_have_url(re.compile(BTC))
    expect(alice.page.locator("nv-account-health .equity")).to_have_text("100,000.00")


def test_limit_order_is_marked_in_the_book_and_can_be_cancelled(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()

    alice.page.get_by_label("Group prices by").select_option(label="100.0")
    alice.enter(price=alice.patient_price(), size="0.05")
    expect(alice.submit).to_have_text(re.compile(r"^Buy 0\.050 BTC at [\d,.]+$"))
    alice.submit.click()

    alice.toast("Order placed")
    expect(alice.page.locator(".bids .level[data-own]")).to_be_attached()
    alice.tab("Open orders")
    order = alice.page.locator("nv-open-orders tbody tr")
    expect(order).to_contain_text("0.050")
    order.get_by_role("button", name="Cancel").click()
    alice.toast("Order cancelled")
    expect(alice.page.locator("nv-open-orders")).to_contain_text("No open orders")


def test_market_order_opens_a_position_that_moves_and_closes(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()

    alice.choose("type", "market")
    alice.enter(size="0.1")
    expect(alice.submit).to_have_text("Buy 0.100 BTC at market")
    alice.submit.click()

    alice.toast("Bought 0.100 BTC")
    position = alice.page.locator(POSITION)
    expect(position).to_contain_text("Long 0.100")
    profit = position.locator("td").nth(7)
    before = profit.inner_text()
    expect(profit).not_to_have_text(before, timeout=20_000)
    position.get_by_role("button", name="Close").click()
    alice.toast("Sold 0.100 BTC")
    expect(alice.page.locator("nv-positions")).to_contain_text("No open positions")
    alice.tab("Fills")
    # A market order may meet several makers: as many fills, whose sizes make up the order.
    alice.until(f"() => {TRADED}('Sell') >= 100")
    assert alice.evaluate(f"() => {TRADED}('Buy')") == 100
    assert alice.evaluate(f"() => {TRADED}('Sell')") == 100


def test_preview_tells_the_fill_and_a_refusal_before_the_click(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()

    alice.choose("type", "market")
    alice.enter(size="0.1")
    expect(alice.page.locator("nv-preview dl")).to_contain_text("0.100 BTC at")
    # Several times the equity: the way to liquidation, in percent and in days' usual moves.
    alice.enter(size="5")
    liquidation = alice.page.locator("nv-preview dl .violet")
    expect(liquidation).to_have_text(re.compile(r"^[\d,]+\.\d \(−\d+\.\d %, \d+\.\d σ\)$"))

    alice.choose("type", "limit")
    alice.enter(size="500", price=alice.bid())
    expect(alice.page.locator("nv-preview .refusal")).to_contain_text("Not enough margin")
    # What is refused changes nothing: no arrow from a number to itself.
    expect(alice.page.locator("nv-preview dl")).not_to_contain_text("→")


def test_post_only_order_that_would_trade_is_refused_in_words(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    ask = alice.page.locator(".asks .level").first.get_attribute("data-price")
    assert ask is not None

    alice.enter(price=str(float(ask) * 1.01)[:7], size="0.01")
    alice.page.get_by_label("Post-only").check()
    alice.submit.click()

    expect(alice.toast("Order not placed")).to_contain_text("Post-only")


def test_click_in_the_book_fills_the_ticket_and_arrow_moves_one_tick(
    open_terminal: Opener,
) -> None:
    alice = open_terminal()
    alice.begin()

    level = alice.page.locator(".bids .level").nth(2)
    wanted = level.evaluate("row => { row.click(); return row.dataset.price }")
    price = alice.page.locator("#price")
    expect(price).to_have_value(f"{float(wanted):,.1f}")

    price.press("ArrowUp")
    expect(price).to_have_value(f"{float(wanted) + 0.1:,.1f}")


def test_size_can_be_a_share_of_buying_power(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()

    alice.page.get_by_label("Share of buying power").fill("50")

    size = Decimal(alice.page.locator("#size").input_value())
    assert Decimal("0.49") <= size / alice.number(".largest") <= Decimal("0.51")
    expect(alice.submit).to_be_enabled()


def test_a_second_browser_sees_the_trade(open_terminal: Opener) -> None:
    alice, bob = open_terminal(), open_terminal()
    alice.begin()
    bob.trade()

    alice.choose("type", "market")
    alice.enter(size="0.137")
    alice.submit.click()
    alice.toast("Bought")

    seen = "[...document.querySelectorAll('.print')].map(row => row.children[1].textContent)"
    bob.until(f"{seen}.length > 0")
    alice.tab("Fills")
    row = alice.page.locator("nv-fills tbody tr").first
    expect(row).to_be_visible(timeout=10_000)
    size = row.locator("td").nth(3).inner_text()
    bob.until(f"size => {seen}.includes(size)", size)


def test_portfolio_shows_ledger_deposit_and_margin(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()
    alice.choose("type", "market")
    alice.enter(size="0.1")
    alice.submit.click()
    alice.toast("Bought")

    alice.go("/portfolio")

    expect(alice.page.locator("nv-positions tbody tr")).to_have_count(1, timeout=10_000)
    expect(alice.page.locator("nv-margin tbody tr")).to_have_count(1, timeout=10_000)
    alice.go("/portfolio/funds")
    expect(alice.page.locator("nv-deposits tbody tr")).to_contain_text("100,000.00")
    expect(alice.page.locator("nv-ledger tbody tr").last).to_contain_text("Deposit")


def test_log_out_ends_in_read_only(open_terminal: Opener) -> None:
    alice = open_terminal()
    alice.begin()

    alice.page.locator(".menu summary").click()
    alice.page.get_by_role("button", name="Log out").click()
    alice.trade()

    expect(alice.page.locator("a.submit")).to_be_visible()
