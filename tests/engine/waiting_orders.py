"""Words of tests about orders that wait for a trigger."""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from tests.engine.venue import BTC, Event, Venue, kinds, reason

STOP_LIMIT, STOP_MARKET = units.TYPE_STOP_LIMIT, units.TYPE_STOP_MARKET
TAKE_LIMIT, TAKE_MARKET = units.TYPE_TAKE_LIMIT, units.TYPE_TAKE_MARKET
TRAILING = units.TYPE_TRAILING_STOP
MARK, INDEX, LAST = units.TRIGGER_MARK, units.TRIGGER_INDEX, units.TRIGGER_LAST
IOC, FOK = units.TIF_IMMEDIATE_OR_CANCEL, units.TIF_FILL_OR_KILL


def wait(
    venue: Venue,
    account: int,
    side: int,
    flags: int,
    trigger: int,
    price: int = 0,
    lots: int = 10,
    **more: int,
) -> int:
    """A BTC order that waits for its trigger; its id."""
    produced = venue.place(
        account, BTC, side, price, lots, flags, trigger_ticks=trigger, **more
    )
    assert reason(produced) is RejectReason.ACCEPTED, reason(produced)
    assert kinds(produced) == [EventKind.ORDER_ACCEPTED]
    return produced[0]["order"]


def amend(
    venue: Venue, account: int, order: int, price: int, lots: int, trigger: int = 0
) -> list[Event]:
    return venue.do(
        CommandKind.AMEND_ORDER,
        account,
        account=account,
        contract=BTC,
        order=order,
        price_ticks=price,
        quantity_lots=lots,
        trigger_ticks=trigger,
    )


def move(venue: Venue, price: int) -> list[Event]:
    """Moves the index, and the mark as far as one second lets it go."""
    return venue.set_price(BTC, price) + venue.tick(0.25)


def fired(produced: list[Event]) -> list[tuple[int, int, int]]:
    """(order, trigger, price that fired it) of each order that fired."""
    return [
        (event["order"], event["trigger_ticks"], event["fired_ticks"])
        for event in produced
        if event["kind"] == EventKind.ORDER_TRIGGERED
    ]


def of_kind(produced: list[Event], kind: EventKind) -> list[Event]:
    return [event for event in produced if event["kind"] == kind]


def trigger_of(venue: Venue, order: int) -> int:
    slot = order & (units.ORDERS_MAX - 1)
    return int(venue.state.conditions[slot]["trigger_ticks"])


def print_last(venue: Venue, buyer: int, seller: int, price: int) -> list[Event]:
    """One lot trades at a price, which is the last price then."""
    venue.rest(seller, BTC, SELL, price, 1)
    return venue.place(buyer, BTC, BUY, price, 1, IOC)


# --- waiting ----------------------------------------------------------------------------------
