"""Funding over the API: rates, chart, history, payments, and the channel of the rate.

Nobody quotes ETH, so its premium is zero and its rate of eight hours the interest of 0.01 %.
"""

import time
from typing import Any

from tests.gateway.venue import Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
ETH = "ETH_USDC-PERPETUAL"
RATE = 0.0001
HOURS_8_MS = 28_800_000
# An hour long ago, of which the projector wrote three samples: 10,000 hours after the epoch.
HOUR = 10_000
HOUR_MS = 3_600_000
START_MS = HOUR * HOUR_MS
ASK_PAST = f"""
import json
from exchange.models import FundingHour, FundingSample
base = 1 << 40  # the second contract
for hour in range({HOUR}, {HOUR} + 9):
    for place, rate in ((0, 400_000), (1, 200_000), (719, -100_000)):
        number = hour * 720 + place
        FundingSample.objects.get_or_create(id=base + number, defaults=dict(
            contract=1, end_ns=(number + 1) * 5_000_000_000, premium_ppb=700_000,
            measured_ms=5_000, average_ppb=0, rate_ppb=rate, growth=0, cumulative_units=0,
            cumulative_nano=0, mark_ticks=300_000, index_e8=3_000 * 10**8, sequence=1))
    FundingHour.objects.get_or_create(id=base + hour, defaults=dict(
        contract=1, start_ns=hour * 3_600 * 10**9, samples=3, measured_ms=15_000,
        rate_ppb_ms=2_500_000_000, growth=0, rate_ppb=-100_000, mark_ticks=300_000,
        index_e8=(3_000 + hour - {HOUR}) * 10**8))
print(json.dumps(FundingHour.objects.filter(contract=1, id__lt=base + 20_000).count()))
"""
SETTLE_ETH = """
import json
from contextlib import closing
from exchange.engine.commands import CommandKind, make
from exchange.pipeline.bus import Bus
from exchange.pipeline.servers import redis_url
with closing(Bus.connect(redis_url())) as bus:
    result = bus.submit(make(CommandKind.SETTLE_FUNDING, 8, contract=1))[0]
print(json.dumps(int(result.reason)))
"""


def ask(venue: Venue, method: str, **params: Any) -> Any:
    return venue.get(f"public/{method}", instrument_name=ETH, **params).result


def summary(venue: Venue, key: Key) -> Any:
    return venue.get("private/get_account_summary", key, currency="USDC").result


def history(venue: Venue, first_ms: int, last_ms: int) -> Any:
    asked = {"start_timestamp": first_ms, "end_timestamp": last_ms}
    return ask(venue, "get_funding_rate_history", **asked)


def value(venue: Venue, first_ms: int, last_ms: int) -> Any:
    asked = {"start_timestamp": first_ms, "end_timestamp": last_ms}
    return ask(venue, "get_funding_rate_value", **asked)


def test_ticker_tells_the_rate_in_force(venue: Venue) -> None:
    assert eventually(lambda: ask(venue, "ticker")["funding_8h"] == RATE)

    ticker = ask(venue, "ticker")

    assert ticker["current_funding"] == RATE
    # Funding of one coin at 3,000 USDC since the listing: something, and less than an hour's.
    assert 0 < ticker["interest_value"] < 3_000 * RATE / 8


def test_chart_ends_with_the_rate_in_force(venue: Venue) -> None:
    assert eventually(lambda: ask(venue, "get_funding_chart_data", length="8h")["data"])

    chart = ask(venue, "get_funding_chart_data", length="8h")

    assert (chart["current_interest"], chart["interest_8h"]) == (RATE, RATE)
    last = chart["data"][-1]
    assert (last["interest_8h"], last["premium"], last["index_price"]) == (RATE, 0, 3_000)
    assert 0 <= time.time() * 1_000 - last["timestamp"] < 120_000


def test_chart_of_an_unknown_length_is_refused_by_its_name(venue: Venue) -> None:
    answer = venue.get("public/get_funding_chart_data", instrument_name=ETH, length="2y")

    assert answer.error["code"] == -32602
    assert answer.error["data"]["param"] == "length"


def test_value_grows_by_the_rate_in_force(venue: Venue) -> None:
    now_ms = time.time_ns() // 1_000_000
    began_ms = now_ms - HOUR_MS

    assert eventually(lambda: value(venue, began_ms, now_ms + 60_000) > 0)

    # At most all of the time that has passed, at 0.01 % of eight hours.
    passed_ms = time.time_ns() // 1_000_000 - began_ms
    assert value(venue, began_ms, now_ms + 60_000) <= RATE * passed_ms / HOURS_8_MS


def test_value_of_a_range_sums_its_samples_and_whole_hours(venue: Venue) -> None:
    assert venue.shell(ASK_PAST) == 9

    # 5 s at 0.04 %: 0.0004 x 5,000 / 28,800,000, rounded down to 12 places.
    assert value(venue, START_MS, START_MS + 5_000) == 0.000000069444
    # A sample belongs where it ends: 0.04 % + 0.02 %.
    assert value(venue, START_MS + 1, START_MS + 10_000) == 0.000000104166
    # Two whole hours of 0.04 + 0.02 - 0.01 %, and the first two samples of the third.
    assert value(venue, START_MS, START_MS + 2 * HOUR_MS + 10_000) == 0.000000277777
    assert value(venue, START_MS - 10_000, START_MS - 5_000) == 0


def test_history_has_every_hour_that_ended_with_eight_hours_interest(venue: Venue) -> None:
    assert venue.shell(ASK_PAST) == 9

    hours = history(venue, START_MS, START_MS + 9 * HOUR_MS)

    assert [row["timestamp"] for row in hours] == [START_MS + n * HOUR_MS for n in range(1, 10)]
    # 5 s x (0.04 + 0.02 - 0.01 %) / 8 h.
    assert {row["interest_1h"] for row in hours} == {0.000000086805}
    # One hour of it, two, ... and never more than eight.
    assert hours[0]["interest_8h"] == 0.000000086805
    assert hours[1]["interest_8h"] == 0.000000173611
    assert hours[7]["interest_8h"] == hours[8]["interest_8h"] == 0.000000694444
    assert [row["index_price"] for row in hours] == [3_000 + n for n in range(9)]
    assert [row["prev_index_price"] for row in hours[:3]] == [3_000, 3_000, 3_001]
    assert [row["timestamp"] for row in history(venue, START_MS + 1, START_MS + HOUR_MS)] == [
        START_MS + HOUR_MS
    ]


def test_history_does_not_show_the_hour_under_way(venue: Venue) -> None:
    now_ms = time.time_ns() // 1_000_000
    assert eventually(lambda: value(venue, now_ms - HOUR_MS, now_ms + 60_000) > 0)

    hours = history(venue, now_ms - HOUR_MS, now_ms + 2 * HOUR_MS)

    assert all(row["timestamp"] <= time.time_ns() // 1_000_000 for row in hours)


def test_range_that_ends_before_it_starts_is_refused(venue: Venue) -> None:
    for method in ("get_funding_rate_history", "get_funding_rate_value"):
        answer = venue.get(
            f"public/{method}", instrument_name=ETH, start_timestamp=2, end_timestamp=1
        )
        assert answer.error["data"]["param"] == "start_timestamp"


def test_payers_and_receivers_see_what_the_hour_cost(venue: Venue, port: int) -> None:
    long, short = venue.account(fund=10_000), venue.account(fund=10_000)
    order: dict[str, Any] = {"instrument_name": ETH, "amount": "2", "price": "3000"}
    venue.get("private/sell", short, port=port, **order)
    assert venue.get("private/buy", long, port=port, **order).status == 200
    assert eventually(lambda: summary(venue, long)["session_funding"] < 0, 20)
    assert summary(venue, short)["session_funding"] > 0

    refused = venue.shell(SETTLE_ETH)

    # Once in a clock hour: whoever comes second is told that nothing is due.
    assert refused in (0, 410)
    if refused == 0:
        assert eventually(lambda: summary(venue, long)["session_funding"] > -0.01)
        paid = venue.get("risk/get_funding_payments", long, count=5).result["payments"]
        received = venue.get("risk/get_funding_payments", short, count=5).result["payments"]
        assert [row["instrument_name"] for row in (paid[0], received[0])] == [ETH, ETH]
        # 6,000 USDC at 0.01 % of eight hours cost 0.000104 in 5 s; rounded for the payer.
        assert -0.1 < paid[0]["amount"] < 0 < received[0]["amount"] < 0.1
        assert 0 <= -(paid[0]["amount"] + received[0]["amount"]) < 0.000010
    venue.get("private/buy", short, **order)
    venue.get("private/sell", long, **order)


def test_payments_need_a_caller(venue: Venue) -> None:
    assert venue.get("risk/get_funding_payments").error["code"] == 13009


def test_channel_of_a_perpetual_tells_its_rate(venue: Venue, port: int) -> None:
    channel = f"perpetual.{ETH}.100ms"
    with venue.socket(port) as reader:
        assert reader.call("public/subscribe", channels=[channel]) == [channel]

        told = reader.next_of(channel)

        assert told["index_price"] == 3_000
        while told["interest"] != RATE:
            told = reader.next_of(channel)
        assert 0 <= time.time() * 1_000 - told["timestamp"] < 60_000
