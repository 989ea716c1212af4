"""Traders who send orders in groups: an entry with its exits, or one order or the other."""

from collections.abc import Callable

from tests.simulation.reference.wire import (
    BUY,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    LINK_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_OTHER,
    SELL,
    TIF_FILL_OR_KILL,
    TIF_GOOD_TIL_DAY,
    TIF_IMMEDIATE_OR_CANCEL,
    TRIGGER_INDEX,
    TRIGGER_LAST,
    TRIGGER_MARK,
    TYPE_MARKET,
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    CommandKind,
    Row,
)
from tests.simulation.side_by_side import command
from tests.simulation.simulator.world import World

SOURCES = (TRIGGER_MARK, TRIGGER_MARK, TRIGGER_INDEX, TRIGGER_LAST)
IOC_MARKET = TYPE_MARKET | TIF_IMMEDIATE_OR_CANCEL
ENTRIES = (
    0,
    0,
    0,
    TIF_GOOD_TIL_DAY,
    FLAG_POST_ONLY,
    IOC_MARKET,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_FILL_OR_KILL,
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
)
STOPS = (TYPE_STOP_MARKET, TYPE_STOP_MARKET, TYPE_STOP_LIMIT, TYPE_TRAILING_STOP)
TAKES = (
    0,
    0,
    TIF_GOOD_TIL_DAY,
    FLAG_POST_ONLY | FLAG_REJECT_POST_ONLY,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
)
Fields = dict[str, int]


def protect(world: World, account: int) -> list[Row]:
    """An entry near the price with a stop, a take-profit, or both."""
    dice, contract = world.dice, world.any_contract()
    mark, side = world.mark(contract), dice.pick((BUY, SELL))
    reach = max(3, mark // 500)
    entry = _entry(world, contract, side, mark + side * dice.between(-reach, 3), reach)
    price = entry["price_ticks"] or mark
    stop = _exit(world, dice.pick(STOPS), -side, price - side * dice.between(1, 2 * reach))
    take = _exit(world, dice.pick(TAKES), -side, price + side * dice.between(0, 2 * reach))
    exits, link = [stop, take], LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER
    if dice.happens(35):
        exits, link = [dice.pick((stop, take))], LINK_ONE_TRIGGERS_OTHER
    return _send(world, account, contract, link, [*exits, entry])


def choose(world: World, account: int) -> list[Row]:
    """A stop on one side of the price or an order on the other, to get out or to get in."""
    dice, contract = world.dice, world.any_contract()
    mark, held = world.mark(contract), world.venue.lots(account, contract)
    side = dice.pick((BUY, SELL))
    if held and dice.happens(70):
        side = -1 if held > 0 else 1
    reach = max(3, mark // 500)
    stop = _exit(world, dice.pick(STOPS), side, mark + side * dice.between(1, reach))
    other = _exit(world, dice.pick(TAKES), side, mark - side * dice.between(-1, reach))
    if not held or dice.happens(50):
        for order in (stop, other):
            order["flags"] &= ~FLAG_REDUCE_ONLY
    return _send(world, account, contract, LINK_ONE_CANCELS_OTHER, [stop, other])


def adjust(world: World, account: int) -> list[Row]:
    """Amends an order of a group, or cancels one and sees what goes with it."""
    dice, venue = world.dice, world.venue
    grouped = [o for o in venue.accounts[account].orders.values() if o.group]
    if not grouped:
        return protect(world, account)
    order = dice.pick(grouped)
    fields = {"account": account, "order": order.id}
    if dice.happens(40):
        return [world.send(command(CommandKind.CANCEL_ORDER, account, **fields))]
    lots = order.quantity_lots + (dice.between(-2, 3) if dice.happens(40) else 0)
    near = order.price_ticks + dice.between(-3, 3) if order.price_ticks else 0
    trigger = order.offset_ticks or order.trigger_ticks
    if not trigger or order.is_resting or dice.happens(50):
        trigger = 0 if dice.happens(90) else -1
    else:
        trigger = max(1, trigger + dice.between(-4, 4))
    fields |= {"price_ticks": near, "quantity_lots": max(0, lots), "trigger_ticks": trigger}
    return [world.send(command(CommandKind.AMEND_ORDER, account, **fields))]


def _entry(world: World, contract: int, side: int, price: int, reach: int) -> Fields:
    dice = world.dice
    flags = dice.pick(ENTRIES)
    lot = max(1, world.mark(contract) * world.contract(contract).tick_value_units)
    lots = dice.size(max(1, dice.pick((150, 600)) * 1_000_000 // lot))
    trigger = 0
    if flags in (TYPE_STOP_LIMIT, TYPE_STOP_MARKET):
        trigger = max(1, world.mark(contract) + side * dice.between(1, reach))
        flags |= dice.pick(SOURCES)
    price = 0 if flags & TYPE_MARKET else max(1, price)
    fields = {"side": side, "flags": flags, "price_ticks": price, "trigger_ticks": trigger}
    return fields | {"quantity_lots": lots}


def _exit(world: World, kind: int, side: int, price: int) -> Fields:
    dice, price = world.dice, max(1, price)
    flags, trigger = kind | FLAG_REDUCE_ONLY, 0
    if kind in (*STOPS, TYPE_TAKE_LIMIT, TYPE_TAKE_MARKET):
        flags |= dice.pick(SOURCES)
        trigger = dice.between(1, 9) if kind == TYPE_TRAILING_STOP else price
        price = 0 if kind & TYPE_MARKET else max(1, price + side * dice.between(0, 9))
    return {"side": side, "flags": flags, "price_ticks": price, "trigger_ticks": trigger}


def _send(
    world: World, account: int, contract: int, link: int, orders: list[Fields]
) -> list[Row]:
    """The group in one piece; now and then one thing about it is wrong."""
    dice, principal = world.dice, world.principal_of(account)
    lot = max(1, world.mark(contract) * world.contract(contract).tick_value_units)
    lots = orders[-1].get("quantity_lots") or dice.size(max(1, 300 * 1_000_000 // lot))
    count = len(orders)
    rows = []
    for order in orders:
        fields = {"account": account, "contract": contract, "label": dice.pick((0, 1, 2))}
        fields |= order | {"quantity_lots": lots}
        if dice.rarely(60):
            fields[dice.pick(("quantity_lots", "side", "contract"))] += 1
        if dice.rarely(60):
            fields["flags"] ^= dice.pick((FLAG_REDUCE_ONLY, TYPE_MARKET))
        rows.append(command(CommandKind.PLACE_ORDER, principal, **fields, **world.promise()))
    if dice.rarely(30):
        rows.insert(dice.between(0, count - 1), _stranger(world, account, principal))
    if dice.rarely(40):
        link = dice.pick((-1, 4, *range(4)))
    fields = {"account": account, "count": count, "link": link}
    if dice.rarely(30):
        fields["valid_until_ns"] = world.both.time_ns - 1
    head = world.send(command(CommandKind.PLACE_BATCH, principal, **fields))
    return [head, *(world.send(row) for row in rows)]


def _stranger(world: World, account: int, principal: int) -> Row:
    """What does not belong into a group: a cancel, or somebody else's order."""
    if world.dice.happens(50):
        return command(CommandKind.CANCEL_ALL, principal, account=account, contract=-1)
    other = world.dice.pick(world.traders)
    return command(CommandKind.CANCEL_ALL, other, account=other, contract=-1)


BRACKETS: tuple[tuple[Callable[[World, int], list[Row]], int], ...] = (
    (protect, 12),
    (choose, 6),
    (adjust, 5),
)
