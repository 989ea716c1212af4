"""Funding as events tell of it: sampled once, settled before a position changes, zero in sum.

I-27  an index is the sum of what its samples grew it by, each sample once and in order; a
      payment is floor(-lots x growth / 10^9); a conversion sums to zero with the roundings
      that insurance gets, which are fewer units than there were settlements
I-28  no fill changes a position that has not been settled with its contract's index
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.simulation.reference.wire import INSURANCE, EventKind

SAMPLE_NS = 5_000_000_000
NANO = 10**9

Event = dict[str, int]


@dataclass(slots=True)
class Holding:
    """What an account has of one contract's funding."""

    lots: int = 0
    index: int = 0
    accrued: int = 0


@dataclass(slots=True)
class Market:
    """One contract's funding since the last conversion."""

    index: int = 0
    cumulative: int = 0  # since the listing, 10^-9 units a lot
    sampled_ns: int = 0
    settlements: int = 0
    converted: int = 0  # sum of the payments of the conversion under way
    holdings: dict[int, Holding] = field(default_factory=lambda: defaultdict(Holding))


class FundingHistory:
    """Every contract's index and every position's part in it, from events alone."""

    def __init__(self) -> None:
        self.markets: dict[int, Market] = defaultdict(Market)

    def follow(self, event: Event) -> None:
        """Takes in one event."""
        match event["kind"]:
            case EventKind.FUNDING_SAMPLED:
                self._sampled(event)
            case EventKind.FUNDING_SETTLED:
                self._settled(event)
            case EventKind.FUNDING_CONVERTED:
                self._converted(event)
            case EventKind.ORDER_FILLED:
                self._filled(event)

    def _sampled(self, event: Event) -> None:
        market = self.markets[event["contract"]]
        end_ns = event["end_ns"]
        assert end_ns % SAMPLE_NS == 0, f"I-27 no sample ends there: {event}"
        assert market.sampled_ns < end_ns <= event["time_ns"], f"I-27 sampled twice: {event}"
        assert 0 < event["measured_ms"] <= 5_000, f"I-27 measured too long: {event}"
        market.sampled_ns = end_ns
        market.index += event["growth"]
        market.cumulative += event["growth"]
        assert event["funding_index"] == market.index, f"I-27 {market.index}: {event}"
        told = event["cumulative_units"] * NANO + event["cumulative_nano"]
        assert told == market.cumulative, f"I-27 {market.cumulative} in all: {event}"
        assert event["growth"] * event["rate_ppb"] >= 0, f"I-27 against its rate: {event}"

    def _settled(self, event: Event) -> None:
        market = self.markets[event["contract"]]
        holding = market.holdings[event["account"]]
        assert event["lots"] == holding.lots != 0, f"I-27 {holding.lots} lots: {event}"
        span = event["index_before"], event["index_after"]
        assert span == (holding.index, market.index), f"I-27 from {holding.index}: {event}"
        payment = -holding.lots * (market.index - holding.index) // NANO
        assert event["payment_units"] == payment, f"I-27 {payment} were due: {event}"
        holding.index = market.index
        holding.accrued += payment
        assert event["accrued_units"] == holding.accrued, f"I-27 {holding.accrued}: {event}"
        market.settlements += 1

    def _converted(self, event: Event) -> None:
        market = self.markets[event["contract"]]
        amount = event["amount_units"]
        market.converted += amount
        if event["account"] != INSURANCE:
            holding = market.holdings[event["account"]]
            assert amount == holding.accrued != 0, f"I-27 {holding.accrued} accrued: {event}"
            holding.accrued = 0
            return
        assert market.converted == 0, f"I-27 off by {market.converted}: {event}"
        most = max(1, market.settlements)
        assert 0 <= amount < most, f"I-27 {market.settlements} settlements: {event}"
        for account, holding in market.holdings.items():
            is_settled = holding.lots == 0 or holding.index == market.index
            is_through = is_settled and holding.accrued == 0
            assert is_through, f"I-27 {account} was passed over with {holding}: {event}"
            holding.index = 0
        market.index = market.settlements = 0

    def _filled(self, event: Event) -> None:
        market = self.markets[event["contract"]]
        holding = market.holdings[event["account"]]
        is_settled = holding.lots == 0 or holding.index == market.index
        assert is_settled, f"I-28 settled at {holding.index} of {market.index}: {event}"
        holding.index = market.index
        holding.lots = event["position_lots"]
