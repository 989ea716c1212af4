"""Why an account was liquidated, step by step, with the numbers that bound each step.

EXPLAIN-001  what is told is what the engine decided: its events, projected, in its order. The
             step of a liquidation is one that came after its start and before the next start.
"""

from collections.abc import Sequence

from exchange import selectors
from exchange.engine.events import LiquidationStage
from exchange.engine.liquidating import END_NOTHING_LEFT, END_RECOVERED, END_TARGET_REACHED
from exchange.gateway.database import in_database
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listings
from exchange.gateway.order_words import direction
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import ExplainLiquidation
from exchange.gateway.wire import Json, millis, money
from exchange.models import Liquidation, LiquidationStep
from exchange.models.keys import SCOPE_READ

STEPS_MAX = 500
_OUTCOMES = {
    0: "under_way",
    END_TARGET_REACHED: "target_reached",
    END_RECOVERED: "recovered",
    END_NOTHING_LEFT: "nothing_left",
}


@method("risk/explain_liquidation", ExplainLiquidation, scope=SCOPE_READ, cost=Cost.HISTORY)
async def explain_liquidation(call: Call, params: ExplainLiquidation) -> Json:
    """How far the account's liquidation is, and its newest ones with every step."""
    gateway = call.gateway
    view = await gateway.accounts.view(call.account)
    await gateway.own_writes.reach(call.account)
    page = await in_database(
        selectors.liquidations, call.account, before=params.continuation, limit=params.count
    )
    first = page.rows[-1].id if page.rows else 0
    steps = await in_database(_steps_since, call.account, first) if first else []
    stage = LiquidationStage.NONE if view is None else LiquidationStage(view.liquidation_stage)
    return {
        "stage": stage.name.lower(),
        "liquidations": _shapes(gateway.listings, page.rows, steps, params.continuation),
        "continuation": page.before,
    }


def _steps_since(account: int, first: int) -> list[LiquidationStep]:
    """The account's newest STEPS_MAX steps after an event, oldest first."""
    page = selectors.liquidation_steps(account, limit=STEPS_MAX)
    return [step for step in reversed(page.rows) if step.id > first]


def _shapes(
    listings: Listings,
    newest_first: Sequence[Liquidation],
    steps: Sequence[LiquidationStep],
    until: int | None,
) -> list[Json]:
    shapes: list[Json] = []
    for row in newest_first:
        own = [
            step for step in steps if row.id < step.id and (until is None or step.id < until)
        ]
        shapes.append(_shape(row) | {"steps": [_step_shape(listings, step) for step in own]})
        until = row.id
    return shapes


def _shape(row: Liquidation) -> Json:
    is_over = row.ended_ns != 0
    return {
        "id": row.id,
        "started_timestamp": millis(row.started_ns),
        "ended_timestamp": millis(row.ended_ns) if is_over else None,
        "outcome": _OUTCOMES[row.end_reason],
        "equity": money(row.equity_units),
        "maintenance_margin": money(row.maintenance_units),
        "cancelled_orders": row.cancelled_orders,
        "equity_after": money(row.end_equity_units) if is_over else None,
        "maintenance_margin_after": money(row.end_maintenance_units) if is_over else None,
    }


def _step_shape(listings: Listings, step: LiquidationStep) -> Json:
    listing = listings.by_id[step.contract_id]
    return {
        "timestamp": millis(step.time_ns),
        "instrument_name": listing.name,
        "stage": LiquidationStage(step.stage).name.lower(),
        "direction": direction(step.side),
        "amount": listing.amount(step.wanted_lots),
        "filled_amount": listing.amount(step.filled_lots),
        "mark_price": listing.price(step.mark_ticks),
        "limit_price": listing.price_or_null(step.limit_ticks),
        "zero_price": listing.price_or_null(step.zero_price_ticks),
        "equity": money(step.equity_units),
        "maintenance_margin": money(step.maintenance_units),
        "fee": money(step.fee_units),
        "insurance": money(step.insurance_units),
    }
