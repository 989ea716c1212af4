"""The proof can fail: each lie that it looks for is told to it once."""

import copy
from collections.abc import Callable
from contextlib import closing

import pytest
import redis

from exchange.models import Fill, ProjectionHead
from exchange.pipeline.projections import project
from exchange.pipeline.projections.projector import Projector
from exchange.pipeline.replica import Replica, snapshot_directory
from exchange.pipeline.servers import redis_url
from exchange.pipeline.views import ACCOUNT_KEY
from tests.crash.clients import Acknowledged, Client, Load
from tests.crash.proof import prove_client
from tests.crash.stage import Stage, shortly, wait_for_trading
from tests.pipeline.engine import engine_in_thread


def invent_an_acknowledgement(client: Client) -> None:
    intent = client.wanted[0]._replace(key=10**9)
    client.wanted.append(intent)
    client.acknowledged[intent.key] = Acknowledged(1, None)


def forget_an_acknowledgement(client: Client) -> None:
    client.acknowledged.pop(client.wanted[0].key)


def tell_another_order(client: Client) -> None:
    told = client.acknowledged[client.wanted[0].key]
    client.acknowledged[client.wanted[0].key] = told._replace(order=told.order + 1)


def never_have_wanted_it(client: Client) -> None:
    client.acknowledged.pop(client.wanted.pop(0).key)


def lose_a_projected_fill(_client: Client) -> None:
    projector = Projector()
    with closing(Replica.open(to_sequence=projector.sequence)) as replica:
        replica.catch_up(projector.sequence)
        for _ in project(replica, projector):
            pass
    newest = Fill.objects.order_by("-pk").first()
    assert newest is not None
    newest.delete()
    assert ProjectionHead.objects.get().sequence == projector.sequence


def show_an_older_view(client: Client) -> None:
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        older = valkey.get(ACCOUNT_KEY % (client.account + 1))
        assert isinstance(older, bytes)
        valkey.set(ACCOUNT_KEY % client.account, older)


def save_another_state(_client: Client) -> None:
    with closing(Replica.open()) as replica:
        replica.machine.state.balances[16, 0] += 1
        replica.save_snapshot()
    assert any(snapshot_directory().glob("*.snap"))


TOLD = (
    invent_an_acknowledgement,
    forget_an_acknowledgement,
    tell_another_order,
    never_have_wanted_it,
)
KEPT = (lose_a_projected_fill, show_an_older_view, save_another_state)


@pytest.fixture
def traded(stage: Stage) -> Load:
    with engine_in_thread(), stage.load() as load:
        wait_for_trading(load, 20)
        load.finish()
    return load


def test_every_lie_to_a_client_is_found_out(stage: Stage, traded: Load) -> None:
    history = stage.prove(traded)
    for lie in TOLD:
        client = copy.copy(traded.clients[0])
        client.wanted = list(client.wanted)
        client.acknowledged = dict(client.acknowledged)
        prove_client(client, history)

        lie(client)

        with pytest.raises(AssertionError):
            prove_client(client, history)


@pytest.mark.parametrize("lie", shortly(KEPT, lose_a_projected_fill))
def test_every_lie_that_a_server_keeps_is_found_out(
    stage: Stage, traded: Load, lie: Callable[[Client], None]
) -> None:
    lie(traded.clients[0])

    with pytest.raises(AssertionError):
        stage.prove(traded)
