"""Before the click: what an order would do; why an account asks for the margin it asks for.

RISK-001  the answer is the engine's own: a scratch copy of the account meets the public book.
          Of an order that is refused for its margin it also says how much would be accepted.
RISK-002  distances are fractions of the mark; sigmas are such a distance in daily realised
          volatilities (gateway.volatility says which). Leverage is the worth of all positions
          over equity. Funding is what the position after the fill would receive (negative: pay)
          if the rate of this moment stayed.
"""

import asyncio
from typing import Any

import numpy as np
from msgspec import Raw

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
from exchange.pipeline.affordable import affordable_lots
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
    result, affordable = await asyncio.to_thread(
        _preview,
        view.raw,
        gateway.listings.contract_rows.copy(),
        _levels(gateway.feeds.book(listing.id)),
        _order(call, listing, params),
        gateway.listings.underlying_rows.copy(),
    )
    sigma_ppm = await gateway.volatilities.daily_ppm(listing)
    return (
        _preview_shape(listing, result)
        | {"largest_amount": None if affordable is None else listing.amount(affordable)}
        | _risk_shape(listing, result, sigma_ppm)
    )


@method("risk/explain_margin", OurParams, scope=SCOPE_READ)
async def explain_margin(call: Call, _params: OurParams) -> Json:
    """Equity, margins, and what each contract adds to them."""
    accounts = call.gateway.accounts
    view = await accounts.view(call.account)
    if view is None:
        return {"summary": accounts.empty_summary(), "contracts": []}
    valuation = await accounts.health(view)
    return {"summary": valuation.summary(), "contracts": valuation.margins()}


def _preview(*question: Any) -> tuple[what_if.Preview, int | None]:
    """The outcome; of an order that asks for too much margin, how many lots do not."""
    result = what_if.preview_order(*question)
    if result.reason != RejectReason.INSUFFICIENT_MARGIN:
        return result, None
    return result, affordable_lots(result, *question)


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


def _risk_shape(listing: Listing, result: what_if.Preview, sigma_ppm: int | None) -> Json:
    """How far the position after the fill is from liquidation, and what it costs to hold."""
    held = result.after.position(listing.id)
    mark, rate_ppb = listing.row["mark_ticks"], listing.row["funding_rate_ppb"]
    distance_ppm = sigmas = None
    if held and held.liquidation_ticks and mark:
        distance_ppm = (held.liquidation_ticks - mark) * units.PPM // mark
        sigmas = abs(distance_ppm) * 100 // sigma_ppm if sigma_ppm else None
    receives = -held.value_units * rate_ppb // 10**9 if held else 0
    return {
        "leverage_before": _leverage(result.before),
        "leverage_after": _leverage(result.after),
        "liquidation_distance": _fraction(distance_ppm),
        "volatility_1d": _fraction(sigma_ppm),
        "liquidation_sigmas": None if sigmas is None else number(sigmas, 2),
        "funding_8h": money(receives),
        "funding_24h": money(3 * receives),
    }


def _fraction(value_ppm: int | None) -> Raw | None:
    return None if value_ppm is None else number(value_ppm, 6)


def _leverage(health: AccountHealth) -> Raw | None:
    """None of an account that has nothing."""
    worth = sum(abs(position.value_units) for position in health.positions)
    if health.equity_units <= 0:
        return None
    return number(worth * 100 // health.equity_units, 2)


def _margins(when: str, health: AccountHealth) -> Json:
    return {
        f"equity_{when}": money(health.equity_units),
        f"initial_margin_{when}": money(health.initial_units),
        f"maintenance_margin_{when}": money(health.maintenance_units),
        f"available_{when}": money(health.available_units),
    }
