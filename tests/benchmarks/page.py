"""How the trade page feels, by Chromium's own tools: `python -m tests.benchmarks page`.

A venue with its demonstration market, one signed-in person, and bots on the same account whose
orders make the page hear at least fifty messages a second. Figures stand beside their bars;
nothing passes or fails here (tests/browser/test_page_weight.py holds what no clock decides).
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page
from websockets.sync.client import connect

from tests.browser.chromium import chromium
from tests.browser.page_watch import BEGIN, CODE_BYTES, FRAMES, READY, SHIFTS
from tests.browser.terminal import BTC, DESK, Terminal
from tests.scenarios.venue import live_venue

Report = Callable[[str, str], None]
LOADS = 5
BOTS = 3
ORDERS_PER_SECOND = 12  # of each bot
KEY = """
import json
from exchange.models import Membership
from exchange.models.keys import create_key
account = Membership.objects.get(user__username={name!r}).account_id
print(json.dumps(create_key(account, "load", ["read", "trade"])))
"""


def run(report: Report, *, minutes: float, seconds: float) -> None:
    """Loads, then a stream of updates for `seconds`, then `minutes` of watching the heap."""
    with (
        tempfile.TemporaryDirectory(prefix="novate-page-") as folder,
        live_venue(Path(folder)) as venue,
        chromium() as browser,
    ):
        url = f"http://127.0.0.1:{venue.port}"
        terminal = Terminal(browser, url, DESK)
        terminal.page.add_init_script(BEGIN)
        name = terminal.settle_in()
        _loads(terminal, report)
        protocol = terminal.page.context.new_cdp_session(terminal.page)
        protocol.send("Performance.enable")
        key = json.loads(venue.manage("shell", "-v", "0", "-c", KEY.format(name=name)).stdout)
        with _orders(venue.port, *key):
            _frames(terminal.page, protocol, report, seconds)
            _heap(terminal.page, protocol, report, minutes)
        report("cumulative layout shift (largest burst)", _beside(_shift(terminal), "0.02", 4))
        for problem in terminal.problems:
            report("console", problem)
        terminal.close()


def _loads(terminal: Terminal, report: Report) -> None:
    terminal.page.goto(f"{terminal.url}/trade/{BTC}")
    terminal.until(READY)
    sizes = terminal.evaluate(CODE_BYTES)
    kilobytes = {name: size / 1_000 for name, size in sizes.items()}
    report("own and library code before the chart, KB", _beside(kilobytes["code"], "200", 1))
    report("chart library behind it, KB", f"{kilobytes['chart']:>10.1f}")
    report("page with its first picture, font and pictures, KB", f"{kilobytes['rest']:>10.1f}")
    first, painted, ready = [], [], []
    for _ in range(LOADS):
        terminal.page.goto(f"{terminal.url}/trade/{BTC}")
        terminal.until(READY)
        timing = terminal.evaluate("window.novateTiming()")
        first.append(timing["first_byte"])
        painted.append(timing["painted"])
        ready.append(timing["ready"])
    report(f"first byte of the page, ms (median of {LOADS})", f"{_median(first):>10.0f}")
    report("first picture painted, warm cache, ms", f"{_median(painted):>10.0f}")
    report("interactive: live book and ticket, warm, ms", _beside(_median(ready), "1,000", 0))


def _frames(page: Page, protocol: CDPSession, report: Report, seconds: float) -> None:
    heard: list[int] = []
    protocol.on("Network.webSocketFrameReceived", lambda frame: heard.append(_updates(frame)))
    protocol.send("Network.enable")
    page.wait_for_timeout(2_000)
    heard.clear()
    before = _metrics(protocol)
    frames = page.evaluate(FRAMES, seconds * 1_000)
    after = _metrics(protocol)
    protocol.send("Network.disable")
    report("messages that arrive, a second", f"{len(heard) / seconds:>10.0f}")
    report("levels, orders, trades, prices in them", _beside(sum(heard) / seconds, "50", 0))
    report("frames a second meanwhile", _beside(frames["rate"], "60", 1))
    for name in ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration"):
        share = 100 * (after[name] - before[name]) / (after["Timestamp"] - before["Timestamp"])
        report(f"  main thread, % of the time: {name}", f"{share:>10.1f}")
    report("slowest frame of a hundred, ms", f"{frames['p99']:>10.1f}")
    report("frames later than 34 ms", f"{frames['late']:>10d}")


def _heap(page: Page, protocol: CDPSession, report: Report, minutes: float) -> None:
    """The heap after a collection at the beginning, the middle and the end."""
    found: list[dict[str, float]] = []
    for part in range(5):
        if part:
            page.wait_for_timeout(minutes * 60_000 / 4)
        protocol.send("HeapProfiler.collectGarbage")
        found.append(_metrics(protocol))
    for name, words, unit in (
        ("JSHeapUsedSize", "heap after collection, MB", 1e6),
        ("Nodes", "nodes", 1),
        ("JSEventListeners", "listeners", 1),
    ):
        figures = " → ".join(f"{one[name] / unit:,.1f}" for one in found)
        report(f"{words}, over {minutes:g} minutes", f"  {figures}")


def _metrics(protocol: CDPSession) -> dict[str, float]:
    metrics = protocol.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def _updates(frame: dict[str, Any]) -> int:
    """How many things a message of a channel tells: levels, orders, trades, or one price."""
    message = json.loads(frame["response"]["payloadData"])
    data = message.get("params", {}).get("data")
    if data is None:
        return 0
    parts = data.values() if isinstance(data, dict) else [data]
    return max(1, sum(len(part) for part in parts if isinstance(part, list)))


@contextmanager
def _orders(port: int, key_id: str, secret: str) -> Iterator[None]:
    """The person's bots: they place and cancel far from the market, steadily."""
    ended = threading.Event()
    terms = (port, key_id, secret, ended)
    bots = [threading.Thread(target=_place_and_cancel, args=terms) for _ in range(BOTS)]
    for bot in bots:
        bot.start()
    try:
        yield
    finally:
        ended.set()
        for bot in bots:
            bot.join()


def _place_and_cancel(port: int, key_id: str, secret: str, ended: threading.Event) -> None:
    with connect(f"ws://127.0.0.1:{port + 1}/ws/api/v2") as socket:
        numbers = iter(range(1, 1 << 31))

        def call(method: str, **params: Any) -> Any:
            number = next(numbers)
            socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                answer = json.loads(socket.recv(20))
                if answer.get("id") == number:
                    return answer

        terms = {"client_id": key_id, "client_secret": secret}
        call("public/auth", grant_type="client_credentials", **terms)
        while not ended.wait(1 / ORDERS_PER_SECOND):
            book = call("public/get_order_book", instrument_name=BTC, depth=1)["result"]
            price = int(book["best_bid_price"]) // 10 * 10 - 40
            order = {"instrument_name": BTC, "amount": 0.001, "price": price, "post_only": True}
            placed = call("private/buy", **order)
            if "result" in placed:
                call("private/cancel", order_id=placed["result"]["order"]["order_id"])
            else:
                time.sleep(1)  # Its budget is spent: what comes after is told in the figures.


def _shift(terminal: Terminal) -> float:
    return float(terminal.evaluate(SHIFTS))


def _beside(figure: float, bar: str, places: int) -> str:
    return f"{figure:>10,.{places}f}   (bar: {bar})"


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
