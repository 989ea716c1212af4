"""What a command's events say in the gateway's words (exchange/gateway/facts.py)."""

import numpy as np
import pytest

from exchange.engine.events import EVENT, ORDER_CANCELLED, ORDER_FILLED, CancelReason, EventKind
from exchange.gateway import facts, wire
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

    assert facts.cancelled_by_owner(events, ALICE) == 2


@pytest.mark.parametrize("reason", CancelReason)
def test_every_end_of_an_order_has_a_word(reason: CancelReason) -> None:
    word = wire.CANCEL_REASONS[reason]

    assert word.replace("_", "").isalpha()
    assert list(wire.CANCEL_REASONS.values()).count(word) == 1
