"""What a command's events say in the gateway's words (exchange/gateway/facts.py)."""

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.events import (
    EVENT,
    LAYOUTS,
    ORDER_CANCELLED,
    ORDER_FILLED,
    CancelReason,
    EventKind,
)
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts, order_words
from exchange.gateway.wire import OrderView
from exchange.pipeline.codec import Records

ALICE, BOB = 11, 12


def cancelled(account: int, reason: CancelReason) -> Records:
    event = np.zeros(1, ORDER_CANCELLED)
    event["kind"], event["account"] = EventKind.ORDER_CANCELLED, account
    event["reason"] = reason
    return event.view(EVENT)


def test_only_orders_of_the_account_that_it_cancelled_itself_are_counted() -> None:
    filled = np.zeros(1, ORDER_FILLED)
    filled["kind"], filled["account"] = EventKind.ORDER_FILLED, ALICE
    filled["price_ticks"] = CancelReason.BY_OWNER
    events = np.concatenate(
        [
            cancelled(ALICE, CancelReason.BY_OWNER),
            cancelled(ALICE, CancelReason.BY_OWNER),
            cancelled(ALICE, CancelReason.TRIGGER_REFUSED),
            cancelled(BOB, CancelReason.BY_OWNER),
            filled.view(EVENT),
        ]
    )

    assert facts.cancelled_by_owner(facts.words(events), ALICE) == 2


@pytest.mark.parametrize("reason", CancelReason)
def test_every_end_of_an_order_has_a_word(reason: CancelReason) -> None:
    word = order_words.CANCEL_REASONS[reason]

    assert word.replace("_", "").isalpha()
    assert list(order_words.CANCEL_REASONS.values()).count(word) == 1


STOP = units.TYPE_STOP_LIMIT | units.TRIGGER_LAST
TRAILING = units.TYPE_TRAILING_STOP


def told(
    order: OrderView | None, kind: EventKind, *, number: int = 7, **fields: int
) -> OrderView:
    event = np.zeros(1, LAYOUTS[kind])
    common = {"kind": kind, "account": ALICE, "order": number, "side": units.BUY} | fields
    for name, value in common.items():
        if name in (LAYOUTS[kind].names or ()):
            event[name] = value
    after = facts.advance(order, facts.words(event.view(EVENT))[0])
    assert after is not None
    return after


def test_an_order_that_fires_keeps_its_trigger_and_takes_its_new_terms() -> None:
    terms = {"price_ticks": 310, "quantity_lots": 9, "trigger_ticks": 300}
    order = told(None, EventKind.ORDER_ACCEPTED, flags=STOP, **terms)

    fired = told(
        order,
        EventKind.ORDER_TRIGGERED,
        flags=STOP | units.FLAG_TRIGGERED,
        **terms | {"quantity_lots": 4},
    )
    amended = told(
        fired,
        EventKind.ORDER_AMENDED,
        flags=STOP | units.FLAG_TRIGGERED,
        price_ticks=308,
        quantity_lots=3,
        remaining_lots=3,
    )

    assert order_words.is_waiting(order.flags)
    assert not order_words.is_waiting(fired.flags)
    assert (fired.quantity_lots, fired.price_ticks, fired.trigger_ticks) == (4, 310, 300)
    assert (amended.quantity_lots, amended.price_ticks, amended.trigger_ticks) == (3, 308, 300)


def test_a_trailing_stop_moves_with_its_price_and_with_its_owner() -> None:
    terms = {"flags": TRAILING, "quantity_lots": 9}
    order = told(None, EventKind.ORDER_ACCEPTED, trigger_ticks=310, offset_ticks=10, **terms)

    moved = told(
        order, EventKind.TRIGGER_MOVED, flags=TRAILING, trigger_ticks=305, offset_ticks=10
    )
    edited = told(
        moved,
        EventKind.ORDER_AMENDED,
        remaining_lots=9,
        trigger_ticks=325,
        offset_ticks=30,
        **terms,
    )

    assert (order.trigger_ticks, moved.trigger_ticks, edited.trigger_ticks) == (310, 305, 325)
    assert (moved.quantity_lots, edited.offset_ticks) == (9, 30)
    assert edited.filled_lots == 0


def test_a_refusal_at_the_trigger_is_an_end_with_a_reason() -> None:
    order = told(None, EventKind.ORDER_ACCEPTED, flags=STOP, quantity_lots=9, trigger_ticks=300)

    ended = told(
        order,
        EventKind.ORDER_CANCELLED,
        flags=STOP | units.FLAG_TRIGGERED,
        quantity_lots=9,
        reason=CancelReason.TRIGGER_REFUSED,
        reject_reason=RejectReason.INSUFFICIENT_MARGIN,
    )

    state = order_words.order_state(ended.state, ended.flags, ended.cancel_reason)
    assert state == "rejected"
    assert order_words.reject_reason(ended.reject_reason) == "insufficient_margin"


def test_an_exit_is_untriggered_until_it_is_live() -> None:
    dormant = units.FLAG_REDUCE_ONLY | units.FLAG_LINKED | units.FLAG_DORMANT
    terms = {"price_ticks": 310, "quantity_lots": 10}
    order = told(None, EventKind.ORDER_ACCEPTED, flags=dormant, **terms)
    link = units.LINK_ONE_TRIGGERS_ONE_CANCELS_OTHER
    linked = {"link": link, "other_0": 7, "other_1": 8}

    tied = told(order, EventKind.ORDERS_LINKED, number=9, **linked)
    awake = {"flags": dormant & ~units.FLAG_DORMANT, "remaining_lots": 3}
    live = told(tied, EventKind.ORDER_ACTIVATED, **terms | awake | {"quantity_lots": 3})

    states = [
        order_words.order_state(view.state, view.flags, 0) for view in (order, tied, live)
    ]
    assert states == ["untriggered", "untriggered", "open"]
    assert (tied.primary, tied.peer, tied.exits) == (9, 8, ())
    assert (live.quantity_lots, live.filled_lots) == (3, 0)
