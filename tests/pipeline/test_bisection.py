"""Hashes of the state name the place where two machines part."""

from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command

from exchange.pipeline import journal
from exchange.pipeline.bisection import (
    StateHash,
    find_divergence,
    journaled_hashes,
    state_hashes,
)
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue, ask, bid


def silent(_done: int, _total: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def history(empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue) -> int:
    """A venue that has traded; its last sequence. A restart journals a hash of the state."""
    with engine_in_thread():
        venue.open()
        alice, bob = venue.trader(), venue.trader()
        venue.accept(*(bid(alice, 59_000 + n, 3) for n in range(10)))
        venue.accept(*(ask(bob, 59_000 + n, 1) for n in range(10)))
    with engine_in_thread():
        venue.trader()
    return verify(silent).sequence


def test_hash_after_each_command_is_the_same_however_rows_are_cut(history: int) -> None:
    each = list(state_hashes(1, silent))
    sevenths = list(state_hashes(7, silent))

    assert [point.sequence for point in each] == list(range(1, history + 1))
    assert set(sevenths) <= set(each)
    assert sevenths[-1].sequence == history
    assert each[-1].hash == verify(silent).state_hash


def test_part_of_the_history_has_the_same_hashes(history: int) -> None:
    each = list(state_hashes(1, silent))

    assert list(state_hashes(1, silent, after=5, to_sequence=9)) == each[5:9]


def test_journal_agrees_with_the_hashes_it_carries(history: int) -> None:
    with closing(journal.connect()) as connection:
        carried = journaled_hashes(connection)

    assert len(carried) >= 1
    found = find_divergence(carried, silent)
    assert (found.hashes, found.through) == (len(carried), carried[-1].sequence)
    assert found.divergence is None


def test_first_command_that_differs_is_named(history: int) -> None:
    theirs = [
        point if point.sequence < 14 else StateHash(point.sequence, bytes(32))
        for point in state_hashes(1, silent)
    ]

    divergence = find_divergence(theirs, silent).divergence

    assert divergence is not None
    assert (divergence.agreed, divergence.differs) == (13, 14)
    assert divergence.theirs == bytes(32)


def test_between_two_hashes_the_interval_is_named(history: int) -> None:
    theirs = [
        point if point.sequence < 14 else StateHash(point.sequence, bytes(32))
        for point in state_hashes(10, silent)
    ]

    divergence = find_divergence(theirs, silent).divergence

    assert divergence is not None
    assert (divergence.agreed, divergence.differs) == (10, 20)


def test_commands_find_a_difference_and_how_to_narrow_it(
    history: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("state_hashes", every=10)
    lines = capsys.readouterr().out.splitlines()
    file = tmp_path / "hashes.txt"
    file.write_text("\n".join(lines))
    call_command("bisect", against=str(file))
    assert f"to sequence {history}" in capsys.readouterr().out

    file.write_text("\n".join([lines[0], f"20 {'0' * 64}"]))
    with pytest.raises(SystemExit, match="1"):
        call_command("bisect", against=str(file))

    told = capsys.readouterr()
    assert "agrees      to sequence 10" in told.out
    assert "differs     at sequence 20" in told.out
    assert "state_hashes --every 1 --after 10 --to 20" in told.err


def test_journal_without_hashes_cannot_tell(
    empty_journal: Connection, kernels: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_command("bisect")

    assert "no hashes" in capsys.readouterr().err


def test_file_that_holds_no_hashes_is_refused(
    history: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hashes.txt"
    file.write_text("1 abc\n")

    with pytest.raises(SystemExit, match="2"):
        call_command("bisect", against=str(file))

    assert "line 1" in capsys.readouterr().err
