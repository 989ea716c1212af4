"""A command that breaks the engine stops it, by name; it is put aside only in public."""

from contextlib import closing

import pytest
from django.core.management import call_command

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ORDER_ACCEPTED
from exchange.pipeline import journal
from exchange.pipeline.bus import OutcomeUnknown
from exchange.pipeline.quarantine import QuarantineRefused, quarantine
from exchange.pipeline.replica import PoisonCommand, Replica, StateDiverged
from exchange.pipeline.runner import Runner
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue, bid


def silent(_done: int, _total: int) -> None:
    """Nobody watches the progress."""


@pytest.fixture
def poison(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> PoisonCommand:
    """A book with a fault, as a bug would leave it, and a command that trips on it."""
    with engine_in_thread():
        venue.open()
        alice = venue.trader()
        accepted = venue.accept(bid(alice, 59_000, 3))[0].events.view(ORDER_ACCEPTED)
    with closing(Replica.open()) as replica:
        levels = replica.machine.state.levels
        levels["lots"][levels["price_ticks"] == 590_000] += 1
        replica.save_snapshot()
    cancel = make(
        CommandKind.CANCEL_ORDER, alice, account=alice, order=int(accepted["order"][0])
    )
    with (
        pytest.raises(PoisonCommand) as raised,
        engine_in_thread(),
        pytest.raises(OutcomeUnknown),
    ):
        venue.bus.submit(cancel, timeout_seconds=2.0)
    return raised.value


def test_engine_stops_and_names_the_command(
    poison: PoisonCommand, empty_journal: Connection
) -> None:
    row = journal.row_ending_at(empty_journal, poison.sequence)

    assert row is not None
    assert row.commands()["kind"][-1] == CommandKind.CANCEL_ORDER
    assert f"manage.py quarantine {poison.sequence}" in str(poison)


def test_it_stops_every_restart_too(poison: PoisonCommand) -> None:
    with pytest.raises(PoisonCommand) as again:
        Runner.open("unix:///unused?db=0")

    assert again.value.sequence == poison.sequence


def test_engine_goes_on_without_the_quarantined_command(
    poison: PoisonCommand, venue: Venue
) -> None:
    row = quarantine(poison.sequence)

    assert row.quarantined == poison.sequence
    with engine_in_thread():
        assert venue.open_account() == 20
    with closing(Replica.open()) as replica:
        assert replica.machine.state.orders["id"].any()  # the order was not cancelled


def test_operator_is_told_what_was_put_aside_and_what_was_not(
    poison: PoisonCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        call_command("quarantine", poison.sequence - 1)
    assert "Refused. " in capsys.readouterr().err

    call_command("quarantine", poison.sequence)

    told = capsys.readouterr().out
    assert f"Command {poison.sequence} is quarantined by command {poison.sequence + 1}." in told


def test_command_that_applies_is_not_quarantined(poison: PoisonCommand) -> None:
    with pytest.raises(QuarantineRefused, match="applies cleanly"):
        quarantine(poison.sequence - 1)


def test_command_that_does_not_exist_is_not_quarantined(poison: PoisonCommand) -> None:
    with pytest.raises(QuarantineRefused, match="journal ends at"):
        quarantine(poison.sequence + 10)


def test_running_engine_is_not_pulled_apart(engine: Runner) -> None:
    with pytest.raises(QuarantineRefused, match="An engine is running"):
        quarantine(1)


def test_state_that_no_replay_gives_is_found_out(poison: PoisonCommand) -> None:
    with pytest.raises(StateDiverged, match="The state after sequence"):
        verify(silent)
