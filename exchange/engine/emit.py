"""How kernels write events: one function an event, its arguments in the order of the layout.

Here are the buffer and the events of orders; those of prices and clearing are in emit_clearing.

EMIT-001  every event carries the sequence and time of the command being applied.
EMIT-002  the buffer is reserved by the caller (state_machine): no command emits more than
          EVENTS_PER_COMMAND_MAX events, so there is no check here.
"""

from typing import NamedTuple

from exchange.engine.events import EventKind
from exchange.engine.records import RECORD_FIELDS
from exchange.engine.state import (
    Integers,
    as_kernels_see,
    inner_kernel,
    kernel,
    record_of_tables,
    zeroed_record,
)

BUFFER_EVENTS = 1 << 20
USED = 0
SEQUENCE = 1
TIME_NS = 2

_REJECTED = int(EventKind.COMMAND_REJECTED)
_ACCEPTED = int(EventKind.ORDER_ACCEPTED)
_FILLED = int(EventKind.ORDER_FILLED)
_CANCELLED = int(EventKind.ORDER_CANCELLED)
_AMENDED = int(EventKind.ORDER_AMENDED)
_TRIGGERED = int(EventKind.ORDER_TRIGGERED)
_TRIGGER_MOVED = int(EventKind.TRIGGER_MOVED)
_REDUCED = int(EventKind.ORDER_REDUCED)


class EventBuffer(NamedTuple):
    """rows : (BUFFER_EVENTS, 16) int64; cursor : (3,) int64, by USED, SEQUENCE, TIME_NS.

    In memory one record, as a State is: kernels pass an address on, not two arrays whose
    references they would have to count.
    """

    rows: Integers
    cursor: Integers


_EVENT_BUFFER = record_of_tables(
    {"rows": ("<i8", (BUFFER_EVENTS, RECORD_FIELDS)), "cursor": ("<i8", (3,))}
)


def new_buffer() -> EventBuffer:
    """An empty buffer; rows that were never written cost no memory."""
    return as_kernels_see(zeroed_record(_EVENT_BUFFER), EventBuffer)


@kernel
def begin(e: EventBuffer, event_kind: int, account: int, contract: int) -> Integers:
    """A zeroed row with its header written; the caller writes the payload from column 5."""
    row = e.rows[e.cursor[USED]]
    e.cursor[USED] += 1
    row[:] = 0
    row[0] = e.cursor[SEQUENCE]
    row[1] = e.cursor[TIME_NS]
    row[2] = event_kind
    row[3] = account
    row[4] = contract
    return row


@inner_kernel
def rejected(
    e: EventBuffer,
    principal: int,
    contract: int,
    reason: int,
    command_kind: int,
    order: int,
    needed_units: int,
    key: int,
) -> None:
    row = begin(e, _REJECTED, principal, contract)
    row[5] = reason
    row[6] = command_kind
    row[7] = order
    row[8] = needed_units
    row[9] = key


@inner_kernel
def order_accepted(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    trigger_ticks: int,
    offset_ticks: int,
    label: int,
    key: int,
) -> None:
    row = begin(e, _ACCEPTED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = trigger_ticks
    row[11] = label
    row[12] = key
    row[13] = offset_ticks


@inner_kernel
def order_filled(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    trade: int,
    fee_units: int,
    realised_units: int,
    position_lots: int,
    entry_units: int,
) -> None:
    row = begin(e, _FILLED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = trade
    row[12] = fee_units
    row[13] = realised_units
    row[14] = position_lots
    row[15] = entry_units


@inner_kernel
def order_cancelled(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    filled_lots: int,
    reason: int,
    resting: int,
    label: int,
    reject_reason: int,
) -> None:
    row = begin(e, _CANCELLED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = filled_lots
    row[11] = reason
    row[12] = resting
    row[13] = label
    row[14] = reject_reason


@inner_kernel
def order_amended(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    previous_price_ticks: int,
    previous_remaining_lots: int,
    label: int,
    trigger_ticks: int,
    offset_ticks: int,
) -> None:
    row = begin(e, _AMENDED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = previous_price_ticks
    row[12] = previous_remaining_lots
    row[13] = label
    row[14] = trigger_ticks
    row[15] = offset_ticks


@inner_kernel
def order_triggered(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    trigger_ticks: int,
    fired_ticks: int,
    label: int,
) -> None:
    row = begin(e, _TRIGGERED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = trigger_ticks
    row[11] = fired_ticks
    row[12] = label


@inner_kernel
def trigger_moved(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    trigger_ticks: int,
    previous_trigger_ticks: int,
    offset_ticks: int,
    best_ticks: int,
) -> None:
    row = begin(e, _TRIGGER_MOVED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = trigger_ticks
    row[9] = previous_trigger_ticks
    row[10] = offset_ticks
    row[11] = best_ticks


@inner_kernel
def order_reduced(
    e: EventBuffer,
    account: int,
    contract: int,
    order: int,
    side: int,
    flags: int,
    price_ticks: int,
    quantity_lots: int,
    remaining_lots: int,
    cut_lots: int,
    position_lots: int,
    label: int,
    reason: int,
) -> None:
    row = begin(e, _REDUCED, account, contract)
    row[5] = order
    row[6] = side
    row[7] = flags
    row[8] = price_ticks
    row[9] = quantity_lots
    row[10] = remaining_lots
    row[11] = cut_lots
    row[12] = position_lots
    row[13] = label
    row[14] = reason
