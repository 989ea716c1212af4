"""Events of funding → FundingSample, FundingHour, FundingPayment.

FOLD-030  an hour is computed anew from its samples whenever one of them arrives: nothing is
          added up twice, whatever is projected again.
"""

from django.db.backends.utils import CursorWrapper

from exchange.engine.events import EventKind
from exchange.engine.units import FUNDING_HOUR_NS, FUNDING_SAMPLE_NS, FUNDING_SAMPLES
from exchange.models.contracts import HISTORY_BITS, Contract
from exchange.models.funding import FundingPayment, FundingSample
from exchange.pipeline.projections.batch import Batch, Integers, last_of_each
from exchange.pipeline.projections.table import Columns, Patch, Table

_SAMPLES = Table.of(FundingSample)
_PAYMENTS = Table.of(FundingPayment)
_CONTRACTS = Patch(Contract, "funding_hour")

_HOUR = """
INSERT INTO exchange_fundinghour (id, contract, start_ns, samples, measured_ms, rate_ppb_ms,
    growth, rate_ppb, mark_ticks, index_e8)
SELECT %(id)s, contract, %(start_ns)s, count(*), sum(measured_ms),
    sum(rate_ppb::numeric * measured_ms), sum(growth),
    (array_agg(rate_ppb ORDER BY id DESC))[1], (array_agg(mark_ticks ORDER BY id DESC))[1],
    (array_agg(index_e8 ORDER BY id DESC))[1]
FROM exchange_fundingsample WHERE id >= %(first)s AND id < %(after)s
GROUP BY contract
ON CONFLICT (id) DO UPDATE SET samples = excluded.samples, measured_ms = excluded.measured_ms,
    rate_ppb_ms = excluded.rate_ppb_ms, growth = excluded.growth,
    rate_ppb = excluded.rate_ppb, mark_ticks = excluded.mark_ticks,
    index_e8 = excluded.index_e8
"""


def write_funding(cursor: CursorWrapper, batch: Batch) -> None:
    """Writes what was measured, and what was paid."""
    sampled = batch.of(EventKind.FUNDING_SAMPLED)
    numbers = sampled["end_ns"] // FUNDING_SAMPLE_NS - 1
    columns: Columns = {name: sampled[name] for name in _SAMPLES.formats if name != "id"}
    columns["id"] = (sampled["contract"] << HISTORY_BITS) | numbers
    _SAMPLES.copy(cursor, columns, sampled.size)
    hours = (sampled["contract"] << HISTORY_BITS) | (numbers // FUNDING_SAMPLES)
    for key in hours[last_of_each(hours)]:
        _write_hour(cursor, int(key))
    _write_payments(cursor, batch)


def _write_hour(cursor: CursorWrapper, key: int) -> None:
    contract, hour = key >> HISTORY_BITS, key & ((1 << HISTORY_BITS) - 1)
    first = (contract << HISTORY_BITS) | (hour * FUNDING_SAMPLES)
    cursor.execute(
        _HOUR,
        {
            "id": key,
            "start_ns": hour * FUNDING_HOUR_NS,
            "first": first,
            "after": first + FUNDING_SAMPLES,
        },
    )


def _write_payments(cursor: CursorWrapper, batch: Batch) -> None:
    converted = batch.of(EventKind.FUNDING_CONVERTED)
    is_paid: Integers = converted["amount_units"] != 0
    paid = converted[is_paid]
    columns: Columns = {name: paid[name] for name in _PAYMENTS.formats if name != "id"}
    columns["id"] = batch.ordinals(EventKind.FUNDING_CONVERTED)[is_paid]
    _PAYMENTS.copy(cursor, columns, paid.size)
    last = converted[last_of_each(converted["contract"])]
    hours = last["time_ns"] // FUNDING_HOUR_NS
    _CONTRACTS.write(cursor, {"id": last["contract"], "funding_hour": hours}, last.size)
