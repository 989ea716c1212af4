"""Where a venue keeps its files, and which user runs its embedded servers.

Everything of one venue lives under NOVATE_HOME (mode 0700). PostgreSQL refuses to run as root,
so for root both servers run as the system user `novate`, with their data, sockets and a copy of
their binaries under /var/lib/novate: neither /root nor a home is ever opened to another user.

HOME-001  nothing is created by computing a place; only `prepare` writes.
HOME-002  a directory that another user could write to is refused, never repaired.
HOME-003  deleting a home ends its venue: data below /var/lib/novate whose home is gone
          is set aside, neither taken up by a new venue with other keys nor deleted.
HOME-004  a socket path holds at most 107 bytes; a longer one moves to a short one.
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import stat
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SYSTEM_ROOT = Path("/var/lib/novate")
SYSTEM_USER = "novate"
SOCKET_PATH_BYTES_MAX = 107
LEASE_FILE = "servers.lease"  # In a home as soon as servers were started for it.
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"

Report = Callable[[str], None]


class ServersUnavailable(RuntimeError):
    """The embedded servers cannot run here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """The directories of one venue's servers and the user that runs them."""

    home: Path
    data: Path
    run: Path
    user: str | None  # None: the user who runs the venue.

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.user).pw_uid if self.user else os.geteuid()


def novate_home() -> Path:
    """The runtime directory: NOVATE_HOME, else `.novate` beside manage.py."""
    return Path(os.environ.get("NOVATE_HOME") or PROJECT / ".novate").absolute()


_ORACLE_KERNELS = ("oracle/aggregation.py", "oracle/mark.py", "oracle/rounding.py")


def jit_cache_directory() -> Path:
    """A cache of compiled kernels that changes whenever a source they could come from does.

    Numba's own cache looks at the file of the kernel alone: a constant changed in `units.py`
    would leave every kernel that imported it as it was. It belongs to the sources, not to a
    venue: all homes of one checkout share it.
    """
    digest = hashlib.blake2b(digest_size=12)
    for sources in ("exchange/engine/*.py", "risk/*.py", *_ORACLE_KERNELS):
        for path in sorted(PROJECT.glob(sources)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(PROJECT)}:{len(content)}:".encode() + content)
    root = os.environ.get("NOVATE_JIT_DIR") or PROJECT / ".novate" / "jit"
    return Path(root) / digest.hexdigest()


def server_place(home: Path | None = None, *, euid: int | None = None) -> Place:
    """The place of the servers of `home`. Computes only."""
    home = (home or novate_home()).absolute()
    if (os.geteuid() if euid is None else euid) == 0:
        own = SYSTEM_ROOT / _key(home)
        return Place(home=home, data=own / "pg", run=own / "run", user=SYSTEM_USER)
    run = home / "run"
    if len(os.fsencode(run / LONGEST_SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        run = _short_runtime_root() / f"novate-{os.geteuid()}-{_key(home)}"
    return Place(home=home, data=home / "pg", run=run, user=None)


def prepare(place: Place, report: Report) -> None:
    """Creates the directories of `place`, private to their owner. Hold the home's mutex."""
    private_directory(place.home)
    private_directory(place.logs)
    if place.user is None:
        private_directory(place.run)
        if place.run.parent != place.home:
            report(f"The path of {place.home} is too long for sockets: using {place.run}.")
        return
    _require_system_user(report)
    _require_directory(SYSTEM_ROOT, owner=0, mode=0o755)
    own = place.run.parent
    if own.exists() and not (place.home / LEASE_FILE).exists():
        _set_aside(own, report)
    if not own.exists():
        report(f"Running as root: the servers run as user {place.user}, with data in {own}.")
    _require_directory(own, owner=place.uid, mode=0o700)
    _require_directory(place.run, owner=place.uid, mode=0o700)


def private_directory(path: Path) -> Path:
    """Creates or closes `path` for this user alone; refuses one that others may write to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _require_directory(path, owner=os.geteuid(), mode=0o700)
    return path


def private_secret(path: Path) -> str:
    """The secret kept in `path` (mode 0600), made on first use."""
    private_directory(path.parent)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(
            FileExistsError
        ):  # Another process was faster: use its secret.
            os.link(draft, path)
        draft.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ServersUnavailable(f"Expected {path} to be private. Run: chmod 600 {path}")
    return path.read_text().strip()


def server_environment(place: Place) -> Mapping[str, str]:
    """The few variables a server needs. None of ours: a key in them would be in its /proc."""
    keep = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    return keep | {"LC_ALL": "C.UTF-8", "HOME": str(place.run)}


def _key(home: Path) -> str:
    return hashlib.blake2b(os.fsencode(home.resolve()), digest_size=6).hexdigest()


def _short_runtime_root() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    longest = f"{runtime}/novate-{os.geteuid()}-{'0' * 12}/{LONGEST_SOCKET_NAME}"
    if (
        runtime
        and len(os.fsencode(longest)) <= SOCKET_PATH_BYTES_MAX
        and Path(runtime).is_dir()
    ):
        return Path(runtime)
    return Path("/tmp")  # noqa: S108 - a private, owner-checked directory is made inside it.


def _require_directory(path: Path, *, owner: int, mode: int) -> None:
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        pass
    else:
        os.chmod(path, mode)  # mkdir's mode is narrowed by the umask.
        os.chown(path, owner, -1)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
        raise ServersUnavailable(
            f"Expected {path} to be a directory of user {owner}, it belongs to {status.st_uid}."
            " Remove it or set NOVATE_HOME to another directory."
        )
    too_open = stat.S_IMODE(status.st_mode) & ~mode
    if too_open and not too_open & 0o022:
        # Others could look in but plant nothing (Numba makes .novate by the umask): close it.
        os.chmod(path, mode)
    elif too_open:
        raise ServersUnavailable(
            f"Expected {path} to be private (mode {mode:04o}), it is"
            f" {stat.S_IMODE(status.st_mode):04o}. Run: chmod {mode:o} {path}"
        )


def _set_aside(own: Path, report: Report) -> None:
    aside = own.with_name(f"{own.name}.left-{time.time_ns()}")
    report(f"The home of {own} was deleted: its data now stands in {aside}.")
    own.rename(aside)


def _require_system_user(report: Report) -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
        return
    except KeyError:
        report(f"Creating the system user {SYSTEM_USER} to run the servers.")
    command = ["useradd", "--system", "--no-create-home", "--user-group"]
    command += ["--home-dir", str(SYSTEM_ROOT), "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 9):  # 9: another process created it just now.
        raise ServersUnavailable(
            f"PostgreSQL cannot run as root and `useradd {SYSTEM_USER}` failed:"
            f" {done.stderr.strip()}. Run as another user or set DATABASE_URL and REDIS_URL."
        )
