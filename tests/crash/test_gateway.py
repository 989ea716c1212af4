"""The gateway, killed at each of its points: whoever asks again gets the one order."""

from tests.crash.stage import Stage, wait_for_trading
from tests.pipeline.engine import engine_in_thread

GATEWAY = ("gateway_decoded", "gateway_sent", "gateway_answered", "gateway_kept")
PASSAGE = 7


def test_gateway_killed_at_each_point_under_load_loses_and_doubles_nothing(
    stage: Stage,
) -> None:
    with engine_in_thread(), stage.load_by_api() as (load, port):
        stage.manage("run_projector")  # An answer to a repeat reads what became of the order.
        for point in GATEWAY:
            told_before = load.acknowledged
            lane = stage.lane(port, crash_at=f"{point}:{PASSAGE}")
            assert lane.wait() == -9, lane.said
            assert load.acknowledged > told_before, point
        lane = stage.lane(port)
        wait_for_trading(load)
        load.finish()

    history = stage.prove(load)
    # A command was under way at three of the points, with three clients at work.
    assert sum(client.attempts for client in load.clients) > history.accepted
