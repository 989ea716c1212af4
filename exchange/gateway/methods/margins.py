"""What margin something would ask for: an order, a portfolio, another margin model.

RISK-002  the numbers are the engine's own functions on the account's view; nothing is sent.
"""

import asyncio

from exchange.engine import units
from exchange.gateway import wire
from exchange.gateway.account_schemas import ChangeMarginModel, Margins, SimulatePortfolio
from exchange.gateway.decoder import Amounts, Malformed, number, to_steps
from exchange.gateway.errors import NOT_IMPLEMENTED, RpcError, invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.methods.subjects import subject
from exchange.gateway.rpc import Call, method
from exchange.gateway.valuation import Valuation
from exchange.gateway.wire import Json, money
from exchange.models.keys import SCOPE_READ, SCOPE_TRADE
from exchange.pipeline import supposed
from exchange.pipeline.supposed import TooMuch

MARGIN_MODEL = "cross_sm"


@method("private/get_margins", Margins, scope=SCOPE_READ)
async def get_margins(call: Call, params: Margins) -> Json:
    """The initial margin that an order alone would ask for, by side, and the prices allowed."""
    listing = call.gateway.listings.get(params.instrument_name)
    lots, price = listing.lots(params.amount), listing.price_ticks(params.price)
    row = call.gateway.listings.contract_rows[listing.id]
    await call.gateway.accounts.until_warm()
    try:
        buy = supposed.order_margin(row, units.BUY, lots, price)
        sell = supposed.order_margin(row, units.SELL, lots, price)
    except TooMuch as error:
        raise invalid_params("amount", str(error)) from error
    lowest, highest = wire.price_band(listing)
    return {
        "buy": money(buy),
        "sell": money(sell),
        "min_price": listing.price(lowest),
        "max_price": listing.price(highest),
    }


@method("private/simulate_portfolio", SimulatePortfolio, scope=SCOPE_READ, cost=Cost.HISTORY)
async def simulate_portfolio(call: Call, params: SimulatePortfolio) -> Json:
    """The account's summary if it held these positions too, bought at the mark."""
    gateway = call.gateway
    currency = gateway.listings.check_currency(params.currency)
    if currency not in ("ANY", *units.ASSET_NAMES):
        raise invalid_params("currency", "must be USDC")
    lots = _simulated(call, params.simulated_positions)
    view = await gateway.accounts.view(call.account)
    if view is None:
        return gateway.accounts.empty_summary()
    await gateway.accounts.until_warm()
    try:
        health = await asyncio.to_thread(
            supposed.portfolio,
            view.raw,
            gateway.listings.contract_rows.copy(),
            gateway.listings.underlying_rows.copy(),
            lots,
            adds=bool(params.add_positions),
        )
    except TooMuch as error:
        raise invalid_params("simulated_positions", str(error)) from error
    return Valuation(health, gateway.listings).summary()


@method("private/change_margin_model", ChangeMarginModel, scope=SCOPE_TRADE)
async def change_margin_model(call: Call, params: ChangeMarginModel) -> list[Json]:
    """There is one model, cross_sm: asking for it changes nothing, any other is refused."""
    account = await subject(call, params.user_id, "user_id")
    if params.margin_model != MARGIN_MODEL:
        reason = f"every account's model is {MARGIN_MODEL}"
        data = {"param": "margin_model", "reason": reason}
        raise RpcError(NOT_IMPLEMENTED, "not_implemented", data)
    state = await _margin_state(call, account)
    return [{"currency": "usdc", "old_state": state, "new_state": state}]


def _simulated(call: Call, amounts: Amounts | None) -> dict[int, int]:
    """Lots by contract; the error names the instrument."""
    lots: dict[int, int] = {}
    for name, amount in amounts.items if amounts else ():
        listing = call.gateway.listings.by_name.get(name)
        if listing is None:
            raise invalid_params("simulated_positions", f"{name} is not listed")
        try:
            count = to_steps(amount, listing.lot_e8)
        except Malformed as error:
            raise invalid_params("simulated_positions", f"{name} {error}") from error
        lots[listing.id] = count
    return lots


async def _margin_state(call: Call, account: int) -> Json:
    view = await call.gateway.accounts.view(account)
    equity = initial = maintenance = available = 0
    if view is not None:
        health = (await call.gateway.accounts.health(view)).health
        equity, available = health.equity_units, health.available_units
        initial, maintenance = health.initial_units, health.maintenance_units
    return {
        "maintenance_margin_rate": _share(maintenance, equity),
        "initial_margin_rate": _share(initial, equity),
        "available_balance": money(available),
    }


def _share(part_units: int, whole_units: int) -> object:
    whole = max(whole_units, 1)
    return number(part_units * 1_000_000 // whole if part_units else 0, 6)
