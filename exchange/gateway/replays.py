"""A signature is good for one write; the same one again gets the first outcome.

ccxt signs fifty equal orders of one millisecond alike, and HTTP clients send again when a
connection dies (TRAPS 21): executing a repeat would be a second order, refusing it would hide
the first one's outcome.

REPLAY-001  a repeated signature on a write answers with the first outcome and does nothing.
REPLAY-002  signatures are kept longer than their timestamps stay valid.
REPLAY-003  what was signed before the store of signatures began is refused: after a loss of
            Valkey nobody can tell whether it was executed.
REPLAY-004  answers to idempotency keys are kept for a day, to be given again in the same words.
            It is a shortcut only: what a key stands for is known to the engine alone.
REPLAY-005  an answer with a secret is not kept: a repeat is told that it was answered before.
"""

import asyncio
import time
from contextlib import suppress

import redis.asyncio
from redis.exceptions import RedisError

from exchange.gateway.auth import SKEW_MS, Signed
from exchange.gateway.database import as_bytes
from exchange.gateway.errors import RETRY, RpcError, unauthorized

KEEP_MS = 3 * SKEW_MS
SINCE_KEY = "novate:replays:since"
IDEMPOTENCY_MS = 24 * 3_600_000
WAIT_SECONDS = 6.0
POLL_SECONDS = 0.02


class Replays:
    """The signatures already used, in Valkey: shared by all processes."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._redis = client

    async def begin(self) -> None:
        """Mark when the store began, unless it is marked; called at start and every second."""
        await self._redis.set(SINCE_KEY, time.time_ns() // 1_000_000, nx=True)

    async def claim(self, signed: Signed) -> bytes | None:
        """None: this is the first time, go on. Else the first outcome."""
        key = _key(signed)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.get(SINCE_KEY)
                pipe.set(key, b"", nx=True, px=KEEP_MS)
                since, is_first = await pipe.execute()
        except RedisError as error:
            raise _unavailable() from error
        if since is None or signed.timestamp_ms < int(since):
            await self.begin()
            raise unauthorized(
                "signed before this venue's memory of signatures began: sign again"
            )
        return None if is_first else await self._outcome(key)

    async def settle(self, signed: Signed, outcome: bytes) -> None:
        """Keep the first outcome for whoever repeats the request."""
        try:
            await self._redis.set(_key(signed), outcome, px=KEEP_MS)
        except RedisError as error:
            raise _unavailable() from error

    async def answer_of(self, account: int, idempotency_key: str) -> bytes | None:
        """What was kept for the key; None: nothing, ask the engine."""
        try:
            return as_bytes(await self._redis.get(_idempotency(account, idempotency_key)))
        except RedisError:
            return None

    async def keep_answer(self, account: int, idempotency_key: str, kept: bytes) -> None:
        """Keep the first answer to a key; without Valkey the engine still knows what it did."""
        key = _idempotency(account, idempotency_key)
        with suppress(RedisError):
            await self._redis.set(key, kept, nx=True, px=IDEMPOTENCY_MS)

    async def _outcome(self, key: str) -> bytes:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            outcome = as_bytes(await self._redis.get(key))
            if outcome:
                return outcome
            await asyncio.sleep(POLL_SECONDS)
        raise RpcError(
            13_888,
            "timed_out",
            {"reason": "this request was sent before and its outcome is not known"},
        )


def _key(signed: Signed) -> str:
    return f"novate:replay:{signed.key_id}:{signed.signature.lower()}"


def _idempotency(account: int, idempotency_key: str) -> str:
    return f"novate:idempotency:{account}:{idempotency_key}"


def _unavailable() -> RpcError:
    return RpcError(RETRY, "retry", {"reason": "the memory of signatures is unavailable"})
