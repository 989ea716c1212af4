"""Clients who never give up: the same key again and again, until they know what became of it.

Each wants one order after another. An answer that does not come, a connection that breaks and a
venue that says "later" mean the same to them: ask again. In the end they must have exactly the
orders they wanted.
"""

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np

from exchange.engine.events import (
    COMMAND_REPEATED,
    ORDER_ACCEPTED,
    EventKind,
)
from exchange.engine.rejects import RejectReason
from exchange.engine.units import BUY, SELL
from exchange.gateway.submitting import key_number
from exchange.pipeline.bus import Backpressure, Bus, OutcomeUnknown
from exchange.pipeline.codec import Result
from exchange.pipeline.servers import redis_url
from tests.gateway.venue import HOST, Key, sign
from tests.pipeline.venue import Venue, order

PATIENCE_SECONDS = 40.0  # for one answer, over any number of attempts
ATTEMPT_SECONDS = 0.6
PAUSE_SECONDS = 0.03  # what is replayed at each restart stays short
LOTS_MAX = 2
MIDDLE = 60_000
INSTRUMENT = "BTC_USDC-PERPETUAL"
# While there is no fresh price the venue takes no orders: asking again is right.
LATER = (RejectReason.ORACLE_NOT_VALID, RejectReason.NO_MARK_PRICE)
LATER_NAMES = tuple(reason.name for reason in LATER)


class Intent(NamedTuple):
    """An order that a client wants, once."""

    key: int
    side: int
    price: int  # USDC
    lots: int


class Acknowledged(NamedTuple):
    """What the client was told: the order's id, and the command's sequence if it knows."""

    order: int
    sequence: int | None


class Client(threading.Thread):
    """Wants orders until it is told to stop; `acknowledged` by key is what it was told."""

    def __init__(self, account: int, seed: int) -> None:
        super().__init__(name=f"client of {account}", daemon=True)
        self.account = account
        self.wanted: list[Intent] = []
        self.acknowledged: dict[int, Acknowledged] = {}
        self.answers = 0  # messages that were answered in the end
        self.attempts = 0
        self.fault: BaseException | None = None
        self.last_answer: object = None
        self._is_finishing = threading.Event()
        self._draw = random.Random(seed)
        self._numbers = itertools.count(1)

    def ask_to_finish(self) -> None:
        """Want no more, but wait for what was wanted."""
        self._is_finishing.set()

    def finish(self) -> None:
        """Want no more; wait until all that was wanted is answered."""
        self.ask_to_finish()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), f"{self.name} still waits for an answer"
        self.check()

    def check(self) -> None:
        """Raise what ended the client before its time."""
        if self.fault is not None:
            raise self.fault

    def run(self) -> None:
        try:
            while not self._is_finishing.is_set():
                self._trade()
                time.sleep(PAUSE_SECONDS)
        except BaseException as fault:
            self.fault = fault

    def _trade(self) -> None:
        raise NotImplementedError

    def _want(self, key: int) -> Intent:
        """The next order: every bid meets every ask, so that the book stays small."""
        side = self._draw.choice((BUY, SELL))
        price = MIDDLE + side * self._draw.randint(0, 20)
        intent = Intent(key, side, price, self._draw.randint(1, LOTS_MAX))
        self.wanted.append(intent)
        return intent

    def _attempts(self) -> Iterator[int]:
        """One a try, until patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for attempt in itertools.count():
            assert time.monotonic() < deadline, (
                f"{self.name}: no answer to {self.wanted[-1]}, at last {self.last_answer}"
            )
            self.attempts += 1
            yield attempt
            time.sleep(0.05)


class BusClient(Client):
    """Speaks to the engine by the bus: one to three orders a message."""

    def __init__(self, account: int, seed: int) -> None:
        super().__init__(account, seed)
        self._bus: Bus | None = None

    def run(self) -> None:
        try:
            super().run()
        finally:
            if self._bus is not None:
                self._bus.close()

    def _trade(self) -> None:
        open_intents = [
            self._want(next(self._numbers)) for _ in range(self._draw.randint(1, 3))
        ]
        for _ in self._attempts():
            open_intents = self._ask(open_intents)
            if not open_intents:
                self.answers += 1
                return

    def _ask(self, intents: Sequence[Intent]) -> list[Intent]:
        """Those of the intents that are still open after one attempt."""
        commands = np.concatenate(
            [
                order(
                    self.account,
                    intent.side,
                    intent.price,
                    intent.lots,
                    idempotency_key=intent.key,
                )
                for intent in intents
            ]
        )
        try:
            if self._bus is None:
                self._bus = Bus.connect(redis_url())
            results = self._bus.submit(commands, timeout_seconds=ATTEMPT_SECONDS)
        except (OutcomeUnknown, Backpressure) as error:
            self.last_answer = error
            return list(intents)
        self.last_answer = results
        return [
            intent
            for intent, result in zip(intents, results, strict=True)
            if not self._is_settled(intent, result)
        ]

    def _is_settled(self, intent: Intent, result: Result) -> bool:
        if result.reason in LATER:
            return False
        assert result.reason == RejectReason.ACCEPTED, RejectReason(result.reason).name
        first = result.events[:1]
        if first["kind"][0] == EventKind.COMMAND_REPEATED:
            told = Acknowledged(int(first.view(COMMAND_REPEATED)["subject"][0]), None)
        else:
            told = Acknowledged(int(first.view(ORDER_ACCEPTED)["order"][0]), result.sequence)
        self.acknowledged[intent.key] = told
        return True


class ApiClient(Client):
    """Speaks JSON-RPC over HTTP to whichever of the gateways answers."""

    def __init__(self, key: Key, ports: Sequence[int], seed: int) -> None:
        super().__init__(key.account, seed)
        self._key = key
        self._ports = itertools.cycle(ports)
        self._port = next(self._ports)

    def _trade(self) -> None:
        text = f"order {next(self._numbers)}"
        intent = self._want(key_number(text))
        for _ in self._attempts():
            if self._ask(intent, text):
                self.answers += 1
                return
            self._port = next(self._ports)

    def _ask(self, intent: Intent, text: str) -> bool:
        method = "buy" if intent.side == BUY else "sell"
        query = urlencode(
            {
                "instrument_name": INSTRUMENT,
                "amount": f"0.{intent.lots:03}",
                "price": intent.price,
                "idempotency_key": text,
            }
        )
        uri = f"/api/v2/private/{method}?{query}"
        try:
            with closing(http.client.HTTPConnection(HOST, self._port, timeout=8)) as connection:
                connection.request("GET", uri, headers=sign(self._key, "GET", uri))
                answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.last_answer = error
            return False
        self.last_answer = answer
        if "result" in answer:
            placed = int(answer["result"]["order"]["order_id"])
            self.acknowledged[intent.key] = Acknowledged(placed, None)
            return True
        assert _is_passing(answer["error"]), answer
        return False


class Reporters(threading.Thread):
    """Three signed sources of one steady price; a venue that is away is tried again."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(name="reporters", daemon=True)
        self._venue = venue
        self._is_finishing = threading.Event()

    def run(self) -> None:
        while not self._is_finishing.wait(0.3):
            signed = [self._venue.observation(source, MIDDLE) for source in range(3)]
            commands = np.concatenate([command for command, _ in signed])
            sides = {index: signature for index, (_, signature) in enumerate(signed)}
            try:
                self._venue.bus.submit(commands, sides, timeout_seconds=ATTEMPT_SECONDS)
            except (OutcomeUnknown, Backpressure):
                continue

    def finish(self) -> None:
        self._is_finishing.set()
        self.join(PATIENCE_SECONDS)


class Load:
    """Some clients and the prices they need, at work inside a `with`."""

    def __init__(self, clients: Sequence[Client], venue: Venue) -> None:
        self.clients = clients
        self._reporters = Reporters(venue)

    def __enter__(self) -> "Load":
        for thread in (self._reporters, *self.clients):
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.ask_to_finish()
        self._reporters.finish()

    @property
    def acknowledged(self) -> int:
        return sum(len(client.acknowledged) for client in self.clients)

    def finish(self) -> None:
        """Every client gets its last answer; prices stop last."""
        for client in self.clients:
            client.finish()
        self._reporters.finish()


def _is_passing(error: dict[str, object]) -> bool:
    """Whether the venue said "later": nothing was done, or the outcome is not known."""
    data = error.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    passing = (10_028, 10_040, 10_047, 13_888, 13_009)
    return error["code"] in passing or name in LATER_NAMES
