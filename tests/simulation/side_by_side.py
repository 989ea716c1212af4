"""The engine and the reference, command by command: they agree on all that both know.

After each step the outcomes are compared first, then every balance, position, order and price
level, and then the auditor looks at the engine's state alone. Prices come from the engine's own
oracle: the reference is told the mark and whether the index is valid. A liquidation ends the
comparison, since the reference has none; `is_over` tells.
"""

from collections.abc import Iterable

from exchange.engine import units
from exchange.engine.commands import CommandKind
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
from tests.simulation.reference import Outcome, Reference

FORCES = {
    "gtc": units.TIF_GOOD_TIL_CANCELLED,
    "ioc": units.TIF_IMMEDIATE_OR_CANCEL,
    "fok": units.TIF_FILL_OR_KILL,
}
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
        self.reference = Reference()
        self.contracts = list(range(int(venue.state.counters[3])))
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
        expected, found = self._apply(action)
        if self.is_over:
            audit(self.venue.state)
            return
        assert found == expected, f"{action}\nengine    {found}\nreference {expected}"
        for outcome in found:
            key = f"{outcome[0]} {outcome[1]}" if outcome[0] == "rejected" else outcome[0]
            self.seen[key] = self.seen.get(key, 0) + 1
        self.compare()
        audit(self.venue.state)

    # --- both sides of a command ------------------------------------------------------------

    def _apply(self, action: Action) -> tuple[list[Outcome], list[Outcome]]:
        if isinstance(action, Place):
            return self._place(action)
        if isinstance(action, Amend):
            return self._amend(action)
        if isinstance(action, Cancel):
            return self._cancel(action)
        if isinstance(action, CancelAll):
            return self._cancel_all(action)
        if isinstance(action, Move):
            return self._move(action)
        if isinstance(action, Wait):
            return self._wait(action)
        if isinstance(action, Deposit):
            return self._deposit(action)
        return self._settle(action)

    def _place(self, action: Place) -> tuple[list[Outcome], list[Outcome]]:
        account, contract = self.accounts[action.account], self.contracts[action.contract]
        price = 0
        if not action.is_market:
            price = self.venue.mark(contract) + action.side * action.offset
        flags = FORCES[action.force]
        flags |= units.TYPE_MARKET if action.is_market else units.TYPE_LIMIT
        flags |= units.FLAG_POST_ONLY * action.post_only
        flags |= units.FLAG_REJECT_POST_ONLY * action.reject_post_only
        flags |= units.FLAG_REDUCE_ONLY * action.reduce_only
        found = self._engine(
            CommandKind.PLACE_ORDER,
            account,
            contract=contract,
            side=action.side,
            flags=flags,
            price_ticks=price,
            quantity_lots=action.lots,
            label=action.label,
        )
        ask = Request(
            self.venue.sequence,
            account,
            contract,
            action.side,
            price,
            action.lots,
            action.is_market,
            action.force,
            action.post_only,
            action.reject_post_only,
            action.reduce_only,
            action.label,
        )
        return self.reference.place(ask), found

    def _amend(self, action: Amend) -> tuple[list[Outcome], list[Outcome]]:
        engine_id, order = self._pick(action.order)
        if order is None:
            return [], []
        price = order.price
        if action.offset is not None:
            price = self.venue.mark(order.contract) + order.side * action.offset
        found = self._engine(
            CommandKind.AMEND_ORDER,
            order.account,
            contract=order.contract,
            side=order.side,
            order=engine_id,
            price_ticks=price,
            quantity_lots=action.lots,
        )
        sequence = order.sequence
        return self.reference.amend(order.account, sequence, price, action.lots), found

    def _cancel(self, action: Cancel) -> tuple[list[Outcome], list[Outcome]]:
        engine_id, order = self._pick(action.order)
        if order is None:
            return [], []
        account = order.account
        if action.by_stranger:
            account = next(other for other in self.accounts if other != account)
        found = self._engine(CommandKind.CANCEL_ORDER, account, order=engine_id)
        return self.reference.cancel(account, order.sequence), found

    def _cancel_all(self, action: CancelAll) -> tuple[list[Outcome], list[Outcome]]:
        account = self.accounts[action.account]
        found = self._engine(
            CommandKind.CANCEL_ALL, account, contract=action.contract, label=action.label
        )
        return self.reference.cancel_all(account, action.contract, action.label), found

    def _move(self, action: Move) -> tuple[list[Outcome], list[Outcome]]:
        row = self.venue.state.contracts[self.contracts[action.contract]]
        index = int(self.venue.state.underlyings[int(row["underlying"])]["index_e8"])
        price = max(1, index + index * action.move_ppm // 1_000_000)
        self.venue.pass_time(action.seconds)
        produced = self.venue.observe(int(row["underlying"]), price)
        self._learn_prices()
        return [], self._outcomes(produced)

    def _wait(self, action: Wait) -> tuple[list[Outcome], list[Outcome]]:
        produced = self.venue.tick(action.seconds)
        self._learn_prices()
        return [], self._outcomes(produced)

    def _deposit(self, action: Deposit) -> tuple[list[Outcome], list[Outcome]]:
        account = self.accounts[action.account]
        self.venue.deposit(account, action.amount)
        self.reference.venue.ledger.move(EXTERNAL, account, action.amount)
        return [], []

    def _settle(self, action: Settle) -> tuple[list[Outcome], list[Outcome]]:
        contract = self.contracts[action.contract]
        produced = self.venue.do(
            CommandKind.SETTLE_VARIATION, units.OPERATOR, contract=contract
        )
        return self.reference.settle(contract), self._outcomes(produced)

    def _engine(self, kind: CommandKind, account: int, **fields: int) -> list[Outcome]:
        return self._outcomes(self.venue.do(kind, account, account=account, **fields))

    def _pick(self, number: int) -> tuple[int, Order | None]:
        """The n-th live order, counted around."""
        orders = sorted(self.reference.venue.orders.values(), key=lambda order: order.sequence)
        if not orders:
            return 0, None
        order = orders[number % len(orders)]
        engine_ids = {sequence: engine_id for engine_id, sequence in self.sequences.items()}
        return engine_ids[order.sequence], order

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
            names = ("account", "cash_units", "unsettled_units", "balance_units")
            return ("settled", *(event[name] for name in names))
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
        for contract in self.contracts:
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
                names = ("account", "remaining_lots")
                sequence = self.sequences[int(row["id"])]
                yield (int(row["price_ticks"]), sequence, *(int(row[n]) for n in names))
                order = int(row["next"])
            link = int(state.level_next[link - 1, 0])

    def _compare_positions(self, account: int) -> None:
        """Positions in which lots or money stand; one that only carries orders is none."""
        theirs = {}
        first = account * units.SLOTS_MAX
        slots = int(self.venue.state.accounts[account]["slot_count"])
        for row in rows(self.venue.state.positions[first : first + slots]):
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
        for contract in self.contracts:
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
        for contract in self.contracts:
            row = self.venue.state.contracts[contract]
            market = self.reference.venue.markets[contract]
            market.terms.mark = int(row["mark_ticks"])
            status = int(self.venue.state.underlyings[int(row["underlying"])]["status"])
            market.index_is_valid = status == units.ORACLE_VALID
