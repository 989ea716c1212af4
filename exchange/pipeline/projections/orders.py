"""Events of orders → rows of Order and Fill.

An order is folded over the whole batch before anything is written: one that was born and died
inside it is written once, in its final state; one that was there before is patched once.

FOLD-001  what remains of an order is what its last acceptance, fill or change says, less what
          was cancelled after that. Changes are amendments and the surplus that the engine cuts.
FOLD-002  an order is open while something remains, cancelled if any of it was, else filled.
"""

import numpy as np
from django.db.backends.utils import CursorWrapper

from exchange.engine.events import ORDER_AMENDED, ORDER_REDUCED, EventKind
from exchange.engine.records import column
from exchange.engine.units import CONTRACTS_MAX, FLAG_MAKER
from exchange.models.trading import Fill, Order, OrderState
from exchange.pipeline.projections.batch import Batch, Events, Integers
from exchange.pipeline.projections.market import Marks
from exchange.pipeline.projections.table import Columns, Table, temporary

_CHANGES = (EventKind.ORDER_AMENDED, EventKind.ORDER_REDUCED)
for _name in ("order", "price_ticks", "quantity_lots", "remaining_lots"):
    assert column(ORDER_AMENDED, _name) == column(ORDER_REDUCED, _name)
_ORDERS = Table.of(Order)
_FILLS = Table.of(Fill)
_PATCH = {
    "id": "i8",
    "has_terms": "i1",
    "price_ticks": "i8",
    "quantity_lots": "i8",
    "has_remaining": "i1",
    "remaining_lots": "i8",
    "uncounted_lots": "i8",
    "cancelled_lots": "i8",
    "cancel_reason": "i2",
    "filled_lots": "i8",
    "filled_price_lots": "i8",
    "fee_units": "i8",
    "realised_units": "i8",
    "updated_ns": "i8",
    "sequence": "i8",
}
_PATCH_STATEMENT = f"""
UPDATE exchange_order o SET
    price_ticks = CASE WHEN p.has_terms THEN p.price_ticks ELSE o.price_ticks END,
    quantity_lots = CASE WHEN p.has_terms THEN p.quantity_lots ELSE o.quantity_lots END,
    remaining_lots = r.lots,
    filled_lots = o.filled_lots + p.filled_lots,
    cancelled_lots = o.cancelled_lots + p.cancelled_lots,
    filled_price_lots = o.filled_price_lots + p.filled_price_lots,
    fee_units = o.fee_units + p.fee_units,
    realised_units = o.realised_units + p.realised_units,
    cancel_reason = CASE WHEN p.cancel_reason <> 0 THEN p.cancel_reason
                         ELSE o.cancel_reason END,
    state = CASE WHEN r.lots > 0 THEN {OrderState.OPEN.value}
                 WHEN o.cancelled_lots + p.cancelled_lots > 0 THEN {OrderState.CANCELLED.value}
                 ELSE {OrderState.FILLED.value} END,
    updated_ns = p.updated_ns,
    sequence = p.sequence
FROM patch_order p
JOIN exchange_order b ON b.id = p.id
CROSS JOIN LATERAL (SELECT
    CASE WHEN p.has_remaining THEN p.remaining_lots ELSE b.remaining_lots END
    - p.uncounted_lots AS lots) r
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
    known = ~is_new
    if known.any():
        patch = temporary(cursor, "patch_order", _PATCH)
        patch.copy(cursor, {name: columns[name][known] for name in _PATCH}, int(known.sum()))
        cursor.execute("ANALYZE patch_order")
        cursor.execute(_PATCH_STATEMENT)
        assert cursor.rowcount == known.sum(), "a fill or cancel of an order never accepted"
    return count


def fold_orders(
    batch: Batch,
) -> tuple[dict[str, Integers], "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """One row per order of the batch, by ascending id, and which of them were born in it."""
    accepted = batch.of(EventKind.ORDER_ACCEPTED)
    filled = batch.of(EventKind.ORDER_FILLED)
    cancelled = batch.of(EventKind.ORDER_CANCELLED)
    amended = batch.of(*_CHANGES)
    ids = np.unique(
        np.concatenate([e["order"] for e in (accepted, filled, cancelled, amended)])
    )
    of_accepted, of_filled, of_cancelled, of_amended = (
        np.searchsorted(ids, e["order"]) for e in (accepted, filled, cancelled, amended)
    )
    rows = {name: np.zeros(ids.size, np.int64) for name in _ORDERS.formats | _PATCH}
    rows["id"] = ids
    for name, source in _BIRTH.items():
        rows[name][of_accepted] = accepted[source]
    for name in ("filled_lots", "fee_units", "realised_units"):
        np.add.at(rows[name], of_filled, filled[_SUMMED[name]])
    np.add.at(
        rows["filled_price_lots"], of_filled, filled["price_ticks"] * filled["quantity_lots"]
    )
    np.add.at(rows["cancelled_lots"], of_cancelled, cancelled["quantity_lots"])
    rows["cancel_reason"][of_cancelled] = cancelled["reason"]
    _fold_terms(rows, batch, of_accepted, of_amended)
    _fold_remaining(rows, batch, (of_accepted, of_filled, of_amended), of_cancelled)
    _fold_last_touch(rows, batch, (of_accepted, of_filled, of_cancelled, of_amended))
    is_new = np.zeros(ids.size, np.bool_)
    is_new[of_accepted] = True
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
    "flags": "flags",
    "label": "label",
    "created_ns": "time_ns",
}
_SUMMED = {
    "filled_lots": "quantity_lots",
    "fee_units": "fee_units",
    "realised_units": "realised_units",
}


def _fold_terms(
    rows: dict[str, Integers], batch: Batch, of_accepted: Integers, of_amended: Integers
) -> None:
    # An amendment always follows its order's acceptance, so writing it second is enough.
    for kinds, of in (((EventKind.ORDER_ACCEPTED,), of_accepted), (_CHANGES, of_amended)):
        events = batch.of(*kinds)
        rows["has_terms"][of] = 1
        rows["price_ticks"][of] = events["price_ticks"]
        rows["quantity_lots"][of] = events["quantity_lots"]


def _fold_remaining(
    rows: dict[str, Integers],
    batch: Batch,
    of_telling: tuple[Integers, Integers, Integers],
    of_cancelled: Integers,
) -> None:
    telling = ((EventKind.ORDER_ACCEPTED,), (EventKind.ORDER_FILLED,), _CHANGES)
    positions = np.concatenate([batch.positions(*kinds) for kinds in telling])
    remaining = np.concatenate(
        [
            batch.of(EventKind.ORDER_ACCEPTED)["quantity_lots"],
            batch.of(EventKind.ORDER_FILLED)["remaining_lots"],
            batch.of(*_CHANGES)["remaining_lots"],
        ]
    )
    in_order = np.argsort(positions, kind="stable")
    of = np.concatenate(of_telling)[in_order]
    told_at = np.full(rows["id"].size, -1, np.int64)
    # With a repeated index NumPy keeps the last value assigned: the order's latest word.
    told_at[of] = positions[in_order]
    rows["has_remaining"][of] = 1
    rows["remaining_lots"][of] = remaining[in_order]
    late = batch.positions(EventKind.ORDER_CANCELLED) > told_at[of_cancelled]
    cancelled = batch.of(EventKind.ORDER_CANCELLED)["quantity_lots"]
    np.add.at(rows["uncounted_lots"], of_cancelled[late], cancelled[late])


def _fold_last_touch(
    rows: dict[str, Integers],
    batch: Batch,
    of: tuple[Integers, Integers, Integers, Integers],
) -> None:
    kinds = (
        (EventKind.ORDER_ACCEPTED,),
        (EventKind.ORDER_FILLED,),
        (EventKind.ORDER_CANCELLED,),
        _CHANGES,
    )
    positions = np.concatenate([batch.positions(*alike) for alike in kinds])
    in_order = np.argsort(positions, kind="stable")
    touched = np.concatenate(of)[in_order]
    events = batch.events[positions[in_order]]
    rows["updated_ns"][touched] = events["time_ns"]
    rows["sequence"][touched] = events["sequence"]


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
