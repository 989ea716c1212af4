"""What the page foresees is what the engine then does."""

from collections.abc import Iterator

import numpy as np
import pytest

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ORDER_FILLED, CancelReason, EventKind
from exchange.engine.health import NO_CONTRACT, account_health
from exchange.engine.rejects import RejectReason
from exchange.engine.state import CONTRACT, UNDERLYING
from exchange.engine.units import (
    FLAG_POST_ONLY,
    SELF_TRADE_REJECT_TAKER,
    TIF_FILL_OR_KILL,
    TIF_IMMEDIATE_OR_CANCEL,
    TYPE_MARKET,
    TYPE_STOP_LIMIT,
)
from exchange.pipeline import what_if
from exchange.pipeline.affordable import affordable_lots
from exchange.pipeline.codec import Records
from exchange.pipeline.market_data import book_rows
from exchange.pipeline.replica import Replica
from exchange.pipeline.runner import Runner
from exchange.pipeline.views import (
    ACCOUNT_KEY,
    CONTRACTS_KEY,
    UNDERLYINGS_KEY,
    AccountView,
    decode_view,
)
from exchange.pipeline.what_if import AccountHealth, Preview
from tests.pipeline.conftest import Valkey
from tests.pipeline.venue import Venue, ask, bid


class Desk:
    """A trader's screen over the real venue: keys from Valkey, the book from the journal."""

    def __init__(self, venue: Venue, client: Valkey) -> None:
        self._client = client
        self.venue = venue
        self.replica = Replica.open(from_genesis=True)
        venue.open()
        self.alice, self.bob = venue.trader(), venue.trader()
        self.replica.catch_up()

    def view(self, account: int) -> AccountView:
        return decode_view(self._client.get(ACCOUNT_KEY % account))

    def health(self, account: int) -> AccountHealth:
        return what_if.revalue(self.view(account), self.contracts, self.underlyings)

    def preview(self, account: int, order: Records) -> Preview:
        self.replica.catch_up()
        levels = book_rows(self.replica.machine.state, 0)
        return what_if.preview_order(
            self.view(account), self.contracts, levels, order, self.underlyings
        )

    def engine_says(self, account: int) -> tuple[int, int, int]:
        self.replica.catch_up()
        equity, initial, maintenance = account_health(
            self.replica.machine.state, account, NO_CONTRACT
        )
        return int(equity), int(initial), int(maintenance)

    @property
    def contracts(self) -> Records:
        self.replica.catch_up()
        count = len(np.frombuffer(self._client.get(CONTRACTS_KEY), CONTRACT))
        return self.replica.machine.state.contracts[:count].copy()

    @property
    def underlyings(self) -> Records:
        count = len(np.frombuffer(self._client.get(UNDERLYINGS_KEY), UNDERLYING))
        return self.replica.machine.state.underlyings[:count].copy()


@pytest.fixture
def desk(engine: Runner, venue: Venue, valkey: Valkey) -> Iterator[Desk]:
    desk = Desk(venue, valkey)
    yield desk
    desk.replica.close()


def totals(health: AccountHealth) -> tuple[int, int, int]:
    return health.equity_units, health.initial_units, health.maintenance_units


def test_account_without_positions_is_its_cash(desk: Desk) -> None:
    health = desk.health(desk.alice)

    assert totals(health) == (1_000_000_000_000, 0, 0)
    assert health.available_units == 1_000_000_000_000
    assert health.positions == ()


def test_health_is_the_engines_own(desk: Desk) -> None:
    desk.venue.accept(ask(desk.bob, 60_010, 900), bid(desk.alice, 60_010, 700))
    desk.venue.accept(bid(desk.alice, 59_500, 40), ask(desk.alice, 60_500, 30))

    for account in (desk.alice, desk.bob):
        assert totals(desk.health(account)) == desk.engine_says(account)


def test_position_is_explained(desk: Desk) -> None:
    desk.venue.accept(ask(desk.bob, 60_010, 1_000), bid(desk.alice, 60_010, 1_000))

    position = desk.health(desk.alice).position(0)

    assert position is not None
    assert (position.lots, position.mark_ticks) == (1_000, 600_000)
    assert position.value_units == 60_000_000_000  # 1 BTC at 60,000
    assert position.entry_units == 60_010_000_000
    assert position.unrealised_units == -10_000_000
    assert position.initial_units > position.maintenance_units > 0
    assert position.liquidation_ticks == 0  # a million covers one coin at any price


def test_liquidation_price_is_where_equity_meets_maintenance(desk: Desk) -> None:
    carol = desk.venue.trader(5_000)
    desk.venue.accept(ask(desk.bob, 60_000, 1_000), bid(carol, 60_000, 1_000))
    price = desk.health(carol).positions[0].liquidation_ticks
    contracts = desk.contracts

    for mark, is_lost in ((price, True), (price + 1, False)):
        contracts["mark_ticks"] = mark
        health = what_if.revalue(desk.view(carol), contracts)
        assert (health.equity_units < health.maintenance_units) is is_lost
    assert 550_000 < price < 600_000


def test_order_reserve_is_what_open_orders_ask_for(desk: Desk) -> None:
    desk.venue.accept(bid(desk.alice, 59_000, 500))

    health = desk.health(desk.alice)

    assert health.order_reserve_units == health.initial_units > 0


@pytest.mark.parametrize(
    ("price", "lots", "flags"),
    [
        (60_020, 300, 0),
        (60_020, 2_000, 0),
        (60_020, 2_000, TIF_IMMEDIATE_OR_CANCEL),
        (60_005, 10, FLAG_POST_ONLY),
        (60_015, 10, FLAG_POST_ONLY),
        (0, 650, TYPE_MARKET | TIF_IMMEDIATE_OR_CANCEL),
        (60_020, 900, TIF_FILL_OR_KILL),
        (59_000, 100, 0),
    ],
)
def test_preview_is_what_then_happens(desk: Desk, price: int, lots: int, flags: int) -> None:
    desk.venue.accept(
        ask(desk.bob, 60_010, 300), ask(desk.bob, 60_020, 600), bid(desk.bob, 59_990, 300)
    )
    order = bid(desk.alice, price, lots, flags=flags)
    foreseen = desk.preview(desk.alice, order)

    events = desk.venue.accept(order)[0].events

    fills = events[events["kind"] == EventKind.ORDER_FILLED].view(ORDER_FILLED)
    mine = fills[fills["account"] == desk.alice]
    assert foreseen.reason == 0
    assert foreseen.filled_lots == mine["quantity_lots"].sum()
    assert foreseen.filled_price_lots == (mine["price_ticks"] * mine["quantity_lots"]).sum()
    assert foreseen.fee_units == mine["fee_units"].sum()
    assert foreseen.after == desk.health(desk.alice)
    view = desk.view(desk.alice)
    assert foreseen.resting_lots == view.orders["remaining_lots"].sum()
    if foreseen.resting_lots:
        assert foreseen.resting_ticks == view.orders["price_ticks"][0]


def test_preview_tells_slippage_and_what_would_be_cancelled(desk: Desk) -> None:
    desk.venue.accept(ask(desk.bob, 60_010, 300), ask(desk.bob, 60_020, 600))

    preview = desk.preview(
        desk.alice, bid(desk.alice, 60_020, 1_000, flags=TIF_IMMEDIATE_OR_CANCEL)
    )

    assert (preview.filled_lots, preview.resting_lots, preview.cancelled_lots) == (900, 0, 100)
    assert preview.cancel_reason == CancelReason.IMMEDIATE_OR_CANCEL
    assert preview.slippage_units == 6_000_000  # 0.6 BTC at 10 USDC above the best


def test_preview_names_the_reject_and_what_is_missing(desk: Desk) -> None:
    order = bid(desk.alice, 59_000, 900_000)
    foreseen = desk.preview(desk.alice, order)

    result = desk.venue.submit(order)[0]

    assert foreseen.reason == result.reason == RejectReason.INSUFFICIENT_MARGIN
    assert foreseen.missing_units > 0
    assert foreseen.before == foreseen.after


def test_of_an_order_too_large_for_its_margin_it_is_known_what_would_do(desk: Desk) -> None:
    carol = desk.venue.trader(5_000)
    order = bid(carol, 59_000, 10_000)
    refused = desk.preview(carol, order)
    asked = (desk.view(carol), desk.contracts, book_rows(desk.replica.machine.state, 0))

    lots = affordable_lots(refused, *asked, order, desk.underlyings)

    assert refused.reason == RejectReason.INSUFFICIENT_MARGIN
    assert 0 < lots < 10_000
    assert desk.preview(carol, bid(carol, 59_000, lots)).reason == RejectReason.ACCEPTED
    more = bid(carol, 59_000, lots + max(1, lots // 100))
    assert desk.preview(carol, more).reason == RejectReason.INSUFFICIENT_MARGIN


def test_an_account_without_funds_can_afford_nothing(desk: Desk) -> None:
    carol = desk.venue.trader(1)
    order = bid(carol, 59_000, 10_000)
    refused = desk.preview(carol, order)
    levels = book_rows(desk.replica.machine.state, 0)

    assert affordable_lots(refused, desk.view(carol), desk.contracts, levels, order) == 0


def test_preview_of_an_unknown_contract_is_a_reject(desk: Desk) -> None:
    order = bid(desk.alice, 59_000, 9)
    order.view(np.int64)[7] = 77

    assert desk.preview(desk.alice, order).reason == RejectReason.UNKNOWN_CONTRACT


def test_own_orders_do_not_fill_each_other(desk: Desk) -> None:
    desk.venue.accept(ask(desk.alice, 60_010, 300), ask(desk.bob, 60_010, 100))
    order = bid(desk.alice, 60_010, 150)
    foreseen = desk.preview(desk.alice, order)

    desk.venue.accept(order)

    assert (foreseen.filled_lots, foreseen.resting_lots) == (100, 50)
    assert foreseen.after == desk.health(desk.alice)


def test_scratch_never_reaches_the_venue(desk: Desk) -> None:
    desk.venue.accept(ask(desk.bob, 60_010, 300))
    before = desk.replica.catch_up(), desk.replica.state_hash()

    desk.preview(desk.alice, bid(desk.alice, 60_010, 300))

    assert desk.replica.state_hash() == before[1]


def test_preview_of_a_stop_waits_and_asks_for_nothing(desk: Desk) -> None:
    stop = bid(desk.alice, 61_100, 40, flags=TYPE_STOP_LIMIT, trigger_ticks=610_000)

    foreseen = desk.preview(desk.alice, stop)
    desk.venue.accept(stop)

    assert (foreseen.reason, foreseen.waiting_lots, foreseen.trigger_ticks) == (0, 40, 610_000)
    assert (foreseen.filled_lots, foreseen.resting_lots, foreseen.cancelled_lots) == (0, 0, 0)
    assert totals(foreseen.after) == totals(foreseen.before)
    assert totals(foreseen.after) == desk.engine_says(desk.alice)


def test_preview_knows_what_ones_own_orders_do_when_they_meet(desk: Desk) -> None:
    desk.venue.accept(ask(desk.alice, 60_010, 5))
    meeting = bid(desk.alice, 60_010, 3)

    by_default = desk.preview(desk.alice, meeting)
    desk.venue.accept(
        make(
            CommandKind.SET_SELF_TRADE_MODE,
            desk.alice,
            account=desk.alice,
            mode=SELF_TRADE_REJECT_TAKER,
        )
    )
    rejected = desk.preview(desk.alice, meeting)

    assert (by_default.reason, by_default.resting_lots) == (0, 3)
    assert rejected.reason == RejectReason.WOULD_SELF_TRADE
