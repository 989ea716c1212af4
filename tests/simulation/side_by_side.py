"""The engine and the reference, command by command: they agree on every event and every row.

After each command the events are compared number by number, then the accounts and contracts
that it touched, and the auditor follows the events. Every `whole_every` commands everything is
compared and the auditor recomputes all of the engine's state; 1 is after every command.
"""

from collections import Counter as Tally
from collections.abc import Iterable

import numpy as np

from exchange.engine.commands import HEADER
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from tests.simulation.auditor import audit
from tests.simulation.history import History
from tests.simulation.margin_audit import ACCOUNT, assert_carried
from tests.simulation.reading import tables_of
from tests.simulation.reference.machine import Reference
from tests.simulation.reference.state import Venue
from tests.simulation.reference.wire import (
    COMMAND_FIELDS,
    ROW_SIZE,
    CancelReason,
    CommandKind,
    EventKind,
    RejectReason,
    Row,
    read_command,
    read_event,
)
from tests.simulation.same_state import (
    assert_same_account,
    assert_same_contract,
    assert_same_state,
)

START_NS = 1_700_000_000_000_000_000
_COLUMNS = {
    kind: {name: column for column, name in enumerate(names)}
    for kind, names in COMMAND_FIELDS.items()
}


def command(kind: CommandKind, principal: int, **fields: int) -> Row:
    """A command without sequence and time; unknown field names raise KeyError."""
    row = [0] * ROW_SIZE
    row[2], row[3] = kind, principal
    for name, value in fields.items():
        row[_COLUMNS[kind][name]] = value
    return tuple(row)


class SideBySide:
    """Both venues from genesis on, their journal and what has happened how often."""

    def __init__(self, whole_every: int = 1) -> None:
        self._start(StateMachine.create())
        self.reference = Reference()
        self.history = History()
        self.whole_every = whole_every
        self.time_ns = START_NS
        self.journal: list[Row] = []
        self.seen: Tally[str] = Tally()

    @property
    def venue(self) -> Venue:
        """The reference's tables: what players look at before they act."""
        return self.reference.venue

    def pass_time(self, nanoseconds: int) -> None:
        """Moves the clock; nothing happens until the next command."""
        self.time_ns += nanoseconds

    def do(self, kind: CommandKind, principal: int, **fields: int) -> list[Row]:
        """Applies one command to both."""
        return self.apply([command(kind, principal, **fields)])

    def apply(self, batch: Iterable[Row]) -> list[Row]:
        """Applies commands as one batch of the engine, all at the time it is now."""
        first = len(self.journal) + 1
        stamped = [(first + i, self.time_ns, *row[2:]) for i, row in enumerate(batch)]
        if not stamped:
            return []
        self.journal += stamped
        produced = self.machine.apply(np.array(stamped, np.int64).view(HEADER))
        found: list[Row] = list(map(tuple, produced.view(np.int64).reshape(-1, 16).tolist()))
        expected = [event for row in stamped for event in self.reference.apply(row)]
        if found != expected:
            raise AssertionError(_difference(stamped, found, expected))
        self._note(expected)
        if len(stamped) == 1:
            assert_carried(self.tables, stamped[0], found, self.history.orders.lots)
        self.history.follow(stamped, found)
        self._compare_touched(stamped, expected)
        if len(self.journal) // self.whole_every > (first - 1) // self.whole_every:
            self.compare_all()
        return expected

    def compare_all(self) -> None:
        """Compares every row of every table, and audits the engine."""
        assert_same_state(self.tables, self.venue)
        audit(self.tables)
        self.history.assert_explains(self.tables)

    def restart(self) -> None:
        """Stops the engine and starts another from its snapshot."""
        self._start(StateMachine(load(dump(self.machine.state))))

    def _start(self, machine: StateMachine) -> None:
        self.machine = machine
        self.tables = tables_of(machine.state)

    def hash(self) -> str:
        """The name of the engine's state."""
        return state_hash(self.machine.state).hex()

    def _compare_touched(self, commands: list[Row], produced: list[Row]) -> None:
        accounts = {event[3] for event in produced} | {row[ACCOUNT] for row in commands}
        contracts = {event[4] for event in produced}
        for account in sorted(accounts):
            if 0 <= account < len(self.venue.accounts):
                assert_same_account(self.tables, self.venue, account)
        for contract in sorted(contracts):
            if self.venue.is_listed(contract):
                assert_same_contract(self.tables, self.venue, contract)

    def _note(self, produced: list[Row]) -> None:
        for row in produced:
            kind = EventKind(row[2])
            self.seen[kind.name] += 1
            if kind is EventKind.COMMAND_REJECTED:
                self.seen[RejectReason(row[5]).name] += 1
            elif kind is EventKind.ORDER_CANCELLED:
                self.seen[f"CANCELLED_{CancelReason(read_event(row)['reason']).name}"] += 1


def _difference(commands: list[Row], found: list[Row], expected: list[Row]) -> str:
    """The first event that is not the same, and the command it came from."""
    pairs = zip([*found, None], [*expected, None], strict=False)
    for theirs, mine in pairs:
        if theirs != mine:
            sequence = (theirs or mine or commands[-1])[0]
            cause = next(row for row in commands if row[0] == sequence)
            return (
                f"\ncommand   {read_command(cause)}"
                f"\nengine    {theirs and read_event(theirs)}"
                f"\nreference {mine and read_event(mine)}"
            )
    raise AssertionError("the events are the same")
