"""Compile every kernel before trading starts, and forbid compiling afterwards.

run_engine calls warm_up() and then seal(), so that an argument of a new type fails loudly
instead of stalling trading for seconds. On a machine that has no kernels yet two processes
share the work, through the cache on disk: `python -m exchange.engine.warmup` compiles the hot
path while `manage.py warm_up` begins with compile_clearing and comes to compile_reactions when
the other has what they have in common.
"""

import sys

import numpy as np
from numba.core.dispatcher import Dispatcher

from exchange.engine import clearing, funding, marking
from exchange.engine import commands as c
from exchange.engine.batches import abandon_batch
from exchange.engine.commands import CommandKind, make, pack_name
from exchange.engine.emit import new_buffer
from exchange.engine.firing import fire_due
from exchange.engine.liquidating import review_account
from exchange.engine.open_orders import expire_orders
from exchange.engine.state import empty_state
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import (
    BUY,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER,
    NANOSECONDS,
    OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
    SELL,
    STATE_OPEN,
    TIF_FILL_OR_KILL,
    TYPE_STOP_MARKET,
    TYPE_TRAILING_STOP,
)

SOURCES = 3
START_NS = 1_000_000_000_000
SILENCE_SECONDS = 2  # longer than the heartbeat timeout of an account


def warm_up() -> StateMachine:
    """Run a small venue through every kind of command; returns it."""
    machine = StateMachine.create()
    sequence = 0
    before = (_listing(), _accounts(), _prices(), _trading(), _clients())
    for batch, seconds in (*((batch, 0) for batch in before), (_clearing(), SILENCE_SECONDS)):
        records = np.concatenate(batch)
        records["sequence"] = np.arange(sequence + 1, sequence + 1 + len(records))
        records["time_ns"] = START_NS + seconds * NANOSECONDS
        sequence += len(records)
        machine.apply(records)
    return machine


def compile_hot_path() -> None:
    """Compile what trading commands need, about half of all kernels; changes nothing else."""
    command = make(CommandKind.CANCEL_ALL, OPERATOR, account=OPERATOR, contract=-1)
    command["sequence"], command["time_ns"] = 1, START_NS
    StateMachine.create().apply(command)


def compile_clearing() -> None:
    """Compile what prices and time set in motion: index, marks, variation, funding, expiry."""
    state = empty_state()
    events = new_buffer()
    marking.refresh_index(state, events, 0)
    marking.mark_contracts(state, events, 0)
    clearing.accounts_under_water(state, 0)
    clearing.settle_variation(state, events, 0)
    funding.close_samples(state, events)
    expire_orders(state, events)


def compile_reactions() -> None:
    """Compile what executes orders by itself: triggers and liquidation."""
    state = empty_state()
    events = new_buffer()
    fire_due(state, events)
    abandon_batch(state, events)
    review_account(state, events, OPERATOR)


def seal() -> None:
    """Refuse any further compilation of kernels, wherever they are defined."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("exchange.", "risk.", "oracle.")):
            for kernel in vars(module).values():
                if isinstance(kernel, Dispatcher) and kernel.signatures:
                    kernel.disable_compile()


def _listing() -> list[c.Records]:
    name = pack_name("BTC", 2)
    contract = {f"name_{i}": word for i, word in enumerate(pack_name("BTC_USDC-PERPETUAL", 4))}
    return [
        make(CommandKind.LIST_UNDERLYING, OPERATOR, name_0=name[0], name_1=name[1]),
        make(
            CommandKind.LIST_CONTRACT,
            OPERATOR,
            **contract,
            contract_kind=1,
            tick_e8=10**7,
            lot_e8=10**5,
            reference_ticks=600_000,
        ),
        make(CommandKind.SET_CONTRACT_STATE, OPERATOR, state=STATE_OPEN),
    ]


def _accounts() -> list[c.Records]:
    opened = [
        make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=ROLE_REPORTER | ROLE_TRADER)
        for _ in range(SOURCES)
    ]
    reporters = [
        make(
            CommandKind.REGISTER_REPORTER,
            OPERATOR,
            account=16 + source,
            source=source,
            weight_ppm=1_000,
        )
        for source in range(SOURCES)
    ]
    funds = [
        make(CommandKind.DEPOSIT, OPERATOR, account=16 + i, amount_units=10**9)
        for i in range(SOURCES)
    ]
    return opened + reporters + funds


def _prices() -> list[c.Records]:
    return [
        make(
            CommandKind.SUBMIT_OBSERVATION,
            16 + source,
            source=source,
            price_e8=60_000 * 10**8 + source,
            publish_time_ns=START_NS,
        )
        for source in range(SOURCES)
    ]


def _trading() -> list[c.Records]:
    def order(account: int, side: int, price: int, flags: int = 0) -> c.Records:
        return make(
            CommandKind.PLACE_ORDER,
            account,
            account=account,
            side=side,
            flags=flags,
            price_ticks=price,
            quantity_lots=10,
        )

    trailing = make(
        CommandKind.PLACE_ORDER,
        16,
        account=16,
        side=SELL,
        flags=TYPE_TRAILING_STOP,
        quantity_lots=10,
        trigger_ticks=100,
    )
    return [
        trailing,
        *_bracket(),
        order(16, BUY, 599_900),
        order(16, SELL, 600_100, FLAG_POST_ONLY),
        order(17, BUY, 600_100, TIF_FILL_OR_KILL),
        make(CommandKind.AMEND_ORDER, 16, account=16, order=1, price_ticks=1, quantity_lots=1),
        make(CommandKind.CANCEL_ORDER, 16, account=16, order=1),
        make(CommandKind.TICK, OPERATOR),
        make(CommandKind.CANCEL_ALL, 16, account=16, contract=-1),
    ]


def _bracket() -> list[c.Records]:
    """An entry with two exits: the first commands that make a match activate them."""

    def order(side: int, flags: int, price: int, trigger: int = 0) -> c.Records:
        fields = {"account": 16, "side": side, "flags": flags, "price_ticks": price}
        kind = CommandKind.PLACE_ORDER
        return make(kind, 16, **fields, quantity_lots=10, trigger_ticks=trigger)

    link = LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER
    return [
        make(CommandKind.PLACE_BATCH, 16, account=16, count=3, link=link),
        order(SELL, TYPE_STOP_MARKET | FLAG_REDUCE_ONLY, 0, 590_000),
        order(SELL, FLAG_REDUCE_ONLY, 610_000),
        order(BUY, 0, 599_900),
    ]


def _clients() -> list[c.Records]:
    order = make(
        CommandKind.PLACE_ORDER,
        18,
        account=18,
        side=BUY,
        price_ticks=599_000,
        quantity_lots=10,
        idempotency_key=1,
    )
    transfer = make(
        CommandKind.TRANSFER,
        18,
        account=18,
        target=16 + SOURCES,
        amount_units=1,
        idempotency_key=2,
    )
    set_timeout = make(
        CommandKind.SET_CANCEL_ON_DISCONNECT,
        18,
        account=18,
        is_enabled=1,
        timeout_ns=NANOSECONDS,
    )
    return [
        make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=18, role=ROLE_TRADER),
        make(CommandKind.PLACE_BATCH, 18, account=18, count=2),
        order,
        order,
        make(CommandKind.SET_SELF_TRADE_MODE, 18, account=18, mode=1),
        transfer,
        transfer,
        set_timeout,
        make(CommandKind.HEARTBEAT, 18, account=18),
    ]


def _clearing() -> list[c.Records]:
    return [
        make(CommandKind.REQUEST_WITHDRAWAL, 18, account=18, amount_units=1),
        make(CommandKind.SETTLE_FUNDING, OPERATOR),
        make(CommandKind.SETTLE_VARIATION, OPERATOR),
        make(CommandKind.LIQUIDATE, OPERATOR, account=17),
        make(CommandKind.TICK, OPERATOR),
    ]


if __name__ == "__main__":
    compile_hot_path()
