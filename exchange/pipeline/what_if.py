"""What an account is worth now and what an order would do, answered by the engine's own code.

A view is loaded into a scratch state of its own, beside nobody and nothing else: the account
is TRADER there, and the public book stands there as orders of a MAKER who can carry
everything. Then the real StateMachine is asked. Nothing here can reach the venue's state.

WHATIF-001  numbers come from exchange.engine and risk alone: what the page shows before an
            order is what the engine would decide on the same view, marks and book.
WHATIF-002  the account's own orders are taken out of the public book before it is stood up, so
            that they meet the order as the engine would let them: by self-trade prevention.
WHATIF-003  makers that the engine would pass over (no margin, outside the band) are not known
            here: a preview may foresee fills that an execution then finds gone.
"""

import mmap
from typing import NamedTuple

import numpy as np

from exchange.engine.commands import HEADER, PLACE_ORDER
from exchange.engine.emit import USED, EventBuffer, new_buffer
from exchange.engine.events import (
    COMMAND_REJECTED,
    ORDER_ACCEPTED,
    ORDER_CANCELLED,
    ORDER_FILLED,
    EventKind,
)
from exchange.engine.health import (
    NO_CONTRACT,
    account_health,
    lots_initial,
    position_equity,
    position_initial,
    position_maintenance,
)
from exchange.engine.open_orders import book_order, new_order
from exchange.engine.positions import claim_position, position_slots
from exchange.engine.state import (
    STATE,
    Counter,
    Integers,
    State,
    empty_state,
    kernel,
)
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import (
    BUY,
    FIRST_USER_ACCOUNT,
    FLAG_DORMANT,
    FLAG_MAKER,
    FLAG_TRIGGERED,
    ORACLE_VALID,
    ROLE_TRADER,
    SLOTS_MAX,
    TYPES_WITH_TRIGGER,
    USDC,
)
from exchange.pipeline.codec import Records
from exchange.pipeline.views import AccountView
from risk.liquidation import liquidation_price_ticks

TRADER = FIRST_USER_ACCOUNT
MAKER = FIRST_USER_ACCOUNT + 1
MAKER_UNITS = 10**17
_PREVIEW_SEQUENCE = 1 << 40  # above the sequences of orders that were stood up before

_MEASURES = 5
# Of a contract row: what counts positions and orders that the scratch state has not.
_OTHERS_HOLDINGS = ("first_holder", "holder_count", "watchers", "last_watchers", "is_due")
_OWN_ACCOUNT_FIELDS = (
    "liquidation_stage",
    "fees_units",
    "deposited_units",
    "self_trade_mode",
)
_ORDER_FIELDS = ("contract", "side", "flags", "price_ticks", "remaining_lots", "label")
_POSITION_FIELDS = (
    "contract",
    "lots",
    "cost_units",
    "entry_units",
    "unsettled_units",
    "realised_units",
    "funding_index",
    "funding_units",
)


class PositionHealth(NamedTuple):
    """One position, or open orders without one (lots 0). All amounts in units."""

    contract: int
    lots: int  # long positive
    mark_ticks: int
    value_units: int  # at the mark, negative when short
    entry_units: int  # what it cost; entry price = entry_units / (lots x tick value)
    unrealised_units: int  # value - entry
    realised_units: int  # lifetime
    funding_units: int  # accrued since the last conversion, negative: it pays
    equity_units: int  # what it adds to the account's equity
    initial_units: int  # margin with its open orders
    order_reserve_units: int  # the part of it that open orders ask for
    maintenance_units: int
    liquidation_ticks: int  # this mark alone moves until equity = maintenance; 0: nowhere


class AccountHealth(NamedTuple):
    """An account at the marks of the contract rows. All amounts in units."""

    cash_units: int
    equity_units: int
    initial_units: int  # open orders included
    order_reserve_units: int  # the part of it that open orders ask for
    maintenance_units: int
    positions: tuple[PositionHealth, ...]

    @property
    def available_units(self) -> int:
        """What a new order may ask for."""
        return max(0, self.equity_units - self.initial_units)

    def position(self, contract: int) -> PositionHealth | None:
        return next((one for one in self.positions if one.contract == contract), None)


class Preview(NamedTuple):
    """What an order would do now. Prices in ticks, amounts in units."""

    reason: int  # RejectReason; 0: it would be accepted
    missing_units: int  # margin that lacks, if that is the reason
    filled_lots: int
    filled_price_lots: int  # sum of price x lots; average = this / filled_lots
    resting_lots: int
    resting_ticks: int  # the price it would rest at, 0 when it would not
    waiting_lots: int  # for the trigger; margin is looked at when it fires
    trigger_ticks: int  # 0 of an order that waits for none
    cancelled_lots: int
    cancel_reason: int  # events.CancelReason, 0 when nothing would be cancelled
    fee_units: int
    slippage_units: int  # paid beyond the best price of the moment, never negative
    before: AccountHealth
    after: AccountHealth


def revalue(
    view: AccountView, contract_rows: Records, underlying_rows: Records | None = None
) -> AccountHealth:
    """Equity and margins of a view at today's marks.

    contract_rows: `novate:contracts`, all listed, row number = contract number.
    """
    return _health(_scratch(view, contract_rows, underlying_rows))


def preview_order(
    view: AccountView,
    contract_rows: Records,
    book_levels: Records,
    order: Records,
    underlying_rows: Records | None = None,
) -> Preview:
    """The outcome of one PlaceOrder against the public book of its contract.

    book_levels: market_data.LEVEL_ROW, both sides. order: one record as it would be submitted.
    underlying_rows: `novate:underlyings`; without it every oracle counts as valid.
    """
    command = order.view(PLACE_ORDER).copy()
    contract, side = int(command["contract"][0]), int(command["side"][0])
    scratch = _scratch(view, contract_rows, underlying_rows)
    is_listed = 0 <= contract < len(contract_rows)
    unit = int(contract_rows[contract]["tick_value_units"]) if is_listed else 0
    if is_listed:
        _stand_up_book(scratch, view, contract, book_levels)
    before = _health(scratch)
    command["sequence"], command["time_ns"] = _PREVIEW_SEQUENCE, view.header["time_ns"]
    command["principal"] = command["account"] = TRADER
    command["gateway_id"] = command["valid_until_ns"] = 0
    scratch.counters[Counter.SEQUENCE] = _PREVIEW_SEQUENCE - 1
    events = StateMachine(scratch).apply(command.view(HEADER))
    return _preview(events, before, _health(scratch), _best_ticks(book_levels, side), unit)


def warm_up() -> None:
    """Compile or load what previews need; takes seconds when the cache is cold."""
    scratch = _blank_state()
    stand_up_positions(scratch, TRADER, np.zeros((0, len(_POSITION_FIELDS)), np.int64))
    stand_up_orders(scratch, new_buffer(), TRADER, np.zeros((0, len(_ORDER_FIELDS)), np.int64))
    measure(scratch, TRADER, np.zeros((SLOTS_MAX, _MEASURES), np.int64))
    liquidation_price_ticks(1, 1, 1, 1, 1, 1, 1, 1)


def _scratch(
    view: AccountView,
    contract_rows: Records,
    underlying_rows: Records | None,
) -> State:
    """A state that holds the view's account as TRADER, and its orders."""
    state = _blank_state()
    _load_market(state, contract_rows, underlying_rows)
    state.counters[Counter.ACCOUNTS] = MAKER + 1
    # A preview is at the moment of the view: no funding sample ends in it.
    state.counters[Counter.NEXT_SAMPLE_NS] = np.iinfo(np.int64).max
    for account in (TRADER, MAKER):
        state.accounts[account]["owner"] = account
        state.accounts[account]["role"] = ROLE_TRADER
    for name in _OWN_ACCOUNT_FIELDS:
        state.accounts[TRADER][name] = view.header["row"][name]
    state.balances[TRADER] = view.header["balances"]
    state.balances[MAKER, USDC] = MAKER_UNITS
    stand_up_positions(state, TRADER, _table(view.positions, _POSITION_FIELDS))
    resting = _resting(view)[::-1]
    stand_up_orders(state, new_buffer(), TRADER, _table(resting, _ORDER_FIELDS))
    return state


def _resting(view: AccountView) -> Records:
    """The view's orders that are in a book; those that wait for something reserve nothing."""
    flags = view.orders["flags"]
    waits = (flags & TYPES_WITH_TRIGGER != 0) & (flags & FLAG_TRIGGERED == 0)
    waits |= flags & FLAG_DORMANT != 0
    resting: Records = view.orders[~waits]
    return resting


def _blank_state() -> State:
    """Genesis on small pages: on large ones the first touch of a table clears 2 MB."""
    pages = mmap.mmap(-1, STATE.itemsize)
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    return empty_state(memoryview(pages))


def _load_market(state: State, contracts: Records, underlyings: Records | None) -> None:
    count = len(contracts)
    state.contracts[:count] = contracts
    for name in _OTHERS_HOLDINGS:
        state.contracts[name][:count] = 0
    state.counters[Counter.CONTRACTS] = count
    if underlyings is None:
        state.underlyings["status"] = ORACLE_VALID
        return
    state.underlyings[: len(underlyings)] = underlyings
    state.counters[Counter.UNDERLYINGS] = len(underlyings)


def _stand_up_book(state: State, view: AccountView, contract: int, levels: Records) -> None:
    """The public book less the account's own orders (WHATIF-002)."""
    lots = {
        (side, price): amount
        for side, price, amount in zip(
            levels["side"].tolist(),
            levels["price_ticks"].tolist(),
            levels["lots"].tolist(),
            strict=True,
        )
    }
    resting = _resting(view)
    for order in resting[resting["contract"] == contract]:
        key = int(order["side"]), int(order["price_ticks"])
        lots[key] = lots.get(key, 0) - int(order["remaining_lots"])
    rows = [
        (contract, side, 0, price, amount, 0)
        for (side, price), amount in lots.items()
        if amount > 0
    ]
    stand_up_orders(
        state, new_buffer(), MAKER, np.array(rows, np.int64).reshape(-1, len(_ORDER_FIELDS))
    )


def _health(state: State) -> AccountHealth:
    rows = np.zeros((SLOTS_MAX, _MEASURES), np.int64)
    equity, initial, maintenance, count = measure(state, TRADER, rows)
    measured = rows[:count]
    positions = tuple(
        _position_health(state, row, int(equity), int(maintenance)) for row in measured.tolist()
    )
    return AccountHealth(
        int(state.balances[TRADER, USDC]),
        int(equity),
        int(initial),
        int(initial) - int(measured[:, -1].sum()),
        int(maintenance),
        positions,
    )


def _position_health(
    state: State, row: list[int], equity_units: int, maintenance_units: int
) -> PositionHealth:
    slot, own_equity, own_initial, own_maintenance, without_orders = row
    position = state.positions[slot]
    contract = state.contracts[position["contract"] - 1]
    lots, mark = int(position["lots"]), int(contract["mark_ticks"])
    unit = int(contract["tick_value_units"])
    liquidation = 0
    if lots != 0:
        liquidation = liquidation_price_ticks(
            lots,
            mark,
            int(contract["price_ceiling_ticks"]),
            equity_units,
            maintenance_units,
            unit,
            int(contract["initial_margin_ppm"]),
            int(contract["margin_floor_units"]),
        )
    return PositionHealth(
        contract=int(position["contract"]) - 1,
        lots=lots,
        mark_ticks=mark,
        value_units=lots * mark * unit,
        entry_units=int(position["entry_units"]),
        unrealised_units=lots * mark * unit - int(position["entry_units"]),
        realised_units=int(position["realised_units"]),
        funding_units=own_equity
        - (lots * mark * unit - int(position["cost_units"]) + int(position["unsettled_units"])),
        equity_units=own_equity,
        initial_units=own_initial,
        order_reserve_units=own_initial - without_orders,
        maintenance_units=own_maintenance,
        liquidation_ticks=int(liquidation),
    )


def _preview(
    events: Records, before: AccountHealth, after: AccountHealth, best_ticks: int, unit: int
) -> Preview:
    mine = events[events["account"] == TRADER]
    if mine[0]["kind"] == EventKind.COMMAND_REJECTED:
        refusal = mine[:1].view(COMMAND_REJECTED)[0]
        missing = int(refusal["needed_units"])
        return Preview(int(refusal["reason"]), missing, *(0,) * 10, before, after)
    accepted = mine[mine["kind"] == EventKind.ORDER_ACCEPTED][:1].view(ORDER_ACCEPTED)[0]
    number, side = int(accepted["order"]), int(accepted["side"])
    fills = mine[mine["kind"] == EventKind.ORDER_FILLED].view(ORDER_FILLED)
    fills = fills[fills["flags"] & FLAG_MAKER == 0]
    cancels = mine[mine["kind"] == EventKind.ORDER_CANCELLED].view(ORDER_CANCELLED)
    cancels = cancels[cancels["order"] == number]
    filled = int(fills["quantity_lots"].sum())
    price_lots = int((fills["price_ticks"] * fills["quantity_lots"]).sum())
    cancelled = int(cancels["quantity_lots"].sum())
    left = int(accepted["quantity_lots"]) - filled - cancelled
    is_waiting = int(accepted["flags"]) & TYPES_WITH_TRIGGER != 0
    resting = 0 if is_waiting else left
    return Preview(
        reason=0,
        missing_units=0,
        filled_lots=filled,
        filled_price_lots=price_lots,
        resting_lots=resting,
        resting_ticks=int(accepted["price_ticks"]) if resting else 0,
        waiting_lots=left if is_waiting else 0,
        trigger_ticks=int(accepted["trigger_ticks"]),
        cancelled_lots=cancelled,
        cancel_reason=int(cancels["reason"][0]) if len(cancels) else 0,
        fee_units=int(fills["fee_units"].sum()),
        slippage_units=max(0, side * (price_lots - filled * best_ticks) * unit),
        before=before,
        after=after,
    )


def _best_ticks(levels: Records, side: int) -> int:
    """The best price an order of this side can meet; 0 when there is none."""
    prices = levels["price_ticks"][levels["side"] == -side]
    if not len(prices):
        return 0
    return int(prices.min() if side == BUY else prices.max())


def _table(rows: Records, fields: tuple[str, ...]) -> Integers:
    table = np.zeros((len(rows), len(fields)), np.int64)
    for column, name in enumerate(fields):
        table[:, column] = rows[name]
    return table


@kernel
def stand_up_positions(s: State, account: int, rows: Integers) -> None:
    """rows : (positions, fields) in the order of _POSITION_FIELDS."""
    for i in range(rows.shape[0]):
        position = s.positions[claim_position(s, account, rows[i, 0] - 1)]
        position["lots"] = rows[i, 1]
        position["cost_units"] = rows[i, 2]
        position["entry_units"] = rows[i, 3]
        position["unsettled_units"] = rows[i, 4]
        position["realised_units"] = rows[i, 5]
        position["funding_index"] = rows[i, 6]
        position["funding_units"] = rows[i, 7]


@kernel
def stand_up_orders(s: State, e: EventBuffer, account: int, rows: Integers) -> None:
    """rows : (orders, fields) in the order of _ORDER_FIELDS, oldest first; e : one row."""
    for i in range(rows.shape[0]):
        # What it emits is nobody's business here.
        e.cursor[USED] = 0
        slot = new_order(
            s,
            e,
            account,
            rows[i, 0],
            rows[i, 1],
            rows[i, 2],
            rows[i, 3],
            rows[i, 4],
            0,
            0,
            rows[i, 5],
            0,
        )
        book_order(s, slot)


@kernel
def measure(s: State, account: int, rows: Integers) -> tuple[int, int, int, int]:
    """(equity, initial, maintenance) of the account, and the number of rows filled.

    rows : (SLOTS_MAX, _MEASURES) slot, equity, initial, maintenance, initial without orders
    """
    equity, initial, maintenance = account_health(s, account, NO_CONTRACT)
    count = 0
    for slot in position_slots(s, account):
        position = s.positions[slot]
        if position["contract"] != 0:
            rows[count, 0] = slot
            rows[count, 1] = position_equity(s, slot)
            rows[count, 2] = position_initial(s, slot)
            rows[count, 3] = position_maintenance(s, slot)
            rows[count, 4] = lots_initial(
                s, position["contract"] - 1, position["lots"], 0, 0, 0, 0, 0
            )
            count += 1
    return equity, initial, maintenance, count
