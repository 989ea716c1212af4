"""A socket's queue is bounded and conflates (exchange/gateway/outbox.py)."""

import asyncio

import pytest

from exchange.gateway.outbox import CHAIN_MAX, CHARACTERS_MAX, Outbox


async def drained(outbox: Outbox) -> list[str]:
    frames: list[str] = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                frames += await outbox.next()
        except TimeoutError:
            return frames


async def test_answers_leave_in_order() -> None:
    outbox = Outbox()

    for word in ("one", "two", "three"):
        outbox.push_event(word)

    assert await drained(outbox) == ["one", "two", "three"]
    assert outbox.waiting_characters == 0


async def test_a_newer_state_replaces_the_older_in_its_place() -> None:
    outbox = Outbox()

    outbox.push_state("ticker", "old")
    outbox.push_event("answer")
    outbox.push_state("ticker", "new")

    assert await drained(outbox) == ["new", "answer"]


async def test_a_chain_that_falls_behind_becomes_one_fresh_snapshot() -> None:
    outbox = Outbox()

    for step in range(CHAIN_MAX + 5):
        outbox.push_change("book", f"change {step}", lambda: "snapshot")

    assert await drained(outbox) == ["snapshot"]
    outbox.push_change("book", "next", lambda: "snapshot")
    assert await drained(outbox) == ["next"]


async def test_a_short_chain_is_sent_whole() -> None:
    outbox = Outbox()

    outbox.push_change("book", "a", lambda: "snapshot")
    outbox.push_change("book", "b", lambda: "snapshot")

    assert await drained(outbox) == ["a", "b"]


async def test_a_snapshot_replaces_what_waits_of_its_chain() -> None:
    outbox = Outbox()
    outbox.push_change("book", "a", lambda: None)

    outbox.push_snapshot("book", lambda: "whole")

    assert await drained(outbox) == ["whole"]


async def test_a_snapshot_that_cannot_be_rendered_sends_nothing() -> None:
    outbox = Outbox()

    outbox.push_snapshot("book", lambda: None)
    outbox.push_event("answer")

    assert await drained(outbox) == ["answer"]


@pytest.mark.parametrize("count", [10_000])
async def test_states_never_overrun_but_events_do(count: int) -> None:
    outbox = Outbox()

    for step in range(count):
        outbox.push_state("ticker", "x" * 500)
        outbox.push_change("book", f"{step}" * 100, lambda: "snapshot")
    assert not outbox.is_overrun
    assert outbox.waiting_characters < 100_000

    while outbox.waiting_characters <= CHARACTERS_MAX:
        outbox.push_event("x" * 10_000)
    assert outbox.is_overrun


async def test_dropping_a_key_forgets_its_frames() -> None:
    outbox = Outbox()
    outbox.push_state("ticker", "x")
    outbox.push_change("book", "y", lambda: None)

    outbox.drop("ticker")
    outbox.drop("book")
    outbox.drop("never")

    assert outbox.waiting_characters == 0
    assert await drained(outbox) == []
