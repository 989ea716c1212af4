"""private/buy and private/sell: one order, or one with others tied to it (rules: engine.links).

ORDER-020  a group is one message: all its orders are accepted, or none is left. The error names
           the one that was refused.
ORDER-021  exits are as large as what fills (trigger_fill_condition incremental), reduce-only
           and on the other side: what else is asked for is refused.
ORDER-022  of two orders that cancel each other, the one in otoco_config waits for a trigger.
"""

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts
from exchange.gateway.decoder import Flag
from exchange.gateway.errors import RpcError, invalid_params, not_implemented
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.methods.trading import NS, Asked, asked_order, send
from exchange.gateway.order_entry import order_lots, order_terms
from exchange.gateway.order_words import ORDER_TYPES, direction, has_trigger
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import LinkedOrder, PlaceOrder
from exchange.gateway.submitting import command, once, refusal, submit_all
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_TRADE
from exchange.pipeline.codec import Records

LINKS = {
    "one_cancels_other": units.LINK_ONE_CANCELS_OTHER,
    "one_triggers_other": units.LINK_ONE_TRIGGERS_OTHER,
    "one_triggers_one_cancels_other": units.LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
}


@method("private/buy", PlaceOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def buy(call: Call, params: PlaceOrder) -> object:
    """Place an order to buy, alone or with others tied to it."""
    return await once(
        call, params.idempotency_key, params, lambda: _place(call, params, units.BUY)
    )


@method("private/sell", PlaceOrder, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def sell(call: Call, params: PlaceOrder) -> object:
    """Place an order to sell, alone or with others tied to it."""
    return await once(
        call, params.idempotency_key, params, lambda: _place(call, params, units.SELL)
    )


async def _place(call: Call, params: PlaceOrder, side: int) -> Json:
    if params.linked_order_type is None:
        for name in ("otoco_config", "trigger_fill_condition"):
            if getattr(params, name) is not None:
                raise invalid_params(name, "goes with linked_order_type")
        return await send(call, await asked_order(call, params, side))
    return await _place_group(call, params, side)


async def _place_group(call: Call, params: PlaceOrder, side: int) -> Json:
    link = LINKS[params.linked_order_type or ""]
    if params.trigger_fill_condition not in (None, "incremental"):
        raise not_implemented("trigger_fill_condition")
    legs = params.otoco_config or ()
    count = 2 if link == units.LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER else 1
    if len(legs) != count:
        raise invalid_params("otoco_config", f"must have {count} of this linked_order_type")
    plain = replace(
        params, linked_order_type=None, otoco_config=None, trigger_fill_condition=None
    )
    asked = await asked_order(call, plain, side)
    assert asked.listing is not None
    leg_side = side if link == units.LINK_ONE_CANCELS_OTHER else -side
    stored = [
        await _leg(call, asked.listing, _Leg(leg, plain, leg_side, link), i)
        for i, leg in enumerate(legs)
    ]
    await call.gateway.limits.spend(call.principal, call.ip, Cost.ORDER, len(legs))
    head = command(
        CommandKind.PLACE_BATCH,
        call.account,
        count=len(legs) + 1,
        link=link,
        valid_until_ns=(params.valid_until or 0) * NS,
    )
    return await _send_group(call, asked, [head, *stored, asked.record])


async def _send_group(call: Call, asked: Asked, records: list[Records]) -> Json:
    results = await submit_all(call, np.concatenate(records))
    for number, result in enumerate(results):
        if result.reason not in (RejectReason.ACCEPTED, RejectReason.BATCH_REFUSED):
            error = refusal(result, asked.listing)
            is_leg = 0 < number < len(results) - 1
            named = {"member": f"otoco_config[{number - 1}]"} if is_leg else {}
            raise RpcError(error.code, error.message, {**(error.data or {}), **named})
    answer = await asked.tell(facts.words(results[-1].events))
    if call.socket is not None:
        for result in results[1:-1]:
            await call.gateway.watch.note_placed(
                call.socket, facts.accepted_order(facts.words(result.events))
            )
    return answer


class _Leg(NamedTuple):
    """An element of otoco_config and the order that it is linked with."""

    said: LinkedOrder
    main: PlaceOrder
    side: int
    link: int

    @property
    def is_exit(self) -> bool:
        return self.link != units.LINK_ONE_CANCELS_OTHER


async def _leg(call: Call, listing: Listing, leg: _Leg, number: int) -> Records:
    """One order of otoco_config as the engine's record; the error names it."""
    try:
        _check_leg(listing, leg)
        said, main = leg.said, leg.main
        terms = order_terms(listing, _as_order(leg))
        return command(
            CommandKind.PLACE_ORDER,
            call.account,
            contract=listing.id,
            side=leg.side,
            label=await call.gateway.labels.intern(said.label),
            valid_until_ns=(main.valid_until or 0) * NS,
            **terms._asdict(),
        )
    except RpcError as error:
        named = {**(error.data or {}), "member": f"otoco_config[{number}]"}
        raise RpcError(error.code, error.message, named) from error


def _check_leg(listing: Listing, leg: _Leg) -> None:
    said, main = leg.said, leg.main
    if said.direction is not None and said.direction != direction(leg.side):
        raise invalid_params("direction", f"must be {direction(leg.side)}")
    lots = order_lots(listing, main.amount, main.contracts)
    if said.amount is not None and listing.lots(said.amount) != lots:
        raise invalid_params("amount", "must be that of the order it is linked with")
    waits = has_trigger(ORDER_TYPES.get(said.type, 0))
    if not waits and (said.type != "limit" or not leg.is_exit):
        raise invalid_params("type", "must wait for a trigger")
    if leg.is_exit and said.reduce_only is not None and not said.reduce_only:
        raise invalid_params("reduce_only", "must be true of an order that closes")


def _as_order(leg: _Leg) -> PlaceOrder:
    """The leg in the words of an order of its own."""
    said, main = leg.said, leg.main
    return PlaceOrder(
        instrument_name=main.instrument_name,
        amount=main.amount,
        contracts=main.contracts,
        type=said.type,
        price=said.price,
        time_in_force=said.time_in_force,
        post_only=said.post_only,
        reject_post_only=said.reject_post_only,
        reduce_only=Flag(1) if leg.is_exit else said.reduce_only or Flag(0),
        trigger=said.trigger,
        trigger_price=said.trigger_price,
        trigger_offset=said.trigger_offset,
    )
