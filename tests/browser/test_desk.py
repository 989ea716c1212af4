"""The account side of the trade page, at a venue without bots: a test moves what moves.

A maker with a key of its own stands 10 USDC around the mark of 60,000.
"""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC, DESK, Terminal, Wire
from tests.gateway.venue import Key
from tests.gateway.venue import Venue as QuietVenue

SOL = "SOL_USDC-PERPETUAL"
ORDERS = "nv-open-orders tbody tr"
CALL = """async ([method, params]) => {
  const { stream } = await import("novate/stream");
  return await stream.call(method, params);
}"""
TYPED = """async (texts) => {
  const { typed } = await import("novate/format");
  return texts.map(typed);
}"""
MANY = """async (count) => {
  const { stream } = await import("novate/stream");
  const order = { instrument_name: "BTC_USDC-PERPETUAL", type: "market", amount: "0.001" };
  const pair = ["private/buy", "private/sell"];
  for (let sent = 0; sent < count; sent += 10) {
    const sides = [...pair, ...pair, ...pair, ...pair, ...pair];
    await Promise.all(sides.map((side) => stream.call(side, order)));
  }
}"""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def maker(quiet_venue: QuietVenue) -> Iterator[Key]:
    key = quiet_venue.account()
    for step in range(1, 6):
        rest: Json = {"instrument_name": BTC, "amount": 2}
        quiet_venue.get("private/buy", key, **rest, price=60_000 - 10 * step)
        quiet_venue.get("private/sell", key, **rest, price=60_000 + 10 * step)
    yield key
    quiet_venue.get("private/cancel_all", key)


@pytest.fixture(scope="module")
def desk(browser: Browser, quiet_url: str, maker: Key) -> Iterator[Terminal]:
    terminal = Terminal(browser, quiet_url, DESK)
    terminal.begin()
    yield terminal
    terminal.close()


@pytest.fixture
def alice(desk: Terminal) -> Iterator[Terminal]:
    """Somebody with funds, no orders and no position, on a page of her own."""
    desk.trade()
    expect(desk.submit).to_have_text("Enter a size")
    yield desk
    problems, desk.problems = desk.problems, []
    assert problems == []


def ask_api(person: Terminal, method: str, **params: Any) -> Any:
    """The API's own answer, asked on the person's connection."""
    return person.page.evaluate(CALL, [method, params])


def kind(person: Terminal, name: str) -> None:
    person.page.get_by_label("Orders that wait for a price").select_option(name)


def send(person: Terminal, words: str, title: str) -> Locator:
    """Press the button that says so; the message that comes of it."""
    expect(person.submit).to_have_text(words)
    person.submit.click()
    return person.toast(title)


def row_of(person: Terminal, words: str) -> Locator:
    return person.page.locator(ORDERS, has_text=words)


def answer(person: Terminal, button: str) -> None:
    person.page.locator("dialog.ask").get_by_role("button", name=button).click()
    expect(person.page.locator("dialog.ask")).to_have_count(0)


def test_every_type_of_order_leaves_from_the_ticket(alice: Terminal) -> None:
    page = alice.page
    page.locator("nv-ticket [name=timeInForce]").select_option("good_til_day")
    page.get_by_label("Post-only").check()
    alice.enter(price="59,000", size="0.02")
    send(alice, "Buy 0.020 BTC at 59,000.0", "Order placed")
    alice.choose("type", "market")
    alice.enter(size="0.05")
    expect(page.locator("nv-preview dl")).to_contain_text("0.050 BTC at 60,010.0")
    expect(page.locator("nv-preview dl")).to_contain_text("0.00 → 0.03×")
    send(alice, "Buy 0.050 BTC at market", "Bought 0.050 BTC")

    alice.choose("side", "sell")
    for name, fields, words in (
        ("stop_market", {"trigger": "58000"}, "Sell 0.010 BTC at market once mark is 58,000.0"),
        (
            "stop_limit",
            {"trigger": "58000", "price": "57900"},
            "Sell 0.010 BTC at 57,900.0 once mark is 58,000.0",
        ),
        ("take_market", {"trigger": "62000"}, "Sell 0.010 BTC at market once mark is 62,000.0"),
        (
            "take_limit",
            {"trigger": "62000", "price": "62100"},
            "Sell 0.010 BTC at 62,100.0 once mark is 62,000.0",
        ),
        ("trailing_stop", {"offset": "500"}, "Sell 0.010 BTC, 500.0 behind mark"),
    ):
        kind(alice, name)
        for field, value in fields.items():
            page.locator(f"#{field}").fill(value)
        alice.enter(size="0.01")
        expect(page.locator("nv-preview dl")).to_contain_text("Waits for")
        send(alice, words, "Order waits for its price")
        page.locator("nv-toasts button").last.click()
    kind(alice, "stop_market")
    page.locator(".trigger-field [name=source]").select_option("index_price")
    page.locator("#trigger").fill("57500")
    page.get_by_label("Reduce-only").check()
    alice.enter(size="0.03")
    send(alice, "Sell 0.030 BTC at market once index is 57,500.0", "Order waits for its price")

    orders = ask_api(alice, "private/get_open_orders")
    assert sorted(
        (row["order_type"], row["trigger"]) for row in orders if "trigger" in row
    ) == [
        ("stop_limit", "mark_price"),
        ("stop_market", "index_price"),
        ("stop_market", "mark_price"),
        ("take_limit", "mark_price"),
        ("take_market", "mark_price"),
        ("trailing_stop", "mark_price"),
    ]
    limit = next(row for row in orders if row["order_type"] == "limit")
    assert (limit["time_in_force"], limit["post_only"]) == ("good_til_day", True)
    alice.tab("Open orders")
    expect(page.locator(ORDERS)).to_have_count(7)
    expect(row_of(alice, "Waits for index 57,500.0 · Reduce-only")).to_have_count(1)

    # Changed where it stands: price by arrow keys, size by hand.
    row = row_of(alice, "Buy")
    expect(row).to_contain_text("Day · Post-only")
    row.get_by_role("button", name="Edit").click()
    page.get_by_label("New price").press("Shift+ArrowUp")
    page.get_by_label("New size").fill("0.03")
    page.get_by_label("New size").press("Enter")
    expect(alice.toast("Order changed")).to_contain_text("Buy 0.030 BTC at 59,001.0.")
    expect(row).to_contain_text("59,001.0")
    page.get_by_role("button", name="Cancel all").click()
    answer(alice, "Keep as it is")
    expect(page.locator(ORDERS)).to_have_count(7)
    page.get_by_role("button", name="Cancel all").click()
    answer(alice, "Cancel all")
    expect(page.locator("nv-open-orders")).to_contain_text("No open orders")
    alice.tab("Positions")
    page.get_by_role("button", name="Close all").click()
    answer(alice, "Close all")
    expect(page.locator("nv-positions")).to_contain_text("No open positions")


def test_refusals_are_told_in_words_with_what_to_do(alice: Terminal) -> None:
    page, refusal = alice.page, alice.page.locator("nv-preview .refusal")

    alice.enter(price="60,000", size="500")
    expect(refusal).to_have_text(
        re.compile(
            r"^Not enough margin: needs [\d,]+\.\d\d USDC more\. "
            r"Reduce to (\d+\.\d{3}) BTC or deposit\.$"
        )
    )
    found = re.search(r"Reduce to ([\d.]+) BTC", refusal.inner_text())
    assert found is not None
    alice.enter(size=found[1])
    expect(refusal).to_be_hidden()
    expect(page.locator("nv-preview dl")).to_contain_text(re.compile(r"→ [\d,]+\.\d\d"))
    # All of the buying power is what the engine would take, not what a formula says.
    page.get_by_label("Share of buying power").fill("100")
    available = page.locator("nv-preview dt", has_text="Available").locator("+ dd")
    expect(available).to_have_text(re.compile(r"→ (1,)?\d{1,3}\.\d\d$"), timeout=8_000)
    expect(refusal).to_be_hidden()
    expect(alice.submit).to_be_enabled()
    page.locator("nv-ticket [name=unit]").select_option("quote")
    alice.enter(size="6,000")
    expect(page.locator(".ticket-note .value")).to_have_text("= 0.100 BTC")
    page.locator("nv-ticket [name=unit]").select_option("base")

    alice.enter(price="60,010", size="0.01")
    page.get_by_label("Post-only").check()
    expect(refusal).to_contain_text("Post-only: at this price it would trade at once.")
    alice.submit.click()
    expect(alice.toast("Order not placed")).to_contain_text("Move the price away")
    page.get_by_label("Post-only").uncheck()
    alice.enter(price="90,000", size="0.01")
    expect(refusal).to_contain_text("too far from the mark price")
    page.get_by_label("Reduce-only").check()
    alice.enter(price="60,000", size="0.01")
    expect(refusal).to_contain_text("there is no position that this order would reduce")
    page.get_by_label("Reduce-only").uncheck()
    page.locator("nv-ticket [name=timeInForce]").select_option("fill_or_kill")
    alice.enter(price="60,010", size="3")
    expect(refusal).to_contain_text("Fill or kill: the book can not fill all of it")
    alice.enter(price="60,000.05", size="0.1")
    expect(alice.submit).to_have_text("The price in steps of 0.1")
    # A stop that cannot be read is no order without a stop.
    alice.enter(price="60,000", size="0.1")
    page.get_by_label("Take profit / stop loss").check()
    page.get_by_label("Stop-loss price").fill("59k")
    expect(alice.submit).to_have_text("Stop loss is not a number")
    expect(alice.submit).to_be_disabled()
    page.get_by_label("Stop-loss price").fill("59,000")
    expect(alice.submit).to_have_text("Buy 0.100 BTC at 60,000.0")
    page.get_by_label("Stop-loss price").fill("")
    page.get_by_label("Take profit / stop loss").uncheck()

    # What was said can be read again, also after the page was left.
    page.reload()
    alice.wait_until_live()
    bell = page.locator(".bell")
    expect(bell).to_have_attribute("aria-label", re.compile(r"^Notifications, \d+ unread$"))
    bell.click()
    expect(page.locator(".notices li").first).to_contain_text("Order not placed")
    bell.click()
    expect(bell).to_have_attribute("aria-label", "Notifications")


def test_two_people_trade_and_each_sees_their_side(open_quiet: Opener, maker: Key) -> None:
    alice, bob = open_quiet(), open_quiet(locale="de-DE")
    alice.begin()
    bob.settle_in()
    bob.trade()

    alice.enter(price="60,005", size="0.04")
    send(alice, "Buy 0.040 BTC at 60,005.0", "Order placed")
    bob.choose("side", "sell")
    bob.enter(price="60.005,0", size="0,04")
    expect(bob.page.locator("#price")).to_have_value("60.005,0")
    expect(bob.submit).to_have_text("Sell 0,040 BTC at 60.005,0")
    bob.submit.click()
    bob.toast("Sold 0,040 BTC")

    expect(alice.toast("Bought 0.040 BTC")).to_contain_text("your resting order was met")
    expect(alice.page.locator("nv-positions tbody tr")).to_contain_text("Long 0.040")
    expect(bob.page.locator("nv-positions tbody tr")).to_contain_text("Short 0,040")
    for person, side, role in ((alice, "Buy", "Maker"), (bob, "Sell", "Taker")):
        person.tab("Fills")
        row = person.page.locator("nv-fills tbody tr")
        expect(row).to_have_count(1, timeout=10_000)
        expect(row).to_contain_text(side)
        expect(row).to_contain_text(role)

    # Bob turns round, closes a part of the way at a limit, and ends flat.
    bob.tab("Positions")
    position = bob.page.locator("nv-positions tbody tr")
    position.get_by_role("button", name="Reverse").click()
    expect(bob.page.locator("dialog.ask")).to_contain_text("Expected at 60.010,0")
    answer(bob, "Reverse")
    expect(position).to_contain_text("Long 0,040")
    position.get_by_role("button", name="Limit").click()
    bob.page.locator("dialog.ask input").fill("61000")
    answer(bob, "Place the order")
    bob.tab("Open orders")
    expect(bob.page.locator(ORDERS)).to_contain_text("61.000,0")
    bob.tab("Positions")
    bob.page.get_by_role("button", name="Close all").click()
    answer(bob, "Close all")
    expect(bob.page.locator("nv-positions")).to_contain_text("No open positions")
    alice.tab("Positions")
    alice.page.locator("nv-positions").get_by_role("button", name="Close").first.click()
    alice.toast("Sold 0.040 BTC")

    _check_tables(alice)
    typed = ["1,234.5", "1.234,5", "61659.7", "0,5", "1'234.5", "1 234,5", "1e5", "-5", "1,2,3"]
    meant = ["1234.5", "1234.5", "61659.7", "0.5", "1234.5", "1234.5", None, None, None]
    assert alice.page.evaluate(TYPED, typed) == bob.page.evaluate(TYPED, typed) == meant
    assert alice.page.evaluate(TYPED, ["1,234", "1.234"]) == ["1234", "1.234"]
    assert bob.page.evaluate(TYPED, ["1,234", "1.234"]) == ["1.234", "1234"]


def _check_tables(alice: Terminal) -> None:
    """Sort, filter, and a CSV that holds exactly what is in sight."""
    page = alice.page
    alice.tab("Fills")
    rows = page.locator("nv-fills tbody tr")
    expect(rows).to_have_count(2, timeout=10_000)
    header = page.locator("nv-fills th", has_text="Price")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert prices(alice) == sorted(prices(alice), reverse=True)
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert prices(alice) == sorted(prices(alice)) == [Decimal(59_990), Decimal(60_005)]

    saved = download(alice)
    assert [row["Side"] for row in saved] == ["Sell", "Buy"]
    assert [Decimal(row["Price"]) for row in saved] == prices(alice)
    assert [row["Size"] for row in saved] == ["0.04", "0.04"]
    assert [row["Contract"] for row in saved] == [BTC, BTC]
    page.get_by_label("Rows that hold these words").fill("maker buy")
    expect(rows).to_have_count(1)
    expect(page.locator("nv-fills .table-foot")).to_contain_text("1 of 2 rows match the filter")
    assert [row["Side"] for row in download(alice)] == ["Buy"]


@pytest.mark.nightly
def test_long_histories_come_page_by_page_and_whole_in_the_csv(
    open_quiet: Opener, maker: Key
) -> None:
    alice = open_quiet()
    alice.begin()
    alice.page.evaluate(MANY, 130)
    rows = alice.page.locator("nv-fills tbody tr")

    alice.tab("Fills")
    expect(rows).to_have_count(100, timeout=10_000)
    expect(alice.page.locator("nv-fills .table-foot")).to_contain_text("100 rows read")
    assert len(download(alice)) == 130
    expect(alice.page.locator("nv-table-tools output")).to_have_text("130 rows saved")
    alice.page.get_by_role("button", name="Load older").click()

    expect(rows).to_have_count(130)
    expect(alice.page.locator("nv-fills .table-foot")).to_be_hidden()
    alice.tab("Order history")
    expect(alice.page.locator("nv-order-history tbody tr")).to_have_count(100, timeout=10_000)
    alice.page.get_by_role("button", name="Load older").click()
    expect(alice.page.locator("nv-order-history tbody tr")).to_have_count(130)


def prices(person: Terminal) -> list[Decimal]:
    cells = person.page.locator("nv-fills tbody td:nth-child(3)").all_inner_texts()
    return [Decimal(text.replace(",", "")) for text in cells]


def download(person: Terminal) -> list[dict[str, str]]:
    with person.page.expect_download() as caught:
        person.page.get_by_role("button", name="CSV").click()
    text = caught.value.path().read_text()
    return list(csv.DictReader(io.StringIO(text)))


def test_attached_exits_fire_and_cancel_each_other(
    alice: Terminal, quiet_venue: QuietVenue
) -> None:
    page = alice.page
    page.evaluate(
        "document.addEventListener('nv-ticket-prices', (e) => { window.drafted = e.detail })"
    )
    alice.choose("type", "market")
    alice.enter(size="0.02")
    page.get_by_label("Take profit / stop loss").check()
    page.get_by_label("Take profit in percent of the price").fill("1")
    page.get_by_label("Stop-loss price").fill("70,000")
    expect(alice.submit).to_have_text("Stop loss must be below the price")
    page.get_by_label("Stop-loss price").fill("59,000")
    expect(page.get_by_label("Take-profit price")).to_have_value("60,610.1")
    assert page.evaluate("window.drafted") == {
        "price": None, "stop": None, "takeProfit": "60610.1", "stopLoss": "59000",
    }  # fmt: skip
    send(alice, "Buy 0.020 BTC at market", "Bought 0.020 BTC")
    expect(page.locator("nv-positions tbody tr")).to_contain_text("60,610.1")
    alice.tab("Open orders")
    expect(page.locator(ORDERS)).to_have_count(2)

    try:
        quiet_venue.move_prices(BTC="64000")
        expect(alice.toast("Take-profit market fired")).to_be_visible(timeout=15_000)
    finally:
        quiet_venue.move_prices()

    expect(alice.toast("Sold 0.020 BTC")).to_contain_text("Average price 59,990.0.")
    expect(page.locator("nv-open-orders")).to_contain_text("No open orders")
    alice.tab("Positions")
    expect(page.locator("nv-positions")).to_contain_text("No open positions")
    alice.tab("Order history")
    page.get_by_label("Rows that hold these words").fill("stop market 59,000.0")
    history = page.locator("nv-order-history tbody tr")
    expect(history).to_have_count(1, timeout=10_000)
    expect(history).to_contain_text("Cancelled")
    expect(history.locator("[title]")).to_have_attribute(
        "title", "An order that it was linked with was filled, or ended."
    )


def test_liquidation_is_told_to_its_owner_and_stays_in_sight(
    open_quiet: Opener, quiet_venue: QuietVenue, maker: Key
) -> None:
    rest: Json = {"instrument_name": SOL, "amount": 200}
    quiet_venue.get("private/sell", maker, **rest, price=150)
    quiet_venue.get("private/buy", maker, **rest, price=142.5)
    alice = open_quiet()
    alice.join()
    alice.trade(SOL)
    ask_api(alice, "private/demo_fund", amount=1_000)
    page = alice.page
    alice.choose("type", "market")
    alice.enter(size="100")
    expect(page.locator("nv-preview dl .violet")).to_contain_text(re.compile(r"\(−\d\.\d %"))
    send(alice, "Buy 100.0 SOL at market", "Bought 100.0 SOL")
    banner = page.locator("nv-liquidation")
    expect(banner).to_be_hidden()

    try:
        quiet_venue.move_prices(SOL="143")
        expect(banner).to_be_visible(timeout=20_000)
        expect(banner).to_have_attribute("role", "alert")
        expect(banner).to_contain_text("is over", timeout=20_000)
    finally:
        quiet_venue.move_prices()

    expect(banner).to_contain_text("was below the maintenance margin of")
    expect(banner).to_contain_text("is above the maintenance margin of")
    banner.locator("summary").click()
    expect(banner.locator("li").first).to_contain_text(
        re.compile(r"Sold \d+\.\d of \d+\.\d SOL")
    )
    expect(page.locator("nv-toasts .toast[data-kind=liquidation]").first).to_be_visible()
    alice.go("/portfolio")
    expect(banner).to_be_visible(timeout=10_000)
    banner.get_by_role("button", name="I have read it").click()
    page.reload()
    alice.wait_until_live()
    page.locator(".bell").click()
    expect(page.locator(".notices [data-kind=liquidation]").first).to_be_visible()
    expect(banner).to_be_hidden()


@pytest.mark.nightly
def test_an_order_whose_answer_was_lost_is_asked_again_and_placed_once(
    open_quiet: Opener, maker: Key
) -> None:
    alice = open_quiet()
    wire = Wire(alice.page)
    alice.begin()
    wire.lose_order_answers = 1

    alice.enter(price="59,000", size="0.02")
    alice.submit.click()

    alice.toast("Order placed")
    alice.tab("Open orders")
    expect(alice.page.locator(ORDERS)).to_have_count(1)
    assert len(ask_api(alice, "private/get_open_orders")) == 1


def test_an_order_by_keyboard_alone(alice: Terminal) -> None:
    keys, page = alice.page.keyboard, alice.page

    keys.press("l")
    expect(page.locator("#price")).to_be_focused()
    keys.press("Control+a")
    keys.type("60500")
    keys.press("Shift+ArrowUp")
    keys.press("Escape")
    keys.press("s")
    expect(page.locator("#size")).to_be_focused()
    keys.press("Shift+ArrowUp")
    expect(alice.submit).to_have_text("Sell 0.010 BTC at 60,501.0")
    keys.press("Enter")
    alice.toast("Order placed")
    keys.press("Escape")
    keys.press("2")
    expect(page.get_by_role("tab", name="Open orders")).to_be_focused()
    expect(page.locator(ORDERS)).to_have_count(1)
    keys.press("Alt+c")
    expect(page.locator("dialog.ask").get_by_role("button", name="Cancel all")).to_be_focused()
    keys.press("Enter")
    alice.toast("Orders cancelled")
    expect(page.locator("nv-open-orders")).to_contain_text("No open orders")
