"""One run: a world is opened, lives for some thousand commands, and is looked at as a whole.

run(seed, commands) -> Run; AssertionError when anything differs or an invariant is broken
"""

from dataclasses import dataclass

import numpy as np

from exchange.engine.commands import HEADER
from exchange.engine.snapshot import state_hash
from exchange.engine.state_machine import StateMachine
from tests.simulation.reference.wire import INSURANCE, CommandKind, Row
from tests.simulation.side_by_side import SideBySide
from tests.simulation.simulator.agents import CAST
from tests.simulation.simulator.dice import Dice
from tests.simulation.simulator.environment import (
    Oracle,
    broken_record,
    keep_house,
    pass_time,
)
from tests.simulation.simulator.sieges import ambush, jam, outgrow, repeat, sprawl, sunset
from tests.simulation.simulator.world import MENU, USDC, World

CROWDS = ((8, 20),) * 7 + ((20, 60),) * 4 + ((100, 300),) * 2 + ((1_000, 3_000),)
WEALTH = (20, 60, 200, 500, 1_500, 6_000, 30_000)
RARE = 25  # A siege comes in one of so many seeds.
SIEGES = {1: jam, 2: sprawl, 3: ambush, 4: sunset, 5: outgrow, 6: repeat}
AGENTS = tuple(agent for agent, share in CAST for _ in range(share))


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to."""

    seed: int
    commands: int
    state_hash: str
    seen: dict[str, int]


def run(seed: int, commands: int, whole_every: int = 500) -> Run:
    """Plays a seed to its end; every number of it follows from the two arguments."""
    world = live(seed, commands, whole_every)
    both = world.both
    both.compare_all()
    assert replayed(both.journal) == both.hash(), "another batching gives another state"
    return Run(seed, len(both.journal), both.hash(), dict(both.seen))


def live(seed: int, commands: int, whole_every: int) -> World:
    """The world of a seed after at least so many commands."""
    world = open_world(seed, whole_every)
    play(world, commands // 2)
    siege = SIEGES.get(seed % RARE)
    if siege:
        siege(world)
    play(world, commands - commands // 2)
    return world


def open_world(seed: int, whole_every: int) -> World:
    """Contracts, sources and accounts, drawn by the seed, and a first price for all."""
    world = World(Dice(seed), SideBySide(whole_every=1_000_000))
    dice = world.dice
    world.add_sources()
    for terms in dice.shuffled(MENU)[: dice.pick((1, 2, 3))]:
        underlying = world.list_underlying(terms)
        for _ in range(dice.pick((1, 1, 2))):
            world.list_contract(terms, underlying)
    for _ in range(dice.between(*dice.pick(CROWDS))):
        amount = dice.pick(WEALTH) * USDC
        is_sub = world.traders and dice.happens(20)
        world.open_funded(amount, dice.pick(world.traders) if is_sub else -1)
    world.operate(
        CommandKind.DEPOSIT, account=INSURANCE, amount_units=dice.pick((10, 3_000)) * USDC
    )
    oracle = Oracle(world)
    for underlying in range(len(world.prices)):
        world.both.apply(oracle.report(underlying))
    world.both.whole_every = whole_every
    return world


def play(world: World, commands: int) -> None:
    """Rounds until the journal is as long as it should be."""
    dice, both = world.dice, world.both
    oracle = Oracle(world)
    until = len(both.journal) + commands
    while len(both.journal) < until:
        pass_time(world)
        oracle.break_and_mend()
        batch: list[Row] = []
        if dice.happens(45):
            oracle.move()
            batch += oracle.report(dice.between(0, len(world.prices) - 1))
        elif world.is_stale() and dice.happens(80):
            for underlying in range(len(world.prices)):
                batch += oracle.report(underlying)
        for _ in range(dice.between(1, 6)):
            batch += dice.pick(AGENTS)(world, dice.pick(world.traders))
        if dice.happens(35):
            batch += keep_house(world)
        if dice.rarely(5):
            batch.append(broken_record(world))
        if world.sent and dice.rarely(12):
            batch.append(world.resend())
        submit(world, batch)
        if dice.rarely(80):
            both.restart()


def submit(world: World, batch: list[Row]) -> None:
    """One by one, all at once, or cut somewhere: it must not matter."""
    cut = world.dice.pick((1, 1, len(batch), world.dice.between(1, 10)))
    for first in range(0, len(batch), max(1, cut)):
        world.both.apply(batch[first : first + max(1, cut)])


def replayed(journal: list[Row]) -> str:
    """The state hash of a journal that was applied in one batch."""
    machine = StateMachine.create()
    machine.apply(np.array(journal, np.int64).view(HEADER))
    return state_hash(machine.state).hex()
