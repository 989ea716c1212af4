from collections.abc import Iterator

import pytest

from exchange.management.processes import web
from tests.gateway.venue import Key, Venue
from tests.hostile.victim import LIMITS, Attack


@pytest.fixture(scope="session")
def venue(edge_venue: Venue) -> Venue:
    return edge_venue


@pytest.fixture(params=["daphne", "uvicorn"])
def port(request: pytest.FixtureRequest, venue: Venue) -> int:
    """Each test of a connection runs on both servers."""
    return venue.ports[request.param]


@pytest.fixture(scope="package")
def attack(venue: Venue) -> Iterator[Attack]:
    """At a server of its own, whose log must stay without a traceback."""
    port = venue.start_lane(web, NOVATE_LIMITS=LIMITS)
    attacking = Attack(venue, port)
    yield attacking
    print(f"{attacking.asked} hostile requests, {attacking.refused} refused")
    said = venue.said("lane")
    venue.stop("lane")
    assert "Traceback" not in said, said[-5_000:]


@pytest.fixture(scope="package")
def trader(venue: Venue) -> Key:
    return unguessed(venue, venue.account())


def unguessed(venue: Venue, key: Key) -> Key:
    """The key under a number that no nasty names, or an attack would switch itself off."""
    code = f"""
from exchange.models import ApiKey
print(ApiKey.objects.filter(pk={key.id!r}).update(number=777_777))
"""
    assert venue.shell(code) == 1
    return key


@pytest.fixture(scope="package")
def operator(venue: Venue) -> Key:
    """A key of an account that is an operator in the engine."""
    code = """
import json
from exchange.engine.units import ROLE_OPERATOR, ROLE_TRADER
from exchange.models.keys import create_key
from exchange.pipeline.provision import provision_account
made = provision_account(None, "hostile-operator", 10**12, role=ROLE_TRADER | ROLE_OPERATOR)
print(json.dumps([made.account_id, *create_key(made.account_id)]))
"""
    return unguessed(venue, Key(*venue.shell(code)))
