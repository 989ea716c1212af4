"""Attempts to fill the venue: too many orders, fills, contracts, positions, underlyings.

And one to leave it: a price beyond all that was listed.
"""

from tests.simulation.reference.wire import (
    BUY,
    OPERATOR,
    SELL,
    STATE_HALTED,
    STATE_OPEN,
    TIF_GOOD_TIL_DAY,
    TIF_IMMEDIATE_OR_CANCEL,
    TYPE_MARKET,
    TYPE_TRAILING_STOP,
    CommandKind,
    Row,
)
from tests.simulation.side_by_side import command
from tests.simulation.simulator.environment import Oracle
from tests.simulation.simulator.world import KEY, MENU, USDC, World, packed

ORDERS = 505  # of an account: more than it may have
DAY_ORDERS = 400  # of an account: three have more than one tick cancels
TRAILING = 17  # of an account and list: one more than it may have
TRAILERS = 33  # accounts that have more of them together than one list of triggers takes
KEYS = 1_030  # of an account: more than are remembered
POSITIONS = 66  # more than an account may have


def jam(world: World) -> None:
    """Accounts of one owner rest orders for cents; one market order runs into them."""
    contract = 0
    refresh(world)
    first = world.open_funded(2_000_000 * USDC)
    crowd = [first, *(world.open_funded(2_000_000 * USDC, parent=first) for _ in range(4))]
    price = world.mark(contract) + 1
    lots = world.contract(contract).min_notional_units
    lots = max(1, lots // (price * world.contract(contract).tick_value_units) + 1)
    for account in crowd:
        row = _order(account, contract, SELL, price, lots)
        world.both.apply([row] * ORDERS)
    taker = world.open_funded(50_000_000 * USDC)
    flags = TYPE_MARKET | TIF_IMMEDIATE_OR_CANCEL
    world.both.apply([_order(taker, contract, BUY, 0, lots * ORDERS * 3, flags)])
    refresh(world)


def sprawl(world: World) -> None:
    """Lists contracts until no account can hold one of each, and underlyings until it ends."""
    terms = MENU[0]
    while len(world.venue.contracts) < POSITIONS:
        world.list_contract(terms, 0)
    account = world.open_funded(10_000_000 * USDC)
    # Listed since the last mark: it has no price yet.
    newest = len(world.venue.contracts) - 1
    world.both.apply([_order(account, newest, BUY, world.mark(newest), 1)])
    world.both.do(CommandKind.SETTLE_VARIATION, OPERATOR, contract=newest)
    refresh(world)
    for contract in range(POSITIONS):
        lots = 2 * 10**9 // max(1, world.contract(contract).lot_units) + 1
        price = world.mark(contract)
        world.both.apply([_order(account, contract, BUY, price, lots)])
    fields = {"account": account, "contract": -1}
    world.both.do(CommandKind.CANCEL_ALL, account, **fields)
    for number in range(65):
        world.both.do(CommandKind.LIST_UNDERLYING, OPERATOR, **packed(f"U{number}", 2))


def ambush(world: World) -> None:
    """More trailing stops than one list takes; a fall fires more than one command may."""
    contract = 0
    refresh(world)
    row = world.contract(contract)
    lots = 2 * row.min_notional_units // max(1, row.lot_units) + 1
    first = world.open_funded(5_000_000 * USDC)
    rest = (world.open_funded(100 * USDC, parent=first) for _ in range(TRAILERS - 1))
    for account in (first, *rest):
        stops = [
            _order(account, contract, SELL, 0, lots, TYPE_TRAILING_STOP, 1 + i % 9)
            for i in range(TRAILING)
        ]
        world.both.apply(stops)
    for _ in range(3):
        for account in world.dice.shuffled(world.traders)[:3]:
            bid = max(1, world.mark(contract) - world.dice.between(1, 9))
            world.both.apply([_order(account, contract, BUY, bid, lots * 9)])
        world.prices[row.underlying] = world.prices[row.underlying] * 995 // 1_000
        refresh(world)


def sunset(world: World) -> None:
    """More orders for the day than one tick ends; a late taker meets those that are left."""
    contract = 0
    refresh(world)
    row, price = world.contract(contract), world.mark(contract)
    lots = row.min_notional_units // (price * row.tick_value_units) + 1
    first = world.open_funded(2_000_000 * USDC)
    crowd = [first, *(world.open_funded(2_000_000 * USDC, parent=first) for _ in range(2))]
    for account in crowd:
        bid = _order(account, contract, BUY, price, lots, TIF_GOOD_TIL_DAY)
        world.both.apply([bid] * DAY_ORDERS)
    world.both.pass_time(86_400_000_000_000)
    world.both.do(CommandKind.TICK, OPERATOR)
    refresh(world)
    flags = TYPE_MARKET | TIF_IMMEDIATE_OR_CANCEL
    taker = world.open_funded(2_000_000 * USDC)
    world.both.apply([_order(taker, contract, SELL, 0, lots * 9, flags)])
    world.both.do(CommandKind.TICK, OPERATOR)


def outgrow(world: World) -> None:
    """A price rises to twenty times its listing: its contracts halt, and stay halted."""
    contract = world.contract(0)
    terms = contract.reference_ticks * contract.tick_e8
    world.prices[contract.underlying] = 20 * terms
    while contract.index_ticks <= contract.price_ceiling_ticks:
        refresh(world)
    for state in (STATE_HALTED, STATE_OPEN):
        fields = {"contract": 0, "state": state}
        world.both.do(CommandKind.SET_CONTRACT_STATE, OPERATOR, **fields)
    world.prices[contract.underlying] = terms


def repeat(world: World) -> None:
    """More keys than an account's memory holds; then the first of them, and the last."""
    contract = 0
    refresh(world)
    account = world.open_funded(50_000 * USDC)
    row = world.contract(contract)
    price = max(1, world.mark(contract) - world.mark(contract) // 200)
    lots = row.min_notional_units // (price * row.tick_value_units) + 1
    bid = _order(account, contract, BUY, price, lots)
    orders = [(*bid[:KEY], number, 0) for number in range(1, KEYS + 1)]
    everything = command(CommandKind.CANCEL_ALL, account, account=account, contract=-1)
    for first in range(0, KEYS, 300):
        world.both.apply([*orders[first : first + 300], everything])
    world.both.apply([orders[-1], orders[0], orders[-1], orders[40]])


def refresh(world: World) -> None:
    """Sources without faults report twice, so that indices are VALID where they can be."""
    for _ in range(2):
        world.both.pass_time(5_000_000_000)
        oracle = Oracle(world)
        for underlying in range(len(world.prices)):
            world.both.apply(oracle.report(underlying))


def _order(
    account: int,
    contract: int,
    side: int,
    price: int,
    lots: int,
    flags: int = 0,
    trigger: int = 0,
) -> Row:
    return command(
        CommandKind.PLACE_ORDER,
        account,
        account=account,
        contract=contract,
        side=side,
        flags=flags,
        price_ticks=price,
        quantity_lots=lots,
        trigger_ticks=trigger,
    )
