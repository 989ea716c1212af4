"""An operator halts markets and lets them go on, by commands that everyone can read later."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ORDER_ACCEPTED
from exchange.engine.rejects import RejectReason
from exchange.engine.units import STATE_HALTED, STATE_OPEN
from exchange.pipeline.at_hand import project_now
from exchange.pipeline.halts import UnknownContract, halts, set_state
from exchange.pipeline.servers import redis_url
from exchange.pipeline.verification import verify
from tests.pipeline.conftest import Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import Venue, bid

NAME = "BTC_USDC-PERPETUAL"


@pytest.fixture
def trading(no_venue: None, valkey: Valkey, kernels: None, venue: Venue) -> int:
    """An open market; the account of somebody who trades in it."""
    venue.open()
    alice = venue.trader()
    project_now()
    return alice


@pytest.fixture(autouse=True)
def running(no_venue: None, valkey: Valkey, kernels: None) -> Iterator[None]:
    with engine_in_thread():
        yield


def test_halted_contract_takes_cancels_and_no_orders(trading: int, venue: Venue) -> None:
    resting = venue.accept(bid(trading, 59_000, 3))[0].events.view(ORDER_ACCEPTED)

    outcomes = set_state(redis_url(), [NAME], STATE_HALTED, "The index is wrong.")

    assert [(o.contract, o.reason) for o in outcomes] == [(NAME, RejectReason.ACCEPTED)]
    refused = venue.submit(bid(trading, 59_000, 3))[0]
    assert refused.reason == RejectReason.CONTRACT_NOT_OPEN
    order = int(resting["order"][0])
    venue.accept(make(CommandKind.CANCEL_ORDER, trading, account=trading, order=order))


def test_reason_is_found_beside_the_command_in_the_journal(trading: int) -> None:
    (outcome,) = set_state(redis_url(), [], STATE_HALTED, "Planned: new disks. – ops")
    project_now()

    (halt,) = halts()

    assert (halt.contract, halt.words) == (NAME, "Planned: new disks. – ops")
    assert halt.sequence == outcome.sequence
    verify(lambda _done, _total: None)


def test_resumed_contract_trades_and_is_not_shown(trading: int, venue: Venue) -> None:
    set_state(redis_url(), [NAME], STATE_HALTED, "a pause")
    set_state(redis_url(), [NAME], STATE_OPEN, "the pause is over")
    project_now()

    assert halts() == []
    venue.accept(bid(trading, 59_000, 3))


def test_unknown_contract_is_named_and_nothing_is_asked(trading: int) -> None:
    with pytest.raises(UnknownContract, match="DOGE"):
        set_state(redis_url(), [NAME, "DOGE"], STATE_HALTED, "why not")

    assert halts() == []


@pytest.mark.parametrize("words", ["", "x" * 401])
def test_halt_without_a_readable_reason_is_refused(trading: int, words: str) -> None:
    with pytest.raises(ValueError, match="reason of 1 to 400"):
        set_state(redis_url(), [NAME], STATE_HALTED, words)


def test_commands_halt_and_resume_the_venue(
    trading: int, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("halt", "--all", "--reason", "a drill")
    assert f"{NAME:32}halted by command" in capsys.readouterr().out

    call_command("halt", NAME, "--reason", "again")
    assert f"{NAME:32}was halted already" in capsys.readouterr().out

    call_command("resume", "--all", "--reduce-only", "--reason", "slowly")
    assert f"{NAME:32}reduce-only by command" in capsys.readouterr().out

    call_command("resume", NAME, "--reason", "done")
    assert f"{NAME:32}open by command" in capsys.readouterr().out


def test_command_for_an_unknown_contract_fails(
    trading: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_command("halt", "DOGE", "--reason", "why not")

    assert "No contract trades as DOGE" in capsys.readouterr().err
