"""What the projector's replica tells of the venue: the engine is not asked, and loses nothing.

GAUGE-001  the replica is the engine's twin at its sequence: its ledger is the venue's ledger.
GAUGE-002  a sum that is not zero is told, and logged once: it is the one alarm that must never
           be explained away.
"""

import logging
import time
from pathlib import Path

import numpy as np
import redis

from exchange.engine.commands import unpack_name
from exchange.engine.state import Counter, State
from exchange.engine.units import (
    ACCOUNTS_MAX,
    ASSET_NAMES,
    NANOSECONDS,
    OPEN_INTEREST_UNITS_MAX,
    ORACLE_VALID,
    ORDERS_MAX,
    STATE_HALTED,
)
from exchange.pipeline import logs, snapshots
from exchange.pipeline.metrics import Meter
from exchange.pipeline.projections.projector import Projector
from exchange.pipeline.replica import Replica, snapshot_directory

logger = logging.getLogger(__name__)


class Gauges:
    """The projector's meter."""

    def __init__(self) -> None:
        self.meter = Meter("projector")
        self._is_alarmed = False

    def publish(self, valkey: "redis.Redis", replica: Replica, projector: Projector) -> None:
        """Once a second, measure and lay the row into Valkey.

        What is told of the venue is the replica's, which may be ahead of the tables; where they
        stand is the projector's.
        """
        if not self.meter.is_due():
            return
        self._measure(replica)
        self.meter.gauge("novate_sequence", projector.sequence)
        self.meter.gauge("novate_projector_time_seconds", projector.time_ns / NANOSECONDS)
        try:
            valkey.execute_command(*self.meter.command())  # type: ignore[no-untyped-call]  # redis-py
        except redis.RedisError:
            self.meter.count("novate_valkey_losses_total")

    def _measure(self, replica: Replica) -> None:
        state, gauge = replica.machine.state, self.meter.gauge
        logs.sequence = replica.sequence
        gauge("novate_accounts", int(state.counters[Counter.ACCOUNTS]))
        gauge("novate_accounts_capacity", ACCOUNTS_MAX)
        gauge("novate_orders", int(state.counters[Counter.ORDERS_OPEN]))
        gauge("novate_orders_capacity", ORDERS_MAX)
        units = int(state.counters[Counter.OPEN_INTEREST_UNITS])
        gauge("novate_open_interest_units", units)
        gauge("novate_open_interest_capacity_units", OPEN_INTEREST_UNITS_MAX)
        gauge("novate_state_agreed_sequence", replica.agreed.sequence)
        self._measure_ledger(state)
        self._measure_markets(state)
        self._measure_snapshot(snapshot_directory())

    def _measure_ledger(self, state: State) -> None:
        # Every account that exists stands below the counter, and the books' own limits keep
        # the sum of all credits within 63 bits.
        balances = state.balances[: int(state.counters[Counter.ACCOUNTS])]
        sums = np.sum(balances, axis=0)
        for asset, name in enumerate(ASSET_NAMES):
            self.meter.gauge("novate_ledger_units", int(sums[asset]), name)
        if sums.any() and not self._is_alarmed:
            self._is_alarmed = True
            logger.critical("The ledger does not sum to zero: %s", sums.tolist())

    def _measure_markets(self, state: State) -> None:
        now_ns = int(state.counters[Counter.TIME_NS])
        for row in state.underlyings[: int(state.counters[Counter.UNDERLYINGS])]:
            name = unpack_name([int(row["name_0"]), int(row["name_1"])])
            age = (now_ns - int(row["index_ns"])) / NANOSECONDS
            self.meter.gauge("novate_index_age_seconds", age, name)
            self.meter.gauge("novate_index_valid", int(row["status"] == ORACLE_VALID), name)
        for row in state.contracts[: int(state.counters[Counter.CONTRACTS])]:
            name = unpack_name([int(row[f"name_{word}"]) for word in range(4)])
            halted = int(row["state"] == STATE_HALTED)
            self.meter.gauge("novate_contract_halted", halted, name)
            lots = int(row["open_interest_lots"])
            self.meter.gauge("novate_open_interest_lots", lots, name)

    def _measure_snapshot(self, directory: Path) -> None:
        newest = snapshots.newest_file(directory)
        if newest is None:
            return
        sequence, path = newest
        try:
            written_at = path.stat().st_mtime
        except FileNotFoundError:  # It was the oldest of the kept ones a moment ago.
            written_at = time.time()
        self.meter.gauge("novate_snapshot_sequence", sequence)
        self.meter.gauge("novate_snapshot_timestamp_seconds", written_at)
