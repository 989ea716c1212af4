"""Statements of an account as CSV, written as they are read: no length is too long for memory.

STATEMENT-001  opening balance + postings = closing balance, to the unit; the file's own rows
               say all three, and the closing balance of a period opens the next one.
STATEMENT-002  a period is a range of days in UTC, first and last included.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from exchange import history_reads as reads
from exchange.engine import units
from exchange.models import LedgerEntry
from exchange.models.accounts import LedgerKind

NS = 1_000_000_000
PAGE = 1_000
HEAD = (
    "time_utc",
    "what",
    "contract",
    "change_usdc",
    "balance_usdc",
    "reference",
    "sequence",
)
WORDS = {
    LedgerKind.DEPOSIT: "deposit",
    LedgerKind.WITHDRAWAL_HOLD: "withdrawal",
    LedgerKind.WITHDRAWAL_PAID: "withdrawal paid",
    LedgerKind.WITHDRAWAL_RETURNED: "withdrawal returned",
    LedgerKind.FEE: "trading fee",
    LedgerKind.VARIATION: "profit and loss settled",
    LedgerKind.LIQUIDATION_FEE: "liquidation fee",
    LedgerKind.INSURANCE: "paid by insurance",
    LedgerKind.BAD_DEBT: "bad debt taken over",
    LedgerKind.TRANSFER: "transfer",
}
Cells = tuple[object, ...]


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def since_ns(self) -> int:
        """Where it begins."""
        return _midnight_ns(self.first)

    @property
    def until_ns(self) -> int:
        """The last nanosecond of it."""
        return _midnight_ns(self.last + timedelta(days=1)) - 1


def statement(account: int, period: Period, names: dict[int, str]) -> Iterator[str]:
    """The lines of the file in pieces; names: of contracts by number."""
    opening = _balance_before(account, period.since_ns)
    balance, change = opening, 0
    yield _lines([HEAD, _balance_row("opening balance", period.since_ns, opening)])
    last_id: int | None = None
    while True:
        window = reads.Window(
            limit=PAGE,
            before=last_id,
            since_ns=period.since_ns,
            until_ns=period.until_ns,
            is_ascending=True,
        )
        page = reads.ledger(account, window)
        for row in page.rows:
            change += row.amount_units
            balance = row.balance_units
        if page.rows:
            yield _lines([_posting_row(row, names) for row in page.rows])
        if page.before is None:
            break
        last_id = page.before
    assert opening + change == balance, (account, opening, change, balance)
    yield _lines(
        [
            ("", "sum of changes", "", decimal(change), "", "", ""),
            _balance_row("closing balance", period.until_ns, balance),
        ]
    )


def decimal(amount_units: int) -> str:
    """Units as money: -1500000 → "-1.500000"."""
    sign = "-" if amount_units < 0 else ""
    whole, rest = divmod(abs(amount_units), units.MONEY_SCALE)
    return f"{sign}{whole}.{rest:06d}"


def _balance_before(account: int, moment_ns: int) -> int:
    page = reads.ledger(account, reads.Window(limit=1, until_ns=moment_ns - 1))
    return page.rows[0].balance_units if page.rows else 0


def _posting_row(row: LedgerEntry, names: dict[int, str]) -> Cells:
    return (
        _time(row.time_ns),
        WORDS[LedgerKind(row.kind)],
        names.get(row.contract, ""),
        decimal(row.amount_units),
        decimal(row.balance_units),
        row.reference or "",
        row.sequence,
    )


def _balance_row(words: str, moment_ns: int, balance_units: int) -> Cells:
    return (_time(moment_ns), words, "", "", decimal(balance_units), "", "")


def _lines(rows: list[Cells]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _time(moment_ns: int) -> str:
    seconds, rest = divmod(moment_ns, NS)
    at = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{at}.{rest:09d}"


def _midnight_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NS
