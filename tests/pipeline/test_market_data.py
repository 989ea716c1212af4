"""A client that follows the deltas holds the engine's book (I-42)."""

import random
import threading
import time
from collections.abc import Iterator

import pytest

from exchange.engine.units import FLAG_POST_ONLY
from exchange.pipeline.bus import MARKET_CHANNEL, STREAM
from exchange.pipeline.codec import Records
from exchange.pipeline.market_data import (
    BOOK_KEY,
    MarketMessage,
    MessageType,
    book_rows,
    decode_market,
)
from exchange.pipeline.replica import Replica
from exchange.pipeline.runner import Runner
from exchange.pipeline.views import CONTRACT_KEY, CONTRACTS_KEY, UNDERLYINGS_KEY
from tests.pipeline.conftest import Connection, Valkey
from tests.pipeline.engine import engine_in_thread
from tests.pipeline.venue import CONTRACT, Venue, ask, bid

Book = dict[tuple[int, int], int]


class Follower:
    """Subscribes first, then reads the snapshot, then applies what follows it."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._pubsub = client.pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe(MARKET_CHANNEL)
        self.messages: list[MarketMessage] = []
        self.book: Book = {}
        self.change_id: int | None = None  # nothing is held before the first snapshot

    def read_snapshot(self) -> None:
        snapshot = decode_market(self._client.get(BOOK_KEY % CONTRACT))
        assert snapshot.type == MessageType.BOOK_SNAPSHOT
        self.book = levels(snapshot.rows)
        self.change_id = snapshot.change_id

    def follow(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self._pubsub.get_message(timeout=0.05)
            if message is not None:
                self._take(decode_market(message["data"]))

    def close(self) -> None:
        self._pubsub.close()

    def _take(self, message: MarketMessage) -> None:
        self.messages.append(message)
        if message.type != MessageType.BOOK_DELTA or self.change_id is None:
            return
        if message.prev_change_id < self.change_id:
            return
        assert message.prev_change_id == self.change_id
        for (side, price), lots in levels(message.rows).items():
            if lots:
                self.book[side, price] = lots
            else:
                del self.book[side, price]  # a level that was never shown is not taken away
        self.change_id = message.change_id


def levels(rows: Records) -> Book:
    return {(side, price): lots for side, price, lots in rows.tolist()}


@pytest.fixture
def follower(valkey: Valkey) -> Iterator[Follower]:
    follower = Follower(valkey)
    yield follower
    follower.close()


def trade_at_random(venue: Venue, alice: int, bob: int, count: int) -> None:
    draw = random.Random(7)
    for _ in range(count):
        price = draw.randint(59_990, 60_010)
        command = draw.choice([bid, ask])(
            draw.choice([alice, bob]),
            price,
            draw.randint(1, 9),
            flags=draw.choice([0, FLAG_POST_ONLY]),
        )
        venue.accept(command)


def test_follower_holds_the_engines_book(
    engine: Runner, venue: Venue, follower: Follower
) -> None:
    venue.open()
    alice, bob = venue.trader(), venue.trader()
    trade_at_random(venue, alice, bob, 40)
    follower.read_snapshot()

    trade_at_random(venue, alice, bob, 40)
    follower.follow(0.5)
    trade_at_random(venue, alice, bob, 40)
    follower.follow(0.5)

    replica = Replica.open(from_genesis=True)
    replica.catch_up()
    assert follower.book == levels(book_rows(replica.machine.state, CONTRACT))
    assert len(follower.book) > 5
    replica.close()


def test_contract_listed_before_the_keys_were_ever_written_has_a_snapshot_that_is_followed(
    empty_journal: Connection, valkey: Valkey, venue: Venue, follower: Follower, kernels: None
) -> None:
    opening = threading.Thread(target=venue.open)
    opening.start()
    while not valkey.xlen(STREAM):  # the listing is in the first batch the engine reads
        time.sleep(0.01)

    with engine_in_thread():
        opening.join()
        follower.read_snapshot()
        trade_at_random(venue, venue.trader(), venue.trader(), 40)
        follower.follow(0.5)

    assert follower.change_id
    assert len(follower.book) > 5


def test_stored_snapshot_is_best_first_and_catches_up(
    engine: Runner, venue: Venue, follower: Follower
) -> None:
    venue.open()
    alice = venue.trader()
    for price in (59_900, 59_950, 60_050, 60_020):
        venue.accept((bid if price < 60_000 else ask)(alice, price, 2))
    follower.follow(1.3)

    follower.read_snapshot()

    assert list(follower.book.items()) == [
        ((1, 599_500), 2),
        ((1, 599_000), 2),
        ((-1, 600_200), 2),
        ((-1, 600_500), 2),
    ]


def test_quiet_contract_sends_no_deltas(
    engine: Runner, venue: Venue, follower: Follower
) -> None:
    venue.open()
    venue.accept(bid(venue.trader(), 59_000, 1))
    follower.follow(0.4)
    follower.messages.clear()

    follower.follow(1.2)

    assert follower.messages  # the index grows older
    assert MessageType.BOOK_DELTA not in [message.type for message in follower.messages]


def test_deltas_are_conflated(engine: Runner, venue: Venue, follower: Follower) -> None:
    venue.open()
    alice, bob = venue.trader(), venue.trader()
    follower.follow(0.3)
    started = time.monotonic()

    trade_at_random(venue, alice, bob, 100)
    elapsed = time.monotonic() - started
    follower.follow(0.3)

    deltas = [m for m in follower.messages if m.type == MessageType.BOOK_DELTA]
    assert 0 < len(deltas) <= elapsed / 0.1 + 2


def test_listing_is_readable_before_its_answer(
    engine: Runner, venue: Venue, valkey: Valkey
) -> None:
    venue.open()

    rows = valkey.get(CONTRACTS_KEY)
    assert rows == valkey.get(CONTRACT_KEY % CONTRACT)
    assert valkey.exists(UNDERLYINGS_KEY, BOOK_KEY % CONTRACT) == 2


def test_price_is_told_to_subscribers(
    engine: Runner, venue: Venue, follower: Follower, valkey: Valkey
) -> None:
    venue.open()
    follower.follow(0.4)

    by_type = {message.type: message for message in follower.messages}
    assert by_type[MessageType.INDEX].rows["index_e8"].tolist() == [60_000 * 10**8]
    assert by_type[MessageType.TICKER].rows["mark_ticks"].tolist() == [600_000]
    assert by_type[MessageType.TICKER].rows.tobytes() == valkey.get(CONTRACT_KEY % CONTRACT)
