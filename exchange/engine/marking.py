"""Indices and marks: how observed prices enter, and what contracts are valued at.

MARKING-001  an observation is accepted from its registered reporter only, strictly newer than
             the last of its source, fresh, not from the future, positive, in scale (I-35).
MARKING-002  the index is aggregated from the fresh observations at every one accepted and at
             every tick; contracts are marked with it at most four times a second.
MARKING-003  without a first valid index there is no mark, without a mark nothing is traded.
MARKING-004  a mark beyond the price ceiling halts its contract, and stays at the ceiling.
"""

import numpy as np

from exchange.engine import emit, emit_clearing
from exchange.engine.emit import EventBuffer
from exchange.engine.events import EventKind, StateReason
from exchange.engine.funding import impact_notional, look_at_underlying
from exchange.engine.matching import best_price, impact_price_e8
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, State, inner_kernel, kernel
from exchange.engine.triggers import note_price
from exchange.engine.units import (
    BUY,
    MARK_INTERVAL_NS,
    NANOSECONDS,
    ORACLE_INVALID,
    SELL,
    SOURCES_MAX,
    STATE_HALTED,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
)
from oracle.aggregation import (
    FRESH_NS_MAX,
    PRICE_E8_MAX,
    RESULT_CONFIDENCE,
    RESULT_FRESH,
    RESULT_INDEX,
    RESULT_INLIERS,
    RESULT_RAW,
    RESULT_SIZE,
    RESULT_STATUS,
    aggregate_index,
)
from oracle.mark import mark_in_ticks, mark_step_e8, next_basis_e8, perpetual_mark_e8

_OK = int(RejectReason.ACCEPTED)
_NOT_AUTHORISED = int(RejectReason.NOT_AUTHORISED)
_UNKNOWN_SOURCE = int(RejectReason.UNKNOWN_SOURCE)
_UNKNOWN_UNDERLYING = int(RejectReason.UNKNOWN_UNDERLYING)
_PRICE_NOT_POSITIVE = int(RejectReason.PRICE_NOT_POSITIVE)
_PRICE_OUT_OF_SCALE = int(RejectReason.PRICE_OUT_OF_SCALE)
_CONFIDENCE_INVALID = int(RejectReason.CONFIDENCE_INVALID)
_OBSERVATION_NOT_NEWER = int(RejectReason.OBSERVATION_NOT_NEWER)
_OBSERVATION_FROM_FUTURE = int(RejectReason.OBSERVATION_FROM_FUTURE)
_OBSERVATION_TOO_OLD = int(RejectReason.OBSERVATION_TOO_OLD)
_OBSERVATION_ACCEPTED = int(EventKind.OBSERVATION_ACCEPTED)
_CONTRACTS = int(Counter.CONTRACTS)
_PRICE_CEILING = int(StateReason.PRICE_CEILING)
_FUTURE_NS_MAX = NANOSECONDS


@kernel
def observation_objection(
    s: State,
    principal: int,
    source: int,
    underlying: int,
    price_e8: int,
    confidence_e8: int,
    publish_ns: int,
    now_ns: int,
) -> int:
    """Why an observation is refused (MARKING-001): a RejectReason, or 0."""
    if source < 0 or source >= SOURCES_MAX or s.reporters[source]["registered"] == 0:
        return _UNKNOWN_SOURCE
    if s.reporters[source]["account"] != principal:
        return _NOT_AUTHORISED
    if underlying < 0 or underlying >= s.underlyings.shape[0]:
        return _UNKNOWN_UNDERLYING
    if s.underlyings[underlying]["listed"] == 0:
        return _UNKNOWN_UNDERLYING
    if price_e8 <= 0:
        return _PRICE_NOT_POSITIVE
    if price_e8 > PRICE_E8_MAX:
        return _PRICE_OUT_OF_SCALE
    if confidence_e8 < 0 or confidence_e8 > price_e8:
        return _CONFIDENCE_INVALID
    if publish_ns <= s.observations[underlying, source]["publish_ns"]:
        return _OBSERVATION_NOT_NEWER
    if publish_ns > now_ns + _FUTURE_NS_MAX:
        return _OBSERVATION_FROM_FUTURE
    return _OBSERVATION_TOO_OLD if publish_ns < now_ns - FRESH_NS_MAX else _OK


@kernel
def accept_observation(
    s: State,
    e: EventBuffer,
    source: int,
    underlying: int,
    price_e8: int,
    confidence_e8: int,
    publish_ns: int,
) -> None:
    """Store an observation that nothing speaks against."""
    row = s.observations[underlying, source]
    row["same_count"] = row["same_count"] + 1 if row["price_e8"] == price_e8 else 0
    row["price_e8"] = price_e8
    row["confidence_e8"] = confidence_e8
    row["publish_ns"] = publish_ns
    row["received_ns"] = e.cursor[emit.TIME_NS]
    row["accepted"] += 1
    event = emit.begin(e, _OBSERVATION_ACCEPTED, s.reporters[source]["account"], -1)
    event[5] = source
    event[6] = underlying
    event[7] = price_e8
    event[8] = confidence_e8
    event[9] = publish_ns


@kernel
def refresh_index(s: State, e: EventBuffer, underlying: int) -> bool:
    """Aggregate the index anew; whether its contracts are to be marked now (MARKING-002)."""
    now = e.cursor[emit.TIME_NS]
    look_at_underlying(s, underlying, now)
    row = s.underlyings[underlying]
    prices = np.zeros(SOURCES_MAX, np.int64)
    weights = np.zeros(SOURCES_MAX, np.int64)
    result = np.zeros(RESULT_SIZE, np.int64)
    count = 0
    for source in range(SOURCES_MAX):
        observed = s.observations[underlying, source]
        if observed["price_e8"] == 0 or observed["publish_ns"] < now - FRESH_NS_MAX:
            continue
        if s.reporters[source]["registered"] == 0 or s.reporters[source]["suspended"] != 0:
            continue
        prices[count] = observed["price_e8"]
        weights[count] = s.reporters[source]["weight_ppm"]
        count += 1
    previous = row["index_e8"]
    previous_status = row["status"]
    aggregate_index(prices, weights, count, previous, now - row["index_ns"], result)
    row["index_e8"] = result[RESULT_INDEX]
    row["index_ns"] = now
    row["status"] = result[RESULT_STATUS]
    row["fresh"] = result[RESULT_FRESH]
    row["inliers"] = result[RESULT_INLIERS]
    row["confidence_e8"] = result[RESULT_CONFIDENCE]
    row["raw_e8"] = result[RESULT_RAW]
    if row["index_e8"] != previous or row["status"] != previous_status:
        emit_clearing.index_updated(
            e,
            underlying,
            row["index_e8"],
            row["status"],
            previous_status,
            row["fresh"],
            row["inliers"],
            row["confidence_e8"],
            row["raw_e8"],
        )
    return (
        row["index_e8"] > 0
        and row["status"] != ORACLE_INVALID
        and now - row["marked_ns"] >= MARK_INTERVAL_NS
    )


@kernel
def mark_contracts(s: State, e: EventBuffer, underlying: int) -> None:
    """Mark every contract of an underlying with its index."""
    s.underlyings[underlying]["marked_ns"] = e.cursor[emit.TIME_NS]
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] == underlying:
            _mark_contract(s, e, contract)


@inner_kernel
def _mark_contract(s: State, e: EventBuffer, contract: int) -> None:
    now = e.cursor[emit.TIME_NS]
    row = s.contracts[contract]
    index = s.underlyings[row["underlying"]]["index_e8"]
    elapsed = now - row["mark_ns"] if row["mark_ticks"] > 0 else 0
    impact = impact_notional(s, contract)
    bid = best_price(s, contract, BUY)
    ask = best_price(s, contract, SELL)
    row["basis_e8"] = next_basis_e8(
        row["basis_e8"],
        impact_price_e8(s, contract, BUY, impact),
        impact_price_e8(s, contract, SELL, impact),
        index,
        row["mark_band_ppm"],
        row["basis_seconds"],
        elapsed,
    )
    tick = row["tick_e8"]
    previous = row["mark_ticks"]
    previous_index = row["mark_index_e8"]
    mark = perpetual_mark_e8(
        index,
        row["basis_e8"],
        bid * tick,
        ask * tick,
        row["last_ticks"] * tick,
        row["mark_band_ppm"],
        previous * tick,
        previous_index,
        row["mark_rate_ppm"],
        elapsed,
    )
    step = mark_step_e8(index, previous_index, row["mark_rate_ppm"], elapsed)
    ticks = mark_in_ticks(mark, index, row["mark_band_ppm"], tick, previous, step)
    row["mark_ticks"] = min(ticks, row["price_ceiling_ticks"])
    row["index_ticks"] = (index + tick // 2) // tick
    row["mark_index_e8"] = index
    row["mark_ns"] = now
    note_price(s, contract)
    if row["mark_ticks"] != previous:
        emit_clearing.mark_updated(
            e,
            contract,
            row["mark_ticks"],
            previous,
            row["index_ticks"],
            bid,
            ask,
            row["last_ticks"],
            row["open_interest_lots"],
        )
    if ticks > row["price_ceiling_ticks"]:
        _halt_above_ceiling(s, e, contract)


@inner_kernel
def _halt_above_ceiling(s: State, e: EventBuffer, contract: int) -> None:
    """Beyond its ceiling a contract's numbers are not bounded: it must be listed anew."""
    row = s.contracts[contract]
    state = row["state"]
    if state in (STATE_OPEN, STATE_REDUCE_ONLY):
        row["state"] = STATE_HALTED
        emit_clearing.contract_state_set(e, contract, STATE_HALTED, state, _PRICE_CEILING)
