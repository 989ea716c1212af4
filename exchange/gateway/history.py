"""What was: orders, trades, transfers and candles from the projections, in Deribit's shapes.

HISTORY-001  a caller's history holds everything that was acknowledged to them: a read waits, at
             most PROJECTION_SECONDS, for the projector to reach their last command, and is
             refused in words when it does not (RPC-008).
"""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from exchange import selectors
from exchange.engine import units
from exchange.gateway import wire
from exchange.gateway.candles import Candle, with_recorded_past
from exchange.gateway.channels import Channel
from exchange.gateway.database import in_database
from exchange.gateway.decoder import number
from exchange.gateway.errors import behind
from exchange.gateway.labels import Labels
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.order_words import CANCELLED, FILLED, OPEN
from exchange.gateway.projected import Projected
from exchange.gateway.wire import FillView, Json, OrderView, millis
from exchange.models import Fill, LedgerEntry, Order, Transfer
from exchange.models.accounts import LedgerKind, TransferState
from exchange.models.trading import OrderState

COUNT_MAX = 1_000
CANDLES_MAX = 5_000
PROJECTION_SECONDS = 1.0
MINUTE_NS = 60_000_000_000
NS = 1_000_000  # nanoseconds of a millisecond

_STATES = {
    OrderState.OPEN: OPEN,
    OrderState.FILLED: FILLED,
    OrderState.CANCELLED: CANCELLED,
}
_TRANSFER_STATES = {
    TransferState.PENDING: "unconfirmed",
    TransferState.DONE: "completed",
    TransferState.FAILED: "cancelled",
}
_LEDGER_TYPES = {
    LedgerKind.DEPOSIT: "deposit",
    LedgerKind.WITHDRAWAL_HOLD: "withdrawal",
    LedgerKind.WITHDRAWAL_PAID: "withdrawal",
    LedgerKind.WITHDRAWAL_RETURNED: "withdrawal",
    LedgerKind.FEE: "trade",
    LedgerKind.VARIATION: "settlement",
    LedgerKind.LIQUIDATION_FEE: "liquidation",
    LedgerKind.INSURANCE: "insurance",
    LedgerKind.BAD_DEBT: "socialized_loss",
    LedgerKind.TRANSFER: "transfer",
}


class Window(NamedTuple):
    """Which trades are asked for: a count, between times and trade numbers."""

    most: int
    since_ms: int | None = None
    until_ms: int | None = None
    start_seq: int | None = None
    end_seq: int | None = None
    sorting: str = "default"

    def limit(self) -> int:
        """How many at most, within what one page may hold."""
        return max(1, min(self.most, COUNT_MAX))


class History:
    """Reads of the projections, off the event loop."""

    def __init__(self, listings: Listings, labels: Labels, projected: Projected) -> None:
        self._listings = listings
        self._labels = labels
        self._projected = projected

    async def trades(self, listings: Sequence[Listing], window: Window) -> Json:
        """The public tape of some contracts."""
        fills, has_more = await self._fills(None, None, listings, window)
        shapes: list[Json] = []
        for listing in listings:
            views = [_fill(row) for row in fills if row.contract_id == listing.id]
            shapes += [
                wire.public_trade(listing, fill, tick)
                for fill, tick in wire.with_tick_directions(views)
            ]
        return {"trades": _sorted(shapes, window), "has_more": has_more}

    async def user_trades(
        self,
        account: int,
        sequence: int,
        listings: Sequence[Listing],
        window: Window,
        order_id: int | None = None,
    ) -> Json:
        """One's own trades in some contracts."""
        await self.reach(sequence)
        fills, has_more = await self._fills(account, order_id, listings, window)
        by_order = await in_database(_labels_of, {row.order for row in fills})
        await self._labels.load(by_order.values())
        shapes = [
            wire.user_trade(
                self._listings.by_id[row.contract_id],
                _fill(row),
                self._labels.text(by_order.get(row.order, 0)),
            )
            for row in fills
        ]
        return {"trades": _sorted(shapes, window), "has_more": has_more}

    async def orders(
        self,
        account: int,
        sequence: int,
        listings: Sequence[Listing],
        *,
        count: int,
        offset: int,
        include_unfilled: bool,
    ) -> list[Json]:
        """Orders that are no longer open, newest first."""
        await self.reach(sequence)
        contract = listings[0].id if len(listings) == 1 else None
        page = await in_database(
            selectors.order_history, account, contract=contract, limit=COUNT_MAX
        )
        wanted = {listing.id for listing in listings}
        rows = [
            row
            for row in page.rows
            if row.contract_id in wanted and (include_unfilled or row.filled_lots)
        ]
        return await self._order_shapes(rows[offset : offset + max(1, count)])

    async def trigger_orders(
        self,
        account: int,
        sequence: int,
        listings: Sequence[Listing],
        *,
        count: int,
        before: int | None,
    ) -> Json:
        """Orders that wait, or waited, for a price, newest first, open or not."""
        await self.reach(sequence)
        contract = listings[0].id if len(listings) == 1 else None
        limit = max(1, min(count, COUNT_MAX))
        page = await in_database(
            selectors.trigger_orders, account, contract=contract, before=before, limit=limit
        )
        wanted = {listing.id for listing in listings}
        rows = [row for row in page.rows if row.contract_id in wanted]
        shapes = await self._order_shapes(rows)
        continuation = None if page.before is None else str(page.before)
        return {
            "entries": [wire.trigger_entry(shape) for shape in shapes],
            "continuation": continuation,
        }

    async def order(self, account: int, sequence: int, order_id: int) -> Json | None:
        """One order of the account, open or not."""
        await self.reach(sequence)
        row = await in_database(selectors.order, account, order_id)
        return None if row is None else (await self._order_shapes([row]))[0]

    async def order_view(self, account: int, sequence: int, order_id: int) -> OrderView | None:
        """The same, as integers."""
        await self.reach(sequence)
        row = await in_database(selectors.order, account, order_id)
        return None if row is None else _order(row)

    async def transfers(
        self, account: int, sequence: int, *, is_deposit: bool, count: int, offset: int
    ) -> Json:
        """Deposits or withdrawals, newest first."""
        await self.reach(sequence)
        select = selectors.deposits if is_deposit else selectors.withdrawals
        page = await in_database(select, account, limit=COUNT_MAX)
        rows = page.rows[offset : offset + max(1, count)]
        return {"count": len(page.rows), "data": [transfer(row) for row in rows]}

    async def ledger(
        self,
        account: int,
        sequence: int,
        since_ms: int,
        until_ms: int,
        count: int,
        before: int | None,
    ) -> Json:
        """Postings of the account, newest first."""
        await self.reach(sequence)
        page = await in_database(
            selectors.ledger, account, before=before, limit=max(1, min(count, COUNT_MAX))
        )
        rows = [row for row in page.rows if since_ms <= millis(row.time_ns) <= until_ms]
        logs = [self._posting(row) for row in rows]
        return {"logs": logs, "continuation": page.before}

    async def candles(
        self, listing: Listing, minutes: int, since_ms: int, until_ms: int
    ) -> list[Candle]:
        """The newest CANDLES_MAX intervals of the range, each with a candle, oldest first.

        An interval without a trade repeats the close before it. What a demonstration's charts
        show of the time before the first trade comes first, and says so; the interval in which
        trading began holds both.
        """
        width = minutes * MINUTE_NS
        until_ns = min(until_ms * NS, time.time_ns())
        since_ns = max(since_ms * NS, until_ns - CANDLES_MAX * width)
        asked = (listing.id, minutes, since_ns, until_ns + 1)
        rows = await in_database(selectors.candles, *asked)
        recorded = await in_database(selectors.recorded_candles, *asked)
        candles: list[Candle] = []
        for row in with_recorded_past(recorded, rows):
            while candles and candles[-1].start_ns + width < row.start_ns:
                close = candles[-1].close_ticks
                start = candles[-1].start_ns + width
                candles.append(Candle(start, close, close, close, close))
            candles.append(
                Candle(
                    row.start_ns,
                    row.open_ticks,
                    row.high_ticks,
                    row.low_ticks,
                    row.close_ticks,
                    row.volume_lots,
                    row.volume_price_lots,
                    is_recorded=row.trades == 0,
                )
            )
        return candles

    async def candle_now(self, channel: Channel, now_ns: int) -> Candle | None:
        """What has traded so far in the chart's present interval."""
        listing = self._listings.by_id[channel.contract]
        start_ns = now_ns - now_ns % (channel.minutes * MINUTE_NS)
        candles = await self.candles(listing, channel.minutes, millis(start_ns), millis(now_ns))
        return candles[-1] if candles else None

    async def reach(self, sequence: int) -> None:
        """Wait for the projections to hold a command (HISTORY-001).

        Raises the error that says how far they are behind it.
        """
        if not sequence or await self._projected.reach(sequence, PROJECTION_SECONDS):
            return
        # A word of the projector's may be lost, and to a new process it has not spoken yet.
        stand = (await in_database(selectors.projected_head)).sequence
        self._projected.stand(stand)
        if stand < sequence:
            raise behind(sequence - stand)

    async def _fills(
        self,
        account: int | None,
        order_id: int | None,
        listings: Sequence[Listing],
        window: Window,
    ) -> tuple[list[Fill], bool]:
        if not listings:
            return [], False
        bounds = {
            "since_ns": None if window.since_ms is None else window.since_ms * NS,
            "until_ns": None if window.until_ms is None else (window.until_ms + 1) * NS - 1,
            "before": None if window.end_seq is None else 2 * (window.end_seq + 1),
        }
        contract = listings[0].id if len(listings) == 1 else None
        # The oldest of a range are wanted: the page has to reach back to its beginning.
        limit = COUNT_MAX if _is_ascending(window) else window.limit()
        if account is None:
            page = await in_database(selectors.trades, contract, limit=limit, **bounds)
        else:
            page = await in_database(
                selectors.account_fills,
                account,
                contract=contract,
                order_id=order_id,
                limit=limit,
                **bounds,
            )
        wanted = {listing.id for listing in listings}
        rows = [
            row
            for row in reversed(page.rows)
            if row.contract_id in wanted and row.trade >= (window.start_seq or 0)
        ]
        count = window.limit()
        has_more = page.before is not None or len(rows) > count
        return rows[:count] if _is_ascending(window) else rows[-count:], has_more

    async def _order_shapes(self, rows: Iterable[Order]) -> list[Json]:
        rows = list(rows)
        await self._labels.load(row.label for row in rows)
        return [
            wire.order(
                self._listings.by_id[row.contract_id], _order(row), self._labels.text(row.label)
            )
            for row in rows
        ]

    def _posting(self, row: LedgerEntry) -> Json:
        listing = self._listings.by_id.get(row.contract)
        return {
            "id": row.id,
            "timestamp": millis(row.time_ns),
            "type": _LEDGER_TYPES[LedgerKind(row.kind)],
            "currency": units.ASSET_NAMES[row.asset],
            "change": wire.money(row.amount_units),
            "cashflow": wire.money(row.amount_units),
            "balance": wire.money(row.balance_units),
            "instrument_name": listing.name if listing else None,
            "user_seq": row.sequence,
            "info": {"reference": row.reference, "counter_account": row.counter_account},
        }


def transfer(row: Transfer) -> Json:
    """A deposit or withdrawal."""
    shape: Json = {
        "id": row.id,
        "address": "",
        "amount": wire.money(abs(row.amount_units)),
        "currency": units.ASSET_NAMES[row.asset],
        "state": _TRANSFER_STATES[TransferState(row.state)],
        "transaction_id": str(row.reference),
        "received_timestamp": millis(row.requested_ns),
        "created_timestamp": millis(row.requested_ns),
        "updated_timestamp": millis(row.updated_ns),
    }
    if row.withdrawal:
        shape |= {"fee": number(0, 0), "priority": None, "id": str(row.withdrawal)}
    return shape


def _labels_of(order_ids: set[int]) -> dict[int, int]:
    rows = Order.objects.filter(pk__in=order_ids).exclude(label=0)
    return dict(rows.values_list("id", "label"))


def _is_ascending(window: Window) -> bool:
    if window.sorting != "default":
        return window.sorting == "asc"
    return window.since_ms is not None or window.start_seq is not None


def _sorted(shapes: list[Json], window: Window) -> list[Json]:
    def trade(shape: Json) -> int:
        return int(str(shape["trade_seq"]))

    return sorted(shapes, key=trade, reverse=not _is_ascending(window))


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
