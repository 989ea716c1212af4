"""Where the journal begins: at its first command, or behind what was archived.

ANCH-001  the newest anchor is the head that the first row kept follows: the chain is checked
          from there, and is whole from there.
ANCH-002  the state at the anchor is believed when its hash is the anchor's own; nothing before
          it can be recomputed without the archive, and whoever is asked to says so.
"""

from typing import NamedTuple

from exchange.pipeline.chain import GENESIS, Head
from exchange.pipeline.journal import Connection

_SELECT = (
    "SELECT sequence, hash, time_ns, stream_epoch, stream_id, state_hash "
    "FROM exchange_journalanchor ORDER BY sequence DESC LIMIT 1"
)


class JournalPruned(Exception):
    """The commands asked for lie in an archive."""


class Anchor(NamedTuple):
    """The end of what was archived last, and the hash of the state there."""

    head: Head
    state_hash: bytes


def read_anchor(connection: Connection) -> Anchor | None:
    """The newest anchor; None while the journal is whole."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(_SELECT).fetchone()
    if row is None:
        return None
    return Anchor(Head(*row[:5]), row[5])


def read_origin(connection: Connection) -> Head:
    """The head that the journal's first row follows (ANCH-001)."""
    anchor = read_anchor(connection)
    return GENESIS if anchor is None else anchor.head
