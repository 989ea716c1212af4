"""How commands reach the engine and how their outcomes come back.

A gateway adds messages to one Valkey stream and listens to the runner's broadcast; the pair
(gateway_id, gateway_sequence) names a command once and for all, so the engine can drop
repeats.

BUS-005  nothing is retried: an XADD whose reply is lost may still be executed
         (OutcomeUnknown).
BUS-006  Backpressure and its subclasses mean that nothing was sent.
BUS-007  when the engine has been silent for SILENCE_SECONDS_MAX, commands are not queued up
         for it: they would be executed late, when it returns.
"""

import asyncio
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Self

import numpy as np
import redis

from exchange.engine.commands import HEADER
from exchange.engine.records import RECORD_FIELDS, column
from exchange.pipeline import codec
from exchange.pipeline.clock import HeardClock
from exchange.pipeline.codec import Batch, Records, Result
from exchange.pipeline.crash import crash_point
from exchange.pipeline.resp import CONNECTION_ERRORS, AsyncLink, Link, Reply, ReplyError

STREAM = b"novate:commands"
EPOCH_KEY = b"novate:epoch"
BATCH_CHANNEL = b"novate:batch"
MARKET_CHANNEL = b"novate:market"
PROJECTED_CHANNEL = b"novate:projected"

TIMEOUT_SECONDS = 5.0
SILENCE_SECONDS_MAX = 3.0  # the runner ticks each second, a standby takes over within three
EXPIRY_CHECK_SECONDS = 0.1
IN_FLIGHT_MAX = 8_192
RECONNECT_SECONDS = 0.05
RECONNECT_SECONDS_MAX = 1.0

_GATEWAY_ID = column(HEADER, "gateway_id")
_GATEWAY_SEQUENCE = column(HEADER, "gateway_sequence")

Sides = Mapping[int, bytes]


class OutcomeUnknown(Exception):
    """The command was sent, and no outcome came: it may or may not have been executed."""


class Backpressure(Exception):
    """Too much is in flight. Nothing was sent; trying again later is safe."""


class EngineSilent(Backpressure):
    """The engine has not been heard for a while. Nothing was sent."""


class BusUnavailable(Backpressure):
    """There is no connection to Valkey. Nothing was sent."""


def new_gateway_id() -> int:
    """A random positive 62-bit number: one for each connected process."""
    return secrets.randbits(62) | 1


def _stamped(parts: Iterable[Records], gateway_id: int, first_sequence: int) -> bytearray:
    """The records one behind another, numbered as this gateway's."""
    raw = bytearray().join(commands.tobytes() for commands in parts)
    rows = np.frombuffer(raw, np.int64).reshape(-1, RECORD_FIELDS)
    rows[:, _GATEWAY_ID] = gateway_id
    rows[:, _GATEWAY_SEQUENCE] = np.arange(first_sequence, first_sequence + len(rows))
    return raw


def _check_size(commands: Records) -> None:
    if not 0 < len(commands) <= codec.MESSAGE_COMMANDS_MAX:
        raise ValueError(
            f"Expected 1 to {codec.MESSAGE_COMMANDS_MAX} commands, was {len(commands)}"
        )


class _Waiter:
    """One submit: counts its results in, in any order."""

    __slots__ = ("expires_at", "first_sequence", "future", "left", "results")

    def __init__(self, first_sequence: int, count: int, expires_at: float) -> None:
        self.first_sequence = first_sequence
        self.expires_at = expires_at
        self.left = count
        self.results: list[Result | None] = [None] * count
        self.future: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()

    def add(self, gateway_sequence: int, result: Result) -> None:
        index = gateway_sequence - self.first_sequence
        assert self.results[index] is None, gateway_sequence
        self.results[index] = result
        self.left -= 1
        if self.left == 0 and not self.future.done():
            self.future.set_result([result for result in self.results if result is not None])

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class AsyncBus:
    """The bus of one asyncio process. Submits of one loop turn share a message."""

    def __init__(self, url: str) -> None:
        self.gateway_id = new_gateway_id()
        self.listeners: list[Callable[[Batch], None]] = []
        self._url = url
        self._next_sequence = 1
        self._pending: dict[int, _Waiter] = {}
        self._outgoing: list[tuple[Records, Sides]] = []  # in order of their numbers
        self._outgoing_first = 1
        self._is_expiring = False
        self._sent: deque[tuple[int, int]] = deque()  # (first, count) of each XADD
        self._writer: AsyncLink | None = None
        self._reader: AsyncLink | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._clock = HeardClock()
        self.losses = 0  # of connections, since the start

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Raises OSError or redis.ConnectionError when Valkey is not there."""
        bus = cls(url)
        await bus._open()  # Nothing is awaited after it: a cancellation leaves no link open.
        bus._keeper = asyncio.create_task(bus._keep_connected(), name="bus")
        return bus

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._drop_links()
        for waiter in set(self._pending.values()):
            waiter.fail(OutcomeUnknown("The bus was closed"))
        self._pending.clear()

    @property
    def in_flight(self) -> int:
        return len(self._pending)

    @property
    def is_connected(self) -> bool:
        return self._writer is not None and self._reader is not None

    @property
    def silence_seconds(self) -> float | None:
        """Time since the engine was last heard; None before the first time."""
        silence_ns = self._clock.silence_ns(time.monotonic_ns())
        return None if silence_ns is None else silence_ns / 1e9

    @property
    def engine_time_ns(self) -> int:
        """The engine's time as far as it can be told from here (it may not be the wall's)."""
        heard = self._clock.time_ns(time.monotonic_ns())
        return time.time_ns() if heard is None else heard

    async def submit(
        self,
        commands: Records,
        sides: Sides | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> list[Result]:
        """The results of the commands (HEADER records), in their order.

        sides: extra bytes by record index. Raises Backpressure (nothing was sent) or
        OutcomeUnknown.
        """
        _check_size(commands)
        self._check_open(len(commands))
        return await self._register(commands, sides or {}, timeout_seconds).future

    def _check_open(self, count: int) -> None:
        if not self.is_connected:
            raise BusUnavailable("No connection to Valkey")
        if self.in_flight + count > IN_FLIGHT_MAX:
            raise Backpressure(f"{self.in_flight} commands are in flight")
        silence = self.silence_seconds
        if silence is not None and silence > SILENCE_SECONDS_MAX:
            raise EngineSilent(f"The engine was last heard {silence:.1f} s ago")

    def _register(self, commands: Records, sides: Sides, timeout_seconds: float) -> _Waiter:
        loop = asyncio.get_running_loop()
        first, count = self._next_sequence, len(commands)
        self._next_sequence += count
        waiter = _Waiter(first, count, loop.time() + timeout_seconds)
        for sequence in range(first, first + count):
            self._pending[sequence] = waiter
        if not self._is_expiring:
            self._is_expiring = True
            loop.call_later(EXPIRY_CHECK_SECONDS, self._expire)
        if not self._outgoing:
            loop.call_soon(self._flush)
        self._outgoing.append((commands, sides))
        return waiter

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        while outgoing:
            taken, count = 0, 0
            while taken < len(outgoing) and (
                count + len(outgoing[taken][0]) <= codec.MESSAGE_COMMANDS_MAX
            ):
                count += len(outgoing[taken][0])
                taken += 1
            self._send(outgoing[:taken], count)
            outgoing = outgoing[taken:]

    def _send(self, parts: list[tuple[Records, Sides]], count: int) -> None:
        first = self._outgoing_first
        self._outgoing_first += count
        if self._writer is None:
            self._fail(first, count, BusUnavailable("The connection to Valkey was lost"))
            return
        sides: dict[int, bytes] = {}
        start = 0
        for commands, part_sides in parts:
            sides.update({start + index: entry for index, entry in part_sides.items()})
            start += len(commands)
        raw = bytes(_stamped((part[0] for part in parts), self.gateway_id, first))
        self._sent.append((first, count))
        self._writer.send(
            ("XADD", STREAM, "*", "r", bytes(raw), "s", codec.encode_sides(sides))
        )
        crash_point("gateway_sent")

    def _on_added(self, reply: Reply) -> None:
        first, count = self._sent.popleft()
        if isinstance(reply, ReplyError):
            self._fail(first, count, Backpressure(f"Valkey refused the commands: {reply}"))

    def _fail(self, first: int, count: int, error: Exception) -> None:
        for sequence in range(first, first + count):
            if (waiter := self._pending.pop(sequence, None)) is not None:
                waiter.fail(error)

    def _expire(self) -> None:
        """One look for all: a timer a command would cost more than its answer."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for waiter in [waiter for waiter in self._pending.values() if waiter.expires_at <= now]:
            self._fail(
                waiter.first_sequence,
                len(waiter.results),
                OutcomeUnknown("No outcome in time: the command may still be executed"),
            )
        self._is_expiring = bool(self._pending)
        if self._is_expiring:
            loop.call_later(EXPIRY_CHECK_SECONDS, self._expire)

    def _on_broadcast(self, reply: Reply) -> None:
        if isinstance(reply, ReplyError) or reply[0] != b"message":
            return
        batch = codec.decode_batch(reply[2])
        self._clock.hear(batch.time_ns, time.monotonic_ns())
        self._resolve(batch)
        for listener in self.listeners:
            listener(batch)

    def _resolve(self, batch: Batch) -> None:
        for sequence, result in codec.results_for(batch, self.gateway_id):
            if (waiter := self._pending.pop(sequence, None)) is not None:
                waiter.add(sequence, result)

    async def _open(self) -> None:
        subscribed = asyncio.Event()

        def on_reply(reply: Reply) -> None:
            subscribed.set()
            self._on_broadcast(reply)

        with ExitStack() as opened:
            reader = await AsyncLink.open(self._url, on_reply)
            opened.callback(reader.close)
            reader.send(("SUBSCRIBE", BATCH_CHANNEL))
            writer = await AsyncLink.open(self._url, self._on_added)
            opened.callback(writer.close)
            await asyncio.wait_for(subscribed.wait(), TIMEOUT_SECONDS)
            opened.pop_all()
        self._sent.clear()
        self._reader, self._writer = reader, writer

    async def _keep_connected(self) -> None:
        while True:
            assert self._reader is not None
            assert self._writer is not None
            await asyncio.wait(
                (self._reader.lost, self._writer.lost), return_when=asyncio.FIRST_COMPLETED
            )
            self.losses += 1
            self._drop_links()
            await self._reopen()

    async def _reopen(self) -> None:
        delay = RECONNECT_SECONDS
        while True:
            try:
                await self._open()
                return
            except (*CONNECTION_ERRORS, TimeoutError):
                await asyncio.sleep(delay)
                delay = min(2 * delay, RECONNECT_SECONDS_MAX)

    def _drop_links(self) -> None:
        for link in (self._reader, self._writer):
            if link is not None:
                link.close()
        self._reader = self._writer = None


class Bus:
    """The bus of a command or a task: one submit at a time, in the calling thread."""

    def __init__(self, url: str) -> None:
        self.gateway_id = new_gateway_id()
        self._url = url
        self._link = Link(url)
        self._next_sequence = 1
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, url: str) -> Self:
        """Raises BusUnavailable when Valkey is not there."""
        bus = cls(url)
        try:
            bus._link.call("PING")
        except CONNECTION_ERRORS as error:
            raise BusUnavailable(f"No connection to Valkey: {error}") from error
        return bus

    def close(self) -> None:
        self._link.close()

    def submit(
        self,
        commands: Records,
        sides: Sides | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> list[Result]:
        """The results of the commands, in their order. Raises as AsyncBus.submit does.

        It subscribes for the time of one call: the server would cut off an idle subscriber.
        """
        _check_size(commands)
        with self._lock:
            deadline = time.monotonic() + timeout_seconds
            listener = Link(self._url)
            try:
                try:
                    listener.call("SUBSCRIBE", BATCH_CHANNEL)
                except CONNECTION_ERRORS as error:
                    raise BusUnavailable(f"No connection to Valkey: {error}") from error
                first = self._add(commands, sides or {})
                return self._collect(listener, first, len(commands), deadline)
            finally:
                listener.close()

    def _add(self, commands: Records, sides: Sides) -> int:
        first = self._next_sequence
        self._next_sequence += len(commands)
        raw = bytes(_stamped([commands], self.gateway_id, first))
        try:
            self._link.call("XADD", STREAM, "*", "r", raw, "s", codec.encode_sides(sides))
        except redis.ResponseError as error:
            raise Backpressure(f"Valkey refused the commands: {error}") from error
        except CONNECTION_ERRORS as error:
            raise OutcomeUnknown(f"The connection was lost while sending: {error}") from error
        return first

    def _collect(self, listener: Link, first: int, count: int, deadline: float) -> list[Result]:
        results: dict[int, Result] = {}
        while len(results) < count:
            try:
                reply = listener.read(max(deadline - time.monotonic(), 0.001))
            except CONNECTION_ERRORS as error:
                raise OutcomeUnknown(
                    "No outcome in time: the command may still be executed"
                ) from error
            if reply[0] == b"message":
                told = codec.results_for(codec.decode_batch(reply[2]), self.gateway_id)
                results.update(pair for pair in told if first <= pair[0] < first + count)
        return [results[sequence] for sequence in range(first, first + count)]
