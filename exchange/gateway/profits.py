"""Where an account's equity came from: by contract, split into price, funding and fees; and how
it stood at moments before.

PROFIT-002  the parts add up to the equity that the engine holds, to the unit: what they are
            taken from and the account's view must be of one moment, or it is tried again.
PROFIT-003  funding counts when an hour converts it; what has accrued since counts at the end.
            A contract's price part is what it sold for, or is worth at the mark, less what was
            paid for it.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from exchange import profit_reads as reads
from exchange.gateway.accounts import Accounts, View
from exchange.gateway.database import in_database
from exchange.gateway.errors import behind
from exchange.gateway.listings import Listings
from exchange.gateway.own_writes import OwnWrites
from exchange.gateway.valuation import Valuation
from exchange.gateway.wire import Json, millis, money
from exchange.profit_reads import BEFORE, QUARTER_NS, Flow, Flows

TRIES_MAX = 5
PAUSE_SECONDS = 0.05
HOUR_NS = 4 * QUARTER_NS
DAY_NS = 24 * HOUR_NS
POINTS_MAX = 366
# How far back each span goes and how far its points lie apart; None: since the beginning.
SPANS: dict[str, tuple[int | None, int]] = {
    "1d": (DAY_NS, QUARTER_NS),
    "7d": (7 * DAY_NS, HOUR_NS),
    "30d": (30 * DAY_NS, 4 * HOUR_NS),
    "all": (None, HOUR_NS),
}

Marks = Mapping[int, int]


class Standing(NamedTuple):
    """An account now, with what moved it: both of one moment."""

    flows: Flows
    valuation: Valuation
    since_ns: int
    width_ns: int


class Profits:
    """Reads of quarters of an hour, valued at marks."""

    def __init__(self, listings: Listings, accounts: Accounts, own_writes: OwnWrites) -> None:
        self._listings = listings
        self._accounts = accounts
        self._own_writes = own_writes

    async def split(self, account: int, span: str, now_ns: int) -> Json:
        """Profit of a span by contract, and what came from outside meanwhile."""
        standing = await self._standing(account, span, now_ns)
        before = standing.flows.get(BEFORE, {})
        after = _total(standing.flows)
        then = await self._marks([*before], standing.since_ns)
        now, accrued = _live(standing.valuation)
        rows: list[Json] = []
        parts = 0
        for contract in sorted(set(after) - {-1}):
            listing = self._listings.by_id.get(contract)
            if listing is None:
                continue
            unit, old = listing.tick_value_units, before.get(contract, Flow())
            new = after[contract]
            price = _worth(new, now, contract, unit) - _worth(old, then, contract, unit)
            funding = new.funding_units - old.funding_units + accrued.get(contract, 0)
            fees = new.fee_units - old.fee_units
            forced = new.forced_units - old.forced_units
            total = price + funding - fees + forced
            parts += total
            volume = new.volume_price_lots - old.volume_price_lots
            trades = new.trades - old.trades
            if not (total or volume or price or funding):
                continue
            rows.append(
                {
                    "instrument_name": listing.name,
                    "price": money(price),
                    "funding": money(funding),
                    "fees": money(-fees),
                    "liquidation": money(forced),
                    "total": money(total),
                    "volume": money(volume * unit),
                    "trades": trades,
                }
            )
        nowhere, was_nowhere = after.get(-1, Flow()), before.get(-1, Flow())
        forgiven = nowhere.forced_units - was_nowhere.forced_units
        outside = nowhere.outside_units - was_nowhere.outside_units
        equity = standing.valuation.health.equity_units
        return {
            "start_timestamp": millis(standing.since_ns),
            "end_timestamp": millis(now_ns),
            "equity_before": money(equity - parts - forgiven - outside),
            "deposits": money(outside),
            "bad_debt": money(forgiven),
            "contracts": rows,
            "total": money(parts + forgiven),
            "equity": money(equity),
        }

    async def history(self, account: int, span: str, now_ns: int) -> Json:
        """Equity and the money from outside in it, oldest first; the last point is now."""
        standing = await self._standing(account, span, now_ns)
        first = standing.since_ns
        moments = list(range(first, now_ns, standing.width_ns))
        totals = _running(standing.flows, moments)
        contracts = sorted({contract for total in totals for contract in total} - {-1})
        marks = {one: await in_database(reads.marks_at, one, moments) for one in contracts}
        equities, outsides = [], []
        for place, total in enumerate(totals):
            now = {one: mark for one in contracts if (mark := marks[one][place])}
            equities.append(self._equity(total, now))
            outsides.append(total.get(-1, Flow()).outside_units)
        end = _total(standing.flows).get(-1, Flow()).outside_units
        return {
            "timestamps": [millis(moment) for moment in (*moments, now_ns)],
            "equity": [
                money(one) for one in (*equities, standing.valuation.health.equity_units)
            ],
            "deposits": [money(one) for one in (*outsides, end)],
        }

    async def _standing(self, account: int, span: str, now_ns: int) -> Standing:
        since_ns, width_ns = await self._range(account, span, now_ns)
        for _ in range(TRIES_MAX):
            await self._own_writes.reach(account)
            view = await self._accounts.view(account)
            flows = await in_database(reads.flows, account, since_ns, width_ns)
            again = await self._accounts.view(account)
            if view is None or again is None or view.sequence == again.sequence:
                valuation = await self._value(again)
                if self._equity_now(flows, valuation) == valuation.health.equity_units:
                    return Standing(flows, valuation, since_ns, width_ns)
            await asyncio.sleep(PAUSE_SECONDS)
        raise behind(1)

    async def _value(self, view: View | None) -> Valuation:
        if view is None:
            return Valuation.nothing(self._listings)
        return await self._accounts.health(view)

    async def _range(self, account: int, span: str, now_ns: int) -> tuple[int, int]:
        back_ns, width_ns = SPANS[span]
        began_ns = await in_database(reads.began_ns, account)
        if back_ns is None:
            since_ns = began_ns or now_ns
            steps = -(-(now_ns - since_ns) // POINTS_MAX)
            width_ns = QUARTER_NS * max(1, -(-steps // QUARTER_NS))
        else:
            since_ns = now_ns - back_ns
        return since_ns // QUARTER_NS * QUARTER_NS, width_ns

    async def _marks(self, contracts: list[int], moment_ns: int) -> Marks:
        marks: dict[int, int] = {}
        for contract in contracts:
            if contract < 0:
                continue
            (mark,) = await in_database(reads.marks_at, contract, [moment_ns])
            if mark is not None:
                marks[contract] = mark
        return marks

    def _equity_now(self, flows: Flows, valuation: Valuation) -> int:
        now, accrued = _live(valuation)
        return self._equity(_total(flows), now) + sum(accrued.values())

    def _equity(self, total: Mapping[int, Flow], marks: Marks) -> int:
        equity = 0
        for contract, flow in total.items():
            listing = self._listings.by_id.get(contract)
            unit = listing.tick_value_units if listing else 0
            equity += _worth(flow, marks, contract, unit) + flow.funding_units
            equity += flow.forced_units + flow.outside_units - flow.fee_units
        return equity


def _worth(flow: Flow, marks: Marks, contract: int, unit: int) -> int:
    """The position at the mark less what was paid for it; without a mark, as if at cost."""
    if contract not in marks and flow.lots:
        return 0
    return (flow.lots * marks.get(contract, 0) - flow.price_lots) * unit


def _live(valuation: Valuation) -> tuple[Marks, Mapping[int, int]]:
    """The marks of the account's positions, and the funding that waits for its hour."""
    positions = valuation.health.positions
    return (
        {position.contract: position.mark_ticks for position in positions},
        {position.contract: position.funding_units for position in positions},
    )


def _total(flows: Flows) -> dict[int, Flow]:
    total: dict[int, Flow] = {}
    for bucket in flows.values():
        _add(total, bucket)
    return total


def _running(flows: Flows, moments: list[int]) -> list[dict[int, Flow]]:
    """What had come to pass before each moment; buckets begin at moments."""
    running: dict[int, Flow] = {}
    _add(running, flows.get(BEFORE, {}))
    totals = []
    for moment in moments:
        totals.append(dict(running))
        _add(running, flows.get(moment, {}))
    return totals


def _add(total: dict[int, Flow], bucket: Mapping[int, Flow]) -> None:
    for contract, flow in bucket.items():
        total[contract] = total.get(contract, Flow()).plus(flow)
