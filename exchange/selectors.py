"""Reads: every list has an explicit, unique order, pages by key, and costs one query.

SEL-001  lists are newest first; a page is asked for by the last id of the page before it, so
         that rows which arrive meanwhile neither repeat nor disappear.
SEL-002  candles and statistics are exact at the projections' head: what the candle task has
         not folded yet is read from the fills themselves, in the same statement.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from exchange.history_reads import PAGE, PAGE_MAX, Page, Window, page
from exchange.models import (
    Contract,
    FundingPayment,
    IndexHistory,
    Liquidation,
    LiquidationStep,
    Maintenance,
    MarkHistory,
    Membership,
    ProjectionHead,
    Underlying,
    Vault,
)
from exchange.models.contracts import HISTORY_BITS

MINUTE_NS = 60_000_000_000
DAY_NS = 1_440 * MINUTE_NS
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One interval in which something traded; volume_price_lots sums price_ticks x lots."""

    start_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    volume_price_lots: int
    trades: int


@dataclass(frozen=True, slots=True)
class DayStats:
    """A contract's last 24 hours up to the projections' head."""

    contract: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    last_ticks: int
    volume_lots: int
    volume_price_lots: int
    trades: int


# --- where the projections stand --------------------------------------------------------------
def projected_head() -> ProjectionHead:
    """The command that the tables stand at."""
    return ProjectionHead.objects.filter(pk=1).first() or ProjectionHead()


# --- what is listed ---------------------------------------------------------------------------
def contracts() -> list[Contract]:
    """All listed contracts with their underlyings, in the order of listing."""
    return list(Contract.objects.select_related("underlying").order_by("id"))


def underlyings() -> list[Underlying]:
    """All underlyings, in the order of listing."""
    return list(Underlying.objects.order_by("id"))


def accounts_of(user_id: int) -> list[Membership]:
    """The engine accounts of a person, oldest first."""
    return list(Membership.objects.filter(user_id=user_id).order_by("account_id"))


def vaults() -> list[Vault]:
    """The venue's own funds."""
    return list(Vault.objects.order_by("id"))


def planned_maintenance(now: datetime) -> list[Maintenance]:
    """What is under way or to come, the next one first; a dozen at most."""
    return list(Maintenance.objects.filter(ends__gt=now).order_by("begins", "id")[:12])


# --- forced actions ---------------------------------------------------------------------------
def liquidations(
    account: int | None = None, *, before: int | None = None, limit: int = PAGE
) -> Page[Liquidation]:
    """Liquidations of one account, or of the venue."""
    rows = Liquidation.objects.all()
    return page(
        rows if account is None else rows.filter(account=account), Window(limit, before)
    )


def liquidation_steps(
    account: int | None = None,
    *,
    contract: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page[LiquidationStep]:
    """What was closed by force, and the numbers that bound it."""
    rows = LiquidationStep.objects.all()
    if account is not None:
        rows = rows.filter(account=account)
    if contract is not None:
        rows = rows.filter(contract_id=contract)
    return page(rows, Window(limit, before))


# --- funding ----------------------------------------------------------------------------------
def funding_payments(account: int, before: int | None, limit: int) -> Page[FundingPayment]:
    """What the account received or paid, newest first."""
    return page(FundingPayment.objects.filter(account=account), Window(limit, before))


# --- prices -----------------------------------------------------------------------------------
def mark_history(
    contract: int, since_ns: int, until_ns: int, *, limit: int = PAGE_MAX
) -> list[MarkHistory]:
    """The last mark of each second, oldest first; the newest `limit` of the range."""
    first, last = _history_range(contract, since_ns, until_ns)
    rows = MarkHistory.objects.filter(pk__gte=first, pk__lte=last).order_by("-pk")
    return list(rows[:limit])[::-1]


def index_history(
    underlying: int, since_ns: int, until_ns: int, *, limit: int = PAGE_MAX
) -> list[IndexHistory]:
    """The last index of each second, oldest first; the newest `limit` of the range."""
    first, last = _history_range(underlying, since_ns, until_ns)
    rows = IndexHistory.objects.filter(pk__gte=first, pk__lte=last).order_by("-pk")
    return list(rows[:limit])[::-1]


def _history_range(subject: int, since_ns: int, until_ns: int) -> tuple[int, int]:
    base = subject << HISTORY_BITS
    return base + max(0, since_ns // SECOND_NS), base + max(0, until_ns // SECOND_NS)


# --- candles ----------------------------------------------------------------------------------
_TAIL = """
    SELECT contract_id, time_ns - time_ns %% %(width)s AS start_ns,
        (array_agg(price_ticks ORDER BY id))[1] AS open_ticks,
        max(price_ticks) AS high_ticks, min(price_ticks) AS low_ticks,
        (array_agg(price_ticks ORDER BY id DESC))[1] AS close_ticks,
        sum(quantity_lots)::bigint AS volume_lots,
        sum(price_ticks::numeric * quantity_lots) AS volume_price_lots, count(*) AS trades
    FROM exchange_fill
    WHERE is_taker
        AND id > (SELECT COALESCE(max(fill), 0) FROM exchange_candlehead)
        AND time_ns >= %(since)s AND time_ns < %(until)s
        AND (%(contract)s::int IS NULL OR contract_id = %(contract)s)
    GROUP BY 1, 2
"""
_STORED = """
    SELECT contract_id, start_ns, open_ticks, high_ticks, low_ticks, close_ticks, volume_lots,
        volume_price_lots, trades
    FROM exchange_candle
    WHERE minutes = %(minutes)s AND start_ns >= %(since)s AND start_ns < %(until)s
        AND (%(contract)s::int IS NULL OR contract_id = %(contract)s)
"""
# The tail of an interval follows what is stored of it: part 0 before part 1 is time's order.
_PARTS = f"""
SELECT contract_id, {{start}} AS start_ns,
    (array_agg(open_ticks ORDER BY start_ns, part))[1], max(high_ticks), min(low_ticks),
    (array_agg(close_ticks ORDER BY start_ns DESC, part DESC))[1], sum(volume_lots)::bigint,
    sum(volume_price_lots), sum(trades)::bigint
FROM (SELECT *, 0 AS part FROM ({_STORED}) stored UNION ALL
      SELECT *, 1 AS part FROM ({_TAIL}) tail) parts
GROUP BY {{group}} ORDER BY 1, 2
"""  # noqa: S608
_RECORDED = """
SELECT start_ns - start_ns %% %(width)s AS interval_ns,
    (array_agg(open_ticks ORDER BY start_ns))[1], max(high_ticks), min(low_ticks),
    (array_agg(close_ticks ORDER BY start_ns DESC))[1]
FROM exchange_recordedminute
WHERE contract_id = %(contract)s AND start_ns >= %(since)s AND start_ns < %(until)s
GROUP BY 1 ORDER BY 1
"""
_CANDLES = _PARTS.format(start="parts.start_ns", group="contract_id, parts.start_ns")
_DAY = _PARTS.format(start="min(parts.start_ns)", group="contract_id")


def candles(contract: int, minutes: int, since_ns: int, until_ns: int) -> list[CandleRow]:
    """Candles that begin in [since, until), oldest first; quiet intervals have none."""
    width = minutes * MINUTE_NS
    values = {
        "contract": contract,
        "minutes": minutes,
        "width": width,
        "since": -(-since_ns // width) * width,
        "until": -(-until_ns // width) * width,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDLES, values)
        return [CandleRow(*map(int, row[1:])) for row in cursor.fetchall()]


def recorded_candles(
    contract: int, minutes: int, since_ns: int, until_ns: int
) -> list[CandleRow]:
    """Candles of the recorded past that begin in [since, until), oldest first; no volume."""
    width = minutes * MINUTE_NS
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORDED,
            {
                "contract": contract,
                "width": width,
                "since": -(-since_ns // width) * width,
                "until": until_ns,
            },
        )
        return [
            CandleRow(start, opened, high, low, close, 0, 0, 0)
            for start, opened, high, low, close in cursor.fetchall()
        ]


def day_stats(contract: int | None = None) -> dict[int, DayStats]:
    """The last 24 hours by contract, from a whole minute on; quiet contracts are absent."""
    now_ns = projected_head().time_ns
    values = {
        "contract": contract,
        "minutes": 1,
        "width": MINUTE_NS,
        "since": (now_ns - DAY_NS) // MINUTE_NS * MINUTE_NS,
        "until": now_ns + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DAY, values)
        rows = cursor.fetchall()
    return {row[0]: DayStats(row[0], *map(int, row[2:])) for row in rows}
