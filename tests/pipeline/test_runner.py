"""The single writer with real servers: numbered once, journaled first, answered last."""

import asyncio
import time

import numpy as np

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ACCOUNT_OPENED
from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter
from exchange.engine.units import (
    FLAG_POST_ONLY,
    OPERATOR,
    TYPE_STOP_LIMIT,
    TYPE_TRAILING_STOP,
)
from exchange.pipeline import codec, journal
from exchange.pipeline.bus import EPOCH_KEY, STREAM, AsyncBus
from exchange.pipeline.replica import Replica
from exchange.pipeline.runner import Runner
from exchange.pipeline.servers import ServerLease, redis_url
from exchange.pipeline.views import ACCOUNT_KEY, decode_view
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread, wait_until
from tests.pipeline.venue import Venue, ask, bid


def journaled(connection: Connection, kind: CommandKind) -> int:
    return sum(
        int((row.commands()["kind"] == kind).sum())
        for row in journal.read_rows(connection, journal.GENESIS)
    )


def open_command(external_id: int) -> codec.Records:
    return make(CommandKind.OPEN_ACCOUNT, OPERATOR, account=-1, role=1, external_id=external_id)


def test_answer_finds_the_view_it_changed(engine: Runner, venue: Venue, valkey: Valkey) -> None:
    venue.open()
    alice = venue.trader()

    for price in range(59_000, 59_020):
        result = venue.accept(bid(alice, price, 10, flags=FLAG_POST_ONLY))[0]

        view = decode_view(valkey.get(ACCOUNT_KEY % alice))
        assert view.header["sequence"] >= result.sequence
        assert view.orders["price_ticks"][0] == price * 10
    assert len(view.orders) == 20
    assert view.positions["buy_lots"].tolist() == [200]
    assert view.header["balances"].tolist()[0] == 1_000_000_000_000


def test_view_tells_what_an_order_waits_for(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    venue.open()
    alice = venue.trader()
    venue.accept(bid(alice, 59_000, 1))

    venue.accept(bid(alice, 61_000, 2, flags=TYPE_STOP_LIMIT, trigger_ticks=605_000))
    venue.accept(bid(alice, 58_000, 3))
    trailing = ask(alice, 0, 4, flags=TYPE_TRAILING_STOP, trigger_ticks=5_000)
    venue.accept(trailing)

    view = decode_view(valkey.get(ACCOUNT_KEY % alice))
    assert view.orders["quantity_lots"].tolist() == [4, 3, 2, 1]
    assert view.conditions["trigger_ticks"].tolist() == [595_000, 605_000]
    assert view.conditions["offset_ticks"].tolist() == [5_000, 0]


def test_views_of_both_sides_show_a_fill(engine: Runner, venue: Venue, valkey: Valkey) -> None:
    venue.open()
    alice, bob = venue.trader(), venue.trader()
    venue.accept(ask(alice, 60_010, 5))

    venue.accept(bid(bob, 60_010, 3))

    lots = [
        decode_view(valkey.get(ACCOUNT_KEY % account)).positions["lots"].tolist()
        for account in (alice, bob)
    ]
    assert lots == [[-3], [3]]


def test_first_batch_after_a_restart_leaves_every_view_whole(
    servers: ServerLease, empty_journal: Connection, valkey: Valkey
) -> None:
    with engine_in_thread():
        venue = Venue()
        venue.open()
        alice, bob = venue.trader(), venue.trader()
        for price in range(59_000, 59_010):
            venue.accept(bid(alice, price, 10, flags=FLAG_POST_ONLY))
        venue.close()
    command = bid(bob, 58_000, 4)
    command["gateway_id"], command["gateway_sequence"] = 77, 1
    valkey.xadd(STREAM, {"r": command.tobytes(), "s": b""})

    with engine_in_thread():
        wait_until(lambda: len(decode_view(valkey.get(ACCOUNT_KEY % bob)).orders) == 1)
        views = {
            account: decode_view(valkey.get(ACCOUNT_KEY % account)) for account in (alice, bob)
        }

    assert [int(view.header["account"]) for view in views.values()] == [alice, bob]
    assert [len(view.orders) for view in views.values()] == [10, 1]


def test_repeated_message_is_executed_once(
    engine: Runner, venue: Venue, valkey: Valkey, empty_journal: Connection
) -> None:
    command = open_command(7)
    command["gateway_id"], command["gateway_sequence"] = 99, 1
    for _ in range(3):  # an XADD whose replies were lost, repeated by a careless client
        valkey.xadd(STREAM, {"r": command.tobytes(), "s": b""})

    venue.open_account(external_id=8)

    assert journaled(empty_journal, CommandKind.OPEN_ACCOUNT) == 2


def test_repeated_message_is_dropped_by_the_next_engine_too(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> None:
    command = open_command(7)
    command["gateway_id"], command["gateway_sequence"] = 99, 1
    with engine_in_thread():
        valkey.xadd(STREAM, {"r": command.tobytes(), "s": b""})
        venue.open_account()

    with engine_in_thread():
        valkey.xadd(STREAM, {"r": command.tobytes(), "s": b""})
        venue.open_account()

    assert journaled(empty_journal, CommandKind.OPEN_ACCOUNT) == 3


def test_unsigned_observation_is_refused_and_not_journaled(
    engine: Runner, venue: Venue, empty_journal: Connection
) -> None:
    venue.open()
    command, signature = venue.observation(0, 60_100)

    for side in ({}, {0: bytes([signature[0] ^ 1]) + signature[1:]}, {0: b"short"}):
        result = venue.submit(command, sides=side)[0]
        assert (result.sequence, result.reason) == (0, RejectReason.NOT_AUTHORISED)

    assert journaled(empty_journal, CommandKind.SUBMIT_OBSERVATION) == 3


def test_signature_of_another_price_is_refused(engine: Runner, venue: Venue) -> None:
    venue.open()
    command, signature = venue.observation(1, 60_100)
    command.view(np.int64)[8] += 1

    assert venue.submit(command, sides={0: signature})[0].reason == RejectReason.NOT_AUTHORISED


def test_side_bytes_follow_their_command_into_the_journal(
    engine: Runner, venue: Venue, empty_journal: Connection
) -> None:
    venue.open()
    good, signature = venue.observation(2, 60_100)
    bad, _ = venue.observation(1, 60_100)

    results = venue.submit(bad, open_command(1), good, sides={0: b"x" * 64, 2: signature})

    assert [result.reason for result in results] == [RejectReason.NOT_AUTHORISED, 0, 0]
    row = journal.row_ending_at(empty_journal, results[2].sequence)
    assert row is not None
    assert codec.decode_sides(row.side) == {row.count - 1: signature}


def test_house_commands_do_not_come_by_the_bus(
    engine: Runner, venue: Venue, empty_journal: Connection
) -> None:
    results = venue.submit(
        make(CommandKind.QUARANTINE, OPERATOR, target_sequence=1),
        make(CommandKind.TICK, OPERATOR),
    )

    assert [result.reason for result in results] == [RejectReason.NOT_AUTHORISED] * 2
    assert journaled(empty_journal, CommandKind.QUARANTINE) == 0


def test_malformed_messages_are_passed_over(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    record = open_command(1).tobytes()
    for fields in (
        {"r": b"", "s": b""},
        {"r": record[:-1], "s": b""},
        {"r": record, "s": b"\1"},
        {"x": b"1"},
        {"r": b"\xff" * 128, "s": b""},
        {"r": record * (codec.MESSAGE_COMMANDS_MAX + 1), "s": b""},
    ):
        valkey.xadd(STREAM, fields)

    assert venue.open_account() == 16


def test_unknown_kind_is_answered_by_the_engine(engine: Runner, venue: Venue) -> None:
    command = make(CommandKind.TICK, OPERATOR)
    command["kind"] = 4_242

    result = venue.submit(command)[0]

    assert result.reason == RejectReason.UNKNOWN_COMMAND
    assert result.sequence > 0


def test_flushed_stream_is_read_from_its_start(
    engine: Runner, venue: Venue, valkey: Valkey, empty_journal: Connection
) -> None:
    venue.open_account()
    epoch = valkey.get(EPOCH_KEY)
    valkey.flushall()
    # Ids of the new stream are far behind the old position, as after a restart of Valkey.
    command = open_command(7)
    command["gateway_id"], command["gateway_sequence"] = 99, 1
    valkey.xadd(STREAM, {"r": command.tobytes(), "s": b""}, id="5-0")
    wait_until(lambda: journaled(empty_journal, CommandKind.OPEN_ACCOUNT) == 2)

    assert venue.open_account() == 18

    assert valkey.get(EPOCH_KEY) not in (None, epoch)
    assert valkey.exists(ACCOUNT_KEY % 16, ACCOUNT_KEY % 17, ACCOUNT_KEY % 18) == 3


def test_committed_messages_leave_the_stream(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    for _ in range(5):
        venue.open_account()

    assert valkey.xlen(STREAM) == 0


def test_many_submits_at_once_each_get_their_own_outcome(
    engine: Runner, empty_journal: Connection
) -> None:
    async def run() -> list[int]:
        bus = await AsyncBus.connect(redis_url())
        try:
            results = await asyncio.gather(
                *(
                    bus.submit(np.concatenate([open_command(i), open_command(i)]))
                    for i in range(200)
                )
            )
        finally:
            await bus.close()
        assert bus.in_flight == 0
        for i, pair in enumerate(results):
            ids = [int(r.events.view(ACCOUNT_OPENED)["external_id"][0]) for r in pair]
            assert ids == [i, i]
        return [result.sequence for pair in results for result in pair]

    sequences = asyncio.run(run())

    assert len(set(sequences)) == 400
    assert sequences == sorted(sequences)


def test_time_goes_on_by_ticks_and_never_back(
    engine: Runner, venue: Venue, empty_journal: Connection
) -> None:
    started = time.monotonic()
    while time.monotonic() - started < 2.2:
        venue.open_account()

    times = [row.time_ns for row in journal.read_rows(empty_journal, journal.GENESIS)]
    assert times == sorted(times)
    assert 2 <= journaled(empty_journal, CommandKind.TICK) <= 4


def test_snapshot_and_tail_give_what_the_whole_journal_gives(
    empty_journal: Connection, valkey: Valkey, kernels: None, venue: Venue
) -> None:
    with engine_in_thread():
        venue.open()
        alice, bob = venue.trader(), venue.trader()
        venue.accept(ask(alice, 60_010, 5), bid(bob, 60_010, 3))
    with engine_in_thread():
        venue.accept(bid(bob, 60_020, 4))
        venue.publish_price(60_050)
    last = Replica.open()
    middle = Replica.open(to_sequence=last.sequence - 1)
    genesis = Replica.open(from_genesis=True)

    tail, whole = middle.catch_up(), genesis.catch_up()

    assert 0 < tail < whole
    assert last.catch_up() == 0
    assert last.head == middle.head == genesis.head
    assert last.state_hash() == middle.state_hash() == genesis.state_hash()
    for replica in (last, middle, genesis):
        replica.close()


def test_views_of_a_batch_that_also_lists_are_right(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    venue.open()
    alice = venue.trader(500)

    venue.accept(
        make(CommandKind.DEPOSIT, OPERATOR, account=alice, amount_units=7),
        make(
            CommandKind.SET_PARAMETER,
            OPERATOR,
            contract=0,
            parameter=ContractParameter.TAKER_FEE_PPM,
            value=400,
        ),
    )

    view = decode_view(valkey.get(ACCOUNT_KEY % alice))
    assert view.header["account"] == alice
    assert view.header["balances"][0] == 500_000_007


def test_engine_goes_on_when_valkey_forgets_and_cuts_everything(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    venue.open()
    alice = venue.trader(500)
    venue.accept(bid(alice, 59_000, 2))

    valkey.flushall()
    valkey.client_kill_filter(_type="normal", skipme=True)
    wait_until(lambda: bool(valkey.exists(ACCOUNT_KEY % alice)))

    view = decode_view(valkey.get(ACCOUNT_KEY % alice))
    assert view.header["account"] == alice
    assert view.orders["price_ticks"].tolist() == [590_000]
    venue.close()  # its own connection was cut as well; the next call connects again
    assert venue.open_account() == alice + 1
