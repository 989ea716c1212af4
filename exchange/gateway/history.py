"""What was: orders and trades from the projections, in Deribit's shapes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from exchange import history_reads as reads
from exchange.gateway import wire
from exchange.gateway.database import in_database
from exchange.gateway.labels import Labels, hash63
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.order_words import CANCELLED, FILLED, OPEN
from exchange.gateway.own_writes import OwnWrites
from exchange.gateway.wire import FillView, Json, OrderView
from exchange.models import Fill, Order
from exchange.models.trading import OrderState

COUNT_MAX = 1_000
INT64_MAX = (1 << 63) - 1
NS = 1_000_000  # nanoseconds of a millisecond

_STATES = {
    OrderState.OPEN: OPEN,
    OrderState.FILLED: FILLED,
    OrderState.CANCELLED: CANCELLED,
}


class Window(NamedTuple):
    """Which trades are asked for: a count, between times and trade numbers."""

    most: int
    since_ms: int | None = None
    until_ms: int | None = None
    start: int | None = None
    end: int | None = None
    sorting: str = "default"

    @property
    def is_ascending(self) -> bool:
        """Whether the oldest of the range are wanted: so on Deribit, once it has a start."""
        if self.sorting != "default":
            return self.sorting == "asc"
        return self.since_ms is not None or self.start is not None

    def of_fills(self, contracts: Sequence[int] | None) -> reads.Window:
        """The same in rows of fills: both sides of trade n are 2n and 2n + 1."""
        return reads.Window(
            limit=page_size(self.most),
            first=None if self.start is None else 2 * self.start,
            last=None if self.end is None else 2 * self.end + 1,
            since_ns=None if self.since_ms is None else self.since_ms * NS,
            until_ns=None if self.until_ms is None else (self.until_ms + 1) * NS - 1,
            is_ascending=self.is_ascending,
            contracts=contracts,
        )


class Paging(NamedTuple):
    """Which page of a list, newest first: behind an id, or so many rows further on."""

    most: int
    offset: int = 0
    before: int | None = None

    def window(self, contracts: Sequence[int] | None = None) -> reads.Window:
        """The same as rows."""
        return reads.Window(
            limit=page_size(self.most),
            before=self.before,
            offset=min(self.offset, INT64_MAX >> 1),
            contracts=contracts,
        )


class History:
    """Reads of the projections, off the event loop."""

    def __init__(self, listings: Listings, labels: Labels, own_writes: OwnWrites) -> None:
        self._listings = listings
        self._labels = labels
        self._own_writes = own_writes

    async def trades(self, listings: Sequence[Listing], window: Window) -> Json:
        """The public tape of some contracts."""
        if not listings:
            return {"trades": [], "has_more": False}
        page = await in_database(reads.trades, window.of_fills(self._contracts(listings)))
        views = [_fill(row) for row in page.rows]
        ticks = _tick_directions(views if window.is_ascending else views[::-1])
        shapes = [
            wire.public_trade(self._listings.by_id[fill.contract], fill, ticks[fill.trade])
            for fill in views
        ]
        return {"trades": shapes, "has_more": page.before is not None}

    async def user_trades(
        self,
        account: int,
        listings: Sequence[Listing],
        window: Window,
        order_id: int | None = None,
    ) -> Json:
        """One's own trades in some contracts."""
        if not listings:
            return {"trades": [], "has_more": False}
        await self._own_writes.reach(account)
        rows = window.of_fills(self._contracts(listings))
        page = await in_database(reads.account_fills, account, rows, order_id=order_id)
        by_order = await in_database(_labels_of, {row.order for row in page.rows})
        await self._labels.load(by_order.values())
        shapes = [
            wire.user_trade(
                self._listings.by_id[row.contract_id],
                _fill(row),
                self._labels.text(by_order.get(row.order, 0)),
            )
            for row in page.rows
        ]
        return {"trades": shapes, "has_more": page.before is not None}

    async def orders(
        self,
        account: int,
        listings: Sequence[Listing],
        paging: Paging,
        *,
        include_unfilled: bool,
    ) -> tuple[list[Json], int | None]:
        """Orders that are no longer open, newest first, and where the next page begins."""
        if not listings:
            return [], None
        await self._own_writes.reach(account)
        window = paging.window(self._contracts(listings))
        page = await in_database(
            reads.order_history, account, window, only_filled=not include_unfilled
        )
        return await self._order_shapes(page.rows), page.before

    async def labelled(
        self, account: int, listings: Sequence[Listing], label: str, paging: Paging
    ) -> list[Json]:
        """Orders under a label, open or not, newest first."""
        if not listings:
            return []
        await self._own_writes.reach(account)
        window = paging.window(self._contracts(listings))
        page = await in_database(reads.labelled_orders, account, hash63(label), window)
        return await self._order_shapes(page.rows)

    async def newest_labelled(self, account: int, listing: Listing, label: int) -> int | None:
        """The id of the newest order in an instrument under a label's hash."""
        await self._own_writes.reach(account)
        window = Paging(1).window([listing.id])
        page = await in_database(reads.labelled_orders, account, label, window)
        return page.rows[0].id if page.rows else None

    async def trigger_orders(
        self, account: int, listings: Sequence[Listing], paging: Paging
    ) -> Json:
        """Orders that wait, or waited, for a price, newest first, open or not."""
        if not listings:
            return {"entries": [], "continuation": None}
        await self._own_writes.reach(account)
        window = paging.window(self._contracts(listings))
        page = await in_database(reads.trigger_orders, account, window)
        shapes = await self._order_shapes(page.rows)
        return {
            "entries": [wire.trigger_entry(shape) for shape in shapes],
            "continuation": None if page.before is None else str(page.before),
        }

    async def order(self, account: int, order_id: int) -> Json | None:
        """One order of the account, open or not."""
        await self._own_writes.reach(account)
        row = await in_database(reads.order, account, order_id)
        return None if row is None else (await self._order_shapes([row]))[0]

    async def order_view(self, account: int, order_id: int) -> OrderView | None:
        """The same, as integers."""
        await self._own_writes.reach(account)
        row = await in_database(reads.order, account, order_id)
        return None if row is None else _order(row)

    def _contracts(self, listings: Sequence[Listing]) -> list[int] | None:
        # All of them is no condition at all, which the database serves best.
        if len(listings) == len(self._listings.by_id):
            return None
        return [listing.id for listing in listings]

    async def _order_shapes(self, rows: Iterable[Order]) -> list[Json]:
        rows = list(rows)
        await self._labels.load(row.label for row in rows)
        return [
            wire.order(
                self._listings.by_id[row.contract_id], _order(row), self._labels.text(row.label)
            )
            for row in rows
        ]


def page_size(count: int) -> int:
    """How many rows a caller gets at most: at least one, at most COUNT_MAX."""
    return max(1, min(count, COUNT_MAX))


def _labels_of(order_ids: set[int]) -> dict[int, int]:
    rows = Order.objects.filter(pk__in=order_ids).exclude(label=0)
    return dict(rows.values_list("id", "label"))


def _tick_directions(oldest_first: Sequence[FillView]) -> dict[int, int]:
    """By trade; each contract's tape for itself."""
    by_contract: dict[int, list[FillView]] = {}
    for fill in oldest_first:
        by_contract.setdefault(fill.contract, []).append(fill)
    return {
        fill.trade: tick
        for fills in by_contract.values()
        for fill, tick in wire.with_tick_directions(fills)
    }


def _order(row: Order) -> OrderView:
    return OrderView(
        id=row.id,
        contract=row.contract_id,
        side=row.side,
        flags=row.flags,
        price_ticks=row.price_ticks,
        quantity_lots=row.quantity_lots,
        filled_lots=row.filled_lots,
        filled_price_lots=row.filled_price_lots,
        state=_STATES[OrderState(row.state)],
        label=row.label,
        created_ns=row.created_ns,
        updated_ns=row.updated_ns,
        fee_units=row.fee_units,
        realised_units=row.realised_units,
        cancel_reason=row.cancel_reason,
        trigger_ticks=row.trigger_ticks,
        offset_ticks=row.offset_ticks,
        reject_reason=row.reject_reason,
    )


def _fill(row: Fill) -> FillView:
    return FillView(
        trade=row.trade,
        order=row.order,
        contract=row.contract_id,
        side=row.side,
        flags=row.flags,
        price_ticks=row.price_ticks,
        quantity_lots=row.quantity_lots,
        remaining_lots=row.remaining_lots,
        fee_units=row.fee_units,
        realised_units=row.realised_units,
        time_ns=row.time_ns,
        mark_ticks=row.mark_ticks,
        index_ticks=row.index_ticks,
    )
