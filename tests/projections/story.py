"""Events written by hand: what an engine would say, one call a command."""

from typing import Any

import numpy as np

from exchange.engine.commands import pack_name
from exchange.engine.events import EVENT, LAYOUTS, EventKind
from exchange.engine.units import BUY, FLAG_MAKER, KIND_PERPETUAL, SELL
from exchange.pipeline.projections import Projector

ALICE, BOB, CAROL = 16, 17, 18
BTC_PERPETUAL = 0
START_NS = 1_790_000_000_000_000_000
SECOND = 1_000_000_000


class Story:
    """Collects events; each `then` is a command of its own, `also` belongs to the last one."""

    def __init__(self, sequence: int = 0, time_ns: int = START_NS) -> None:
        self.sequence = sequence
        self.first = sequence + 1
        self.time_ns = time_ns
        self._rows: list[Any] = []

    def then(self, kind: EventKind, **fields: int) -> "Story":
        self.sequence += 1
        return self.also(kind, **fields)

    def also(self, kind: EventKind, **fields: int) -> "Story":
        row = np.zeros(1, LAYOUTS[kind])
        row["sequence"], row["time_ns"], row["kind"] = self.sequence, self.time_ns, kind
        row["contract"] = -1
        for name, value in fields.items():
            row[name] = value
        self._rows.append(row.view(EVENT))
        return self

    def wait(self, seconds: int) -> "Story":
        self.time_ns += seconds * SECOND
        return self

    def silence(self, commands: int = 1) -> "Story":
        """Commands without events."""
        self.sequence += commands
        return self

    # --- the usual events ---------------------------------------------------------------------
    def open(self, account: int) -> "Story":
        return self.then(
            EventKind.ACCOUNT_OPENED,
            account=account,
            owner=account,
            role=1,
            external_id=900 + account,
        )

    def deposit(self, account: int, units: int, balance: int, reference: int = 0) -> "Story":
        return self.then(
            EventKind.DEPOSITED,
            account=account,
            amount_units=units,
            balance_units=balance,
            reference=reference,
        )

    def place(
        self, account: int, order: int, side: int, ticks: int, lots: int, **more: int
    ) -> "Story":
        return self.then(
            EventKind.ORDER_ACCEPTED,
            account=account,
            contract=BTC_PERPETUAL,
            order=order,
            side=side,
            price_ticks=ticks,
            quantity_lots=lots,
            **more,
        )

    def fill(
        self,
        maker: tuple[int, int, int],
        taker: tuple[int, int, int],
        *,
        trade: int,
        side: int,
        ticks: int,
        lots: int,
        fees: tuple[int, int] = (0, 0),
        realised: tuple[int, int] = (0, 0),
        position: tuple[int, int] = (0, 0),
    ) -> "Story":
        """Both sides of a trade; maker and taker are (account, order, what remains of it)."""
        sides = ((maker, -side, FLAG_MAKER), (taker, side, 0))
        for nth, ((account, order, remaining), own_side, flags) in enumerate(sides):
            self.also(
                EventKind.ORDER_FILLED,
                account=account,
                contract=BTC_PERPETUAL,
                order=order,
                side=own_side,
                flags=flags,
                price_ticks=ticks,
                quantity_lots=lots,
                remaining_lots=remaining,
                trade=trade,
                fee_units=fees[nth],
                realised_units=realised[nth],
                position_lots=position[nth],
            )
        return self

    def cancel(
        self, account: int, order: int, lots: int, *, filled: int = 0, reason: int = 1
    ) -> "Story":
        return self.then(
            EventKind.ORDER_CANCELLED,
            account=account,
            contract=BTC_PERPETUAL,
            order=order,
            quantity_lots=lots,
            filled_lots=filled,
            reason=reason,
            resting=1,
        )

    def mark(self, ticks: int, index: int) -> "Story":
        return self.then(
            EventKind.MARK_UPDATED,
            account=-1,
            contract=BTC_PERPETUAL,
            mark_ticks=ticks,
            index_ticks=index,
            last_ticks=ticks,
            open_interest_lots=5,
        )

    def list_btc(self) -> "Story":
        name = pack_name("BTC_USDC-PERPETUAL", 4)
        base = pack_name("BTC", 2)
        self.then(EventKind.UNDERLYING_LISTED, underlying=0, name_0=base[0], name_1=base[1])
        return self.then(
            EventKind.CONTRACT_LISTED,
            contract=BTC_PERPETUAL,
            underlying=0,
            contract_kind=KIND_PERPETUAL,
            tick_e8=10_000_000,
            lot_e8=100_000,
            tick_value_units=100,
            reference_ticks=600_000,
            **{f"name_{i}": word for i, word in enumerate(name)},
        )

    # --- what is done with them
    # -----------------------------------------------------------------
    def events(self) -> Any:
        return np.concatenate(self._rows) if self._rows else np.zeros(0, EVENT)

    def write(self, projector: Projector) -> int:
        return projector.write(
            self.events(), first=self.first, through=self.sequence, time_ns=self.time_ns
        )

    def next(self) -> "Story":
        """A later batch of the same venue."""
        return Story(self.sequence, self.time_ns)


def a_day_of_trading() -> list[Story]:
    """Three batches with every kind of event that tells of orders and money."""
    one = Story().list_btc().open(ALICE).open(BOB).deposit(ALICE, 5_000, 5_000, 7)
    one.deposit(BOB, 9_000, 9_000).mark(600_000, 600_010)
    one.place(ALICE, 101, BUY, 599_000, 10).place(ALICE, 102, BUY, 598_000, 4)
    two = one.next().wait(1).place(BOB, 103, SELL, 599_000, 6)
    two.fill((ALICE, 101, 4), (BOB, 103, 0), trade=1, side=SELL, ticks=599_000, lots=6,
             fees=(12, 30), position=(6, -6))  # fmt: skip
    two.cancel(ALICE, 102, 4).place(ALICE, 104, BUY, 597_000, 1).cancel(ALICE, 104, 1)
    three = two.next().wait(61).mark(599_500, 599_400)
    three.then(EventKind.ORDER_AMENDED, account=ALICE, contract=BTC_PERPETUAL,
               order=101, side=BUY,
               price_ticks=598_500, quantity_lots=9, remaining_lots=3)  # fmt: skip
    three.place(BOB, 105, SELL, 598_500, 3)
    three.fill((ALICE, 101, 0), (BOB, 105, 0), trade=2, side=SELL, ticks=598_500, lots=3,
               fees=(6, 15), position=(9, -9))  # fmt: skip
    three.then(EventKind.VARIATION_SETTLED, account=ALICE, contract=BTC_PERPETUAL,
               cash_units=-82, balance_units=4_900)  # fmt: skip
    three.also(EventKind.VARIATION_SETTLED, account=BOB, contract=BTC_PERPETUAL,
               cash_units=82, balance_units=9_037)  # fmt: skip
    return [one, two, three]
