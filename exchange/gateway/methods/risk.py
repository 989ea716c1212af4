"""Before the click: what an order would do, and why an account asks for the margin it asks for.

RISK-001  the answer is the engine's own: a scratch copy of the account meets the public book.
"""

import asyncio

import numpy as np

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.gateway.books import Book
from exchange.gateway.decoder import number
from exchange.gateway.errors import rejected
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.order_entry import order_terms
from exchange.gateway.order_words import cancel_reason
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import OurParams, Preview
from exchange.gateway.submitting import command
from exchange.gateway.wire import Json, money
from exchange.models.keys import SCOPE_READ
from exchange.pipeline import what_if
from exchange.pipeline.codec import Records
from exchange.pipeline.market_data import LEVEL_ROW
from exchange.pipeline.what_if import AccountHealth

LEVELS_MAX = 1_000


@method("risk/preview_order", Preview, scope=SCOPE_READ, cost=Cost.HISTORY)
async def preview_order(call: Call, params: Preview) -> Json:
    """The expected fill, fee, margins and liquidation price, or the reason of a refusal."""
    gateway = call.gateway
    listing = gateway.listings.get(params.instrument_name)
    view = await gateway.accounts.view(call.account)
    if view is None:
        raise rejected(RejectReason.UNKNOWN_ACCOUNT)
    result = await asyncio.to_thread(
        what_if.preview_order,
        view.raw,
        gateway.listings.contract_rows.copy(),
        _levels(gateway.feeds.book(listing.id)),
        _order(call, listing, params),
        gateway.listings.underlying_rows.copy(),
    )
    return _preview_shape(listing, result)


@method("risk/explain_margin", OurParams, scope=SCOPE_READ)
async def explain_margin(call: Call, _params: OurParams) -> Json:
    """Equity, margins, and what each contract adds to them."""
    accounts = call.gateway.accounts
    view = await accounts.view(call.account)
    if view is None:
        return {"summary": accounts.empty_summary(), "contracts": []}
    valuation = await accounts.health(view)
    return {"summary": valuation.summary(), "contracts": valuation.margins()}


def _order(call: Call, listing: Listing, params: Preview) -> Records:
    return command(
        CommandKind.PLACE_ORDER,
        call.account,
        contract=listing.id,
        side=units.BUY if params.side == "buy" else units.SELL,
        **order_terms(listing, params)._asdict(),
    )


def _levels(book: Book | None) -> Records:
    if book is None:
        return np.zeros(0, LEVEL_ROW)
    rows = [(units.BUY, *level) for level in book.top_bids(LEVELS_MAX)]
    rows += [(units.SELL, *level) for level in book.top_asks(LEVELS_MAX)]
    return np.array(rows, LEVEL_ROW)


def _preview_shape(listing: Listing, result: what_if.Preview) -> Json:
    held = result.after.position(listing.id)
    before, after = result.before, result.after
    spent = listing.notional_units(result.filled_price_lots)
    slippage = result.slippage_units * units.PPM // spent if spent else 0
    return {
        "accepted": result.reason == RejectReason.ACCEPTED,
        "reason": result.reason,
        "reason_name": RejectReason(result.reason).name,
        "shortfall": money(result.missing_units),
        "filled_amount": listing.amount(result.filled_lots),
        "average_price": listing.average_price(result.filled_price_lots, result.filled_lots),
        "slippage": number(slippage, 6),
        "slippage_cost": money(result.slippage_units),
        "resting_amount": listing.amount(result.resting_lots),
        "resting_price": listing.price_or_null(result.resting_ticks),
        "waiting_amount": listing.amount(result.waiting_lots),
        "trigger_price": listing.price_or_null(result.trigger_ticks),
        "cancelled_amount": listing.amount(result.cancelled_lots),
        "cancel_reason": cancel_reason(result.cancel_reason),
        "fee": money(result.fee_units),
        "mark_price": listing.price(listing.row["mark_ticks"]),
        "liquidation_price": listing.price_or_null(held.liquidation_ticks if held else 0),
        **_margins("before", before),
        **_margins("after", after),
    }


def _margins(when: str, health: AccountHealth) -> Json:
    return {
        f"equity_{when}": money(health.equity_units),
        f"initial_margin_{when}": money(health.initial_units),
        f"maintenance_margin_{when}": money(health.maintenance_units),
        f"available_{when}": money(health.available_units),
    }
