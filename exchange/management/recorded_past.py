"""The past of the demonstration's charts: recorded minutes that end where its prices begin.

PAST-001  only contracts without a trade get one, once: what traded here is never painted over.
PAST-002  the last recorded close is the first price that the demonstration's sources report.
"""

import numpy as np
from django.db import transaction

from exchange.engine.commands import unpack_name
from exchange.engine.state import State
from exchange.management.launch import LAUNCHES
from exchange.models import Fill, RecordedMinute
from oracle.replay import MINUTE_NS, START_MINUTE, demo_paths


def lay_recorded_past(state: State, now_ns: int) -> int:
    """Write the minutes before `now_ns` of every launch contract; how many got theirs."""
    listed = state.contracts[state.contracts["state"] != 0]
    names = [unpack_name([row[f"name_{i}"] for i in range(4)]) for row in listed]
    paths = demo_paths()
    laid = 0
    for launch in LAUNCHES:
        contract = names.index(launch.name)
        if _has_past(contract):
            continue
        bars = paths[launch.underlying].minutes_before_start(START_MINUTE)
        ticks = np.maximum(1, np.rint(bars * (10**8 / launch.tick_e8))).astype(np.int64)
        _write(contract, now_ns - now_ns % MINUTE_NS, ticks.tolist())
        laid += 1
    return laid


def _has_past(contract: int) -> bool:
    return (
        Fill.objects.filter(contract_id=contract).exists()
        or RecordedMinute.objects.filter(contract_id=contract).exists()
    )


@transaction.atomic
def _write(contract: int, end_ns: int, bars: list[list[int]]) -> None:
    first_ns = end_ns - len(bars) * MINUTE_NS
    RecordedMinute.objects.bulk_create(
        (
            RecordedMinute(
                contract_id=contract,
                start_ns=first_ns + number * MINUTE_NS,
                open_ticks=opened,
                high_ticks=high,
                low_ticks=low,
                close_ticks=close,
            )
            for number, (opened, high, low, close) in enumerate(bars)
        ),
        batch_size=5_000,
    )
