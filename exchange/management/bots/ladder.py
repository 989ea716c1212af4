"""Where a maker wants its orders, and which of them is most wrong. Pure: no network, no clock.

Prices in ticks, quantities in lots, distances in basis points of the index.

LADDER-001  bids stand below the fair price and asks above it, by the level's distance at least.
LADDER-002  a long inventory lowers the fair price and a short one raises it; beyond the limit
            the side that would add to it is not quoted.
LADDER-003  missing orders are placed first, inner ones before outer ones. Then an order is
            moved when it strayed from its level by more than the level's tolerance, the most
            wrong first; outer levels tolerate more, so the touch is kept freshest.
LADDER-004  an order beyond the fair price comes before everything else: it gives money away,
            and it keeps the other makers' orders from where they belong.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from exchange.management.bots.market import BUY, SELL

BASIS_POINT = 1e-4
# Distance of each level from the fair price, in half spreads, and its size in base sizes.
DISTANCES = (1.0, 1.9, 3.2, 5.0, 8.0, 13.0, 22.0, 40.0)
SIZES = (0.6, 1.0, 1.4, 1.7, 2.2, 3.0, 4.5, 7.0)
TOLERANCE = 0.3  # of a level's distance
WORN_SHARE = 0.35  # an order filled down to less than this is replaced
MISSING_URGENCY = 3.0
UNWANTED_URGENCY = 3.0
EXPOSED_URGENCY = 50.0

Place = tuple[str, int]  # side, level


@dataclass(frozen=True, slots=True)
class Style:
    """How one maker quotes."""

    half_spread_bp: float
    base_notional: float
    inventory_limit: float  # quote: at this position the adding side stops
    skew_bp: float  # the fair price moves by this much at the inventory limit


class Rung(NamedTuple):
    """One wanted order."""

    side: str
    level: int
    price_ticks: int
    lots: int


class Resting(NamedTuple):
    """One order that stands, as the ladder needs to know it."""

    order_id: str
    price_ticks: int
    left_lots: int


class Step(NamedTuple):
    """What to do next: place a rung, move an order to its rung, or cancel an order."""

    urgency: float
    order_id: str  # empty: place
    rung: Rung | None  # None: cancel


def fair_ticks(index_ticks: float, premium_bp: float, inventory: float, style: Style) -> float:
    """The price a maker holds to be right, shifted against its inventory (LADDER-002).

    inventory : position in quote / style.inventory_limit, long positive
    """
    skew_bp = style.skew_bp * max(-1.5, min(1.5, inventory))
    return index_ticks * (1.0 + (premium_bp - skew_bp) * BASIS_POINT)


def rungs(
    fair: float, inventory: float, style: Style, lots_for: Callable[[float], int]
) -> list[Rung]:
    """The wanted orders, inner levels first. lots_for: notional in quote -> lots."""
    wanted = []
    for level, (distance, size) in enumerate(zip(DISTANCES, SIZES, strict=True)):
        reach = fair * style.half_spread_bp * distance * BASIS_POINT
        lots = lots_for(style.base_notional * size)
        if inventory < 1.0:
            wanted.append(Rung(BUY, level, max(1, math.floor(fair - reach)), lots))
        if inventory > -1.0:
            wanted.append(Rung(SELL, level, math.ceil(fair + reach), lots))
    return wanted


def beyond(side: str, price_ticks: float, limit_ticks: float) -> float:
    """How far a price is on the generous side of a limit, in ticks; negative: on the safe one.

    >>> beyond(BUY, 105, 100), beyond(SELL, 105, 100)
    (5, -5)
    """
    return price_ticks - limit_ticks if side == BUY else limit_ticks - price_ticks


def next_step(wanted: list[Rung], resting: dict[Place, Resting], style: Style) -> Step | None:
    """The most urgent thing to do; None when every order is near enough to its rung."""
    places = {(rung.side, rung.level) for rung in wanted}
    steps = [_step(rung, resting.get((rung.side, rung.level)), style) for rung in wanted]
    steps += [
        Step(UNWANTED_URGENCY, held.order_id, None)
        for place, held in resting.items()
        if place not in places
    ]
    best = max(steps, key=lambda step: step.urgency, default=None)
    return best if best is not None and best.urgency >= 1.0 else None


def _step(rung: Rung, held: Resting | None, style: Style) -> Step:
    if held is None:
        # Inner levels first, and all of them before small corrections.
        return Step(MISSING_URGENCY + 1.0 / (1 + rung.level), "", rung)
    if held.left_lots < rung.lots * WORN_SHARE:
        return Step(MISSING_URGENCY, held.order_id, None)
    distance = rung.price_ticks * style.half_spread_bp * DISTANCES[rung.level] * BASIS_POINT
    strayed = abs(held.price_ticks - rung.price_ticks) / max(1.0, distance * TOLERANCE)
    if beyond(rung.side, held.price_ticks, rung.price_ticks) > distance:
        return Step(EXPOSED_URGENCY + strayed, held.order_id, rung)
    # 1 at the tolerance and below MISSING_URGENCY however far: in a quick market the touch
    # always strays, and would leave no time for the rest.
    return Step(MISSING_URGENCY * strayed / (strayed + 2.0), held.order_id, rung)
