"""Bytes on the bus: what an encoder makes a decoder reads, and nothing else passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import COMMAND_REJECTED, EVENT, ORDER_ACCEPTED, EventKind
from exchange.engine.rejects import RejectReason
from exchange.pipeline import codec
from exchange.pipeline.codec import Batch


def numbered(*kinds: CommandKind) -> codec.Records:
    commands = np.concatenate([make(kind, 16) for kind in kinds])
    commands["sequence"] = np.arange(7, 7 + len(commands))
    commands["gateway_id"] = 5
    commands["gateway_sequence"] = np.arange(100, 100 + len(commands))
    return commands


def event(sequence: int, kind: EventKind, **fields: int) -> codec.Records:
    layout = COMMAND_REJECTED if kind == EventKind.COMMAND_REJECTED else ORDER_ACCEPTED
    row = np.zeros(1, layout)
    row["sequence"], row["kind"] = sequence, kind
    for name, value in fields.items():
        row[name] = value
    return row.view(EVENT)


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.binary(max_size=70), max_size=5))
def test_sides_round_trip(sides: dict[int, bytes]) -> None:
    assert codec.decode_sides(codec.encode_sides(sides)) == sides


@pytest.mark.parametrize(
    "blob",
    [
        b"\0",
        b"\0\0\0\0\x05\0\0\0abcd",
        b"\1\0\0\0\0\0\0\0" + b"\0\0\0\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\0" + b"\0\0\0\0\0\0\0\0",
    ],
)
def test_sides_that_no_encoder_made_are_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="Expected"):
        codec.decode_sides(blob)


@given(st.binary(max_size=400))
def test_commands_are_whole_records_or_refused(raw: bytes) -> None:
    if raw and len(raw) % 128 == 0:
        assert len(codec.decode_commands(raw)) == len(raw) // 128
    else:
        with pytest.raises(ValueError, match="Expected 1 to"):
            codec.decode_commands(raw)


def batch(count: int, *kinds: CommandKind, principal: int = 16) -> bytes:
    header = make(CommandKind.PLACE_BATCH, 16, account=16, count=count)
    members = [make(kind, principal) for kind in kinds]
    return np.concatenate([header, *members]).tobytes()


PLACE, CANCEL = CommandKind.PLACE_ORDER, CommandKind.CANCEL_ORDER


def test_whole_batches_pass_beside_other_commands() -> None:
    other = make(CommandKind.HEARTBEAT, 17).tobytes()

    raw = other + batch(2, CANCEL, PLACE) + batch(1, PLACE) + other

    assert len(codec.decode_commands(raw)) == 7


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (batch(0), "Expected a batch of 1 to 100 members, was 0"),
        (batch(-1, PLACE), "Expected a batch of 1 to 100 members, was -1"),
        (batch(101, *[PLACE] * 101), "Expected a batch of 1 to 100 members, was 101"),
        (batch(2, PLACE), "Expected 2 members of a batch, was 1"),
        (batch(1, PLACE, principal=17), "Expected trading commands of one principal"),
        (batch(1, CommandKind.HEARTBEAT), "Expected trading commands of one principal"),
        (batch(2, PLACE, CommandKind.PLACE_BATCH), "Expected trading commands of one"),
    ],
)
def test_a_batch_that_is_not_whole_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        codec.decode_commands(raw)


def test_results_name_a_reject_only_by_its_own_first_event() -> None:
    commands = numbered(
        CommandKind.PLACE_ORDER, CommandKind.TICK, CommandKind.CANCEL_ALL, CommandKind.LIQUIDATE
    )
    events = np.concatenate(
        [
            event(7, EventKind.ORDER_ACCEPTED),
            event(
                7,
                EventKind.COMMAND_REJECTED,
                reason=RejectReason.MALFORMED,
                command_kind=CommandKind.PLACE_ORDER,
            ),
            event(
                8,
                EventKind.COMMAND_REJECTED,
                reason=RejectReason.MALFORMED,
                command_kind=CommandKind.PLACE_ORDER,
            ),
            event(
                10,
                EventKind.COMMAND_REJECTED,
                reason=RejectReason.LIQUIDATION_NOT_DUE,
                command_kind=CommandKind.LIQUIDATE,
            ),
        ]
    )

    results = codec.results_of(commands, events)

    assert results["reason"].tolist() == [0, 0, 0, 402]
    assert results["first_event"].tolist() == [0, 2, 3, 3]
    assert results["n_events"].tolist() == [2, 1, 0, 1]
    assert results["gateway_sequence"].tolist() == [100, 101, 102, 103]


def test_results_leave_out_funding_samples_that_came_before_a_command() -> None:
    commands = numbered(CommandKind.PLACE_ORDER, CommandKind.TICK, CommandKind.PLACE_ORDER)
    sample = event(7, EventKind.FUNDING_SAMPLED)
    refusal = {"reason": RejectReason.MALFORMED, "command_kind": CommandKind.PLACE_ORDER}
    events = np.concatenate(
        [
            sample,
            sample,
            event(7, EventKind.COMMAND_REJECTED, **refusal),
            event(8, EventKind.FUNDING_SAMPLED),
            event(9, EventKind.FUNDING_SAMPLED),
            event(9, EventKind.ORDER_ACCEPTED, order=9),
            event(9, EventKind.ORDER_CANCELLED),
        ]
    )

    batch = Batch(7, 9, 1_000, 3, codec.results_of(commands, events), events)

    refused, silent, accepted = dict(codec.results_for(batch, 5)).values()
    assert refused.reason == RejectReason.MALFORMED
    assert refused.events["kind"].tolist() == [EventKind.COMMAND_REJECTED]
    assert (silent.reason, len(silent.events)) == (0, 0)
    assert accepted.reason == 0
    assert accepted.events.view(ORDER_ACCEPTED)["order"][0] == 9
    assert accepted.events["kind"].tolist() == [10, 12]


def test_batch_round_trips_and_a_result_has_its_own_events() -> None:
    commands = numbered(CommandKind.PLACE_ORDER, CommandKind.TICK)
    events = np.concatenate(
        [event(7, EventKind.ORDER_ACCEPTED, order=9), event(8, EventKind.ORDER_ACCEPTED)]
    )
    batch = Batch(7, 8, 1_000, 3, codec.results_of(commands, events), events)

    decoded = codec.decode_batch(codec.encode_batch(batch))

    assert decoded[:4] == (7, 8, 1_000, 3)
    result = dict(codec.results_for(decoded, 5))[100]
    assert (result.sequence, result.reason, len(result.events)) == (7, 0, 1)
    assert result.events.view(ORDER_ACCEPTED)["order"].tolist() == [9]


@pytest.mark.parametrize("cut", [0, 8, 63, 64, 127, -1])
def test_batch_of_a_wrong_length_is_refused(cut: int) -> None:
    commands = numbered(CommandKind.TICK)
    raw = codec.encode_batch(
        Batch(7, 7, 0, 0, codec.results_of(commands, commands[:0]), commands)
    )

    with pytest.raises(ValueError, match="Expected"):
        codec.decode_batch(raw[:cut])


def test_batch_of_another_version_is_refused() -> None:
    empty = Batch(1, 0, 0, 0, np.zeros(0, codec.RESULT), np.zeros(0, EVENT))
    raw = b"\x09" + codec.encode_batch(empty)[1:]

    with pytest.raises(ValueError, match="version 1, was 9"):
        codec.decode_batch(raw)


def test_observation_message_is_the_five_signed_numbers() -> None:
    command = make(
        CommandKind.SUBMIT_OBSERVATION,
        20,
        source=1,
        underlying=2,
        price_e8=3,
        confidence_e8=4,
        publish_time_ns=5,
    )

    assert codec.observation_message(command) == np.arange(1, 6, dtype="<i8").tobytes()
