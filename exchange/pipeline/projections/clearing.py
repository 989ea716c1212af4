"""Events of forced actions → Liquidation, LiquidationStep, InsurancePayment, BadDebt.

FOLD-020  an account has at most one liquidation under way: an end closes the latest one.
"""

from typing import Any

import numpy as np
from django.db import models
from django.db.backends.utils import CursorWrapper

from exchange.engine.events import LAYOUTS, EventKind
from exchange.models.trading import Liquidation, LiquidationStep
from exchange.models.vaults import BadDebt, InsurancePayment
from exchange.pipeline.projections.batch import Batch
from exchange.pipeline.projections.table import Columns, Table

_APPENDED: tuple[tuple[EventKind, Table], ...] = (
    (EventKind.LIQUIDATION_STEPPED, Table.of(LiquidationStep)),
    (EventKind.INSURANCE_PAID, Table.of(InsurancePayment)),
    (EventKind.BAD_DEBT_RECORDED, Table.of(BadDebt)),
)


def write_clearing(cursor: CursorWrapper, batch: Batch) -> None:
    """Writes liquidations, their steps, and who paid for what was lost."""
    for kind, table in _APPENDED:
        rows = batch.of(kind)
        columns: Columns = {"id": batch.ordinals(kind)}
        for column in table.formats.keys() - columns.keys():
            columns[column] = rows[column.removesuffix("_id")]
        table.copy(cursor, columns, rows.size)
    _write_liquidations(batch)


def _write_liquidations(batch: Batch) -> None:
    kinds = (EventKind.LIQUIDATION_STARTED, EventKind.LIQUIDATION_ENDED)
    for position in np.sort(np.concatenate([batch.positions(kind) for kind in kinds])):
        event = batch.events[position]
        row = event.reshape(1).view(LAYOUTS[int(event["kind"])])[0]
        if event["kind"] == EventKind.LIQUIDATION_STARTED:
            _start(row, batch.events_before + int(position) + 1)
        else:
            _end(row)


def _start(row: Any, ordinal: int) -> None:
    Liquidation.objects.create(
        id=ordinal,
        account=int(row["account"]),
        equity_units=int(row["equity_units"]),
        maintenance_units=int(row["maintenance_units"]),
        cancelled_orders=int(row["cancelled_orders"]),
        started_ns=int(row["time_ns"]),
        sequence=int(row["sequence"]),
    )


def _end(row: Any) -> None:
    latest = Liquidation.objects.filter(account=int(row["account"])).aggregate(
        id=models.Max("id")
    )["id"]
    changed = Liquidation.objects.filter(pk=latest).update(
        ended_ns=int(row["time_ns"]),
        end_equity_units=int(row["equity_units"]),
        end_maintenance_units=int(row["maintenance_units"]),
        end_reason=int(row["reason"]),
        sequence=int(row["sequence"]),
    )
    assert changed == 1, f"a liquidation of account {row['account']} ended that never started"
