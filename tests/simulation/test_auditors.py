"""Each check of the two auditors can fail: a story is changed in one number, and it is seen."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from exchange.engine.commands import HEADER, CommandKind, make
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.snapshot import dump, load
from exchange.engine.state import Counter, State
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import (
    FEES,
    FIRST_USER_ACCOUNT,
    FLAG_LIQUIDATION,
    FLAG_MAKER,
    FLAG_POST_ONLY,
    FLAG_REDUCE_ONLY,
    HOLDS,
    INSURANCE,
    SELL,
    TIF_IMMEDIATE_OR_CANCEL,
    TIF_MASK,
    TYPE_MASK,
)
from tests.engine.venue import UNITS, make_venue
from tests.simulation.auditor import audit
from tests.simulation.history import History
from tests.simulation.margin_audit import assert_carried
from tests.simulation.reading import tables_of
from tests.simulation.reference.wire import EVENT_COLUMNS, Row, read_event
from tests.simulation.simulator.run import live

Event = dict[str, int]
SEEDS, COMMANDS = range(40, 46), 1_500


@cache
def story(seed: int) -> tuple[list[Row], list[Row]]:
    """(commands, events) of a run."""
    journal = live(seed, COMMANDS, whole_every=1_000_000).both.journal
    produced = StateMachine.create().apply(np.array(journal, np.int64).view(HEADER))
    return journal, list(map(tuple, produced.view(np.int64).reshape(-1, 16).tolist()))


def always(event: Event) -> bool:
    return True


def has_flag(flag: int, *, maker: bool) -> Callable[[Event], bool]:
    """Fills of orders with a flag, on one side of the trade."""
    return lambda event: (
        bool(event["flags"] & flag) and bool(event["flags"] & FLAG_MAKER) == maker
    )


def is_taker(event: Event) -> bool:
    return not event["flags"] & (FLAG_MAKER | FLAG_LIQUIDATION)


def is_resting_ask(event: Event) -> bool:
    """A tick more is not worse than its limit."""
    return bool(event["flags"] & FLAG_MAKER) and event["side"] == SELL


def is_of_a_trader(event: Event) -> bool:
    return event["account"] != INSURANCE


def is_of_insurance(event: Event) -> bool:
    return event["account"] == INSURANCE


def is_rebated(event: Event) -> bool:
    return event["fee_units"] < 0


def gives(event: Event) -> bool:
    return event["amount_units"] < 0


def is_by_owner(event: Event) -> bool:
    return event["reason"] == CancelReason.BY_OWNER


Change = tuple[str, EventKind, Callable[[Event], bool], dict[str, int]]
# The number that must be named, the event, which of its kind, and what is added to its fields.
CHANGES: list[Change] = [
    ("I-06", EventKind.DEPOSITED, always, {"amount_units": 1}),
    ("I-06", EventKind.DEPOSITED, always, {"balance_units": 1}),
    ("I-03", EventKind.VARIATION_SETTLED, always, {"cash_units": 1, "balance_units": 1}),
    ("I-06", EventKind.TRANSFERRED, gives, {"amount_units": -1}),
    ("I-43", EventKind.TRANSFERRED, always, {"counterparty": 1 << 20}),
    ("I-13", EventKind.ORDER_FILLED, always, {"remaining_lots": 1}),
    ("I-13", EventKind.ORDER_CANCELLED, always, {"quantity_lots": 1}),
    ("I-13", EventKind.ORDER_CANCELLED, always, {"order": 1 << 30}),
    ("I-13", EventKind.ORDER_AMENDED, always, {"remaining_lots": -1}),
    ("I-13", EventKind.ORDER_REDUCED, always, {"remaining_lots": 1}),
    ("I-17", EventKind.ORDER_REDUCED, always, {"position_lots": 1}),
    ("I-17", EventKind.ORDER_FILLED, is_rebated, {"fee_units": -(10**12)}),
    ("I-17", EventKind.ORDER_FILLED, is_taker, {"trade": 1}),
    ("I-17", EventKind.ORDER_FILLED, is_taker, {"position_lots": 1}),
    ("I-12", EventKind.ORDER_FILLED, is_resting_ask, {"price_ticks": 1}),
    ("I-18", EventKind.COMMAND_REPEATED, always, {"first_sequence": 1}),
    ("I-18", EventKind.COMMAND_REPEATED, always, {"idempotency_key": 1 << 40}),
    ("I-22", EventKind.LIQUIDATION_STARTED, always, {"equity_units": 10**15}),
    ("I-22", EventKind.LIQUIDATION_STEPPED, always, {"fee_units": 10**14}),
    ("I-27", EventKind.FUNDING_SAMPLED, always, {"growth": 1}),
    ("I-27", EventKind.FUNDING_SAMPLED, always, {"cumulative_nano": 1}),
    ("I-27", EventKind.FUNDING_SAMPLED, always, {"end_ns": 5_000_000_000}),
    ("I-27", EventKind.FUNDING_SETTLED, always, {"payment_units": 1, "accrued_units": 1}),
    ("I-27", EventKind.FUNDING_SETTLED, always, {"lots": 1}),
    ("I-27", EventKind.FUNDING_SETTLED, always, {"index_before": -1}),
    ("I-27", EventKind.FUNDING_CONVERTED, is_of_a_trader, {"amount_units": 1}),
    ("I-27", EventKind.FUNDING_CONVERTED, is_of_insurance, {"amount_units": 1}),
    ("I-35", EventKind.OBSERVATION_ACCEPTED, always, {"publish_time_ns": 10**13}),
    ("I-35", EventKind.OBSERVATION_ACCEPTED, always, {"price_e8": -(10**17)}),
    ("I-36", EventKind.INDEX_UPDATED, always, {"index_e8": 1}),
    ("I-36", EventKind.INDEX_UPDATED, always, {"status": 1}),
    ("I-36", EventKind.MARK_UPDATED, always, {"mark_ticks": 10**7}),
    ("I-38", EventKind.ORDER_ACCEPTED, always, {"time_ns": 1}),
    ("I-38", EventKind.HEARTBEAT_MISSED, always, {"due_ns": 10**15}),
    ("I-44", EventKind.PARAMETER_SET, always, {"value": 10**18}),
    ("I-48", EventKind.WITHDRAWAL_CONFIRMED, always, {"withdrawal": 1}),
    ("I-48", EventKind.WITHDRAWAL_FAILED, always, {"amount_units": 1}),
]


@pytest.mark.parametrize(
    ("invariant", "kind", "is_meant", "added"),
    CHANGES,
    ids=[f"{c[0]}-{c[1].name}-{'-'.join(c[3])}" for c in CHANGES],
)
def test_history_names_the_invariant_that_an_event_breaks(
    invariant: str, kind: EventKind, is_meant: Callable[[Event], bool], added: dict[str, int]
) -> None:
    journal, produced = story_with(kind, is_meant)
    position = next(
        i for i, e in enumerate(produced) if e[2] == kind and is_meant(read_event(e))
    )
    columns = EVENT_COLUMNS[kind]
    changed = list(produced[position])
    for name, more in added.items():
        changed[columns[name]] += more
    told = [*produced[:position], tuple(changed), *produced[position + 1 :]]

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        History().follow(journal, told)


@pytest.mark.parametrize(
    ("invariant", "flags"),
    [
        ("I-16", FLAG_POST_ONLY),  # then it must not take
        ("I-16", FLAG_REDUCE_ONLY),  # then it must not open
        ("I-16", TIF_IMMEDIATE_OR_CANCEL),  # then it must not rest
    ],
)
def test_history_sees_an_order_do_what_its_flags_forbid(invariant: str, flags: int) -> None:
    journal, produced = story(SEEDS[0])
    told = [
        with_field(e, "flags", flags) if e[2] == EventKind.ORDER_ACCEPTED else e
        for e in produced
    ]

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        History().follow(journal, told)


def test_history_sees_a_fill_beyond_its_limit() -> None:
    journal, produced = story(SEEDS[0])
    far = 10**6
    told = [
        with_field(e, "price_ticks", -far * read_event(e)["side"])
        if e[2] == EventKind.ORDER_ACCEPTED
        else e
        for e in produced
    ]

    with pytest.raises(AssertionError, match=r"^I-16 worse than the limit"):
        History().follow(journal, told)


def test_history_sees_a_fill_before_its_funding() -> None:
    journal, produced = story_with(EventKind.FUNDING_SETTLED, always)
    position = next(
        i
        for i, (e, later) in enumerate(pairwise(produced))
        if e[2] == EventKind.FUNDING_SETTLED and later[2] == EventKind.ORDER_FILLED
    )
    told = produced[:position] + produced[position + 1 :]

    with pytest.raises(AssertionError, match=r"^I-28 settled at"):
        History().follow(journal, told)


def test_history_sees_a_mark_that_outruns_its_index() -> None:
    """Half the band away and back: inside it, but faster than anything moved."""
    journal, produced = story(SEEDS[0])
    marks = [i for i, e in enumerate(produced) if e[2] == EventKind.MARK_UPDATED]
    position = next(i for i in marks if read_event(produced[i])["previous_mark_ticks"] > 10_000)
    told = list(produced)
    told[position] = with_field(told[position], "previous_mark_ticks", 10**6)

    with pytest.raises(AssertionError, match=r"^I-36 the mark moved"):
        History().follow(journal, told)


def test_history_sees_a_trade_with_oneself() -> None:
    journal, produced = story(SEEDS[0])
    told = [
        with_field(e, "owner", FIRST_USER_ACCOUNT - read_event(e)["owner"])
        if e[2] == EventKind.ACCOUNT_OPENED
        else e
        for e in produced
    ]

    with pytest.raises(AssertionError, match=r"^I-16 a trade with itself"):
        History().follow(journal, told)


def test_history_sees_a_stranger_cancel() -> None:
    journal, produced = story_with(EventKind.ORDER_CANCELLED, is_by_owner)
    told = [
        with_field(e, "owner", e[3] - read_event(e)["owner"])
        if e[2] == EventKind.ACCOUNT_OPENED
        else e
        for e in produced
    ]
    cancelled = next(
        e for e in produced if e[2] == EventKind.ORDER_CANCELLED and is_by_owner(read_event(e))
    )
    commands = [
        (*row[:3], FIRST_USER_ACCOUNT, *row[4:]) if row[0] == cancelled[0] else row
        for row in journal
    ]

    with pytest.raises(AssertionError, match=r"^I-43 "):
        History().follow(commands, told)


def test_history_sees_a_gap_and_a_clock_that_goes_back() -> None:
    journal, produced = story(SEEDS[0])
    late = (*journal[5][:1], 1, *journal[5][2:])

    with pytest.raises(AssertionError, match=r"^I-38 3 after 1"):
        History().follow([journal[0], journal[2]], produced)
    with pytest.raises(AssertionError, match=r"^I-38 time goes back"):
        History().follow([*journal[:5], late], produced)


def test_margin_audit_sees_an_order_that_its_account_cannot_carry() -> None:
    venue = make_venue()
    alice = venue.open_funded(1_000 * UNITS)
    order = {"account": alice, "side": 1, "price_ticks": 600_000, "quantity_lots": 100}
    placed = make(CommandKind.PLACE_ORDER, alice, **order)
    produced = venue.apply(placed)
    command = tuple(placed.view(np.int64).tolist())
    said = list(map(tuple, produced.view(np.int64).reshape(-1, 16).tolist()))
    assert_carried(venue.state, command, said, {})

    # 100 lots are 6,000 USDC: 2 % of margin, 3 USDC of fees.
    venue.state.balances[alice, 0] = 123 * UNITS
    assert_carried(venue.state, command, said, {})
    venue.state.balances[alice, 0] -= 1

    with pytest.raises(AssertionError, match=r"^I-19 "):
        assert_carried(venue.state, command, said, {})


def test_history_explains_balances_and_sees_one_unit_more() -> None:
    journal, produced = story(SEEDS[0])
    machine = StateMachine.create()
    machine.apply(np.array(journal, np.int64).view(HEADER))
    history = History()
    history.follow(journal, produced)
    history.assert_explains(machine.state)

    machine.state.balances[FEES, 0] += 1

    with pytest.raises(AssertionError, match=r"^I-06 "):
        history.assert_explains(machine.state)


def _any_order(state: State) -> int:
    """One that rests in a book, never waited for a trigger and is good till cancelled."""
    orders = state.orders[:4_096]
    is_plain = orders["flags"] & (TYPE_MASK | TIF_MASK) == 0
    return int(np.flatnonzero((orders["level"] > 0) & is_plain)[0])


def _any_position(state: State) -> int:
    held = np.flatnonzero(state.positions["lots"][:4_096])
    return int(held[0])


STATE_CHANGES: list[tuple[str, str, str, Callable[[State], int], int]] = [
    ("I-04", "positions", "lots", _any_position, 1),
    ("I-05", "contracts", "open_interest_lots", lambda s: 0, 1),
    ("I-07", "positions", "unsettled_units", _any_position, 1),
    ("I-07", "contracts", "fees_unsettled_units", lambda s: 0, 1),
    ("I-10", "positions", "buy_lots", _any_position, 1),
    ("I-13", "orders", "remaining_lots", _any_order, 1 << 40),
    ("I-14", "levels", "lots", lambda s: int(s.orders["level"][_any_order(s)]), 1),
    ("I-12", "orders", "next", _any_order, 1),
    ("I-16", "orders", "flags", _any_order, TIF_IMMEDIATE_OR_CANCEL),
    ("I-10", "accounts", "order_count", lambda s: FIRST_USER_ACCOUNT, 1),
]


@pytest.mark.parametrize(
    ("invariant", "table", "column", "pick", "more"),
    STATE_CHANGES,
    ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in STATE_CHANGES],
)
def test_auditor_names_the_invariant_that_a_number_breaks(
    invariant: str, table: str, column: str, pick: Callable[[State], int], more: int
) -> None:
    state = tables_of(load(snapshot()))
    audit(state)
    slot = pick(state)

    getattr(state, table)[column][slot] += more

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        audit(state)


@pytest.mark.parametrize(("account", "invariant"), [(FEES, "I-01"), (HOLDS, "I-01")])
def test_auditor_sees_money_from_nowhere(account: int, invariant: str) -> None:
    state = tables_of(load(snapshot()))

    state.balances[account, 0] += 1

    with pytest.raises(AssertionError, match=f"^{invariant} "):
        audit(state)


def test_auditor_sees_money_held_for_nobody() -> None:
    state = tables_of(load(snapshot()))
    richest = int(np.argmax(state.balances[: int(state.counters[Counter.ACCOUNTS]), 0]))

    state.balances[richest, 0] -= 1
    state.balances[HOLDS, 0] += 1

    with pytest.raises(AssertionError, match=r"^I-10 holds"):
        audit(state)


def test_auditor_sees_a_crossed_book() -> None:
    state = tables_of(load(snapshot()))
    order = _any_order(state)
    level = int(state.orders["level"][order])

    # Everything about the level agrees, but it stands on the wrong side of the market.
    far = int(state.levels["price_ticks"][level]) + int(state.orders["side"][order]) * 10**5
    state.levels["price_ticks"][level] = far
    state.orders["price_ticks"][state.orders["level"] == level] = far

    with pytest.raises(AssertionError, match=r"^I-1"):
        audit(state)


@cache
def snapshot() -> bytes:
    """A state with orders and positions."""
    machine = StateMachine.create()
    machine.apply(np.array(story(SEEDS[0])[0], np.int64).view(HEADER))
    return dump(machine.state)


def with_field(event: Row, name: str, more: int) -> Row:
    """The event with something added to one field."""
    column = EVENT_COLUMNS[event[2]][name]
    return (*event[:column], event[column] + more, *event[column + 1 :])


def story_with(
    kind: EventKind, is_meant: Callable[[Event], bool]
) -> tuple[list[Row], list[Row]]:
    """The first run in which such an event happens."""
    for seed in SEEDS:
        journal, produced = story(seed)
        if any(e[2] == kind and is_meant(read_event(e)) for e in produced):
            return journal, produced
    raise AssertionError(f"no {kind.name} in any run")
