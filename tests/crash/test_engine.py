"""The engine, killed at each of its points under load: nothing lost, doubled or half done."""

import shutil
import signal
from collections.abc import Callable
from typing import NamedTuple

import pytest

from exchange.pipeline.replica import snapshot_directory
from tests.crash.clients import Load
from tests.crash.stage import Stage, cut_the_engine_off, flush_valkey, wait_for_trading
from tests.pipeline.engine import EngineProcess, engine_in_thread


class Case(NamedTuple):
    """How to lead the engine to a point."""

    passage: int = 1
    before: Callable[[Stage], None] | None = None
    during: Callable[[Stage, EngineProcess], None] | None = None
    is_live: bool = True  # it has served somebody before it dies


def forget_snapshots(_stage: Stage) -> None:
    shutil.rmtree(snapshot_directory())


def fill_the_snapshot_folder(stage: Stage) -> None:
    for _ in range(3):
        with engine_in_thread():
            stage.venue.open_account()


def flush(_stage: Stage, _engine: EngineProcess) -> None:
    flush_valkey()


def cut_off(_stage: Stage, _engine: EngineProcess) -> None:
    cut_the_engine_off()


def stop(_stage: Stage, engine: EngineProcess) -> None:
    engine.send(signal.SIGTERM)


IN_FULL_SWING = Case(passage=8)
SAVING = Case(during=stop)
ENGINE = {
    "after_lock": Case(is_live=False),
    "mid_replay": Case(passage=3, before=forget_snapshots, is_live=False),
    "epoch_marked": Case(during=flush),
    "after_read": IN_FULL_SWING,
    "after_decode": IN_FULL_SWING,
    "before_commit": IN_FULL_SWING,
    "commit_unconfirmed": IN_FULL_SWING,
    "commit_in_doubt": Case(during=cut_off),
    "after_commit": IN_FULL_SWING,
    "high_water_torn": IN_FULL_SWING,
    "high_water_written": IN_FULL_SWING,
    "after_high_water": IN_FULL_SWING,
    "mid_apply": IN_FULL_SWING,
    "after_apply": IN_FULL_SWING,
    "views_published": IN_FULL_SWING,
    "trim_pending": IN_FULL_SWING,
    "after_publish": IN_FULL_SWING,
    "wire_torn": Case(passage=40),
    "mid_rewrite": Case(is_live=False),
    "snapshot_torn": SAVING,
    "snapshot_written": SAVING,
    "snapshot_renamed": SAVING,
    "snapshot_pruned": Case(before=fill_the_snapshot_folder, during=stop),
}


def test_engine_killed_at_every_point_in_turn_keeps_every_promise(stage: Stage) -> None:
    with stage.load() as load:
        for point in ENGINE:
            die_at(stage, load, point)
        with engine_in_thread():
            wait_for_trading(load)
            load.finish()

    stage.prove(load)


@pytest.mark.nightly
@pytest.mark.parametrize("point", ENGINE)
def test_engine_killed_under_load_keeps_every_promise(stage: Stage, point: str) -> None:
    case = ENGINE[point]

    with stage.load() as load:
        die_at(stage, load, point)
        told_before = load.acknowledged
        with engine_in_thread():
            wait_for_trading(load)
            load.finish()

    assert told_before > 0 or not case.is_live
    stage.prove(load)
    assert list(snapshot_directory().glob("*.tmp")) == []


def die_at(stage: Stage, load: Load, point: str) -> None:
    """An engine that is led to a point, and killed there."""
    case = ENGINE[point]
    if case.before is not None:
        case.before(stage)
    engine = stage.engine(f"{point}:{case.passage}")
    if case.during is not None:
        engine.wait_live()
        wait_for_trading(load)
        case.during(stage, engine)
    assert engine.wait() == -9, f"{point}: {engine.said}"
