"""The last 24 hours of every contract, from the projections and the trades since."""

import asyncio
import logging

from exchange.gateway.database import in_database
from exchange.gateway.wire import Stats
from exchange.selectors import DayStats, day_stats

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
_NOTHING = Stats()


class Statistics:
    """24-hour figures by contract."""

    def __init__(self) -> None:
        self._stats: dict[int, Stats] = {}

    def of(self, contract: int) -> Stats:
        """The contract's figures; zeros when nothing traded."""
        return self._stats.get(contract, _NOTHING)

    def on_trade(self, contract: int, price_ticks: int, lots: int) -> None:
        """One more trade, until the next reading counts it too."""
        stats = self.of(contract)
        self._stats[contract] = Stats(
            high_ticks=max(stats.high_ticks, price_ticks),
            low_ticks=min(stats.low_ticks or price_ticks, price_ticks),
            open_ticks=stats.open_ticks or price_ticks,
            volume_lots=stats.volume_lots + lots,
            volume_price_lots=stats.volume_price_lots + price_ticks * lots,
        )

    async def keep_fresh(self) -> None:
        """Read the figures again and again, until cancelled."""
        while True:
            try:
                rows = await in_database(day_stats)
                self._stats = {contract: _stats(row) for contract, row in rows.items()}
            except Exception:
                logger.exception("24-hour statistics could not be read; trying again")
            await asyncio.sleep(REFRESH_SECONDS)


def _stats(row: DayStats) -> Stats:
    return Stats(
        high_ticks=row.high_ticks,
        low_ticks=row.low_ticks,
        open_ticks=row.open_ticks,
        volume_lots=row.volume_lots,
        volume_price_lots=row.volume_price_lots,
    )
