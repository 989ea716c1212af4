"""The reference's watch over accounts: cancel on disconnect and heartbeats."""

from tests.simulation.reference.endings import cancel_orders
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.wire import CancelReason, Command, EventKind, RejectReason

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
UNCHANGED = -1


def set_cancel_on_disconnect(venue: Venue, command: Command) -> Answer:
    """SetCancelOnDisconnect: whether sessions begin with it, and how long silence may last."""
    number, wanted, timeout = command["account"], command["is_enabled"], command["timeout_ns"]
    is_timeout = timeout in (UNCHANGED, 0) or SECOND <= timeout <= HOUR
    if wanted not in (UNCHANGED, 0, 1) or not is_timeout:
        return RejectReason.INVALID_SAFEGUARD, 0
    account = venue.accounts[number]
    if wanted != UNCHANGED:
        account.cancel_on_disconnect = wanted
    if timeout != UNCHANGED:
        _wait_for(venue, number, timeout)
    venue.say(
        EventKind.CANCEL_ON_DISCONNECT_SET,
        number,
        is_enabled=account.cancel_on_disconnect,
        timeout_ns=account.heartbeat_timeout_ns,
    )
    return ACCEPTED


def heartbeat(venue: Venue, command: Command) -> Answer:
    """Heartbeat."""
    account = venue.accounts[command["account"]]
    if not account.heartbeat_timeout_ns:
        return RejectReason.HEARTBEAT_NOT_SET, 0
    account.heartbeat_until_ns = venue.time_ns + account.heartbeat_timeout_ns
    return ACCEPTED


def cancel_for_silent(venue: Venue) -> None:
    """Cancels, once, what the silent have open; who was armed last comes first."""
    for number in reversed(venue.armed.copy()):
        account = venue.accounts[number]
        if account.heartbeat_until_ns >= venue.time_ns:
            continue
        due, timeout = account.heartbeat_until_ns, account.heartbeat_timeout_ns
        venue.say(EventKind.HEARTBEAT_MISSED, number, due_ns=due, timeout_ns=timeout)
        cancel_orders(venue, number, CancelReason.HEARTBEAT_MISSED)
        _wait_for(venue, number, 0)


def _wait_for(venue: Venue, number: int, timeout: int) -> None:
    account = venue.accounts[number]
    if timeout and number not in venue.armed:
        venue.armed.append(number)
    if not timeout and number in venue.armed:
        venue.armed.remove(number)
    account.heartbeat_timeout_ns = timeout
    account.heartbeat_until_ns = venue.time_ns + timeout if timeout else 0
