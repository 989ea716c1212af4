"""What the reference venue knows, row by row. Fields are named as the engine's columns are.

Nothing here is a sum of something else but `order_count` of a position, which also counts the
order that is being matched: a position exists while lots, money or orders stand in it.
"""

from dataclasses import dataclass, field

from tests.simulation.reference.rounding import NANO
from tests.simulation.reference.wire import (
    FLAG_DORMANT,
    FLAG_REDUCE_ONLY,
    FLAG_TRIGGERED,
    SELF_TRADE_CANCEL_MAKER,
    TIF_GOOD_TIL_DAY,
    TIF_MASK,
    TIF_NEVER_RESTS,
    TRIGGER_LAST,
    TRIGGER_MASK,
    TYPE_MASK,
    TYPE_TAKE_LIMIT,
    TYPE_TAKE_MARKET,
    TYPE_TRAILING_STOP,
    TYPES_WITH_TRIGGER,
)


@dataclass(slots=True)
class Account:
    """Somebody who may act, or a house account."""

    owner: int
    role: int = 0
    opened_ns: int = 0
    external_id: int = 0
    liquidation_stage: int = 0
    liquidation_misses: int = 0
    liquidation_next_ns: int = 0
    liquidation_contract: int = 0
    liquidation_sequence: int = 0
    fees_units: int = 0
    deposited_units: int = 0
    self_trade_mode: int = SELF_TRADE_CANCEL_MAKER  # read of the owner only
    cancel_on_disconnect: int = 0
    heartbeat_timeout_ns: int = 0  # 0: nobody waits for a heartbeat
    heartbeat_until_ns: int = 0
    # By contract.
    positions: "dict[int, Position]" = field(default_factory=dict)
    # Open orders by id, in the order in which they entered a book or began to wait.
    orders: "dict[int, Order]" = field(default_factory=dict)

    @property
    def reduce_only_count(self) -> int:
        """How many reduce-only orders it has in books."""
        orders = self.orders.values()
        return sum(order.is_reduce_only and order.is_resting for order in orders)


@dataclass(slots=True)
class Position:
    """What an account holds of one contract.

    Cost is what was paid (long, positive) or received (short, negative) for the lots held since
    they were last settled; entry is the same, never reset by settlement.
    """

    lots: int = 0
    cost_units: int = 0
    entry_units: int = 0
    unsettled_units: int = 0
    realised_units: int = 0
    funding_index: int = 0  # the contract's when this position was last settled with it
    funding_units: int = 0  # accrued, not yet unsettled profit
    order_count: int = 0

    def is_empty(self) -> bool:
        money = self.cost_units or self.unsettled_units or self.funding_units
        return not (self.lots or money or self.order_count)

    def receipt(self, index: int) -> int:
        """What it gets while the index of a lot grows to this, rounded down."""
        return -self.lots * (index - self.funding_index) // NANO


@dataclass(slots=True, eq=False)
class Group:
    """Orders that came together: an entry with its exits, or two that exclude each other."""

    legs: "list[Order]"  # those that live: exits in the order in which they came, or peers
    entry: "Order | None" = None  # None: it has ended, or there was none


@dataclass(slots=True, eq=False)
class Order:
    """An order, resting or on its way."""

    id: int
    account: int
    contract: int
    side: int
    flags: int
    price_ticks: int
    quantity_lots: int
    remaining_lots: int
    label: int
    accepted_ns: int
    # Of an order that waits, or waited, for a trigger.
    trigger_ticks: int = 0
    offset_ticks: int = 0
    best_ticks: int = 0
    told_ticks: int = 0
    placed: int = 0  # counts places taken among those that wait: the earlier fires first
    since: int = 0  # the place it took first; a trailing stop takes another when it moves
    group: Group | None = None
    pending_lots: int = 0  # of a dormant order: with how many it goes live

    @property
    def filled_lots(self) -> int:
        return self.quantity_lots - self.remaining_lots

    @property
    def may_rest(self) -> bool:
        return self.flags & TIF_NEVER_RESTS == 0

    @property
    def is_waiting(self) -> bool:
        has_waited = self.flags & (FLAG_TRIGGERED | FLAG_DORMANT)
        return bool(self.flags & TYPES_WITH_TRIGGER) and not has_waited

    @property
    def is_dormant(self) -> bool:
        return self.flags & FLAG_DORMANT != 0

    @property
    def is_resting(self) -> bool:
        return not self.is_waiting and not self.is_dormant

    @property
    def is_sized_by_others(self) -> bool:
        """Whether its lots follow those of another that lives."""
        if self.group is None or self.group.entry is self:
            return False
        return self.group.entry is not None or len(self.group.legs) > 1

    @property
    def is_trailing(self) -> bool:
        return self.flags & TYPE_MASK == TYPE_TRAILING_STOP

    @property
    def direction(self) -> int:
        """1: fires when its price has risen to the trigger, -1: when it has fallen."""
        is_take = self.flags & TYPE_MASK in (TYPE_TAKE_LIMIT, TYPE_TAKE_MARKET)
        return -self.side if is_take else self.side

    @property
    def source(self) -> int:
        """Which price it waits for: TRIGGER_MARK, TRIGGER_INDEX or TRIGGER_LAST."""
        return self.flags & TRIGGER_MASK

    @property
    def watches_last(self) -> bool:
        return self.is_waiting and self.source == TRIGGER_LAST

    @property
    def is_reduce_only(self) -> bool:
        return self.flags & FLAG_REDUCE_ONLY != 0

    @property
    def is_good_til_day(self) -> bool:
        return self.flags & TIF_MASK == TIF_GOOD_TIL_DAY


@dataclass(slots=True)
class Contract:
    """A contract: its terms, its market, its parameters."""

    name: tuple[int, int, int, int]
    underlying: int
    kind: int
    tick_e8: int
    lot_e8: int
    tick_value_units: int
    reference_ticks: int
    price_ceiling_ticks: int
    expiry_ns: int
    state: int
    mark_ticks: int = 0
    mark_ns: int = 0
    index_ticks: int = 0
    mark_index_e8: int = 0
    last_ticks: int = 0
    basis_e8: int = 0
    open_interest_lots: int = 0
    trade_count: int = 0
    volume_lots: int = 0
    initial_margin_ppm: int = 0
    margin_floor_units: int = 0
    maker_fee_ppm: int = 0
    taker_fee_ppm: int = 0
    mark_band_ppm: int = 0
    order_band_ppm: int = 0
    passive_band_ppm: int = 0
    min_notional_units: int = 0
    position_limit_units: int = 0
    liquidation_fee_ppm: int = 0
    insurance_cap_units: int = 0
    insurance_hour: int = 0
    insurance_paid_units: int = 0
    fees_unsettled_units: int = 0
    insurance_unsettled_units: int = 0
    is_due: int = 0  # 1: a price has moved for which somebody waits
    impact_margin_units: int = 0
    interest_ppb: int = 0
    funding_damper_ppb: int = 0
    funding_rate_max_ppb: int = 0
    basis_seconds: int = 0
    mark_rate_ppm: int = 0
    open_interest_lower_units: int = 0
    open_interest_upper_units: int = 0
    premium_ppb: int = 0
    premium_average_ppb: int = 0
    funding_rate_ppb: int = 0
    funding_index: int = 0  # 10^-9 units a lot since the last conversion
    cumulative: int = 0  # the same since the listing

    @property
    def cumulative_units(self) -> int:
        return self.cumulative // NANO

    @property
    def cumulative_nano(self) -> int:
        return self.cumulative % NANO

    @property
    def lot_units(self) -> int:
        """Value of one lot at the mark."""
        return self.mark_ticks * self.tick_value_units


@dataclass(slots=True)
class Funding:
    """What is measured of a contract's premium: sums of premium x milliseconds."""

    looked_ns: int = 0
    premium_ppb_ms: int = 0  # of the sample under way
    measured_ms: int = 0
    settlements: int = 0
    hour: int = 0  # of the last conversion
    # (premium x milliseconds, milliseconds) of the last hour, by number; oldest first.
    samples: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def hour_premium_ppb_ms(self) -> int:
        return sum(premium for premium, _ in self.samples.values())

    @property
    def hour_measured_ms(self) -> int:
        return sum(measured for _, measured in self.samples.values())

    @property
    def sample_number(self) -> int:
        return max(self.samples, default=0)


@dataclass(slots=True)
class Underlying:
    """Something that has an index price."""

    name: tuple[int, int]
    index_e8: int = 0
    index_ns: int = 0
    status: int = 0
    fresh: int = 0
    inliers: int = 0
    confidence_e8: int = 0
    raw_e8: int = 0
    marked_ns: int = 0


@dataclass(slots=True)
class Observation:
    """The last word of one source on one underlying."""

    price_e8: int = 0
    confidence_e8: int = 0
    publish_ns: int = 0
    received_ns: int = 0
    same_count: int = 0
    accepted: int = 0


@dataclass(slots=True)
class Reporter:
    """Who may report as a source, and how much it weighs."""

    account: int
    weight_ppm: int
    keys: tuple[int, int, int, int]
    suspended: int = 0


@dataclass(slots=True)
class Withdrawal:
    """Money on its way out, held until it is confirmed or failed."""

    id: int
    account: int
    asset: int
    amount_units: int
    reference: int
    requested_ns: int


@dataclass(frozen=True, slots=True)
class Key:
    """What an idempotency key stands for: the command that was accepted under it."""

    kind: int
    payload: tuple[int, ...]
    subject: int  # the order, withdrawal or transfer that it made or changed
    first_sequence: int


@dataclass(slots=True)
class Batch:
    """A PlaceBatch whose members are still to come."""

    principal: int
    account: int
    left: int
    is_refused: int = 0
    phase: int = 0  # of the member before
    link: int = 0
    # Members of a group that wait for its last.
    stored: "list[Order]" = field(default_factory=list)


@dataclass(slots=True)
class Gateway:
    """The last counter heard from a gateway, and when it spoke last."""

    gateway_sequence: int = 0
    last_sequence: int = 0
