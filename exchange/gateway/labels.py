"""The texts of order labels: the engine keeps a 63-bit hash, the gateway what it stands for.

A label met for the first time is told to the other processes before its order is sent, and
written to the database within a moment; what this process does not know it reads from there.

LABEL-001  0 is no label; a hash never changes its text.
"""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterable

import redis.asyncio
from django.db import DatabaseError
from redis.exceptions import RedisError

from exchange.gateway.database import in_database
from exchange.gateway.decoder import Text
from exchange.gateway.errors import invalid_params
from exchange.models.keys import OrderLabel

logger = logging.getLogger(__name__)

CHANNEL = "novate:labels"
LABEL_CHARS_MAX = 64
HELD_MAX = 200_000
FLUSH_SECONDS = 0.2


def hash63(*parts: str) -> int:
    """A positive 63-bit hash of texts.

    >>> hash63("a") == hash63("a") != hash63("b")
    True
    """
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") & ((1 << 63) - 1)) or 1


class Labels:
    """Label texts by hash, those used last."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._redis = client
        self._held: OrderedDict[int, str] = OrderedDict()
        self._unwritten: dict[int, str] = {}
        self._writer: asyncio.Task[None] | None = None

    async def intern(self, label: Text, param: str = "label") -> int:
        """The hash of a label that is about to be used; 0 for no label."""
        if not label:
            return 0
        if len(label) > LABEL_CHARS_MAX:
            raise invalid_params(param, f"must be at most {LABEL_CHARS_MAX} characters")
        key = hash63(label)
        if key not in self._held:
            self.learn(key, str(label))
            self._unwritten[key] = str(label)
            if self._writer is None:
                self._writer = asyncio.create_task(self._write(), name="labels")
            try:
                await self._redis.publish(CHANNEL, f"{key} {label}")
            except RedisError:
                logger.warning("Other processes will read a label from the database")
        return key

    def learn(self, key: int, label: str) -> None:
        """Remember a label that this or another process has met."""
        self._held[key] = str(label)  # A schema's Text would not encode.
        self._held.move_to_end(key)
        if len(self._held) > HELD_MAX:
            self._held.popitem(last=False)

    def text(self, key: int) -> str:
        """The label's text; empty when there is none or this process has not loaded it."""
        return self._held.get(key, "") if key else ""

    async def load(self, keys: Iterable[int]) -> None:
        """Make sure that `text` knows these hashes."""
        missing = {key for key in keys if key and key not in self._held}
        if missing:
            for key, label in (await in_database(_read, missing)).items():
                self.learn(key, label)

    async def _write(self) -> None:
        while self._unwritten:
            await asyncio.sleep(FLUSH_SECONDS)
            batch, self._unwritten = self._unwritten, {}
            try:
                await in_database(_insert, batch)
            except DatabaseError:
                logger.exception("Labels could not be written; trying again")
                self._unwritten = batch | self._unwritten
        self._writer = None


def _read(keys: set[int]) -> dict[int, str]:
    return dict(OrderLabel.objects.filter(id__in=keys).values_list("id", "text"))


def _insert(batch: dict[int, str]) -> None:
    rows = [OrderLabel(id=key, text=text) for key, text in batch.items()]
    OrderLabel.objects.bulk_create(rows, ignore_conflicts=True)
