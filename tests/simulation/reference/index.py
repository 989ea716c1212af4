"""The reference index: many observations, one price (spec: oracle).

Weighted lower medians by sorting; every threshold rounded down.
"""

from dataclasses import dataclass, field

from tests.simulation.reference.rounding import PPB, clamp, floor_ppm
from tests.simulation.reference.wire import (
    ORACLE_DEGRADED,
    ORACLE_INVALID,
    ORACLE_NO_PRICE,
    ORACLE_VALID,
    ORACLE_WIDE,
)

QUORUM = 3
OUTLIER_PPM = 3_000  # 0.3 %
OUTLIER_DEVIATIONS = 5
CLAMP_PPM = 5_000  # 0.5 %
RATE_PPB_PER_US = 20  # 2 % a second
RATE_US_MAX = 5_000_000
WIDE_DISTANCE_PPM = 20_000
WIDE_CONFIDENCE_PPM = 10_000

Voice = tuple[int, int]  # price, weight > 0


@dataclass(frozen=True, slots=True)
class Index:
    """An index price and how it came about."""

    price_e8: int
    status: int
    fresh: int = 0
    raw_e8: int = 0
    confidence_e8: int = 0
    inliers: list[Voice] = field(default_factory=list)


def aggregate(voices: list[Voice], previous: int, elapsed_ns: int) -> Index:
    """The next index from the fresh observations and the last one (0: none yet)."""
    if not voices:
        return Index(previous, ORACLE_INVALID if previous else ORACLE_NO_PRICE)
    raw = quantile(voices)
    has_quorum = len(voices) >= QUORUM
    target = raw
    if not has_quorum and previous:
        target = _with_previous_as_witness(voices, previous)
    tolerance = floor_ppm(target, OUTLIER_PPM)
    if has_quorum:
        deviation = quantile([(abs(price - raw), weight) for price, weight in voices])
        tolerance = max(tolerance, OUTLIER_DEVIATIONS * deviation)
    inliers = [voice for voice in voices if abs(voice[0] - target) <= tolerance]
    confidence = 0
    if inliers:
        confidence = (quantile(inliers, 3) - quantile(inliers, 1) + 1) // 2
    if has_quorum:
        reach = floor_ppm(raw, CLAMP_PPM)
        clamped = [
            (clamp(price, raw - reach, raw + reach), weight) for price, weight in inliers
        ]
        target = quantile(clamped)
    price = within_rate(target, previous, elapsed_ns) if previous else target
    status = _status(len(voices), len(inliers), price, raw, confidence)
    if not previous and status != ORACLE_VALID:
        price, status = 0, ORACLE_NO_PRICE
    return Index(price, status, len(voices), raw, confidence, inliers)


def quantile(voices: list[Voice], quarters: int = 2) -> int:
    """The smallest price at or below which that many quarters of the weight lie."""
    total = sum(weight for _, weight in voices)
    below = 0
    for price, weight in sorted(voices):
        below += weight
        if 4 * below >= quarters * total:
            return price
    raise AssertionError("no voices")


def within_rate(target: int, previous: int, elapsed_ns: int) -> int:
    """At most 2 % of the previous index a second, at most five seconds of it."""
    elapsed_us = min(elapsed_ns // 1_000, RATE_US_MAX)
    step = previous * RATE_PPB_PER_US * elapsed_us // PPB
    return clamp(target, previous - step, previous + step)


def _with_previous_as_witness(voices: list[Voice], previous: int) -> int:
    """Two sources and the previous index: the middle one. One alone moves nothing."""
    if len(voices) < 2:
        return previous
    prices = [price for price, _ in voices]
    return clamp(previous, min(prices), max(prices))


def _status(fresh: int, inliers: int, price: int, raw: int, confidence: int) -> int:
    if fresh < QUORUM:
        return ORACLE_DEGRADED
    is_wide = (
        inliers < QUORUM
        or abs(raw - price) > floor_ppm(price, WIDE_DISTANCE_PPM)
        or confidence > floor_ppm(price, WIDE_CONFIDENCE_PPM)
    )
    return ORACLE_WIDE if is_wide else ORACLE_VALID
