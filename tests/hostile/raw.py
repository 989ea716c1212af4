"""A websocket client without manners: whatever bytes a test wants to send."""

import base64
import socket
import struct
from contextlib import suppress

from tests.gateway.venue import HOST

_OPEN_STATES = (1,)  # TCP_ESTABLISHED
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class RawSocket:
    """A connection that was upgraded to a websocket."""

    def __init__(
        self, port: int, *, deflate: bool = False, receive_bytes: int | None = None
    ) -> None:
        self._socket = socket.socket()
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(10)
        self._socket.connect((HOST, port))
        key = base64.b64encode(b"0123456789abcdef").decode()
        more = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
        self._socket.sendall(
            f"GET /ws/api/v2 HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n{more}"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._unsent = b""
        self._waiting = b""
        while b"\r\n\r\n" not in self._waiting:
            part = self._socket.recv(4_096)
            assert part, "The handshake was refused"
            self._waiting += part
        self.head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")

    def close(self) -> None:
        self._socket.close()

    def send(
        self,
        payload: bytes,
        opcode: int = TEXT,
        *,
        is_last: bool = True,
        reserved: int = 0,
        is_masked: bool = True,
    ) -> None:
        """One frame."""
        self.send_bytes(
            _frame_of(payload, opcode, is_last=is_last, reserved=reserved, is_masked=is_masked)
        )

    def send_bytes(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def send_now(self, payload: bytes) -> None:
        """As much as the server takes at once; raises BlockingIOError when it takes no more."""
        if len(self._unsent) < len(payload):
            self._unsent += _frame_of(payload, TEXT)
        self._socket.setblocking(False)
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        finally:
            self._socket.settimeout(10)

    def is_reset(self) -> bool:
        """Whether the server has hung up, though nothing of what it sent was read."""
        return bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) or (
            self._state() not in _OPEN_STATES
        )

    def _state(self) -> int:
        return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]

    def frame(self) -> tuple[int, bytes] | None:
        """The next frame; None: the server hung up."""
        head = self._take(2)
        if head is None:
            return None
        size = head[1] & 0x7F
        if size >= 126:
            more = self._take(2 if size == 126 else 8)
            if more is None:
                return None
            size = int.from_bytes(more, "big")
        payload = self._take(size)
        return None if payload is None else (head[0] & 0x0F, payload)

    def closing_code(self) -> int:
        """The code with which the server ends it; 1006: it hung up without one."""
        while True:
            frame = self.frame()
            if frame is None:
                return 1006
            opcode, payload = frame
            if opcode == CLOSE:
                with suppress(OSError):
                    self.send(payload, CLOSE)
                return int.from_bytes(payload[:2], "big") if payload else 1005

    def _take(self, size: int) -> bytes | None:
        while len(self._waiting) < size:
            try:
                part = self._socket.recv(65_536)
            except ConnectionError:
                return None
            if not part:
                return None
            self._waiting += part
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken


def _frame_of(
    payload: bytes,
    opcode: int,
    *,
    is_last: bool = True,
    reserved: int = 0,
    is_masked: bool = True,
) -> bytes:
    first = (0x80 if is_last else 0) | reserved << 4 | opcode
    size, mask = len(payload), 0x80 if is_masked else 0
    if size < 126:
        head = struct.pack(">BB", first, mask | size)
    elif size < 65_536:
        head = struct.pack(">BBH", first, mask | 126, size)
    else:
        head = struct.pack(">BBQ", first, mask | 127, size)
    # A mask of zeros leaves the payload as it is.
    return head + (bytes(4) if is_masked else b"") + payload
