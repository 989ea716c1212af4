"""The bots of examples/ against a venue: what each did, and what it left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import HOST, Key, Venue
from tests.scenarios.venue import eventually

SOL = "SOL_USDC-PERPETUAL"
SYMBOL = "SOL/USDC:USDC"
WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def bot(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def trader(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(autouse=True)
def empty_book(venue: Venue, bot: Key, trader: Key) -> Iterator[None]:
    """Whatever a test left in the book is gone before the next."""
    yield
    for key in (bot, trader):
        venue.get("private/cancel_all", key)


@contextmanager
def running(venue: Venue, key: Key, script: str, *options: str) -> Iterator[None]:
    """The bot as a user starts it; ended by SIGTERM, and it must end well."""
    output = venue.home / f"{script}.out"
    keys = {"VENUE_KEY": key.id, "VENUE_SECRET": key.secret}
    with open(output, "wb") as said:
        process = subprocess.Popen(
            [sys.executable, f"examples/{script}.py", "--url", f"http://{HOST}:{venue.port}",
             "--symbol", SYMBOL, "--pause", "0.3", *options],
            cwd=PROJECT, env=os.environ | keys, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, output.read_text()
    except BaseException:
        process.kill()
        process.wait(30)
        sys.stderr.write(output.read_text())
        raise


def order(venue: Venue, key: Key, side: str, amount: float, price: float, **params: Any) -> Any:
    answer = venue.get(
        f"private/{side}", key, instrument_name=SOL, amount=amount, price=price, **params
    )
    return answer.result["order"]


def open_orders(venue: Venue, key: Key) -> list[Any]:
    orders: list[Any] = venue.get("private/get_open_orders", key).result
    return orders


def position(venue: Venue, key: Key) -> float:
    """Long is positive."""
    return float(venue.get("private/get_position", key, instrument_name=SOL).result["size"])


def soon(condition: Any) -> bool:
    return bool(eventually(condition, WAIT_SECONDS))


def test_the_maker_quotes_both_sides_again_and_again_and_leaves_nothing(
    venue: Venue, bot: Key, trader: Key
) -> None:
    def sides() -> list[str]:
        return sorted(each["direction"] for each in open_orders(venue, bot))

    with running(venue, bot, "maker", "--amount", "1", "--position-limit", "5"):
        assert soon(lambda: sides() == ["buy", "sell"])
        bid, ask = sorted(open_orders(venue, bot), key=lambda each: float(each["price"]))
        assert 149 < bid["price"] < 150 < ask["price"] < 151
        assert bid["post_only"]
        assert ask["post_only"]
        # Somebody buys; it quotes the side again, and lower, since it is short now.
        taken = order(venue, trader, "buy", 1, 151, time_in_force="immediate_or_cancel")
        assert taken["filled_amount"] == 1
        assert soon(lambda: sides() == ["buy", "sell"])
        assert position(venue, bot) == -1

    assert open_orders(venue, bot) == []
    order(venue, bot, "buy", 1, 150)
    order(venue, trader, "sell", 1, 150, time_in_force="immediate_or_cancel")


def test_the_carry_bot_is_on_the_side_that_is_paid(venue: Venue, bot: Key, trader: Key) -> None:
    options = ("--amount", "2", "--threshold", "0.00005", "--slippage", "0.01")
    # The interest alone, 0.01 %, is paid by longs. A bid to sell to, one to take profit at.
    order(venue, trader, "buy", 2, 149.9)
    with running(venue, bot, "funding_carry", *options, "--close-on-exit"):
        assert soon(lambda: position(venue, bot) == -2)
        # The book stands below the index: shorts pay, and the bot turns.
        order(venue, trader, "sell", 1_000, 146)
        assert soon(lambda: position(venue, bot) == 2)
        venue.get("private/cancel_all", trader)
        order(venue, trader, "buy", 2, 149.5)

    assert position(venue, bot) == 0
    assert open_orders(venue, bot) == []
    venue.get("private/cancel_all", trader)


def test_the_guardian_puts_a_stop_behind_a_position_and_puts_it_back(
    venue: Venue, bot: Key, trader: Key
) -> None:
    def stop() -> Any:
        found = [each for each in open_orders(venue, bot) if each["label"] == "stop-guardian"]
        assert len(found) < 2
        return found[0] if found else None

    def is_behind(amount: float) -> bool:
        now = stop()
        return now is not None and (now["direction"], now["amount"]) == ("sell", amount)

    with running(venue, bot, "stop_guardian", "--distance", "0.02"):
        order(venue, trader, "sell", 3, 150)
        order(venue, bot, "buy", 3, 150)
        assert soon(lambda: is_behind(3))
        first = stop()
        assert (first["order_type"], first["reduce_only"], first["trigger"]) == (
            "stop_market", True, "mark_price",
        )  # fmt: skip
        assert first["trigger_price"] == pytest.approx(147, abs=0.5)
        # It lost its stop.
        venue.get("private/cancel", bot, order_id=first["order_id"])
        assert soon(lambda: is_behind(3) and stop()["order_id"] != first["order_id"])
        # It grew.
        order(venue, trader, "sell", 1, 150)
        order(venue, bot, "buy", 1, 150)
        assert soon(lambda: is_behind(4))
    # The stop works without its guardian.
    assert is_behind(4)

    with running(venue, bot, "stop_guardian", "--distance", "0.02"):
        order(venue, trader, "buy", 4, 150)
        order(venue, bot, "sell", 4, 150, reduce_only="true")
        # The engine itself ends what has nothing to reduce; or the guardian does.
        assert soon(lambda: stop() is None)
    assert (position(venue, bot), open_orders(venue, bot)) == (0, [])


@pytest.mark.nightly
def test_a_bot_outlives_a_server_that_restarts(venue: Venue, bot: Key) -> None:
    """The maker quotes through a lane of its own, which is killed and comes back."""
    lane = venue.start_lane()
    options = ("--url", f"http://{HOST}:{lane}", "--amount", "1", "--position-limit", "5")
    with running(venue, bot, "maker", *options):
        assert soon(lambda: len(open_orders(venue, bot)) == 2)
        venue.kill("lane")
        venue.get("private/cancel_all", bot)
        venue.start_lane(port=lane)
        assert soon(lambda: len(open_orders(venue, bot)) == 2)

    venue.stop("lane")
    assert open_orders(venue, bot) == []


def test_every_bot_is_short() -> None:
    lengths = {
        path.name: len(path.read_text().splitlines())
        for path in Path(PROJECT, "examples").glob("*.py")
    }

    assert set(lengths) == {
        "connecting.py", "maker.py", "funding_carry.py", "stop_guardian.py",
    }  # fmt: skip
    assert max(lengths.values()) < 150
