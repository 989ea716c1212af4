"""First pictures: what a page shows of the market before its websocket speaks.

Everything here is text for a template. Numbers keep the trailing zeros of their tick, are
grouped by thousands and are the same words that static/js/format.js writes a moment later.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from exchange.gateway import pages
from exchange.gateway.figures import stage_rows, status_figures
from exchange.gateway.state import VERSION, Look
from exchange.models import Maintenance
from exchange.pipeline.halts import Halt

BOOK_ROWS = 12
DASH = "–"
MINUS = "−"

Picture = dict[str, Any]

_HEALTHS = {
    "ok": ("Works", "good"),
    "late": ("Late", "warn"),
    "unknown": ("Unknown", "warn"),
    "down": ("Down", "bad"),
}
_VERDICTS = {
    "ok": "All parts of the venue work",
    "degraded": "The venue works; some parts are late",
    "down": "Part of the venue is down",
}


def markets() -> list[Picture]:
    """One row a listed contract; none while the venue starts."""
    instruments, summaries = pages.first_picture(
        ("public/get_instruments", {}),
        ("public/get_book_summary_by_currency", {"currency": "USDC"}),
    )
    summary_of = {row["instrument_name"]: row for row in summaries or []}
    return [
        {
            **identity(instrument),
            **_summary(summary_of.get(instrument["instrument_name"], {}), instrument),
        }
        for instrument in instruments or []
    ]


def trade(contract: str) -> Picture | None:
    """All that the trade page opens with; None if other contracts are listed, but not this."""
    named = {"instrument_name": contract}
    instruments, book = pages.first_picture(
        ("public/get_instruments", {}),
        ("public/get_order_book", {**named, "depth": BOOK_ROWS}),
    )
    if not instruments:
        return {"contract": identity({"instrument_name": contract}), "first": {}, "market": {}}
    instrument = next((row for row in instruments if row["instrument_name"] == contract), None)
    if instrument is None:
        return None
    first = {"instruments": instruments, "ticker": _ticker_of(book)}
    picture = {"contract": identity(instrument), "first": first, "market": {}}
    if book is None:
        return picture
    return picture | {"market": _summary(_flat(book), instrument)} | _ladder(book, instrument)


def status(look: Look) -> Picture:
    """The venue's parts with the words and colours that the page shows, and one verdict."""
    rows = [_component(dict(component)) for component in look.components]
    healths = {component["health"] for component in look.components}
    state = "down" if "down" in healths else "ok" if healths == {"ok"} else "degraded"
    checked = datetime.now(UTC).strftime("%H:%M:%S UTC")
    return {
        "state": state,
        "verdict": _VERDICTS[state],
        "components": rows,
        "figures": status_figures(look.figures),
        "stages": stage_rows(look.stages),
        "halts": [_halt(halt) for halt in look.halts],
        "maintenance": [_planned(one) for one in look.maintenance],
        "numbers": look.figures.as_json(),
        "checked": checked,
        "version": VERSION,
    }


def identity(instrument: Picture) -> Picture:
    """The names of a contract: BTC_USDC-PERPETUAL → BTC, USDC perpetual."""
    name = instrument["instrument_name"]
    pair, _, kind = name.partition("-")
    base, _, quote = pair.partition("_")
    return {
        "name": name,
        "base": base,
        "quote": quote,
        "kind": "perpetual" if kind == "PERPETUAL" else kind,
        "tick": _plain(instrument.get("tick_size")),
        "lot": _plain(instrument.get("min_trade_amount")),
        "search": f"{name} {base} {kind}".lower(),
        "leverage": _plain(instrument.get("max_leverage")),
        "state": instrument.get("state", "open"),
    }


def grouped(value: Any, places: int) -> str:
    """1234.5, 2 → "1,234.50"; a missing value is a dash."""
    if value is None:
        return DASH
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,f}".replace("-", MINUS)


def price(value: Any, places: int) -> str:
    """A price; zero or missing is never a price."""
    return grouped(value or None, places)


def signed_percent(value: Any, places: int = 2) -> str:
    """1.5 → "+1.50 %"; zero has no sign."""
    if value is None:
        return DASH
    text = grouped(value, places)
    return f"{'+' if Decimal(str(value)) > 0 else ''}{text} %"


def rate(value: Any) -> str:
    """A rate such as 0.0001 → "+0.0100 %"."""
    return signed_percent(None if value is None else Decimal(str(value)) * 100, 4)


def places_of(step: Any) -> int:
    """How many decimals a tick or lot has: 0.001 → 3."""
    return max(0, -int(Decimal(str(step)).normalize().as_tuple().exponent))


def compact(value: Any) -> str:
    """12345678 → "12.35 M": for volumes, where the magnitude is the news."""
    if value is None:
        return DASH
    number = Decimal(str(value))
    for size, suffix in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if abs(number) >= size:
            return f"{grouped(number / size, 2)} {suffix}"
    return grouped(number, 2)


def _summary(row: Picture, instrument: Picture) -> Picture:
    places = places_of(instrument.get("tick_size", 1))
    lots = places_of(instrument.get("min_trade_amount", 1))
    change = row.get("price_change")
    return {
        "last": price(row.get("last"), places),
        "mark": price(row.get("mark_price"), places),
        "index": price(row.get("index_price", row.get("estimated_delivery_price")), places),
        "high": grouped(row.get("high"), places),
        "low": grouped(row.get("low"), places),
        "change": signed_percent(change),
        "direction": _direction(change),
        "volume": compact(row.get("volume_notional", row.get("volume_usd"))),
        "open_interest": grouped(row.get("open_interest"), lots),
        "funding": rate(row.get("funding_8h")),
        "funding_direction": _direction(row.get("funding_8h")),
    }


def _flat(book: Picture) -> Picture:
    stats = book.get("stats") or {}
    return {**stats, **book, "last": book.get("last_price")}


def _ticker_of(book: Picture | None) -> Picture | None:
    if book is None:
        return None
    return {key: value for key, value in book.items() if key not in ("bids", "asks")}


def _ladder(book: Picture, instrument: Picture) -> Picture:
    prices = places_of(instrument["tick_size"])
    lots = places_of(instrument["min_trade_amount"])
    sides = {side: _levels(book.get(side, []), prices, lots) for side in ("bids", "asks")}
    deepest = max((rows[-1]["sum"] for rows in sides.values() if rows), default=Decimal(1))
    for level in (*sides["bids"], *sides["asks"]):
        level["depth"] = f"{level['sum'] / deepest:.3f}"
    return {**sides, "spread": _spread(book, prices)}


def _spread(book: Picture, prices: int) -> Picture | None:
    """The middle and what is between the best prices, as static/js/ladder.js writes them."""
    bids, asks = book.get("bids"), book.get("asks")
    if not bids or not asks:
        return None
    bid, ask = Decimal(str(bids[0][0])), Decimal(str(asks[0][0]))
    basis_points = (ask - bid) * 20_000 / (ask + bid)
    return {
        "middle": grouped((bid + ask) / 2, prices + 1).removesuffix("0"),
        "words": f"Spread {grouped(ask - bid, prices)} · {grouped(basis_points, 2)} bp",
    }


def _levels(levels: list[list[Any]], prices: int, lots: int) -> list[Picture]:
    total = Decimal(0)
    rows = []
    for price, amount in levels[:BOOK_ROWS]:
        total += Decimal(str(amount))
        rows.append(
            {
                "exact": str(price),
                "price": grouped(price, prices),
                "amount": grouped(amount, lots),
                "total": grouped(total, lots),
                "sum": total,
            }
        )
    return rows


def _component(component: Picture) -> Picture:
    word, tone = _HEALTHS[component["health"]]
    return {
        "label": component["name"],
        "health": component["health"],
        "word": word,
        "tone": tone,
        "detail": component["detail"],
    }


def _halt(halt: Halt) -> Picture:
    since = datetime.fromtimestamp(halt.time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {"contract": halt.contract, "since": since, "reason": halt.words or DASH}


def _planned(one: Maintenance) -> Picture:
    return {
        "begins": one.begins.strftime("%Y-%m-%d %H:%M UTC"),
        "ends": one.ends.strftime("%Y-%m-%d %H:%M UTC"),
        "words": one.words,
    }


def _direction(change: Any) -> str:
    if not change:
        return "flat"
    return "up" if Decimal(str(change)) > 0 else "down"


def _plain(value: Any) -> str:
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"
