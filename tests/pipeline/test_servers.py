"""The embedded servers under everything that ends processes badly."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from exchange.pipeline.servers import (
    PROJECT,
    ServersUnavailable,
    celery_broker_url,
    database_settings,
    discard_servers,
    ensure_servers,
    private_directory,
    private_secret,
    redis_url,
)
from exchange.pipeline.servers.home import SYSTEM_USER, prepare, server_place
from exchange.pipeline.servers.postgres import Postgres
from exchange.pipeline.servers.process import end, is_running, listener
from exchange.pipeline.servers.valkey import Valkey

# Holds a lease until its stdin closes; prints a line when the servers answer.
HOLDER = """
import sys
from pathlib import Path
from exchange.pipeline.servers import ensure_servers
with ensure_servers(home=Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cluster for the file; every test starts and ends with its servers stopped."""
    home = tmp_path_factory.mktemp("home") / "venue"
    yield home
    discard_servers(home)


def start_holder(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(holder: subprocess.Popen[str]) -> None:
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"


def release(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=60)


def is_serving(home: Path) -> tuple[bool, bool]:
    place = server_place(home)
    return Postgres(place).is_alive(), Valkey(place).is_alive()


def postmaster_pid(home: Path) -> int:
    peer = listener(Postgres(server_place(home)).socket)
    assert peer is not None
    return peer.pid


def connect(home: Path) -> psycopg.Connection:
    run = server_place(home).run
    return psycopg.connect(host=str(run), user="novate", dbname="novate", autocommit=True)


def test_lease_starts_both_servers_and_stops_them(home: Path) -> None:
    with ensure_servers(home=home):
        with connect(home) as connection:
            row = connection.execute("SELECT current_setting('fsync')").fetchone()
        valkey = redis.Redis(unix_socket_path=str(Valkey(server_place(home)).socket))
        policy = valkey.config_get("maxmemory-policy")
        valkey.close()

    assert row == ("on",)
    assert policy == {"maxmemory-policy": "noeviction"}
    assert is_serving(home) == (False, False)


def test_servers_listen_in_a_private_directory_and_own_session(home: Path) -> None:
    with ensure_servers(home=home):
        place = server_place(home)
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (place.home, place.run)]
        session = os.getsid(postmaster_pid(home))

    assert modes == [0o700, 0o700]
    assert session != os.getsid(0)


def test_second_lease_keeps_servers_when_first_leaves(home: Path) -> None:
    other = start_holder(home)
    wait_until_ready(other)
    with ensure_servers(home=home):
        pid = postmaster_pid(home)
        release(other)

        assert postmaster_pid(home) == pid

    assert is_serving(home) == (False, False)


def test_leases_taken_at_once_share_one_server(home: Path) -> None:
    holders = [start_holder(home) for _ in range(3)]
    for holder in holders:
        wait_until_ready(holder)

    release(holders[0])
    assert is_serving(home) == (True, True)
    release(holders[1])
    assert is_serving(home) == (True, True)
    release(holders[2])
    assert is_serving(home) == (False, False)


def test_killed_holder_leaves_no_count_behind(home: Path) -> None:
    holder = start_holder(home)
    wait_until_ready(holder)
    holder.kill()
    holder.communicate()
    assert is_serving(home) == (True, True)

    with ensure_servers(home=home):
        pass

    assert is_serving(home) == (False, False)


def test_killed_postgres_recovers_with_committed_rows(home: Path) -> None:
    with ensure_servers(home=home) as lease:
        with connect(home) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        os.kill(postmaster_pid(home), signal.SIGKILL)
        while listener(Postgres(server_place(home)).socket):
            pass

        healed = lease.heal()

        with connect(home) as connection:
            rows = connection.execute("SELECT n FROM kept").fetchall()
    assert healed == ["PostgreSQL"]
    assert rows == [(7,)]


def test_killed_valkey_is_healed_and_empty(home: Path) -> None:
    with ensure_servers(home=home) as lease:
        path = Valkey(server_place(home)).socket
        with redis.Redis(unix_socket_path=str(path)) as valkey:
            valkey.set("forgotten", 1)
        peer = listener(path)
        assert peer is not None
        assert end(peer.pid, (signal.SIGKILL,), 10)

        assert lease.heal() == ["Valkey"]
        with redis.Redis(unix_socket_path=str(path)) as valkey:
            assert valkey.get("forgotten") is None
        assert lease.heal() == []


def test_stale_sockets_are_replaced(home: Path) -> None:
    place = server_place(home)
    prepare(place, print)
    for path in (Postgres(place).socket, Valkey(place).socket):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))

    with ensure_servers(home=home):
        assert is_serving(home) == (True, True)


def test_pid_file_of_another_process_is_not_believed(home: Path) -> None:
    with ensure_servers(home=home):
        pass
    pid_file = server_place(home).data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    os.chown(pid_file, server_place(home).uid, -1)

    with ensure_servers(home=home):
        assert postmaster_pid(home) != os.getpid()

    assert is_running(os.getpid())


def test_deleted_home_does_not_lend_its_data_to_a_new_venue(tmp_path: Path) -> None:
    home = tmp_path / "venue"
    with ensure_servers(home=home), connect(home) as connection:
        connection.execute("CREATE TABLE of_the_first_venue (n int)")
    shutil.rmtree(home)

    with ensure_servers(home=home), connect(home) as connection:
        row = connection.execute("SELECT to_regclass('of_the_first_venue')").fetchone()

    assert row == (None,)
    own = server_place(home).data.parent
    discard_servers(home)
    for aside in own.parent.glob(f"{own.name}.left-*"):
        shutil.rmtree(aside)


def test_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "open"
    home.mkdir()
    home.chmod(0o777)

    with pytest.raises(ServersUnavailable, match="to be private"), ensure_servers(home=home):
        pass


def test_directory_that_others_may_only_read_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "seen"
    home.mkdir()
    home.chmod(0o755)

    assert private_directory(home) == home

    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_long_home_moves_its_sockets_to_a_short_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    home = tmp_path / ("long" * 30)

    place = server_place(home, euid=1000)

    assert place.user is None
    assert place.data == home / "pg"
    assert place.run.parent == Path("/tmp")
    assert server_place(tmp_path / ("long" * 31), euid=1000).run != place.run


def test_root_keeps_data_apart_for_every_home(tmp_path: Path) -> None:
    first = server_place(tmp_path / "a", euid=0)
    second = server_place(tmp_path / "b", euid=0)

    assert first.user == SYSTEM_USER
    assert first.data.parent.parent == Path("/var/lib/novate")
    assert first.data != second.data


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user")
def test_ordinary_user_runs_servers_below_home(home: Path, tmp_path: Path) -> None:
    with ensure_servers(home=home):
        pass  # As root: makes the system user that plays the ordinary one.
    user = pwd.getpwnam(SYSTEM_USER)
    own = Path("/tmp") / f"novate-user-{os.getpid()}"
    own.mkdir(mode=0o700)
    os.chown(own, user.pw_uid, user.pw_gid)
    become = (
        f"import os; os.setgroups([]); os.setgid({user.pw_gid}); os.setuid({user.pw_uid})\n"
    )
    imports = "import exchange.pipeline.servers.postgres, encodings.idna\n"
    code = imports + become + HOLDER

    done = subprocess.run(
        [sys.executable, "-c", code, str(own / "venue")],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    if "Permission denied" in done.stderr:
        pytest.skip("the virtual environment stands where no other user may read")
    assert done.stdout == "ready\n", done.stderr
    assert (own / "venue" / "pg" / "PG_VERSION").exists()
    subprocess.run(["rm", "-rf", str(own)], check=True)


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret_key"

    secret = private_secret(path)

    assert private_secret(path) == secret
    assert len(secret) >= 48
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "bus", "broker"),
    [
        ("redis://h:6379/0", "redis://h:6379/0", "redis://h:6379/2"),
        ("rediss://:pw@h:6379", "rediss://:pw@h:6379/0", "rediss://:pw@h:6379/2"),
        ("unix:///run/v.sock", "unix:///run/v.sock?db=0", "redis+socket:///run/v.sock"),
    ],
)
def test_one_redis_url_gives_every_dialect(
    url: str, bus: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    assert redis_url() == bus
    assert celery_broker_url().removesuffix("?virtual_host=2") == broker


def test_database_url_replaces_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DATABASE_URL", "postgresql://al%40ice:p%2Fw@db:6000/venue?sslmode=require"
    )

    found = database_settings()

    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", "6000", "venue")
    assert (found["USER"], found["PASSWORD"]) == ("al@ice", "p/w")
    assert found["OPTIONS"] == {"sslmode": "require"}
