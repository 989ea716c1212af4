"""The drill: a running venue is backed up, goes on, is destroyed and restored elsewhere.

With real processes and servers: NOVATE_DRILLS=1 pytest tests/scenarios/test_backup_drill.py.
Its parts are tested every time in tests/pipeline/test_backup.py.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from exchange.management.processes import fast_lane
from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import HOST, Key, Venue
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"
START_SECONDS = 240.0
# In one process, which loads the kernels once.
PROVE = (
    "from django.core.management import call_command\n"
    "call_command('verify')\n"
    "call_command('replay', rebuild=True)\n"
)


class DrilledVenue(Venue):
    """Engine, prices, projector and one API server; its mark lies on a medium of its own."""

    def __init__(self, high_water: Path) -> None:
        super().__init__()
        self._high_water = high_water

    def environment(self) -> dict[str, str]:
        return super().environment() | {"NOVATE_HIGH_WATER": str(self._high_water)}

    def start(self, *engine_options: str) -> None:
        self.run("engine", "manage.py", "run_engine", *engine_options)
        self.wait_for("engine", "is live")
        self.run("projector", "manage.py", "run_projector")
        lane = fast_lane(HOST, self.port)
        self.run("lane", *lane.arguments, **lane.environment)
        assert eventually(partial(self._is_open, self.port), START_SECONDS)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
        )

    def destroy(self) -> None:
        """All processes die at once; then everything that they kept is gone."""
        for name in list(self._running):
            self.kill(name)
        self.stop_all()

    def bid(self, key: Key, price: int) -> str:
        answer = self.get("private/buy", key, instrument_name=BTC, amount="0.01", price=price)
        return str(answer.result["order"]["order_id"])

    def open_orders(self, key: Key) -> set[str]:
        answer = self.get("private/get_open_orders_by_instrument", key, instrument_name=BTC)
        return {str(order["order_id"]) for order in answer.result}

    def past_deposits(self, key: Key) -> int:
        return len(self.get("private/get_deposits", key, currency="USDC").result["data"])


pytestmark = pytest.mark.skipif(
    os.environ.get("NOVATE_DRILLS") != "1", reason="a minute long: NOVATE_DRILLS=1 asks for it"
)


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[DrilledVenue]:
    venue = DrilledVenue(tmp_path / "medium" / "high_water")
    try:
        venue.start()
        venue.run("oracle", "-m", "tests.gateway.oracle")
        venue.wait_for("oracle", "listed")
        yield venue
    finally:
        venue.destroy()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[DrilledVenue]:
    venue = DrilledVenue(tmp_path / "medium" / "high_water")
    try:
        yield venue
    finally:
        venue.stop_all()


def test_venue_is_restored_with_its_accounts_keys_orders_and_histories(
    lost: DrilledVenue, new: DrilledVenue, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    alice = lost.account()
    kept = lost.bid(alice, 59_000)
    made = lost.command("backup", str(backup))
    assert made.returncode == 0, made.stderr
    sequence = int(made.stdout.split()[1])
    assert (backup / "keys" / "secret_key").stat().st_mode & 0o077 == 0
    bob = lost.account()
    lost.bid(alice, 58_000)
    lost.destroy()

    # What was acknowledged after the backup is lost, and that is said before anything goes on.
    restored = new.command("restore", str(backup))
    assert restored.returncode == 2, restored.stderr
    assert f"run_engine --accept-loss-after {sequence}" in restored.stderr
    proven = new.command("shell", "--verbosity", "0", "-c", PROVE)
    assert proven.returncode == 0, proven.stderr
    assert f"sequence    {sequence}" in proven.stdout
    assert f"Projections rebuilt to sequence {sequence}." in proven.stdout

    new.start("--accept-loss-after", str(sequence))
    assert new.open_orders(alice) == {kept}
    assert eventually(lambda: new.past_deposits(alice) == 1, 30)
    assert new.get("private/get_positions", bob).error["message"] == "invalid_credentials"
    assert new.get("private/cancel", alice, order_id=kept).result["order_state"] == "cancelled"
    assert (
        "There is an account named 'trader-1' already"
        in new.command("create_account", "trader-1").stderr
    )

    # A second restore would lay one history over another.
    again = new.command("restore", str(backup))
    assert again.returncode == 1
    assert "Refused." in again.stderr
