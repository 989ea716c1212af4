"""Events of prices → MarkHistory, IndexHistory and the live columns of Contract and Underlying.

Marks move several times a second; history keeps the last of each second (HIST-001).
"""

from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

from exchange.engine.events import EventKind
from exchange.engine.units import NANOSECONDS
from exchange.models.contracts import (
    HISTORY_BITS,
    Contract,
    IndexHistory,
    MarkHistory,
    Underlying,
)
from exchange.pipeline.projections.batch import Batch, Integers, last_of_each
from exchange.pipeline.projections.table import Columns, Patch, Table

_MARKS = Table.of(MarkHistory)
_INDEXES = Table.of(IndexHistory)
_LIVE_MARK = ("mark_ticks", "index_ticks", "last_ticks", "open_interest_lots")
_CONTRACTS = Patch(Contract, *_LIVE_MARK, "mark_ns")
_UNDERLYINGS = Patch(Underlying, "index_e8", "index_ns", "status", "fresh_sources")


class Marks(NamedTuple):
    """The last mark and index of each contract, (contracts,) ticks; 0: none yet."""

    mark_ticks: Integers
    index_ticks: Integers


class LastMarks(NamedTuple):
    """What a batch left behind: contracts and their last marks, for Marks.take."""

    contract: Integers
    mark_ticks: Integers
    index_ticks: Integers


def write_market(cursor: CursorWrapper, batch: Batch) -> LastMarks:
    """Writes history and live prices; returns the last mark of each contract it saw."""
    _write_index(cursor, batch)
    return _write_marks(cursor, batch)


def _write_marks(cursor: CursorWrapper, batch: Batch) -> LastMarks:
    updates = batch.of(EventKind.MARK_UPDATED)
    ids = (updates["contract"] << HISTORY_BITS) | (updates["time_ns"] // NANOSECONDS)
    kept = updates[last_of_each(ids)]
    columns: Columns = {
        name: kept[name] for name in _MARKS.formats if name in (kept.dtype.names or ())
    }
    columns["id"] = ids[last_of_each(ids)]
    _MARKS.upsert(cursor, columns, kept.size)
    last = updates[last_of_each(updates["contract"])]
    live: Columns = {name: last[name] for name in _LIVE_MARK}
    _CONTRACTS.write(
        cursor, live | {"id": last["contract"], "mark_ns": last["time_ns"]}, last.size
    )
    return LastMarks(last["contract"], last["mark_ticks"], last["index_ticks"])


def _write_index(cursor: CursorWrapper, batch: Batch) -> None:
    updates = batch.of(EventKind.INDEX_UPDATED)
    ids = (updates["underlying"] << HISTORY_BITS) | (updates["time_ns"] // NANOSECONDS)
    kept = updates[last_of_each(ids)]
    columns: Columns = {
        "id": ids[last_of_each(ids)],
        "fresh_sources": kept["fresh"],
        **{name: kept[name] for name in _INDEXES.formats if name in (kept.dtype.names or ())},
    }
    _INDEXES.upsert(cursor, columns, kept.size)
    last = updates[last_of_each(updates["underlying"])]
    live: Columns = {
        "id": last["underlying"],
        "index_e8": last["index_e8"],
        "index_ns": last["time_ns"],
        "status": last["status"],
        "fresh_sources": last["fresh"],
    }
    _UNDERLYINGS.write(cursor, live, last.size)
