"""The whole state of the venue: a struct of arrays, one table an entity, int64 in every field.

Tables are packed records of int64 (no padding, so equal states are equal bytes), reserved at
full capacity with np.zeros: untouched pages cost nothing. A row is named by its index ("slot").
Nothing here decides; it only says where things stand.

STATE-001  every field is int64; a row that is not in use is all zero.
STATE-002  capacities are fixed (units.py); a full table rejects, it never grows.
STATE-003  an order's public id is (number << 20) | slot, the number counting all orders ever
           made: looked up without a hash table, and never used twice.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit, types
from numba.core.dispatcher import Dispatcher

from exchange.engine.units import (
    ACCOUNTS_MAX,
    ASSETS_MAX,
    CONTRACTS_MAX,
    FIRST_USER_ACCOUNT,
    FUNDING_SAMPLES,
    GATEWAYS_MAX,
    LEVEL_HEADS,
    LEVEL_HEIGHT_MAX,
    LEVELS_MAX,
    OPERATOR,
    ORDERS_MAX,
    ROLE_OPERATOR,
    SLOTS_MAX,
    SOURCES_MAX,
    UNDERLYINGS_MAX,
    WITHDRAWALS_MAX,
)

_KERNEL_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_compile: Any = njit


def kernel(function: _Function) -> _Function:
    """Compile a function of the engine: cached on disk, releases the GIL, never fastmath."""
    return _one_signature(_compile(**_KERNEL_OPTIONS)(function))


def inner_kernel(function: _Function) -> _Function:
    """A kernel that only kernels call: without the bridge from Python it compiles faster."""
    return _one_signature(_compile(**_KERNEL_OPTIONS, no_cpython_wrapper=True)(function))


def _one_signature(dispatcher: Any) -> Any:
    """Compile a kernel once for int64, not again for each constant it is called with.

    Numba types a constant argument as a literal of its value, and so compiles one copy a value.
    """
    if not isinstance(dispatcher, Dispatcher):
        return dispatcher  # NUMBA_DISABLE_JIT: the plain function
    unliteral: Any = types.unliteral
    resolve: Any = dispatcher.get_call_template

    def resolve_unliteral(args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        return resolve(tuple(unliteral(arg) for arg in args), kws)

    vars(dispatcher)["get_call_template"] = resolve_unliteral
    return dispatcher


@kernel
def _is_compiled() -> bool:
    return True


Table = np.ndarray[tuple[int, ...], np.dtype[np.void]]
Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def _record(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, "<i8") for name in names])


ACCOUNT = _record(
    "owner",  # account id of the owner; its own id for a main account
    "role",  # units.ROLE_* bits; 0: this row is not an account
    "opened_ns",
    "external_id",
    "slot_count",  # position slots ever used: the scan stops here
    "order_count",
    "first_order",  # slot + 1 of the newest open order, 0: none
    "liquidation_stage",  # events.LiquidationStage
    "liquidation_misses",  # steps in a row without a fill
    "liquidation_next_ns",  # no step before this time
    "liquidation_contract",  # last contract stepped, for the view
    "liquidation_sequence",  # command that started the liquidation under way
    "self_trade_mode",  # units.SELF_TRADE_*; only the owner's own row counts
    "fees_units",  # lifetime fees paid
    "deposited_units",  # lifetime net deposits
    "reduce_only_count",  # reduce-only orders in the book
)

POSITION = _record(
    "contract",  # contract + 1; 0: this slot is free
    "lots",  # long positive
    "cost_units",  # quote paid (long) or received (negative, short) since the last settlement
    "entry_units",  # the same, never reset by settlement: entry price = entry / lots
    "unsettled_units",  # realised P&L that is not cash yet, any sign
    "realised_units",  # lifetime realised P&L, before fees (for people)
    "buy_lots",  # open buy orders
    "buy_price_lots",  # sum of price_ticks x remaining lots over them
    "sell_lots",
    "sell_price_lots",
    "resting_count",  # open orders of either side
    "order_count",  # order records that point here, in the book or being matched
    "next_holder",  # flat slot number + 1 of the next holder of this contract
    "previous_holder",
    "funding_index",  # the contract's, when this position was last settled with it
    "funding_units",  # accrued funding that is not unsettled P&L yet, any sign
)

ORDER = _record(
    "id",  # 0: this slot is free
    "account",
    "contract",
    "position",  # flat position slot of (account, contract)
    "side",
    "flags",
    "price_ticks",
    "quantity_lots",
    "remaining_lots",
    "level",  # slot of its price level
    "next",  # slot + 1 in the level's queue; in a free slot: next free slot + 1
    "previous",
    "next_of_account",  # slot + 1
    "previous_of_account",
    "label",
    "accepted_ns",
)

# What some orders carry beside their ORDER row, in the row of the same number; zero for others.
CONDITION = _record(
    "trigger_ticks",  # fires when its price source reaches it; kept when it has fired
    "offset_ticks",  # trailing stop: its distance from the best price
    "best_ticks",  # trailing stop: the best price since it was accepted
    "told_ticks",  # trailing stop: the trigger that events have told
    "next_trailing",  # order slot + 1
    "previous_trailing",
    "next_of_day",  # order slot + 1: good-til-day orders in the order in which they expire
    "previous_of_day",
)

# The first LEVEL_HEADS rows are heads of lists: of them, only `first` and `count` are used, for
# the trailing stops of a list of triggers.
LEVEL = _record(
    "price_ticks",
    "lots",
    "count",
    "first",  # order slot + 1
    "last",
    "height",  # of its tower in the skip list
    "next_free",  # level slot + 1
    "reserved",
)

CONTRACT = _record(
    "state",  # units.STATE_*; 0: not listed
    "name_0",
    "name_1",
    "name_2",
    "name_3",
    "underlying",
    "kind",
    "tick_e8",
    "lot_e8",
    "tick_value_units",
    "reference_ticks",
    "price_ceiling_ticks",
    "expiry_ns",
    # market
    "mark_ticks",  # 0: no mark yet
    "mark_ns",
    "index_ticks",
    "mark_index_e8",  # the index that the mark was made from
    "last_ticks",
    "basis_e8",  # EMA of the clamped impact basis
    "open_interest_lots",
    "trade_count",
    "volume_lots",  # lifetime
    "first_holder",  # flat position slot + 1
    "holder_count",
    "watchers",  # untriggered orders of all price sources
    "last_watchers",  # those that watch the last price
    "is_due",  # 1: some of them may have to fire
    # governed parameters, in the order of ContractParameter
    "initial_margin_ppm",
    "margin_floor_units",
    "maker_fee_ppm",
    "taker_fee_ppm",
    "mark_band_ppm",
    "order_band_ppm",
    "passive_band_ppm",
    "min_notional_units",
    "position_limit_units",
    "liquidation_fee_ppm",
    "insurance_cap_units",  # most that insurance pays for this contract in an hour
    # insurance window
    "insurance_hour",
    "insurance_paid_units",
    # fees charged but not yet covered by cash: paid by the next SettleVariation
    "fees_unsettled_units",
    "insurance_unsettled_units",
    # governed since the price rules grew, in the order of ContractParameter
    "impact_margin_units",
    "interest_ppb",
    "funding_damper_ppb",
    "funding_rate_max_ppb",
    "basis_seconds",
    "mark_rate_ppm",
    "open_interest_lower_units",
    "open_interest_upper_units",
    # funding, as published; rates are parts per billion
    "premium_ppb",  # of the last sample
    "premium_average_ppb",  # of the last hour
    "funding_rate_ppb",  # of eight hours, by which the index grew last
    "funding_index",  # 10^-9 units a lot since the last conversion; positive: longs pay
    "cumulative_units",  # the same since the listing: whole units a lot, rounded down,
    "cumulative_nano",  # and the rest in 10^-9 units
)

# What is measured of a perpetual's premium; apart from CONTRACT, whose changes are published.
FUNDING = _record(
    "looked_ns",  # when the standing book was last counted
    "premium_ppb_ms",  # of the sample under way: sum of premium x milliseconds
    "measured_ms",
    "hour_premium_ppb_ms",  # sums over the contract's row of funding_samples
    "hour_measured_ms",
    "sample_number",  # end of the last sample kept / 5 s
    "settlements",  # of positions with the index since the last conversion
    "hour",  # clock hour of the last conversion
)
FUNDING_SAMPLE = _record("premium_ppb_ms", "measured_ms")


class ContractParameter(IntEnum):
    """What SetParameter may change: the value is the parameter's number in commands."""

    INITIAL_MARGIN_PPM = 1
    MARGIN_FLOOR_UNITS = 2
    MAKER_FEE_PPM = 3
    TAKER_FEE_PPM = 4
    MARK_BAND_PPM = 5
    ORDER_BAND_PPM = 6
    PASSIVE_BAND_PPM = 7
    MIN_NOTIONAL_UNITS = 8
    POSITION_LIMIT_UNITS = 9
    LIQUIDATION_FEE_PPM = 10
    INSURANCE_CAP_UNITS = 11
    IMPACT_MARGIN_UNITS = 30
    INTEREST_PPB = 31
    FUNDING_DAMPER_PPB = 32
    FUNDING_RATE_MAX_PPB = 33
    BASIS_SECONDS = 34
    MARK_RATE_PPM = 35
    OPEN_INTEREST_LOWER_UNITS = 36
    OPEN_INTEREST_UPPER_UNITS = 37


UNDERLYING = _record(
    "listed",
    "name_0",
    "name_1",
    "index_e8",  # 0: no price since the start
    "index_ns",
    "status",  # units.ORACLE_*
    "fresh",
    "inliers",
    "confidence_e8",
    "raw_e8",  # raw median, before the rate limit
    "marked_ns",  # last time its contracts were marked
    "reserved",
)

OBSERVATION = _record(
    "price_e8",
    "confidence_e8",
    "publish_ns",
    "received_ns",
    "same_count",
    "deviation_ppm",
    "outliers",
    "accepted",
)
REPORTER = _record(
    "account", "weight_ppm", "key_0", "key_1", "key_2", "key_3", "registered", "suspended"
)
WITHDRAWAL = _record(
    "id",
    "account",
    "asset",
    "amount_units",
    "reference",
    "requested_ns",
    "next_free",
    "reserved",
)
GATEWAY = _record("gateway_id", "gateway_sequence", "last_sequence", "reserved")


class Counter(IntEnum):
    """Indices into State.counters."""

    SEQUENCE = 0
    TIME_NS = 1
    ACCOUNTS = 2  # next account id
    CONTRACTS = 3
    UNDERLYINGS = 4
    TRADES = 5
    ORDERS_HIGH = 6  # order slots ever used
    ORDERS_FREE = 7  # head of the free list, slot + 1
    ORDERS_OPEN = 8
    LEVELS_HIGH = 9
    LEVELS_FREE = 10
    LEVELS_MADE = 11  # feeds the towers' heights
    WITHDRAWALS_HIGH = 12
    WITHDRAWALS_FREE = 13
    GATEWAYS = 14
    LAST_GATEWAY = 15  # row of the gateway that spoke last
    ORDER_NUMBERS = 16  # orders ever made: the high bits of their public ids
    DAY_FIRST = 17  # the good-til-day order that expires first, slot + 1; 0: none
    TRIGGERS_DUE = 18  # contracts whose triggers have to be looked at
    NEXT_SAMPLE_NS = 23  # when the funding sample under way ends
    OPEN_INTEREST_UNITS = 24  # of all contracts, at their listing references
    COUNT = 32


class State(NamedTuple):
    """Everything the engine knows. All arrays int64 (or packed int64 records), C-contiguous.

    In memory it is one record of STATE, whose fields are these tables: a kernel gets a single
    address instead of thirteen arrays: five times faster for a whole order, and compiled in
    two thirds of the time. Its fields read as here; without the compiler it is this tuple.
    """

    counters: Integers  # (Counter.COUNT,)
    accounts: Table  # (ACCOUNTS_MAX,) ACCOUNT
    balances: Integers  # (ACCOUNTS_MAX, ASSETS_MAX) units
    positions: Table  # (SLOTS_MAX * ACCOUNTS_MAX,) POSITION; see positions.py
    orders: Table  # (ORDERS_MAX,) ORDER
    conditions: Table  # (ORDERS_MAX,) CONDITION
    levels: Table  # (LEVELS_MAX,) LEVEL; the first LEVEL_HEADS are heads (matching.py)
    level_next: Integers  # (LEVELS_MAX, LEVEL_HEIGHT_MAX) level slot + 1, 0: end
    contracts: Table  # (CONTRACTS_MAX,) CONTRACT
    underlyings: Table  # (UNDERLYINGS_MAX,) UNDERLYING
    observations: Table  # (UNDERLYINGS_MAX, SOURCES_MAX) OBSERVATION
    reporters: Table  # (SOURCES_MAX,) REPORTER
    withdrawals: Table  # (WITHDRAWALS_MAX,) WITHDRAWAL
    gateways: Table  # (GATEWAYS_MAX,) GATEWAY
    funding: Table  # (CONTRACTS_MAX,) FUNDING
    funding_samples: Table  # (CONTRACTS_MAX, FUNDING_SAMPLES) FUNDING_SAMPLE, by number


_SHAPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "counters": ("<i8", (int(Counter.COUNT),)),
    "accounts": (ACCOUNT, (ACCOUNTS_MAX,)),
    "balances": ("<i8", (ACCOUNTS_MAX, ASSETS_MAX)),
    "positions": (POSITION, (SLOTS_MAX * ACCOUNTS_MAX,)),
    "orders": (ORDER, (ORDERS_MAX,)),
    "conditions": (CONDITION, (ORDERS_MAX,)),
    "levels": (LEVEL, (LEVELS_MAX,)),
    "level_next": ("<i8", (LEVELS_MAX, LEVEL_HEIGHT_MAX)),
    "contracts": (CONTRACT, (CONTRACTS_MAX,)),
    "underlyings": (UNDERLYING, (UNDERLYINGS_MAX,)),
    "observations": (OBSERVATION, (UNDERLYINGS_MAX, SOURCES_MAX)),
    "reporters": (REPORTER, (SOURCES_MAX,)),
    "withdrawals": (WITHDRAWAL, (WITHDRAWALS_MAX,)),
    "gateways": (GATEWAY, (GATEWAYS_MAX,)),
    "funding": (FUNDING, (CONTRACTS_MAX,)),
    "funding_samples": (FUNDING_SAMPLE, (CONTRACTS_MAX, FUNDING_SAMPLES)),
}
_CACHE_LINE_BYTES = 64


def _record_of_tables() -> Any:
    """The dtype of a State, each table beginning with a cache line."""
    formats = [np.dtype((kind, shape)) for kind, shape in (_SHAPES[n] for n in State._fields)]
    offsets, end = [], 0
    for table in formats:
        offsets.append(end)
        end += table.itemsize + -table.itemsize % _CACHE_LINE_BYTES
    layout = {"names": State._fields, "formats": formats, "offsets": offsets, "itemsize": end}
    return np.dtype((np.record, layout))


STATE = _record_of_tables()


def empty_state(memory: memoryview | None = None) -> State:
    """The genesis state: house accounts and the operator exist, nothing else.

    Reserves every table at full capacity; untouched pages cost no memory.
    memory : STATE.itemsize zeroed, writable bytes to use instead of new ones.
    """
    record = _aligned_zeros() if memory is None else np.frombuffer(memory, STATE)[0]
    state: State = record
    if not isinstance(_is_compiled, Dispatcher):
        state = State(*(record[name] for name in State._fields))
    state.counters[Counter.ACCOUNTS] = FIRST_USER_ACCOUNT
    state.counters[Counter.LEVELS_HIGH] = LEVEL_HEADS
    state.accounts["owner"][:FIRST_USER_ACCOUNT] = np.arange(FIRST_USER_ACCOUNT)
    state.accounts[OPERATOR]["role"] = ROLE_OPERATOR
    return state


def in_array(state: State) -> Sequence[State]:
    """The state as the only element of an array, sharing memory.

    Numba recognises the type of an array thirty times faster than that of a record: 1 us a call
    instead of 30. The kernel that every batch begins with takes its state so.
    """
    if isinstance(state, State):
        return (state,)
    array: Sequence[State] = state.base
    return array


def _aligned_zeros() -> Any:
    """A zeroed STATE record that begins with a cache line."""
    spare = np.zeros(STATE.itemsize + _CACHE_LINE_BYTES, np.uint8)
    skipped = -spare.ctypes.data % _CACHE_LINE_BYTES
    return spare[skipped : skipped + STATE.itemsize].view(STATE)[0]
