"""The tables after a random market, projected, equal the state of the engine that made it."""

import random
from typing import Any

import numpy as np
import pytest
from django.db.models import Sum

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EVENT
from exchange.engine.state import Counter, State
from exchange.engine.state_machine import StateMachine
from exchange.models import (
    Account,
    BadDebt,
    Balance,
    Contract,
    Fill,
    Liquidation,
    Order,
    Transfer,
    Vault,
)
from exchange.models.trading import OrderState
from exchange.pipeline.projections import Projector
from tests.engine.linked_orders import OTOCO, REDUCE, STOP, group, member
from tests.engine.venue import BTC, UNITS, Venue, make_venue

pytestmark = pytest.mark.django_db
TRADERS = 8
STEPS = 300


def random_market(seed: int) -> Venue:
    """Rich and poor traders, orders of every kind, prices that drift and then crash."""
    chance = random.Random(seed)
    venue = make_venue(with_funding=True)
    venue.deposit(units.INSURANCE, 50 * UNITS)
    cash = (1, 20, 700, 900, 5_000, 50_000, 200_000, 500_000)
    traders = [venue.open_funded(amount * UNITS) for amount in cash]
    for step in range(STEPS):
        random_step(venue, traders, chance)
        if step % 25 == 24:
            venue.pass_time(60)
            venue.do(CommandKind.SETTLE_FUNDING, units.OPERATOR, contract=BTC)
            venue.must(CommandKind.SETTLE_VARIATION, units.OPERATOR, contract=BTC)
        if step % 10 == 9:
            # The mark follows by at most half a percent a second.
            fall = 0 if step < STEPS * 2 // 3 else 25_000
            target = venue.mark(BTC) + chance.randint(-1_000, 1_000) - fall
            for _ in range(9):
                venue.set_price(BTC, max(400_000, target))
    venue.must(CommandKind.TICK, units.OPERATOR)  # Trailing stops are told of once a tick.
    return venue


def random_step(venue: Venue, traders: list[int], chance: random.Random) -> None:
    account = chance.choice(traders)
    mark = venue.mark(BTC)
    what = chance.random()
    if what < 0.1:
        wait_for_price(venue, account, chance)
    elif what < 0.14:
        enter_with_exits(venue, account, chance)
    elif what < 0.75:
        side = chance.choice((units.BUY, units.SELL))
        flags = chance.choice(
            (
                0,
                0,
                0,
                units.TIF_IMMEDIATE_OR_CANCEL,
                units.FLAG_POST_ONLY,
                units.FLAG_REDUCE_ONLY,
            )
        )
        ticks = mark + chance.randint(-300, 300)
        lots = min(chance.randint(1, 20) ** 2, 200)
        venue.place(account, BTC, side, ticks, lots, flags)
    elif what < 0.9:
        live = open_orders(venue.state)
        if live:
            order, owner, lots = chance.choice(live)
            if chance.random() < 0.5:
                venue.cancel(owner, order)
            else:
                venue.do(CommandKind.AMEND_ORDER, owner, account=owner, order=order,
                         price_ticks=mark + chance.randint(-300, 300),
                         quantity_lots=chance.randint(1, 2 * lots))  # fmt: skip
    else:
        venue.do(CommandKind.REQUEST_WITHDRAWAL, account, account=account, asset=units.USDC,
                 amount_units=chance.randint(1, 10 * UNITS), reference=4)  # fmt: skip


def wait_for_price(venue: Venue, account: int, chance: random.Random) -> None:
    side, reach = chance.choice((units.BUY, units.SELL)), chance.randint(1, 600)
    kind = chance.choice(
        (units.TYPE_STOP_LIMIT, units.TYPE_STOP_MARKET, units.TYPE_TRAILING_STOP)
    )
    flags = kind | chance.choice((units.TRIGGER_MARK, units.TRIGGER_LAST))
    flags |= chance.choice((0, 0, units.FLAG_REDUCE_ONLY))
    trigger = venue.mark(BTC) + side * reach
    price = 0 if kind & units.TYPE_MARKET else trigger + side * 50
    trigger = reach if kind == units.TYPE_TRAILING_STOP else trigger
    lots = chance.randint(1, 50)
    venue.place(account, BTC, side, price, lots, flags, trigger_ticks=trigger)


def enter_with_exits(venue: Venue, account: int, chance: random.Random) -> None:
    lots, side = chance.randint(1, 30), chance.choice((units.BUY, units.SELL))
    price = venue.mark(BTC) + side * chance.randint(-200, 100)
    stop = member(account, -side, STOP | REDUCE, 0, lots, price - side * 400)
    take = member(account, -side, REDUCE, price + side * 300, lots)
    group(venue, OTOCO, stop, take, member(account, side, 0, price, lots))


def open_orders(state: State) -> list[tuple[int, int, int]]:
    rows = state.orders[: int(state.counters[Counter.ORDERS_HIGH])]
    live = rows[rows["id"] != 0]
    return [(int(r["id"]), int(r["account"]), int(r["quantity_lots"])) for r in live]


def project(venue: Venue, chance: random.Random) -> None:
    """Replays what the venue journaled, in batches of random size, into the tables."""
    machine, projector = StateMachine.create(), Projector()
    commands = np.concatenate(venue.journal)
    while len(commands):
        size = chance.choice((1, 3, 50, 400))
        batch, commands = commands[:size].copy(), commands[size:]
        events = machine.apply(batch)
        projector.write(
            events.copy() if len(events) else np.zeros(0, EVENT),
            first=int(batch["sequence"][0]),
            through=int(batch["sequence"][-1]),
            time_ns=int(batch["time_ns"][-1]),
        )


@pytest.fixture(params=[1, 2, 3])
def venue(request: Any) -> Venue:
    venue = random_market(request.param)
    project(venue, random.Random(request.param))
    return venue


def test_projected_tables_equal_the_engine_state(venue: Venue) -> None:
    assert_money_equals(venue.state)
    assert_orders_equal(venue.state)
    assert_positions_equal(venue.state)
    assert_contract_equals(venue.state)


def test_random_market_reaches_every_table() -> None:
    """The scenario is worth its name: it liquidates, indebts, holds and cancels."""
    venue = random_market(1)
    project(venue, random.Random(1))

    assert Account.objects.count() >= TRADERS
    assert Transfer.objects.filter(withdrawal__gt=0).exists()
    assert Liquidation.objects.exists()
    for state in OrderState:
        assert Order.objects.filter(state=state).exists()
    waited = Order.objects.filter(trigger_ticks__gt=0)
    assert waited.filter(state=OrderState.FILLED).exists()
    assert waited.exclude(reject_reason=0).exists()
    assert waited.filter(state=OrderState.OPEN, offset_ticks__gt=0).exists()


def assert_money_equals(state: State) -> None:
    for table in (Balance, Vault):
        for row in table.objects.order_by("id"):
            assert row.balance_units == state.balances[row.account, row.asset], row
    moved = {row.account for row in Balance.objects.all()} | {
        row.account for row in Vault.objects.all()
    }
    assert set(np.flatnonzero(state.balances[:, units.USDC]).tolist()) <= moved
    debts = BadDebt.objects.aggregate(total=Sum("amount_units"))["total"] or 0
    assert debts == -int(state.balances[units.BAD_DEBT, units.USDC])


def assert_orders_equal(state: State) -> None:
    rows = state.orders[: int(state.counters[Counter.ORDERS_HIGH])]
    conditions = state.conditions[: len(rows)]
    expected = {
        int(row["id"]): (
            int(row["account"]),
            int(row["flags"]),
            int(condition["trigger_ticks"]),
            int(condition["offset_ticks"]),
            int(row["price_ticks"]),
            int(row["quantity_lots"]),
            int(row["remaining_lots"]),
        )
        for row, condition in zip(rows, conditions, strict=True)
        if row["id"] != 0
    }
    found = Order.objects.filter(state=OrderState.OPEN)
    assert {
        row.id: (
            row.account,
            row.flags,
            row.trigger_ticks,
            row.offset_ticks,
            row.price_ticks,
            row.quantity_lots,
            row.remaining_lots,
        )
        for row in found
    } == expected
    for row in Order.objects.exclude(state=OrderState.OPEN):
        assert row.remaining_lots == 0
    filled = Fill.objects.values("order").annotate(lots=Sum("quantity_lots"))
    lots_of = {row["order"]: row["lots"] for row in filled}
    for row in Order.objects.all():
        assert row.filled_lots == lots_of.get(row.id, 0)


def assert_positions_equal(state: State) -> None:
    for account in Fill.objects.values_list("account", flat=True).distinct():
        last = Fill.objects.filter(account=account, contract_id=BTC).order_by("-id").first()
        assert last is not None
        slots = state.positions[account :: units.ACCOUNTS_MAX]
        held = slots[slots["contract"] == BTC + 1]
        assert last.position_lots == (int(held["lots"][0]) if len(held) else 0)


def assert_contract_equals(state: State) -> None:
    contract, row = Contract.objects.get(pk=BTC), state.contracts[BTC]
    for name in ("state", "mark_ticks", "initial_margin_ppm", "margin_floor_units",
                 "mark_band_ppm", "taker_fee_ppm", "insurance_cap_units"):  # fmt: skip
        assert getattr(contract, name) == row[name], name
    taken = Fill.objects.filter(is_taker=True).aggregate(lots=Sum("quantity_lots"))["lots"]
    assert taken == row["volume_lots"]
