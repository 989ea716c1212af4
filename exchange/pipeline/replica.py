"""A second engine that follows the journal: recovery, projections, snapshots, sweeps, proofs.

It is the same state machine fed with the same commands, so at any sequence it is in the same
state; the real engine never waits for it.

REPL-001  commands named by a Quarantine anywhere in the journal are replaced by a command that
          changes nothing, before they are applied.
REPL-002  where the journal holds the hash of a state, the replica's own must be the same.
REPL-003  a command that breaks the engine is reported with its sequence: PoisonCommand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from exchange.engine import snapshot
from exchange.engine.admission import QUARANTINED_KIND
from exchange.engine.state import Counter, State
from exchange.engine.state_machine import StateMachine
from exchange.pipeline import journal, snapshots
from exchange.pipeline.anchor import read_anchor
from exchange.pipeline.codec import Records
from exchange.pipeline.crash import crash_point
from exchange.pipeline.journal import GENESIS, Connection, Head, Row
from exchange.pipeline.servers import novate_home


class PoisonCommand(Exception):
    """A journaled command breaks an invariant of the engine at every replay."""

    def __init__(self, sequence: int, error: BaseException) -> None:
        super().__init__(
            f"Command {sequence} broke the engine: {type(error).__name__}: {error}. Nothing "
            f"after it was applied. To go on without it: manage.py quarantine {sequence}"
        )
        self.sequence = sequence


class StateDiverged(Exception):
    """The same commands gave another state here than when they were journaled."""


def snapshot_directory() -> Path:
    return novate_home() / "snapshots"


class Replica:
    """A state machine and its place in the journal."""

    def __init__(
        self, connection: Connection, machine: StateMachine, head: Head, directory: Path
    ) -> None:
        self.machine = machine
        self.head = head
        self.agreed = GENESIS  # where REPL-002 was last found to hold
        self._connection = connection
        self._directory = directory
        self._quarantined = journal.read_quarantined(connection)

    @classmethod
    def open(
        cls,
        *,
        directory: Path | None = None,
        from_genesis: bool = False,
        to_sequence: int | None = None,
    ) -> Self:
        """From the newest good snapshot (at or before to_sequence), or from nothing.

        from_genesis: from the first command that the journal holds. Raises JournalPruned when
        the commands needed are archived.
        """
        directory = directory or snapshot_directory()
        connection = journal.connect()
        try:
            found = _start(connection, directory, from_genesis, to_sequence)
            if found is None:
                return cls(connection, StateMachine.create(), GENESIS, directory)
            state, head = found
            return cls(connection, StateMachine(state), head, directory)
        except BaseException:
            connection.close()
            raise

    @property
    def sequence(self) -> int:
        return self.head.sequence

    def rows(self, to_sequence: int | None = None) -> Iterator[Row]:
        """The checked rows that follow, for `apply`.

        Raises JournalCorrupt and EngineVersionNeeded.
        """
        for row in journal.read_rows(self._connection, self.head, to_sequence=to_sequence):
            journal.check_version(row)
            yield row

    def apply(self, row: Row) -> Records:
        """Events of the next row, valid until the next call.

        Raises StateDiverged, and PoisonCommand, after which this replica is of no more use.
        """
        assert row.first_sequence == self.sequence + 1, row.first_sequence
        if row.state_hash is not None and row.state_sequence == self.sequence:
            self._check_state(row.state_hash)
            self.agreed = self.head
        if row.quarantined is not None:
            self._quarantined |= {row.quarantined}
        events = apply_commands(self.machine, self.commands(row))
        self.head = row.head
        return events

    def advance(self, to_sequence: int | None = None) -> Iterator[tuple[Row, Records]]:
        """Apply the rows that follow, to the journal's end or the row that holds to_sequence.

        Yields each row with its events, which are valid until the next step. Raises what `rows`
        and `apply` raise.
        """
        for row in self.rows(to_sequence):
            yield row, self.apply(row)

    def catch_up(self, to_sequence: int | None = None) -> int:
        """Advance without looking at the events; the number of commands applied."""
        before = self.sequence
        for _ in self.advance(to_sequence):
            crash_point("mid_replay")
        return self.sequence - before

    def commands(self, row: Row) -> Records:
        """The commands of a row as they are applied (REPL-001); a fresh, writable array."""
        commands = row.commands().copy()
        for sequence in self._quarantined:
            if row.first_sequence <= sequence <= row.last_sequence:
                commands["kind"][sequence - row.first_sequence] = QUARANTINED_KIND
        return commands

    def state_hash(self) -> bytes:
        return snapshot.state_hash(self.machine.state)

    def save_snapshot(self) -> Path:
        return snapshots.save(self._directory, self.machine.state, self.head)

    def close(self) -> None:
        self._connection.close()

    def _check_state(self, recorded: bytes) -> None:
        actual = self.state_hash()
        if actual != recorded:
            raise StateDiverged(
                f"The state after sequence {self.sequence} has hash {actual.hex()}, in the "
                f"journal {recorded.hex()}. This engine does not compute what the venue did."
            )


def _start(
    connection: Connection, directory: Path, from_genesis: bool, to_sequence: int | None
) -> tuple[State, Head] | None:
    if not from_genesis:
        return snapshots.load_newest(directory, connection, to_sequence=to_sequence)
    anchor = read_anchor(connection)
    return None if anchor is None else snapshots.load_anchor(directory, anchor)


def apply_commands(machine: StateMachine, commands: Records) -> Records:
    """The machine's events, valid until the next call. Raises PoisonCommand."""
    try:
        return machine.apply(commands)
    except Exception as error:
        under_way = int(machine.state.counters[Counter.SEQUENCE])
        raise PoisonCommand(under_way, error) from error
