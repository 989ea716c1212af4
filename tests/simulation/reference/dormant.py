"""The reference's members of a group before it is whole, and what may be amended of them."""

from tests.simulation.reference.checks import (
    Ask,
    form_objection,
    is_expired,
    numbers_objection,
    room_objection,
)
from tests.simulation.reference.endings import say_amended
from tests.simulation.reference.execution import accept
from tests.simulation.reference.groups import set_pending, tie
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Batch, Order
from tests.simulation.reference.waiting import (
    account_objection,
    probe_of,
    size_objection,
    trailing_objection,
    trigger_objection,
    trigger_price,
)
from tests.simulation.reference.wire import (
    FLAG_DORMANT,
    FLAG_LINKED,
    LINK_ONE_CANCELS_OTHER,
    Command,
    EventKind,
    RejectReason,
)


def store(venue: Venue, batch: Batch, ask: Ask, command: Command) -> Answer:
    """Keeps an order for the last member of its group."""
    reason = RejectReason.EXPIRED if is_expired(command) else form_objection(venue, ask)
    reason = reason or _role_objection(batch, ask)
    reason = reason or account_objection(venue, ask) or room_objection(venue, ask)
    probe, trigger = probe_of(ask), ask.trigger
    if not reason and batch.link == LINK_ONE_CANCELS_OTHER:
        reason = trailing_objection(venue, probe) or trigger_objection(venue, probe, trigger)
        trigger = 0 if reason else trigger_price(venue, probe, trigger)
    reason = reason or size_objection(venue, ask, trigger)
    if reason:
        return reason, 0
    label, key = command["label"], command["idempotency_key"]
    price, offset = (0, ask.trigger) if probe.is_trailing else (ask.trigger, 0)
    more = FLAG_LINKED | FLAG_DORMANT
    order = accept(venue, ask, label, key, price, offset, more)
    order.trigger_ticks, order.offset_ticks = price, offset
    venue.list_open(order)
    batch.stored.append(order)
    return ACCEPTED


def completion_objection(batch: Batch, ask: Ask) -> RejectReason:
    """Whether the last member fits those that are stored."""
    first = batch.stored[0]
    fits = (ask.contract, ask.quantity) == (first.contract, first.quantity_lots)
    if batch.link != LINK_ONE_CANCELS_OTHER:
        fits = fits and ask.side == -first.side and not ask.is_reduce_only
    return RejectReason.ACCEPTED if fits else RejectReason.INVALID_LINK


def complete(venue: Venue, order: Order) -> None:
    """Makes a group of the order and those that are stored for it."""
    batch = venue.batch
    assert batch is not None
    stored, batch.stored = batch.stored, []
    others = {f"other_{i}": other.id for i, other in enumerate(stored)}
    who = order.account, order.contract
    venue.say(EventKind.ORDERS_LINKED, *who, order=order.id, link=batch.link, **others)
    if batch.link == LINK_ONE_CANCELS_OTHER:
        tie([*stored, order], None)
        set_pending(venue, stored[0], stored[0].quantity_lots)
    else:
        tie(stored, order)


def amend_dormant(venue: Venue, order: Order, command: Command) -> Answer:
    """AmendOrder of price or trigger; the quantity is known to be its own."""
    price, quantity = command["price_ticks"], command["quantity_lots"]
    given = command["trigger_ticks"]
    ask = Ask(order.account, order.contract, order.side, order.flags, price, quantity, given)
    reason = numbers_objection(venue, ask)
    ceiling = venue.contracts[order.contract].price_ceiling_ticks
    if not reason and given and not (ask.has_trigger and 0 < given <= ceiling):
        reason = RejectReason.INVALID_TRIGGER
    if reason:
        return reason, 0
    before, order.price_ticks = order.price_ticks, price
    if given and order.is_trailing:
        order.offset_ticks = given
    elif given:
        order.trigger_ticks = given
    say_amended(venue, order, before, order.remaining_lots)
    return ACCEPTED


def _role_objection(batch: Batch, ask: Ask) -> RejectReason:
    """An exit reduces and can wait or rest; the first of two peers waits for a trigger."""
    if batch.link == LINK_ONE_CANCELS_OTHER:
        return RejectReason.ACCEPTED if ask.has_trigger else RejectReason.INVALID_LINK
    fits = ask.is_reduce_only and (ask.has_trigger or (ask.may_rest and not ask.is_market))
    for other in batch.stored:
        mine = ask.contract, ask.side, ask.quantity
        fits = fits and mine == (other.contract, other.side, other.quantity_lots)
    return RejectReason.ACCEPTED if fits else RejectReason.INVALID_LINK
