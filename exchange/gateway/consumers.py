"""The raw ASGI applications of the API: HTTP requests and websockets, past Django entirely.

CONS-001  a body or message above MESSAGE_BYTES_MAX is refused before it is read whole (TRAPS
          19).
CONS-002  at most IN_FLIGHT_MAX requests of one socket run at a time; then it is not read from.
CONS-003  commands of one socket reach the bus in the order in which they were received.
CONS-004  no answer may be cached.
CONS-005  a socket may send INFLOW_BYTES_PER_SECOND; who sends more is read from more slowly.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from exchange.gateway import auth, errors
from exchange.gateway.addresses import budget_subject
from exchange.gateway.auth import Principal
from exchange.gateway.decoder import MESSAGE_BYTES_MAX, Malformed, parse_query
from exchange.gateway.draining import FINISH_SECONDS, POLL_SECONDS
from exchange.gateway.errors import RpcError
from exchange.gateway.limits import CONNECTING, Cost
from exchange.gateway.rpc import (
    METHODS,
    Call,
    answer_json,
    answer_request,
    encode_answer,
    with_lists,
)
from exchange.gateway.services import PROCESS, Gateway
from exchange.gateway.sockets import (
    CLOSE_GOING_AWAY,
    CLOSE_OTHER_ACCOUNT,
    CLOSE_OVERRUN,
    CLOSE_POLICY,
    CLOSE_RESTART,
    CLOSE_TOO_BIG,
    Socket,
)
from exchange.models.keys import SCOPE_READ

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX = "/api/v2"
IN_FLIGHT_MAX = 64
INFLOW_BYTES_PER_SECOND = 1 << 20
INFLOW_BURST_BYTES = 4 << 20
_ACCOUNT = b"account="
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
STATUS = {
    None: 200,
    errors.UNAUTHORIZED: 401,
    errors.INVALID_CREDENTIALS: 401,
    errors.FORBIDDEN: 403,
    errors.METHOD_NOT_FOUND: 404,
    errors.TOO_MANY_REQUESTS: 429,
    errors.INTERNAL_ERROR: 500,
    errors.RETRY: 503,
}
_UNAVAILABLE = (
    b'{"jsonrpc":"2.0","error":{"code":10040,"message":"retry",'
    b'"data":{"reason":"the venue is starting"}}}'
)


class BodyTooLarge(Exception):
    """More than MESSAGE_BYTES_MAX."""


# --- HTTP -------------------------------------------------------------------------------------
async def http(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET|POST /api/v2/<method>` and `POST /api/v2`."""
    try:
        gateway = await PROCESS.gateway()
    except Exception:
        logger.exception("The gateway cannot start")
        await _respond(send, 503, _UNAVAILABLE)
        return
    call = Call(gateway, None, _ip(scope))
    try:
        body = await _body(receive)
        answer, code = await _answer_http(gateway, scope, body, call)
    except BodyTooLarge:
        reason = f"at most {MESSAGE_BYTES_MAX} bytes"
        error = RpcError(errors.BAD_REQUEST, "bad_request", {"reason": reason})
        await _respond(send, 413, encode_answer(call, None, "error", error.body()))
        return
    except RpcError as error:
        answer, code = encode_answer(call, None, "error", error.body()), error.code
    except Exception as error:
        logger.exception("A request was not answered")
        fault = errors.outage(error) or errors.internal_error()
        answer, code = encode_answer(call, None, "error", fault.body()), fault.code
    await _respond(send, STATUS.get(code, 400), answer)


async def _answer_http(
    gateway: Gateway, scope: Scope, body: bytes, call: Call
) -> tuple[bytes, int | None]:
    headers = dict(scope["headers"])
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    signed: auth.Signed | None = None
    if authorization.startswith("deri-hmac-sha256"):
        signed = auth.parse_signature(authorization)
        proving = _signed_principal(gateway, scope, body, signed, call.ip)
        call.principal = await _proven(gateway, call.ip, signed.key_id, proving)
    elif authorization[:7].lower() == "bearer ":
        proving = auth.token_principal(gateway.keys, authorization[7:], "access", call.ip)
        call.principal = await _proven(gateway, call.ip, None, proving)
    if signed is None or not _writes(scope):
        return await _answer(scope, body, call)
    outcome = await gateway.replays.claim(signed)
    if outcome is not None:
        code = int(outcome[:8])
        return outcome[8:], code or None
    answer, code_or_none = await _answer(scope, body, call)
    kept, kept_code = (answer, code_or_none or 0) if not call.shown_once else _spent(call)
    await gateway.replays.settle(signed, b"%8d" % kept_code + kept)
    return answer, code_or_none


def _spent(call: Call) -> tuple[bytes, int]:
    """What a repeat of a request gets whose answer is shown once (REPLAY-005)."""
    reason = "this request was answered before, and what it showed is shown once"
    error = RpcError(errors.BAD_REQUEST, "bad_request", {"reason": reason})
    return encode_answer(call, None, "error", error.body()), error.code


async def _answer(scope: Scope, body: bytes, call: Call) -> tuple[bytes, int | None]:
    name = scope["path"][len(PREFIX) :].strip("/")
    if not name:
        if scope["method"] != "POST":
            raise RpcError(errors.METHOD_NOT_FOUND, "Method not found")
        return await answer_json(body, call)
    if scope["method"] == "GET":
        try:
            params = with_lists(name, parse_query(scope["query_string"]))
        except Malformed as error:
            raise errors.invalid_params("query", str(error)) from error
        if "client_secret" in params:
            # Addresses end in logs and histories.
            raise errors.invalid_params("client_secret", "must not stand in a URL: POST it")
        return await answer_request({"method": name, "params": params}, call)
    if scope["method"] == "POST":
        return await answer_json(body, call)
    raise RpcError(errors.METHOD_NOT_FOUND, "Method not found")


def _writes(scope: Scope) -> bool:
    """Whether the request may change something. Any POST body may: it is not parsed yet."""
    if scope["method"] != "GET":
        return True
    found = METHODS.get(scope["path"][len(PREFIX) :].strip("/"))
    return found is not None and found.scope not in (None, SCOPE_READ)


async def _proven(
    gateway: Gateway, ip: str, key_id: str | None, proving: Coroutine[Any, Any, Principal]
) -> Principal:
    """Who proved to be somebody; failures, and keys that must be looked up, cost a token."""
    limits = gateway.limits
    try:
        if key_id is not None and not gateway.keys.is_at_hand(key_id):
            await limits.spend(None, ip, Cost.LOGIN)
        return await proving
    except RpcError as error:
        if error.code != errors.TOO_MANY_REQUESTS:
            await limits.spend(None, ip, Cost.LOGIN)
        raise
    finally:
        proving.close()


async def _signed_principal(
    gateway: Gateway, scope: Scope, body: bytes, signed: auth.Signed, ip: str
) -> Principal:
    key = await gateway.keys.get(signed.key_id)
    uri: bytes = scope.get("raw_path") or scope["path"].encode()
    if scope["query_string"]:
        uri = uri.partition(b"?")[0] + b"?" + scope["query_string"]
    message = auth.request_message(scope["method"], uri, body)
    auth.check_signature(key, signed, message, time.time_ns() // 1_000_000)
    return key.principal(ip)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RpcError(errors.BAD_REQUEST, "bad_request", {"reason": "disconnected"})
        part = message.get("body", b"")
        size += len(part)
        if size > MESSAGE_BYTES_MAX:
            raise BodyTooLarge
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [*_HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


# --- websocket --------------------------------------------------------------------------------
async def websocket(scope: Scope, receive: Receive, send: Send, *, sessions: bool) -> None:
    """`/ws/api/v2`. sessions: a browser's session cookie may authenticate."""
    connect = await receive()
    if connect["type"] != "websocket.connect":
        return
    try:
        gateway = await PROCESS.gateway()
        await gateway.limits.take(CONNECTING, budget_subject(_ip(scope)), 1)
        headers = dict(scope["headers"])
        principal = await auth.session_principal(headers) if sessions else None
    except RpcError as error:
        logger.info("A websocket was refused: %s", error)
        await send({"type": "websocket.close", "code": CLOSE_POLICY})
        return
    except Exception:
        logger.exception("The gateway cannot start")
        await send({"type": "websocket.close", "code": CLOSE_GOING_AWAY})
        return
    if PROCESS.is_leaving:
        await send({"type": "websocket.close", "code": CLOSE_RESTART})
        return
    await send({"type": "websocket.accept"})
    if sessions and not _is_meant(scope["query_string"], principal):
        await send({"type": "websocket.close", "code": CLOSE_OTHER_ACCOUNT})
        return
    await _Connection(gateway, Socket(send, _ip(scope), principal)).serve(receive)


def _is_meant(query: bytes, principal: Principal | None) -> bool:
    """Whether the socket acts for the account that its page shows, if that names one."""
    if not query.startswith(_ACCOUNT):
        return True
    shown = query.removeprefix(_ACCOUNT)
    return principal is not None and shown == str(principal.account).encode()


class _Connection:
    """The receive loop of one socket and the tasks it keeps."""

    def __init__(self, gateway: Gateway, socket: Socket) -> None:
        self._gateway = gateway
        self._socket = socket
        self._running: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._inflow_bytes = float(INFLOW_BURST_BYTES)
        self._admitted_at = time.monotonic()

    async def serve(self, receive: Receive) -> None:
        socket = self._socket
        self._gateway.hub.join(socket)
        feeder = asyncio.create_task(socket.feed(), name="feed")
        reader = asyncio.create_task(self._read(receive), name="read")
        try:
            code = await self._until_over(feeder, reader)
            if code == CLOSE_OVERRUN:
                self._gateway.meter.count("novate_slow_readers_total")
            if code == CLOSE_RESTART:
                await self._answer_all(reader)
            if code:
                await socket.end(code)
        finally:
            self._gateway.hub.leave(socket)
            self._gateway.watch.lose(socket, self._running)
            # Requests under way are not cancelled: their commands may already be on the bus.
            for task in (feeder, reader):
                task.cancel()
            await asyncio.gather(feeder, reader, return_exceptions=True)

    async def _until_over(
        self, feeder: "asyncio.Task[None]", reader: "asyncio.Task[int]"
    ) -> int:
        """The code to close with; 0: the client has gone already."""
        closing = self._socket.closing
        waiting: set[asyncio.Future[Any]] = {feeder, reader, closing}
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if reader in done:
            return reader.result() if reader.exception() is None else CLOSE_GOING_AWAY
        return CLOSE_OVERRUN if feeder in done else closing.result()

    async def _answer_all(self, reader: "asyncio.Task[int]") -> None:
        """Take nothing more, and send what was asked for already (DRAIN-001)."""
        reader.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=FINISH_SECONDS)
        deadline = time.monotonic() + FINISH_SECONDS
        while self._socket.is_feeding and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)

    async def _read(self, receive: Receive) -> int:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return 0
            if message["type"] != "websocket.receive":
                continue
            text = message.get("text")
            raw = text.encode() if text is not None else message.get("bytes") or b""
            if len(raw) > MESSAGE_BYTES_MAX:
                return CLOSE_TOO_BIG
            if self._socket.outbox.is_overrun:
                return CLOSE_OVERRUN
            await self._admit(len(raw))
            await self._start(raw)

    async def _admit(self, size: int) -> None:
        now = time.monotonic()
        inflow = (now - self._admitted_at) * INFLOW_BYTES_PER_SECOND
        self._inflow_bytes = min(INFLOW_BURST_BYTES, self._inflow_bytes + inflow) - size
        self._admitted_at = now
        if self._inflow_bytes < 0:
            await self._held(asyncio.sleep(-self._inflow_bytes / INFLOW_BYTES_PER_SECOND))

    async def _held(self, waiting: Awaitable[object]) -> None:
        """Wait without taking in more (Daphne would pile up what it reads)."""
        self._socket.transport.pause()
        try:
            await waiting
        finally:
            self._socket.transport.resume()

    async def _start(self, raw: bytes) -> None:
        socket = self._socket
        socket.heard_at = time.monotonic()
        if self._room.locked():
            await self._held(self._room.acquire())
        else:
            await self._room.acquire()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call = Call(self._gateway, socket.principal, socket.ip, socket, turn=turn)
        task = asyncio.create_task(self._answer(raw, call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await turn

    async def _answer(self, raw: bytes, call: Call) -> None:
        socket = self._socket
        try:
            answer, _ = await answer_json(raw, call)
            socket.outbox.push_event(answer.decode())
            for step in call.afterwards:
                step()
        except Exception:
            logger.exception("A request was not answered")
            socket.close(CLOSE_GOING_AWAY)
        finally:
            call.release()
            self._room.release()


def _ip(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "local"
