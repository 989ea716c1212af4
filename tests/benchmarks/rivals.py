"""Other books on the same order flow, each fed the way it likes best.

None of them checks margin, keeps accounts, charges fees or writes anything down. A rival that
is not installed is skipped and says why: `pip install liquibook limit-order-book`.
"""

import importlib
from collections.abc import Callable
from time import perf_counter
from typing import Any

from tests.benchmarks.plain_book import BUY, PlainBook
from tests.benchmarks.workload import ADD, CANCEL, Totals, Workload

Rival = Callable[[list[tuple[int, ...]]], tuple[float, Totals | None]]


def plain_book(rows: list[tuple[int, ...]]) -> tuple[float, Totals | None]:
    """Pure Python (plain_book.py)."""
    book = PlainBook()
    cancel, limit = book.cancel, book.limit
    began = perf_counter()
    for kind, order, side, price, lots, _ in rows:
        if kind == CANCEL:
            cancel(order)
        else:
            limit(order, side, price, lots)
    seconds = perf_counter() - began
    totals = Totals(live_orders=len(book.where))
    for name, _, _, price, lots in book.events:
        if name == "traded":
            totals.trades += 1
            totals.volume_lots += lots
            totals.notional_ticks += lots * price
    return seconds, totals


def liquibook(rows: list[tuple[int, ...]]) -> tuple[float, Totals | None]:
    """The Python wrapper of C++ Liquibook; fills are reported to a Python listener."""
    library = importlib.import_module("liquibook")
    totals = Totals()
    listener = _liquibook_listener(library, totals)
    book = library.DepthOrderBook()
    book.set_order_listener(listener)
    orders: dict[int, Any] = {}
    make, add, cancel = library.SimpleOrder, book.add, book.cancel
    began = perf_counter()
    for kind, order, side, price, lots, _ in rows:
        if kind == CANCEL:
            cancel(orders.pop(order))
        else:
            orders[order] = made = make(side == BUY, price, lots)
            add(made)
    return perf_counter() - began, totals


def _liquibook_listener(library: Any, totals: Totals) -> Any:
    class Listener(library.OrderListener):  # type: ignore[misc]  # SWIG has no types.
        def on_accept(self, order: Any) -> None:
            totals.live_orders += 1

        def on_cancel(self, order: Any) -> None:
            totals.live_orders -= 1

        def on_fill(self, maker: Any, taker: Any, lots: int, price: int) -> None:
            totals.trades += 1
            totals.volume_lots += lots
            totals.notional_ticks += lots * price
            for order in (maker, taker):
                order.fill(lots, price, 0)
                totals.live_orders -= order.open_qty() == 0

    return Listener()


def limit_order_book(rows: list[tuple[int, ...]]) -> tuple[float, Totals | None]:
    """PyPI limit-order-book (C++ by ctypes). Takers are its market orders; no trade report."""
    library = importlib.import_module("limit_order_book")
    book = library.LimitOrderBook()
    market, limit, cancel = book.market, book.limit, book.cancel
    began = perf_counter()
    for kind, order, side, price, lots, _ in rows:
        if kind == CANCEL:
            cancel(order)
        elif kind == ADD:
            limit(side == BUY, order, lots, price)
        else:
            market(side == BUY, order, lots)
    return perf_counter() - began, None


RIVALS: dict[str, Rival] = {
    "plain book (pure Python)": plain_book,
    "liquibook (C++ wrapper)": liquibook,
    "limit-order-book (C++ by ctypes)": limit_order_book,
}


def run(workload: Workload, report: Callable[[str, str], None]) -> None:
    """Every rival once, on the first part of the flow."""
    rows = workload.commands.tolist()
    for name, rival in RIVALS.items():
        try:
            seconds, totals = rival(rows)
        except ImportError as missing:
            report(name, f"skipped: {missing}")
            continue
        agreed = "no trade report"
        if totals is not None:
            agreed = "same trades" if _same(totals, workload.totals) else f"DIFFERS: {totals}"
        report(name, f"{len(rows) / seconds:>12,.0f} commands/s   {agreed}")
    report("matching-engine (PyPI)", "skipped: no package of that name can be installed here")


def _same(found: Totals, expected: Totals) -> bool:
    fields = ("trades", "volume_lots", "notional_ticks", "live_orders")
    return all(getattr(found, name) == getattr(expected, name) for name in fields)
