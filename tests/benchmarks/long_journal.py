"""A journal as long as you like, written straight into an empty database: no bus, no engine.

The flow is that of the other benchmarks, a second a part of SECOND commands, with ticks and
prices as a running venue has them. Rows are sealed and chained as the engine's are.
"""

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from exchange.pipeline import journal
from exchange.pipeline.journal import GENESIS, Connection, Draft, Head
from tests.benchmarks.engine import Player
from tests.benchmarks.workload import ACCOUNTS, parts
from tests.engine.venue import LISTINGS, Records

SECOND = 40_000  # commands
ROW = 1_000  # commands
EPOCH = 1


def write(count: int, *, accounts: int = ACCOUNTS) -> Iterator[int]:
    """Writes a journal with `count` orders and cancels in it; yields how many it holds yet."""
    player = Player(count, accounts)
    with closing(journal.connect()) as connection:
        connection.execute("SET synchronous_commit = off")  # It is not the venue's own.
        head = GENESIS
        written = 0
        for part in parts(count, SECOND, accounts=accounts):
            player.venue.tick(1)
            player.venue.set_price(player.contract, LISTINGS[0].reference_ticks, 0)
            player.play(part.commands)
            player.check(part.totals)
            head = _append(connection, head, np.concatenate(player.venue.journal))
            player.venue.journal.clear()
            written += len(part.commands)
            yield written


def _append(connection: Connection, head: Head, commands: Records) -> Head:
    with connection.transaction():
        for batch in _rows(commands):
            draft = Draft(
                first_sequence=head.sequence + 1,
                time_ns=int(batch["time_ns"][0]),
                records=batch.tobytes(),
                side=b"",
                stream_epoch=EPOCH,
                stream_id=f"{head.sequence + 1}-0",
            )
            row = journal.seal(draft, head.hash)
            journal.insert_row(connection, row)
            head = row.head
    return head


def _rows(commands: Records) -> Iterator[Records]:
    """At most ROW commands, all of one time."""
    later = np.flatnonzero(np.diff(commands["time_ns"])) + 1
    for moment in np.split(commands, later):
        for begin in range(0, len(moment), ROW):
            yield moment[begin : begin + ROW]
