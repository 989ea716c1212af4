"""The engine alone: the whole order path, replay, snapshots, a price tick over everybody."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from exchange.engine import commands, events, units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state import ContractParameter, Counter
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import FIRST_USER_ACCOUNT, OPERATOR
from tests.benchmarks.workload import ACCOUNTS, CANCEL, Totals, Workload
from tests.engine.venue import LISTINGS, UNITS, Records, Venue

Report = Callable[[str, str], None]
BATCH = 1_000
HELD = 6  # positions an account


@dataclass(slots=True)
class Recorded:
    """A workload as commands that carry the engine's own order ids, and where it begins."""

    start: bytes  # snapshot of the venue before the first command
    journal: Records
    first_account: int


def fund_many(venue: Venue, count: int, amount_units: int) -> int:
    """Opens and funds accounts in two batches; the first one's id."""
    first = int(venue.state.counters[Counter.ACCOUNTS])
    opened = np.zeros(count, commands.OPEN_ACCOUNT)
    opened["kind"], opened["principal"] = CommandKind.OPEN_ACCOUNT, OPERATOR
    opened["account"], opened["role"] = units.NO_ACCOUNT, units.ROLE_TRADER
    venue.apply(opened.view(commands.HEADER))
    funded = np.zeros(count, commands.DEPOSIT)
    funded["kind"], funded["principal"] = CommandKind.DEPOSIT, OPERATOR
    funded["account"] = np.arange(first, first + count)
    funded["amount_units"] = amount_units
    venue.apply(funded.view(commands.HEADER))
    return first


class Player:
    """Plays a flow on an engine, piece by piece, learning the ids that it gives."""

    def __init__(self, orders: int, accounts: int = ACCOUNTS) -> None:
        self.venue = Venue()
        self.venue.add_reporters(3)
        self.contract = self.venue.list_contract(LISTINGS[0], self.venue.list_underlying("BTC"))
        self.venue.set_price(self.contract, LISTINGS[0].reference_ticks)
        self.first_account = fund_many(self.venue, accounts, 10_000_000 * UNITS)
        self.totals = Totals()
        self._ids = np.zeros(orders, np.int64)

    def play(self, flow: npt.NDArray[np.void]) -> Records:
        """The commands of the next piece, stamped and applied."""
        journal = _as_commands(flow, self.contract, self.first_account)
        for begin, end in _resolvable(flow):
            part = self.venue.stamp(journal[begin:end])
            cancels = flow["kind"][begin:end] == CANCEL
            orders = part.view(commands.CANCEL_ORDER)
            orders["order"][cancels] = self._ids[flow["order"][begin:end][cancels]]
            produced = self.venue.machine.apply(part)
            assert not np.any(produced["kind"] == EventKind.COMMAND_REJECTED)
            accepted = produced[produced["kind"] == EventKind.ORDER_ACCEPTED]
            numbers = flow["order"][begin:end][~cancels]
            self._ids[numbers] = accepted.view(events.ORDER_ACCEPTED)["order"]
            _count(produced, self.totals)
        self.totals.live_orders = int(self.venue.state.counters[Counter.ORDERS_OPEN])
        return journal

    def check(self, expected: Totals) -> None:
        """Every price-time engine makes the same trades of a flow."""
        for name in ("trades", "volume_lots", "notional_ticks", "live_orders"):
            found, wanted = getattr(self.totals, name), getattr(expected, name)
            assert found == wanted, f"{name}: engine {found}, workload {wanted}"


def record(workload: Workload) -> Recorded:
    """Plays the flow once and checks the totals."""
    player = Player(len(workload.commands))
    start = dump(player.venue.state)
    journal = player.play(workload.commands)
    player.check(workload.totals)
    return Recorded(start, journal, player.first_account)


def whole_order_path(recorded: Recorded, report: Report) -> None:
    """Batches of 1,000, then of everything at once: the same journal, the same state."""
    hashes = set()
    for size, name in (
        (BATCH, f"engine, whole order path, batches of {BATCH:,}"),
        (100, "engine, whole order path, batches of 100"),
        (1, "engine, whole order path, one by one"),
    ):
        journal = recorded.journal if size > 1 else recorded.journal[: 20 * BATCH]
        machine = StateMachine(load(recorded.start))
        seconds = _timed(machine, journal, size)
        report(name, f"{len(journal) / seconds:>12,.0f} commands/s")
        if size > 1:
            hashes.add(state_hash(machine.state))
    assert len(hashes) == 1


def replay(recorded: Recorded, report: Report) -> None:
    """The journal applied again as a restart does, in batches of 10,000."""
    machine = StateMachine(load(recorded.start))
    seconds = _timed(machine, recorded.journal, 10 * BATCH)
    rate = len(recorded.journal) / seconds
    report("replay, batches of 10,000", f"{rate:>12,.0f} commands/s")
    began = perf_counter()
    data = dump(machine.state)
    dumped = perf_counter()
    load(data)
    loaded = perf_counter()
    figures = f"{1e3 * (dumped - began):,.0f} ms out, {1e3 * (loaded - dumped):,.0f} ms in"
    report("snapshot", f"{len(data) / 1e6:>12,.1f} MB   {figures}")


def price_tick(accounts: int, report: Report) -> None:
    """A price moves: how long until every account under water is found."""
    venue, contracts = _holders(accounts)
    ticks = []
    price = LISTINGS[0].reference_ticks
    for step in range(20):
        price += 60 if step % 2 else -50
        venue.pass_time(1)
        batch = np.concatenate(
            [
                commands.make(
                    CommandKind.SUBMIT_OBSERVATION,
                    venue.reporters[source],
                    source=source,
                    price_e8=price * LISTINGS[0].tick_e8,
                    publish_time_ns=venue.time_ns,
                )
                for source in range(3)
            ]
        )
        stamped = venue.stamp(batch)
        began = perf_counter()
        venue.machine.apply(stamped)
        ticks.append(perf_counter() - began)
    middle = sorted(ticks)[len(ticks) // 2]
    touched = accounts * contracts
    report(
        f"price tick, {accounts:,} accounts x {contracts} positions (standard margin)",
        f"{1e3 * middle:>12.2f} ms   {1e9 * middle / touched:.1f} ns a position",
    )


def _holders(accounts: int) -> tuple[Venue, int]:
    """Half the accounts long, half short, in six contracts of one underlying."""
    venue = Venue()
    venue.add_reporters(3)
    underlying = venue.list_underlying("BTC")
    contracts = [
        venue.list_contract(LISTINGS[0]._replace(name=f"BTC_{i}"), underlying)
        for i in range(HELD)
    ]
    for contract in contracts:
        venue.set_parameter(contract, ContractParameter.MAKER_FEE_PPM, 0)
        venue.set_parameter(contract, ContractParameter.TAKER_FEE_PPM, 0)
    venue.set_price(0, LISTINGS[0].reference_ticks)
    first = fund_many(venue, accounts, 10_000 * UNITS)
    for contract in contracts:
        pairs = np.zeros(accounts, commands.PLACE_ORDER)
        pairs["kind"], pairs["contract"] = CommandKind.PLACE_ORDER, contract
        pairs["principal"] = pairs["account"] = np.arange(first, first + accounts)
        pairs["side"] = np.where(np.arange(accounts) % 2, 1, -1)
        pairs["price_ticks"], pairs["quantity_lots"] = LISTINGS[0].reference_ticks, 5
        venue.apply(pairs.view(commands.HEADER))
    interest = venue.state.contracts["open_interest_lots"][:HELD]
    assert interest.tolist() == [5 * (accounts // 2)] * HELD
    return venue, len(contracts)


def _timed(machine: StateMachine, journal: Records, size: int) -> float:
    batches = [journal[i : i + size] for i in range(0, len(journal), size)]
    began = perf_counter()
    for batch in batches:
        machine.apply(batch)
    return perf_counter() - began


def _as_commands(flow: npt.NDArray[np.void], contract: int, first: int) -> Records:
    journal = np.zeros(len(flow), commands.PLACE_ORDER)
    cancels = flow["kind"] == CANCEL
    journal["kind"] = np.where(cancels, CommandKind.CANCEL_ORDER, CommandKind.PLACE_ORDER)
    journal["principal"] = journal["account"] = first + flow["account"]
    journal["contract"] = contract
    for name in ("side", "price_ticks", "quantity_lots"):
        journal[name] = np.where(cancels, 0, flow[name])
    assert first >= FIRST_USER_ACCOUNT
    return journal.view(commands.HEADER)


def _resolvable(flow: npt.NDArray[np.void]) -> list[tuple[int, int]]:
    """Ranges in which no cancel names an order placed in the same range."""
    ranges = []
    begin, fresh = 0, set[int]()
    for position, (kind, order) in enumerate(
        zip(flow["kind"].tolist(), flow["order"].tolist(), strict=True)
    ):
        if (kind == CANCEL and order in fresh) or position - begin >= BATCH:
            ranges.append((begin, position))
            begin, fresh = position, set()
        if kind != CANCEL:
            fresh.add(order)
    return [*ranges, (begin, len(flow))]


def _count(produced: Records, totals: Totals) -> None:
    filled = produced[produced["kind"] == EventKind.ORDER_FILLED].view(events.ORDER_FILLED)
    taken = filled[filled["flags"] & units.FLAG_MAKER == 0]
    totals.trades += len(taken)
    totals.volume_lots += int(taken["quantity_lots"].sum())
    totals.notional_ticks += int((taken["quantity_lots"] * taken["price_ticks"]).sum())
