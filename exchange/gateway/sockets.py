"""One open websocket: what it may do, what it follows, and the task that feeds it.

SOCK-001  only the socket's own sender task waits for its client (TRAPS 18).
SOCK-002  a server that buffers without end (Daphne) is asked how much it holds; nothing is sent
          while that is above BACKLOG_MAX.
SOCK-003  a client that takes nothing for STALL_SECONDS, or lets CHARACTERS_MAX wait, is cut
          off. The hub looks after all sockets at once: a timer a frame would cost more than
          the frame.
SOCK-004  what a client may send in one message is bounded; what it is answered is not: a page
          of a history is one frame.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from exchange.gateway.auth import Principal
from exchange.gateway.decoder import MESSAGE_BYTES_MAX
from exchange.gateway.outbox import Outbox

BACKLOG_MAX = 65_536
LONG_CHARACTERS = MESSAGE_BYTES_MAX // 4  # of four bytes at most
STALL_SECONDS = 15.0
POLL_SECONDS = 0.02
HEARTBEAT_SECONDS_MIN = 10

CLOSE_GOING_AWAY = 1001
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_RESTART = 1012
CLOSE_OVERRUN = 1013
CLOSE_OTHER_ACCOUNT = 4001  # ours: the page shows another account than its session acts for

Send = Callable[[dict[str, Any]], Any]


class Transport(NamedTuple):
    """What the server's own transport tells and allows; ASGI itself says nothing of it."""

    backlog_bytes: Callable[[], int]
    abort: Callable[[], None]
    pause: Callable[[], None]  # take nothing more from the client
    resume: Callable[[], None]
    # Autobahn (under Daphne) refuses an application the standard's own codes, 1001 to 1013;
    # this sends the frame all the same.
    send_close: Callable[[int], None] | None = None
    # Autobahn holds what it sends to its limit of what it takes: this sets that limit, 0 none.
    set_limit: Callable[[int], None] | None = None
    limit: int = 0


def transport_of(send: Send) -> Transport:
    """The transport behind an ASGI send of Daphne or uvicorn; an idle one for any other."""
    protocol = getattr(send, "__self__", None)
    if protocol is None and getattr(send, "args", None):
        protocol = send.args[0]  # type: ignore[attr-defined]  # Daphne: partial(reply, protocol)
    transport: Any = getattr(protocol, "transport", None)
    if hasattr(transport, "get_write_buffer_size"):
        # uvicorn itself reads no further while the application does not receive.
        return Transport(transport.get_write_buffer_size, transport.abort, _nothing, _nothing)
    if hasattr(transport, "abortConnection"):
        return Transport(
            lambda: _twisted_backlog(transport),
            transport.abortConnection,
            transport.pauseProducing,
            transport.resumeProducing,
            getattr(protocol, "sendCloseFrame", None),
            partial(setattr, protocol, "maxMessagePayloadSize"),
            getattr(protocol, "maxMessagePayloadSize", 0),
        )
    return Transport(lambda: 0, _nothing, _nothing, _nothing)


def _nothing() -> None:
    """A server that needs no such help."""


def _no_limit(_size: int) -> None:
    """A server that does not measure what it sends."""


def _twisted_backlog(transport: Any) -> int:
    # Twisted's FileDescriptor keeps what the kernel has not taken in these three.
    return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)


class Socket:
    """One websocket connection."""

    def __init__(self, send: Send, ip: str, principal: Principal | None) -> None:
        self.ip = ip
        self.principal = principal
        self.outbox = Outbox()
        self.channels: set[str] = set()
        self.heartbeat_seconds = 0
        self.heard_at = time.monotonic()
        self.tested_at = 0.0
        # Cancel on disconnect (watch): for which account, -1: none, and what was placed since.
        self.watched_account = -1
        self.placed: dict[int, None] = {}
        self.is_leaving = False
        self.ends_itself = False  # it changes its own key, and closes once that is answered
        self._sending_since = 0.0  # 0: nothing is being sent
        self.closing: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._send = send
        self.transport = transport_of(send)

    def close(self, code: int) -> None:
        """Ask for the end; the connection's own task brings it about."""
        if not self.closing.done():
            self.closing.set_result(code)

    @property
    def is_feeding(self) -> bool:
        """Whether something waits to be sent, or is being sent."""
        return bool(self._sending_since) or not self.outbox.is_empty

    def is_stalled(self, now: float) -> bool:
        """Whether this client has to be cut off (SOCK-003)."""
        since = self._sending_since
        return self.outbox.is_overrun or (since > 0 and now - since > STALL_SECONDS)

    async def feed(self) -> None:
        """Send what waits, as fast as this client takes it, until cancelled."""
        while True:
            frames = await self.outbox.next()
            for frame in frames:
                self._sending_since = time.monotonic()
                if self.transport.backlog_bytes() > BACKLOG_MAX:
                    await self._room()
                if len(frame) > LONG_CHARACTERS:
                    await self._send_long(frame)
                else:
                    await self._send({"type": "websocket.send", "text": frame})
            self._sending_since = 0.0

    async def _send_long(self, frame: str) -> None:
        """A frame of any length (SOCK-004). Daphne hands it over before anything else runs."""
        set_limit = self.transport.set_limit or _no_limit
        set_limit(0)
        try:
            await self._send({"type": "websocket.send", "text": frame})
        finally:
            set_limit(self.transport.limit)

    async def end(self, code: int) -> None:
        """Say goodbye, or hang up when the client does not even take that."""
        if self.transport.backlog_bytes() > BACKLOG_MAX:
            self.transport.abort()
            return
        if self.transport.send_close is not None:
            self.transport.send_close(code)
            return
        try:
            async with asyncio.timeout(1.0):
                await self._send({"type": "websocket.close", "code": code})
        except (TimeoutError, OSError):
            self.transport.abort()

    async def _room(self) -> None:
        while self.transport.backlog_bytes() > BACKLOG_MAX:
            await asyncio.sleep(POLL_SECONDS)
