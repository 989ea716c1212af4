"""Who trades in a run: makers, trend followers, the over-leveraged, attackers, clumsy clients.

Each function looks at the venue as it is and returns the commands it would send now.
"""

from collections.abc import Callable

from tests.simulation.reference.margin import initial
from tests.simulation.reference.rounding import PPM
from tests.simulation.reference.wire import (
    BUY,
    FLAG_DISCONNECTED,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
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
from tests.simulation.simulator.brackets import BRACKETS
from tests.simulation.simulator.clients import CLIENTS
from tests.simulation.simulator.world import World

TRIGGER_TYPES = (
    TYPE_STOP_LIMIT,
    TYPE_STOP_MARKET,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
)
TRIGGER_SOURCES = (TRIGGER_MARK, TRIGGER_INDEX, TRIGGER_LAST)
REDUCE_ONLY_MAX = 32  # orders of an account in books
IOC_MARKET = TYPE_MARKET | TIF_IMMEDIATE_OR_CANCEL
Agent = Callable[[World, int], list[Row]]


def make_market(world: World, account: int) -> list[Row]:
    """Quotes both sides around the mark and moves what has strayed."""
    contract = world.any_contract()
    mark, dice = world.mark(contract), world.dice
    reach = max(2, mark // 300)
    rows = []
    for side in (BUY, SELL):
        price = max(1, mark - side * dice.between(1, reach))
        flags = dice.pick((0, FLAG_POST_ONLY, FLAG_POST_ONLY | FLAG_REJECT_POST_ONLY))
        flags |= dice.pick((0, 0, TIF_GOOD_TIL_DAY))
        lots = dice.size(lots_worth(world, contract, 600))
        rows.append(world.order(account, contract, side, price, lots, flags))
    order = world.any_order(account)
    if order and dice.happens(60):
        near = max(1, world.mark(order.contract) - order.side * dice.between(0, reach))
        price = order.price_ticks if dice.happens(30) else near
        lots = dice.pick((order.quantity_lots, max(1, order.quantity_lots - 1)))
        rows.append(amendment(world, account, order.id, price, lots + dice.between(0, 2)))
    if len(world.venue.accounts[account].orders) > 12:
        rows.append(cancellation(world, account, contract if dice.happens(50) else -1))
    return rows


def follow_trend(world: World, account: int) -> list[Row]:
    """Takes in the direction of the last trades; closes when it has enough."""
    contract = world.any_contract()
    dice, row = world.dice, world.contract(contract)
    held = world.venue.lots(account, contract)
    if held and dice.happens(30):
        flags = FLAG_REDUCE_ONLY | dice.pick((IOC_MARKET, 0, TIF_IMMEDIATE_OR_CANCEL))
        side = -1 if held > 0 else 1
        price = 0 if flags & TYPE_MARKET else world.mark(contract)
        return [world.order(account, contract, side, price, dice.size(abs(held)), flags)]
    side = BUY if row.last_ticks >= row.mark_ticks else SELL
    lots = dice.size(lots_worth(world, contract, 400))
    if dice.happens(30):
        far = max(1, world.mark(contract) + side * dice.between(0, 8))
        force = dice.pick((TIF_FILL_OR_KILL, TIF_IMMEDIATE_OR_CANCEL))
        return [world.order(account, contract, side, far, lots, force)]
    return [world.order(account, contract, side, 0, lots, IOC_MARKET)]


def overreach(world: World, account: int) -> list[Row]:
    """Buys or sells as much as margin allows, and a little more."""
    contract = world.any_contract()
    dice, row = world.dice, world.contract(contract)
    cash = max(0, world.venue.ledger.cash(account))
    lot = max(1, row.lot_units)
    lots = max(1, cash * PPM // max(1, row.initial_margin_ppm) // lot)
    while lots > 1 and initial(lots * lot, row) > cash:
        lots = lots * 3 // 4
    lots = max(1, lots * dice.between(60, 104) // 100)
    side = dice.pick((BUY, SELL))
    held = world.venue.lots(account, contract)
    if held:
        side = 1 if held > 0 else -1  # Doubles up.
    if dice.happens(70):
        return [world.order(account, contract, side, 0, lots, IOC_MARKET)]
    price = max(1, world.mark(contract) + side * dice.between(-3, 6))
    return [world.order(account, contract, side, price, lots, 0)]


def wash(world: World, account: int) -> list[Row]:
    """Trades with itself: both sides at one price, from accounts of one owner."""
    contract = world.any_contract()
    other = world.dice.pick(world.family(account))
    price, lots = world.mark(contract), lots_worth(world, contract, 100)
    first = world.order(account, contract, BUY, price, lots, 0)
    force = world.dice.pick((0, TIF_IMMEDIATE_OR_CANCEL, TIF_FILL_OR_KILL))
    return [first, world.order(other, contract, SELL, price, lots, force)]


def spoof(world: World, account: int) -> list[Row]:
    """Large orders exactly at the edges of the bands, and one tick beyond them."""
    contract = world.any_contract()
    dice, row = world.dice, world.contract(contract)
    mark, side = world.mark(contract), dice.pick((BUY, SELL))
    edges = (
        mark + side * (mark * row.order_band_ppm // PPM),
        mark - side * (-(-mark * row.passive_band_ppm // PPM)),
        row.price_ceiling_ticks,
    )
    price = dice.pick(edges) + dice.between(-1, 1)
    most = row.position_limit_units // max(1, row.reference_ticks * row.tick_value_units)
    lots = dice.pick((lots_worth(world, contract, 3_000), 1, most, most + 1))
    rows = [world.order(account, contract, side, price, lots, 0)]
    if dice.happens(40):
        rows.append(cancellation(world, account, contract))
    return rows


def trespass(world: World, account: int) -> list[Row]:
    """Acts on what belongs to others, or to nobody."""
    dice = world.dice
    order = world.any_order()
    number = order.id if order else 1
    number += dice.pick((0, 0, 0, 1, 1 << 20))
    victim = dice.pick(world.traders)
    contract = world.any_contract()
    money = {"account": victim, "amount_units": dice.between(1, 10**9)}
    return [
        dice.pick(
            (
                amendment(world, account, number, world.mark(contract), 5),
                world.send(
                    command(CommandKind.CANCEL_ORDER, account, account=account, order=number)
                ),
                world.send(
                    command(CommandKind.CANCEL_ORDER, account, account=victim, order=number)
                ),
                world.send(command(CommandKind.REQUEST_WITHDRAWAL, account, **money)),
                world.send(command(CommandKind.DEPOSIT, account, **money)),
                world.send(command(CommandKind.TRANSFER, account, **money, target=account)),
                world.send(command(CommandKind.HEARTBEAT, account, account=victim)),
                world.send(
                    command(CommandKind.SET_CANCEL_ON_DISCONNECT, account, account=victim)
                ),
                world.send(command(CommandKind.SET_SELF_TRADE_MODE, account, account=victim)),
                world.send(
                    command(
                        CommandKind.PLACE_ORDER,
                        account,
                        account=dice.pick((victim, 3, 10**6)),
                        contract=contract,
                        side=BUY,
                        price_ticks=world.mark(contract),
                        quantity_lots=1,
                    )
                ),
            )
        )
    ]


def withdraw(world: World, account: int) -> list[Row]:
    """Takes out as much as it has, or a part."""
    cash = world.venue.ledger.cash(account)
    part = max(1, cash // world.dice.pick((1, 2, 10))) + world.dice.pick((0, 0, 1))
    fields = {"account": account, "amount_units": part, "reference": len(world.sent)}
    fields |= world.promise()
    return [world.send(command(CommandKind.REQUEST_WITHDRAWAL, account, **fields))]


def tidy(world: World, account: int) -> list[Row]:
    """Cancels one order, or all of a label; shrinks one and amends it below what filled."""
    dice, order = world.dice, world.any_order(account)
    if order is None:
        return [cancellation(world, account, -1)]
    if dice.happens(40):
        lots = dice.pick((order.filled_lots, order.filled_lots + 1, order.quantity_lots // 2))
        return [amendment(world, account, order.id, order.price_ticks, lots)]
    if dice.happens(30):
        return [cancellation(world, account, -1, label=dice.pick((1, 2)))]
    fields = {"account": account, "order": order.id}
    fields["flags"] = dice.pick((0, 0, 0, FLAG_DISCONNECTED))
    return [world.send(command(CommandKind.CANCEL_ORDER, account, **fields))]


def reduce(world: World, account: int) -> list[Row]:
    """Rests reduce-only orders larger than the position, on either side."""
    contract, dice = world.any_contract(), world.dice
    held = world.venue.lots(account, contract)
    side = dice.pick((BUY, SELL)) if dice.happens(15) or not held else -(held // abs(held))
    price = max(1, world.mark(contract) - side * dice.between(-2, 12))
    force = dice.pick((0, FLAG_POST_ONLY, TIF_IMMEDIATE_OR_CANCEL, TIF_GOOD_TIL_DAY))
    flags = FLAG_REDUCE_ONLY | force
    lots, count = dice.size(abs(held) + 1), 2
    if dice.rarely(10):
        lots, count = 1, REDUCE_ONLY_MAX + 1
    return [world.order(account, contract, side, price, lots, flags) for _ in range(count)]


def prefer(world: World, account: int) -> list[Row]:
    """Says what its orders shall do when they meet, now and then what nothing can do."""
    fields = {"account": account, "mode": world.dice.pick((0, 1, 1, 2, 2, 3, -1))}
    kind, principal = CommandKind.SET_SELF_TRADE_MODE, world.principal_of(account)
    return [world.send(command(kind, principal, **fields))]


def fumble(world: World, account: int) -> list[Row]:
    """An order in which one thing is wrong."""
    contract, dice = world.any_contract(), world.dice
    fields = {
        "account": account,
        "contract": contract,
        "side": BUY,
        "flags": 0,
        "price_ticks": world.mark(contract),
        "quantity_lots": lots_worth(world, contract, 100),
    }
    wrong: tuple[tuple[str, int], ...] = (
        ("contract", dice.pick((-1, len(world.venue.contracts), 1 << 40))),
        ("side", dice.pick((0, 2, -7))),
        ("flags", dice.pick((1, 2, 3 << 4, FLAG_REJECT_POST_ONLY, 1 << 11, 1 << 40, -1))),
        ("flags", FLAG_POST_ONLY | TIF_FILL_OR_KILL),
        ("flags", IOC_MARKET),  # with a price
        ("price_ticks", dice.pick((0, -1, 1 << 62))),
        ("quantity_lots", dice.pick((0, -5, (1 << 31) + 1))),
        ("quantity_lots", 1),
        ("valid_until_ns", 1),
        ("trigger_ticks", 5),  # of an order that waits for nothing
        ("flags", TYPE_STOP_LIMIT),  # without a trigger
        ("flags", TRIGGER_LAST),
    )
    name, value = dice.pick(wrong)
    fields[name] = value
    return [world.send(command(CommandKind.PLACE_ORDER, account, **fields))]


def wait_for_price(world: World, account: int) -> list[Row]:
    """Stops, takes and trailing stops near the price, by any source; some are moved later."""
    contract, dice = world.any_contract(), world.dice
    order = world.any_order(account)
    if order and order.is_waiting and dice.happens(60):
        price = 0 if order.flags & TYPE_MARKET else order.price_ticks
        current = order.offset_ticks or order.trigger_ticks
        trigger = dice.pick((0, 0, current, max(1, current + dice.between(-4, 4))))
        lots = dice.pick((order.quantity_lots, order.quantity_lots + 1))
        return [amendment(world, account, order.id, price, lots, trigger)]
    mark, side = world.mark(contract), dice.pick((BUY, SELL))
    kind, source = dice.pick(TRIGGER_TYPES), dice.pick(TRIGGER_SOURCES)
    is_take = kind in (TYPE_TAKE_LIMIT, TYPE_TAKE_MARKET)
    way = -side if is_take else side
    reach = dice.between(1, max(2, mark // 400))
    trigger = max(1, mark + way * (reach if dice.happens(95) else -reach))
    if kind == TYPE_TRAILING_STOP:
        trigger = reach
    price = 0 if kind & TYPE_MARKET else max(1, mark + side * dice.between(-9, 30))
    forces = (0, 0, TIF_GOOD_TIL_DAY, TIF_IMMEDIATE_OR_CANCEL, TIF_FILL_OR_KILL)
    flags = kind | source | dice.pick(forces)
    held = world.venue.lots(account, contract)
    if held and dice.happens(50):
        flags |= FLAG_REDUCE_ONLY
        side = -1 if held > 0 else 1
    lots = dice.size(lots_worth(world, contract, 300))
    return [world.order(account, contract, side, price, lots, flags, trigger)]


# How often each comes to act, in relation to the others.
CAST: tuple[tuple[Agent, int], ...] = (
    *CLIENTS,
    *BRACKETS,
    (make_market, 34),
    (follow_trend, 18),
    (overreach, 12),
    (wait_for_price, 12),
    (tidy, 6),
    (reduce, 6),
    (wash, 4),
    (spoof, 4),
    (withdraw, 4),
    (trespass, 4),
    (fumble, 3),
    (prefer, 2),
)


def lots_worth(world: World, contract: int, usdc: int) -> int:
    """About so much money in lots, at least one."""
    lot = max(1, world.mark(contract) * world.contract(contract).tick_value_units)
    return max(1, usdc * 1_000_000 // lot)


def amendment(
    world: World, account: int, order: int, price: int, lots: int, trigger: int = 0
) -> Row:
    """AmendOrder; the contract it names is not read, so any will do."""
    fields = {"contract": world.any_contract(), "price_ticks": price, "quantity_lots": lots}
    fields["trigger_ticks"] = trigger
    fields |= world.promise()
    return world.send(
        command(CommandKind.AMEND_ORDER, account, account=account, order=order, **fields)
    )


def cancellation(world: World, account: int, contract: int, label: int = 0) -> Row:
    """CancelAll."""
    fields = {"account": account, "contract": contract, "label": label}
    return world.send(command(CommandKind.CANCEL_ALL, account, **fields))
