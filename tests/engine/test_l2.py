"""A real order book and a real tape through the engine: 344 seconds of a busy perpetual.

Book and tape are two tests, since the recorded diffs already contain what the trades took.
"""

import numpy as np
import numpy.typing as npt

from exchange.engine import commands, events, units
from exchange.engine.commands import CommandKind
from exchange.engine.events import EventKind
from exchange.engine.state import ContractParameter
from exchange.engine.units import BUY, NANOSECONDS, SELL
from tests.engine.l2 import Change, OrderFlow, Trade, VenueBook, load
from tests.engine.venue import LISTINGS, UNITS, Venue

BOOK_ACCOUNTS = 24
ORDERS_PER_ACCOUNT = 480
MILLION = 1_000_000 * UNITS
MILLISECOND = 1_000_000


def make_recorded_venue(first_price_ticks: int) -> tuple[Venue, int]:
    """A BTC perpetual with the widest bands there are, its index at the recorded price."""
    venue = Venue()
    venue.add_reporters(3)
    contract = venue.list_contract(LISTINGS[0], venue.list_underlying("BTC"))
    venue.set_parameter(contract, ContractParameter.MIN_NOTIONAL_UNITS, 0)
    venue.set_parameter(contract, ContractParameter.PASSIVE_BAND_PPM, 990_000)
    venue.set_price(contract, first_price_ticks)
    assert venue.mark(contract) == first_price_ticks
    return venue, contract


def is_within_band(price_ticks: int) -> bool:
    """30 of the 19,186 prices lie 99 % and more from the mark, where no order may stand."""
    return 10_000 <= price_ticks <= 1_220_000


def test_recorded_diffs_through_engine_top_twenty_levels_equal_after_each() -> None:
    recording = load()
    book = VenueBook(recording.bids, recording.asks)
    venue, contract = make_recorded_venue(618_002)
    accounts = [venue.open_funded(900 * MILLION) for _ in range(BOOK_ACCOUNTS)]
    flow = OrderFlow(contract, accounts, ORDERS_PER_ACCOUNT)
    began_ms = reported_ms = recording.diffs[0].time_ms
    began_ns = venue.time_ns
    feed(venue, flow, book.everything())
    peak = 0

    for diff in recording.diffs:
        venue.time_ns = began_ns + (diff.time_ms - began_ms) * MILLISECOND
        feed(venue, flow, book.apply(diff))
        bids, asks = book.top(20)
        assert venue.book(contract, BUY, 20) == bids
        assert venue.book(contract, SELL, 20) == asks
        peak = max(peak, len(flow.resting))
        if diff.time_ms >= reported_ms + 1_000:
            reported_ms = diff.time_ms
            venue.set_price(contract, (bids[0][0] + asks[0][0]) // 2, seconds=0)

    assert len(recording.diffs) == 6_547
    assert peak > 9_700
    assert venue.book(contract, BUY, 1) == [(616_597, 1_486)]
    assert venue.book(contract, SELL, 1) == [(616_598, 981)]
    assert int(venue.state.contracts[contract]["trade_count"]) == 0
    venue.assert_books_balance()


def feed(venue: Venue, flow: OrderFlow, changes: list[Change]) -> None:
    """Applies level changes as one batch, in which nothing trades and nothing is refused."""
    batch = flow.commands([change for change in changes if is_within_band(change[1])])
    produced = venue.apply(batch)
    happened = np.unique(produced["kind"]).tolist()
    expected = {EventKind.ORDER_ACCEPTED, EventKind.ORDER_CANCELLED, EventKind.FUNDING_SAMPLED}
    assert set(happened) <= expected, happened
    flow.learn(produced)


def test_recorded_trades_as_takers_fill_at_recorded_prices() -> None:
    trades = load().trades
    venue, contract = make_recorded_venue(trades[0].price_ticks)
    makers = [venue.open_funded(900 * MILLION) for _ in range(10)]
    takers = [venue.open_funded(900 * MILLION) for _ in range(10)]
    seed_deep_book(venue, contract, makers[0])
    began_ns = venue.time_ns
    fills = []

    for second, group in by_second(trades).items():
        venue.time_ns = began_ns + second * NANOSECONDS
        venue.set_price(contract, group[0].price_ticks, seconds=0.001)
        produced = venue.apply(meet(contract, group, makers, takers))
        assert not np.any(produced["kind"] == EventKind.COMMAND_REJECTED)
        fills.append(produced[produced["kind"] == EventKind.ORDER_FILLED].copy())

    filled = np.concatenate(fills).view(events.ORDER_FILLED)
    taken = filled[filled["flags"] & units.FLAG_MAKER == 0]
    assert len(taken) == len(trades) == 21_313
    assert taken["price_ticks"].tolist() == [trade.price_ticks for trade in trades]
    assert taken["quantity_lots"].tolist() == [trade.quantity_lots for trade in trades]
    assert taken["side"].tolist() == [trade.side for trade in trades]
    assert int(taken["quantity_lots"].sum()) == 2_429_366
    assert int(venue.state.contracts[contract]["volume_lots"]) == 2_429_366
    venue.assert_books_balance()


def seed_deep_book(venue: Venue, contract: int, maker: int) -> None:
    """Two hundred levels that the tape never reaches: a book around every match."""
    for step in range(100):
        venue.rest(maker, contract, BUY, 610_000 - 10 * step, 50)
        venue.rest(maker, contract, SELL, 626_000 + 10 * step, 50)


def by_second(trades: list[Trade]) -> dict[int, list[Trade]]:
    """Trades grouped by the second of the recording in which they printed."""
    groups: dict[int, list[Trade]] = {}
    for trade in trades:
        groups.setdefault((trade.time_ms - trades[0].time_ms) // 1_000, []).append(trade)
    return groups


def meet(
    contract: int, trades: list[Trade], makers: list[int], takers: list[int]
) -> npt.NDArray[np.void]:
    """For each trade a resting order of its price and size, then a taker that wants it."""
    records = np.zeros(2 * len(trades), commands.HEADER)
    orders = records.view(commands.PLACE_ORDER)
    orders["kind"] = CommandKind.PLACE_ORDER
    orders["contract"] = contract
    for offset, accounts in ((0, makers), (1, takers)):
        owners = [accounts[i % len(accounts)] for i in range(len(trades))]
        orders["principal"][offset::2] = orders["account"][offset::2] = owners
        sign = 1 if offset else -1
        orders["side"][offset::2] = [sign * trade.side for trade in trades]
        orders["price_ticks"][offset::2] = [trade.price_ticks for trade in trades]
        orders["quantity_lots"][offset::2] = [trade.quantity_lots for trade in trades]
    orders["flags"][1::2] = units.TIF_IMMEDIATE_OR_CANCEL
    return records
