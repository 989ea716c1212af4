"""Many orders in one message, taken in by the engine in one piece (rules: engine.batches).

ORDER-010  nothing is sent unless all of it can be understood; the error names the member.
ORDER-011  the engine gets cancels first, then post-only orders, then edits and other orders,
           each in the caller's order; the answers stand in the caller's order again.
ORDER-012  one that the engine refuses does not hold up the others: its answer is an error. What
           is past valid_until is refused as a whole.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import numpy as np

from exchange.engine import units
from exchange.engine.commands import FLAGS, CommandKind
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts
from exchange.gateway.errors import RpcError, invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.methods.trading import (
    NS,
    Asked,
    asked_cancel,
    asked_edit,
    asked_order,
)
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import OrderId, PlaceBatch
from exchange.gateway.submitting import command, refusal, submit_all
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_TRADE
from exchange.pipeline.codec import Records, Result

_SIDES = {"buy": units.BUY, "sell": units.SELL}


@dataclass(frozen=True, slots=True)
class Member:
    """One command of a batch."""

    where: str  # cancels, edits or orders
    asked: Asked

    @property
    def phase(self) -> int:
        """As the engine sorts them (BATCH-001)."""
        if self.where == "cancels":
            return 0
        is_order = self.where == "orders"
        flags = int(self.asked.record.view(np.int64)[FLAGS])
        return 1 if is_order and flags & units.FLAG_POST_ONLY else 2


# The message itself costs what a cancel costs; its members what they cost alone.
@method("private/place_batch", PlaceBatch, scope=SCOPE_TRADE, cost=Cost.CANCEL)
async def place_batch(call: Call, params: PlaceBatch) -> Json:
    """Cancels, edits and orders; for each its answer or its error."""
    placing = len(params.edits) + len(params.orders)
    if not 0 < len(params.cancels) + placing <= units.BATCH_MAX:
        raise invalid_params("orders", f"must be 1 to {units.BATCH_MAX}, edits and cancels too")
    limits = call.gateway.limits
    await limits.spend(call.principal, call.ip, Cost.CANCEL, len(params.cancels))
    await limits.spend(call.principal, call.ip, Cost.ORDER, placing)
    members = await _members(call, params)
    told = await send_members(call, members, params.valid_until or 0)
    shape: dict[str, list[Json]] = {"cancels": [], "edits": [], "orders": []}
    for member, answer in zip(members, told, strict=True):
        shape[member.where].append(answer)
    return dict(shape)


async def send_members(
    call: Call, members: Sequence[Member], valid_until_ms: int
) -> list[Json]:
    """The answer to each, or its error; raises when the batch as a whole is refused."""
    order = sorted(range(len(members)), key=lambda i: members[i].phase)
    head = command(
        CommandKind.PLACE_BATCH,
        call.account,
        count=len(members),
        valid_until_ns=valid_until_ms * NS,
    )
    records: list[Records] = [head, *(members[i].asked.record for i in order)]
    whole, *results = await submit_all(call, np.concatenate(records))
    if whole.reason != RejectReason.ACCEPTED:
        raise refusal(whole)
    result_of = dict(zip(order, results, strict=True))
    return await asyncio.gather(
        *(_answer(member.asked, result_of[i]) for i, member in enumerate(members))
    )


async def _members(call: Call, params: PlaceBatch) -> list[Member]:
    cancels, edits, orders = params.cancels, params.edits, params.orders
    return [
        *[
            await _ask("cancels", i, asked_cancel(call, OrderId(n)))
            for i, n in enumerate(cancels)
        ],
        *[await _ask("edits", i, asked_edit(call, edit)) for i, edit in enumerate(edits)],
        *[
            await _ask("orders", i, asked_order(call, order, _SIDES[order.side]))
            for i, order in enumerate(orders)
        ],
    ]


async def _ask(where: str, number: int, asking: Awaitable[Asked]) -> Member:
    try:
        return Member(where, await asking)
    except RpcError as error:
        named = {**(error.data or {}), "member": f"{where}[{number}]"}
        raise RpcError(error.code, error.message, named) from error


async def _answer(asked: Asked, result: Result) -> Json:
    if result.reason != RejectReason.ACCEPTED:
        return {"error": refusal(result, asked.listing).body()}
    try:
        return await asked.tell(facts.words(result.events))
    except RpcError as error:
        return {"error": error.body()}
