"""The parameters of private methods that read an account, and of those that cancel in numbers.

`subaccount_id` is a main account's way to read a sub-account of its owner.
"""

from typing import Literal

from exchange.gateway.decoder import (
    Amounts,
    Count,
    Decimal,
    Flag,
    Millis,
    Names,
    PageSize,
    Text,
)
from exchange.gateway.schemas import Kind, OpenType, Params, Sorting

CancelType = Literal["all", "limit", "trigger_all", "stop", "take", "trailing_stop"]


# --- orders -----------------------------------------------------------------------------------
class OpenOrders(Params, frozen=True):
    kind: Kind = "any"
    type: OpenType = "all"


class OpenOrdersByCurrency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"
    type: OpenType = "all"


class OpenOrdersByInstrument(Params, frozen=True):
    instrument_name: Text
    type: OpenType = "all"


class Label(Params, frozen=True):
    label: Text
    currency: Text = Text("any")


class HistoryByCurrency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"
    count: PageSize = PageSize(20)
    offset: Count = Count(0)
    include_old: Flag = Flag(0)
    include_unfilled: Flag = Flag(0)
    with_continuation: Flag = Flag(0)
    continuation: Text | None = None
    historical: Flag = Flag(0)


class HistoryByInstrument(Params, frozen=True):
    instrument_name: Text
    count: PageSize = PageSize(20)
    offset: Count = Count(0)
    include_old: Flag = Flag(0)
    include_unfilled: Flag = Flag(0)
    with_continuation: Flag = Flag(0)
    continuation: Text | None = None
    historical: Flag = Flag(0)


class TriggerHistory(Params, frozen=True):
    currency: Text
    instrument_name: Text | None = None
    count: PageSize = PageSize(20)
    continuation: Text | None = None


class CancelAll(Params, frozen=True):
    detailed: Flag = Flag(0)


class CancelByCurrency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"
    type: CancelType = "all"
    detailed: Flag = Flag(0)


class CancelByPair(Params, frozen=True):
    currency_pair: Text
    kind: Kind = "any"
    type: CancelType = "all"
    detailed: Flag = Flag(0)


class CancelByInstrument(Params, frozen=True):
    instrument_name: Text
    type: CancelType = "all"
    detailed: Flag = Flag(0)


class CancelByKindOrType(Params, frozen=True):
    currency: Names
    kind: Kind = "any"
    type: CancelType = "all"
    detailed: Flag = Flag(0)


class CancelByLabel(Params, frozen=True):
    label: Text
    currency: Text = Text("any")


# --- trades -----------------------------------------------------------------------------------
class UserTrades(Params, frozen=True):
    instrument_name: Text
    count: PageSize = PageSize(10)
    start_seq: Count | None = None
    end_seq: Count | None = None
    start_timestamp: Millis | None = None
    end_timestamp: Millis | None = None
    sorting: Sorting = "default"
    historical: Flag = Flag(0)
    subaccount_id: Count | None = None


class UserTradesByCurrency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"
    count: PageSize = PageSize(10)
    start_id: Text | None = None
    end_id: Text | None = None
    start_timestamp: Millis | None = None
    end_timestamp: Millis | None = None
    sorting: Sorting = "default"
    historical: Flag = Flag(0)
    subaccount_id: Count | None = None


class UserTradesByOrder(Params, frozen=True):
    order_id: Text
    sorting: Sorting = "default"
    historical: Flag = Flag(0)
    subaccount_id: Count | None = None


# --- account ----------------------------------------------------------------------------------
class Positions(Params, frozen=True):
    currency: Text = Text("any")
    kind: Kind = "any"
    subaccount_id: Count | None = None


class Summary(Params, frozen=True):
    currency: Text = Text("USDC")
    extended: Flag = Flag(0)
    subaccount_id: Count | None = None


class Summaries(Params, frozen=True):
    extended: Flag = Flag(0)
    subaccount_id: Count | None = None


class Margins(Params, frozen=True):
    instrument_name: Text
    amount: Decimal
    price: Decimal


class SimulatePortfolio(Params, frozen=True):
    currency: Text = Text("USDC")
    add_positions: Flag = Flag(1)
    simulated_positions: Amounts | None = None


class ChangeMarginModel(Params, frozen=True):
    margin_model: Literal["cross_pm", "cross_sm", "segregated_pm", "segregated_sm"]
    user_id: Count | None = None
    dry_run: Flag = Flag(0)


# --- money ------------------------------------------------------------------------------------
class Page(Params, frozen=True):
    currency: Text
    count: PageSize = PageSize(10)
    offset: Count = Count(0)


class TransactionLog(Params, frozen=True):
    currency: Text
    start_timestamp: Millis
    end_timestamp: Millis
    query: Text = Text()
    count: PageSize = PageSize(100)
    continuation: Count | None = None
    subaccount_id: Count | None = None


class Withdraw(Params, frozen=True):
    currency: Text
    amount: Decimal
    address: Text
    idempotency_key: Text = Text()


class Currency(Params, frozen=True):
    currency: Text


# --- market maker protection ------------------------------------------------------------------
class MmpConfig(Params, frozen=True):
    index_name: Text | None = None
    mmp_group: Text | None = None
    block_rfq: Flag = Flag(0)


class SetMmpConfig(Params, frozen=True):
    index_name: Text
    interval: Count
    frozen_time: Count
    mmp_group: Text | None = None
    quantity_limit: Decimal | None = None
    delta_limit: Decimal | None = None
    vega_limit: Decimal | None = None
    max_quote_quantity: Decimal | None = None
    block_rfq: Flag = Flag(0)


class ResetMmp(Params, frozen=True):
    index_name: Text
    mmp_group: Text | None = None
    block_rfq: Flag = Flag(0)
