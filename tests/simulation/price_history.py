"""Prices as events tell of them: observations, indices, marks, and what they permit."""

from dataclasses import dataclass

from tests.simulation.reference.governance import PARAMETERS
from tests.simulation.reference.index import Index, aggregate
from tests.simulation.reference.wire import (
    ORACLE_VALID,
    ORACLE_WIDE,
    CommandKind,
    ContractParameter,
    EventKind,
)

SECOND = 1_000_000_000
FRESH_NS = 10 * SECOND
PPM = 1_000_000

Event = dict[str, int]


@dataclass(slots=True)
class Pace:
    """What a mark was free to move since it was told last."""

    since_ns: int = 0
    travel_e8: int = 0  # of the index, there and back
    highest_e8: int = 0
    is_free: bool = True  # there was no mark, or its rules were changed


class PriceHistory:
    """The index of every underlying, recomputed from what was observed."""

    def __init__(self) -> None:
        self.weights: dict[int, int] = {}
        self.observed: dict[tuple[int, int], tuple[int, int]] = {}  # price, publish time
        self.indices: list[Index] = []
        self.refreshed_ns: list[int] = []
        self.contracts: dict[int, Event] = {}
        self.tick_values: dict[int, int] = {}
        self.parameters: dict[tuple[int, int], int] = {}
        # Indices that this command must have changed and has not told yet.
        self.untold: dict[int, Index] = {}
        self.time_ns = 0
        self.paces: dict[int, Pace] = {}

    def begin(self, command: Event, said: list[Event], *, is_refused: bool) -> None:
        """A command is about to be followed."""
        self.time_ns = command["time_ns"]
        if command["kind"] == CommandKind.TICK and not is_refused:
            for underlying in range(len(self.indices)):
                self._refresh(underlying)

    def follow(self, event: Event) -> None:
        """Takes in one event."""
        match event["kind"]:
            case EventKind.REPORTER_REGISTERED:
                self.weights[event["source"]] = event["weight_ppm"]
            case EventKind.UNDERLYING_LISTED:
                self.indices.append(Index(0, 0))
                self.refreshed_ns.append(0)
            case EventKind.CONTRACT_LISTED:
                self.contracts[event["contract"]] = event
                self.tick_values[event["contract"]] = event["tick_value_units"]
                self.paces[event["contract"]] = Pace()
            case EventKind.PARAMETER_SET:
                self.parameters[event["contract"], event["parameter"]] = event["value"]
                self.paces[event["contract"]].is_free = True
            case EventKind.OBSERVATION_ACCEPTED:
                self._observed(event)
            case EventKind.INDEX_UPDATED:
                self._index_updated(event)
            case EventKind.MARK_UPDATED:
                self._mark_updated(event)

    def end(self) -> None:
        """The command is over: nothing may be left untold."""
        assert not self.untold, f"I-36 the index moved untold: {self.untold}"

    def permit_liquidation(self, contracts: list[int], *, is_deep: bool) -> bool:
        """Whether the status of each underlying now permits a liquidation to start."""
        allowed = (ORACLE_VALID, ORACLE_WIDE) if is_deep else (ORACLE_VALID,)
        held = (self.contracts[contract]["underlying"] for contract in contracts)
        return all(self.indices[underlying].status in allowed for underlying in held)

    def liquidation_fee_ppm(self, contract: int) -> int:
        return self._parameter(contract, ContractParameter.LIQUIDATION_FEE_PPM)

    def _parameter(self, contract: int, parameter: ContractParameter) -> int:
        launch = PARAMETERS[parameter][1]
        return self.parameters.get((contract, parameter), launch)

    def _observed(self, event: Event) -> None:
        key = event["underlying"], event["source"]
        price, published = event["price_e8"], event["publish_time_ns"]
        assert price > 0, f"I-35 not a price: {event}"
        assert published <= self.time_ns + SECOND, f"I-35 from the future: {event}"
        _, last = self.observed.get(key, (0, 0))
        assert published > last, f"I-35 not newer than {last}: {event}"
        self.observed[key] = price, published
        self._refresh(event["underlying"])

    def _refresh(self, underlying: int) -> None:
        voices = [
            (price, self.weights[source])
            for (of, source), (price, published) in self.observed.items()
            if of == underlying
            and published >= self.time_ns - FRESH_NS
            and self.weights[source]
        ]
        before = self.indices[underlying]
        elapsed = self.time_ns - self.refreshed_ns[underlying]
        index = aggregate(voices, before.price_e8, elapsed)
        self.indices[underlying] = index
        self.refreshed_ns[underlying] = self.time_ns
        for contract, pace in self.paces.items():
            if self.contracts[contract]["underlying"] == underlying:
                pace.travel_e8 += abs(index.price_e8 - before.price_e8)
                pace.highest_e8 = max(pace.highest_e8, index.price_e8)
        if (index.price_e8, index.status) != (before.price_e8, before.status):
            self.untold[underlying] = index

    def _is_heard(self, source: int, published: int) -> bool:
        return self.weights[source] > 0 and published >= self.time_ns - FRESH_NS

    def _index_updated(self, event: Event) -> None:
        index = self.untold.pop(event["underlying"], None)
        assert index is not None, f"I-36 nothing moved the index: {event}"
        found = event["index_e8"], event["status"], event["raw_e8"]
        expected = index.price_e8, index.status, index.raw_e8
        assert found == expected, f"I-36 the sources say {expected}: {event}"

    def _mark_updated(self, event: Event) -> None:
        listed = self.contracts[event["contract"]]
        index = self.indices[listed["underlying"]].price_e8
        tick = listed["tick_e8"]
        band = self._parameter(event["contract"], ContractParameter.MARK_BAND_PPM)
        reach = index * band // PPM
        highest = 10 * listed["reference_ticks"]
        mark = event["mark_ticks"]
        assert 0 < mark <= highest, f"I-36 {event}"
        fitting = range(-((reach - index) // tick), (index + reach) // tick + 1)
        # No tick in the band: the nearest one to the index.
        allowed = fitting or [max(1, (index + tick // 2) // tick)]
        assert mark in allowed or mark == highest, f"I-36 {mark} not in {allowed}: {event}"
        self._keeps_pace(event, tick, band)

    def _keeps_pace(self, event: Event, tick: int, band: int) -> None:
        """|change of mark| <= |change of index| + rate x time, the band's own share, a tick."""
        contract = event["contract"]
        pace, index = self.paces[contract], self.contracts[contract]["underlying"]
        price = self.indices[index].price_e8
        self.paces[contract] = Pace(self.time_ns, highest_e8=price, is_free=False)
        if pace.is_free:
            return
        rate = self._parameter(contract, ContractParameter.MARK_RATE_PPM)
        allowed = pace.travel_e8 * (PPM + band) // PPM + tick + 2
        allowed += pace.highest_e8 * rate * (self.time_ns - pace.since_ns) // (PPM * SECOND)
        moved = abs(event["mark_ticks"] - event["previous_mark_ticks"]) * tick
        assert moved <= allowed, f"I-36 the mark moved {moved}, not {allowed}: {event}"
