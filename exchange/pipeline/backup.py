"""A venue in a directory, and a directory back into a venue.

BACK-001  all tables are copied in one snapshot of the database: journal, projections, people
          and keys stand at one sequence, while the engine goes on.
BACK-002  the manifest is written last: a directory without one is no backup. It holds the hash
          of every other file, and all are checked before a restore changes anything.
BACK-003  a restore fills an empty database only, in one transaction that ends with the check of
          the whole chain: all of it is there, or nothing is.
BACK-004  a high-water mark that is found stays: if it is above the backup, the engine refuses
          to start until the operator accepts what is lost.
BACK-005  the backup holds the secret key and the reporters' keys: it is as secret as the venue.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection as django_connection
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from exchange.engine.commands import ENGINE_VERSION
from exchange.pipeline import archive, journal, snapshots
from exchange.pipeline.anchor import read_origin
from exchange.pipeline.high_water import HighWaterFile, Mark
from exchange.pipeline.journal import Connection, Head, JournalCorrupt
from exchange.pipeline.replica import snapshot_directory
from exchange.pipeline.runner import high_water_path
from exchange.pipeline.servers import novate_home, private_directory

FORMAT = 1
MANIFEST = "manifest.json"
KEYS = "keys"
SNAPSHOTS = "snapshots"
TABLES = "tables"
_MIGRATIONS = "django_migrations"
_PEOPLE = "auth_user"

Progress = Callable[[str], None]
Manifest = dict[str, Any]


class BackupRefused(Exception):
    """Nothing was changed; the message says why."""


class Restored(NamedTuple):
    """Where the venue stands now, and how far it had promised to be."""

    sequence: int
    rows: int
    mark: Mark


# --- there ------------------------------------------------------------------------------------
def backup(directory: Path, progress: Progress) -> Manifest:
    """Everything of this venue → a new directory. Raises BackupRefused."""
    if directory.exists() and any(directory.iterdir()):
        raise BackupRefused(f"{directory} is not empty.")
    private_directory(directory)
    files: dict[str, dict[str, Any]] = {}
    with closing(journal.connect()) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        head = journal.read_head(connection)
        origin = read_origin(connection)
        for table in _tables(connection):
            name = f"{TABLES}/{table}.copy"
            progress(f"Copying {table}.")
            files[name] = _copy_out(connection, table, directory / name)
    for path in _snapshot_files(head):
        files |= _copy_file(path, directory, f"{SNAPSHOTS}/{path.name}")
    for path in sorted((novate_home() / KEYS).glob("*")):
        if path.is_file():
            files |= _copy_file(path, directory, f"{KEYS}/{path.name}")
    manifest: Manifest = {
        "format": FORMAT,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "engine_version": ENGINE_VERSION,
        "begins_after": origin.sequence,
        "sequence": head.sequence,
        "chain_hash": head.hash.hex(),
        "migrations": _migrations(),
        "has_secret": not os.environ.get("NOVATE_SECRET_KEY"),
        "files": files,
    }
    archive.write_durably(directory / MANIFEST, json.dumps(manifest, indent=1).encode())
    return manifest


def _copy_out(connection: Connection, table: str, path: Path) -> dict[str, Any]:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    columns = _columns(connection, table)
    statement = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    digest = hashlib.blake2b(digest_size=32)
    with path.open("wb") as file, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in copy:
                file.write(block)
                digest.update(block)
        rows = cursor.rowcount
        file.flush()
        os.fsync(file.fileno())
    return {"blake2b_256": digest.hexdigest(), "rows": rows, "columns": columns}


def _copy_file(path: Path, directory: Path, name: str) -> dict[str, dict[str, Any]]:
    target = directory / name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(path, target)
    target.chmod(0o600)
    archive.sync_file(target)
    return {name: {"blake2b_256": archive.hash_of(target).hex()}}


def _snapshot_files(head: Head) -> list[Path]:
    newest = snapshots.newest_file(snapshot_directory(), head.sequence)
    anchors = snapshot_directory().glob(f"*{snapshots.ANCHOR_SUFFIX}")
    return sorted({*anchors, *([newest[1]] if newest else [])})


# --- and back ---------------------------------------------------------------------------------
def restore(directory: Path, progress: Progress) -> Restored:
    """A backup → this empty venue. Raises BackupRefused and JournalCorrupt."""
    manifest = _checked_manifest(directory, progress)
    with closing(journal.connect()) as connection:
        if not journal.try_lock(connection):
            raise BackupRefused("An engine is running on this database.")
        _require_empty(connection)
        with connection.transaction():
            _load(connection, directory, manifest, progress)
            progress("Checking the chain.")
            rows = _check_chain(connection, manifest)
        head = journal.read_head(connection)
    _place_files(directory, manifest)
    return Restored(head.sequence, rows, _respect_mark(Mark(head.sequence, head.hash)))


def _checked_manifest(directory: Path, progress: Progress) -> Manifest:
    try:
        manifest: Manifest = json.loads((directory / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupRefused(f"{directory} is no whole backup: {error}") from error
    if manifest["format"] != FORMAT:
        raise BackupRefused(f"Expected format {FORMAT}, was {manifest['format']}.")
    if manifest["migrations"] != _migrations():
        raise BackupRefused(
            "The backup is of another version of the tables: restore it with the version that "
            "made it, then upgrade."
        )
    progress("Checking the files.")
    for name, facts in manifest["files"].items():
        path = directory / name
        if not path.is_file():
            raise BackupRefused(f"{name} is missing.")
        if archive.hash_of(path).hex() != facts["blake2b_256"]:
            raise BackupRefused(f"{name} is not what was backed up: its hash is wrong.")
    return manifest


def _require_empty(connection: Connection) -> None:
    for table in ("exchange_journalbatch", "exchange_journalanchor", _PEOPLE):
        query = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
        if connection.execute(query).fetchone() is not None:
            raise BackupRefused(f"This database is not empty: there are rows in {table}.")


def _load(
    connection: Connection, directory: Path, manifest: Manifest, progress: Progress
) -> None:
    tables = [Path(name).stem for name in manifest["files"] if name.startswith(f"{TABLES}/")]
    if sorted(tables) != _tables(connection):
        raise BackupRefused("The backup holds other tables than this version has.")
    # What migrations put there (permissions, content types) is in the backup too.
    every = sql.SQL(", ").join(map(sql.Identifier, tables))
    connection.execute(sql.SQL("TRUNCATE {}").format(every))
    connection.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        progress(f"Loading {table}.")
        facts = manifest["files"][f"{TABLES}/{table}.copy"]
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, facts["columns"]))
        )
        with (
            (directory / TABLES / f"{table}.copy").open("rb") as file,
            connection.cursor() as cursor,
        ):
            with cursor.copy(statement) as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            if cursor.rowcount != facts["rows"]:
                raise BackupRefused(f"{table}: expected {facts['rows']} rows.")
    _advance_identities(connection, tables)


def _advance_identities(connection: Connection, tables: list[str]) -> None:
    """The next id that the database gives follows the highest that was loaded."""
    found = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND is_identity = 'YES'"
    ).fetchall()
    for table, column in found:
        if table not in tables:
            continue
        connection.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({}, {}), GREATEST(max({}), 1), "
                "max({}) IS NOT NULL) FROM {}"
            ).format(
                sql.Literal(f'"{table}"'),
                sql.Literal(column),
                sql.Identifier(column),
                sql.Identifier(column),
                sql.Identifier(table),
            )
        )


def _check_chain(connection: Connection, manifest: Manifest) -> int:
    head, rows = read_origin(connection), 0
    for row in journal.read_rows(connection, head):
        head, rows = row.head, rows + 1
    if (head.sequence, head.hash.hex()) != (manifest["sequence"], manifest["chain_hash"]):
        raise JournalCorrupt(f"Expected the chain to end at {manifest['sequence']}.")
    return rows


def _place_files(directory: Path, manifest: Manifest) -> None:
    for name in manifest["files"]:
        folder, _, file = name.partition("/")
        if folder == TABLES:
            continue
        target = snapshot_directory() if folder == SNAPSHOTS else novate_home() / KEYS
        private_directory(target)
        shutil.copyfile(directory / name, target / file)
        (target / file).chmod(0o600)


def _respect_mark(restored: Mark) -> Mark:
    """The mark that stands afterwards (BACK-004)."""
    with closing(HighWaterFile.open(high_water_path())) as file:
        found = file.read()
        if found is None:
            file.write(restored)
        return found or restored


# --- what there is ----------------------------------------------------------------------------
def _tables(connection: Connection) -> list[str]:
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    return sorted({str(row[0]) for row in found} - {_MIGRATIONS})


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
        (table,),
    )
    return [str(row[0]) for row in rows]


def _migrations() -> list[list[str]]:
    applied = MigrationRecorder(django_connection).applied_migrations()
    return sorted([app, name] for app, name in applied)
