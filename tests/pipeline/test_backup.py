"""A backup is whole or refused; tests/scenarios/test_backup_drill.py restores one."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from exchange.models import JournalBatch
from exchange.pipeline.at_hand import project_now
from exchange.pipeline.backup import BackupRefused, backup, restore
from exchange.pipeline.high_water import HighWaterFile, Mark
from exchange.pipeline.journal import BelowHighWater, JournalWriter
from exchange.pipeline.replica import snapshot_directory
from exchange.pipeline.retention import prune, put_back
from exchange.pipeline.runner import high_water_path
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue


def silent(*_: object) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def made(no_venue: None, valkey: Valkey, kernels: None, venue: Venue, tmp_path: Path) -> Path:
    """A backup of a small venue, taken while its engine runs."""
    User.objects.create(username="alice")
    with engine_in_thread():
        venue.open()
        backup(tmp_path / "backup", silent)
    return tmp_path / "backup"


def test_manifest_names_every_file_with_its_hash_and_the_place_in_the_chain(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())

    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert set(manifest["files"]) | {"manifest.json"} == files
    sequence = manifest["sequence"]
    assert sequence > 0
    assert manifest["chain_hash"] == verify(silent, to_sequence=sequence).chain_hash.hex()
    assert manifest["files"]["tables/exchange_journalbatch.copy"]["rows"] > 0


def test_empty_database_is_filled_to_the_same_state(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    before = verify(silent, to_sequence=manifest["sequence"])
    call_command("flush", interactive=False, verbosity=0)
    high_water_path().unlink()

    restored = restore(made, silent)

    found = verify(silent)
    assert (found.sequence, found.state_hash) == (manifest["sequence"], before.state_hash)
    assert restored.mark == Mark(found.sequence, found.chain_hash)
    assert list(User.objects.values_list("username", flat=True)) == ["alice"]
    # Ids go on behind those that were restored.
    assert User.objects.create(username="bob").pk > 1
    with engine_in_thread():
        pass
    assert project_now() > found.sequence


def test_pruned_venue_is_restored_with_its_anchor(
    no_venue: None, valkey: Valkey, kernels: None, venue: Venue, tmp_path: Path
) -> None:
    with engine_in_thread():
        venue.open()
    project_now()
    cut = prune(10, tmp_path / "archive", silent)
    before = verify(silent)
    backup(tmp_path / "backup", silent)
    call_command("flush", interactive=False, verbosity=0)
    shutil.rmtree(snapshot_directory())

    restore(tmp_path / "backup", silent)

    found = verify(silent)
    assert (found.after, found.state_hash) == (cut.last_sequence, before.state_hash)
    put_back(cut.archive)
    assert verify(silent).after == 0


def test_mark_above_the_backup_stays_and_stops_the_engine(made: Path) -> None:
    with engine_in_thread():
        pass
    with closing(HighWaterFile.open(high_water_path())) as file:
        mark = file.read()
    call_command("flush", interactive=False, verbosity=0)

    restored = restore(made, silent)

    assert mark is not None
    assert restored.sequence < mark.sequence
    assert restored.mark == mark
    with pytest.raises(BelowHighWater, match=f"--accept-loss-after {restored.sequence}"):
        JournalWriter.try_open(HighWaterFile.open(high_water_path()))


def test_database_that_is_not_empty_is_left_alone(made: Path) -> None:
    before = JournalBatch.objects.count()

    with pytest.raises(BackupRefused, match="not empty: there are rows in exchange_journal"):
        restore(made, silent)

    assert JournalBatch.objects.count() == before


def test_running_engine_is_not_restored_over(made: Path) -> None:
    with engine_in_thread(), pytest.raises(BackupRefused, match="An engine is running"):
        restore(made, silent)


def test_backup_goes_into_an_empty_directory_only(made: Path) -> None:
    with pytest.raises(BackupRefused, match="is not empty"):
        backup(made, silent)


def test_damaged_backup_is_refused_file_by_file(made: Path) -> None:
    manifest = (made / "manifest.json").read_bytes()
    for name in json.loads(manifest)["files"]:
        path = made / name
        whole = path.read_bytes()

        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if whole else b"x")
        with pytest.raises(BackupRefused, match="its hash is wrong"):
            restore(made, silent)
        path.unlink()
        with pytest.raises(BackupRefused, match="is missing"):
            restore(made, silent)
        path.write_bytes(whole)

    other = json.loads(manifest) | {"migrations": [["exchange", "0001_initial"]]}
    (made / "manifest.json").write_text(json.dumps(other))
    with pytest.raises(BackupRefused, match="another version of the tables"):
        restore(made, silent)
    (made / "manifest.json").write_bytes(manifest[:-1])
    with pytest.raises(BackupRefused, match="no whole backup"):
        restore(made, silent)
