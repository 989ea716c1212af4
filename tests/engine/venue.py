"""A venue for tests: one state machine, its clock and sequence, and the words of a trader.

Every method applies one command through the public `StateMachine.apply` and returns its events
as plain dicts, so that a test can write out what it expects.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from exchange.engine import commands, events, units
from exchange.engine.commands import CommandKind, pack_name
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter, State
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import INDEX_SCALE, NANOSECONDS, OPERATOR
from tests.simulation.auditor import audit

Event = dict[str, int]
Records = npt.NDArray[np.void]

START_NS = 1_700_000_000 * NANOSECONDS
UNITS = units.MONEY_SCALE  # 1 USDC


class Listing(NamedTuple):
    """A contract as it is listed at launch: one tick of one lot is worth 100 units."""

    underlying: str
    name: str
    tick_e8: int
    lot_e8: int
    reference_ticks: int
    initial_margin_ppm: int
    margin_floor_units: int
    mark_band_ppm: int


LISTINGS = (
    Listing(
        "BTC",
        "BTC_USDC-PERPETUAL",
        tick_e8=10_000_000,
        lot_e8=100_000,
        reference_ticks=600_000,
        initial_margin_ppm=20_000,
        margin_floor_units=5_000_000 * UNITS,
        mark_band_ppm=5_000,
    ),
    Listing(
        "ETH",
        "ETH_USDC-PERPETUAL",
        tick_e8=1_000_000,
        lot_e8=1_000_000,
        reference_ticks=300_000,
        initial_margin_ppm=25_000,
        margin_floor_units=3_000_000 * UNITS,
        mark_band_ppm=5_000,
    ),
    Listing(
        "SOL",
        "SOL_USDC-PERPETUAL",
        tick_e8=100_000,
        lot_e8=10_000_000,
        reference_ticks=150_000,
        initial_margin_ppm=50_000,
        margin_floor_units=500_000 * UNITS,
        mark_band_ppm=10_000,
    ),
)
BTC, ETH, SOL = range(3)


def decode(produced: Records) -> list[Event]:
    """Events as dicts of the fields that their kind has."""
    decoded = []
    for record in produced:
        layout = events.LAYOUTS[int(record["kind"])]
        row = record.reshape(1).view(layout)[0]
        names = [name for name in layout.names or () if not name.startswith("unused_")]
        decoded.append({name: int(row[name]) for name in names})
    return decoded


def kinds(produced: list[Event]) -> list[EventKind]:
    """The kinds of some events, in order."""
    return [EventKind(event["kind"]) for event in produced]


def reason(produced: list[Event]) -> RejectReason:
    """Why a command was refused, or ACCEPTED."""
    refused = [event for event in produced if event["kind"] == EventKind.COMMAND_REJECTED]
    return RejectReason(refused[0]["reason"]) if refused else RejectReason.ACCEPTED


@dataclass(slots=True)
class Venue:
    """Applies commands one by one; time moves only when the test says so."""

    machine: StateMachine = field(default_factory=StateMachine.create)
    sequence: int = 0
    time_ns: int = START_NS
    reporters: list[int] = field(default_factory=list)
    # Every command applied so far, as the journal would hold them.
    journal: list[Records] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The engine's own arrays."""
        return self.machine.state

    # --- applying ---------------------------------------------------------------------------

    def stamp(self, batch: Records) -> Records:
        """Gives commands their sequence and time, as the runner does."""
        batch["sequence"] = np.arange(self.sequence + 1, self.sequence + 1 + len(batch))
        batch["time_ns"] = self.time_ns
        self.sequence += len(batch)
        self.journal.append(batch)
        return batch

    def apply(self, batch: Records) -> Records:
        """Applies commands as one batch; the events are a copy."""
        return self.machine.apply(self.stamp(batch)).copy()

    def do(self, kind: CommandKind, principal: int, **fields: int) -> list[Event]:
        """Applies one command."""
        return decode(self.apply(commands.make(kind, principal, **fields)))

    def must(self, kind: CommandKind, principal: int, **fields: int) -> list[Event]:
        """Applies one command that has to be accepted."""
        produced = self.do(kind, principal, **fields)
        assert reason(produced) is RejectReason.ACCEPTED, (kind, fields, reason(produced))
        return produced

    def pass_time(self, seconds: float) -> None:
        """Moves the clock; nothing happens until the next command."""
        self.time_ns += round(seconds * NANOSECONDS)

    def tick(self, seconds: float = 0) -> list[Event]:
        """Moves the clock and lets the engine notice."""
        self.pass_time(seconds)
        return self.must(CommandKind.TICK, OPERATOR)

    # --- setting up -------------------------------------------------------------------------

    def open_account(self, role: int = units.ROLE_TRADER, owner: int = units.NO_ACCOUNT) -> int:
        """A new account's id."""
        produced = self.must(CommandKind.OPEN_ACCOUNT, OPERATOR, account=owner, role=role)
        return produced[0]["account"]

    def deposit(self, account: int, amount_units: int) -> list[Event]:
        """Money from outside."""
        return self.must(
            CommandKind.DEPOSIT,
            OPERATOR,
            account=account,
            asset=units.USDC,
            amount_units=amount_units,
        )

    def open_funded(self, amount_units: int) -> int:
        """A trader with some cash."""
        account = self.open_account()
        self.deposit(account, amount_units)
        return account

    def add_reporters(self, count: int) -> None:
        """Registers sources 0..count-1, each with an account of its own."""
        for source in range(len(self.reporters), count):
            account = self.open_account(units.ROLE_REPORTER)
            self.must(
                CommandKind.REGISTER_REPORTER,
                OPERATOR,
                account=account,
                source=source,
                weight_ppm=units.PPM,
                key_0=source + 1,
            )
            self.reporters.append(account)

    def list_underlying(self, name: str) -> int:
        """A new underlying's number."""
        words = pack_name(name, 2)
        produced = self.must(
            CommandKind.LIST_UNDERLYING, OPERATOR, name_0=words[0], name_1=words[1]
        )
        return produced[0]["underlying"]

    def list_contract(self, listing: Listing, underlying: int) -> int:
        """Lists and opens a perpetual; its number."""
        words = {f"name_{i}": word for i, word in enumerate(pack_name(listing.name, 4))}
        produced = self.must(
            CommandKind.LIST_CONTRACT,
            OPERATOR,
            **words,
            underlying=underlying,
            contract_kind=units.KIND_PERPETUAL,
            tick_e8=listing.tick_e8,
            lot_e8=listing.lot_e8,
            reference_ticks=listing.reference_ticks,
        )
        contract = produced[0]["contract"]
        self.set_parameter(
            contract, ContractParameter.MARGIN_FLOOR_UNITS, listing.margin_floor_units
        )
        self.set_parameter(contract, ContractParameter.MARK_BAND_PPM, listing.mark_band_ppm)
        self.set_parameter(
            contract, ContractParameter.INITIAL_MARGIN_PPM, listing.initial_margin_ppm
        )
        self.set_state(contract, units.STATE_OPEN)
        return contract

    def set_state(self, contract: int, state: int) -> list[Event]:
        """Opens, halts or restricts a contract."""
        return self.must(
            CommandKind.SET_CONTRACT_STATE, OPERATOR, contract=contract, state=state
        )

    def set_parameter(self, contract: int, parameter: ContractParameter, value: int) -> None:
        """Changes one governed parameter."""
        self.must(
            CommandKind.SET_PARAMETER,
            OPERATOR,
            contract=contract,
            parameter=parameter,
            value=value,
        )

    # --- prices -----------------------------------------------------------------------------

    def observe(
        self, underlying: int, price_e8: int, sources: int | None = None
    ) -> list[Event]:
        """Every source (or the first few) reports the same price now."""
        produced: list[Event] = []
        for source, account in enumerate(self.reporters[:sources]):
            produced += self.must(
                CommandKind.SUBMIT_OBSERVATION,
                account,
                source=source,
                underlying=underlying,
                price_e8=price_e8,
                publish_time_ns=self.time_ns,
            )
        return produced

    def set_price(self, contract: int, price_ticks: int, seconds: float = 1) -> list[Event]:
        """Moves the clock, then the index of the contract's underlying."""
        self.pass_time(seconds)
        row = self.state.contracts[contract]
        return self.observe(int(row["underlying"]), price_ticks * int(row["tick_e8"]))

    def drive_price(self, contract: int, price_ticks: int, limit: int = 400) -> int:
        """Repeats the price, a second apart, until the mark stands there; returns the mark."""
        for _ in range(limit):
            if self.mark(contract) == price_ticks:
                break
            self.set_price(contract, price_ticks)
        return self.mark(contract)

    def mark(self, contract: int) -> int:
        """The mark in ticks."""
        return int(self.state.contracts[contract]["mark_ticks"])

    # --- trading ----------------------------------------------------------------------------

    def place(
        self,
        account: int,
        contract: int,
        side: int,
        price_ticks: int,
        quantity_lots: int,
        flags: int = units.TYPE_LIMIT,
        **more: int,
    ) -> list[Event]:
        """One order by its account."""
        return self.do(
            CommandKind.PLACE_ORDER,
            account,
            account=account,
            contract=contract,
            side=side,
            price_ticks=price_ticks,
            quantity_lots=quantity_lots,
            flags=flags,
            **more,
        )

    def rest(
        self, account: int, contract: int, side: int, price_ticks: int, quantity_lots: int
    ) -> int:
        """One limit order that has to be accepted; its id."""
        produced = self.place(account, contract, side, price_ticks, quantity_lots)
        assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
        return produced[0]["order"]

    def trade(
        self, buyer: int, seller: int, contract: int, price_ticks: int, quantity_lots: int
    ) -> list[Event]:
        """The seller rests, the buyer takes it all; the taker's events."""
        self.rest(seller, contract, units.SELL, price_ticks, quantity_lots)
        produced = self.place(buyer, contract, units.BUY, price_ticks, quantity_lots)
        assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
        return produced

    def cancel(self, account: int, order: int) -> list[Event]:
        """Cancels one order."""
        return self.do(CommandKind.CANCEL_ORDER, account, account=account, order=order)

    # --- looking ----------------------------------------------------------------------------

    def balance(self, account: int, asset: int = units.USDC) -> int:
        """Cash in units."""
        return int(self.state.balances[account, asset])

    def position(self, account: int, contract: int) -> Event:
        """The position row, all zero when there is none."""
        table = self.state.positions[account :: units.ACCOUNTS_MAX]
        found = table[table["contract"] == contract + 1]
        row = found[0] if len(found) else np.zeros(1, table.dtype)[0]
        return {name: int(row[name]) for name in table.dtype.names or ()}

    def book(self, contract: int, side: int, count: int) -> list[tuple[int, int]]:
        """The best levels of a side, best first, as (price_ticks, lots)."""
        state = self.state
        found: list[tuple[int, int]] = []
        link = state.level_next[2 * contract + (0 if side == units.BUY else 1), 0]
        while link and len(found) < count:
            level = state.levels[link - 1]
            found.append((int(level["price_ticks"]), int(level["lots"])))
            link = state.level_next[link - 1, 0]
        return found

    def assert_books_balance(self) -> None:
        """The auditor finds nothing wrong."""
        audit(self.state)


def make_venue(reference_prices: bool = True, *, with_funding: bool = False) -> Venue:
    """BTC, ETH and SOL perpetuals, five sources, a VALID index at each reference price.

    with_funding: else the most that an hour may cost is 0, and figures stay round.
    """
    venue = Venue()
    venue.add_reporters(5)
    for listing in LISTINGS:
        contract = venue.list_contract(listing, venue.list_underlying(listing.underlying))
        if not with_funding:
            venue.set_parameter(contract, ContractParameter.FUNDING_RATE_MAX_PPB, 0)
        if reference_prices:
            venue.set_price(contract, listing.reference_ticks)
    return venue


def price_e8(contract: int, price_ticks: int) -> int:
    """An index price that stands at a tick of one of the launch contracts."""
    assert INDEX_SCALE % LISTINGS[contract].tick_e8 == 0
    return price_ticks * LISTINGS[contract].tick_e8
