"""Anyone can recompute the venue from its journal, signatures included."""

import pytest

from exchange.pipeline import chain, codec, snapshots
from exchange.pipeline.high_water import HighWaterFile
from exchange.pipeline.journal import (
    Draft,
    EngineVersionNeeded,
    JournalCorrupt,
    JournalWriter,
)
from exchange.pipeline.replica import Replica
from exchange.pipeline.runner import Runner, high_water_path
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue


def silent(_done: int, _total: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def history(empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue) -> Venue:
    with engine_in_thread():
        venue.open()
        venue.trader()
        venue.publish_price(60_010)
    return venue


def test_whole_history_is_verified(history: Venue) -> None:
    found = verify(silent, with_signatures=True)

    replica = Replica.open()
    assert found.sequence == replica.sequence
    assert found.chain_hash == replica.head.hash
    assert found.state_hash == replica.state_hash()
    assert found.signatures == 6
    replica.close()


def test_journal_of_another_engine_is_refused_by_everyone_who_replays(
    history: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "ENGINE_VERSION", 999)
    monkeypatch.setattr(snapshots, "ENGINE_VERSION", 999)  # ours are of another one, too

    for replay in (lambda: verify(silent), lambda: Runner.open("unix:///unused?db=0")):
        with pytest.raises(EngineVersionNeeded, match="version 1; this is version 999"):
            replay()


def test_verification_ends_where_it_is_told(history: Venue) -> None:
    assert verify(silent, to_sequence=5).sequence < verify(silent).sequence


def test_observation_that_was_journaled_unsigned_is_found(history: Venue) -> None:
    writer = JournalWriter.try_open(HighWaterFile.open(high_water_path()))
    assert writer is not None
    head = writer.head
    command, _ = history.observation(0, 60_500)
    command["sequence"], command["time_ns"] = head.sequence + 1, head.time_ns
    side = codec.encode_sides({0: b"x" * 64})
    writer.append(
        Draft(head.sequence + 1, head.time_ns, command.tobytes(), side, 0, head.stream_id)
    )
    writer.close()

    assert verify(silent).sequence == head.sequence + 1
    with pytest.raises(JournalCorrupt, match=f"Observation {head.sequence + 1}"):
        verify(silent, with_signatures=True)
