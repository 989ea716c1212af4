"""Orders projected a second: events of the engine → tables.

A market of 55 % adds, 35 % cancels and 10 % takers is made by the engine first; what is timed
is the fold and PostgreSQL alone, once with a transaction a thousand commands (keeping up) and
with many of them in one (catching up). Reading the journal and replaying it are not in it.
"""

import random
from collections.abc import Callable
from time import perf_counter

import numpy as np
from django.core.management import call_command
from django.db import connections

from exchange.engine import units
from exchange.engine.commands import CommandKind, Records, make
from exchange.engine.events import ORDER_ACCEPTED, EventKind
from exchange.models import Fill, Order
from exchange.pipeline.projections import Projector, truncate
from exchange.pipeline.projections.batch import Events
from exchange.pipeline.servers import discard_servers, ensure_servers, novate_home
from tests.engine.venue import BTC, UNITS, make_venue

BATCHES, COMMANDS = 60, 1_000
Report = Callable[[str, str], None]
FOLDS = (1, 5, 60)  # batches a transaction
Batches = list[tuple[int, int, int, Events]]


def make_batches() -> Batches:
    """Events of 60 batches of commands, after those that open the accounts."""
    chance = random.Random(7)
    venue = make_venue()
    traders = [venue.open_funded(50_000_000 * UNITS) for _ in range(400)]
    machine = venue.machine
    setup = np.concatenate(venue.journal)
    replay = type(machine).create()
    batches = [(1, venue.sequence, venue.time_ns, replay.apply(setup).copy())]
    live: list[tuple[int, int]] = []
    for _ in range(BATCHES):
        commands = np.concatenate([_command(chance, traders, live) for _ in range(COMMANDS)])
        venue.stamp(commands)
        events = machine.apply(commands).copy()
        batches.append((int(commands["sequence"][0]), venue.sequence, venue.time_ns, events))
        accepted = events[events["kind"] == EventKind.ORDER_ACCEPTED].view(ORDER_ACCEPTED)
        live += zip(accepted["account"].tolist(), accepted["order"].tolist(), strict=True)
    return batches


def _command(chance: random.Random, traders: list[int], live: list[tuple[int, int]]) -> Records:
    what = chance.random()
    if what < 0.35 and live:
        at = chance.randrange(len(live))
        live[at], live[-1] = live[-1], live[at]
        account, number = live.pop()
        return make(CommandKind.CANCEL_ORDER, account, account=account, order=number)
    account, side = chance.choice(traders), chance.choice((units.BUY, units.SELL))
    is_taker = what > 0.9
    ticks = 600_000 + side * (60 if is_taker else -chance.randint(1, 900))
    return make(
        CommandKind.PLACE_ORDER,
        account,
        account=account,
        contract=BTC,
        side=side,
        price_ticks=ticks,
        quantity_lots=chance.randint(1, 9) * (3 if is_taker else 1),
        flags=units.TIF_IMMEDIATE_OR_CANCEL if is_taker else 0,
    )


def run(report: Report) -> None:
    """The same events in small and in large transactions, into an empty database each time."""
    setup, *batches = make_batches()
    with ensure_servers():
        call_command("migrate", interactive=False, verbosity=0)
        for folded in FOLDS:
            _fold(setup, batches, folded, report)
        connections.close_all()
    discard_servers(novate_home())


def _fold(
    setup: tuple[int, int, int, Events], batches: Batches, folded: int, report: Report
) -> None:
    truncate()
    projector = Projector()
    _write(projector, [setup])
    began = perf_counter()
    for start in range(0, len(batches), folded):
        _write(projector, batches[start : start + folded])
    seconds = perf_counter() - began
    assert projector.sequence == batches[-1][1]
    orders, fills = Order.objects.count(), Fill.objects.count()
    report(
        f"{folded * COMMANDS:,} commands a transaction",
        f"{orders / seconds:>12,.0f} orders/s   "
        f"{BATCHES * COMMANDS / seconds:,.0f} commands/s, {fills:,} fills",
    )


def _write(projector: Projector, batches: Batches) -> None:
    events = np.concatenate([events for *_, events in batches])
    _, through, time_ns, _ = batches[-1]
    projector.write(events, first=batches[0][0], through=through, time_ns=time_ns)
