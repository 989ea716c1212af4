"""An account as it stands: the engine's raw view of it, valued at the marks of this moment.

ACC-001  the view is written before the answer that changed it goes out, so a read after an
         answer sees the write.
ACC-002  margins, equity and liquidation prices come from the engine's own functions (what_if),
         never from formulas of ours.
"""

import asyncio
from functools import cached_property

import redis.asyncio

from exchange.engine import units
from exchange.gateway.database import as_bytes
from exchange.gateway.facts import order_of_row
from exchange.gateway.listings import Listing, Listings, row_of
from exchange.gateway.order_words import has_trigger, is_linked
from exchange.gateway.valuation import Valuation, empty_summary, flat_position
from exchange.gateway.wire import Json, OrderView
from exchange.pipeline import supposed, what_if
from exchange.pipeline.views import ACCOUNT_KEY, AccountView, decode_view


class View:
    """One account's raw state."""

    def __init__(self, raw: AccountView) -> None:
        self.raw = raw

    @property
    def sequence(self) -> int:
        """The last command applied before the view was made."""
        return int(self.raw.header["sequence"])

    @property
    def cash_units(self) -> int:
        """Cash in USDC."""
        return int(self.raw.header["balances"][units.USDC])

    @cached_property
    def lots_by_contract(self) -> dict[int, int]:
        """Position by contract, open orders without a position included as 0."""
        rows = self.raw.positions
        contracts, lots = rows["contract"].tolist(), rows["lots"].tolist()
        return {number - 1: held for number, held in zip(contracts, lots, strict=True)}

    def holds(self, contract: int) -> bool:
        """Whether the account has a position or orders in the contract."""
        return contract in self.lots_by_contract

    def position_lots(self, contract: int) -> int:
        """The position in the contract, long positive."""
        return self.lots_by_contract.get(contract, 0)

    def order_views(self) -> list[OrderView]:
        """The open orders, newest first."""
        conditions, ties = map(row_of, self.raw.conditions), map(row_of, self.raw.ties)
        return [
            order_of_row(
                row,
                next(conditions) if has_trigger(row["flags"]) else None,
                next(ties) if is_linked(row["flags"]) else None,
            )
            for row in map(row_of, self.raw.orders)
        ]

    @property
    def owner(self) -> int:
        """The account whose settings hold for all accounts of the owner."""
        return int(self.raw.header["row"]["owner"])

    @property
    def liquidation_stage(self) -> int:
        """events.LiquidationStage: how far down the waterfall the account is."""
        return int(self.raw.header["row"]["liquidation_stage"])

    @property
    def self_trade_mode(self) -> int:
        """Read of the owner's own account only."""
        return int(self.raw.header["row"]["self_trade_mode"])


class Accounts:
    """Reads of account views."""

    def __init__(self, client: "redis.asyncio.Redis", listings: Listings) -> None:
        self._redis = client
        self._listings = listings
        self._is_warm = asyncio.Event()

    async def view(self, account: int) -> View | None:
        """The account's view; None when the engine has not shown it yet."""
        raw = as_bytes(await self._redis.get(ACCOUNT_KEY % account))
        return None if raw is None else View(decode_view(raw))

    async def sequence(self, account: int) -> int:
        """The last command that touched the account; 0 when there is none."""
        view = await self.view(account)
        return 0 if view is None else view.sequence

    async def warm_up(self) -> None:
        """Load the engine's functions, which takes seconds, before anybody waits for them."""
        try:
            await asyncio.to_thread(what_if.warm_up)
            await asyncio.to_thread(supposed.warm_up)
        finally:
            self._is_warm.set()

    async def until_warm(self) -> None:
        """Wait for the engine's functions."""
        await self._is_warm.wait()

    async def health(self, view: View) -> Valuation:
        """The account at the marks of this moment."""
        await self.until_warm()
        rows = self._listings
        health = what_if.revalue(view.raw, rows.contract_rows, rows.underlying_rows)
        return Valuation(health, rows, view.liquidation_stage)

    def flat_position(self, listing: Listing) -> Json:
        """No position."""
        return flat_position(listing)

    def empty_summary(self) -> Json:
        """The summary of an account that has nothing."""
        return empty_summary()
