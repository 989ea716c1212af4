"""Pictures of every page, state, theme and size: `python -m tests.browser.screenshots`.

They go to screenshots/, which git ignores. Without --url a venue of its own is started. Names
after the options choose scenes by their beginnings; --readme makes the README's picture anew.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser

from exchange.pipeline.servers import PROJECT
from tests.browser.chromium import chromium
from tests.browser.quiet import quiet_venue
from tests.browser.scenes import QUIET_SCENES, SCENES, Scene, trading
from tests.browser.terminal import DESK, PHONE, Terminal
from tests.scenarios.venue import live_venue

FOLDER = PROJECT / "screenshots"
README_PICTURE = PROJECT / "docs" / "terminal.png"
THEMES = ("dark", "light")
SETTLE_MS = 1_200
REPAINT_MS = 300


def main() -> None:
    """Takes what was asked for; the names of the pictures are printed as they are made."""
    options = _options()
    FOLDER.mkdir(exist_ok=True)
    with _venue(options.url) as url, chromium() as browser:
        if options.readme:
            _take_for_readme(browser, url)
            return
        for name, scene in SCENES.items():
            if _is_wanted(name, options.names):
                _play(browser, url, name, scene)
    quiet = [name for name in QUIET_SCENES if _is_wanted(name, options.names)]
    if quiet and not options.url:
        with quiet_venue() as venue, chromium() as browser:
            for name in quiet:
                act = partial(QUIET_SCENES[name], venue=venue)
                scene = Scene(act, (DESK,), is_whole=False)
                _play(browser, f"http://127.0.0.1:{venue.port}", name, scene)


def _is_wanted(name: str, beginnings: list[str]) -> bool:
    return not beginnings or name.startswith(tuple(beginnings))


def _play(browser: Browser, url: str, name: str, scene: Scene) -> None:
    """One window for the desks, and one with a finger instead of a mouse for the phone."""
    desks = [size for size in scene.sizes if size != PHONE]
    if desks:
        _photograph(browser, url, name, scene, desks)
    if PHONE in scene.sizes:
        label = name if name.startswith("phone-") else f"phone-{name}"
        _photograph(browser, url, label, scene, [PHONE])


def _photograph(
    browser: Browser, url: str, name: str, scene: Scene, sizes: list[tuple[int, int]]
) -> None:
    terminal = Terminal(browser, url, sizes[0], is_phone=sizes == [PHONE])
    try:
        scene.act(terminal)
        terminal.page.wait_for_timeout(SETTLE_MS)
        for size in sizes:
            terminal.page.set_viewport_size({"width": size[0], "height": size[1]})
            for theme in THEMES:
                terminal.turn(theme)
                terminal.page.wait_for_timeout(REPAINT_MS)
                label = f"{name}-{theme}" + (f"-{size[0]}" if size not in (DESK, PHONE) else "")
                path = FOLDER / f"{label}.png"
                terminal.page.screenshot(path=path, full_page=scene.is_whole)
                print(path.name, flush=True)
    except Exception as error:
        # The other pictures are wanted all the same.
        print(f"{name} FAILED: {error}", flush=True)
    for problem in terminal.problems:
        print(f"  {problem}", flush=True)
    terminal.close()


def _take_for_readme(browser: Browser, url: str) -> None:
    terminal = Terminal(browser, url, DESK)
    trading(terminal)
    for message in terminal.page.locator("nv-toasts .toast button").all():
        message.click()
    terminal.page.wait_for_timeout(SETTLE_MS)
    terminal.page.screenshot(path=README_PICTURE)
    print(README_PICTURE)
    terminal.close()


@contextmanager
def _venue(running: str) -> Iterator[str]:
    if running:
        yield running
        return
    with (
        tempfile.TemporaryDirectory(prefix="novate-screenshots-") as folder,
        live_venue(Path(folder)) as venue,
    ):
        yield f"http://127.0.0.1:{venue.port}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--url", default="", help="a venue that runs already")
    parser.add_argument("--readme", action="store_true", help=f"only {README_PICTURE.name}")
    parser.add_argument("names", nargs="*", help="beginnings of scenes' names; all without")
    return parser.parse_args()


if __name__ == "__main__":
    main()
