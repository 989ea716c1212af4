"""The whole-venue margin sweep: does the engine see what the specification says?

SWEEP-010  both opinions are of one state, at one named sequence, and must agree to the unit.
SWEEP-011  a disagreement is an alarm that stays until a person has looked, and an error in the
           log; nothing is proposed for that account, since nobody knows who is right.
SWEEP-012  an account under water that the engine is not liquidating is proposed to it; the
           engine decides again from its own state.
"""

import logging
import time

import numpy as np

from exchange.engine.commands import HEADER, LIQUIDATE, CommandKind
from exchange.engine.events import LiquidationStage
from exchange.engine.health import equity_and_maintenance
from exchange.engine.state import State
from exchange.engine.units import OPERATOR
from exchange.models import Alarm, MarginSweep
from exchange.pipeline.codec import Records
from exchange.tasks.health import Health, health_of_range

ALARM = "margin disagreement"

logger = logging.getLogger(__name__)


def sweep_range(
    state: State, sequence: int, first: int, last: int
) -> tuple[MarginSweep, Records]:
    """Looks at accounts first..last-1; returns the report and the commands to propose."""
    started = time.monotonic_ns()
    health = health_of_range(state, first, last)
    wrong = _disagreements(state, health, sequence)
    under = health.equity < health.maintenance
    stage = state.accounts["liquidation_stage"][first:last]
    due = under & (stage == LiquidationStage.NONE) & ~np.isin(health.account, list(wrong))
    report = MarginSweep.objects.create(
        sequence=sequence,
        first_account=first,
        last_account=last - 1,
        accounts=int(health.is_active.sum()),
        under_water=int(under.sum()),
        proposed=int(due.sum()),
        disagreements=len(wrong),
        equity_units=sum(health.equity.tolist()),
        maintenance_units=sum(health.maintenance.tolist()),
        duration_us=(time.monotonic_ns() - started) // 1_000,
    )
    return report, _proposals(health.account[due])


def _disagreements(state: State, health: Health, sequence: int) -> set[int]:
    wrong = set()
    for row in np.flatnonzero(health.is_active):
        account = int(health.account[row])
        ours = int(health.equity[row]), int(health.maintenance[row])
        engine = tuple(int(units) for units in equity_and_maintenance(state, account))
        if ours != engine:
            wrong.add(account)
            _raise_alarm(account, sequence, ours, engine)
    return wrong


def _raise_alarm(
    account: int, sequence: int, ours: tuple[int, ...], engine: tuple[int, ...]
) -> None:
    logger.error(
        "Margin of account %s at sequence %s: the sweep says equity %s and maintenance %s, "
        "the engine says %s and %s",
        account,
        sequence,
        *ours,
        *engine,
    )
    details = {
        "sweep_equity_units": ours[0],
        "sweep_maintenance_units": ours[1],
        "engine_equity_units": engine[0],
        "engine_maintenance_units": engine[1],
    }
    Alarm.objects.get_or_create(
        kind=ALARM, account=account, sequence=sequence, defaults={"details": details}
    )


def _proposals(accounts: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> Records:
    commands = np.zeros(accounts.size, LIQUIDATE)
    commands["kind"] = CommandKind.LIQUIDATE
    commands["principal"] = OPERATOR
    commands["account"] = accounts
    return commands.view(HEADER)
