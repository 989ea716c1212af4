"""How much a contract's price moves in a day, from the candles that its chart shows.

VOL-001  sigma is realised and of one day: the standard deviation, around zero, of the hourly
         log returns of the last seven days, times the root of 24. Hours are closes of traded
         prices; before a contract's first trade, of the recorded prices that its chart shows.
VOL-002  with less than a day of hours there is none. It is an opinion for people: no rule of
         the venue asks for it.
"""

import math
import time
from collections.abc import Sequence
from itertools import pairwise

from exchange.engine.units import PPM
from exchange.gateway.charts import MINUTE_NS, NS, Charts
from exchange.gateway.listings import Listing

HOURS = 7 * 24
HOURS_MIN = 24
KEEP_SECONDS = 60.0
_HOUR_MINUTES = 60


class Volatilities:
    """The daily volatility of each contract, read at most once a minute."""

    def __init__(self, charts: Charts) -> None:
        self._charts = charts
        self._known: dict[int, tuple[float, int | None]] = {}

    async def daily_ppm(self, listing: Listing) -> int | None:
        """Sigma of a day in ppm of the price; None before there is a day of hours."""
        now = time.monotonic()
        known = self._known.get(listing.id)
        if known is not None and now - known[0] < KEEP_SECONDS:
            return known[1]
        until_ms = time.time_ns() // NS
        since_ms = until_ms - HOURS * _HOUR_MINUTES * MINUTE_NS // NS
        candles = await self._charts.candles(listing, _HOUR_MINUTES, since_ms, until_ms)
        sigma = daily_sigma_ppm([candle.close_ticks for candle in candles])
        self._known[listing.id] = (now, sigma)
        return sigma


def daily_sigma_ppm(closes: Sequence[int]) -> int | None:
    """Hourly closes, oldest first → sigma of a day in ppm (VOL-001).

    >>> daily_sigma_ppm([100, 101] * 12 + [100])  # 24 returns of 0.995 % each
    48746
    >>> daily_sigma_ppm([100] * 24) is None
    True
    """
    if len(closes) <= HOURS_MIN:
        return None
    returns = [math.log(b / a) for a, b in pairwise(closes)]
    variance = sum(value * value for value in returns) / len(returns)
    return round(math.sqrt(variance * 24) * PPM)
