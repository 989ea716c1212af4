"""Every sequence of up to four commands over a small alphabet: engine and reference agree.

Two accounts, three prices around the mark, two sizes, both sides, and each account's CancelAll:
26 commands, 475,254 sequences. Takers pay a fee, of which makers get a part as a rebate.
Prefixes are shared: depth first, both venues are set back to where they stood before the next
command is tried. Events are compared after every command, every row of every table after every
sequence that can still be continued, and the auditor looks at the engine wherever it is asked
to (`audited_depth`).
"""

from collections import Counter as Tally
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from exchange.engine import units
from exchange.engine.commands import HEADER
from exchange.engine.state import State
from tests.simulation.auditor import audit
from tests.simulation.reference.book import Book
from tests.simulation.reference.ledger import Ledger
from tests.simulation.reference.state import Slots, Venue
from tests.simulation.reference.tables import Account, Contract, Funding, Order, Position
from tests.simulation.reference.wire import (
    BUY,
    ROLE_TRADER,
    SELL,
    CommandKind,
    ContractParameter,
    EventKind,
    Row,
)
from tests.simulation.same_state import assert_same_state
from tests.simulation.side_by_side import SideBySide, command
from tests.simulation.simulator.dice import Dice
from tests.simulation.simulator.world import MENU, World

PRICES = (599_999, 600_000, 600_001)  # around a mark of 600,000
SIZES = (1, 3)
USDC = 1_000_000
INITIAL_MARGIN_PPM = 20_000  # 1.20 USDC a lot
TAKER_FEE_PPM = 500  # 0.03 USDC a lot
MAKER_FEE_PPM = -100  # 0.006 USDC a lot: a rebate, paid from that
FUNDS = (5 * USDC, 9 * USDC)  # for four lots and for seven: what comes late is refused
LAST = 2  # commands of a sequence that may be dealt out
ROWS = 16  # of orders and levels: more than four commands can use

Integers = npt.NDArray[np.int64]


def start() -> World:
    """One contract at 60,000.0, and two traders who can afford some of the alphabet."""
    world = World(Dice(1), SideBySide(whole_every=1_000_000))
    world.add_sources()
    world.list_contract(MENU[0], world.list_underlying(MENU[0]))
    for parameter, value in (
        (ContractParameter.MARK_BAND_PPM, INITIAL_MARGIN_PPM // 4),
        (ContractParameter.INITIAL_MARGIN_PPM, INITIAL_MARGIN_PPM),
        (ContractParameter.TAKER_FEE_PPM, TAKER_FEE_PPM),
        (ContractParameter.MAKER_FEE_PPM, MAKER_FEE_PPM),
    ):
        world.operate(CommandKind.SET_PARAMETER, parameter=int(parameter), value=value)
    for amount in FUNDS:
        world.open_funded(amount)
    for source, reporter in enumerate(world.reporters):
        observed = {"source": source, "price_e8": MENU[0].reference_ticks * MENU[0].tick_e8}
        now = world.both.time_ns
        kind = CommandKind.SUBMIT_OBSERVATION
        world.both.do(kind, reporter, **observed, publish_time_ns=now)
    world.both.compare_all()
    return world


def alphabet(world: World) -> list[Row]:
    """Every command that is tried at every place of a sequence."""
    letters = []
    for account in world.traders:
        for side in (BUY, SELL):
            for price in PRICES:
                for lots in SIZES:
                    order = {"side": side, "price_ticks": price, "quantity_lots": lots}
                    kind = CommandKind.PLACE_ORDER
                    letters.append(command(kind, account, account=account, **order))
        fields_of_all = {"account": account, "contract": -1}
        letters.append(command(CommandKind.CANCEL_ALL, account, **fields_of_all))
    return letters


class Enumeration:
    """Walks the tree of all sequences of a given length.

    every: of the last two commands only each so manieth is tried, dealt out in turn over all
    that came before, so that each letter has its share of the sequences; 1: all of them.
    """

    def __init__(self, world: World, audited_depth: int = 2, every: int = 1) -> None:
        self.both = world.both
        self.every = every
        self.letters = alphabet(world)
        self.audited_depth = audited_depth
        self.windows = windows(self.both.tables, len(world.venue.accounts))
        self.sequences = 0
        self._dealt: Tally[int] = Tally()  # letters, by what is left of the sequence
        self.seen: Tally[str] = Tally()  # events of the last command of each sequence

    def walk(self, length: int, depth: int = 0) -> None:
        """Tries every letter here, and behind each every shorter sequence."""
        engine = [window.copy() for window in self.windows]
        venue = self.both.venue
        for letter in self._tried(length):
            self.both.reference.venue = copied(venue)
            self._apply(letter)
            self.sequences += 1
            if length > 1:
                assert_same_state(self.both.tables, self.both.venue)
                if depth < self.audited_depth:
                    audit(self.both.tables)
                self.walk(length - 1, depth + 1)
            for window, saved in zip(self.windows, engine, strict=True):
                window[:] = saved
        self.both.reference.venue = venue

    def _tried(self, length: int) -> list[Row]:
        if length > LAST:
            return self.letters
        dealt = self._dealt[length]
        self._dealt[length] += len(self.letters)
        return self.letters[-dealt % self.every :: self.every]

    def _apply(self, letter: Row) -> None:
        row = (self.both.venue.sequence + 1, self.both.time_ns, *letter[2:])
        produced = self.both.machine.apply(np.array([row], np.int64).view(HEADER))
        found = list(map(tuple, produced.view(np.int64).reshape(-1, 16).tolist()))
        expected = self.both.reference.apply(row)
        assert found == expected, f"{row}\nengine    {found}\nreference {expected}"
        self.seen.update(EventKind(event[2]).name for event in expected)


def windows(state: State, accounts: int) -> list[Integers]:
    """The parts of the engine's tables that such short sequences can change."""
    first = units.LEVEL_HEADS
    parts = [
        state.counters,
        state.accounts[:accounts],
        state.balances[:accounts],
        state.positions[:accounts],
        state.orders[:ROWS],
        state.levels[:2],
        state.levels[first : first + ROWS],
        state.level_next[:2],
        state.level_next[first : first + ROWS],
        state.contracts[:1],
        state.funding[:1],
    ]
    return [part.view(np.int64) for part in parts]


def copied(venue: Venue) -> Venue:
    """A reference that can go on without changing the one it was copied from."""
    other = _copy(venue)
    orders = other.orders = {number: _copy(order) for number, order in venue.orders.items()}
    other.ledger = Ledger()
    other.ledger.balances.update(venue.ledger.balances)
    other.accounts = [_copied_account(account, orders) for account in venue.accounts]
    other.contracts = [_copy(contract) for contract in venue.contracts]
    other.funding = [_copy(funding) for funding in venue.funding]
    other.books = [_copied_book(book, orders) for book in venue.books]
    other.order_slots = Slots(list(venue.order_slots.free), venue.order_slots.high)
    return other


def _copied_account(account: Account, orders: dict[int, Order]) -> Account:
    if not account.role & ROLE_TRADER:
        return account  # Somebody who does not trade: nothing of it changes.
    other = _copy(account)
    other.positions = {contract: _copy(held) for contract, held in account.positions.items()}
    other.orders = {number: orders[number] for number in account.orders}
    return other


def _copied_book(book: Book, orders: dict[int, Order]) -> Book:
    bids, asks = (
        {price: [orders[order.id] for order in queue] for price, queue in levels.items()}
        for levels in (book.bids, book.asks)
    )
    return Book(bids, asks)


Thing = TypeVar("Thing", Venue, Account, Contract, Funding, Order, Position)
_FIELDS: dict[type, Any] = {
    kind: attrgetter(*(field.name for field in fields(kind)))
    for kind in (Venue, Account, Contract, Funding, Order, Position)
}


def _copy(thing: Thing) -> Thing:
    """One row; what it refers to is shared."""
    kind = type(thing)
    return kind(*_FIELDS[kind](thing))
