"""Fills, funding and postings → quarters of an hour of each account, each row exactly once.

QUARTER-001  quarters and the head that says which rows they hold move in one transaction
             (as CANDLE-001); a reader takes what is behind the head from the rows themselves.
"""

from django.db import connection, transaction

from exchange.models import QuarterHead
from exchange.profit_reads import COLUMNS, SOURCES

# Ids of fills are dense; those of other rows count all events, so their ranges are wider.
CHUNKS = {"fill": 100_000, "funding": 1_000_000, "step": 1_000_000, "entry": 4_000_000}
_SUMS = COLUMNS.split(", ")[3:]
_FOLD = """
INSERT INTO exchange_accountquarter ({columns})
SELECT account, contract, start_ns, {sums} FROM (
    SELECT {row} FROM {table} WHERE {which} AND id > %(after)s AND id <= %(through)s
) AS rows ({columns}) GROUP BY account, contract, start_ns ORDER BY account, contract, start_ns
ON CONFLICT (account, contract, start_ns) DO UPDATE SET {added}
"""


def fold(*, chunks: dict[str, int] | None = None) -> int:
    """Folds all rows that are in no quarter yet; returns how many transactions it took."""
    count = 0
    for source in SOURCES:
        while _fold_chunk(source, (chunks or CHUNKS)[source]):
            count += 1
    return count


@transaction.atomic
def _fold_chunk(source: str, chunk: int) -> bool:
    head, _ = QuarterHead.objects.select_for_update().get_or_create(pk=1)
    after = getattr(head, source)
    table, row, which = SOURCES[source]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {table}")  # noqa: S608
        (newest,) = cursor.fetchone()
        through = min(newest, after + chunk)
        if through <= after:
            return False
        cursor.execute(_statement(table, row, which), {"after": after, "through": through})
    setattr(head, source, through)
    head.save(update_fields=[source])
    return True


def _statement(table: str, row: str, which: str) -> str:
    added = ", ".join(
        f"{name} = exchange_accountquarter.{name} + excluded.{name}" for name in _SUMS
    )
    sums = ", ".join(f"sum({name})" for name in _SUMS)
    return _FOLD.format(
        columns=COLUMNS, sums=sums, row=row, table=table, which=which, added=added
    )
