"""How `up` knows that a part of the venue is ready: by asking it, never by waiting a while."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import redis
from django.db.models import Max

from exchange.models import JournalBatch, ProjectionHead
from exchange.pipeline.bus import BATCH_CHANNEL
from exchange.pipeline.market_data import BOOK_KEY
from exchange.pipeline.servers import redis_url

ANSWER_SECONDS = 2.0


class EngineEar:
    """Hears the engine: it ticks every second, and each tick is broadcast."""

    def __init__(self) -> None:
        self._client = redis.Redis.from_url(redis_url())
        self._channel = self._client.pubsub(  # type: ignore[no-untyped-call]  # redis-py
            ignore_subscribe_messages=True
        )
        self._channel.subscribe(BATCH_CHANNEL)

    def hears(self) -> bool:
        return self._channel.get_message(timeout=0.05) is not None

    def close(self) -> None:
        self._channel.close()
        self._client.close()


@contextmanager
def engine_ear() -> Iterator[EngineEar]:
    with closing(EngineEar()) as ear:
        yield ear


def projector_has_caught_up() -> bool:
    """The models stand at most one batch behind the journal."""
    last = JournalBatch.objects.aggregate(last=Max("first_sequence"))["last"] or 0
    head = ProjectionHead.objects.order_by("id").first()
    return head is not None and head.sequence >= last - 1


def answers(host: str, port: int) -> bool:
    """Whether the API answers on a port."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/api/v2/public/get_time")
        return "result" in json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def books_move(contracts: int) -> bool:
    """Whether the makers have quoted the first contracts."""
    with closing(redis.Redis.from_url(redis_url())) as client:
        keys = [BOOK_KEY % contract for contract in range(contracts)]
        return any(client.strlen(key) > 2 * 64 for key in keys)


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
