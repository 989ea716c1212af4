"""The parameters of quotes: two-sided prices that replace themselves."""

from typing import Literal

from exchange.gateway.decoder import Decimal, Flag, Millis, Text
from exchange.gateway.schemas import Kind, Params


class QuoteSide(Params, frozen=True):
    """One side of a quote; what is left out stays as it is."""

    price: Decimal | None = None
    amount: Decimal | None = None
    post_only: Flag | None = None
    reject_post_only: Flag | None = None


class Quote(Params, frozen=True):
    """An element of quotes."""

    instrument_name: Text
    quote_set_id: Text = Text()
    bid: QuoteSide | None = None
    ask: QuoteSide | None = None


class MassQuote(Params, frozen=True):
    quotes: tuple[Quote, ...]
    quote_id: Text = Text()
    detailed: Flag = Flag(0)
    wait_for_response: Flag = Flag(1)
    valid_until: Millis | None = None
    # Not obeyed, so refused when given: a group promises protection that nobody gives.
    mmp_group: Text | None = None


class CancelQuotes(Params, frozen=True):
    cancel_type: Literal[
        "quote_set_id",
        "instrument",
        "instrument_kind",
        "currency",
        "currency_pair",
        "all",
        "delta",
    ]
    quote_set_id: Text | None = None
    instrument_name: Text | None = None
    kind: Kind = "any"
    currency: Text = Text("any")
    currency_pair: Text | None = None
    detailed: Flag = Flag(0)
    # Not obeyed, so refused when given.
    min_delta: Decimal | None = None
    max_delta: Decimal | None = None
    freeze_quotes: Flag = Flag(0)
