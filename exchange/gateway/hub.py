"""One process's ear on the engine: one subscription, decoded once, handed to every open socket.

HUB-001  a process listens once to the broadcast (through its bus) and once to market data.
HUB-002  whatever may have been missed (a reconnection, a gap in batch numbers) is read anew.
HUB-003  a revoked key's or session's sockets are closed at once; if the message was missed, the
         next sweep finds them.
"""

import asyncio
import logging
import time

import redis.asyncio
from redis.exceptions import RedisError

from exchange.gateway import auth, labels, revocation
from exchange.gateway.channels import Channel, parse_channel
from exchange.gateway.database import as_bytes, in_database
from exchange.gateway.feeds import Feeds
from exchange.gateway.followers import Followers
from exchange.gateway.listings import Listings
from exchange.gateway.projected import Projected
from exchange.gateway.sockets import (
    CLOSE_OVERRUN,
    CLOSE_POLICY,
    CLOSE_RESTART,
    HEARTBEAT_SECONDS_MIN,
    Socket,
)
from exchange.pipeline import logs
from exchange.pipeline.bus import MARKET_CHANNEL, PROJECTED_CHANNEL
from exchange.pipeline.codec import Batch
from exchange.pipeline.market_data import BOOK_KEY, MessageType, decode_market
from exchange.pipeline.resp import CONNECTION_ERRORS, AsyncLink, Reply, ReplyError
from exchange.pipeline.views import CONTRACTS_KEY, UNDERLYINGS_KEY

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
SWEEP_SECONDS = 2.0
KEY_SWEEP_SECONDS = 20.0
RECONNECT_SECONDS = 0.2
HEARTBEAT_FRAME = '{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"%s"}}'


class Hub:
    """All open sockets of this process and what they follow."""

    def __init__(
        self,
        url: str,
        client: "redis.asyncio.Redis",
        listings: Listings,
        feeds: Feeds,
        followers: Followers,
        keys: auth.Keys,
        names: labels.Labels,
        projected: Projected,
    ) -> None:
        self.sockets: set[Socket] = set()
        self.feeds = feeds
        self.followers = followers
        self.market_heard_at = 0.0
        self.last_batch: Batch | None = None
        self.losses = 0  # of connections, since the start
        self._url = url
        self._redis = client
        self._listings = listings
        self._keys = keys
        self._labels = names
        self._tasks: list[asyncio.Task[None]] = []
        self._on_message = {
            MARKET_CHANNEL: self._on_market,
            PROJECTED_CHANNEL: projected.learn,
            revocation.CHANNEL.encode(): self._on_revoked,
            labels.CHANNEL.encode(): self._on_label,
        }

    async def start(self) -> None:
        """Begin to listen; returns once the listings are known."""
        await self._load_listings()
        for loop in (self._listen, self._tick, self._sweep):
            self._tasks.append(asyncio.create_task(loop(), name=f"hub{loop.__name__}"))

    async def stop(self) -> None:
        """Close every socket and stop listening."""
        self.say_goodbye()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say_goodbye(self) -> None:
        """Ask every socket to go, once it has its answers."""
        for socket in self.sockets:
            socket.close(CLOSE_RESTART)

    # --- sockets ------------------------------------------------------------------------------
    def join(self, socket: Socket) -> None:
        """A socket was opened."""
        self.sockets.add(socket)

    def leave(self, socket: Socket) -> None:
        """A socket was closed."""
        self.sockets.discard(socket)
        self.unsubscribe(socket, list(socket.channels))

    def parse(self, names: "tuple[str, ...]") -> list[Channel]:
        """Those of the named channels that exist, each once."""
        channels = (parse_channel(str(name), self._listings) for name in dict.fromkeys(names))
        return [channel for channel in channels if channel is not None]

    async def prepare(self, socket: Socket, channels: list[Channel]) -> None:
        """Know the account of the private channels before their first event is shown."""
        private = [channel for channel in channels if channel.is_private]
        if private and socket.principal is not None:
            await self.followers.add(socket.principal.account, private, socket)
            socket.channels.update(channel.name for channel in private)

    def subscribe(self, socket: Socket, channels: list[Channel]) -> None:
        """Show the public channels from now on, and the portfolio as it stands."""
        if socket not in self.sockets:
            self.unsubscribe(socket, [channel.name for channel in channels])
            return
        for channel in channels:
            socket.channels.add(channel.name)
            if not channel.is_private:
                self.feeds.add(channel, socket)
        if socket.principal is not None:
            self.followers.show_portfolio(socket.principal.account)

    def unsubscribe(self, socket: Socket, names: list[str]) -> None:
        """Show these channels no longer."""
        for channel in self.parse(tuple(names)):
            socket.channels.discard(channel.name)
            if not channel.is_private:
                self.feeds.remove(channel, socket)
            elif socket.principal is not None:
                self.followers.remove(socket.principal.account, channel, socket)

    # --- what is heard ------------------------------------------------------------------------
    def on_batch(self, batch: Batch) -> None:
        """The bus decoded one broadcast."""
        last = self.last_batch
        self.last_batch = batch
        logs.sequence = batch.last_sequence
        if last is not None and batch.batch_number != last.batch_number + 1:
            self.followers.lose_sight()
        try:
            self.feeds.on_batch(batch)
            self.followers.on_batch(batch)
        except Exception:
            # A fault here must not reach the bus, which still has answers to give.
            logger.exception("Batch %d could not be shown", batch.batch_number)

    def _on_market(self, raw: bytes) -> None:
        self.market_heard_at = time.monotonic()
        message = decode_market(raw)
        self.feeds.on_market(message)
        if message.type is MessageType.TICKER:
            self.followers.on_mark(message.contract)

    def _on_revoked(self, raw: bytes) -> None:
        kind, _, name = raw.decode().partition(":")
        if kind == "key":
            self._keys.forget(name)
        for socket in self.sockets:
            principal = socket.principal
            if principal is None or socket.ends_itself:
                continue
            if name in (principal.key_id, principal.session_key):
                socket.close(CLOSE_POLICY)

    def _on_label(self, raw: bytes) -> None:
        key, _, text = raw.decode().partition(" ")
        self._labels.learn(int(key), text)

    async def _listen(self) -> None:
        while True:
            try:
                link = await AsyncLink.open(self._url, self._on_reply)
                try:
                    link.send(("SUBSCRIBE", *self._on_message))
                    await link.lost
                    self.losses += 1
                finally:
                    link.close()
            except CONNECTION_ERRORS:
                logger.warning("No connection to Valkey for market data; trying again")
            await asyncio.sleep(RECONNECT_SECONDS)
            self.feeds.lose_sight()
            self._keys.forget()
            await self._sweep_keys()

    def _on_reply(self, reply: Reply) -> None:
        if isinstance(reply, ReplyError) or reply[0] != b"message":
            return
        try:
            self._on_message[reply[1]](reply[2])
        except Exception:
            logger.exception("A message on %s could not be shown", reply[1])

    # --- what is done from time to time -------------------------------------------------------
    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.feeds.flush_conflated()
            self._beat()
            try:
                await self._load_stale_books()
            except RedisError:
                logger.warning("Books could not be loaded; trying again")

    async def _load_stale_books(self) -> None:
        stale = self.feeds.stale_books()
        if not stale:
            if not self._listings.by_id:
                await self._load_listings()
            return
        snapshots = await self._redis.mget([BOOK_KEY % contract for contract in stale])
        for raw in snapshots:
            if raw is not None:
                self.feeds.load_book(decode_market(as_bytes(raw) or b""))

    async def _load_listings(self) -> None:
        contracts, underlyings = await self._redis.mget([CONTRACTS_KEY, UNDERLYINGS_KEY])
        self._listings.load(as_bytes(contracts), as_bytes(underlyings))

    def _beat(self) -> None:
        now = time.monotonic()
        for socket in self.sockets:
            if socket.is_stalled(now):
                socket.close(CLOSE_OVERRUN)
            seconds = socket.heartbeat_seconds
            if not seconds or now - socket.heard_at < seconds:
                continue
            if now - socket.heard_at > 2 * seconds + HEARTBEAT_SECONDS_MIN:
                socket.close(CLOSE_POLICY)
            elif now - socket.tested_at >= seconds:
                socket.tested_at = now
                socket.outbox.push_event(HEARTBEAT_FRAME % "test_request")

    async def _sweep(self) -> None:
        swept_keys_at = time.monotonic()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self._sweep_sessions()
            if time.monotonic() - swept_keys_at > KEY_SWEEP_SECONDS:
                swept_keys_at = time.monotonic()
                await self._sweep_keys()

    async def _sweep_sessions(self) -> None:
        held = {
            socket: socket.principal.session_key
            for socket in self.sockets
            if socket.principal is not None and socket.principal.session_key
        }
        if held:
            live = await self._alive(auth.live_sessions, set(held.values()))
            for socket, session_key in held.items():
                if session_key not in live:
                    socket.close(CLOSE_POLICY)

    async def _sweep_keys(self) -> None:
        held = {
            socket: socket.principal.key_id
            for socket in self.sockets
            if socket.principal is not None and socket.principal.key_id
        }
        if held:
            live = await self._alive(auth.live_keys, set(held.values()))
            for socket, key_id in held.items():
                if key_id not in live:
                    socket.close(CLOSE_POLICY)

    async def _alive(self, look_up: "auth.LookUp", names: set[str]) -> set[str]:
        try:
            return await in_database(look_up, names)
        except Exception:
            # Without the database nobody can tell; who was in stays in until it answers.
            logger.exception("Open sockets could not be checked")
            return names
