"""nautilus_trader's Deribit clients, in a Python that has them (optional: 3.12, 130 MB)."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import HOST, Venue

FOLDER = PROJECT / ".novate" / "nautilus"
STEPS = Path(__file__).with_name("nautilus_steps.py")
RUN_SECONDS = 300


@dataclass(slots=True)
class Adapter:
    """What came of it: rows of step, what and result."""

    note: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def python_or_problem(chosen: str) -> tuple[Path, str]:
    """A Python that has nautilus_trader, installed from PyPI into a folder that git ignores."""
    python = FOLDER / "bin" / "python"
    if python.exists():
        return python, ""
    if shutil.which(chosen) is None:
        return python, f"there is no {chosen} here"
    for command in (
        [chosen, "-m", "venv", str(FOLDER)],
        [str(python), "-m", "pip", "install", "-q", "nautilus_trader"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(FOLDER, ignore_errors=True)
            return python, (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return python, ""


def run(venue: Venue, chosen: str) -> Adapter:
    """Every step against the venue, with two new accounts."""
    python, problem = python_or_problem(chosen)
    if problem:
        return Adapter(f"Not run: {problem}.")
    keys = [venue.account(), venue.account()]
    words = {
        "http": f"http://{HOST}:{venue.port}/api/v2",
        "ws": f"ws://{HOST}:{venue.port}/ws/api/v2",
        "keys": [[key.id, key.secret] for key in keys],
    }
    done = subprocess.run(
        [str(python), str(STEPS), json.dumps(words)],
        capture_output=True, text=True, timeout=RUN_SECONDS,
    )  # fmt: skip
    first, *lines = [json.loads(line) for line in done.stdout.splitlines()]
    adapter = Adapter(_note(first["version"]))
    for line in lines:
        adapter.rows.append((line["step"], line["says"], line["seen"] or "**fails**"))
        if line["problem"]:
            adapter.problems.append(f"nautilus_trader {line['step']}: {line['problem']}")
    if done.returncode:
        adapter.problems.append(f"nautilus_trader: {done.stderr.strip()[-500:]}")
    return adapter


def _note(version: str) -> str:
    return (
        f"nautilus_trader {version}, Python 3.12: the HTTP and websocket clients of which its "
        "Deribit adapter is made. `base_url_http` and `base_url_ws` are theirs; the adapter's "
        "execution class leaves the latter out (1.231), so a whole trading node finds its "
        "websocket only at Deribit itself."
    )
