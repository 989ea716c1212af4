"""Every Celery task: candles, quarters, snapshots, margin sweep, variation and funding clocks.

A task proposes or records; the engine alone decides. Their times stand in exchange.celery.

TASK-001  a task may be late, repeated, killed or run twice at once: each is idempotent, and
          those that must not overlap hold a lock that dies with them.
TASK-002  a worker process keeps one Replica and moves it forward: no state is read from the
          engine.
"""

import logging
import time
from contextlib import closing

import numpy as np
from celery import shared_task
from django.db.models import Max

from exchange.engine.commands import HEADER, SETTLE_FUNDING, SETTLE_VARIATION, CommandKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import (
    FIRST_USER_ACCOUNT,
    FUNDING_HOUR_NS,
    KIND_PERPETUAL,
    OPERATOR,
    STATE_PRE_LAUNCH,
)
from exchange.models import Account, Alarm, Contract, MarginSweep
from exchange.pipeline.bus import Backpressure, Bus, OutcomeUnknown
from exchange.pipeline.codec import MESSAGE_COMMANDS_MAX, Records
from exchange.pipeline.crash import crash_point
from exchange.pipeline.projections import journal_head
from exchange.pipeline.replica import Replica
from exchange.pipeline.servers import redis_url
from exchange.tasks.candles import roll_up
from exchange.tasks.locks import exclusive
from exchange.tasks.measured import measured, meter_of_this_process
from exchange.tasks.profit import fold
from exchange.tasks.sweep import sweep_range

SHARD_ACCOUNTS = 8_192
SWEEPS_KEPT = 10_000
SNAPSHOT_COMMANDS_MIN = 1_000

logger = logging.getLogger(__name__)

_replica: Replica | None = None
_snapshot_sequence = 0


@shared_task(soft_time_limit=50, time_limit=60)
@measured("candles")
def roll_up_candles() -> int:
    """Fills that are not in candles yet → candles of every resolution."""
    with exclusive("candles") as is_ours:
        return roll_up() if is_ours else 0


@shared_task(soft_time_limit=50, time_limit=60)
@measured("quarters")
def fold_quarters() -> int:
    """Fills, funding and postings → quarters of an hour of each account."""
    with exclusive("quarters") as is_ours:
        return fold() if is_ours else 0


@shared_task(soft_time_limit=240, time_limit=300)
@measured("snapshot")
def save_snapshot() -> int:
    """The state at the journal's head → a file, so that a restart replays only the tail."""
    global _snapshot_sequence
    with exclusive("snapshot") as is_ours:
        if not is_ours:
            return 0
        replica = replica_at(journal_head())
        crash_point("task_caught_up")
        if replica.sequence - _snapshot_sequence >= SNAPSHOT_COMMANDS_MIN:
            replica.save_snapshot()
            _snapshot_sequence = replica.sequence
        return _snapshot_sequence


@shared_task(soft_time_limit=20, time_limit=30)
@measured("margin sweep")
def margin_sweep() -> int:
    """Cuts the venue into account ranges and hands each to a worker; returns how many."""
    alarms = Alarm.objects.filter(resolved__isnull=True).count()
    meter_of_this_process().gauge("novate_open_alarms", alarms)
    sequence = journal_head()
    newest = Account.objects.aggregate(newest=Max("id"))["newest"]
    if newest is None:
        return 0
    firsts = range(FIRST_USER_ACCOUNT, newest + 1, SHARD_ACCOUNTS)
    for first in firsts:
        last = min(first + SHARD_ACCOUNTS, newest + 1)
        margin_sweep_shard.apply_async((sequence, first, last), expires=30)
    return len(firsts)


@shared_task(soft_time_limit=100, time_limit=120)
@measured("margin sweep shard")
def margin_sweep_shard(sequence: int, first: int, last: int) -> dict[str, int]:
    """Accounts first..last-1 at `sequence`, or later if this worker's replica is past it."""
    with exclusive(f"sweep {first}") as is_ours:
        if not is_ours:
            return {}
        replica = replica_at(sequence)
        report, proposals = sweep_range(replica.machine.state, replica.sequence, first, last)
        if proposals.size:
            _submit(proposals)
        _forget_old_sweeps(report.pk)
    return {"sequence": report.sequence, "disagreements": report.disagreements}


@shared_task(soft_time_limit=20, time_limit=30)
@measured("variation")
def settle_variation() -> int:
    """Profit and loss of every contract → cash; returns how many contracts were settled."""
    listed = Contract.objects.exclude(state=STATE_PRE_LAUNCH).order_by("id")
    numbers = list(listed.values_list("id", flat=True))
    if not numbers:
        return 0
    commands = np.zeros(len(numbers), SETTLE_VARIATION)
    commands["kind"], commands["principal"] = CommandKind.SETTLE_VARIATION, OPERATOR
    commands["contract"] = numbers
    with exclusive("variation") as is_ours:
        return _submit(commands.view(HEADER)) if is_ours else 0


@shared_task(soft_time_limit=20, time_limit=30)
@measured("funding")
def settle_funding() -> int:
    """Funding of the hour → unsettled P&L, of every perpetual that has not had its hour yet.

    Asked every minute, so that an hour is converted within its first minute, or as soon as
    somebody is there again. The engine refuses a second time in one hour.
    """
    hour = time.time_ns() // FUNDING_HOUR_NS
    due = Contract.objects.filter(kind=KIND_PERPETUAL, funding_hour__lt=hour)
    due = due.exclude(state=STATE_PRE_LAUNCH).order_by("id")
    numbers = list(due.values_list("id", flat=True))
    if not numbers:
        return 0
    commands = np.zeros(len(numbers), SETTLE_FUNDING)
    commands["kind"], commands["principal"] = CommandKind.SETTLE_FUNDING, OPERATOR
    commands["contract"] = numbers
    with exclusive("funding") as is_ours:
        return _submit(commands.view(HEADER)) if is_ours else 0


def replica_at(sequence: int) -> Replica:
    """This process's replica, moved forward to a sequence at least."""
    global _replica
    if _replica is None:
        _replica = Replica.open()
    try:
        if _replica.sequence < sequence:
            _replica.catch_up(sequence)
    except BaseException:
        # It may stand in the middle of a row (a time limit), or its connection may be dead.
        forget_replica()
        raise
    return _replica


def forget_replica() -> None:
    """The next task starts from a snapshot."""
    global _replica, _snapshot_sequence
    if _replica is not None:
        _replica.close()
    _replica, _snapshot_sequence = None, 0


def _submit(commands: Records) -> int:
    """How many commands were accepted. Silence is no error here: the next run asks again."""
    accepted = 0
    try:
        with closing(Bus.connect(redis_url())) as bus:
            for start in range(0, len(commands), MESSAGE_COMMANDS_MAX):
                for result in bus.submit(commands[start : start + MESSAGE_COMMANDS_MAX]):
                    accepted += result.reason == RejectReason.ACCEPTED
    except (Backpressure, OutcomeUnknown) as error:
        logger.warning("The engine did not answer: %s", error)
    return accepted


def _forget_old_sweeps(newest: int) -> None:
    MarginSweep.objects.filter(pk__lte=newest - SWEEPS_KEPT).delete()
