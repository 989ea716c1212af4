"""What must hold after any crash, whatever was killed and wherever.

no acknowledged command is lost: it stands in the journal with the outcome that was told
none is doubled: each key brought forth one order, each gateway's number one command
no command is half done: one result each, and every invariant of the state's audit
the state is the journal's: recovered from a snapshot or replayed from genesis
the projections are the journal's: followed through all crashes or rebuilt from nothing
the account views are the state's
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import redis
from django.db import connection

from exchange.engine.commands import PLACE_ORDER, CommandKind
from exchange.engine.events import ORDER_ACCEPTED, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter as StateCounter
from exchange.engine.state import State
from exchange.engine.units import USDC
from exchange.models import AccountQuarter, Candle, CandleHead, QuarterHead
from exchange.pipeline import codec
from exchange.pipeline.codec import Records
from exchange.pipeline.journal import Row
from exchange.pipeline.projections import PROJECTED, Projector, project, rebuild
from exchange.pipeline.replica import Replica
from exchange.pipeline.servers import redis_url
from exchange.pipeline.views import ACCOUNT_KEY, decode_view
from tests.crash.clients import Client
from tests.simulation.auditor import audit

# Tasks make these from rows: they are not the journal's alone.
OF_TASKS = (AccountQuarter, Candle, CandleHead, QuarterHead)
FOLLOWED = [model for model in PROJECTED if model not in OF_TASKS]


@dataclass
class History:
    """The journal, replayed from genesis."""

    # (account, idempotency key) → (sequence, order) of what it brought forth
    orders: dict[tuple[int, int], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    repeats: Counter[tuple[int, int]] = field(default_factory=Counter)
    numbers: Counter[tuple[int, int]] = field(default_factory=Counter)  # of gateways
    commands: int = 0
    state_hash: bytes = b""
    accounts: dict[int, tuple[int, list[int]]] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        return len(self.orders)


def prove(clients: Iterable[Client]) -> History:
    """The whole proof, with the engine stopped. Raises AssertionError at the first lie."""
    clients = list(clients)
    history = replay([client.account for client in clients])
    for client in clients:
        prove_client(client, history)
    prove_recovery(history)
    prove_projections()
    prove_views(history)
    return history


def replay(accounts: Iterable[int]) -> History:
    """From the first command on; the journal's chain and its state hashes are checked too."""
    history = History()
    with closing(Replica.open(from_genesis=True)) as replica:
        for row, events in replica.advance():
            _note(history, row, replica.commands(row), events)
        state = replica.machine.state
        audit(state)
        history.state_hash = replica.state_hash()
        history.accounts = {account: _account(state, account) for account in accounts}
    doubled = [pair for pair, count in history.numbers.items() if count > 1]
    assert doubled == [], f"commands journaled twice: {doubled}"
    return history


def prove_client(client: Client, history: History) -> None:
    """The client has exactly its orders, and was told the truth about each."""
    wanted = {intent.key for intent in client.wanted}
    assert wanted == set(client.acknowledged), wanted ^ set(client.acknowledged)
    for key, told in client.acknowledged.items():
        made = history.orders.get((client.account, key), [])
        assert len(made) == 1, f"key {key} of account {client.account} made {made}"
        sequence, number = made[0]
        assert told.order == number, (told, made)
        assert told.sequence in (None, sequence), (told, made)
    made_for = {key for account, key in history.orders if account == client.account}
    assert made_for == wanted, made_for ^ wanted


def prove_recovery(history: History) -> None:
    """Snapshot and tail give what the whole journal gives."""
    with closing(Replica.open()) as replica:
        replica.catch_up()
        assert replica.state_hash() == history.state_hash


def prove_projections() -> None:
    """What was followed through all crashes equals what is computed from nothing."""
    projector = Projector()
    with closing(Replica.open(to_sequence=projector.sequence)) as replica:
        replica.catch_up(projector.sequence)
        for _ in project(replica, projector):
            pass
    followed = {model.__name__: _rows(model) for model in FOLLOWED}
    rebuild()
    for model in FOLLOWED:
        assert _rows(model) == followed[model.__name__], model.__name__


def prove_views(history: History) -> None:
    """A reader of Valkey sees the engine's last state."""
    with closing(redis.Redis.from_url(redis_url())) as valkey:
        for account, (balance, orders) in history.accounts.items():
            raw: Any = valkey.get(ACCOUNT_KEY % account)
            assert raw is not None, f"account {account} has no view"
            view = decode_view(raw)
            assert int(view.header["balances"][USDC]) == balance, account
            assert sorted(view.orders["id"].tolist()) == orders, account


def _note(history: History, row: Row, commands: Records, events: Records) -> None:
    results = codec.results_of(commands, events)
    assert len(results) == row.count, row.first_sequence
    history.commands += row.count
    from_gateways = commands["gateway_id"] > 0
    history.numbers.update(
        zip(
            commands["gateway_id"][from_gateways].tolist(),
            commands["gateway_sequence"][from_gateways].tolist(),
            strict=True,
        )
    )
    orders = commands.view(PLACE_ORDER)
    for index in np.flatnonzero(commands["kind"] == CommandKind.PLACE_ORDER).tolist():
        if results["reason"][index] != RejectReason.ACCEPTED:
            continue
        pair = int(orders["account"][index]), int(orders["idempotency_key"][index])
        first = events[int(results["first_event"][index])]
        if first["kind"] == EventKind.COMMAND_REPEATED:
            history.repeats[pair] += 1
            continue
        assert first["kind"] == EventKind.ORDER_ACCEPTED, first
        made = events[int(results["first_event"][index]) :][:1].view(ORDER_ACCEPTED)
        placed = int(results["sequence"][index]), int(made["order"][0])
        history.orders[pair].append(placed)


def _account(state: State, account: int) -> tuple[int, list[int]]:
    orders = state.orders[: state.counters[StateCounter.ORDERS_HIGH]]
    mine = (orders["account"] == account) & (orders["id"] != 0)
    return int(state.balances[account, USDC]), sorted(orders["id"][mine].tolist())


def _rows(model: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        key = model._meta.pk.column
        cursor.execute(f'SELECT * FROM "{model._meta.db_table}" ORDER BY "{key}"')
        return [tuple(map(_plain, row)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
