"""The proof that anyone can run: every hash, every command, and the state at the end.

VERIFY-001  from the first command on, without snapshots: nothing is believed that was not
            read. Of a pruned journal the state at its anchor is: with the anchor's hash.
VERIFY-002  signatures are checked as the runner checked them: against the state before their
            batch.
"""

import time
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

import numpy as np

from exchange.engine.commands import CommandKind
from exchange.pipeline import codec, journal
from exchange.pipeline.codec import Records
from exchange.pipeline.journal import JournalCorrupt, Row
from exchange.pipeline.replica import Replica
from exchange.pipeline.signatures import is_signed

PROGRESS_SECONDS = 1.0

Progress = Callable[[int, int], None]


class Verified(NamedTuple):
    """What was found to hold; after: the commands that are archived were not looked at."""

    after: int
    sequence: int
    rows: int
    chain_hash: bytes
    state_hash: bytes
    signatures: int
    seconds: float


def verify(
    progress: Progress, *, with_signatures: bool = False, to_sequence: int | None = None
) -> Verified:
    """Recompute the whole journal.

    progress : called about each second with (commands done, commands in all)

    Raises JournalCorrupt, JournalPruned, StateDiverged, EngineVersionNeeded or PoisonCommand at
    the first fault.
    """
    started = told = time.monotonic()
    rows = signatures = 0
    with closing(Replica.open(from_genesis=True)) as replica, journal.connect() as connection:
        total = journal.read_head(connection).sequence
        after = replica.sequence
        for row in replica.rows(to_sequence):
            if with_signatures:
                signatures += check_signatures(replica, row)
            replica.apply(row)
            rows += 1
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                progress(replica.sequence, total)
        seconds = time.monotonic() - started
        return Verified(
            after,
            replica.sequence,
            rows,
            replica.head.hash,
            replica.state_hash(),
            signatures,
            seconds,
        )


def check_signatures(replica: Replica, row: Row) -> int:
    """The number of signed observations in a row about to be applied (VERIFY-002)."""
    commands = replica.commands(row)
    observed = np.flatnonzero(commands["kind"] == CommandKind.SUBMIT_OBSERVATION).tolist()
    sides = codec.decode_sides(row.side) if observed else {}
    for index in observed:
        if not is_signed(replica.machine.state, _one(commands, index), sides.get(index)):
            raise JournalCorrupt(
                f"Observation {row.first_sequence + index} lacks its reporter's signature"
            )
    return len(observed)


def _one(commands: Records, index: int) -> Records:
    return commands[index : index + 1]
