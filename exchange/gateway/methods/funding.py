"""Funding: what it was, what it is, and what an account paid, in Deribit's shapes.

FUNDAPI-001  rates are fractions: 0.0001 is 0.01 %. Positive: longs pay shorts. interest_8h is
             the rate of eight hours, interest_1h what one hour came to.
"""

import time
from itertools import pairwise

from exchange import funding_reads, selectors
from exchange.engine.units import FUNDING_HOUR_NS
from exchange.gateway.database import in_database
from exchange.gateway.decoder import number
from exchange.gateway.errors import invalid_params
from exchange.gateway.funding_words import interest, rate
from exchange.gateway.limits import Cost
from exchange.gateway.methods.windows import check_times
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import FundingChart, FundingPayments, FundingRange
from exchange.gateway.wire import Json, millis, money
from exchange.models.keys import SCOPE_READ

_MILLISECOND_NS = 1_000_000
_HOURS_BACK = 8
RANGE_HOURS_MAX = 744
# How far a chart goes back, and every how many samples of 5 s it has a point.
_CHARTS = {"8h": (8, 12), "12h": (12, 18), "24h": (24, 36), "1m": (720, 720)}


@method("public/get_funding_rate_value", FundingRange, cost=Cost.HISTORY)
async def get_funding_rate_value(call: Call, params: FundingRange) -> object:
    """What longs paid shorts over the period, as a fraction of the position."""
    listing = call.gateway.listings.get(params.instrument_name)
    since_ns, until_ns = _range(params)
    came_to = await in_database(funding_reads.interest, listing.id, since_ns, until_ns)
    return interest(came_to)


@method("public/get_funding_rate_history", FundingRange, cost=Cost.HISTORY)
async def get_funding_rate_history(call: Call, params: FundingRange) -> list[Json]:
    """Every hour that ended in the period, oldest first; at most 744 of them."""
    listing = call.gateway.listings.get(params.instrument_name)
    since_ns, until_ns = _range(params)
    until_ns = min(until_ns, time.time_ns())  # The hour under way has not ended.
    since_ns = max(since_ns, until_ns - RANGE_HOURS_MAX * FUNDING_HOUR_NS)
    reach_ns = since_ns - _HOURS_BACK * FUNDING_HOUR_NS
    hours = await in_database(funding_reads.hours, listing.id, reach_ns, until_ns)
    shapes: list[Json] = []
    for before, hour in pairwise([None, *hours]):
        assert hour is not None
        end_ns = hour.start_ns + FUNDING_HOUR_NS
        if not since_ns <= end_ns <= until_ns:
            continue
        first_ns = end_ns - _HOURS_BACK * FUNDING_HOUR_NS
        eight = sum(row.rate_ppb_ms for row in hours if first_ns <= row.start_ns < end_ns)
        shapes.append(
            {
                "timestamp": millis(end_ns),
                "index_price": number(hour.index_e8, 8),
                "prev_index_price": number((before or hour).index_e8, 8),
                "interest_1h": interest(hour.rate_ppb_ms),
                "interest_8h": interest(eight),
            }
        )
    return shapes


@method("public/get_funding_chart_data", FundingChart, cost=Cost.HISTORY)
async def get_funding_chart_data(call: Call, params: FundingChart) -> Json:
    """The rate in force at regular points, oldest first."""
    listing = call.gateway.listings.get(params.instrument_name)
    if params.length not in _CHARTS:
        raise invalid_params("length", f"must be one of {', '.join(_CHARTS)}")
    hours, every = _CHARTS[params.length]
    until_ns = time.time_ns()
    since_ns = until_ns - hours * FUNDING_HOUR_NS
    samples = await in_database(
        funding_reads.samples, listing.id, since_ns, until_ns, every=every
    )
    return {
        "current_interest": rate(listing.row["funding_rate_ppb"]),
        "interest_8h": rate(listing.row["funding_rate_ppb"]),
        "data": [
            {
                "timestamp": millis(sample.end_ns),
                "index_price": number(sample.index_e8, 8),
                "interest_8h": rate(sample.rate_ppb),
                "premium": rate(sample.premium_ppb),
            }
            for sample in samples
        ],
    }


@method("risk/get_funding_payments", FundingPayments, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_funding_payments(call: Call, params: FundingPayments) -> Json:
    """What the account received (negative: paid) hour by hour, newest first."""
    gateway = call.gateway
    await gateway.own_writes.reach(call.account)
    page = await in_database(
        selectors.funding_payments,
        call.account,
        params.continuation,
        params.count,
    )
    listings = gateway.listings.by_id
    payments = [
        {
            "timestamp": millis(row.time_ns),
            "instrument_name": listings[row.contract].name,
            "amount": money(row.amount_units),
        }
        for row in page.rows
        if row.contract in listings
    ]
    return {"payments": payments, "continuation": page.before}


def _range(params: FundingRange) -> tuple[int, int]:
    check_times(params.start_timestamp, params.end_timestamp)
    return params.start_timestamp * _MILLISECOND_NS, params.end_timestamp * _MILLISECOND_NS
