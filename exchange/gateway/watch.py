"""Cancel on disconnect: what a connection placed goes when the connection goes.

WATCH-001  a connection that asked for it has the orders it placed cancelled when it is lost,
           after its requests under way are done; private/logout is no loss.
WATCH-002  against the death of this very process the engine is given a dead man's switch for
           each watched account: it is heard every BEAT_SECONDS, and without it the engine
           cancels all orders of the account after TIMEOUT_SECONDS. It cannot know connections.
WATCH-003  a cancel that could not be sent is tried again until it was; meanwhile the account
           is not spoken for, so that the engine's switch acts if this process cannot.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator

import numpy as np

from exchange.engine.commands import CommandKind, make
from exchange.engine.rejects import RejectReason
from exchange.engine.units import FLAG_DISCONNECTED, NANOSECONDS
from exchange.gateway.accounts import Accounts
from exchange.gateway.errors import RpcError, rejected
from exchange.gateway.sockets import Socket
from exchange.pipeline.bus import AsyncBus, Backpressure, OutcomeUnknown
from exchange.pipeline.codec import MESSAGE_COMMANDS_MAX, Records

logger = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
TIMEOUT_SECONDS = 10
RETRY_SECONDS = 1.0
PLACED_MAX = 1_000  # an account can have fewer open: then those gone are forgotten
_UNCHANGED = -1


class Watch:
    """The watched connections of this process."""

    def __init__(self, bus: AsyncBus, accounts: Accounts) -> None:
        self._bus = bus
        self._accounts = accounts
        self._sockets: dict[int, set[Socket]] = {}  # by account
        self._losing: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._beating = asyncio.create_task(self._beat(), name="watch")

    async def stop(self) -> None:
        """Cancel for everyone still watched, then end."""
        for socket in [socket for held in self._sockets.values() for socket in held]:
            self.lose(socket, ())
        await asyncio.gather(*self._losing, return_exceptions=True)
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def enable(self, socket: Socket, account: int) -> None:
        """Watch the connection from now on; raises RpcError and what AsyncBus.submit raises."""
        if socket.watched_account == account:
            return
        await self._set(account, timeout_ns=TIMEOUT_SECONDS * NANOSECONDS)
        self.forget(socket)
        socket.watched_account = account
        self._sockets.setdefault(account, set()).add(socket)

    async def disable(self, socket: Socket) -> None:
        """Watch it no longer; the last one takes the dead man's switch with it."""
        account = socket.watched_account
        self.forget(socket)
        if account >= 0 and account not in self._sockets:
            await self._set(account, timeout_ns=0)

    def forget(self, socket: Socket) -> None:
        """The connection is not watched any more, and nothing is cancelled for it."""
        held = self._sockets.get(socket.watched_account)
        if held is not None:
            held.discard(socket)
            if not held:
                del self._sockets[socket.watched_account]
        socket.watched_account = -1
        socket.placed.clear()

    async def set_account(self, account: int, *, is_enabled: bool) -> None:
        """Change what connections of the account begin with."""
        await self._set(account, is_enabled=int(is_enabled))

    async def is_account_enabled(self, account: int) -> bool:
        view = await self._accounts.view(account)
        return view is not None and bool(view.raw.header["safeguard"]["cancel_on_disconnect"])

    async def note_placed(self, socket: Socket, order_id: int) -> None:
        """An order that goes when this connection goes."""
        if socket.watched_account < 0:
            return
        socket.placed[order_id] = None
        if len(socket.placed) > PLACED_MAX:
            view = await self._accounts.view(socket.watched_account)
            open_ids = {order.id for order in view.order_views()} if view else set()
            socket.placed = {held: None for held in socket.placed if held in open_ids}

    def lose(self, socket: Socket, running: Iterable["asyncio.Task[None]"]) -> None:
        """The connection is gone (WATCH-001). running: its requests under way."""
        if socket.watched_account < 0 or socket.is_leaving:
            self.forget(socket)
            return
        task = asyncio.create_task(self._cancel_for(socket, list(running)), name="lose")
        self._losing.add(task)
        task.add_done_callback(self._losing.discard)

    async def _cancel_for(self, socket: Socket, running: "list[asyncio.Task[None]]") -> None:
        await asyncio.gather(*running, return_exceptions=True)
        account, placed = socket.watched_account, list(socket.placed)
        self.forget(socket)
        gone = {"account": account, "flags": FLAG_DISCONNECTED}
        for orders in _in_messages(placed):
            cancels = [make(CommandKind.CANCEL_ORDER, account, order=i, **gone) for i in orders]
            await self._insist(np.concatenate(cancels))
        if account not in self._sockets:
            off = {"is_enabled": _UNCHANGED, "timeout_ns": 0}
            kind = CommandKind.SET_CANCEL_ON_DISCONNECT
            await self._insist(make(kind, account, account=account, **off))

    async def _insist(self, commands: Records) -> None:
        """Submit until the engine has answered; that an order is gone already is an answer."""
        while True:
            try:
                await self._bus.submit(commands)
                return
            except (Backpressure, OutcomeUnknown) as error:
                logger.warning("Orders of a lost connection are not cancelled yet: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _set(
        self, account: int, *, is_enabled: int = _UNCHANGED, timeout_ns: int = _UNCHANGED
    ) -> None:
        kind = CommandKind.SET_CANCEL_ON_DISCONNECT
        fields = {"is_enabled": is_enabled, "timeout_ns": timeout_ns}
        results = await self._bus.submit(make(kind, account, account=account, **fields))
        if results[0].reason != RejectReason.ACCEPTED:
            raise rejected(results[0].reason)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for accounts in _in_messages(list(self._sockets)):
                try:
                    await self._beat_for(accounts)
                except (Backpressure, OutcomeUnknown, RpcError) as error:
                    logger.warning("Heartbeats were not heard: %s", error)

    async def _beat_for(self, accounts: list[int]) -> None:
        kind = CommandKind.HEARTBEAT
        beats = [make(kind, account, account=account) for account in accounts]
        results = await self._bus.submit(np.concatenate(beats))
        for account, result in zip(accounts, results, strict=True):
            # It fired, or another process switched it off: this one still speaks for it.
            if result.reason == RejectReason.HEARTBEAT_NOT_SET and account in self._sockets:
                await self._set(account, timeout_ns=TIMEOUT_SECONDS * NANOSECONDS)


def _in_messages(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), MESSAGE_COMMANDS_MAX):
        yield numbers[start : start + MESSAGE_COMMANDS_MAX]
