"""The one writer of projected tables: folds events into rows, exactly once each.

PROJ-001  rows and the head move in one transaction: a crash anywhere leaves both where they
          were.
PROJ-002  events at or below the head are dropped, so a batch may be offered any number of
          times.
PROJ-003  the head's row is locked while writing: a second projector waits, then drops what the
          first one wrote.
PROJ-004  a batch that begins beyond the command after the head raises ProjectionGap (someone
          else put the head back): no command is ever skipped.
"""

from collections.abc import Iterable

import numpy as np
from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from exchange.engine.units import ACCOUNTS_MAX, ASSETS_MAX, CONTRACTS_MAX
from exchange.models import (
    Account,
    AccountQuarter,
    BadDebt,
    Balance,
    Candle,
    CandleHead,
    Contract,
    Fill,
    FundingHour,
    FundingPayment,
    FundingSample,
    IndexHistory,
    InsurancePayment,
    LedgerEntry,
    Liquidation,
    LiquidationStep,
    MarkHistory,
    Order,
    Parameter,
    ProjectionHead,
    QuarterHead,
    Reporter,
    Transfer,
    Underlying,
    Vault,
)
from exchange.pipeline.crash import crash_point
from exchange.pipeline.projections.batch import Batch, Events, Integers
from exchange.pipeline.projections.clearing import write_clearing
from exchange.pipeline.projections.funding import write_funding
from exchange.pipeline.projections.market import LastMarks, Marks, write_market
from exchange.pipeline.projections.money import write_money
from exchange.pipeline.projections.orders import write_fills, write_orders
from exchange.pipeline.projections.registry import write_registry

TRUNCATE_TURN_MS = 1_000

# Candles and quarters are made from rows by tasks; they start again with them.
PROJECTED = (
    Account,
    AccountQuarter,
    BadDebt,
    Balance,
    Candle,
    CandleHead,
    Contract,
    Fill,
    FundingHour,
    FundingPayment,
    FundingSample,
    IndexHistory,
    InsurancePayment,
    LedgerEntry,
    Liquidation,
    LiquidationStep,
    MarkHistory,
    Order,
    Parameter,
    ProjectionHead,
    QuarterHead,
    Reporter,
    Transfer,
    Underlying,
    Vault,
)


class ProjectionGap(Exception):
    """The projections stand further back than the events offered: start from their head."""


class Projector:
    """Holds what the last transaction left behind, so that a batch costs no reads."""

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0  # of the command at which the tables stand
        self._events = 0
        self._balances: Integers = np.zeros(0, np.int64)
        self._marks = Marks(self._balances, self._balances)
        self.load()

    def load(self) -> None:
        """Reads the head and what goes with it: at the start, and after a rival wrote."""
        self._balances = np.zeros(ACCOUNTS_MAX * ASSETS_MAX, np.int64)
        self._marks = Marks(
            np.zeros(CONTRACTS_MAX, np.int64), np.zeros(CONTRACTS_MAX, np.int64)
        )
        with transaction.atomic():
            self._take_head(_lock_head())
            for model in (Balance, Vault):
                for key, units in model.objects.values_list("id", "balance_units").order_by(
                    "id"
                ):
                    self._balances[key] = units
            for contract in Contract.objects.order_by("id"):
                self._marks.mark_ticks[contract.id] = contract.mark_ticks
                self._marks.index_ticks[contract.id] = contract.index_ticks

    def write(self, events: Events, *, first: int, through: int, time_ns: int) -> int:
        """Folds events and moves the head to `through`; returns how many events were new.

        events         : EVENT records in journal order; those of one command all together
        first, through : the commands they cover (those without events count too)
        time_ns        : the last command's time
        """
        crash_point("before_copy")
        with transaction.atomic():
            head = _lock_head()
            if head.sequence != self.sequence:
                self.load()
            if first > self.sequence + 1:
                raise ProjectionGap(f"Expected command {self.sequence + 1}, was {first}")
            if through <= self.sequence:
                return 0
            fresh = events[events["sequence"] > self.sequence]
            batch = Batch(fresh, self._events)
            with connection.cursor() as cursor:
                # Losing the last moments in a power cut is harmless here: the journal has them.
                cursor.execute("SET LOCAL synchronous_commit = off")
                write_registry(cursor, batch)
                write_orders(cursor, batch)
                write_fills(cursor, batch, self._marks)
                keys, units = write_money(cursor, batch, self._balances)
                marks = write_market(cursor, batch)
                write_clearing(cursor, batch)
                write_funding(cursor, batch)
            head.sequence, head.events, head.time_ns = (
                through,
                self._events + len(batch),
                time_ns,
            )
            head.save()
            crash_point("projection_pending")
        crash_point("projection_committed")
        self._take_head(head)
        self._balances[keys] = units
        self._take_marks(marks)
        return len(batch)

    def _take_head(self, head: ProjectionHead) -> None:
        self.sequence, self.time_ns, self._events = head.sequence, head.time_ns, head.events

    def _take_marks(self, last: LastMarks) -> None:
        self._marks.mark_ticks[last.contract] = last.mark_ticks
        self._marks.index_ticks[last.contract] = last.index_ticks


def truncate() -> None:
    """Empties every projected table; the head goes back to nothing.

    Readers are waited for in short turns, each a transaction: a caller that goes away meanwhile
    leaves nobody behind who holds the tables, or empties them later.
    """
    while not _has_truncated():
        pass


def _has_truncated() -> bool:
    tables = ", ".join(f'"{model._meta.db_table}"' for model in PROJECTED)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{TRUNCATE_TURN_MS}ms'")
            cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False
    return True


def _lock_head() -> ProjectionHead:
    head, _ = ProjectionHead.objects.select_for_update().get_or_create(pk=1)
    return head


def join(parts: Iterable[Events]) -> Events:
    """Event arrays one after the other, copied: the engine reuses its buffer."""
    return np.concatenate([np.array(part) for part in parts])
