"""The parameters of public methods that read histories, and of those about options."""

from typing import Literal

from exchange.gateway.decoder import Count, Depth, Flag, Millis, PageSize, Text
from exchange.gateway.schemas import Kind, Params, Sorting

SettlementType = Literal["settlement", "delivery", "bankruptcy"]


class LastTrades(Params, frozen=True):
    instrument_name: Text
    count: PageSize = PageSize(10)
    start_seq: Count | None = None
    end_seq: Count | None = None
    start_timestamp: Millis | None = None
    end_timestamp: Millis | None = None
    sorting: Sorting = "default"


class LastTradesByCurrency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"
    count: PageSize = PageSize(10)
    start_id: Text | None = None
    end_id: Text | None = None
    start_timestamp: Millis | None = None
    end_timestamp: Millis | None = None
    sorting: Sorting = "default"


class OrderBookById(Params, frozen=True):
    instrument_id: Count
    depth: Depth = Depth(20)


class Expirations(Params, frozen=True):
    currency: Text = Text("any")
    kind: Literal["any", "future", "option"] = "any"
    currency_pair: Text | None = None


class IndexNames(Params, frozen=True):
    extended: Flag = Flag(0)


class SupportedIndexNames(Params, frozen=True):
    type: Literal["all", "spot", "derivative"] = "all"


class TradeVolumes(Params, frozen=True):
    extended: Flag = Flag(0)


class HistoricalVolatility(Params, frozen=True):
    currency: Text


class VolatilityIndex(Params, frozen=True):
    currency: Text
    start_timestamp: Millis
    end_timestamp: Millis
    resolution: Literal["1", "60", "3600", "43200", "1D"]


class DeliveryPrices(Params, frozen=True):
    index_name: Text
    offset: Count = Count(0)
    count: PageSize = PageSize(10)


class Settlements(Params, frozen=True):
    instrument_name: Text
    type: SettlementType | None = None
    count: PageSize = PageSize(20)
    continuation: Text | None = None
    search_start_timestamp: Millis | None = None


class SettlementsByCurrency(Params, frozen=True):
    currency: Text
    type: SettlementType | None = None
    count: PageSize = PageSize(20)
    continuation: Text | None = None
    search_start_timestamp: Millis | None = None


class Announcements(Params, frozen=True):
    start_timestamp: Millis | None = None
    count: PageSize = PageSize(5)
