"""SAFE-001, SAFE-002: cancel on disconnect and the dead man's switch."""

from exchange.engine import units
from exchange.engine.commands import CommandKind
from exchange.engine.events import CancelReason, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load, state_hash
from exchange.engine.state_machine import StateMachine
from exchange.engine.units import BUY, NANOSECONDS
from tests.engine.venue import BTC, ETH, Event, Venue, kinds, reason

TEN_SECONDS = 10 * NANOSECONDS


def arm(venue: Venue, account: int, timeout_ns: int = TEN_SECONDS) -> list[Event]:
    return venue.must(
        CommandKind.SET_CANCEL_ON_DISCONNECT,
        account,
        account=account,
        is_enabled=1,
        timeout_ns=timeout_ns,
    )


def beat(venue: Venue, account: int) -> list[Event]:
    return venue.must(CommandKind.HEARTBEAT, account, account=account)


def told(produced: list[Event], kind: EventKind) -> list[Event]:
    return [event for event in produced if event["kind"] == kind]


def test_a_silent_account_loses_all_its_orders_at_the_next_tick(
    venue: Venue, alice: int, bob: int
) -> None:
    arm(venue, alice)
    due = venue.time_ns + TEN_SECONDS
    venue.rest(alice, BTC, BUY, 599_000, 10)
    venue.rest(alice, ETH, BUY, 299_000, 10)
    venue.rest(bob, BTC, BUY, 598_000, 10)

    in_time = venue.tick(10)
    late = venue.tick(1)

    assert told(in_time, EventKind.ORDER_CANCELLED) == []
    missed = told(late, EventKind.HEARTBEAT_MISSED)
    assert [(event["account"], event["due_ns"]) for event in missed] == [(alice, due)]
    assert missed[0]["timeout_ns"] == TEN_SECONDS
    cancelled = told(late, EventKind.ORDER_CANCELLED)
    assert [event["account"] for event in cancelled] == [alice, alice]
    assert {event["reason"] for event in cancelled} == {CancelReason.HEARTBEAT_MISSED}
    assert venue.book(BTC, BUY, 5) == [(598_000, 10)]
    venue.assert_books_balance()


def test_a_heartbeat_keeps_the_orders(venue: Venue, alice: int) -> None:
    arm(venue, alice)
    venue.rest(alice, BTC, BUY, 599_000, 10)
    for _ in range(4):
        venue.tick(6)
        assert beat(venue, alice) == []

    assert venue.book(BTC, BUY, 5) == [(599_000, 10)]


def test_the_switch_fires_once_and_is_off_until_it_is_set_again(
    venue: Venue, alice: int
) -> None:
    arm(venue, alice, NANOSECONDS)
    first = venue.tick(3)
    venue.observe(BTC, 60_000 * units.INDEX_SCALE)
    venue.rest(alice, BTC, BUY, 599_000, 10)

    second = venue.tick(3)
    heartbeat = venue.do(CommandKind.HEARTBEAT, alice, account=alice)
    arm(venue, alice, NANOSECONDS)
    third = venue.tick(3)

    assert len(told(first, EventKind.HEARTBEAT_MISSED)) == 1
    assert told(second, EventKind.HEARTBEAT_MISSED) == []
    assert reason(heartbeat) is RejectReason.HEARTBEAT_NOT_SET
    assert len(told(third, EventKind.ORDER_CANCELLED)) == 1


def test_a_setting_can_be_left_as_it_is(venue: Venue, alice: int) -> None:
    arm(venue, alice)
    change = {"account": alice, "is_enabled": -1, "timeout_ns": 0}

    off = venue.must(CommandKind.SET_CANCEL_ON_DISCONNECT, alice, **change)
    change = {"account": alice, "is_enabled": 0, "timeout_ns": -1}
    none = venue.must(CommandKind.SET_CANCEL_ON_DISCONNECT, alice, **change)

    assert (off[0]["is_enabled"], off[0]["timeout_ns"]) == (1, 0)
    assert (none[0]["is_enabled"], none[0]["timeout_ns"]) == (0, 0)


def test_switching_off_disarms(venue: Venue, alice: int) -> None:
    arm(venue, alice)
    venue.rest(alice, BTC, BUY, 599_000, 10)
    produced = venue.must(
        CommandKind.SET_CANCEL_ON_DISCONNECT, alice, account=alice, is_enabled=0
    )

    venue.tick(60)

    assert kinds(produced) == [EventKind.CANCEL_ON_DISCONNECT_SET]
    assert (produced[0]["is_enabled"], produced[0]["timeout_ns"]) == (0, 0)
    assert venue.book(BTC, BUY, 5) == [(599_000, 10)]


def test_several_switches_fire_and_disarm_apart(
    venue: Venue, alice: int, bob: int, carol: int
) -> None:
    for account, seconds in ((alice, 5), (bob, 20), (carol, 5)):
        arm(venue, account, seconds * NANOSECONDS)
        venue.rest(account, BTC, BUY, 599_000, 10)
    venue.must(CommandKind.SET_CANCEL_ON_DISCONNECT, carol, account=carol, is_enabled=1)

    first = venue.tick(6)
    second = venue.tick(15)

    assert [event["account"] for event in told(first, EventKind.ORDER_CANCELLED)] == [alice]
    assert [event["account"] for event in told(second, EventKind.ORDER_CANCELLED)] == [bob]
    assert venue.book(BTC, BUY, 5) == [(599_000, 10)]


def test_switches_survive_a_snapshot(venue: Venue, alice: int) -> None:
    arm(venue, alice)
    venue.rest(alice, BTC, BUY, 599_000, 10)
    copy = StateMachine(load(dump(venue.state)))

    venue.tick(11)
    copy.apply(venue.journal[-1])

    assert state_hash(copy.state) == state_hash(venue.state)


def test_a_cancel_for_a_lost_session_says_so(venue: Venue, alice: int) -> None:
    orders = [venue.rest(alice, BTC, BUY, 599_000 - i, 10) for i in range(3)]
    gone = {"account": alice, "flags": units.FLAG_DISCONNECTED}

    one = venue.do(CommandKind.CANCEL_ORDER, alice, order=orders[0], **gone)
    rest = venue.do(CommandKind.CANCEL_ALL, alice, contract=-1, **gone)

    reasons = [event["reason"] for event in one + rest]
    assert reasons == [CancelReason.DISCONNECTED] * 3
