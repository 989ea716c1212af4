"""What the account made, what it was worth, and what it would be worth if marks moved."""

import asyncio
import time

from exchange.engine import units
from exchange.gateway.decoder import Decimal, Malformed, number, to_steps
from exchange.gateway.errors import invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.profits import SPANS
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import EquityHistory, ProfitAndLoss, StressMargin
from exchange.gateway.wire import Json, money
from exchange.models.keys import SCOPE_READ
from exchange.pipeline import supposed
from exchange.pipeline.supposed import TooMuch
from exchange.pipeline.what_if import AccountHealth

# What marks are supposed to do, in parts per million.
MOVES_PPM = tuple(percent * 10_000 for percent in (-30, -20, -10, -5, 5, 10, 20, 30))
_PERCENT_STEP_E8 = 10_000  # 10^-4 per cent, which is a part per million
MOVE_PPM_MIN, MOVE_PPM_MAX = -900_000, 1_000_000


@method("risk/get_profit_and_loss", ProfitAndLoss, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_profit_and_loss(call: Call, params: ProfitAndLoss) -> Json:
    """Profit of a span by contract: price, funding, fees, and what they add up to."""
    _check_span(params.span)
    return await call.gateway.profits.split(call.account, params.span, time.time_ns())


@method("risk/get_equity_history", EquityHistory, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_equity_history(call: Call, params: EquityHistory) -> Json:
    """Equity at regular moments, oldest first, and the money from outside in it."""
    _check_span(params.span)
    return await call.gateway.profits.history(call.account, params.span, time.time_ns())


@method("risk/stress_margin", StressMargin, scope=SCOPE_READ, cost=Cost.HISTORY)
async def stress_margin(call: Call, params: StressMargin) -> Json:
    """Equity and margins if every mark, or one, stood so many per cent higher or lower."""
    gateway = call.gateway
    contract = None
    if params.instrument_name:
        contract = gateway.listings.get(params.instrument_name).id
    moves = MOVES_PPM if params.move is None else (_move_ppm(params.move),)
    view = await gateway.accounts.view(call.account)
    if view is None:
        return {"moves": []}
    await gateway.accounts.until_warm()
    rows = gateway.listings.contract_rows.copy(), gateway.listings.underlying_rows.copy()
    try:
        found = await asyncio.to_thread(supposed.moved, view.raw, *rows, moves, contract)
    except TooMuch as error:
        raise invalid_params("move", str(error)) from error
    return {"moves": [_shape(move, health) for move, health in zip(moves, found, strict=True)]}


def _shape(move_ppm: int, health: AccountHealth) -> Json:
    return {
        "move": number(move_ppm, 4),
        "equity": money(health.equity_units),
        "initial_margin": money(health.initial_units),
        "maintenance_margin": money(health.maintenance_units),
        "available_funds": money(health.available_units),
        "is_liquidated": health.equity_units < health.maintenance_units,
    }


def _move_ppm(move: Decimal) -> int:
    try:
        ppm = to_steps(move, _PERCENT_STEP_E8)
    except Malformed as error:
        raise invalid_params("move", str(error)) from error
    if not MOVE_PPM_MIN <= ppm <= MOVE_PPM_MAX:
        least, most = MOVE_PPM_MIN * 100 // units.PPM, MOVE_PPM_MAX * 100 // units.PPM
        raise invalid_params("move", f"must be {least} to {most} per cent")
    return ppm


def _check_span(span: str) -> None:
    if span not in SPANS:
        raise invalid_params("span", f"must be one of {', '.join(SPANS)}")
