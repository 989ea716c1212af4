"""Runs of trading commands, one kernel call for as many as there are.

HOT-001  the kernel stops before a command of another kind, and before one whose events might
         not fit the buffer, and at the end of a funding sample; the caller deals with these and
         calls again. How commands were batched therefore never shows in the outcome (the
         partition law).
HOT-002  after each command, whatever became of it, the dormant orders that something filled for
         are activated and the triggers that are due fire.
"""

from collections.abc import Sequence

from exchange.engine import commands as c
from exchange.engine import emit
from exchange.engine.admission import admission_reason, is_trading
from exchange.engine.batches import begin_batch, count_member, finish_member
from exchange.engine.commands import CommandKind
from exchange.engine.emit import BUFFER_EVENTS, EventBuffer
from exchange.engine.events import ORDER_ACCEPTED, ORDER_AMENDED, EventKind
from exchange.engine.firing import EVENTS_PER_FIRING_MAX, fire_due
from exchange.engine.idempotency import NO_KEY, find_key, is_same_payload, remember_key
from exchange.engine.prefetch import prefetch
from exchange.engine.records import column
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, Table, inner_kernel, kernel
from exchange.engine.trading import (
    EVENTS_PER_MAKER_MAX,
    EVENTS_PER_TAKER_MAX,
    amend_order,
    cancel_all,
    cancel_order,
    place_linked,
    place_order,
)
from exchange.engine.units import (
    ACCOUNTS_MAX,
    FILLS_MAX,
    LINK_NONE,
    OPEN_ORDERS_MAX,
    ORDERS_MAX,
)

EVENTS_PER_TRADING_COMMAND_MAX = (
    FILLS_MAX * EVENTS_PER_MAKER_MAX
    + EVENTS_PER_TAKER_MAX
    + OPEN_ORDERS_MAX
    + EVENTS_PER_FIRING_MAX
)
_FAR = 12  # commands ahead: when rows are asked for
_NEAR = 6  # when rows that those name are asked for

_OK = int(RejectReason.ACCEPTED)
_KEY_REUSED = int(RejectReason.KEY_REUSED)
_PLACE = int(CommandKind.PLACE_ORDER)
_AMEND = int(CommandKind.AMEND_ORDER)
_BATCH = int(CommandKind.PLACE_BATCH)
_BATCH_LEFT = int(Counter.BATCH_LEFT)
_ORDER_NUMBERS = int(Counter.ORDER_NUMBERS)
_CANCEL = int(CommandKind.CANCEL_ORDER)
_SEQUENCE = int(Counter.SEQUENCE)
_TIME_NS = int(Counter.TIME_NS)
_TRIGGERS_DUE = int(Counter.TRIGGERS_DUE)
_NEXT_SAMPLE_NS = int(Counter.NEXT_SAMPLE_NS)
_REPEATED = int(EventKind.COMMAND_REPEATED)
_EVENT_ORDER = column(ORDER_ACCEPTED, "order")
assert column(ORDER_AMENDED, "order") == _EVENT_ORDER


@kernel
def apply_trading(
    states: Sequence[State], buffers: Sequence[EventBuffer], commands: Table, start: int
) -> int:
    """Apply commands[start:] while they are trading commands; returns the next one's number.

    states, buffers : state.in_array of the state to change and of the buffer for its events.
    commands : (n,) RAW, the records of commands.py, not changed.
    """
    s = states[0]
    e = buffers[0]
    room = BUFFER_EVENTS - EVENTS_PER_TRADING_COMMAND_MAX
    sample_end = s.counters[_NEXT_SAMPLE_NS]
    for i in range(start, commands.shape[0]):
        if i + _FAR < commands.shape[0]:
            _expect(s, commands[i + _FAR]["words"])
        if i + _NEAR < commands.shape[0]:
            _expect_order(s, commands[i + _NEAR]["words"])
        command = commands[i]["words"][:]
        if e.cursor[emit.USED] > room or not is_trading(command[c.KIND]):
            return i
        if command[c.TIME_NS] >= sample_end:
            return i
        begin_command(s, e, command)
        _apply_one(s, e, command)
        if s.counters[_TRIGGERS_DUE] != 0:
            fire_due(s, e)
    return commands.shape[0]


@inner_kernel
def _expect(s: State, command: Integers) -> None:
    """Ask for the rows that a coming command names."""
    account = command[c.ACCOUNT]
    if 0 <= account < ACCOUNTS_MAX:
        prefetch(s.accounts[account])
        prefetch(s.balances[account])
        prefetch(s.positions[account])
    prefetch(s.orders[command[c.ORDER] & (ORDERS_MAX - 1)])


@inner_kernel
def _expect_order(s: State, command: Integers) -> None:
    """Ask for the rows around a resting order that is about to be cancelled or amended."""
    order = s.orders[command[c.ORDER] & (ORDERS_MAX - 1)]
    if order["id"] == command[c.ORDER]:
        prefetch(s.levels[order["level"]])
        prefetch(s.orders[order["next"] - 1 if order["next"] > 0 else 0])
        prefetch(s.orders[order["previous"] - 1 if order["previous"] > 0 else 0])


@kernel
def begin_command(s: State, e: EventBuffer, command: Integers) -> None:
    """Advance sequence and time: contiguous, never backwards (I-38)."""
    assert command[c.SEQUENCE] == s.counters[_SEQUENCE] + 1
    assert command[c.TIME_NS] >= s.counters[_TIME_NS]
    s.counters[_SEQUENCE] = command[c.SEQUENCE]
    s.counters[_TIME_NS] = command[c.TIME_NS]
    e.cursor[emit.SEQUENCE] = command[c.SEQUENCE]
    e.cursor[emit.TIME_NS] = command[c.TIME_NS]


@kernel
def reject(e: EventBuffer, command: Integers, reason: int, missing_units: int) -> None:
    """Emit the one result of a refused command."""
    kind = command[c.KIND]
    contract = command[c.CONTRACT] if is_trading(kind) and kind != _BATCH else -1
    order = command[c.ORDER] if kind in (_AMEND, _CANCEL) else 0
    key = command[c.IDEMPOTENCY_KEY] if kind in (_PLACE, _AMEND) else 0
    emit.rejected(e, command[c.PRINCIPAL], contract, reason, kind, order, missing_units, key)


@inner_kernel
def _apply_one(s: State, e: EventBuffer, command: Integers) -> None:
    missing = 0
    reason = admission_reason(s, command)
    link = LINK_NONE
    if s.counters[_BATCH_LEFT] != 0:
        objection, link = count_member(s, e, command)
        reason = objection if reason == _OK else reason
    numbers = s.counters[_ORDER_NUMBERS] if link != LINK_NONE else 0
    if reason == _OK:
        if command[c.IDEMPOTENCY_KEY] == 0:
            reason, missing = _dispatch(s, e, command, link)
        else:
            reason, missing = _apply_once(s, e, command, link)
    if reason != _OK:
        reject(e, command, reason, missing)
    if link != LINK_NONE:
        finish_member(s, e, s.counters[_ORDER_NUMBERS] != numbers)


@inner_kernel
def _dispatch(s: State, e: EventBuffer, command: Integers, link: int) -> tuple[int, int]:
    kind = command[c.KIND]
    if kind == _PLACE:
        if link != LINK_NONE:
            return place_linked(s, e, command)
        return place_order(s, e, command, 0)
    if kind == _CANCEL:
        return cancel_order(s, e, command), 0
    if kind == _AMEND:
        return amend_order(s, e, command)
    if kind == _BATCH:
        return begin_batch(s, command), 0
    return cancel_all(s, e, command), 0


@inner_kernel
def _apply_once(s: State, e: EventBuffer, command: Integers, link: int) -> tuple[int, int]:
    """A command with an idempotency key (rules: idempotency). Cancels need none."""
    kind = command[c.KIND]
    if kind != _PLACE and kind != _AMEND:
        return _dispatch(s, e, command, link)
    found = find_key(s, command[c.ACCOUNT], command[c.IDEMPOTENCY_KEY])
    if found != NO_KEY:
        return repeat(s, e, command, found), 0
    first_event = e.cursor[emit.USED]
    reason, missing = _dispatch(s, e, command, link)
    if reason == _OK:
        remember_key(s, command, e.rows[first_event, _EVENT_ORDER])
    return reason, missing


@kernel
def repeat(s: State, e: EventBuffer, command: Integers, found: int) -> int:
    """Name the first result of a key again, or refuse; returns a RejectReason."""
    if not is_same_payload(s, found, command):
        return _KEY_REUSED
    kept = s.keys[found]
    event = emit.begin(e, _REPEATED, command[c.ACCOUNT], -1)
    event[5] = kept["subject"]
    event[6] = kept["kind"]
    event[7] = kept["first_sequence"]
    event[8] = kept["key"]
    return _OK
