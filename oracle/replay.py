"""Recorded real prices as an endless, continuous path: the demonstration's outside world.

A path is a pure function of its position (ns since the market was first started): no
randomness, no clock. Two processes, or one restarted, see the same price at the same position.

REPLAY-001  prices are spliced by returns, never by level: the recording's end joins its
            beginning without a jump, and its total return is spread out against drift.
REPLAY-002  inside a minute the path passes through open, the two extremes and close.
REPLAY-003  an underlying without a recording of its own is made of BTC's returns: beta x the
            same minute + beta x another day's (data/PROVENANCE.md says so to the user).
REPLAY-004  a ripple of a few millionths keeps the path moving within a second.

Floats are allowed here: a path is an opinion until a reporter signs it as an integer.
"""

import csv
import gzip
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RECORDING = Path(__file__).parent / "data" / "btc_perp_1m_20211231_20220201.csv.gz"
MINUTE_NS = 60_000_000_000
MINUTES_A_DAY = 1_440
E8 = 100_000_000

# When, within the minute, the path passes its five waypoints: open, first and second extreme,
# close, and the next minute's open.
WAYPOINT_TIMES = (0.0, 0.25, 0.55, 0.9, 1.0)
RIPPLES = ((1.0, 12e-6), (7.0, 25e-6))  # (seconds between knots, amplitude)


class PathSpec(NamedTuple):
    """How one underlying's path is made of the recording (REPLAY-003)."""

    start_e8: int  # price at position 0
    common_beta: float
    own_beta: float
    own_shift_minutes: int


# Position 0 is 2022-01-10 14:00 UTC, a busy afternoon, and the levels are about those of that
# hour; from there only returns count.
START_MINUTE = 13_859
DEMO_PATHS = {
    "BTC": PathSpec(40_827 * E8, 1.0, 0.0, 0),
    "ETH": PathSpec(3_100 * E8, 0.85, 0.7, 7 * MINUTES_A_DAY),
    "SOL": PathSpec(137 * E8, 0.8, 1.1, 11 * MINUTES_A_DAY),
}


class Recording(NamedTuple):
    """The minutes of a recording as logarithms, without its total return.

    levels : (minutes,) float64, log(open of the minute / open of the first), detrended
    waypoints : (minutes, 5) float64, log(price / open of the minute) at WAYPOINT_TIMES
    """

    levels: Floats
    waypoints: Floats

    def beginning_at(self, minute: int) -> "Recording":
        """The same ring of minutes, entered at another one."""
        levels = np.roll(self.levels, -minute)
        return Recording(levels - levels[0], np.roll(self.waypoints, -minute, axis=0))


def load_recording(path: Path = RECORDING) -> Recording:
    """Read a CSV of timestamp,open,high,low,close,volume; ValueError if it is not one."""
    with gzip.open(path, "rt", encoding="ascii", newline="") as lines:
        rows = [
            tuple(float(field) for field in row[1:5]) for row in list(csv.reader(lines))[1:]
        ]
    bars = np.array(rows, np.float64)
    if len(bars) < 2 or not (bars > 0).all():
        raise ValueError(f"Expected at least two bars of positive prices in {path.name}")
    opens, highs, lows, closes = np.log(bars).T
    if (highs < np.maximum(opens, closes)).any() or (lows > np.minimum(opens, closes)).any():
        raise ValueError(f"Expected open and close between low and high in {path.name}")
    return _recording(opens, highs, lows, closes)


def _recording(opens: Floats, highs: Floats, lows: Floats, closes: Floats) -> Recording:
    minutes = len(opens)
    # The last bar has no next open: its close stands in, and the first bar follows it.
    next_opens = np.append(opens[1:], closes[-1])
    drift = (next_opens[-1] - opens[0]) / minutes
    levels = opens - opens[0] - drift * np.arange(minutes)
    rising = closes >= opens
    first = np.where(rising, lows, highs)
    second = np.where(rising, highs, lows)
    waypoints = np.stack((opens, first, second, closes, next_opens), axis=1) - opens[:, None]
    waypoints -= drift * np.array(WAYPOINT_TIMES)
    return Recording(levels, waypoints)


class PricePath:
    """The price of one underlying at every position, for ever."""

    def __init__(self, recording: Recording, spec: PathSpec, seed: int) -> None:
        self._recording = recording
        self._spec = spec
        self._seed = seed
        shift = spec.own_shift_minutes % len(recording.levels)
        self._own_start = float(recording.levels[shift])

    def price_e8(self, position_ns: int) -> int:
        """Quote x 10^8 at a position >= 0, ns since the path's beginning; always positive."""
        spec = self._spec
        logarithm = spec.common_beta * self._level(position_ns)
        if spec.own_beta:
            shifted = position_ns + spec.own_shift_minutes * MINUTE_NS
            logarithm += spec.own_beta * (self._level(shifted) - self._own_start)
        logarithm += self._ripple(position_ns) - self._ripple(0)
        return max(1, round(spec.start_e8 * math.exp(logarithm)))

    def minutes_before_start(self, count: int) -> Floats:
        """The `count` minutes that lead up to position 0, without the ripple.

        Returns
        -------
        (count, 4) float64, quote : open, high, low, close of each minute, oldest first
        """
        waypoints = self._spec.common_beta * self._minutes(-count, 0)
        if self._spec.own_beta:
            shift = self._spec.own_shift_minutes
            own = self._minutes(shift - count, shift) - self._own_start
            waypoints = waypoints + self._spec.own_beta * own
        prices = self._spec.start_e8 / E8 * np.exp(waypoints)
        return np.stack(
            (prices[:, 0], prices.max(axis=1), prices.min(axis=1), prices[:, -1]), axis=1
        )

    def _minutes(self, first: int, end: int) -> Floats:
        ring = np.arange(first, end) % len(self._recording.levels)
        return self._recording.levels[ring][:, None] + self._recording.waypoints[ring]

    def _level(self, position_ns: int) -> float:
        minute, inside_ns = divmod(position_ns, MINUTE_NS)
        minute %= len(self._recording.levels)
        points = self._recording.waypoints[minute]
        inside = float(np.interp(inside_ns / MINUTE_NS, WAYPOINT_TIMES, points))
        return float(self._recording.levels[minute]) + inside

    def _ripple(self, position_ns: int) -> float:
        return sum(
            amplitude * smooth_noise(self._seed, position_ns / (period * 1e9))
            for period, amplitude in RIPPLES
        )


def demo_paths() -> dict[str, PricePath]:
    """The paths of the demonstration market by underlying, over one shared recording."""
    recording = load_recording().beginning_at(START_MINUTE)
    return {
        name: PricePath(recording, spec, seed)
        for seed, (name, spec) in enumerate(DEMO_PATHS.items(), start=1)
    }


def smooth_noise(seed: int, position: float) -> float:
    """Noise in -1 .. 1, continuous, a pure function of seed and position (knots at integers).

    >>> smooth_noise(1, 5.0) == smooth_noise(1, 5.0) != smooth_noise(2, 5.0)
    True
    """
    knot = math.floor(position)
    inside = position - knot
    weight = inside * inside * (3.0 - 2.0 * inside)
    left, right = _knot(seed, knot), _knot(seed, knot + 1)
    return left + (right - left) * weight


def _knot(seed: int, knot: int) -> float:
    # SplitMix64's finaliser: neighbouring knots come out unrelated.
    mask = (1 << 64) - 1
    mixed = (seed * 0x9E3779B97F4A7C15 + knot * 0xD1B54A32D192ED03) & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 52) - 1.0
