"""Two thin connections to Valkey: one for asyncio, one that blocks. No retries, ever.

redis-py repeats a command when a reply is lost, and one XADD becomes three entries; here a lost
connection is an error that the caller sees (BUS-005). Replies are bytes, in RESP2.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Self, cast

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from exchange.pipeline.crash import crash_midway

Command = tuple[Any, ...]
Packed = memoryview  # a command as the bytes of the protocol
Reply = Any  # bytes, int, None, list of replies, or hiredis.ReplyError as a value
ReplyError: type[Exception] = hiredis.ReplyError
CONNECTION_ERRORS = (redis.ConnectionError, redis.TimeoutError, OSError)


class AsyncLink(asyncio.Protocol):
    """One connection: `send` writes at once, each reply goes to `on_reply` in order."""

    def __init__(self, on_reply: Callable[[Reply], None]) -> None:
        self._on_reply = on_reply
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, url: str, on_reply: Callable[[Reply], None]) -> Self:
        """Connect, authenticate, select a database. Raises one of CONNECTION_ERRORS."""
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]  # redis-py
        replies: asyncio.Queue[Reply] = asyncio.Queue()
        link = cls(replies.put_nowait)
        if "path" in options:
            await loop.create_unix_connection(lambda: link, options["path"])
        else:
            secure = ssl.create_default_context() if url.startswith("rediss:") else None
            host, port = options.get("host", "localhost"), options.get("port", 6379)
            await loop.create_connection(lambda: link, host, port, ssl=secure)
        for command in _greeting(options):
            link.send(command)
            await link._expect_ok(replies)
        link._on_reply = on_reply
        return link

    async def _expect_ok(self, replies: "asyncio.Queue[Reply]") -> None:
        waiting = asyncio.ensure_future(replies.get())
        await asyncio.wait((waiting, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            raise redis.ConnectionError("Valkey closed the connection during the greeting")
        if isinstance(reply := waiting.result(), ReplyError):
            self.close()
            raise redis.ConnectionError(str(reply))

    def send(self, command: Command) -> None:
        assert self._transport is not None, "send before connection"
        self._transport.write(hiredis.pack_command(command))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have all of its methods and are no subclass of it.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._on_reply(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if not self.lost.done():
            self.lost.set_result(None)


def _greeting(options: dict[str, Any]) -> list[Command]:
    commands: list[Command] = []
    if password := options.get("password"):
        user = options.get("username")
        commands.append(("AUTH", user, password) if user else ("AUTH", password))
    if database := options.get("db"):
        commands.append(("SELECT", database))
    return commands


class Link:
    """One blocking connection. Any error closes it; the next call connects again."""

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            protocol=2,
        )
        self._connection = pool.make_connection()
        self._posted = 0  # commands sent whose replies are not read yet

    def call(self, *command: Any) -> Reply:
        """One command, one reply. Raises ResponseError or one of CONNECTION_ERRORS."""
        return self.call_many([command])[0]

    def call_many(self, commands: Sequence[Command | Packed]) -> list[Reply]:
        """Commands in one write, replies in order; an error reply raises after all."""
        self.collect()
        self.post(commands)
        return self.collect()

    def post(self, commands: Sequence[Command | Packed]) -> None:
        """Commands in one write; who posts goes on without their replies."""
        packed = b"".join(
            command if isinstance(command, Packed) else hiredis.pack_command(command)
            for command in commands
        )
        try:
            crash_midway("wire_torn", lambda: self._send(packed[: len(packed) // 2]))
            self._send(packed)
        except CONNECTION_ERRORS:
            self.close()
            raise
        self._posted += len(commands)

    def collect(self) -> list[Reply]:
        """The replies to all that was posted, in order; an error reply raises after all."""
        posted, self._posted = self._posted, 0
        try:
            replies = [self._read_raw() for _ in range(posted)]
        except CONNECTION_ERRORS:
            self.close()
            raise
        for reply in replies:
            if isinstance(reply, redis.ResponseError):
                raise reply
        return replies

    def read(self, timeout_seconds: float) -> Reply:
        """The next pushed message (publish/subscribe). Raises redis.TimeoutError."""
        return self._connection.read_response(disable_decoding=True, timeout=timeout_seconds)

    def close(self) -> None:
        self._posted = 0
        self._connection.disconnect()  # type: ignore[no-untyped-call]  # redis-py

    def _send(self, packed: bytes) -> None:
        self._connection.send_packed_command(  # type: ignore[no-untyped-call]  # redis-py
            [packed], check_health=False
        )

    def _read_raw(self) -> Reply:
        try:
            return self._connection.read_response(disable_decoding=True)
        except redis.ResponseError as error:
            return error
