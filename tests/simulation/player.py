"""Turns the actions of random traders into commands for the engine alone.

With `seeded_run` a whole venue with a lively, sometimes violent market comes out of one number.
"""

import random

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.state import Counter
from tests.engine.venue import UNITS, Event, Venue, make_venue
from tests.simulation.actions import (
    Action,
    Amend,
    Cancel,
    CancelAll,
    Deposit,
    Move,
    Place,
    Settle,
    Wait,
    random_action,
)

FORCES = {
    "gtc": units.TIF_GOOD_TIL_CANCELLED,
    "ioc": units.TIF_IMMEDIATE_OR_CANCEL,
    "fok": units.TIF_FILL_OR_KILL,
}
TRADERS = 6
FUNDS = [20, 200, 1_500, 6_000, 20_000]


class Player:
    """Plays actions on a venue; accounts and contracts are named by their place in a list."""

    def __init__(self, venue: Venue, accounts: list[int]) -> None:
        self.venue = venue
        self.accounts = accounts
        self.contracts = list(range(int(venue.state.counters[Counter.CONTRACTS])))

    def play(self, action: Action) -> list[Event]:
        """Applies one action; its events. An action that names no live order does nothing."""
        match action:
            case Place():
                return self._place(action)
            case Amend():
                return self._amend(action)
            case Cancel():
                return self._cancel(action)
            case CancelAll():
                account = self.accounts[action.account]
                fields = {"contract": action.contract, "label": action.label}
                return self._do(CommandKind.CANCEL_ALL, account, **fields)
            case Move():
                return self._move(action)
            case Wait():
                return self.venue.tick(action.seconds)
            case Deposit():
                return self.venue.deposit(self.accounts[action.account], action.amount)
            case Settle():
                contract = self.contracts[action.contract]
                kind = CommandKind.SETTLE_VARIATION
                return self.venue.do(kind, units.OPERATOR, contract=contract)

    def price_of(self, action: Place) -> int:
        """The limit that an order's distance from the mark stands for."""
        if action.is_market:
            return 0
        return self.venue.mark(self.contracts[action.contract]) + action.side * action.offset

    def stranger(self, account: int) -> int:
        """Somebody else."""
        return next(other for other in self.accounts if other != account)

    def _place(self, action: Place) -> list[Event]:
        flags = FORCES[action.force]
        flags |= units.TYPE_MARKET if action.is_market else units.TYPE_LIMIT
        flags |= units.FLAG_POST_ONLY * action.post_only
        flags |= units.FLAG_REJECT_POST_ONLY * action.reject_post_only
        flags |= units.FLAG_REDUCE_ONLY * action.reduce_only
        return self._do(
            CommandKind.PLACE_ORDER,
            self.accounts[action.account],
            contract=self.contracts[action.contract],
            side=action.side,
            flags=flags,
            price_ticks=self.price_of(action),
            quantity_lots=action.lots,
            label=action.label,
        )

    def _amend(self, action: Amend) -> list[Event]:
        order = self._pick(action.order)
        if order is None:
            return []
        price = order["price_ticks"]
        if action.offset is not None:
            price = self.venue.mark(order["contract"]) + order["side"] * action.offset
        return self._do(
            CommandKind.AMEND_ORDER,
            order["account"],
            contract=order["contract"],
            side=order["side"],
            order=order["id"],
            price_ticks=price,
            quantity_lots=action.lots,
        )

    def _cancel(self, action: Cancel) -> list[Event]:
        order = self._pick(action.order)
        if order is None:
            return []
        account = order["account"]
        if action.by_stranger:
            account = self.stranger(account)
        return self._do(CommandKind.CANCEL_ORDER, account, order=order["id"])

    def _move(self, action: Move) -> list[Event]:
        row = self.venue.state.contracts[self.contracts[action.contract]]
        underlying = int(row["underlying"])
        index = int(self.venue.state.underlyings[underlying]["index_e8"])
        self.venue.pass_time(action.seconds)
        price = max(1, index + index * action.move_ppm // units.PPM)
        return self.venue.observe(underlying, price)

    def _do(self, kind: CommandKind, account: int, **fields: int) -> list[Event]:
        return self.venue.do(kind, account, account=account, **fields)

    def _pick(self, number: int) -> dict[str, int] | None:
        """The n-th live order by age, counted around."""
        table = self.venue.state.orders[: int(self.venue.state.counters[Counter.ORDERS_HIGH])]
        live = table[table["id"] > 0]
        if not len(live):
            return None
        ids = sorted(live["id"].tolist())
        row = live[live["id"] == ids[number % len(ids)]][0]
        return {name: int(row[name]) for name in table.dtype.names or ()}


def open_traders(venue: Venue, source: random.Random) -> list[int]:
    """Rich and poor traders, and a sub-account of the first."""
    accounts = [venue.open_funded(source.choice(FUNDS) * UNITS) for _ in range(TRADERS)]
    accounts.append(venue.open_account(owner=accounts[0]))
    venue.deposit(accounts[-1], 10_000 * UNITS)
    return accounts


def seeded_run(seed: int, steps: int) -> Venue:
    """A venue after a random market; its journal holds every command."""
    source = random.Random(seed)  # The whole run follows from the seed.
    venue = make_venue()
    player = Player(venue, open_traders(venue, source))
    for _ in range(steps):
        player.play(random_action(source, len(player.accounts), len(player.contracts)))
    return venue


if __name__ == "__main__":
    import sys

    from exchange.engine.snapshot import state_hash

    print(state_hash(seeded_run(int(sys.argv[1]), int(sys.argv[2])).state).hex())
