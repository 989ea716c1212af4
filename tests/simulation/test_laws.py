"""What must hold for every journal: partition, snapshots, determinism."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.engine.commands import HEADER
from exchange.engine.snapshot import CorruptSnapshotError, dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from tests.simulation.auditor import audit
from tests.simulation.simulator.run import live

SEED, COMMANDS = 7, 500
Rows = npt.NDArray[np.int64]


@cache
def journal() -> Rows:
    """Every command of one random market, in order."""
    world = live(SEED, COMMANDS, whole_every=1_000_000)
    return np.array(world.both.journal, np.int64)


def replay(batches: list[Rows]) -> tuple[bytes, bytes]:
    """(state hash, events) of batches applied to a venue at genesis."""
    machine = StateMachine.create()
    produced = b"".join(machine.apply(batch.view(HEADER)).tobytes() for batch in batches)
    return state_hash(machine.state), produced


@cache
def whole() -> tuple[bytes, bytes]:
    """What the journal gives as one batch."""
    return replay([journal()])


@settings(max_examples=25)
@given(data=st.data())
def test_any_partition_of_a_journal_gives_the_same_state_and_events(
    data: st.DataObject,
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(journal())), max_size=12).map(sorted))

    assert replay(np.split(journal(), cuts)) == whole()


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_batches_of_any_size_give_the_same_state_and_events(size: int) -> None:
    cuts = list(range(size, len(journal()), size))

    assert replay(np.split(journal(), cuts)) == whole()


def test_read_only_commands_are_applied_alike() -> None:
    frozen = np.frombuffer(journal().tobytes(), np.int64).reshape(-1, 16)

    assert replay([frozen]) == whole()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_snapshot_and_tail_equal_replay(share: float) -> None:
    cut = int(len(journal()) * share)
    machine = StateMachine.create()
    machine.apply(journal()[:cut].view(HEADER))

    restored = StateMachine(load(dump(machine.state)))
    assert dump(restored.state) == dump(machine.state)
    restored.apply(journal()[cut:].view(HEADER))

    assert state_hash(restored.state) == whole()[0]
    audit(restored.state)


def test_hash_of_a_state_is_the_end_of_its_snapshot() -> None:
    machine = StateMachine.create()
    at_genesis = state_hash(machine.state)
    assert at_genesis == dump(machine.state)[-32:]

    machine.apply(journal().view(HEADER))

    assert state_hash(machine.state) == dump(machine.state)[-32:] != at_genesis


def test_snapshot_with_one_changed_bit_is_refused() -> None:
    machine = StateMachine.create()
    machine.apply(journal().view(HEADER))
    data = bytearray(dump(machine.state))
    data[len(data) // 2] ^= 1

    with pytest.raises(CorruptSnapshotError):
        load(bytes(data))


@pytest.mark.parametrize(
    "environment",
    [
        {"NUMBA_DISABLE_JIT": "1"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4711"},
    ],
    ids=lambda environment: "-".join(f"{k}={v}" for k, v in environment.items()),
)
def test_state_hash_is_the_same_elsewhere(environment: dict[str, str]) -> None:
    """With the JIT off, NumPy raises on overflow: the arithmetic is proved too."""
    assert hash_elsewhere(environment) == whole()[0].hex()


@pytest.mark.nightly
def test_state_hash_is_the_same_on_a_plain_processor(tmp_path: Path) -> None:
    """Compiled anew for a processor without any extension, in a cache of its own."""
    environment = {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
    }

    assert hash_elsewhere(environment) == whole()[0].hex()


def hash_elsewhere(environment: dict[str, str]) -> str:
    """The state hash that another process comes to."""
    arguments = ["--first", str(SEED), "--commands", str(COMMANDS), "--hash"]
    command = [sys.executable, "-W", "error", "-m", "tests.simulation", *arguments]
    found = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()
