"""How much a caller may ask: token buckets in Valkey, leased to processes in blocks.

A process takes a block of tokens at once and spends it without asking again (TRAPS 14), so all
processes together keep to one budget. What a process leased and did not use within
LEASE_SECONDS is forgotten: the bucket has refilled meanwhile.

LIMIT-001  a cancel costs less than an order: who is out of tokens can still get out of the
           market.
LIMIT-002  orders have their own bucket, so that reading never stops trading.
LIMIT-003  a refusal says how long to wait, and repeating it does not reach Valkey.
LIMIT-004  the bucket is the account's, not the key's: more keys are no more budget. Who is not
           signed in, or fails to prove who they are, is counted by address (ADDR-004).
LIMIT-005  without Valkey nobody is served by guess: what costs something is answered with
           10040, retry, and websockets that are open stay.
LIMIT-006  what is left of the bucket that paid is in the answer: `tokens_left`.
LIMIT-007  an operator may set other budgets: NOVATE_LIMITS=trade=8000/32000,read=200/1000 names
           tokens a second and the most that may be saved up.
"""

import asyncio
import os
import re
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import redis.asyncio
from redis.exceptions import RedisError

from exchange.gateway.addresses import budget_subject
from exchange.gateway.errors import RETRY, TOO_MANY_REQUESTS, RpcError

if TYPE_CHECKING:
    from exchange.gateway.auth import Principal

LEASE_SECONDS = 1.0
LEASES_MAX = 20_000
BUDGET_NAMES = ("read", "trade", "ip", "login", "connect")
_BUDGET = re.compile(r"([a-z]+)=([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", re.ASCII)
BLOCKS = 20  # a lease is at most this fraction of the burst

# KEYS[1] bucket; ARGV per_second, burst, wanted, needed. Answers granted, left, wait in ms.
# Time is Valkey's own: processes need not agree on a clock.
_LEASE = """
local per_second, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 't', 'at')
local tokens = tonumber(held[1]) or burst
local at = tonumber(held[2]) or now_ms
tokens = math.min(burst, tokens + math.max(0, now_ms - at) * per_second / 1000)
local granted, wait = 0, 0
if tokens >= tonumber(ARGV[4]) then
  granted = math.floor(math.min(tokens, tonumber(ARGV[3])))
else
  wait = math.ceil((tonumber(ARGV[4]) - tokens) * 1000 / per_second)
end
tokens = tokens - granted
redis.call('HSET', KEYS[1], 't', tokens, 'at', now_ms)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst * 1000 / per_second) + 1000)
return {granted, math.floor(tokens), wait}
"""


class Budget(NamedTuple):
    """A bucket's refill and its size, in tokens."""

    name: str
    per_second: int
    burst: int


def budget(name: str, per_second: int, burst: int, text: str | None = None) -> Budget:
    """The budget, or the one that the operator set instead (LIMIT-007). Raises ValueError.

    >>> budget("read", 200, 1_000, "trade=1/2,read=10/20")
    Budget(name='read', per_second=10, burst=20)
    """
    given = os.environ.get("NOVATE_LIMITS", "") if text is None else text
    for part in filter(None, given.split(",")):
        what = _BUDGET.fullmatch(part.strip())
        if what is None or what[1] not in BUDGET_NAMES:
            raise ValueError(f"Expected NOVATE_LIMITS such as trade=8000/32000, was {part!r}")
        if what[1] == name:
            return Budget(name, int(what[2]), int(what[3]))
    return Budget(name, per_second, burst)


READING = budget("read", 200, 1_000)
TRADING = budget("trade", 8_000, 32_000)
# Everyone behind one address together, before they say who they are.
ANONYMOUS = budget("ip", 400, 2_000)
# Proving who one is, and failing to: of one address.
LOGIN = budget("login", 20, 200)
CONNECTING = budget("connect", 100, 2_000)


class Cost(Enum):
    """What one request costs, and from which bucket."""

    FREE = ("read", 0)
    READ = ("read", 1)
    HISTORY = ("read", 5)
    CANCEL = ("trade", 1)
    ORDER = ("trade", 4)
    CANCEL_MANY = ("trade", 4)
    LOGIN = ("login", 1)


@dataclass(slots=True)
class _Lease:
    tokens: int = 0
    left: int = 0
    expires: float = 0.0
    refused_until: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limits:
    """The leases of this process."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._script = client.register_script(_LEASE)
        self._leases: dict[tuple[str, str], _Lease] = {}

    async def spend(
        self, principal: "Principal | None", ip: str, cost: Cost, times: int = 1
    ) -> int | None:
        """Take the cost from the caller's bucket; raises too_many_requests when it is empty.

        What is left in it as far as is known; None: it cost nothing.
        """
        bucket, tokens = cost.value
        tokens *= times
        if not tokens:
            return None
        if bucket == "login":
            return await self.take(LOGIN, budget_subject(ip), tokens)
        if principal is None:
            return await self.take(ANONYMOUS, budget_subject(ip), tokens)
        budget = TRADING if bucket == "trade" else READING
        return await self.take(budget, f"a{principal.account}", tokens)

    async def take(self, budget: Budget, subject: str, tokens: int) -> int:
        """The same for any bucket. Answers at once, without yielding, while the lease lasts."""
        now = time.monotonic()
        lease = self._lease(budget, subject, now)
        if lease.expires <= now:
            lease.tokens = 0
        if lease.tokens < tokens:
            # One at a time: a crowd that renewed at once would lease, and forget, the bucket.
            async with lease.turn:
                if lease.tokens < tokens:
                    if (wait := lease.refused_until - time.monotonic()) > 0:
                        raise _refusal(wait)
                    await self._renew(budget, subject, tokens, lease)
        lease.tokens -= tokens
        return lease.tokens + lease.left

    def _lease(self, budget: Budget, subject: str, now: float) -> _Lease:
        key = (budget.name, subject)
        lease = self._leases.get(key)
        if lease is None:
            if len(self._leases) >= LEASES_MAX:
                self._leases = {
                    key: held for key, held in self._leases.items() if held.expires > now
                }
            lease = self._leases[key] = _Lease()
        return lease

    async def _renew(self, budget: Budget, subject: str, tokens: int, lease: _Lease) -> None:
        wanted = max(tokens, budget.burst // BLOCKS)
        key = f"novate:limit:{budget.name}:{subject}"
        try:
            granted, left, wait_ms = await self._script(
                keys=[key], args=[budget.per_second, budget.burst, wanted, tokens]
            )
        except RedisError as error:
            raise RpcError(RETRY, "retry", {"reason": "limits are unavailable"}) from error
        now = time.monotonic()
        lease.left = left
        lease.expires = now + LEASE_SECONDS
        if not granted:
            lease.refused_until = now + wait_ms / 1_000
            raise _refusal(wait_ms / 1_000)
        lease.tokens += granted


def _refusal(seconds: float) -> RpcError:
    wait_ms = max(1, int(seconds * 1_000))
    return RpcError(
        TOO_MANY_REQUESTS, "too_many_requests", {"reason": "wait", "wait_ms": wait_ms}
    )
