"""Movements of money from the projections, in Deribit's shapes.

STATE-001  a log holds every posting of the account and nothing else: each entry's balance is
           the balance before it plus its change, to the unit.
"""

from collections.abc import Mapping

from exchange import history_reads as reads
from exchange.engine import units
from exchange.gateway import wire
from exchange.gateway.database import in_database
from exchange.gateway.decoder import number
from exchange.gateway.history import Paging
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.own_writes import OwnWrites
from exchange.gateway.wire import Json, millis
from exchange.models import Fill, LedgerEntry, Transfer
from exchange.models.accounts import LedgerKind, TransferState

TRANSFER_STATES = {
    TransferState.PENDING: "unconfirmed",
    TransferState.DONE: "completed",
    TransferState.FAILED: "cancelled",
}
LEDGER_TYPES = {
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
_TRADE = (LedgerKind.FEE,)
_NOTHING: tuple[LedgerKind, ...] = ()
# What a log may be narrowed to: kinds of postings and, of trades, which side of them.
LOG_QUERIES: dict[str, tuple[tuple[LedgerKind, ...], str | None]] = {
    "trade": (_TRADE, None),
    "maker": (_TRADE, "maker"),
    "taker": (_TRADE, "taker"),
    "buy": (_TRADE, "buy"),
    "sell": (_TRADE, "sell"),
    "open": (_TRADE, "open"),
    "close": (_TRADE, "close"),
    "future": ((LedgerKind.FEE, LedgerKind.VARIATION, LedgerKind.LIQUIDATION_FEE), None),
    "liquidation": ((LedgerKind.LIQUIDATION_FEE,), None),
    "settlement": ((LedgerKind.VARIATION,), None),
    "deposit": ((LedgerKind.DEPOSIT,), None),
    "withdrawal": ((LedgerKind.WITHDRAWAL_HOLD, LedgerKind.WITHDRAWAL_RETURNED), None),
    "transfer": ((LedgerKind.TRANSFER,), None),
    # Words of Deribit for what does not happen here.
    "delivery": (_NOTHING, None),
    "option": (_NOTHING, None),
    "correction": (_NOTHING, None),
    "block_trade": (_NOTHING, None),
    "swap": (_NOTHING, None),
}


class Statements:
    """Reads of postings, deposits, withdrawals and transfers."""

    def __init__(self, listings: Listings, own_writes: OwnWrites) -> None:
        self._listings = listings
        self._own_writes = own_writes

    async def deposits(self, account: int, paging: Paging) -> Json:
        """Deposits, newest first."""
        await self._own_writes.reach(account)
        page = await in_database(reads.deposits, account, paging.window())
        count = await in_database(reads.count_deposits, account)
        return {"count": count, "data": [_transfer(row) for row in page.rows]}

    async def withdrawals(self, account: int, paging: Paging) -> Json:
        """Withdrawals, newest first."""
        await self._own_writes.reach(account)
        page = await in_database(reads.withdrawals, account, paging.window())
        count = await in_database(reads.count_withdrawals, account)
        return {"count": count, "data": [_transfer(row) for row in page.rows]}

    async def moved(self, account: int, paging: Paging) -> Json:
        """Transfers between accounts of one owner, newest first."""
        await self._own_writes.reach(account)
        page = await in_database(reads.moved_between_accounts, account, paging.window())
        count = await in_database(reads.count_moved_between_accounts, account)
        return {"count": count, "data": [_moved(row) for row in page.rows]}

    async def log(self, account: int, window: reads.Window, query: str) -> Json:
        """Postings of the account, newest first, as far as the query's word goes."""
        await self._own_writes.reach(account)
        kinds, side = LOG_QUERIES[query] if query else (None, None)
        page = await in_database(reads.ledger, account, window, kinds=kinds, side=side)
        trades = {row.reference for row in page.rows if row.kind == LedgerKind.FEE}
        fills = await in_database(reads.fills_of_trades, account, trades)
        logs = [self._posting(row, fills) for row in page.rows]
        return {"logs": logs, "continuation": page.before}

    def _posting(self, row: LedgerEntry, fills: Mapping[int, Fill]) -> Json:
        listing = self._listings.by_id.get(row.contract)
        shape: Json = {
            "id": row.id,
            "user_seq": row.sequence,
            "user_id": row.account,
            "timestamp": millis(row.time_ns),
            "type": LEDGER_TYPES[LedgerKind(row.kind)],
            "currency": units.ASSET_NAMES[row.asset],
            "change": wire.money(row.amount_units),
            "cashflow": wire.money(row.amount_units),
            "commission": number(0, 0),
            "balance": wire.money(row.balance_units),
            "instrument_name": listing.name if listing else None,
            **dict.fromkeys(_OF_TRADES),
            "info": {"reference": row.reference, "counter_account": row.counter_account},
        }
        fill = fills.get(row.reference) if row.kind == LedgerKind.FEE else None
        if listing is not None and fill is not None:
            shape |= _trade(listing, row, fill)
        return shape


_OF_TRADES = (
    "side",
    "price",
    "price_currency",
    "amount",
    "contracts",
    "position",
    "mark_price",
    "index_price",
    "order_id",
    "trade_id",
    "user_role",
)


def _trade(listing: Listing, row: LedgerEntry, fill: Fill) -> Json:
    """What a trade's entry tells beside the money; its fee is the only money that moves."""
    is_maker = bool(fill.flags & units.FLAG_MAKER)
    before_lots = fill.position_lots - fill.side * fill.quantity_lots
    closes = fill.side * before_lots < 0
    return {
        "cashflow": number(0, 0),
        "commission": wire.money(-row.amount_units),
        "side": f"{'close' if closes else 'open'} {'buy' if fill.side > 0 else 'sell'}",
        "price": listing.price(fill.price_ticks),
        "price_currency": listing.quote,
        "amount": listing.amount(fill.quantity_lots),
        "contracts": fill.quantity_lots,
        "position": listing.amount(fill.position_lots),
        "mark_price": listing.price_or_null(fill.mark_ticks),
        "index_price": listing.price_or_null(fill.index_ticks),
        "order_id": str(fill.order),
        "trade_id": str(fill.trade),
        "user_role": "maker" if is_maker else "taker",
    }


def _transfer(row: Transfer) -> Json:
    """A deposit or withdrawal."""
    shape: Json = {
        "id": row.id,
        "address": "",
        "amount": wire.money(abs(row.amount_units)),
        "currency": units.ASSET_NAMES[row.asset],
        "state": TRANSFER_STATES[TransferState(row.state)],
        "transaction_id": str(row.reference),
        "received_timestamp": millis(row.requested_ns),
        "created_timestamp": millis(row.requested_ns),
        "updated_timestamp": millis(row.updated_ns),
    }
    if row.withdrawal:
        shape |= {"fee": number(0, 0), "priority": None, "id": str(row.withdrawal)}
    return shape


def _moved(row: LedgerEntry) -> Json:
    """One side of a transfer between accounts; it is done when it is seen."""
    return {
        "id": row.sequence,
        "type": "subaccount",
        "currency": units.ASSET_NAMES[row.asset],
        "amount": wire.money(abs(row.amount_units)),
        "direction": "payment" if row.amount_units < 0 else "income",
        "other_side": str(row.counter_account),
        "state": "confirmed",
        "created_timestamp": millis(row.time_ns),
        "updated_timestamp": millis(row.time_ns),
    }
