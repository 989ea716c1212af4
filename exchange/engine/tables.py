"""The rows of the engine's tables: which integers, in which unit, linked to what.

Tables are packed records of int64 (no padding, so equal states are equal bytes). Links are row
numbers + 1, so that 0 is no link.
"""

from enum import IntEnum

import numpy as np


def _record(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, "<i8") for name in names])


ACCOUNT = _record(
    "owner",  # account id of the owner; its own id for a main account
    "role",  # units.ROLE_* bits; 0: this row is not an account
    "opened_ns",
    "owner_order_count",  # orders of all accounts of an owner; only the owner's own row counts
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

# How some orders are tied to others (links.py), in the row of the same number; else zero.
LINK = _record(
    "peer",  # order slot + 1: the other of two of which one cancels the other
    "primary",  # order slot + 1: while it lives, the one whose fills make this one grow
    "exit_0",  # order slot + 1: of a primary, those that grow with it
    "exit_1",
    "pending_lots",  # of a dormant order: what it will have when it is activated
    "next_due",  # order slot + 1: dormant orders with pending lots, in order of the first fill
    "previous_due",
    "reserved",
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
# What protects an account from its own client: remembered keys, cancel on disconnect.
SAFEGUARD = _record(
    "oldest_key",  # row of the key that is forgotten next
    "newest_key",
    "key_count",
    "cancel_on_disconnect",  # 1: sessions begin with it
    "heartbeat_timeout_ns",  # 0: the dead man's switch is not armed
    "heartbeat_until_ns",  # silent accounts lose their orders after this time
    "next_armed",  # account + 1
    "previous_armed",
)
KEY = _record(
    "account",
    "key",
    "kind",  # of the command that was accepted
    "payload_0",  # its fields after the account, up to the key
    "payload_1",
    "payload_2",
    "payload_3",
    "payload_4",
    "payload_5",
    "payload_6",
    "subject",  # the order or withdrawal that its first result named
    "first_sequence",
    "next_of_account",  # row of the account's next younger key, 0: none
    "next_in_bucket",
    "newer",  # the venue's next younger key; row 0 ends and begins the list
    "older",
)
# The PlaceBatch whose members are still to come; Counter.BATCH_LEFT of them.
BATCH = _record(
    "principal",
    "account",
    "phase",
    "is_refused",
    "link",  # units.LINK_*
    "stored_0",  # order slot + 1: members of a group that wait for its last
    "stored_1",
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
    TRIGGERS_DUE = 18  # contracts whose triggers, and orders whose links, are to be looked at
    KEYS_HIGH = 19  # rows of keys ever used
    FIRST_ARMED = 20  # account + 1: head of the list of dead man's switches
    BATCH_LEFT = 21  # members of the open PlaceBatch still to come
    NEXT_SAMPLE_NS = 23  # when the funding sample under way ends
    OPEN_INTEREST_UNITS = 24  # of all contracts, at their listing references
    LINK_FIRST = 25  # the dormant order that is activated next, slot + 1; 0: none
    COUNT = 32
