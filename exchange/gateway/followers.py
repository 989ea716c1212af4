"""The private channels of one process: each followed account's orders, trades and portfolio.

FOLLOW-001  an account is followed from a view on: only events after the view's sequence count,
            and what arrives while the view is being read waits.
FOLLOW-002  the portfolio is read after the events that changed it, at most once per
            REFRESH_SECONDS.
FOLLOW-003  after a gap in the broadcast every followed account is read anew.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from exchange.engine.events import EventKind
from exchange.gateway import facts, wire
from exchange.gateway.accounts import Accounts, View
from exchange.gateway.channels import Channel, Topic
from exchange.gateway.facts import Words
from exchange.gateway.feeds import notification
from exchange.gateway.labels import Labels
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.order_words import OPEN
from exchange.gateway.sockets import Socket
from exchange.gateway.valuation import Valuation
from exchange.gateway.wire import Json, OrderView
from exchange.pipeline.codec import Batch

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 0.1
MARK_SECONDS = 1.0


class Follower:
    """One account that somebody follows."""

    def __init__(self, account: int) -> None:
        self.account = account
        self.channels: dict[Channel, set[Socket]] = defaultdict(set)
        self.orders: dict[int, OrderView] = {}
        self.waiting: list[Words] | None = []  # None: the view is loaded
        self.view: View | None = None
        self.changed: dict[int, tuple[list[Json], dict[int, Json]]] = {}
        self.is_touched = False
        self.shown_at = 0.0
        self.loading: asyncio.Task[None] | None = None
        self.refresher: asyncio.Task[None] | None = None

    def has(self, *topics: Topic) -> bool:
        """Whether any channel of these topics is followed."""
        return any(channel.topic in topics for channel in self.channels)


class Followers:
    """All followed accounts of this process."""

    def __init__(self, listings: Listings, labels: Labels, accounts: Accounts) -> None:
        self._listings = listings
        self._labels = labels
        self._accounts = accounts
        self._followed: dict[int, Follower] = {}
        self._ids = np.zeros(0, np.int64)

    async def add(self, account: int, channels: Iterable[Channel], socket: Socket) -> None:
        """Follow an account's channels; its orders are known when this returns."""
        follower = self._followed.get(account)
        if follower is None:
            follower = self._followed[account] = Follower(account)
            self._ids = np.array(sorted(self._followed), np.int64)
        for channel in channels:
            follower.channels[channel].add(socket)
        if follower.waiting is not None:
            await self._start_loading(follower)

    def show_portfolio(self, account: int) -> None:
        """Send the portfolio as it stands to whoever follows it."""
        if (follower := self._followed.get(account)) is not None:
            self._refresh(follower)

    def remove(self, account: int, channel: Channel, socket: Socket) -> None:
        """Follow it no longer."""
        follower = self._followed.get(account)
        if follower is None:
            return
        sockets = follower.channels.get(channel, set())
        sockets.discard(socket)
        socket.outbox.drop(channel.name)
        if not sockets:
            follower.channels.pop(channel, None)
        if not follower.channels:
            del self._followed[account]
            self._ids = np.array(sorted(self._followed), np.int64)
            for task in (follower.refresher, follower.loading):
                if task is not None:
                    task.cancel()

    def on_batch(self, batch: Batch) -> None:
        """Hand each followed account its own events."""
        if not self._followed:
            return
        events = batch.events
        mine = events[np.isin(events["account"], self._ids)]
        by_account: dict[int, list[Words]] = defaultdict(list)
        for event in facts.words(mine):
            by_account[event[facts.ACCOUNT]].append(event)
        for account, rows in by_account.items():
            follower = self._followed[account]
            if follower.waiting is not None:
                follower.waiting += rows
            else:
                self._apply(follower, rows)

    def on_mark(self, contract: int) -> None:
        """A mark moved: portfolios that hold the contract are worth something else."""
        now = asyncio.get_running_loop().time()
        for follower in self._followed.values():
            view = follower.view
            if now - follower.shown_at < MARK_SECONDS or view is None:
                continue
            if view.holds(contract) and follower.has(Topic.USER_PORTFOLIO):
                self._refresh(follower)

    def lose_sight(self) -> None:
        """Events may have been missed: read every followed account anew."""
        for follower in self._followed.values():
            if follower.waiting is None:
                follower.waiting = []
                self._start_loading(follower)

    def _start_loading(self, follower: Follower) -> "asyncio.Future[None]":
        if follower.loading is None or follower.loading.done():
            follower.loading = asyncio.create_task(self._load(follower), name="follow")
        return asyncio.shield(follower.loading)

    async def _load(self, follower: Follower) -> None:
        view = await self._accounts.view(follower.account)
        orders = view.order_views() if view else []
        await self._labels.load(order.label for order in orders)
        follower.view = view
        follower.orders = {order.id: order for order in orders}
        waiting, follower.waiting = follower.waiting or [], None
        sequence = view.sequence if view else 0
        self._apply(follower, [row for row in waiting if row[facts.SEQUENCE] > sequence])

    def _apply(self, follower: Follower, rows: list[Words]) -> None:
        touched: dict[int, OrderView] = {}
        for event in rows:
            if event[facts.KIND] not in facts.ORDER_KINDS:
                follower.is_touched = True
                continue
            listing = self._listings.by_id.get(event[facts.CONTRACT])
            for number in facts.named_orders(event):
                order = facts.advance(follower.orders.get(number), event)
                if order is None or listing is None:
                    continue
                follower.orders[order.id] = touched[order.id] = order
                if event[facts.KIND] == EventKind.ORDER_FILLED:
                    self._on_fill(follower, listing, event, order)
        for order in touched.values():
            self._on_order(follower, order)
        if touched or follower.is_touched:
            follower.is_touched = True
            self._refresh(follower)

    def _on_fill(
        self, follower: Follower, listing: Listing, event: Words, order: OrderView
    ) -> None:
        fill = facts.fill_of(event, listing)
        shape = wire.user_trade(listing, fill, self._labels.text(order.label))
        self._changes(follower, listing.id)[0].append(shape)
        for channel, sockets in follower.channels.items():
            if channel.topic is Topic.USER_TRADES and channel.covers(listing):
                _push(sockets, notification(channel.name, [shape]))

    def _on_order(self, follower: Follower, order: OrderView) -> None:
        listing = self._listings.by_id[order.contract]
        if order.state != OPEN:
            del follower.orders[order.id]
        shape = wire.order(listing, order, self._labels.text(order.label))
        self._changes(follower, listing.id)[1][order.id] = shape
        for channel, sockets in follower.channels.items():
            if channel.topic is Topic.USER_ORDERS and channel.covers(listing):
                _push(sockets, notification(channel.name, shape if channel.is_raw else [shape]))

    def _changes(self, follower: Follower, contract: int) -> tuple[list[Json], dict[int, Json]]:
        if not follower.has(Topic.USER_CHANGES):
            return [], {}
        return follower.changed.setdefault(contract, ([], {}))

    def _refresh(self, follower: Follower) -> None:
        if not follower.has(Topic.USER_PORTFOLIO, Topic.USER_CHANGES):
            follower.is_touched = False
            return
        if follower.refresher is None or follower.refresher.done():
            follower.refresher = asyncio.create_task(self._show(follower), name="portfolio")

    async def _show(self, follower: Follower) -> None:
        """Show the account once, and again as long as it was touched meanwhile."""
        while True:
            was_touched, follower.is_touched = follower.is_touched, False
            follower.shown_at = asyncio.get_running_loop().time()
            try:
                if was_touched or follower.view is None:
                    follower.view = await self._accounts.view(follower.account)
                if follower.view is not None:
                    self._show_view(follower, await self._accounts.health(follower.view))
            except Exception:
                logger.exception("Account %d could not be shown", follower.account)
            await asyncio.sleep(REFRESH_SECONDS)
            if not follower.is_touched:
                return

    def _show_view(self, follower: Follower, health: Valuation) -> None:
        changed, follower.changed = follower.changed, {}
        positions = {shape["instrument_name"]: shape for shape in health.positions()}
        for contract, (trades, orders) in changed.items():
            listing = self._listings.by_id[contract]
            position = positions.get(listing.name) or self._accounts.flat_position(listing)
            data = {
                "instrument_name": listing.name,
                "trades": trades,
                "orders": list(orders.values()),
                "positions": [position],
            }
            for channel, sockets in follower.channels.items():
                if channel.topic is Topic.USER_CHANGES and channel.covers(listing):
                    _push(sockets, notification(channel.name, data))
        for channel, sockets in follower.channels.items():
            if channel.topic is Topic.USER_PORTFOLIO and channel.currency in ("ANY", "USDC"):
                frame = notification(channel.name, health.summary())
                for socket in sockets:
                    socket.outbox.push_state(channel.name, frame)


def _push(sockets: Iterable[Socket], frame: str) -> None:
    for socket in sockets:
        socket.outbox.push_event(frame)
