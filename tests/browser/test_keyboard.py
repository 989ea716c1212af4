"""What the keyboard does: find a market, move through tabs, resize, skip."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Opener


def test_market_switcher_finds_and_opens_by_keyboard(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()

    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("sol")
    expect(visitor.page.locator(".switcher tbody tr:visible")).to_have_count(1)
    visitor.page.keyboard.press("Enter")

    expect(visitor.page).to_have_url(re.compile("SOL_USDC-PERPETUAL"))


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


def test_bottom_panel_is_resized_by_keyboard_and_remembered(open_terminal: Opener) -> None:
    visitor = open_terminal()
    visitor.trade()
    handle = visitor.page.get_by_role("separator")

    handle.focus()
    visitor.page.keyboard.press("ArrowUp")
    visitor.page.reload()
    visitor.wait_until_live()

    expect(handle).to_have_attribute("aria-valuenow", "284")


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
    page.locator("#price").fill("1?")
    page.locator("#price").press("?")
    expect(keyboard).to_be_hidden()
