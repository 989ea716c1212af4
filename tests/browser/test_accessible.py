"""WCAG 2.2 AA as far as a machine can tell: axe-core on every page, in both themes.

What axe cannot know is in other tests: focus order and keyboard in test_keyboard, the contrast
of tokens in test_contrast, zoom, targets and landmarks here.
"""

import os
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.terminal import BTC, DESK, Terminal
from tests.browser.tour import LONG, OWN, VISITORS, settle

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SETTLE_MS = 250
MISSING = f"/trade/{BTC}-X"
IS_NIGHT = os.environ.get("NOVATE_NIGHTLY") == "1"
THEMES = ("dark", "light") if IS_NIGHT else ("dark",)
RUN = """async (tags) => {
    const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
    const { violations } = await axe.run(document, options);
    const shown = (nodes) => nodes.map((node) => node.html.slice(0, 160)).join(" | ");
    return violations.map(({ id, nodes }) => `${id}: ${shown(nodes)}`);
}"""
# WCAG 2.2, 2.5.8: 24 x 24 px, but for what stands in a sentence or a row of a table.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, summary")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .filter((node) => !node.closest("p, li, td, th, dd, h2, h3, .visually-hidden"))
    .map((node) => [node, (node.closest("label") ?? node).getBoundingClientRect()])
    .filter(([, { width, right }]) => width > 0 && right > 0)
    .filter(([, { width, height }]) => height < 24 || width < 24)
    .map(([node, { width, height }]) => `${node.outerHTML.slice(0, 120)} ${width}x${height}`)"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LANDMARKS = """() => [
    / · Novate$/.test(document.title), document.documentElement.lang,
    document.querySelectorAll("main").length, document.querySelectorAll("h1").length,
    document.querySelector(".skip")?.getAttribute("href")]"""
DURATION = """getComputedStyle(document.querySelector(".markets-table .last span"))
    .transitionDuration"""


def violations(terminal: Terminal, path: str, theme: str) -> list[str]:
    """Opened anew for each theme: colours on their way to another are not the page's own."""
    terminal.set_theme(theme)
    terminal.go(path)
    terminal.wait_until_live()
    terminal.page.wait_for_timeout(SETTLE_MS)
    terminal.page.evaluate(AXE)
    found: list[Any] = terminal.page.evaluate(RUN, STANDARDS)
    return [f"{theme} {path}: {one}" for one in found]


def look(terminal: Terminal, path: str) -> list[str]:
    """Everything that is wrong with a page, in its themes."""
    # What flashes or slides is looked at where it comes to rest.
    terminal.page.emulate_media(reduced_motion="reduce")
    found = [one for theme in THEMES for one in violations(terminal, path, theme)]
    facts = terminal.evaluate(LANDMARKS)
    if facts != [True, "en", 1, 1, "#main"]:
        found.append(f"{path}: title, language, main, h1, skip link are {facts}")
    return found + [f"{path}: target {one}" for one in terminal.evaluate(SMALL_TARGETS)]


def test_every_page_is_clean_for_visitors(open_terminal: Opener) -> None:
    visitor = open_terminal()
    paths = (*VISITORS, MISSING, *(LONG if IS_NIGHT else ()))

    wrong = [one for path in paths for one in look(visitor, path)]

    visitor.problems = [line for line in visitor.problems if "404" not in line]
    assert not wrong, "\n".join(wrong)


@pytest.mark.nightly
def test_every_page_is_clean_for_whoever_trades(open_terminal: Opener) -> None:
    person = open_terminal()
    settle(person)

    wrong = [one for path in OWN for one in look(person, path)]
    assert not wrong, "\n".join(wrong)


def test_zoomed_pages_need_no_second_scrollbar(open_terminal: Opener) -> None:
    # 200 % of zoom on a desk is half of its width: 720 x 450.
    zoomed = open_terminal((720, 450))
    zoomed.settle_in()
    pages = tuple(one for one in OWN if "/trade" not in one)
    wide = []
    for path in ("/", "/status", *(pages if IS_NIGHT else pages[:4])):
        zoomed.go(path)
        zoomed.wait_until_live()
        if zoomed.evaluate(OVERFLOW) > 0:
            wide.append(path)

    assert wide == []


def test_reduced_motion_is_kept_and_skip_link_leads_to_the_content(
    open_terminal: Opener,
) -> None:
    visitor = open_terminal(DESK)
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.go("/")
    visitor.wait_until_live()

    assert visitor.evaluate(DURATION) == "0.001s"
    visitor.page.keyboard.press("Tab")
    skip = visitor.page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.evaluate("document.querySelector('main').contains(document.activeElement)")
