"""The parameters of every method, typed; what a method does not declare it never sees.

Names are Deribit's. Deribit's clients send parameters we have no use for: those are ignored in
Deribit's methods and refused in ours. A parameter that would change what an order does is
declared even where we cannot obey it, so that it is refused instead of ignored (SCH-001). So
are ccxt's own names, where ccxt passes them on untranslated.
"""

from typing import Literal

from msgspec import Struct, field

from exchange.gateway.decoder import (
    Count,
    Decimal,
    Depth,
    Flag,
    Millis,
    Names,
    PageSize,
    Text,
)

Side = Literal["buy", "sell"]
Sorting = Literal["asc", "desc", "default"]
Kind = Literal["any", "future", "option", "spot", "future_combo", "option_combo", "combo"]
TimeInForce = Literal[
    "good_til_cancelled", "good_til_day", "immediate_or_cancel", "fill_or_kill"
]
OrderType = Literal[
    "limit",
    "market",
    "stop_limit",
    "stop_market",
    "take_limit",
    "take_market",
    "trailing_stop",
    "market_limit",
]

Trigger = Literal["mark_price", "index_price", "last_price"]
OpenType = Literal[
    "all",
    "limit",
    "market",
    "trigger_all",
    "stop_all",
    "stop_limit",
    "stop_market",
    "take_all",
    "take_limit",
    "take_market",
    "trailing_all",
    "trailing_stop",
]
SelfTradeMode = Literal["cancel_maker", "reject_taker", "cancel_both"]


class Params(Struct, frozen=True):
    """Nothing, or the base of something."""


class OurParams(Params, frozen=True, forbid_unknown_fields=True):
    """The base of the methods that are ours alone: unknown names are refused."""


# --- session ----------------------------------------------------------------------------------
class Auth(Params, frozen=True):
    grant_type: Literal["client_credentials", "client_signature", "refresh_token"]
    client_id: Text = Text()
    client_secret: Text = Text()
    refresh_token: str = ""
    timestamp: Millis = Millis(0)
    signature: Text = Text()
    nonce: Text = Text()
    data: Text = Text()
    scope: Text = Text()


class Hello(Params, frozen=True):
    client_name: Text = Text()
    client_version: Text = Text()


class Test(Params, frozen=True):
    expected_result: Text = Text()


class SetHeartbeat(Params, frozen=True):
    interval: Count


class Channels(Params, frozen=True):
    channels: Names


# --- market data ------------------------------------------------------------------------------
class Instruments(Params, frozen=True):
    currency: Text = Text("any")
    kind: Kind = "any"
    expired: Flag = Flag(0)


class Instrument(Params, frozen=True):
    instrument_name: Text


class OrderBook(Params, frozen=True):
    instrument_name: Text
    depth: Depth = Depth(20)


class Currency(Params, frozen=True):
    currency: Text
    kind: Kind = "any"


class Chart(Params, frozen=True):
    instrument_name: Text
    start_timestamp: Millis
    end_timestamp: Millis
    resolution: Text


class FundingRange(Params, frozen=True):
    instrument_name: Text
    start_timestamp: Millis
    end_timestamp: Millis


class FundingChart(Params, frozen=True):
    instrument_name: Text
    length: Text = Text("8h")


class IndexPrice(Params, frozen=True):
    index_name: Text


# --- trading ----------------------------------------------------------------------------------
class LinkedOrder(Params, frozen=True):
    """An element of otoco_config."""

    direction: Side | None = None
    amount: Decimal | None = None
    type: OrderType = "limit"
    label: Text = Text()
    price: Decimal | None = None
    reduce_only: Flag | None = None
    time_in_force: TimeInForce = "good_til_cancelled"
    post_only: Flag = Flag(0)
    reject_post_only: Flag = Flag(0)
    trigger: Trigger | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None


class PlaceOrder(Params, frozen=True):
    instrument_name: Text
    amount: Decimal | None = None
    contracts: Decimal | None = None
    type: OrderType = "limit"
    price: Decimal | None = None
    time_in_force: TimeInForce = "good_til_cancelled"
    post_only: Flag = Flag(0)
    reject_post_only: Flag = Flag(0)
    reduce_only: Flag = Flag(0)
    label: Text = Text()
    idempotency_key: Text = Text()
    valid_until: Millis | None = None
    trigger: Trigger | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    stop_price: Decimal | None = None
    # ccxt's names, as ccxt sends them.
    unified_trigger: Decimal | None = field(default=None, name="triggerPrice")
    unified_stop: Decimal | None = field(default=None, name="stopPrice")
    client_order_id: Text = field(default=Text(), name="clientOrderId")
    # Not obeyed yet, so refused when given.
    max_show: Decimal | None = None
    display_amount: Decimal | None = None
    advanced: Text | None = None
    mmp: Flag = Flag(0)
    linked_order_type: (
        Literal["one_cancels_other", "one_triggers_other", "one_triggers_one_cancels_other"]
        | None
    ) = None
    trigger_fill_condition: Literal["first_hit", "complete_fill", "incremental"] | None = None
    otoco_config: tuple[LinkedOrder, ...] | None = None


class EditOrder(Params, frozen=True):
    order_id: Text
    amount: Decimal | None = None
    contracts: Decimal | None = None
    price: Decimal | None = None
    post_only: Flag | None = None
    reject_post_only: Flag | None = None
    reduce_only: Flag | None = None
    idempotency_key: Text = Text()
    valid_until: Millis | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    stop_price: Decimal | None = None
    # ccxt's names, as ccxt sends them.
    unified_trigger: Decimal | None = field(default=None, name="triggerPrice")
    unified_stop: Decimal | None = field(default=None, name="stopPrice")
    unified_stop_loss: Decimal | None = field(default=None, name="stopLossPrice")
    unified_take_profit: Decimal | None = field(default=None, name="takeProfitPrice")
    advanced: Text | None = None
    mmp: Flag = Flag(0)


class EditByLabel(Params, frozen=True):
    instrument_name: Text
    label: Text
    amount: Decimal | None = None
    contracts: Decimal | None = None
    price: Decimal | None = None
    post_only: Flag | None = None
    reject_post_only: Flag | None = None
    reduce_only: Flag | None = None
    idempotency_key: Text = Text()
    valid_until: Millis | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    stop_price: Decimal | None = None
    advanced: Text | None = None
    mmp: Flag = Flag(0)

    def of_order(self, order_id: str) -> EditOrder:
        """The same change of the order with this id."""
        shared = set(EditOrder.__struct_fields__) & set(self.__struct_fields__)
        changes = {name: getattr(self, name) for name in shared}
        return EditOrder(order_id=Text(order_id), **changes)


class OrderId(Params, frozen=True):
    order_id: Text


class SelfTradingConfig(Params, frozen=True):
    mode: SelfTradeMode
    extended_to_subaccounts: Flag = Flag(1)
    block_rfq_self_match_prevention: Flag = Flag(0)


class ClosePosition(Params, frozen=True):
    instrument_name: Text
    type: Literal["limit", "market"]
    price: Decimal | None = None


# --- sub-accounts -----------------------------------------------------------------------------
class CreateSubaccount(Params, frozen=True):
    pass


class Subaccounts(Params, frozen=True):
    with_portfolio: Flag = Flag(0)


class TransferBetweenSubaccounts(Params, frozen=True):
    currency: Text
    amount: Decimal
    destination: Count
    source: Count | None = None
    idempotency_key: Text = Text()


class TransferToSubaccount(Params, frozen=True):
    currency: Text
    amount: Decimal
    destination: Count
    idempotency_key: Text = Text()


class TransferToUser(Params, frozen=True):
    currency: Text
    amount: Decimal
    destination: Text


class ExchangeToken(Params, frozen=True):
    refresh_token: str
    subject_id: Count


class CancelOnDisconnect(Params, frozen=True):
    scope: Literal["connection", "account"] = "connection"


class Logout(Params, frozen=True):
    invalidate_token: Flag = Flag(1)


# --- ours -------------------------------------------------------------------------------------
class FundingPayments(OurParams, frozen=True):
    count: PageSize = PageSize(20)
    continuation: Count | None = None


class ExplainLiquidation(OurParams, frozen=True):
    count: PageSize = PageSize(5)
    continuation: Count | None = None


class ProfitAndLoss(OurParams, frozen=True):
    span: Text = Text("all")


class EquityHistory(OurParams, frozen=True):
    span: Text = Text("1d")


class StressMargin(OurParams, frozen=True):
    move: Decimal | None = None
    instrument_name: Text = Text()


class ChangeSubaccountName(Params, frozen=True):
    sid: Count
    name: Text


class DemoFund(OurParams, frozen=True):
    amount: Decimal | None = None
    currency: Text = Text("USDC")


class BatchOrder(PlaceOrder, frozen=True, kw_only=True, forbid_unknown_fields=True):
    side: Side


class PlaceBatch(OurParams, frozen=True):
    cancels: tuple[Text, ...] = ()
    edits: tuple[EditOrder, ...] = ()
    orders: tuple[BatchOrder, ...] = ()
    valid_until: Millis | None = None


class Preview(OurParams, frozen=True):
    instrument_name: Text
    side: Side
    amount: Decimal
    type: OrderType = "limit"
    price: Decimal | None = None
    time_in_force: TimeInForce = "good_til_cancelled"
    post_only: Flag = Flag(0)
    reject_post_only: Flag = Flag(0)
    reduce_only: Flag = Flag(0)
    trigger: Trigger | None = None
    trigger_price: Decimal | None = None
    trigger_offset: Decimal | None = None
    stop_price: Decimal | None = None
