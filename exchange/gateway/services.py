"""What one gateway process holds: made once, shared by all its calls."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from exchange.gateway.accounts import Accounts
from exchange.gateway.auth import Keys
from exchange.gateway.charts import Charts
from exchange.gateway.database import counts
from exchange.gateway.day_losses import DayLosses
from exchange.gateway.draining import drain_on_sigterm
from exchange.gateway.feeds import Feeds
from exchange.gateway.followers import Followers
from exchange.gateway.history import History
from exchange.gateway.hub import Hub
from exchange.gateway.labels import Labels
from exchange.gateway.limits import Limits
from exchange.gateway.listings import Listings
from exchange.gateway.own_writes import OwnWrites
from exchange.gateway.profits import Profits
from exchange.gateway.projected import Projected
from exchange.gateway.recent import RecentOrders
from exchange.gateway.replays import Replays
from exchange.gateway.statements import Statements
from exchange.gateway.statistics import Statistics
from exchange.gateway.volatility import Volatilities
from exchange.gateway.watch import Watch
from exchange.pipeline import garbage
from exchange.pipeline.bus import AsyncBus
from exchange.pipeline.metrics import PUBLISH_SECONDS, Meter
from exchange.pipeline.servers import redis_url

REPLAY_BEGIN_SECONDS = 1.0


@dataclass(slots=True)
class Gateway:
    """The parts of the edge, each made for one thing."""

    redis: "redis.asyncio.Redis"
    bus: AsyncBus
    listings: Listings
    feeds: Feeds
    hub: Hub
    accounts: Accounts
    own_writes: OwnWrites
    history: History
    statements: Statements
    profits: Profits
    charts: Charts
    volatilities: Volatilities
    keys: Keys
    limits: Limits
    replays: Replays
    labels: Labels
    statistics: Statistics
    recent: RecentOrders
    watch: Watch
    projected: Projected
    day_losses: DayLosses
    meter: Meter
    is_testnet: bool
    tasks: list["asyncio.Task[None]"]
    _ends: AsyncExitStack

    @classmethod
    async def start(cls, url: str) -> "Gateway":
        """Connect and begin to listen. Raises a connection error when Valkey is not there.

        Whatever cuts it short, a cancellation too, ends what was begun.
        """
        async with AsyncExitStack() as begun:
            gateway = await cls._begin(url, begun)
            gateway._ends = begun.pop_all()
        return gateway

    @classmethod
    async def _begin(cls, url: str, begun: AsyncExitStack) -> "Gateway":
        client = redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0), protocol=2)
        begun.push_async_callback(client.aclose)
        listings, keys, labels = Listings(), Keys(), Labels(client)
        accounts, statistics = Accounts(client, listings), Statistics()
        feeds, charts = Feeds(listings, statistics), Charts(listings)
        followers = Followers(listings, labels, accounts)
        projected = Projected()
        own_writes = OwnWrites(accounts, projected)
        hub = Hub(url, client, listings, feeds, followers, keys, labels, projected)
        replays = Replays(client)
        await replays.begin()
        bus = await AsyncBus.connect(url)
        begun.push_async_callback(bus.close)
        bus.listeners.append(hub.on_batch)
        begun.push_async_callback(hub.stop)
        await hub.start()
        gateway = cls(
            redis=client,
            bus=bus,
            listings=listings,
            feeds=feeds,
            hub=hub,
            accounts=accounts,
            own_writes=own_writes,
            history=History(listings, labels, own_writes),
            statements=Statements(listings, own_writes),
            charts=charts,
            volatilities=Volatilities(charts),
            profits=Profits(listings, accounts, own_writes),
            keys=keys,
            limits=Limits(client),
            replays=replays,
            labels=labels,
            statistics=statistics,
            recent=RecentOrders(),
            watch=Watch(bus, accounts),
            projected=projected,
            day_losses=DayLosses(listings, accounts, projected),
            meter=Meter("fast-lane" if os.environ.get("NOVATE_LANE") == "fast" else "web"),
            is_testnet=os.environ.get("NOVATE_TESTNET") == "1",
            tasks=[],
            _ends=begun,
        )
        begun.push_async_callback(gateway._stop_tasks)
        begun.push_async_callback(gateway.watch.stop)
        gateway.watch.start()
        gateway.tasks = [
            asyncio.create_task(gateway._keep_replays(), name="replays"),
            asyncio.create_task(gateway._keep_metrics(), name="metrics"),
            asyncio.create_task(accounts.warm_up(), name="warm-up"),
            asyncio.create_task(statistics.keep_fresh(), name="statistics"),
        ]
        return gateway

    async def stop(self) -> None:
        """Close every socket and every connection."""
        await self._ends.aclose()

    async def _stop_tasks(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _keep_replays(self) -> None:
        while True:
            await asyncio.sleep(REPLAY_BEGIN_SECONDS)
            try:
                await self.replays.begin()
            except redis.RedisError:
                continue  # The next second tries again; claims fail closed meanwhile.

    async def _keep_metrics(self) -> None:
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            self.measure()
            try:
                await self.redis.execute_command(*self.meter.command())  # type: ignore[no-untyped-call]  # redis-py
            except redis.RedisError:
                continue  # /metrics of this process still answers for it.

    def measure(self) -> None:
        """The gauges that nobody counts up."""
        gauge = self.meter.gauge
        gauge("novate_sockets", len(self.hub.sockets))
        gauge("novate_in_flight", self.bus.in_flight)
        gauge("novate_valkey_losses_total", self.bus.losses + self.hub.losses)
        gauge("novate_postgres_losses_total", counts.losses)
        if (silence := self.bus.silence_seconds) is not None:
            gauge("novate_engine_silence_seconds", silence)


class Process:
    """The gateway of this process: started by its first request, on the server's own loop."""

    def __init__(self) -> None:
        self._gateway: Gateway | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = asyncio.Lock()
        self.is_draining = False  # asked to stop: answers on, but wants no more
        self.is_leaving = False  # says goodbye: takes no new websocket
        self.requests = 0  # over HTTP, under way

    def serve(self) -> None:
        """The running loop is the server's: what starts here stays until `stop`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            garbage.spare()
            drain_on_sigterm(loop, self._drain, self._say_goodbye, self._is_idle)

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request is under way meanwhile."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    async def gateway(self) -> Gateway:
        """The running gateway. Raises a connection error when Valkey is not there."""
        if self._gateway is None:
            async with self._starting:
                if self._gateway is None:
                    self._gateway = await Gateway.start(redis_url())
        return self._gateway

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[Gateway]:
        """The server's gateway, or one of its own for a caller outside the server's loop."""
        if self._loop is asyncio.get_running_loop():
            yield await self.gateway()
            return
        gateway = await Gateway.start(redis_url())
        try:
            yield gateway
        finally:
            await gateway.stop()

    def _drain(self) -> None:
        self.is_draining = True

    def _say_goodbye(self) -> None:
        self.is_leaving = True
        if self._gateway is not None:
            self._gateway.hub.say_goodbye()

    def _is_idle(self) -> bool:
        gateway = self._gateway
        return not self.requests and (gateway is None or not gateway.hub.sockets)

    async def stop(self) -> None:
        """Stop what was started."""
        gateway, self._gateway = self._gateway, None
        if gateway is not None:
            await gateway.stop()


PROCESS = Process()
