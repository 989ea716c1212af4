"""What the programs of traders do besides trading: retries, batches, heartbeats, transfers."""

from collections.abc import Callable

from tests.simulation.reference.wire import (
    BUY,
    FLAG_POST_ONLY,
    SELL,
    TIF_IMMEDIATE_OR_CANCEL,
    CommandKind,
    Row,
)
from tests.simulation.side_by_side import command
from tests.simulation.simulator.world import KEY, World

SECOND = 1_000_000_000
MEMBERS_MAX = 100
_SIDE = 8  # of an order; in a transfer its amount
_FLAGS = 9
_DEADLINE = KEY + 1


def retry(world: World, _account: int) -> list[Row]:
    """Sends again under a known key: the same, the same too late, or something else."""
    dice = world.dice
    if not world.keyed:
        return []
    first = dice.pick(world.keyed[-60:])
    again = list(first)
    if dice.happens(25):
        again[_DEADLINE] = dice.pick((1, world.both.time_ns))
    if dice.happens(20):
        again[dice.pick((_SIDE, _FLAGS, _FLAGS + 1))] += 1
    return [world.send(tuple(again))]


def group(world: World, account: int) -> list[Row]:
    """A batch: cancels, quotes, then takers; now and then cut, late or out of order."""
    dice, principal = world.dice, world.principal_of(account)
    members = [_member(world, account, principal, i) for i in range(dice.between(1, 7))]
    phases = [_phase(row) for row in members]
    if dice.happens(85):
        ordered = sorted(range(len(members)), key=lambda i: phases[i])
        members = [members[i] for i in ordered]
    count = len(members)
    if dice.rarely(8):
        count = dice.pick((0, count - 1, count + 2, MEMBERS_MAX + 1))
    fields = {"account": account, "count": count}
    if dice.rarely(10):
        fields["valid_until_ns"] = world.both.time_ns - 1
    if dice.rarely(12):
        stranger = dice.pick(world.traders)
        members.insert(dice.between(0, count), _member(world, stranger, stranger, 1))
    head = world.send(command(CommandKind.PLACE_BATCH, principal, **fields))
    return [head, *(world.send(row) for row in members)]


def _member(world: World, account: int, principal: int, number: int) -> Row:
    dice, contract = world.dice, world.any_contract()
    order = world.any_order(account)
    mark = world.mark(contract)
    if number == 0 and dice.happens(50):
        fields = {"account": account, "contract": contract}
        return command(CommandKind.CANCEL_ALL, principal, **fields)
    if order and dice.happens(30):
        fields = {"account": account, "order": order.id, "quantity_lots": order.quantity_lots}
        kind = dice.pick((CommandKind.CANCEL_ORDER, CommandKind.AMEND_ORDER))
        if kind == CommandKind.CANCEL_ORDER:
            return command(kind, principal, account=account, order=order.id)
        return command(kind, principal, **fields, price_ticks=order.price_ticks)
    side = dice.pick((BUY, SELL))
    flags = dice.pick((FLAG_POST_ONLY, FLAG_POST_ONLY, 0, TIF_IMMEDIATE_OR_CANCEL))
    reach = dice.between(1, max(2, mark // 300))
    price = max(1, mark - side * reach if flags & FLAG_POST_ONLY else mark + side)
    lot = max(1, mark * world.contract(contract).tick_value_units)
    return command(
        CommandKind.PLACE_ORDER,
        principal,
        account=account,
        contract=contract,
        side=side,
        flags=flags,
        price_ticks=price,
        quantity_lots=dice.size(max(1, 200 * 1_000_000 // lot)),
        **world.promise(),
    )


def _phase(row: Row) -> int:
    if row[2] in (CommandKind.CANCEL_ORDER, CommandKind.CANCEL_ALL):
        return 0
    return 1 if row[2] == CommandKind.PLACE_ORDER and row[_FLAGS] & FLAG_POST_ONLY else 2


def stay_alive(world: World, account: int) -> list[Row]:
    """Arms and disarms the switch for the silent, and speaks up, or does not."""
    dice, principal = world.dice, world.principal_of(account)
    armed = [a for a in world.traders if world.venue.accounts[a].heartbeat_timeout_ns]
    if armed and dice.happens(50):
        alive = dice.pick(armed) if dice.happens(80) else account
        return [world.send(command(CommandKind.HEARTBEAT, alive, account=alive))]
    timeout = dice.pick((0, -1, SECOND, 5 * SECOND, 3_600 * SECOND, SECOND - 1, -2))
    fields = {"account": account, "timeout_ns": timeout}
    fields["is_enabled"] = dice.pick((0, 1, 1, -1, -1, 2))
    return [world.send(command(CommandKind.SET_CANCEL_ON_DISCONNECT, principal, **fields))]


def shift(world: World, account: int) -> list[Row]:
    """Moves money within the family; sometimes too much of it, or to somebody else."""
    dice = world.dice
    family = [other for other in world.family(account) if other != account]
    target = dice.pick(family) if family and dice.happens(85) else dice.pick(world.traders)
    if dice.rarely(12):
        target = dice.pick((account, 3, 1 << 30, *world.reporters[:1]))
    cash = world.venue.ledger.cash(account)
    amount = max(1, cash // dice.pick((1, 2, 10, 40))) + dice.pick((0, 0, 1))
    fields = {"account": account, "target": target, "amount_units": amount}
    fields |= {"reference": len(world.sent)} | world.promise()
    return [world.send(command(CommandKind.TRANSFER, world.principal_of(account), **fields))]


CLIENTS: tuple[tuple[Callable[[World, int], list[Row]], int], ...] = (
    (retry, 6),
    (group, 6),
    (shift, 4),
    (stay_alive, 3),
)
