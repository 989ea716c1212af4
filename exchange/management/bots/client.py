"""JSON-RPC 2.0 over one websocket: calls, answers and notifications of Deribit API v2."""

import asyncio
import hashlib
import hmac
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

CALL_SECONDS_MAX = 8.0
CONNECT_SECONDS_MAX = 5.0

Json = dict[str, Any]
Listener = Callable[[str, Any], None]

# Prices are Decimal and leave as JSON numbers, digit by digit.
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder()


class Disconnected(Exception):
    """The connection is gone, or an answer did not come: what was asked may have happened."""


class Refused(Exception):
    """The venue answered with an error."""

    def __init__(self, code: int, message: str, data: Any) -> None:
        super().__init__(f"{code} {message} {data if data is not None else ''}".rstrip())
        self.code = code
        self.data = data if isinstance(data, dict) else {}

    @property
    def reason(self) -> str:
        """The engine's RejectReason by name; empty where the engine was not asked."""
        return str(self.data.get("reason_name") or self.data.get("name") or "")


class Client:
    """One websocket connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.listeners: list[Listener] = []
        self._connection = connection
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Client"]:
        """A connection for the length of a `with`. Raises Disconnected if there is none."""
        try:
            connection = await connect(
                url, open_timeout=CONNECT_SECONDS_MAX, max_size=None, compression=None
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Disconnected(f"{url}: {type(error).__name__}: {error}") from error
        client = cls(connection)
        try:
            yield client
        finally:
            await client._close()

    async def authenticate(self, key: str, secret: str) -> None:
        """Prove who we are by a signature; the secret stays here."""
        stamp, nonce = str(time.time_ns() // 1_000_000), secrets.token_hex(8)
        text = f"{stamp}\n{nonce}\n".encode()
        signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        await self.call(
            "public/auth",
            grant_type="client_signature",
            client_id=key,
            timestamp=int(stamp),
            nonce=nonce,
            data="",
            signature=signature,
        )

    async def call(self, method: str, **params: object) -> Any:
        """The result of a method. Raises Refused, or Disconnected when no answer came."""
        if self._reader.done():
            raise Disconnected("The connection is closed")
        number = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            await self._connection.send(_encoder.encode(message).decode())
            async with asyncio.timeout(CALL_SECONDS_MAX):
                return await future
        except TimeoutError as error:
            raise Disconnected(f"{method}: no answer in {CALL_SECONDS_MAX} s") from error
        except WebSocketException as error:
            raise Disconnected(f"{method}: {error}") from error
        finally:
            self._pending.pop(number, None)

    async def subscribe(self, *channels: str) -> None:
        """Follow channels. Raises Disconnected unless the venue accepts every one of them."""
        private = any(channel.startswith("user.") for channel in channels)
        method = "private/subscribe" if private else "public/subscribe"
        accepted = await self.call(method, channels=channels)
        if missing := set(channels) - set(accepted):
            raise Disconnected(f"The venue does not offer {', '.join(sorted(missing))}")

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                self._handle(_decoder.decode(text))
        except (WebSocketException, msgspec.DecodeError):
            await self._connection.close()
        finally:
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(Disconnected("The connection was lost"))

    def _handle(self, message: Json) -> None:
        if message.get("method") == "subscription":
            channel, data = message["params"]["channel"], message["params"]["data"]
            for listener in self.listeners:
                listener(channel, data)
            return
        future = self._pending.get(message.get("id", 0))
        if future is None or future.done():
            return
        if (error := message.get("error")) is not None:
            refusal = Refused(error.get("code", 0), error.get("message", ""), error.get("data"))
            future.set_exception(refusal)
        else:
            future.set_result(message.get("result"))

    async def _close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        await self._connection.close()
