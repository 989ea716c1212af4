"""Events of orders → rows of Order and Fill.

An order is folded over the whole batch before anything is written: one that was born and died
inside it is written once, in its final state; one that was there before is patched once.

FOLD-001  what remains of an order is what its last acceptance, fill or change says, less what
          was cancelled after that. Changes are amendments, what the engine cuts, that its
          trigger was reached, and that a dormant order went live.
FOLD-002  an order is open while something remains, cancelled if any of it was, else filled.
FOLD-003  its trigger is what was told last; when it has fired, the one that it had then.
"""

import numpy as np
from django.db.backends.utils import CursorWrapper

from exchange.engine.events import (
    LAYOUTS,
    ORDER_ACCEPTED,
    ORDER_CANCELLED,
    ORDER_FILLED,
    EventKind,
)
from exchange.engine.records import RECORD_FIELDS, column
from exchange.engine.units import CONTRACTS_MAX, FLAG_MAKER, FLAG_TRIGGERED, TYPES_WITH_TRIGGER
from exchange.models.trading import Fill, Order, OrderState
from exchange.pipeline.projections.batch import Batch, Events, Integers
from exchange.pipeline.projections.market import Marks
from exchange.pipeline.projections.table import Columns, Table, change, rows_of

_ORDER_EVENTS = (
    EventKind.ORDER_ACCEPTED,
    EventKind.ORDER_FILLED,
    EventKind.ORDER_CANCELLED,
    EventKind.ORDER_AMENDED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_ACTIVATED,
    EventKind.TRIGGER_MOVED,
)
_ORDERS = Table.of(Order)
_FILLS = Table.of(Fill)
_PATCH = {
    "id": "i8",
    "has_terms": "i1",
    "flags": "i4",
    "price_ticks": "i8",
    "quantity_lots": "i8",
    "has_trigger_ticks": "i1",
    "trigger_ticks": "i8",
    "has_offset_ticks": "i1",
    "offset_ticks": "i8",
    "has_remaining": "i1",
    "remaining_lots": "i8",
    "uncounted_lots": "i8",
    "cancelled_lots": "i8",
    "cancel_reason": "i2",
    "reject_reason": "i2",
    "filled_lots": "i8",
    "filled_price_lots": "i8",
    "fee_units": "i8",
    "realised_units": "i8",
    "updated_ns": "i8",
    "sequence": "i8",
}
_LEFT = """(CASE WHEN p.has_remaining THEN p.remaining_lots ELSE o.remaining_lots END
        - p.uncounted_lots)"""
_PATCH_STATEMENT = f"""
UPDATE exchange_order o SET
    flags = CASE WHEN p.has_terms THEN p.flags ELSE o.flags END,
    trigger_ticks = CASE WHEN p.has_trigger_ticks THEN p.trigger_ticks
                         ELSE o.trigger_ticks END,
    offset_ticks = CASE WHEN p.has_offset_ticks THEN p.offset_ticks ELSE o.offset_ticks END,
    price_ticks = CASE WHEN p.has_terms THEN p.price_ticks ELSE o.price_ticks END,
    quantity_lots = CASE WHEN p.has_terms THEN p.quantity_lots ELSE o.quantity_lots END,
    remaining_lots = {_LEFT},
    filled_lots = o.filled_lots + p.filled_lots,
    cancelled_lots = o.cancelled_lots + p.cancelled_lots,
    filled_price_lots = o.filled_price_lots + p.filled_price_lots,
    fee_units = o.fee_units + p.fee_units,
    realised_units = o.realised_units + p.realised_units,
    cancel_reason = CASE WHEN p.cancel_reason <> 0 THEN p.cancel_reason
                         ELSE o.cancel_reason END,
    reject_reason = CASE WHEN p.reject_reason <> 0 THEN p.reject_reason
                         ELSE o.reject_reason END,
    state = CASE WHEN {_LEFT} > 0 THEN {OrderState.OPEN.value}
                 WHEN o.cancelled_lots + p.cancelled_lots > 0 THEN {OrderState.CANCELLED.value}
                 ELSE {OrderState.FILLED.value} END,
    updated_ns = p.updated_ns,
    sequence = p.sequence
FROM {rows_of(_PATCH)}
WHERE o.id = p.id
"""  # noqa: S608


def write_orders(cursor: CursorWrapper, batch: Batch) -> int:
    """Writes every order the batch touches once; returns how many."""
    columns, is_new = fold_orders(batch)
    count = is_new.size
    if count == 0:
        return 0
    new = {name: columns[name][is_new] for name in _ORDERS.formats}
    _ORDERS.copy(cursor, {**new}, int(is_new.sum()))
    known = {name: columns[name][~is_new] for name in _PATCH}
    changed = change(cursor, _PATCH_STATEMENT, _PATCH, {**known}, known["id"].size)
    assert changed == known["id"].size, "a fill or cancel of an order never accepted"
    return count


def fold_orders(
    batch: Batch,
) -> tuple[dict[str, Integers], "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """One row per order of the batch, by ascending id, and which of them were born in it."""
    places = batch.positions(*_ORDER_EVENTS)
    events = batch.events[places].view(ORDER_ACCEPTED)
    ids, of = np.unique(events["order"], return_inverse=True)
    rows = {name: np.zeros(ids.size, np.int64) for name in _ORDERS.formats | _PATCH}
    rows["id"] = ids
    is_new = np.zeros(ids.size, np.bool_)
    is_new[of[events["kind"] == EventKind.ORDER_ACCEPTED]] = True
    # With a repeated index NumPy keeps the last value assigned: the order's latest word.
    rows["updated_ns"][of] = events["time_ns"]
    rows["sequence"][of] = events["sequence"]
    _fold_births(rows, events, of)
    _fold_fills(rows, events, of)
    _fold_terms(rows, events, of)
    _fold_triggers(rows, events, of)
    _fold_remaining(rows, events, of, places)
    rows["state"] = np.where(
        rows["remaining_lots"] - rows["uncounted_lots"] > 0,
        OrderState.OPEN.value,
        np.where(
            rows["cancelled_lots"] > 0, OrderState.CANCELLED.value, OrderState.FILLED.value
        ),
    )
    rows["remaining_lots"][is_new] -= rows["uncounted_lots"][is_new]
    return rows, is_new


_BIRTH = {
    "account": "account",
    "contract_id": "contract",
    "side": "side",
    "label": "label",
    "created_ns": "time_ns",
}
_SUMMED = {
    "filled_lots": "quantity_lots",
    "fee_units": "fee_units",
    "realised_units": "realised_units",
}
_WITH_TERMS = (
    EventKind.ORDER_ACCEPTED,
    EventKind.ORDER_AMENDED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_ACTIVATED,
)
_WITH_TRIGGER = (
    EventKind.ORDER_ACCEPTED,
    EventKind.ORDER_AMENDED,
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_ACTIVATED,
    EventKind.TRIGGER_MOVED,
)
_WITH_ALL_LEFT = (EventKind.ORDER_ACCEPTED, EventKind.ORDER_TRIGGERED)
_WITH_REMAINDER = (
    EventKind.ORDER_FILLED,
    EventKind.ORDER_AMENDED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_ACTIVATED,
)
_REMAINING = column(ORDER_FILLED, "remaining_lots")
_QUANTITY = column(ORDER_ACCEPTED, "quantity_lots")
for _kind in _WITH_REMAINDER:
    assert column(LAYOUTS[_kind], "remaining_lots") == _REMAINING
for _kind in _WITH_TRIGGER:
    assert column(LAYOUTS[_kind], "flags") == column(ORDER_ACCEPTED, "flags")
for _kind in _WITH_TERMS:
    for _name in ("order", "flags", "price_ticks", "quantity_lots"):
        assert column(LAYOUTS[_kind], _name) == column(ORDER_ACCEPTED, _name)


def _fold_births(rows: dict[str, Integers], events: Events, of: Integers) -> None:
    is_birth = events["kind"] == EventKind.ORDER_ACCEPTED
    for name, source in _BIRTH.items():
        rows[name][of[is_birth]] = events[source][is_birth]


def _fold_fills(rows: dict[str, Integers], events: Events, of: Integers) -> None:
    is_fill = events["kind"] == EventKind.ORDER_FILLED
    fills = events[is_fill].view(ORDER_FILLED)
    for name, source in _SUMMED.items():
        np.add.at(rows[name], of[is_fill], fills[source])
    price_lots = fills["price_ticks"] * fills["quantity_lots"]
    np.add.at(rows["filled_price_lots"], of[is_fill], price_lots)
    is_end = events["kind"] == EventKind.ORDER_CANCELLED
    ends = events[is_end].view(ORDER_CANCELLED)
    np.add.at(rows["cancelled_lots"], of[is_end], ends["quantity_lots"])
    rows["cancel_reason"][of[is_end]] = ends["reason"]
    rows["reject_reason"][of[is_end]] = ends["reject_reason"]


def _fold_terms(rows: dict[str, Integers], events: Events, of: Integers) -> None:
    tells = np.isin(events["kind"], _WITH_TERMS)
    rows["has_terms"][of[tells]] = 1
    for name in ("flags", "price_ticks", "quantity_lots"):
        rows[name][of[tells]] = events[name][tells]


def _fold_triggers(rows: dict[str, Integers], events: Events, of: Integers) -> None:
    """The trigger as it was told last (FOLD-003)."""
    kinds = events["kind"]
    # An amendment of an order that has fired tells of no trigger any more.
    has_trigger = events["flags"] & TYPES_WITH_TRIGGER != 0
    has_trigger &= (kinds != EventKind.ORDER_AMENDED) | (events["flags"] & FLAG_TRIGGERED == 0)
    words = events.view(np.int64).reshape(-1, RECORD_FIELDS)
    for name in ("trigger_ticks", "offset_ticks"):
        tells = np.zeros(events.size, np.bool_)
        told = np.zeros(events.size, np.int64)
        for kind in _WITH_TRIGGER:
            if name in (LAYOUTS[kind].names or ()):
                here = (kinds == kind) & has_trigger
                told[here] = words[here, column(LAYOUTS[kind], name)]
                tells |= here
        rows[f"has_{name}"][of[tells]] = 1
        rows[name][of[tells]] = told[tells]


def _fold_remaining(
    rows: dict[str, Integers], events: Events, of: Integers, places: Integers
) -> None:
    words = events.view(np.int64).reshape(-1, RECORD_FIELDS)
    has_all = np.isin(events["kind"], _WITH_ALL_LEFT)
    tells = has_all | np.isin(events["kind"], _WITH_REMAINDER)
    remaining = np.where(has_all, words[:, _QUANTITY], words[:, _REMAINING])
    told_at = np.full(rows["id"].size, -1, np.int64)
    told_at[of[tells]] = places[tells]
    rows["has_remaining"][of[tells]] = 1
    rows["remaining_lots"][of[tells]] = remaining[tells]
    is_late = (events["kind"] == EventKind.ORDER_CANCELLED) & (places > told_at[of])
    np.add.at(rows["uncounted_lots"], of[is_late], events["quantity_lots"][is_late])


def write_fills(cursor: CursorWrapper, batch: Batch, marks: Marks) -> int:
    """Appends both sides of every trade; returns how many rows."""
    fills = batch.of(EventKind.ORDER_FILLED)
    if fills.size == 0:
        return 0
    is_taker = (fills["flags"] & FLAG_MAKER) == 0
    mark_ticks, index_ticks = _marks_at(batch, fills, marks)
    columns: Columns = {
        name: fills[name] for name in _FILLS.formats if name in (fills.dtype.names or ())
    }
    columns |= {
        "id": 2 * fills["trade"] + is_taker,
        "contract_id": fills["contract"],
        "is_taker": is_taker,
        "mark_ticks": mark_ticks,
        "index_ticks": index_ticks,
    }
    _FILLS.copy(cursor, columns, fills.size)
    return int(fills.size)


def _marks_at(batch: Batch, fills: Events, marks: Marks) -> tuple[Integers, Integers]:
    """The mark and index in force at each fill: the last update before it, in its contract."""
    updates = batch.of(EventKind.MARK_UPDATED)
    contracts = fills["contract"]
    before = marks.mark_ticks[contracts], marks.index_ticks[contracts]
    if updates.size == 0:
        return before
    # One key sorts by contract, then by place in the batch.
    keys = updates["contract"] * len(batch) + batch.positions(EventKind.MARK_UPDATED)
    order = np.argsort(keys)
    wanted = contracts * len(batch) + batch.positions(EventKind.ORDER_FILLED)
    at = np.searchsorted(keys[order], wanted) - 1
    latest = updates[order[np.maximum(at, 0)]]
    found = (at >= 0) & (latest["contract"] == contracts)
    return (
        np.where(found, latest["mark_ticks"], before[0]),
        np.where(found, latest["index_ticks"], before[1]),
    )


assert CONTRACTS_MAX << 40 < 1 << 62, "the keys of _marks_at must fit an int64"
