"""Fills → candles, each fill exactly once.

CANDLE-001  candles and the head that says which fills they hold move in one transaction:
            however often the task runs, is killed or runs twice at once, nothing is counted
            twice.
CANDLE-002  after downtime it catches up CHUNK fills a transaction, so that no lock is held
            long.
"""

from django.db import connection, transaction

from exchange.models import CandleHead

RESOLUTIONS_MINUTES = (1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440)
MINUTE_NS = 60_000_000_000
CHUNK = 100_000

_ROLL_UP = """
INSERT INTO exchange_candle (contract_id, minutes, start_ns, open_ticks, high_ticks, low_ticks,
    close_ticks, volume_lots, volume_price_lots, trades)
SELECT contract_id, minutes, time_ns - time_ns %% (minutes * %(minute)s) AS start_ns,
    (array_agg(price_ticks ORDER BY id))[1], max(price_ticks), min(price_ticks),
    (array_agg(price_ticks ORDER BY id DESC))[1],
    sum(quantity_lots), sum(price_ticks::numeric * quantity_lots), count(*)
FROM exchange_fill CROSS JOIN unnest(%(resolutions)s::smallint[]) AS minutes
WHERE is_taker AND id > %(after)s AND id <= %(through)s
GROUP BY contract_id, minutes, start_ns
ON CONFLICT (contract_id, minutes, start_ns) DO UPDATE SET
    high_ticks = GREATEST(exchange_candle.high_ticks, excluded.high_ticks),
    low_ticks = LEAST(exchange_candle.low_ticks, excluded.low_ticks),
    close_ticks = excluded.close_ticks,
    volume_lots = exchange_candle.volume_lots + excluded.volume_lots,
    volume_price_lots = exchange_candle.volume_price_lots + excluded.volume_price_lots,
    trades = exchange_candle.trades + excluded.trades
"""


def roll_up(*, chunk: int = CHUNK) -> int:
    """Folds all fills that are not in candles yet; returns how far it came (a fill's id)."""
    while True:
        through, is_done = _roll_up_chunk(chunk)
        if is_done:
            return through


@transaction.atomic
def _roll_up_chunk(chunk: int) -> tuple[int, bool]:
    head, _ = CandleHead.objects.select_for_update().get_or_create(pk=1)
    with connection.cursor() as cursor:
        # Ids count up without gaps to speak of: a range of them is a bounded number of fills.
        cursor.execute("SELECT COALESCE(max(id), 0) FROM exchange_fill")
        (newest,) = cursor.fetchone()
        through = min(newest, head.fill + chunk)
        if through > head.fill:
            cursor.execute(
                _ROLL_UP,
                {
                    "minute": MINUTE_NS,
                    "resolutions": list(RESOLUTIONS_MINUTES),
                    "after": head.fill,
                    "through": through,
                },
            )
            head.fill = through
            head.save()
    return through, through == newest
