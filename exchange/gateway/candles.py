"""Candles as they grow: the last interval of each chart that somebody follows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from exchange.gateway import wire
from exchange.gateway.channels import Channel
from exchange.gateway.listings import Listing
from exchange.gateway.wire import FillView, Json
from exchange.selectors import CandleRow

MINUTE_NS = 60_000_000_000


@dataclass(slots=True)
class Candle:
    """What traded in one interval."""

    start_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int = 0
    volume_price_lots: int = 0
    is_recorded: bool = False  # a price from before the venue's first trade

    def add(self, price_ticks: int, lots: int) -> None:
        """One more trade."""
        self.high_ticks = max(self.high_ticks, price_ticks)
        self.low_ticks = min(self.low_ticks, price_ticks)
        self.close_ticks = price_ticks
        self.volume_lots += lots
        self.volume_price_lots += price_ticks * lots

    def shape(self, listing: Listing) -> Json:
        """The candle as chart.trades shows it."""
        return {
            "tick": wire.millis(self.start_ns),
            "open": listing.price(self.open_ticks),
            "high": listing.price(self.high_ticks),
            "low": listing.price(self.low_ticks),
            "close": listing.price(self.close_ticks),
            "volume": listing.amount(self.volume_lots),
            "cost": wire.money(listing.notional_units(self.volume_price_lots)),
        }


def start_of(time_ns: int, minutes: int) -> int:
    """When the interval that holds this time began."""
    return time_ns - time_ns % (minutes * MINUTE_NS)


def with_recorded_past(recorded: list[CandleRow], traded: list[CandleRow]) -> list[CandleRow]:
    """Both, oldest first; the interval in which trading began is one candle of both."""
    if not recorded or not traded:
        return recorded or traded
    first, past = traded[0], [row for row in recorded if row.start_ns < traded[0].start_ns]
    if len(past) < len(recorded):
        before = recorded[len(past)]
        first = replace(
            first,
            open_ticks=before.open_ticks,
            high_ticks=max(before.high_ticks, first.high_ticks),
            low_ticks=min(before.low_ticks, first.low_ticks),
        )
    return [*past, first, *traded[1:]]


class Candles:
    """The growing candle of each followed chart, by channel name."""

    def __init__(self) -> None:
        self._charts: dict[int, dict[str, Channel]] = {}
        self._candles: dict[str, Candle] = {}

    def follow(self, channel: Channel) -> None:
        """Begin to build this chart's candles."""
        self._charts.setdefault(channel.contract, {})[channel.name] = channel

    def forget(self, channel: Channel) -> None:
        """Nobody follows it any more."""
        self._charts.get(channel.contract, {}).pop(channel.name, None)
        self._candles.pop(channel.name, None)

    def seed(self, channel: Channel, candle: Candle) -> None:
        """What had traded in the interval before anybody followed it."""
        self._candles.setdefault(channel.name, candle)

    def current(self, channel: Channel) -> Candle | None:
        """The chart's newest candle, if anything traded."""
        return self._candles.get(channel.name)

    def on_trade(self, fill: FillView) -> Iterator[tuple[str, Candle]]:
        """The candles that this trade changed, by channel name."""
        for name, channel in self._charts.get(fill.contract, {}).items():
            start = start_of(fill.time_ns, channel.minutes)
            candle = self._candles.get(name)
            if candle is None or candle.start_ns < start:
                price = fill.price_ticks
                candle = self._candles[name] = Candle(start, price, price, price, price)
            candle.add(fill.price_ticks, fill.quantity_lots)
            yield name, candle
