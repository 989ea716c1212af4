"""Candles of the past and of the interval under way, from the projections."""

import time

from exchange import selectors
from exchange.gateway.candles import Candle, with_recorded_past
from exchange.gateway.channels import Channel
from exchange.gateway.database import in_database
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.wire import millis

CANDLES_MAX = 5_000
MINUTE_NS = 60_000_000_000
NS = 1_000_000  # nanoseconds of a millisecond


class Charts:
    """Reads of candles, off the event loop."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    async def candles(
        self, listing: Listing, minutes: int, since_ms: int, until_ms: int
    ) -> list[Candle]:
        """The newest CANDLES_MAX intervals of the range, each with a candle, oldest first.

        An interval without a trade repeats the close before it. What a demonstration's charts
        show of the time before the first trade comes first, and says so; the interval in which
        trading began holds both.
        """
        width = minutes * MINUTE_NS
        until_ns = min(until_ms * NS, time.time_ns())
        since_ns = max(since_ms * NS, until_ns - CANDLES_MAX * width)
        asked = (listing.id, minutes, since_ns, until_ns + 1)
        rows = await in_database(selectors.candles, *asked)
        recorded = await in_database(selectors.recorded_candles, *asked)
        candles: list[Candle] = []
        for row in with_recorded_past(recorded, rows):
            while candles and candles[-1].start_ns + width < row.start_ns:
                close = candles[-1].close_ticks
                start = candles[-1].start_ns + width
                candles.append(Candle(start, close, close, close, close))
            candles.append(
                Candle(
                    row.start_ns,
                    row.open_ticks,
                    row.high_ticks,
                    row.low_ticks,
                    row.close_ticks,
                    row.volume_lots,
                    row.volume_price_lots,
                    is_recorded=row.trades == 0,
                )
            )
        return candles

    async def candle_now(self, channel: Channel, now_ns: int) -> Candle | None:
        """What has traded so far in the chart's present interval."""
        listing = self._listings.by_id[channel.contract]
        start_ns = now_ns - now_ns % (channel.minutes * MINUTE_NS)
        candles = await self.candles(listing, channel.minutes, millis(start_ns), millis(now_ns))
        return candles[-1] if candles else None
