"""Sources without a network: recorded prices for the demonstration, a walk for experiments.

Each differs a little from its neighbours, as real venues do: its own noise and its own delay,
both deterministic functions of its seed and the time.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from oracle.sources.base import Quote, SourceError

SECOND_NS = 1_000_000_000
NOISE_SECONDS = 5.0
CONFIDENCE_PPM = 150
PPM = 1_000_000


class PriceFunction(Protocol):
    """A price at every position in time (oracle.replay.PricePath)."""

    def price_e8(self, position_ns: int) -> int: ...


class Temper(NamedTuple):
    """How one demonstration source differs from the truth."""

    seed: int
    noise_ppm: int  # largest deviation
    delay_ns: int  # it reports what was true this long ago


class ReplaySource:
    """`replay`: recorded prices as one venue would have reported them.

    position_ns maps wall time to the position on the paths (a paused market stands still).
    noise is a function of (seed, position in knots) in -1 .. 1, such as replay.smooth_noise.
    """

    def __init__(
        self,
        paths: Mapping[str, PriceFunction],
        temper: Temper,
        noise: Callable[[int, float], float],
        *,
        position_ns: Callable[[int], int],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._paths = paths
        self._temper = temper
        self._noise = noise
        self._position_ns = position_ns
        self._now_ns = now_ns

    async def quote(self, underlying: str) -> Quote:
        path = self._paths.get(underlying)
        if path is None:
            raise SourceError(f"No recorded path for {underlying}")
        publish_time_ns = self._now_ns() - self._temper.delay_ns
        position_ns = max(0, self._position_ns(publish_time_ns))
        truth_e8 = path.price_e8(position_ns)
        knots = position_ns / (NOISE_SECONDS * SECOND_NS)
        deviation = self._noise(self._temper.seed, knots) * self._temper.noise_ppm / PPM
        price_e8 = max(1, round(truth_e8 * (1.0 + deviation)))
        return Quote(price_e8, price_e8 * CONFIDENCE_PPM // PPM, publish_time_ns)


class SimulatedSource:
    """`simulated`: a sum of slow waves around a start price; no recording, no network.

    It is bounded (start x e^(+-amplitude)) and a pure function of time, so that restarted
    reporters agree with those that kept running.
    """

    PERIODS_SECONDS = (61.0, 307.0, 1_801.0, 10_007.0)

    def __init__(
        self,
        starts_e8: Mapping[str, int],
        *,
        amplitude: float = 0.02,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._starts_e8 = starts_e8
        self._amplitude = amplitude
        self._now_ns = now_ns

    async def quote(self, underlying: str) -> Quote:
        start_e8 = self._starts_e8.get(underlying)
        if start_e8 is None:
            raise SourceError(f"No simulated price for {underlying}")
        now_ns = self._now_ns()
        phase = math.tau * (sum(underlying.encode()) % 97) / 97
        # The longest wave is the highest; together they stay within the amplitude.
        total = sum(self.PERIODS_SECONDS)
        wave = sum(
            period / total * math.sin(math.tau * now_ns / (period * SECOND_NS) + phase)
            for period in self.PERIODS_SECONDS
        )
        price_e8 = max(1, round(start_e8 * math.exp(self._amplitude * wave)))
        return Quote(price_e8, price_e8 * CONFIDENCE_PPM // PPM, now_ns)
