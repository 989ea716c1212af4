"""Reads of what was done: orders, trades and movements of money, cut out of long tables.

SEL-001  lists have a unique order and page by id, so that rows which arrive meanwhile neither
         repeat nor disappear.
SEL-003  what a window leaves out is left out by the database, never behind it: a page that is
         not the last one is full.
SEL-004  ids follow the time of the journal, so a time is looked up once, as an id. A range of
         time then costs what its rows cost, wherever in the table it lies.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import F, Model, QuerySet

from exchange.engine.units import BUY, SELL
from exchange.models import Fill, LedgerEntry, Order, Transfer
from exchange.models.accounts import LedgerKind
from exchange.models.trading import OrderState

PAGE = 20
PAGE_MAX = 1_000
LABELS_REACH = 10_000

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and what to ask the next page with: None on the last one."""

    rows: list[Row]
    before: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows are asked for, newest first unless ascending. None: no bound.

    first and last are ids, both in it; before (or, ascending, behind) is the last id of the
    page before.
    """

    limit: int = PAGE
    before: int | None = None
    first: int | None = None
    last: int | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    offset: int = 0
    is_ascending: bool = False
    contracts: Collection[int] | None = None


NEWEST = Window()


# --- orders -----------------------------------------------------------------------------------
def order(account: int, order_id: int) -> Order | None:
    """One order, if it is this account's."""
    return Order.objects.filter(pk=order_id, account=account).first()


def order_history(
    account: int, window: Window = NEWEST, *, only_filled: bool = False
) -> Page[Order]:
    """An account's orders that are no longer open; only_filled: those that traded at all."""
    rows = Order.objects.filter(account=account).exclude(state=OrderState.OPEN)
    if only_filled:
        rows = rows.filter(filled_lots__gt=0)
    return _cut(rows, window, "created_ns")


def labelled_orders(account: int, label: int, window: Window = NEWEST) -> Page[Order]:
    """Orders under a label among the account's newest LABELS_REACH, open or not.

    No index knows labels: of an account with millions of orders not all shall be read.
    """
    newest = Order.objects.filter(account=account).order_by("-pk").values("pk")[:LABELS_REACH]
    return _cut(Order.objects.filter(pk__in=newest, label=label), window, "created_ns")


def trigger_orders(account: int, window: Window = NEWEST) -> Page[Order]:
    """An account's orders that wait, or waited, for a price."""
    return _cut(
        Order.objects.filter(account=account, trigger_ticks__gt=0), window, "created_ns"
    )


# --- trades -----------------------------------------------------------------------------------
def account_fills(
    account: int, window: Window = NEWEST, *, order_id: int | None = None
) -> Page[Fill]:
    """An account's sides of its trades."""
    rows = Fill.objects.filter(account=account)
    return _cut(rows if order_id is None else rows.filter(order=order_id), window, "time_ns")


def trades(window: Window = NEWEST) -> Page[Fill]:
    """The public tape: the taker's side of each trade."""
    return _cut(Fill.objects.filter(is_taker=True), window, "time_ns")


def fills_of_trades(account: int, numbers: Collection[int]) -> dict[int, Fill]:
    """The account's side of each of these trades; of one with itself, the taker's."""
    ids = [2 * number + side for number in numbers for side in (0, 1)]
    rows = Fill.objects.filter(pk__in=ids, account=account).order_by("pk")
    return {row.trade: row for row in rows}


def _opening(rows: QuerySet[Fill]) -> QuerySet[Fill]:
    after = rows.annotate(ahead=F("side") * F("position_lots"))
    return after.filter(ahead__gt=0)


def _closing(rows: QuerySet[Fill]) -> QuerySet[Fill]:
    before = rows.annotate(ahead=F("side") * F("position_lots") - F("quantity_lots"))
    return before.filter(ahead__lt=0)


# Which trades of an account a word asks for; one that turns a position opens and closes.
SIDES: dict[str, Callable[[QuerySet[Fill]], QuerySet[Fill]]] = {
    "maker": lambda rows: rows.filter(is_taker=False),
    "taker": lambda rows: rows.filter(is_taker=True),
    "buy": lambda rows: rows.filter(side=BUY),
    "sell": lambda rows: rows.filter(side=SELL),
    "open": _opening,
    "close": _closing,
}


# --- money ------------------------------------------------------------------------------------
def ledger(
    account: int,
    window: Window = NEWEST,
    *,
    kinds: Collection[int] | None = None,
    side: str | None = None,
) -> Page[LedgerEntry]:
    """An account's postings; kinds: of LedgerKind, None for all; side: of SIDES, of trades."""
    rows = LedgerEntry.objects.filter(account=account)
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    if side is not None:
        trades = SIDES[side](Fill.objects.filter(account=account)).values("trade")
        rows = rows.filter(reference__in=trades)
    return _cut(rows, window, "time_ns")


def moved_between_accounts(account: int, window: Window = NEWEST) -> Page[LedgerEntry]:
    """What the account gave to, or got from, other accounts of its owner."""
    return ledger(account, window, kinds=(LedgerKind.TRANSFER,))


def deposits(account: int, window: Window = NEWEST) -> Page[Transfer]:
    """Money that came in from outside."""
    return _cut(_deposits(account), window, "requested_ns")


def withdrawals(account: int, window: Window = NEWEST) -> Page[Transfer]:
    """Money that went out, or waits to."""
    return _cut(_withdrawals(account), window, "requested_ns")


def count_deposits(account: int) -> int:
    """How many there are in all."""
    return _deposits(account).count()


def count_withdrawals(account: int) -> int:
    """How many there are in all."""
    return _withdrawals(account).count()


def count_moved_between_accounts(account: int) -> int:
    """How many there are in all."""
    return LedgerEntry.objects.filter(account=account, kind=LedgerKind.TRANSFER).count()


# --- the parts --------------------------------------------------------------------------------
def page(rows: QuerySet[Row], window: Window) -> Page[Row]:
    """One page of rows by their ids."""
    if not 0 < window.limit <= PAGE_MAX:
        raise ValueError(f"Expected a limit of 1 to {PAGE_MAX}, was {window.limit}")
    if window.first is not None:
        rows = rows.filter(pk__gte=window.first)
    if window.last is not None:
        rows = rows.filter(pk__lte=window.last)
    if window.before is not None:
        rows = rows.filter(**{"pk__gt" if window.is_ascending else "pk__lt": window.before})
    ordered = rows.order_by("pk" if window.is_ascending else "-pk")
    found = list(ordered[window.offset : window.offset + window.limit + 1])
    more = len(found) > window.limit
    return Page(found[: window.limit], found[window.limit - 1].pk if more else None)


# Halves the ids until one is left; each step looks at one row of the primary key's index.
_FIRST_SINCE = """
WITH RECURSIVE step (low, high) AS (
    SELECT min(id), max(id) FROM {table}
    UNION ALL
    SELECT CASE WHEN probe.at_ns < %(time_ns)s THEN probe.id + 1 ELSE low END,
        CASE WHEN probe.at_ns < %(time_ns)s THEN high ELSE low + (high - low) / 2 END
    FROM step, LATERAL (
        SELECT id, {column} AS at_ns FROM {table}
        WHERE id >= low + (high - low) / 2 ORDER BY id LIMIT 1
    ) probe
    WHERE low < high
)
SELECT {table}.id FROM {table}, (SELECT max(low) AS low FROM step) found
WHERE {table}.id >= found.low AND {table}.{column} >= %(time_ns)s ORDER BY {table}.id LIMIT 1
"""


def first_since(table: type[Model], column: str, time_ns: int) -> int | None:
    """The smallest id whose row is not older than a time; None: all are older (SEL-004)."""
    names = {"table": table._meta.db_table, "column": column}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_SINCE.format(**names), {"time_ns": time_ns})
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _cut(rows: QuerySet[Row], window: Window, column: str) -> Page[Row]:
    """One page of rows within the window's contracts and times."""
    if window.contracts is not None:
        rows = rows.filter(contract__in=list(window.contracts))
    if window.since_ns is not None:
        first = first_since(rows.model, column, window.since_ns)
        rows = rows.none() if first is None else rows.filter(pk__gte=first)
    if window.until_ns is not None:
        behind = first_since(rows.model, column, window.until_ns + 1)
        rows = rows if behind is None else rows.filter(pk__lt=behind)
    return page(rows, window)


def _deposits(account: int) -> QuerySet[Transfer]:
    return Transfer.objects.filter(account=account, withdrawal=0)


def _withdrawals(account: int) -> QuerySet[Transfer]:
    return Transfer.objects.filter(account=account).exclude(withdrawal=0)
