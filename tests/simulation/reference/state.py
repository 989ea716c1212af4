"""All tables of the reference venue, the events it says, and the small changes everybody makes.

An order's id is (number << 20) | slot, a withdrawal's (sequence << 16) | slot: a freed slot is
the first to be used again. The reference keeps those stacks only to know the ids.
"""

from dataclasses import dataclass, field

from tests.simulation.reference.book import Book
from tests.simulation.reference.ledger import Ledger
from tests.simulation.reference.margin import OpenOrders
from tests.simulation.reference.premium import look
from tests.simulation.reference.tables import (
    Account,
    Batch,
    Contract,
    Funding,
    Gateway,
    Key,
    Observation,
    Order,
    Position,
    Reporter,
    Underlying,
    Withdrawal,
)
from tests.simulation.reference.wire import (
    EVENT_COLUMNS,
    FIRST_USER_ACCOUNT,
    OPERATOR,
    ROLE_OPERATOR,
    ROW_SIZE,
    EventKind,
    RejectReason,
    Row,
)

Answer = tuple[RejectReason, int]  # and the money that is missing, when that is the reason
ACCEPTED: Answer = (RejectReason.ACCEPTED, 0)

ORDER_SLOT_BITS = 20
WITHDRAWAL_SLOT_BITS = 16
POSITIONS_MAX = 64  # of an account
HOUR_NS = 3_600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
DAY_END_NS = 8 * HOUR_NS  # after 00:00 UTC


@dataclass(slots=True)
class Slots:
    """Numbered places: the last one freed is taken first."""

    free: list[int] = field(default_factory=list)
    high: int = 0

    def claim(self) -> int:
        if self.free:
            return self.free.pop()
        self.high += 1
        return self.high - 1


def _house() -> list[Account]:
    accounts = [Account(owner=number) for number in range(FIRST_USER_ACCOUNT)]
    accounts[OPERATOR].role = ROLE_OPERATOR
    return accounts


@dataclass(slots=True)
class Venue:
    """The tables."""

    sequence: int = 0
    time_ns: int = 0
    trades: int = 0
    order_numbers: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    accounts: list[Account] = field(default_factory=_house)
    contracts: list[Contract] = field(default_factory=list)
    funding: list[Funding] = field(default_factory=list)  # by contract
    sample_end_ns: int = 0  # when the funding sample under way ends
    books: list[Book] = field(default_factory=list)
    # Open orders by id: those in a book and those that wait for a trigger.
    orders: dict[int, Order] = field(default_factory=dict)
    places: int = 0
    # Dormant orders for which something has filled, first come.
    pending: list[Order] = field(default_factory=list)
    order_slots: Slots = field(default_factory=Slots)
    underlyings: list[Underlying] = field(default_factory=list)
    observations: dict[tuple[int, int], Observation] = field(default_factory=dict)
    reporters: dict[int, Reporter] = field(default_factory=dict)
    withdrawals: dict[int, Withdrawal] = field(default_factory=dict)
    withdrawal_slots: Slots = field(default_factory=Slots)
    gateways: dict[int, Gateway] = field(default_factory=dict)
    # By (account, key), the oldest first.
    keys: dict[tuple[int, int], Key] = field(default_factory=dict)
    armed: list[int] = field(default_factory=list)  # accounts whose heartbeat is waited for
    batch: Batch | None = None
    events: list[Row] = field(default_factory=list)

    # --- asking -----------------------------------------------------------------------------

    def is_user(self, account: int) -> bool:
        return FIRST_USER_ACCOUNT <= account < len(self.accounts)

    def is_listed(self, contract: int) -> bool:
        return 0 <= contract < len(self.contracts)

    def lots(self, account: int, contract: int) -> int:
        position = self.accounts[account].positions.get(contract)
        return position.lots if position else 0

    def wishes(self, account: int) -> int:
        """What the owner of an account wants when its orders meet: SELF_TRADE_*."""
        return self.accounts[self.accounts[account].owner].self_trade_mode

    def owner_orders(self, account: int) -> int:
        """Open orders of all accounts of an account's owner."""
        owner = self.accounts[account].owner
        return sum(len(other.orders) for other in self.accounts if other.owner == owner)

    def is_day_over(self, order: Order) -> bool:
        """Whether it has been 08:00 UTC since a good-til-day order was accepted."""
        if not order.is_good_til_day:
            return False
        since_an_end = (order.accepted_ns - DAY_END_NS) % DAY_NS
        return self.time_ns >= order.accepted_ns - since_an_end + DAY_NS

    def days(self) -> list[Order]:
        """All open good-til-day orders, the last to be listed last."""
        return [order for order in self.orders.values() if order.is_good_til_day]

    def open_orders(self, account: int, contract: int) -> OpenOrders:
        """The sums over what an account has in one book, counted anew."""
        sums = OpenOrders()
        for order in self.accounts[account].orders.values():
            if order.contract == contract and order.is_resting:
                sums.add(order.side, order.price_ticks, order.remaining_lots)
        return sums

    def open_interest_units(self) -> int:
        """Of all contracts, at their listing references."""
        return sum(
            row.open_interest_lots * row.reference_ticks * row.tick_value_units
            for row in self.contracts
        )

    def holders(self, contract: int) -> dict[int, Position]:
        """Everybody with a position, lowest account first."""
        return {
            number: account.positions[contract]
            for number, account in enumerate(self.accounts)
            if contract in account.positions
        }

    # --- changing ---------------------------------------------------------------------------

    def look_at_premium(self, contract: int, now_ns: int) -> None:
        """To be called before anything changes on which a contract's premium depends."""
        row = self.contracts[contract]
        underlying = self.underlyings[row.underlying]
        look(row, self.books[contract], underlying, self.funding[contract], now_ns)

    def claim_position(self, account: int, contract: int) -> Position:
        return self.accounts[account].positions.setdefault(contract, Position())

    def release_position(self, account: int, contract: int) -> None:
        """Forgets a position in which nothing stands."""
        positions = self.accounts[account].positions
        if contract in positions and positions[contract].is_empty():
            del positions[contract]

    def waiting(self, contract: int) -> list[Order]:
        """Everybody who waits for a price of a contract."""
        orders = self.orders.values()
        return [order for order in orders if order.contract == contract and order.is_waiting]

    def note_price(self, contract: int, *, is_last: bool) -> None:
        """Remembers that a price has moved for which somebody waits."""
        waiting = self.waiting(contract)
        if any(order.watches_last or not is_last for order in waiting):
            self.contracts[contract].is_due = 1

    def list_open(self, order: Order) -> None:
        """Puts an order among the open ones: into its book, unless it waits for something."""
        if order.is_resting:
            self.look_at_premium(order.contract, self.time_ns)
            self.books[order.contract].add(order)
        self.orders[order.id] = order
        self.accounts[order.account].orders[order.id] = order

    def unlist(self, order: Order) -> None:
        """Takes an order out of where it stands; it may come back."""
        if order.is_resting:
            self.look_at_premium(order.contract, self.time_ns)
            self.books[order.contract].remove(order)
        del self.orders[order.id]
        del self.accounts[order.account].orders[order.id]

    def discard(self, order: Order) -> None:
        """Ends an order that is in no book."""
        self.order_slots.free.append(order.id % (1 << ORDER_SLOT_BITS))
        self.accounts[order.account].positions[order.contract].order_count -= 1
        self.release_position(order.account, order.contract)

    def charge(self, account: int, contract: int, house: int, amount: int) -> int:
        """From cash; what cash cannot cover is owed as unsettled loss, and returned."""
        cash = min(amount, max(0, self.ledger.cash(account)))
        if cash:
            self.ledger.move(account, house, cash)
        self.accounts[account].positions[contract].unsettled_units -= amount - cash
        return amount - cash

    def say(self, kind: EventKind, account: int = -1, contract: int = -1, **more: int) -> None:
        """Says an event; fields that are not named are zero."""
        row = [0] * ROW_SIZE
        row[:5] = self.sequence, self.time_ns, kind, account, contract
        columns = EVENT_COLUMNS[kind]
        for name, value in more.items():
            row[columns[name]] = value
        self.events.append(tuple(row))
