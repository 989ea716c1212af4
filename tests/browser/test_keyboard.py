"""What the keyboard does: find a market, move through tabs, resize, skip."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Opener


def test_market_switcher_finds_stars_and_opens_by_keyboard(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()
    page = visitor.page
    rows = page.locator(".switcher tbody tr:visible")
    chosen = page.locator('.switcher tr[aria-selected="true"]')
    search = page.get_by_role("combobox", name="Search markets")

    page.keyboard.press("Control+k")
    expect(rows).to_have_count(3)
    expect(rows.nth(0).locator('[data-field="funding"]')).to_contain_text("%")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_contain_text("SOL")
    expect(search).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "-")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("button", name="Star SOL_USDC-PERPETUAL")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()

    page.reload()
    visitor.wait_until_live()
    page.keyboard.press("Control+k")
    expect(rows.first).to_contain_text("SOL")
    page.keyboard.type("nothing")
    expect(page.locator(".switcher .empty")).to_contain_text("No market of that name")
    search.fill("eth")
    expect(rows).to_have_count(1)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("ETH_USDC-PERPETUAL"))


def test_arrows_move_between_tabs(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()

    visitor.page.get_by_role("tab", name="Positions").focus()
    visitor.page.keyboard.press("ArrowRight")

    tab = visitor.page.get_by_role("tab", name="Open orders")
    expect(tab).to_be_focused()
    expect(tab).to_have_attribute("aria-selected", "true")


def test_theme_is_remembered(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.go("/")
    visitor.wait_until_live()

    visitor.page.get_by_role("button", name="Switch between dark and light").click()
    visitor.page.reload()

    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "light")


def test_panels_are_resized_by_keyboard_remembered_and_reset(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()
    page = visitor.page
    edges = {
        name: page.get_by_role("separator", name=name)
        for name in (
            "Height of positions and orders",
            "Width of the order book",
            "Width of the ticket",
            "Height of the trades",
        )
    }
    sizes = {".bottom": 284, ".ladder": 324, ".ticket": 344, "nv-tape": 172}

    for edge, key in zip(
        edges.values(), ("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowUp"), strict=True
    ):
        edge.focus()
        page.keyboard.press(key)
    visitor.until("document.cookie.includes('tape.172')")
    # The server's first picture has them, before any script has run.
    page.route("**/*.js", lambda route: route.abort())
    page.reload()
    for panel, pixels in sizes.items():
        box = page.locator(panel).bounding_box()
        assert box is not None
        is_column = panel in (".ladder", ".ticket")
        assert (box["width"] if is_column else box["height"]) == pixels, panel
    page.unroute("**/*.js")
    page.reload()
    visitor.wait_until_live()

    for edge, size in zip(edges.values(), sizes.values(), strict=True):
        expect(edge).to_have_attribute("aria-valuenow", str(size))
    edges["Height of positions and orders"].focus()
    page.keyboard.press("Home")
    expect(edges["Height of positions and orders"]).to_have_attribute("aria-valuenow", "120")
    page.keyboard.press("Enter")
    expect(edges["Height of positions and orders"]).to_have_attribute("aria-valuenow", "260")
    edges["Width of the order book"].dblclick(position={"x": 4, "y": 300})
    expect(edges["Width of the order book"]).to_have_attribute("aria-valuenow", "300")
    # The browser tells of each script that this test kept from it, some of them late.
    visitor.problems = [line for line in visitor.problems if "ERR_FAILED" not in line]


def test_question_mark_shows_the_map_and_single_keys_can_be_switched_off(
    open_terminal: Opener,
) -> None:
    visitor = open_terminal()
    visitor.trade()
    page = visitor.page
    keyboard = page.get_by_role("dialog", name="Keyboard")

    page.keyboard.press("?")
    expect(keyboard).to_contain_text("Show this map")
    expect(keyboard).to_contain_text("Find a market")
    keyboard.get_by_label("Answer to single characters").uncheck()
    page.keyboard.press("Escape")
    expect(keyboard).to_be_hidden()

    page.keyboard.press("?")
    expect(keyboard).to_be_hidden()
    page.keyboard.press("Control+/")
    expect(keyboard).to_be_visible()
    keyboard.get_by_label("Answer to single characters").check()
    page.keyboard.press("Escape")
    page.locator("#price").press("?")
    expect(keyboard).to_be_hidden()
