"""What a trader does, in small words from which a shrunk example can be read.

Accounts, contracts and orders are named by small numbers, prices by their distance from the
mark. `Player` turns them into commands for both venues.
"""

from dataclasses import dataclass

from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    FLAG_REJECT_POST_ONLY,
    LINK_NONE,
    LINK_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
    LINK_ONE_TRIGGERS_OTHER,
    OPERATOR,
    TIF_FILL_OR_KILL,
    TIF_GOOD_TIL_CANCELLED,
    TIF_GOOD_TIL_DAY,
    TIF_IMMEDIATE_OR_CANCEL,
    TYPE_LIMIT,
    TYPE_MARKET,
    TYPE_STOP_MARKET,
    CommandKind,
    ContractParameter,
    Row,
)
from tests.simulation.side_by_side import command
from tests.simulation.simulator.world import World

FORCES = {
    "gtc": TIF_GOOD_TIL_CANCELLED,
    "gtd": TIF_GOOD_TIL_DAY,
    "ioc": TIF_IMMEDIATE_OR_CANCEL,
    "fok": TIF_FILL_OR_KILL,
}
SECOND = 1_000_000_000
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """An order `offset` ticks from the mark, on the passive side when negative."""

    account: int
    contract: int
    side: int
    offset: int
    lots: int
    is_market: bool = False
    force: str = "gtc"
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    label: int = 0


@dataclass(frozen=True, slots=True)
class Amend:
    """The n-th live order gets a price near the mark (None: its own) and a new total."""

    order: int
    offset: int | None
    lots: int


@dataclass(frozen=True, slots=True)
class Guard:
    """An entry `offset` ticks from the mark, with a stop and a take-profit so far from it.

    stop, take: in ticks, None: without one. A take-profit rests, a stop sells at the market.
    """

    account: int
    contract: int
    side: int
    offset: int
    lots: int
    stop: int | None
    take: int | None


@dataclass(frozen=True, slots=True)
class Either:
    """A stop behind the mark or an order in front of it, whichever comes first."""

    account: int
    contract: int
    side: int
    lots: int
    stop: int
    offset: int
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """The n-th live order; `by_stranger` asks for somebody else's."""

    order: int
    by_stranger: bool = False


@dataclass(frozen=True, slots=True)
class CancelAll:
    """All of an account, or those of one contract or label."""

    account: int
    contract: int = -1
    label: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """The index moves by parts per million of itself; the clock by seconds."""

    contract: int
    move_ppm: int
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class Prefer:
    """What the orders of an account's owner shall do when they meet."""

    account: int
    mode: int


@dataclass(frozen=True, slots=True)
class Fees:
    """The maker fee of a contract, negative as a rebate."""

    contract: int
    maker_fee_ppm: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """Cash from outside."""

    account: int
    amount: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Cash to the outside."""

    account: int
    amount: int


@dataclass(frozen=True, slots=True)
class Settle:
    """SettleVariation of a contract."""

    contract: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The clock moves and the engine notices; an index nobody reports goes stale."""

    seconds: int


Action = (
    Wait
    | Place
    | Guard
    | Either
    | Amend
    | Cancel
    | CancelAll
    | Prefer
    | Fees
    | Move
    | Deposit
    | Withdraw
    | Settle
)


class Player:
    """Plays actions in a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def play(self, action: Action) -> list[Row]:
        """Applies one action; its events. An action that names no live order does nothing."""
        world = self.world
        match action:
            case Place() | Guard() | Either():
                return self._order(action)
            case Amend():
                return self._amend(action)
            case Cancel():
                return self._cancel(action)
            case CancelAll():
                fields = {"contract": action.contract, "label": action.label}
                return self._do(CommandKind.CANCEL_ALL, action.account, **fields)
            case Prefer():
                kind = CommandKind.SET_SELF_TRADE_MODE
                return self._do(kind, action.account, mode=action.mode)
            case Fees():
                parameter = int(ContractParameter.MAKER_FEE_PPM)
                fields = {"contract": action.contract, "parameter": parameter}
                kind, value = CommandKind.SET_PARAMETER, action.maker_fee_ppm
                return world.both.do(kind, OPERATOR, **fields, value=value)
            case Move():
                return self._move(action)
            case Wait():
                world.both.pass_time(action.seconds * SECOND)
                return world.both.do(CommandKind.TICK, OPERATOR)
            case Deposit():
                to = world.traders[action.account]
                fields = {"account": to, "amount_units": action.amount}
                return world.both.do(CommandKind.DEPOSIT, OPERATOR, **fields)
            case Withdraw():
                kind = CommandKind.REQUEST_WITHDRAWAL
                return self._do(kind, action.account, amount_units=action.amount)
            case Settle():
                kind = CommandKind.SETTLE_VARIATION
                return world.both.do(kind, OPERATOR, contract=action.contract)

    def _place(self, action: Place) -> list[Row]:
        flags = FORCES[action.force] | (TYPE_MARKET if action.is_market else TYPE_LIMIT)
        flags |= FLAG_POST_ONLY * action.post_only
        flags |= FLAG_REJECT_POST_ONLY * action.reject_post_only
        flags |= FLAG_REDUCE_ONLY * action.reduce_only
        price = self.world.mark(action.contract) + action.side * action.offset
        return self._do(
            CommandKind.PLACE_ORDER,
            action.account,
            contract=action.contract,
            side=action.side,
            flags=flags,
            price_ticks=0 if action.is_market else price,
            quantity_lots=action.lots,
            label=action.label,
        )

    def _order(self, action: Place | Guard | Either) -> list[Row]:
        if isinstance(action, Place):
            return self._place(action)
        return self._guard(action) if isinstance(action, Guard) else self._either(action)

    def _guard(self, action: Guard) -> list[Row]:
        price = self.world.mark(action.contract) + action.side * action.offset
        exits = []
        if action.stop is not None:
            trigger = price - action.side * action.stop
            exits.append(_terms(-action.side, TYPE_STOP_MARKET | FLAG_REDUCE_ONLY, 0, trigger))
        if action.take is not None:
            take = price + action.side * action.take
            exits.append(_terms(-action.side, FLAG_REDUCE_ONLY, take))
        link = (LINK_NONE, LINK_ONE_TRIGGERS_OTHER, LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER)
        orders = [*exits, _terms(action.side, TYPE_LIMIT, price)]
        return self._group(action, link[len(exits)], orders)

    def _either(self, action: Either) -> list[Row]:
        mark, side = self.world.mark(action.contract), action.side
        flags = FLAG_REDUCE_ONLY * action.reduce_only
        stop = _terms(side, TYPE_STOP_MARKET | flags, 0, mark + side * action.stop)
        limit = _terms(side, TYPE_LIMIT | flags, mark - side * action.offset)
        return self._group(action, LINK_ONE_CANCELS_OTHER, [stop, limit])

    def _group(self, who: Guard | Either, link: int, orders: list[dict[str, int]]) -> list[Row]:
        account = self.world.traders[who.account]
        mine = {"account": account}
        head = command(CommandKind.PLACE_BATCH, account, **mine, count=len(orders), link=link)
        mine |= {"contract": who.contract, "quantity_lots": who.lots}
        kind = CommandKind.PLACE_ORDER
        members = [command(kind, account, **mine, **order) for order in orders]
        return [event for row in (head, *members) for event in self.world.both.apply([row])]

    def _amend(self, action: Amend) -> list[Row]:
        order = self._pick(action.order)
        if order is None:
            return []
        price = order.price_ticks
        if action.offset is not None:
            price = self.world.mark(order.contract) + order.side * action.offset
        return self.world.both.do(
            CommandKind.AMEND_ORDER,
            order.account,
            account=order.account,
            order=order.id,
            price_ticks=price,
            quantity_lots=action.lots,
        )

    def _cancel(self, action: Cancel) -> list[Row]:
        order = self._pick(action.order)
        if order is None:
            return []
        account = order.account
        if action.by_stranger:
            account = next(other for other in self.world.traders if other != account)
        fields = {"account": account, "order": order.id}
        return self.world.both.do(CommandKind.CANCEL_ORDER, account, **fields)

    def _move(self, action: Move) -> list[Row]:
        world = self.world
        underlying = world.contract(action.contract).underlying
        index = world.venue.underlyings[underlying].index_e8
        world.both.pass_time(action.seconds * SECOND)
        price = max(1, index + index * action.move_ppm // PPM)
        events = []
        for source, reporter in enumerate(world.reporters):
            events += world.both.do(
                CommandKind.SUBMIT_OBSERVATION,
                reporter,
                source=source,
                underlying=underlying,
                price_e8=price,
                publish_time_ns=world.both.time_ns,
            )
        return events

    def _do(self, kind: CommandKind, trader: int, **fields: int) -> list[Row]:
        account = self.world.traders[trader]
        return self.world.both.do(kind, account, account=account, **fields)

    def _pick(self, number: int) -> Order | None:
        """The n-th live order by age, counted around."""
        orders = sorted(self.world.venue.orders.values(), key=lambda order: order.id)
        return orders[number % len(orders)] if orders else None


def _terms(side: int, flags: int, price: int, trigger: int = 0) -> dict[str, int]:
    return {"side": side, "flags": flags, "price_ticks": price, "trigger_ticks": trigger}
