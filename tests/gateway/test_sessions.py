"""A session that ends is told to every gateway process (gateway/sessions.py)."""

import pytest
import redis

from exchange.gateway import revocation
from exchange.gateway.sessions import SessionStore
from exchange.pipeline.servers import redis_url

pytestmark = pytest.mark.django_db


def test_session_that_ends_asks_for_the_end_of_its_sockets() -> None:
    session = SessionStore()
    session["person"] = "alice"
    session.save()
    key = session.session_key
    client = redis.Redis.from_url(redis_url())
    listener = client.pubsub()  # type: ignore[no-untyped-call]  # redis-py is half typed.
    listener.subscribe(revocation.CHANNEL)
    assert listener.get_message(timeout=10)["type"] == "subscribe"

    SessionStore(key).flush()

    assert listener.get_message(timeout=10)["data"] == f"session:{key}".encode()
    assert "person" not in SessionStore(key)
    listener.close()
    client.close()
