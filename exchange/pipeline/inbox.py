"""The runner's end of the command stream: what is waiting, from where it left off.

The position is what the journal says was consumed. The stream itself may vanish at any time
(FLUSHALL, a restart without persistence): its epoch tells, and a new one is read from the
start.

BUS-008  a stream without our epoch key, or that ends before our position, is a new one.
"""

import secrets
from collections import deque
from typing import NamedTuple

import redis

from exchange.engine.commands import RECORD_BYTES
from exchange.pipeline.bus import EPOCH_KEY, STREAM
from exchange.pipeline.crash import crash_point
from exchange.pipeline.resp import Command, Link, Reply

READ_MESSAGES_MAX = 512
STREAM_START = "0-0"


class Message(NamedTuple):
    stream_id: str
    raw: bytes
    side: bytes


class Inbox:
    """Reads messages in order. Raises CONNECTION_ERRORS; the position then stays as it was."""

    def __init__(self, url: str, epoch: int, position: str) -> None:
        self.epoch = epoch
        self._position = position
        self._link = Link(url)
        self._backlog: deque[Message] = deque()

    def check_epoch(self) -> bool:
        """Whether the stream is still the one we were reading; if not, turn to the new one."""
        key = self._link.call("GET", EPOCH_KEY)
        if key is not None and int(key) == self.epoch and not self._is_behind_us():
            return True
        self.epoch = secrets.randbits(62) | 1
        self._link.call("SET", EPOCH_KEY, self.epoch)
        crash_point("epoch_marked")
        self._position = STREAM_START
        self._backlog.clear()
        return False

    def take(self, block_ms: int, commands_max: int) -> list[Message]:
        """What is waiting, about commands_max commands at most; waits up to block_ms."""
        if not self._backlog:
            self._read(block_ms)
        taken: list[Message] = []
        count = 0
        while self._backlog:
            count += len(self._backlog[0].raw) // RECORD_BYTES
            if taken and count > commands_max:
                break
            taken.append(self._backlog.popleft())
        return taken

    def trim_command(self, committed_id: str) -> Command:
        """Drops what the journal has: all ids up to the committed one."""
        milliseconds, _, number = committed_id.partition("-")
        return ("XTRIM", STREAM, "MINID", f"{milliseconds}-{int(number) + 1}")

    def close(self) -> None:
        self._link.close()

    def _read(self, block_ms: int) -> None:
        block = ("BLOCK", block_ms) if block_ms > 0 else ()
        reply: Reply = self._link.call(
            "XREAD", "COUNT", READ_MESSAGES_MAX, *block, "STREAMS", STREAM, self._position
        )
        for stream_id, fields in reply[0][1] if reply else ():
            self._position = stream_id.decode()
            self._backlog.append(_message(self._position, fields))

    def _is_behind_us(self) -> bool:
        if self._position == STREAM_START:
            return False
        try:
            info = self._link.call("XINFO", "STREAM", STREAM)
        except redis.ResponseError:  # no such key
            return True
        last = dict(zip(info[::2], info[1::2], strict=True))[b"last-generated-id"]
        return _numbers(last.decode()) < _numbers(self._position)


def _message(stream_id: str, fields: list[bytes] | None) -> Message:
    entry = dict(zip(fields[::2], fields[1::2], strict=False)) if fields else {}
    return Message(stream_id, entry.get(b"r", b""), entry.get(b"s", b""))


def _numbers(stream_id: str) -> tuple[int, int]:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number)
