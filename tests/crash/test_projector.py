"""The projector and its rebuild, killed half way: the tables end as if nothing had been."""

import pytest

from tests.crash.stage import Stage, shortly, wait_for_trading
from tests.pipeline.engine import engine_in_thread

PROJECTOR = {
    "before_copy": 4,
    "mid_copy": 20,
    "projection_pending": 4,
    "projection_committed": 4,
}
REBUILD = {"rebuild_truncated": 1, "mid_fold": 7}


@pytest.mark.parametrize("point", shortly(PROJECTOR, "mid_copy"))
def test_projector_killed_under_load_projects_everything_once(stage: Stage, point: str) -> None:
    with engine_in_thread(), stage.load() as load:
        projector = stage.manage("run_projector", crash_at=f"{point}:{PROJECTOR[point]}")
        assert projector.wait() == -9, projector.said
        wait_for_trading(load)
        load.finish()

    stage.prove(load)


@pytest.mark.parametrize("point", shortly(REBUILD, "rebuild_truncated"))
def test_rebuild_killed_half_way_is_finished_by_the_next_projector(
    stage: Stage, point: str
) -> None:
    with engine_in_thread(), stage.load() as load:
        wait_for_trading(load)
        load.finish()
    rebuild = stage.manage("replay", "--rebuild", crash_at=f"{point}:{REBUILD[point]}")
    assert rebuild.wait() == -9, rebuild.said

    stage.prove(load)
