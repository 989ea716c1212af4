"""What trading cost an account since 00:00 UTC, exactly, from what the venue itself knows.

DAY-001  a day begins at 00:00 UTC of the engine's time. A position that was open then counts
         from the mark of that moment, whatever was traded since counts at its price, and all of
         it is valued at the mark of now: loss is realised and unrealised together.
DAY-002  fees and liquidation charges count when they are charged, funding when it is paid.
         Deposits, withdrawals and transfers are neither profit nor loss.
DAY-003  fills are read up to the very command that the account's view shows; while the
         projections are behind it, the loss is unknown, and that is said.
"""

from collections.abc import Callable
from typing import NamedTuple

from exchange.day_reads import Traded, marks_at, traded
from exchange.engine.units import NANOSECONDS
from exchange.gateway.accounts import Accounts, View
from exchange.gateway.database import in_database
from exchange.gateway.errors import RETRY, RpcError
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.projected import Projected

DAY_NS = 86_400 * NANOSECONDS
HELD_MAX = 10_000
PROJECTION_SECONDS = 1.0


class Day(NamedTuple):
    """One account's day as far as one command."""

    start_ns: int
    sequence: int
    traded: Traded
    marks: dict[int, int]  # at the day's start, of contracts with a position then


class DayLosses:
    """Losses of accounts, asked before each order of a key that has a limit."""

    def __init__(self, listings: Listings, accounts: Accounts, projected: Projected) -> None:
        self._listings = listings
        self._accounts = accounts
        self._projected = projected
        self._days: dict[int, Day] = {}

    async def loss_units(self, account: int, now_ns: int) -> int:
        """Positive: lost since 00:00 UTC. Raises retry while that is not known (DAY-003)."""
        view = await self._accounts.view(account)
        if view is None:
            return 0
        start_ns = day_start(now_ns)
        day = self._days.get(account)
        if day is None or (day.start_ns, day.sequence) != (start_ns, view.sequence):
            day = await self._read(account, view, start_ns)
        return loss(day, view.lots_by_contract, self._listings.by_id.__getitem__)

    async def _read(self, account: int, view: View, start_ns: int) -> Day:
        if not await self._projected.reach(view.sequence, PROJECTION_SECONDS):
            reason = "the loss of the day is not known at the moment: the histories are late"
            raise RpcError(RETRY, "retry", {"reason": reason})
        held = view.lots_by_contract
        day = await in_database(_read_day, account, start_ns, view.sequence, held)
        if len(self._days) >= HELD_MAX:
            self._days.clear()
        self._days[account] = day
        return day


def day_start(now_ns: int) -> int:
    """00:00 UTC of the day."""
    return now_ns - now_ns % DAY_NS


def loss(day: Day, held: dict[int, int], listing_of: Callable[[int], Listing]) -> int:
    """What the day cost at the marks of now, units.

    held : lots by contract after the day's last command, long positive
    """
    gain = day.traded.funding_units - day.traded.fees_units
    for contract in sorted(held.keys() | day.traded.lots.keys()):
        listing = listing_of(contract)
        lots = held.get(contract, 0)
        before = lots - day.traded.lots.get(contract, 0)
        price_lots = (
            lots * listing.row["mark_ticks"]
            - before * day.marks.get(contract, 0)
            - day.traded.price_lots.get(contract, 0)
        )
        gain += listing.notional_units(price_lots)
    return -gain


def _read_day(account: int, start_ns: int, sequence: int, held: dict[int, int]) -> Day:
    done = traded(account, start_ns, sequence)
    contracts = held.keys() | done.lots.keys()
    carried = [c for c in sorted(contracts) if held.get(c, 0) != done.lots.get(c, 0)]
    return Day(start_ns, sequence, done, marks_at(carried, start_ns))
