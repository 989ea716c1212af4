"""A market maker: a ladder of post-only orders on every contract, kept around the index.

It does one thing at a time, the most urgent of all contracts, at its own pace: so its message
rate is bounded whatever the market does.
"""

import asyncio
import random
import time

from exchange.management.bots.client import Client, Json, Refused
from exchange.management.bots.ladder import (
    BASIS_POINT,
    Place,
    Resting,
    Rung,
    Step,
    Style,
    beyond,
    fair_ticks,
    next_step,
    rungs,
)
from exchange.management.bots.market import Contract, Market
from exchange.management.bots.purse import Purse
from oracle.replay import smooth_noise

RECONCILE_SECONDS = 20.0
IDLE_SECONDS = 0.05
FILLING_SECONDS = 0.04  # between orders while the ladder is still empty
PULL_BP = 12.0  # an order this far beyond the fair price: take everything away first
SLID_SECONDS = 2.0  # a post-only order slid back from another's: let that one move first
PREMIUM_BP = 1.2
PREMIUM_SECONDS = 90.0

# Quick and thin to slow and thick; together they make the book.
STYLES = (
    Style(half_spread_bp=0.4, base_notional=4_000, inventory_limit=400_000, skew_bp=4.0),
    Style(half_spread_bp=0.8, base_notional=8_000, inventory_limit=700_000, skew_bp=5.0),
    Style(half_spread_bp=1.5, base_notional=15_000, inventory_limit=1_000_000, skew_bp=6.0),
    Style(half_spread_bp=2.6, base_notional=30_000, inventory_limit=1_500_000, skew_bp=8.0),
)
# Lighter underlyings have thinner and wider books.
SPREAD_OF = {"BTC": 1.0, "ETH": 1.3, "SOL": 2.0}
SIZE_OF = {"BTC": 1.0, "ETH": 0.7, "SOL": 0.35}


class Maker:
    """One maker on one connection."""

    def __init__(self, client: Client, number: int, rate: float) -> None:
        self._client = client
        self._market = Market(client)
        self._purse = Purse(client)
        self._number = number
        self._pause_seconds = 1.0 / rate
        self._style = STYLES[number % len(STYLES)]
        self._random = random.Random(1_000 + number)  # noqa: S311 - a market, not a secret.
        self._places: dict[str, dict[Place, str]] = {}
        self._slid_until: dict[str, float] = {}  # by order

    async def run(self) -> None:
        """Quote until cancelled. Raises Disconnected when the connection is lost."""
        await self._market.load()
        reconciled = time.monotonic()
        while True:
            if time.monotonic() - reconciled > RECONCILE_SECONDS:
                await self._market.reconcile()
                reconciled = time.monotonic()
                self._slid_until.clear()
            pause = await self._act()
            await asyncio.sleep(pause)

    async def _act(self) -> float:
        """Take the most urgent step; the pause that follows it, in seconds."""
        best: tuple[Contract, Step] | None = None
        for contract in self._market.contracts.values():
            if not contract.is_fresh:
                continue
            if self._is_far_behind(contract):
                await self._pull(contract)
                return self._pause_seconds
            step = self._next_step(contract)
            if step is not None and (best is None or step.urgency > best[1].urgency):
                best = contract, step
        if best is None:
            return IDLE_SECONDS
        contract, step = best
        await self._take(contract, step)
        if not step.order_id:
            return FILLING_SECONDS
        return self._pause_seconds * self._random.uniform(0.6, 1.4)

    def _next_step(self, contract: Contract) -> Step | None:
        places = self._places.setdefault(contract.name, {})
        resting = {
            place: Resting(order.id, order.price_ticks, order.left_lots)
            for place, order_id in places.items()
            if (order := contract.orders.get(order_id)) is not None
        }
        placed = {held.order_id for held in resting.values()}
        orphans = [order_id for order_id in contract.orders if order_id not in placed]
        if orphans:
            return Step(100.0, orphans[0], None)
        style = self._style_for(contract)
        wanted = rungs(
            self._fair(contract), self._inventory(contract), style, contract.lots_for
        )
        now = time.monotonic()
        slid = {
            place
            for place, held in resting.items()
            if self._slid_until.get(held.order_id, 0.0) > now
        }
        return next_step(
            [rung for rung in wanted if (rung.side, rung.level) not in slid],
            {place: held for place, held in resting.items() if place not in slid},
            style,
        )

    async def _take(self, contract: Contract, step: Step) -> None:
        try:
            if step.rung is None:
                await self._client.call("private/cancel", order_id=step.order_id)
                self._market.forget(contract, step.order_id)
            elif step.order_id:
                await self._move(contract, step.order_id, step.rung)
            else:
                await self._place(contract, step.rung)
        except Refused as refusal:
            if step.order_id:
                # Filled meanwhile, or it would have crossed: what stands is asked for again.
                self._market.forget(contract, step.order_id)
                await self._market.reconcile()
            await self._purse.mind(refusal)

    async def _place(self, contract: Contract, rung: Rung) -> None:
        lots = max(1, round(rung.lots * self._random.uniform(0.7, 1.3)))
        answer = await self._client.call(
            f"private/{rung.side}",
            instrument_name=contract.name,
            amount=lots * contract.lot,
            type="limit",
            price=contract.price(rung.price_ticks),
            post_only=True,
            label=f"maker-{self._number}",
        )
        self._note(contract, rung, answer["order"])

    async def _move(self, contract: Contract, order_id: str, rung: Rung) -> None:
        answer = await self._client.call(
            "private/edit",
            order_id=order_id,
            amount=contract.orders[order_id].amount_lots * contract.lot,
            price=contract.price(rung.price_ticks),
            post_only=True,
        )
        self._note(contract, rung, answer["order"])

    async def _pull(self, contract: Contract) -> None:
        await self._client.call(
            "private/cancel_all_by_instrument", instrument_name=contract.name
        )
        for order_id in list(contract.orders):
            self._market.forget(contract, order_id)
        self._slid_until.clear()

    def _note(self, contract: Contract, rung: Rung, order: Json) -> None:
        self._market.note_orders([order])
        number = order["order_id"]
        self._places[contract.name][(rung.side, rung.level)] = number
        held = contract.orders.get(number)
        if held is not None and held.price_ticks != rung.price_ticks:
            self._slid_until[number] = time.monotonic() + SLID_SECONDS
        else:
            self._slid_until.pop(number, None)

    def _is_far_behind(self, contract: Contract) -> bool:
        fair = self._fair(contract)
        return any(
            beyond(order.side, order.price_ticks, fair) > fair * PULL_BP * BASIS_POINT
            for order in contract.orders.values()
        )

    def _inventory(self, contract: Contract) -> float:
        limit = self._style_for(contract).inventory_limit
        return contract.position_lots * contract.lot_value / limit

    def _fair(self, contract: Contract) -> float:
        premium = self._premium_bp(contract)
        style = self._style_for(contract)
        return fair_ticks(contract.index_ticks, premium, self._inventory(contract), style)

    def _style_for(self, contract: Contract) -> Style:
        size = SIZE_OF.get(contract.base, 0.3)
        return Style(
            half_spread_bp=self._style.half_spread_bp * SPREAD_OF.get(contract.base, 2.0),
            base_notional=self._style.base_notional * size,
            inventory_limit=self._style.inventory_limit * size,
            skew_bp=self._style.skew_bp * SPREAD_OF.get(contract.base, 2.0),
        )

    def _premium_bp(self, contract: Contract) -> float:
        # What the makers agree on (a perpetual rarely trades at its index) and one's own mind.
        now = time.time()
        shared = smooth_noise(sum(contract.name.encode()), now / PREMIUM_SECONDS)
        own = smooth_noise(self._number + 50, now / 20.0)
        return PREMIUM_BP * shared + 0.3 * own
