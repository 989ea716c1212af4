"""Waiting for the projections without a thread or a query (gateway/projected.py)."""

import asyncio

from exchange.gateway.projected import Projected


async def test_reach_of_what_the_tables_hold_returns_at_once() -> None:
    projected = Projected()
    projected.learn(b"5")

    assert await projected.reach(5, 0.0)


async def test_reach_of_a_later_command_returns_when_the_projector_says_so() -> None:
    projected = Projected()
    projected.learn(b"4")
    waiting = asyncio.create_task(projected.reach(5, 10.0))
    later = asyncio.create_task(projected.reach(7, 10.0))

    await asyncio.sleep(0)
    projected.learn(b"6")

    assert await waiting
    assert not later.done()
    projected.learn(b"7")
    assert await later


async def test_reach_of_what_does_not_come_gives_up() -> None:
    assert not await Projected().reach(1, 0.01)


async def test_reach_after_a_rebuild_waits_again() -> None:
    projected = Projected()
    projected.learn(b"9")
    projected.learn(b"2")

    assert not await projected.reach(5, 0.01)
