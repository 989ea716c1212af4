"""What moved an account's equity: sums of one statement, exact at the projections' head.

Equity = money from outside + what trades brought (the position at the mark, less what was paid
for it) + funding - fees + what liquidations took and insurance gave. Each term is a sum over
projected rows, to the unit.

PROFIT-001  stored quarters and the rows behind the head are read in one statement, so a row is
            counted once whether the task has folded it or not (as SEL-002).
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from exchange.models.accounts import LedgerKind
from exchange.models.contracts import HISTORY_BITS

QUARTER_NS = 900_000_000_000
SECOND_NS = 1_000_000_000
OUTSIDE = (
    LedgerKind.DEPOSIT,
    LedgerKind.WITHDRAWAL_HOLD,
    LedgerKind.WITHDRAWAL_RETURNED,
    LedgerKind.TRANSFER,
)
FORCED = (LedgerKind.INSURANCE, LedgerKind.BAD_DEBT)
BEFORE = -1  # the bucket of all that was before the first one asked for

COLUMNS = (
    "account, contract, start_ns, lots, price_lots, volume_price_lots, trades, fee_units, "
    "funding_units, forced_units, outside_units"
)


class Flow(NamedTuple):
    """Sums over rows of one contract; lots and price_lots: bought less sold."""

    lots: int = 0
    price_lots: int = 0
    volume_price_lots: int = 0
    trades: int = 0
    fee_units: int = 0  # positive: paid
    funding_units: int = 0
    forced_units: int = 0
    outside_units: int = 0

    def plus(self, other: "Flow") -> "Flow":
        """Both together."""
        return Flow(*(mine + its for mine, its in zip(self, other, strict=True)))


Flows = dict[int, dict[int, Flow]]  # by start of the bucket, then by contract

_START = f"time_ns - time_ns %% {QUARTER_NS}"
# Each source of rows: its table, the head's column, and its row in COLUMNS (a quarter's share).
SOURCES = {
    "fill": (
        "exchange_fill",
        f"account, contract_id, {_START}, side * quantity_lots, "
        "side * price_ticks::numeric * quantity_lots, price_ticks::numeric * quantity_lots, "
        "1, fee_units, 0, 0, 0",
        "TRUE",
    ),
    "funding": (
        "exchange_fundingpayment",
        f"account, contract, {_START}, 0, 0, 0, 0, 0, amount_units, 0, 0",
        "TRUE",
    ),
    # The ledger has of a liquidation's fee what cash could pay; here the whole of it counts.
    "step": (
        "exchange_liquidationstep",
        f"account, contract_id, {_START}, 0, 0, 0, 0, 0, 0, -fee_units, 0",
        "fee_units <> 0",
    ),
    "entry": (
        "exchange_ledgerentry",
        f"account, contract, {_START}, 0, 0, 0, 0, 0, 0, "
        f"CASE WHEN kind IN ({', '.join(str(int(kind)) for kind in FORCED)}) "
        "THEN amount_units ELSE 0 END, "
        f"CASE WHEN kind IN ({', '.join(str(int(kind)) for kind in OUTSIDE)}) "
        "THEN amount_units ELSE 0 END",
        f"kind IN ({', '.join(str(int(kind)) for kind in (*FORCED, *OUTSIDE))})",
    ),
}
_TAILS = " UNION ALL ".join(
    f"SELECT {row} FROM {table} WHERE account = %(account)s AND {which} AND id > "  # noqa: S608
    f"(SELECT COALESCE(max({name}), 0) FROM exchange_quarterhead)"
    for name, (table, row, which) in SOURCES.items()
)
_FLOWS = f"""
SELECT CASE WHEN start_ns < %(since)s THEN {BEFORE}
        ELSE %(since)s + (start_ns - %(since)s) / %(width)s * %(width)s END AS bucket_ns,
    contract, sum(lots), sum(price_lots), sum(volume_price_lots), sum(trades), sum(fee_units),
    sum(funding_units), sum(forced_units), sum(outside_units)
FROM (SELECT {COLUMNS} FROM exchange_accountquarter WHERE account = %(account)s
      UNION ALL {_TAILS}) rows
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608
_FIRST = f"""
SELECT min(start_ns) FROM (
    SELECT {COLUMNS} FROM exchange_accountquarter WHERE account = %(account)s
    UNION ALL {_TAILS}) rows
"""  # noqa: S608
_MARKS = """
SELECT (SELECT mark_ticks FROM exchange_markhistory
        WHERE id >= %(base)s AND id <= %(base)s + moment ORDER BY id DESC LIMIT 1)
FROM unnest(%(moments)s::bigint[]) WITH ORDINALITY AS asked (moment, place) ORDER BY place
"""


def flows(account: int, since_ns: int, width_ns: int) -> Flows:
    """What came to pass since a moment in buckets of a width, and all before it (BEFORE).

    since_ns and width_ns are whole quarters of an hour.
    """
    values = {"account": account, "since": since_ns, "width": width_ns}
    found: Flows = {}
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, values)
        for bucket, contract, *sums in cursor.fetchall():
            found.setdefault(int(bucket), {})[contract] = Flow(*map(int, sums))
    return found


def began_ns(account: int) -> int | None:
    """The first quarter of an hour in which anything moved; None of an account without any."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"account": account})
        (first,) = cursor.fetchone()
    return None if first is None else int(first)


def marks_at(contract: int, moments_ns: Sequence[int]) -> list[int | None]:
    """The mark in force at each moment, None before there was one."""
    base = contract << HISTORY_BITS
    moments = [moment // SECOND_NS for moment in moments_ns]
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, {"base": base, "moments": moments})
        return [None if mark is None else int(mark) for (mark,) in cursor.fetchall()]
