"""The engine and the plain reference decide alike, command after command."""

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.engine.state import Counter
from tests.simulation import reference
from tests.simulation.actions import (
    Action,
    Amend,
    Cancel,
    CancelAll,
    Deposit,
    Either,
    Fees,
    Guard,
    Move,
    Place,
    Player,
    Prefer,
    Settle,
    Wait,
    Withdraw,
)
from tests.simulation.reference import wire
from tests.simulation.reference.tables import Order
from tests.simulation.reference.wire import (
    ROLE_MAKER,
    ROLE_TRADER,
    CommandKind,
    EventKind,
    RejectReason,
)
from tests.simulation.side_by_side import SideBySide
from tests.simulation.simulator.dice import Dice
from tests.simulation.simulator.run import open_world, play
from tests.simulation.simulator.world import MENU, World

RESTING = ("gtc", "gtd")
REFERENCE = Path(reference.__file__).parent


def two_markets(funds: list[int]) -> World:
    """BTC and SOL perpetuals with a price, and traders; the last is a sub-account."""
    world = World(Dice(1), SideBySide(whole_every=1_000_000))
    world.add_sources()
    for terms in MENU[:2]:
        world.list_contract(terms, world.list_underlying(terms))
    for amount in funds[:-1]:
        world.open_funded(amount)
    world.open_funded(funds[-1], parent=world.traders[0])
    player = Player(world)
    for contract, terms in enumerate(MENU[:2]):
        price = terms.reference_ticks * terms.tick_e8
        for source, reporter in enumerate(world.reporters):
            fields = {"source": source, "underlying": contract, "price_e8": price}
            kind, now = CommandKind.SUBMIT_OBSERVATION, world.both.time_ns
            world.both.do(kind, reporter, **fields, publish_time_ns=now)
    player.play(Wait(0))
    world.both.whole_every = 1
    return world


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.py")), ids=lambda path: path.name)
def test_reference_shares_no_code_with_what_it_checks(path: Path) -> None:
    if path.name == "wire.py":
        return  # Numbers alone: see the test below.
    tree = ast.parse(path.read_text())
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]

    foreign = [name for name in names if name.split(".")[0] in ("exchange", "risk", "oracle")]

    assert foreign == []
    assert [name for name in names if name.split(".")[0] in ("numpy", "numba")] == []


def test_wire_shares_numbers_and_names_only() -> None:
    shared = [getattr(wire, name) for name in wire.__all__]

    assert all(isinstance(value, int | type) for value in shared)


@pytest.mark.parametrize("seed", range(4))
def test_everything_is_the_same_after_every_command(seed: int) -> None:
    world = open_world(seed, whole_every=1_000_000)
    world.both.whole_every = 1

    play(world, 200)


accounts = st.integers(0, 3)
contracts = st.integers(0, 1)
lots = st.one_of(st.integers(1, 20), st.sampled_from([100, 1_000, 5_000]))
places = st.builds(
    Place,
    accounts,
    contracts,
    st.sampled_from([1, -1]),
    st.integers(-5, 5),
    lots,
    is_market=st.booleans(),
    force=st.sampled_from(["gtc", "gtc", "gtd", "ioc", "fok"]),
    post_only=st.booleans(),
    reject_post_only=st.booleans(),
    reduce_only=st.booleans(),
    label=st.integers(0, 1),
)
# The frequent mistakes are kept rare, so that most orders live.
sane_places = places.map(
    lambda p: Place(
        p.account,
        p.contract,
        p.side,
        p.offset,
        p.lots,
        is_market=p.is_market and p.force not in RESTING,
        force=p.force,
        post_only=p.post_only and p.force in RESTING,
        reject_post_only=p.reject_post_only and p.post_only and p.force in RESTING,
        reduce_only=p.reduce_only and p.label == 1,
    )
)
reach = st.integers(1, 4) | st.none()
guards = st.builds(
    Guard,
    accounts,
    contracts,
    st.sampled_from([1, -1]),
    st.integers(-4, 4),
    lots,
    reach,
    reach,
)
actions = st.one_of(
    sane_places,
    sane_places,
    sane_places,
    places,
    guards,
    st.builds(
        Either,
        accounts,
        contracts,
        st.sampled_from([1, -1]),
        lots,
        st.integers(1, 4),
        st.integers(-3, 4),
        st.booleans(),
    ),
    st.builds(Amend, st.integers(0, 9), st.none() | st.integers(-5, 5), lots),
    st.builds(Cancel, st.integers(0, 9), st.booleans()),
    st.builds(CancelAll, accounts, st.integers(-1, 1), st.integers(0, 1)),
    st.builds(Move, contracts, st.integers(-20_000, 20_000), st.integers(1, 3)),
    st.builds(Wait, st.sampled_from([0, 1, 11, 86_400])),
    st.builds(Prefer, accounts, st.integers(0, 3)),
    st.builds(Fees, contracts, st.sampled_from([-501, -300, 0, 200])),
    st.builds(Deposit, accounts, st.integers(1, 10**9)),
    st.builds(Withdraw, accounts, st.integers(1, 10**9)),
    st.builds(Settle, contracts),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(actions, max_size=40),
    funds=st.lists(st.integers(1, 10**9), min_size=4, max_size=4),
)
def test_any_short_market_engine_and_reference_agree(
    steps: list[Action], funds: list[int]
) -> None:
    player = Player(two_markets(funds))

    for action in steps:
        player.play(action)


def test_the_last_slots_are_for_the_same_orders_in_both() -> None:
    """786,432 orders are more than can be told twice: here both believe that they are open."""
    world = two_markets([10**9] * 4)
    player, world.both.whole_every = Player(world), 1_000_000
    maker = world.open_account(ROLE_TRADER | ROLE_MAKER)
    world.operate(CommandKind.DEPOSIT, account=maker, amount_units=10**9)
    world.traders.append(maker)
    player.play(Place(0, 0, 1, 0, 5))
    player.play(Place(1, 0, -1, 0, 5))
    stranger = Order(0, 0, -1, 1, 0, 1, 1, 1, 0, 0)
    world.venue.orders.update(dict.fromkeys(range(-786_432, 0), stranger))
    world.both.machine.state.counters[Counter.ORDERS_OPEN] += 786_432

    answers = [
        player.play(action)[0]
        for action in (
            Place(0, 0, 1, -5, 5),
            Place(4, 0, 1, -5, 5),
            Place(0, 0, -1, -5, 5, reduce_only=True),
            Place(1, 0, -1, 5, 1, force="ioc"),
        )
    ]

    assert [event[2] for event in answers] == [
        EventKind.COMMAND_REJECTED,
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_ACCEPTED,
        EventKind.ORDER_ACCEPTED,
    ]
    assert answers[0][5] == RejectReason.ORDER_SLOTS_RESERVED
