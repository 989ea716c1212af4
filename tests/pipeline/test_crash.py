"""kill -9 at named points: nothing acknowledged is lost, nothing doubled, nothing half."""

import pytest

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ACCOUNT_OPENED, EventKind
from exchange.engine.units import OPERATOR
from exchange.pipeline.bus import OutcomeUnknown
from exchange.pipeline.replica import Replica
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import EngineProcess, engine_in_thread
from tests.pipeline.venue import Venue

PASSAGE = 9  # late enough for answered commands to lie before the crash
FATES = {
    # point: whether the command under way has happened when the engine is back
    "after_read": True,  # it is still in the stream
    "before_commit": True,
    "commit_unconfirmed": True,
    "after_commit": True,
    "after_high_water": True,
    "after_apply": True,
    "after_publish": True,
}


def submit_until_the_engine_dies(venue: Venue) -> list[int]:
    """Opens accounts named 1, 2, 3, …; returns the names that were acknowledged."""
    acknowledged: list[int] = []
    while True:
        name = len(acknowledged) + 1
        command = make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=1, external_id=name)
        try:
            result = venue.bus.submit(command, timeout_seconds=3.0)[0]
        except OutcomeUnknown:
            return acknowledged
        assert result.reason == 0
        acknowledged.append(name)


def opened(replica: Replica) -> list[int]:
    names: list[int] = []
    for _, events in replica.advance():
        rows = events[events["kind"] == EventKind.ACCOUNT_OPENED].view(ACCOUNT_OPENED)
        names += rows["external_id"].tolist()
    return names


@pytest.mark.parametrize("point", FATES)
def test_killed_engine_loses_and_doubles_nothing(
    empty_journal: Connection,
    valkey: Valkey,
    kernels: None,
    venue: Venue,
    point: str,
) -> None:
    engine = EngineProcess(crash_at=f"{point}:{PASSAGE}").wait_live()
    acknowledged = submit_until_the_engine_dies(venue)
    assert engine.wait() == -9

    with engine_in_thread():
        last = venue.open_account(external_id=1_000)

    replica = Replica.open(from_genesis=True)
    names = opened(replica)
    under_way = len(acknowledged) + 1
    assert len(acknowledged) >= 3
    assert names == [*acknowledged, under_way, 1_000]
    assert last == 16 + under_way
    from_snapshot = Replica.open()
    assert from_snapshot.state_hash() == replica.state_hash()
    replica.close()
    from_snapshot.close()


@pytest.mark.parametrize("point", ["snapshot_written", "snapshot_renamed"])
def test_engine_killed_while_it_saves_a_snapshot_starts_again(
    empty_journal: Connection,
    valkey: Valkey,
    kernels: None,
    venue: Venue,
    point: str,
) -> None:
    engine = EngineProcess(crash_at=point).wait_live()
    for _ in range(3):
        venue.open_account()
    assert engine.terminate() == -9

    with engine_in_thread():
        assert venue.open_account() == 19


def test_terminated_engine_leaves_a_snapshot_of_its_last_sequence(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> None:
    engine = EngineProcess().wait_live()
    venue.open_account()
    assert engine.terminate() == 0

    replica = Replica.open()

    assert replica.catch_up() == 0
    assert replica.sequence >= 2
    replica.close()


def test_standby_takes_over_when_the_engine_is_killed(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> None:
    first = EngineProcess().wait_live()
    standby = EngineProcess()
    standby.wait_for_line("standing by")
    assert venue.open_account() == 16

    first.kill()

    assert venue.open_account() == 17
    assert any("The engine is live" in line for line in standby.lines)
    assert standby.terminate() == 0


def test_engine_below_the_high_water_mark_does_not_start(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> None:
    engine = EngineProcess().wait_live()
    for _ in range(3):
        venue.open_account()
    engine.kill()
    last = empty_journal.execute(
        "DELETE FROM exchange_journalbatch WHERE first_sequence >= "
        "(SELECT max(first_sequence) FROM exchange_journalbatch) RETURNING first_sequence"
    ).fetchone()
    assert last is not None

    refused = EngineProcess()
    assert refused.wait() == 1
    assert f"--accept-loss-after {last[0] - 1}" in "".join(refused.lines)

    accepted = EngineProcess(options=["--accept-loss-after", str(last[0] - 1)]).wait_live()
    venue.open_account()
    assert accepted.terminate() == 0
