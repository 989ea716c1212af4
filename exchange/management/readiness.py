"""How `up` knows that a part of the venue is ready: by asking it, never by waiting a while."""

import errno
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import redis
from django.db.models import Max

from exchange.models import JournalBatch, ProjectionHead
from exchange.pipeline.bus import BATCH_CHANNEL
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
    return _result(host, port, "get_time") is not None


def is_quoted(host: str, port: int, contract: str) -> bool:
    """Whether makers have filled both sides of a contract's book."""
    book = _result(host, port, f"get_order_book?instrument_name={contract}")
    return bool(book and book["bids"] and book["asks"])


def _result(host: str, port: int, question: str) -> Any:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", f"/api/v2/public/{question}")
        return json.loads(connection.getresponse().read()).get("result")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def port_problem(host: str, port: int) -> int:
    """Why the port cannot be listened on, as an errno; 0 when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            return errno.EADDRNOTAVAIL
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return 0
