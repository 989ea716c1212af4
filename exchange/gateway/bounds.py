"""What a bound key may send to the engine: only in its contracts, and within its daily loss.

It is asked where commands leave for the bus, so that no method can forget it.

BOUND-001  a key bound to contracts places, changes and cancels orders in them alone; "all"
           means all of its contracts. What holds for a whole account it cannot set.
BOUND-002  once its account has lost the key's limit since 00:00 UTC, a key cancels and reduces
           only, until the next 00:00 UTC. Orders that rest already stay.
BOUND-003  while the loss of the day is not known, nothing that could open a position goes out.
"""

import numpy as np

from exchange.engine import units
from exchange.engine.commands import AMEND_ORDER, CANCEL_ORDER, FLAGS, PLACE_ORDER, CommandKind
from exchange.engine.records import column
from exchange.gateway import wire
from exchange.gateway.day_losses import DAY_NS, day_start
from exchange.gateway.errors import FORBIDDEN, RpcError
from exchange.gateway.rpc import Call
from exchange.pipeline.codec import Records, Result

_IN_A_CONTRACT = (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER, CommandKind.CANCEL_ALL)
# Frames around orders, and what scopes of their own allow.
_OF_NO_CONTRACT = (
    CommandKind.PLACE_BATCH,
    CommandKind.DEPOSIT,
    CommandKind.REQUEST_WITHDRAWAL,
    CommandKind.TRANSFER,
)
_CONTRACT = column(PLACE_ORDER, "contract")
_ORDER = column(CANCEL_ORDER, "order")
_ALL = -1
_NS_A_MS = 1_000_000

assert column(AMEND_ORDER, "contract") == _CONTRACT


async def permitted(call: Call, commands: Records) -> Records:
    """The commands as the caller's key may send them; raises forbidden."""
    caller = call.caller
    if caller.contracts:
        commands = await _in_contracts(call, commands)
    if caller.daily_loss_units and _opens(commands):
        await _check_loss(call)
    return commands


def joined(results: list[Result]) -> list[Result]:
    """One result of the parts that a "cancel all" was cut into."""
    refused = next((result for result in results if result.reason), None)
    if refused is not None:
        return [refused]
    events = np.concatenate([result.events for result in results])
    return [results[0]._replace(events=events)]


async def _in_contracts(call: Call, commands: Records) -> Records:
    by_name = call.gateway.listings.by_name
    names = call.caller.contracts
    allowed = sorted(by_name[name].id for name in names if name in by_name)
    rows = commands.view(np.int64).reshape(len(commands), -1)
    kinds = commands["kind"].tolist()
    if kinds == [CommandKind.CANCEL_ALL] and rows[0, _CONTRACT] == _ALL and allowed:
        parts = np.repeat(commands, len(allowed))
        parts.view(np.int64).reshape(len(parts), -1)[:, _CONTRACT] = allowed
        return parts
    for kind, row in zip(kinds, rows.tolist(), strict=True):
        if kind in _OF_NO_CONTRACT:
            continue
        if kind == CommandKind.CANCEL_ORDER:
            contract = await _contract_of(call, row[_ORDER])
            is_allowed = contract is None or contract in allowed
        else:
            is_allowed = kind in _IN_A_CONTRACT and row[_CONTRACT] in allowed
        if not is_allowed:
            reason = "this key is bound to other contracts"
            raise _forbidden(reason, contracts=sorted(names))
    return commands


async def _contract_of(call: Call, order: int) -> int | None:
    """None: no open order of the account's, and the engine will say so."""
    view = await call.gateway.accounts.view(call.account)
    orders = view.order_views() if view else []
    return next((known.contract for known in orders if known.id == order), None)


def _opens(commands: Records) -> bool:
    """Whether any of them is an order that may make a position larger."""
    kinds = np.isin(commands["kind"], (CommandKind.PLACE_ORDER, CommandKind.AMEND_ORDER))
    flags = commands.view(np.int64).reshape(len(commands), -1)[:, FLAGS]
    return bool((kinds & (flags & units.FLAG_REDUCE_ONLY == 0)).any())


async def _check_loss(call: Call) -> None:
    limit, now_ns = call.caller.daily_loss_units, call.gateway.bus.engine_time_ns
    loss = await call.gateway.day_losses.loss_units(call.account, now_ns)
    if loss < limit:
        return
    raise _forbidden(
        "this key's daily loss limit is reached: only cancels and reduce-only orders go "
        "through until 00:00 UTC",
        daily_loss_limit=wire.money(limit),
        daily_loss=wire.money(loss),
        resets_at=(day_start(now_ns) + DAY_NS) // _NS_A_MS,
    )


def _forbidden(reason: str, **data: object) -> RpcError:
    return RpcError(FORBIDDEN, "forbidden", {"reason": reason, **data})
