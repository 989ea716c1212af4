"""Old rows lie in an archive, and the venue goes on from its anchor as if they were there."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command

from exchange.models import JournalBatch
from exchange.pipeline import archive, journal
from exchange.pipeline.anchor import JournalPruned, read_anchor
from exchange.pipeline.at_hand import project_now
from exchange.pipeline.journal import JournalCorrupt
from exchange.pipeline.projections import rebuild
from exchange.pipeline.replica import Replica, snapshot_directory
from exchange.pipeline.retention import Pruned, PruneRefused, prune, put_back, sequence_at
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Valkey
from tests.pipeline.engine import engine_in_thread, run_manage
from tests.pipeline.venue import Venue, bid

KILLED_AT = ("prune_archived", "prune_committed")


def silent(_done: int, _total: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def history(no_venue: None, valkey: Valkey, kernels: None, venue: Venue) -> Venue:
    """A venue that has lived, stopped, and is projected."""
    with engine_in_thread():
        venue.open()
        alice = venue.trader()
        for price in range(59_000, 59_020):
            venue.accept(bid(alice, price, 3))
    project_now()
    return venue


@pytest.fixture
def whole(history: Venue) -> tuple[int, bytes]:
    """What the whole journal says: its last sequence and state hash."""
    found = verify(silent)
    return found.sequence, found.state_hash


def test_pruned_journal_is_verified_from_its_anchor(
    whole: tuple[int, bytes], tmp_path: Path
) -> None:
    done = prune(15, tmp_path, silent)

    found = verify(silent)
    assert done.first_sequence == 1
    assert found.after == done.last_sequence < 15
    assert (found.sequence, found.state_hash) == whole
    assert JournalBatch.objects.order_by("pk")[0].pk == done.last_sequence + 1


def test_engine_goes_on_behind_the_anchor_without_a_snapshot(
    history: Venue, whole: tuple[int, bytes], tmp_path: Path
) -> None:
    prune(15, tmp_path, silent)
    for path in snapshot_directory().glob("*.snap"):
        path.unlink()

    with engine_in_thread():
        assert history.open_account() == 20

    assert verify(silent).sequence > whole[0]


def test_second_cut_follows_the_first(whole: tuple[int, bytes], tmp_path: Path) -> None:
    first = prune(10, tmp_path, silent)
    second = prune(20, tmp_path, silent)

    assert second.first_sequence == first.last_sequence + 1
    assert verify(silent).state_hash == whole[1]
    assert [path.stem for path in snapshot_directory().glob("*.anchor")] == [
        f"{second.last_sequence:020d}"
    ]


def test_archives_put_back_make_the_journal_whole(
    whole: tuple[int, bytes], tmp_path: Path
) -> None:
    first = prune(10, tmp_path, silent)
    second = prune(20, tmp_path, silent)

    put_back(second.archive)
    assert _anchored() == first.last_sequence
    put_back(first.archive)

    assert _anchored() == 0
    found = verify(silent)
    assert (found.after, found.sequence, found.state_hash) == (0, *whole)
    assert rebuild() == whole[0]


def test_archives_go_back_in_the_order_of_the_chain(
    whole: tuple[int, bytes], tmp_path: Path
) -> None:
    first = prune(10, tmp_path, silent)
    prune(20, tmp_path, silent)

    with pytest.raises(PruneRefused, match="is needed first"):
        put_back(first.archive)

    assert verify(silent).state_hash == whole[1]


def test_projections_are_not_thrown_away_when_they_cannot_be_computed_again(
    whole: tuple[int, bytes], tmp_path: Path
) -> None:
    prune(15, tmp_path, silent)

    with pytest.raises(JournalPruned, match="--put-back"):
        rebuild()
    with pytest.raises(JournalPruned, match="Sequence 3 is archived"):
        Replica.open(to_sequence=3)

    assert project_now() == whole[0]


def test_without_the_state_at_the_anchor_nothing_is_guessed(
    whole: tuple[int, bytes], tmp_path: Path
) -> None:
    done = prune(15, tmp_path, silent)
    shutil.rmtree(snapshot_directory())

    with pytest.raises(JournalPruned, match=r"copy .* back from the archive"):
        Replica.open()

    name = f"{done.last_sequence:020d}.anchor"
    snapshot_directory().mkdir()
    shutil.copyfile(tmp_path / name, snapshot_directory() / name)
    assert verify(silent).state_hash == whole[1]
    with closing(journal.connect()) as connection:
        connection.execute("UPDATE exchange_journalanchor SET state_hash = %s", (bytes(32),))
    with pytest.raises(JournalPruned, match="begins after"):
        Replica.open(from_genesis=True)


def test_nothing_to_cut_is_said(whole: tuple[int, bytes], tmp_path: Path) -> None:
    for before in (0, 1):
        with pytest.raises(PruneRefused, match="No whole row"):
            prune(before, tmp_path, silent)

    assert not list(tmp_path.iterdir())


def test_last_row_and_what_is_not_projected_yet_stay(
    history: Venue, whole: tuple[int, bytes], tmp_path: Path
) -> None:
    first = prune(10**9, tmp_path, silent)
    with engine_in_thread():
        for _ in range(5):
            history.open_account()

    second = prune(10**9, tmp_path, silent)

    assert first.last_sequence < whole[0]
    assert second.last_sequence == whole[0]


def test_sequence_of_a_time_is_the_first_at_or_after_it(history: Venue) -> None:
    with closing(journal.connect()) as connection:
        rows = list(journal.read_rows(connection, journal.GENESIS))

    assert sequence_at(rows[3].time_ns) <= rows[3].first_sequence
    assert sequence_at(rows[-1].time_ns + 1) == 0
    assert sequence_at(0) == 1


@pytest.fixture
def written(history: Venue, tmp_path: Path) -> Pruned:
    return prune(15, tmp_path, silent)


def test_damaged_or_torn_archive_is_refused_and_changes_nothing(written: Pruned) -> None:
    whole = written.archive.read_bytes()
    before = JournalBatch.objects.count()
    flipped = [bytearray(whole) for _ in range(4)]
    for raw, position in zip(flipped, (0, 8, len(whole) // 2, len(whole) - 1), strict=True):
        raw[position] ^= 1
    torn = [whole[:size] for size in (0, 7, 9, 100, len(whole) - 1)]
    for damaged in (*map(bytes, flipped), *torn):
        written.archive.write_bytes(damaged)

        with pytest.raises((JournalCorrupt, PruneRefused)):
            put_back(written.archive)

        assert JournalBatch.objects.count() == before
        assert _anchored() == written.last_sequence


def test_archive_is_checked_without_a_database(written: Pruned) -> None:
    after, rows = archive.read_archive(written.archive)

    assert after == journal.GENESIS
    assert next(rows).first_sequence == 1
    assert (
        archive.hash_of(written.archive).hex()
        in written.archive.with_suffix(".json").read_text()
    )


@pytest.mark.parametrize("point", KILLED_AT)
def test_killed_half_way_it_is_whole_or_pruned_and_finishes_when_run_again(
    whole: tuple[int, bytes], tmp_path: Path, point: str
) -> None:
    killed = run_manage("prune_journal", "--before", "15", "--archive", str(tmp_path), at=point)
    assert killed.returncode == -9, killed.stderr

    assert (0 < _anchored() < 15) is (point == "prune_committed")
    assert verify(silent).state_hash == whole[1]

    again = run_manage("prune_journal", "--before", "20", "--archive", str(tmp_path))
    assert again.returncode == 0, again.stderr
    found = verify(silent)
    assert (found.after, found.sequence, found.state_hash) == (_anchored(), *whole)
    assert len(list(snapshot_directory().glob("*.anchor"))) == 1


def test_command_prunes_and_says_what_is_no_longer_possible(
    whole: tuple[int, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("prune_journal", before=15, archive=tmp_path)

    told = capsys.readouterr()
    assert told.out.startswith("Archived ")
    assert "projections cannot be rebuilt without the archive" in told.err

    (path,) = tmp_path.glob("*.rows")
    call_command("prune_journal", check=path)
    assert f"sequence    1 to {_anchored()}, " in capsys.readouterr().out
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SystemExit, match="1"):
        call_command("prune_journal", check=path)
    assert "ends within a row" in capsys.readouterr().err


def test_command_without_a_place_for_the_archive_is_refused(
    whole: tuple[int, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        call_command("prune_journal", before=15)

    assert "--archive DIR" in capsys.readouterr().err


def _anchored() -> int:
    with closing(journal.connect()) as connection:
        anchor = read_anchor(connection)
    return 0 if anchor is None else anchor.head.sequence
