"""/livez, /readyz and /metrics: raw ASGI on both lanes, without session, Django or secrets.

PROBE-001  /livez asks nobody: an answer says that this process turns.
PROBE-002  /readyz is 503 while a command sent here could not be executed: no Valkey, no
           PostgreSQL, a silent engine, or a process about to end; its body says which. A late
           projector makes histories late, not trading: it is told, and changes no status.
PROBE-003  /metrics answers this machine alone, or whoever shows NOVATE_METRICS_TOKEN. What a
           proxy passes on does not come from this machine.
"""

import asyncio
import hmac
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from django.db import connection

from exchange.gateway import exposition
from exchange.gateway.database import in_database
from exchange.gateway.services import PROCESS, Gateway
from exchange.pipeline.bus import SILENCE_SECONDS_MAX

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATHS = ("/livez", "/readyz", "/metrics")
CHECK_SECONDS = 2.0
DATABASE_FRESH_SECONDS = 1.0
PROJECTOR_SILENCE_SECONDS_MAX = 5.0  # the engine ticks each second, and so it speaks
_FORWARDED = (b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"forwarded")
_JSON = b"application/json"
_TEXT = b"text/plain; version=0.0.4; charset=utf-8"


async def probe(scope: Scope, send: Send) -> None:
    """Answer one of PATHS."""
    if scope["method"] not in ("GET", "HEAD"):
        await _respond(send, 405, _JSON, b'{"error":"GET only"}')
    elif scope["path"] == "/livez":
        await _respond(send, 200, _JSON, b'{"alive":true}')
    elif scope["path"] == "/readyz":
        ready, body = await readiness()
        await _respond(send, 200 if ready else 503, _JSON, msgspec.json.encode(body))
    elif not is_trusted(scope):
        await _respond(send, 403, _JSON, b'{"error":"not from here: see docs/operations.md"}')
    else:
        await _respond(send, 200, _TEXT, await _metrics())


async def readiness() -> tuple[bool, dict[str, Any]]:
    """Whether to send this process requests, and the reasons why not."""
    reasons: list[str] = []
    remarks: list[str] = []
    gateway = await _gateway()
    if PROCESS.is_draining:
        reasons.append("this process is about to end")
    if gateway is None:
        reasons.append("Valkey does not answer")
    else:
        _look_at_engine(gateway, reasons, remarks)
    if not await _database_answers():
        reasons.append("PostgreSQL does not answer")
    return not reasons, {"ready": not reasons, "reasons": reasons, "remarks": remarks}


def is_trusted(scope: Scope) -> bool:
    """Whether this caller may read the metrics (PROBE-003)."""
    headers = dict(scope["headers"])
    if token := os.environ.get("NOVATE_METRICS_TOKEN"):
        shown = headers.get(b"authorization", b"")
        return hmac.compare_digest(shown, b"Bearer " + token.encode())
    if any(name in headers for name in _FORWARDED):
        return False
    client = scope.get("client")
    return client is None or client[0] in ("127.0.0.1", "::1")


def _look_at_engine(gateway: Gateway, reasons: list[str], remarks: list[str]) -> None:
    silence = gateway.bus.silence_seconds
    if not gateway.bus.is_connected:
        reasons.append("Valkey does not answer")
    elif silence is None:
        reasons.append("the engine was not heard yet")
    elif silence > SILENCE_SECONDS_MAX:
        reasons.append(f"the engine was last heard {silence:.1f} s ago")
    heard_at, batch = gateway.projected.heard_at, gateway.hub.last_batch
    if heard_at is None:
        remarks.append("the projector was not heard yet")
    elif (age := time.monotonic() - heard_at) > PROJECTOR_SILENCE_SECONDS_MAX:
        behind = 0 if batch is None else batch.last_sequence - gateway.projected.sequence
        remarks.append(
            f"the projector was last heard {age:.0f} s ago, {behind} commands behind"
        )


async def _gateway() -> Gateway | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await PROCESS.gateway()
    except Exception:  # Whatever keeps it from starting keeps it from serving.
        return None


class _Database:
    """One question a second at most, however often one is asked."""

    def __init__(self) -> None:
        self.asked_at = -DATABASE_FRESH_SECONDS
        self.answered = False


_database = _Database()


async def _database_answers() -> bool:
    now = time.monotonic()
    if now - _database.asked_at >= DATABASE_FRESH_SECONDS:
        _database.asked_at = now
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await in_database(_ask_database)
            _database.answered = True
        except Exception:  # Any failure is the same answer.
            _database.answered = False
    return _database.answered


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _metrics() -> bytes:
    gateway = await _gateway()
    is_database_up = await _database_answers()
    if gateway is None:
        nothing = exposition.Seen(None, 0, 0.0)
        return exposition.render(nothing, None, is_database_up=is_database_up)
    gateway.measure()
    seen = await exposition.look(gateway)
    return exposition.render(seen, gateway.meter.row(), is_database_up=is_database_up)


async def _respond(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
