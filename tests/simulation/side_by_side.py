"""The engine and the reference, command by command: they agree on all that both know.

After each step the outcomes are compared first, then every balance, position, order and price
level, and then the auditor looks at the engine's state alone. Prices come from the engine's own
oracle: the reference is told the mark and whether the index is valid. A liquidation ends the
comparison, since the reference has none; `is_over` tells.
"""

from collections.abc import Iterable

from exchange.engine import units
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from tests.engine.venue import Event, Venue
from tests.simulation.accounts import EXTERNAL, FEES
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
)
from tests.simulation.admission import Request
from tests.simulation.auditor import audit, rows
from tests.simulation.book import BUY, SELL, Order
from tests.simulation.holdings import Market
from tests.simulation.margin import Terms
from tests.simulation.player import Player
from tests.simulation.reference import Outcome, Reference

LIQUIDATIONS = {
    EventKind.LIQUIDATION_STARTED,
    EventKind.LIQUIDATION_STEPPED,
    EventKind.BAD_DEBT_RECORDED,
}


class SideBySide:
    """A venue with funded traders and its reference, fed the same commands."""

    def __init__(self, venue: Venue, accounts: list[int]) -> None:
        self.venue = venue
        self.accounts = accounts
        self.player = Player(venue, accounts)
        self.reference = Reference()
        self.sequences: dict[int, int] = {}  # the engine's order id -> placing sequence
        self.is_over = False
        self.seen: dict[str, int] = {}  # what happened how often
        self._copy_start()

    def run(self, actions: Iterable[Action]) -> None:
        """Applies actions until a liquidation takes the engine beyond the reference."""
        for action in actions:
            self.step(action)
            if self.is_over:
                break

    def step(self, action: Action) -> None:
        """Applies one action to both and compares everything."""
        found = self._outcomes(self.player.play(action))
        if self.is_over:
            audit(self.venue.state)
            return
        expected = self._expect(action)
        assert found == expected, f"{action}\nengine    {found}\nreference {expected}"
        for outcome in found:
            key = f"{outcome[0]} {outcome[1]}" if outcome[0] == "rejected" else outcome[0]
            self.seen[key] = self.seen.get(key, 0) + 1
        self.compare()
        audit(self.venue.state)

    # --- the reference's side of a command --------------------------------------------------

    def _expect(self, action: Action) -> list[Outcome]:
        """What the reference makes of an action; prices it learns from the engine."""
        match action:
            case Place():
                return self._place(action)
            case Amend():
                return self._amend(action)
            case Cancel():
                return self._cancel(action)
            case CancelAll():
                account = self.accounts[action.account]
                return self.reference.cancel_all(account, action.contract, action.label)
            case Deposit():
                account = self.accounts[action.account]
                self.reference.venue.ledger.move(EXTERNAL, account, action.amount)
            case Settle():
                return self.reference.settle(action.contract)
            case Move() | Wait():
                self._learn_prices()
        return []

    def _place(self, action: Place) -> list[Outcome]:
        ask = Request(
            self.venue.sequence,
            self.accounts[action.account],
            action.contract,
            action.side,
            self.player.price_of(action),
            action.lots,
            action.is_market,
            action.force,
            action.post_only,
            action.reject_post_only,
            action.reduce_only,
            action.label,
        )
        return self.reference.place(ask)

    def _amend(self, action: Amend) -> list[Outcome]:
        order = self._pick(action.order)
        if order is None:
            return []
        price = order.price
        if action.offset is not None:
            mark = self.reference.venue.markets[order.contract].terms.mark
            price = mark + order.side * action.offset
        return self.reference.amend(order.account, order.sequence, price, action.lots)

    def _cancel(self, action: Cancel) -> list[Outcome]:
        order = self._pick(action.order)
        if order is None:
            return []
        account = self.player.stranger(order.account) if action.by_stranger else order.account
        return self.reference.cancel(account, order.sequence)

    def _pick(self, number: int) -> Order | None:
        """The n-th live order by age, counted around."""
        orders = sorted(self.reference.venue.orders.values(), key=lambda order: order.sequence)
        return orders[number % len(orders)] if orders else None

    # --- the engine in the reference's words ------------------------------------------------

    def _outcomes(self, produced: list[Event]) -> list[Outcome]:
        outcomes = [self._outcome(event) for event in produced]
        return [outcome for outcome in outcomes if outcome is not None]

    def _outcome(self, event: Event) -> Outcome | None:
        kind = EventKind(event["kind"])
        if kind in LIQUIDATIONS:
            self.is_over = True
        if kind is EventKind.COMMAND_REJECTED:
            return ("rejected", RejectReason(event["reason"]).name)
        if kind is EventKind.ORDER_ACCEPTED:
            self.sequences[event["order"]] = event["sequence"]
            names = ("account", "price_ticks", "quantity_lots")
            return ("accepted", event["sequence"], *(event[name] for name in names))
        if kind is EventKind.VARIATION_SETTLED:
            if event["account"] < units.FIRST_USER_ACCOUNT:
                return None  # The house's own share: the reference keeps it in its balances.
            moved = (event["cash_units"], event["unsettled_units"], event["balance_units"])
            return ("settled", event["account"], *moved)
        if kind in (
            EventKind.ORDER_FILLED,
            EventKind.ORDER_CANCELLED,
            EventKind.ORDER_AMENDED,
        ):
            return self._order_outcome(kind, event)
        return None

    def _order_outcome(self, kind: EventKind, event: Event) -> Outcome | None:
        order = self.sequences.get(event["order"], 0)
        who = (order, event["account"])
        if kind is EventKind.ORDER_AMENDED:
            names: tuple[str, ...] = ("price_ticks", "quantity_lots", "remaining_lots")
            return ("amended", *who, *(event[name] for name in names))
        if kind is EventKind.ORDER_CANCELLED:
            reason = CancelReason(event["reason"]).name
            lots = (event["quantity_lots"], event["filled_lots"])
            return ("cancelled", *who, *lots, reason, bool(event["resting"]))
        names = ("price_ticks", "quantity_lots", "remaining_lots", "trade")
        names += ("fee_units", "realised_units", "position_lots")
        is_maker = bool(event["flags"] & units.FLAG_MAKER)
        return ("filled", *who, is_maker, *(event[name] for name in names))

    # --- the same state ---------------------------------------------------------------------

    def compare(self) -> None:
        """Every balance, position, order and level of the two is the same."""
        for account in [*self.accounts, FEES]:
            mine, theirs = (
                self.reference.venue.ledger.cash(account),
                self.venue.balance(account),
            )
            assert theirs == mine, f"cash of {account}: engine {theirs}, reference {mine}"
        for contract in self.player.contracts:
            self._compare_contract(contract)
        for account in self.accounts:
            self._compare_positions(account)

    def _compare_contract(self, contract: int) -> None:
        market = self.reference.venue.markets[contract]
        for side in (BUY, SELL):
            mine = [
                (order.price, order.sequence, order.account, order.remaining)
                for order in market.book.orders()
                if order.side == side
            ]
            theirs = list(self._engine_queue(contract, side))
            assert theirs == mine, f"book {contract} {side}:\nengine    {theirs}\n{mine}"
        interest = int(self.venue.state.contracts[contract]["open_interest_lots"])
        assert interest == market.open_interest, f"open interest of {contract}"
        owed = int(self.venue.state.contracts[contract]["fees_unsettled_units"])
        assert owed == market.fees_owed, f"fees owed in {contract}: {owed}"

    def _engine_queue(self, contract: int, side: int) -> Iterable[tuple[int, int, int, int]]:
        state = self.venue.state
        link = int(state.level_next[2 * contract + (side == SELL), 0])
        while link:
            order = int(state.levels[link - 1]["first"])
            while order:
                row = state.orders[order - 1]
                sequence = self.sequences[int(row["id"])]
                price, lots = int(row["price_ticks"]), int(row["remaining_lots"])
                yield price, sequence, int(row["account"]), lots
                order = int(row["next"])
            link = int(state.level_next[link - 1, 0])

    def _compare_positions(self, account: int) -> None:
        """Positions in which lots or money stand; one that only carries orders is none."""
        theirs = {}
        for row in rows(self.venue.state.positions[account :: units.ACCOUNTS_MAX]):
            names = ("lots", "cost_units", "entry_units", "unsettled_units")
            figures = tuple(row[name] for name in names)
            if any(figures):
                theirs[row["contract"] - 1] = figures
        mine = {
            contract: (p.lots, p.cost, p.entry, p.unsettled)
            for contract, p in self.reference.venue.positions.get(account, {}).items()
            if p.lots or p.unsettled
        }
        assert theirs == mine, f"positions of {account}: engine {theirs}, reference {mine}"

    # --- starting and prices ----------------------------------------------------------------

    def _copy_start(self) -> None:
        for account in self.accounts:
            owner = int(self.venue.state.accounts[account]["owner"])
            self.reference.venue.owners[account] = owner
            cash = self.venue.balance(account)
            if cash:
                self.reference.venue.ledger.move(EXTERNAL, account, cash)
        for contract in self.player.contracts:
            row = self.venue.state.contracts[contract]
            self.reference.venue.markets[contract] = Market(
                Terms(
                    tick_value=int(row["tick_value_units"]),
                    initial_ppm=int(row["initial_margin_ppm"]),
                    floor=int(row["margin_floor_units"]),
                    maker_fee_ppm=int(row["maker_fee_ppm"]),
                    taker_fee_ppm=int(row["taker_fee_ppm"]),
                    order_band_ppm=int(row["order_band_ppm"]),
                    passive_band_ppm=int(row["passive_band_ppm"]),
                    min_notional=int(row["min_notional_units"]),
                    position_limit=int(row["position_limit_units"]),
                    reference=int(row["reference_ticks"]),
                    ceiling=int(row["price_ceiling_ticks"]),
                )
            )
        self._learn_prices()

    def _learn_prices(self) -> None:
        for contract in self.player.contracts:
            row = self.venue.state.contracts[contract]
            market = self.reference.venue.markets[contract]
            market.terms.mark = int(row["mark_ticks"])
            status = int(self.venue.state.underlyings[int(row["underlying"])]["status"])
            market.index_is_valid = status == units.ORACLE_VALID
