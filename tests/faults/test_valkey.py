"""Valkey flushed, replaced, slow or cut at any byte: clients are told, and nothing is lost."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import redis

from exchange.engine.commands import CommandKind, make
from exchange.engine.units import OPERATOR
from exchange.pipeline.bus import Bus, OutcomeUnknown
from exchange.pipeline.codec import Records
from exchange.pipeline.servers import discard_servers
from exchange.pipeline.servers.home import prepare, server_place
from exchange.pipeline.servers.valkey import Valkey, socket_path
from tests.crash.stage import Stage, flush_valkey, shortly, wait_for_trading
from tests.faults.proxy import FaultProxy
from tests.pipeline.engine import engine_in_thread, wait_until

SLOW_SECONDS = 5.0


@pytest.fixture
def proxy(stage: Stage) -> Iterator[FaultProxy]:
    with FaultProxy.before_valkey() as proxy:
        yield proxy


@pytest.fixture
def empty_valkey() -> Iterator[Path]:
    """The socket of a second Valkey that knows nothing."""
    home = Path(tempfile.mkdtemp(prefix="novate-second-"))
    place = server_place(home)
    prepare(place, lambda _: None)
    server = Valkey(place)
    server.start(lambda _: None)
    try:
        yield socket_path(place)
    finally:
        server.stop()
        discard_servers(home)


def test_flushed_again_and_again_under_load(stage: Stage) -> None:
    with engine_in_thread(), stage.load() as load:
        for _ in range(5):
            wait_for_trading(load, 3)
            flush_valkey()
        wait_for_trading(load)
        load.finish()

    stage.prove(load)


@pytest.mark.nightly
def test_replaced_by_an_empty_one_the_venue_goes_on_there(
    stage: Stage, proxy: FaultProxy, empty_valkey: Path
) -> None:
    with engine_in_thread(proxy.redis_url), closing(Bus.connect(proxy.redis_url)) as bus:
        assert bus.submit(named(1), timeout_seconds=20.0)[0].reason == 0

        proxy.target = empty_valkey
        proxy.cut_all()

        def is_served() -> bool:
            try:
                return bus.submit(named(2), timeout_seconds=1.0)[0].reason == 0
            except (OutcomeUnknown, redis.RedisError):
                return False

        wait_until(is_served, 30.0)
        with closing(redis.Redis(unix_socket_path=str(empty_valkey))) as second:
            views = list(second.scan_iter(b"novate:account:*"))
    assert len(views) > len(stage.traders)


@pytest.mark.nightly
def test_five_seconds_slow_clients_hear_no_answer_and_nothing_is_lost(
    stage: Stage, proxy: FaultProxy
) -> None:
    with engine_in_thread(proxy.redis_url), stage.load() as load:
        wait_for_trading(load)
        proxy.delay_seconds = SLOW_SECONDS
        with pytest.raises(OutcomeUnknown):
            stage.venue.bus.submit(named(1), timeout_seconds=1.0)
        time.sleep(SLOW_SECONDS + 1.0)
        proxy.delay_seconds = 0.0
        wait_for_trading(load)
        load.finish()

    stage.prove(load)


@pytest.mark.parametrize("side", shortly(["request", "answer"], "request"))
def test_cut_at_any_byte_of_the_engines_talk_nothing_is_lost(
    stage: Stage, proxy: FaultProxy, side: str
) -> None:
    places = (0, 1, 7, 40, 333, 2_000)
    cut = proxy.cut_request_after if side == "request" else proxy.cut_answer_after
    with engine_in_thread(proxy.redis_url), stage.load() as load:
        for place in places:
            wait_for_trading(load, 2)
            is_cut = partial(_is_cut_again, proxy, proxy.cuts)
            cut(place)
            wait_until(is_cut)
        wait_for_trading(load)
        load.finish()

    stage.prove(load)


@pytest.mark.nightly
def test_silent_valkey_stops_nobody_for_ever(stage: Stage, proxy: FaultProxy) -> None:
    with engine_in_thread(proxy.redis_url), stage.load() as load:
        wait_for_trading(load)
        proxy.is_silent = True
        time.sleep(1.0)
        proxy.is_silent = False
        proxy.cut_all()
        wait_for_trading(load)
        load.finish()

    stage.prove(load)


def _is_cut_again(proxy: FaultProxy, cuts: int) -> bool:
    return proxy.cuts > cuts


def named(external_id: int) -> Records:
    """Opens an account of this name."""
    return make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=1, external_id=external_id)
