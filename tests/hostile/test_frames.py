"""Websocket frames that no client sends by itself: each ends its own connection at most."""

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.gateway.venue import Venue
from tests.hostile.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket

TEST = json.dumps({"id": 1, "method": "public/test", "params": {}}).encode()
PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG = 1002, 1007, 1009
HUNG_UP = 1006


@pytest.fixture(autouse=True)
def others_are_answered(venue: Venue, port: int) -> Iterator[None]:
    """Whatever one connection does, another one is served, and the log holds no traceback."""
    name = next(name for name, known in venue.ports.items() if known == port)
    said = len(venue.said(name))
    with venue.socket(port) as other:
        yield
        assert "version" in other.call("public/test")
    assert "Traceback" not in venue.said(name)[said:]


def answered(raw: RawSocket) -> bool:
    frame = raw.frame()
    return frame is not None and json.loads(frame[1])["id"] == 1


def test_binary_and_fragmented_messages_are_read_like_others(port: int) -> None:
    with closing(RawSocket(port)) as raw:
        raw.send(TEST, BINARY)
        assert answered(raw)
        for number, byte in enumerate(TEST):
            opcode = TEXT if number == 0 else CONTINUATION
            raw.send(bytes([byte]), opcode, is_last=number == len(TEST) - 1)
        assert answered(raw)


def test_control_frames_between_fragments_are_allowed(port: int) -> None:
    with closing(RawSocket(port)) as raw:
        raw.send(TEST[:10], TEXT, is_last=False)
        raw.send(b"hello", PING)
        assert raw.frame() == (PONG, b"hello")
        raw.send(TEST[10:], CONTINUATION)
        assert answered(raw)


def test_a_flood_of_pings_is_answered_or_ended(port: int) -> None:
    with closing(RawSocket(port)) as raw:
        for _ in range(2_000):
            raw.send(b"x" * 125, PING)
        raw.send(TEST)
        frames = [raw.frame() for _ in range(100)]
    assert all(frame is None or frame[0] in (PONG, CLOSE, TEXT) for frame in frames)


@pytest.mark.parametrize("size", [32_769, 65_536, 1_000_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_above_the_limit_is_too_big(port: int, size: int, opcode: int) -> None:
    with closing(RawSocket(port)) as raw:
        _send(raw, lambda: raw.send(b" " * size, opcode))
        assert raw.closing_code() in (TOO_BIG, HUNG_UP)


def test_fragments_count_together(port: int) -> None:
    with closing(RawSocket(port)) as raw:

        def flood() -> None:
            raw.send(b" ", TEXT, is_last=False)
            for _ in range(40):
                raw.send(b" " * 1_000, CONTINUATION, is_last=False)

        _send(raw, flood)
        assert raw.closing_code() in (TOO_BIG, HUNG_UP)


def test_a_size_that_is_announced_is_not_waited_for(port: int) -> None:
    with closing(RawSocket(port)) as raw:
        raw.send_bytes(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + bytes(4))
        assert raw.closing_code() in (TOO_BIG, PROTOCOL_ERROR, HUNG_UP)


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]
)
def test_text_that_is_no_utf8_ends_the_connection(port: int, text: bytes) -> None:
    with closing(RawSocket(port)) as raw:
        raw.send(text)
        assert raw.closing_code() in (INVALID_TEXT, HUNG_UP)


def test_binary_that_is_no_utf8_is_a_parse_error(port: int) -> None:
    with closing(RawSocket(port)) as raw:
        raw.send(b"\xff\xfe", BINARY)
        frame = raw.frame()
    assert frame is not None
    assert json.loads(frame[1])["error"]["code"] == -32_700


@pytest.mark.parametrize(
    "send",
    [
        lambda raw: raw.send(TEST, is_masked=False),
        lambda raw: raw.send(TEST, 3),
        lambda raw: raw.send(TEST, 11),
        lambda raw: raw.send(TEST, reserved=2),
        lambda raw: raw.send(TEST, reserved=4),
        lambda raw: raw.send(TEST, CONTINUATION),
        lambda raw: raw.send(b"x" * 126, PING),
        lambda raw: raw.send(b"x", PING, is_last=False),
        lambda raw: raw.send((999).to_bytes(2, "big"), CLOSE),
        lambda raw: raw.send((1006).to_bytes(2, "big"), CLOSE),
        lambda raw: raw.send(b"\x03", CLOSE),
        lambda raw: raw.send((1000).to_bytes(2, "big") + b"\xff", CLOSE),
    ],
)
def test_frames_against_the_protocol_end_the_connection(
    port: int, send: Callable[[RawSocket], None]
) -> None:
    with closing(RawSocket(port)) as raw:
        _send(raw, lambda: send(raw))
        code = raw.closing_code()
    assert code in (PROTOCOL_ERROR, INVALID_TEXT, HUNG_UP, 1000, 1005), code


def test_a_bomb_is_not_unpacked(port: int) -> None:
    with closing(RawSocket(port, deflate=True)) as raw:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = packer.compress(b" " * 20_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
        assert len(bomb) < 32_000
        raw.send(bomb.removesuffix(b"\x00\x00\xff\xff"), reserved=4)
        # A server that takes no compressed messages calls it a breach of the protocol.
        assert raw.closing_code() in (TOO_BIG, PROTOCOL_ERROR, HUNG_UP)


def _send(raw: RawSocket, act: Callable[[], None]) -> None:
    try:
        act()
    except OSError:
        return  # Ended before all of it was sent.
