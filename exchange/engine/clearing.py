"""Index, mark, variation: how prices enter, and how profit and loss become cash.

CLEAR-001  an observation is accepted from its registered reporter only, strictly newer than the
           last of its source, fresh, not from the future, positive and in scale (I-35).
CLEAR-002  the index is aggregated from the fresh observations at every one accepted and at
           every tick; contracts are marked with it at most four times a second.
CLEAR-003  without a first valid index there is no mark, and without a mark nothing is traded.
CLEAR-005  a mark beyond the price ceiling halts its contract, and stays at the ceiling.
CLEAR-004  SettleVariation marks every position, takes losses from cash first and shares what
           came in among the winners pro rata, largest remainder first, ties to the lowest
           account. The rest stays unsettled: no house account is ever negative.
"""

import numpy as np

from exchange.engine import emit
from exchange.engine.emit import EventBuffer
from exchange.engine.events import EventKind, StateReason
from exchange.engine.funding import impact_notional, look_at_underlying
from exchange.engine.health import equity_and_maintenance
from exchange.engine.ledger import transfer
from exchange.engine.matching import best_price, impact_price_e8
from exchange.engine.positions import account_of, holders, release_if_empty
from exchange.engine.rejects import RejectReason
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.triggers import note_price
from exchange.engine.units import (
    ACCOUNTS_MAX,
    BUY,
    CLEARING,
    FEES,
    INSURANCE,
    MARK_INTERVAL_NS,
    NANOSECONDS,
    ORACLE_INVALID,
    SELL,
    SOURCES_MAX,
    STATE_HALTED,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    USDC,
    mul_div_floor,
    mul_div_remainder,
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
    """Why an observation is refused (CLEAR-001): a RejectReason, or 0."""
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
    """Aggregate the index anew; whether its contracts are to be marked now (CLEAR-002)."""
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
        emit.index_updated(
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


@kernel
def accounts_under_water(s: State, underlying: int) -> Integers:
    """Accounts with a position on the underlying below maintenance, or being liquidated.

    In no order, each once: at the first of its slots that is on the underlying.
    """
    total = 0
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] == underlying:
            total += s.contracts[contract]["holder_count"]
    found = np.zeros(total, np.int64)
    used = 0
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] != underlying:
            continue
        link = s.contracts[contract]["first_holder"]
        while link != 0:
            slot = link - 1
            account = account_of(slot)
            link = s.positions[slot]["next_holder"]
            if not _is_first_slot(s, slot, underlying):
                continue
            if s.accounts[account]["liquidation_stage"] == 0:
                equity, maintenance = equity_and_maintenance(s, account)
                if equity >= maintenance:
                    continue
            found[used] = account
            used += 1
    return found[:used]


def settle_variation(s: State, e: EventBuffer, contract: int) -> None:
    """Turn profit and loss into cash as far as losers can pay (CLEAR-004)."""
    slots = holders(s, contract)
    slots = slots[np.argsort(slots % ACCOUNTS_MAX)]  # ties of remainders go to the lowest id
    moved = np.zeros(slots.size, np.int64)
    collected = collect_losses(s, slots, moved)
    shares, remainders = pro_rata(s, contract, slots, collected)
    left = collected - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    pay_winners(s, e, contract, slots, moved, shares)


@inner_kernel
def _is_first_slot(s: State, slot: int, underlying: int) -> bool:
    """Whether no earlier slot of the same account is on the underlying."""
    for earlier in range(account_of(slot), slot, ACCOUNTS_MAX):
        contract = s.positions[earlier]["contract"] - 1
        if contract >= 0 and s.contracts[contract]["underlying"] == underlying:
            return False
    return True


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
        emit.mark_updated(
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
        emit.contract_state_set(e, contract, STATE_HALTED, state, _PRICE_CEILING)


@kernel
def collect_losses(s: State, slots: Integers, moved: Integers) -> int:
    """Mark every position and move what losers can pay into CLEARING; returns the sum.

    slots : (n,) int64, flat position slots of all holders; moved : (n,) int64, written: units.
    """
    collected = 0
    for i in range(slots.size):
        row = s.positions[slots[i]]
        contract = s.contracts[row["contract"] - 1]
        value = row["lots"] * contract["mark_ticks"] * contract["tick_value_units"]
        row["unsettled_units"] += value - row["cost_units"]
        row["cost_units"] = value
        account = account_of(slots[i])
        payable = min(-row["unsettled_units"], max(0, s.balances[account, USDC]))
        if payable > 0:
            transfer(s, account, CLEARING, USDC, payable)
            row["unsettled_units"] += payable
            moved[i] = -payable
            collected += payable
    return collected


@kernel
def pro_rata(
    s: State, contract: int, slots: Integers, collected: int
) -> tuple[Integers, Integers]:
    """(floors of the shares, their remainders) of those with unsettled profit.

    The last two entries are the claims of FEES and INSURANCE. Units; remainders are comparable.
    """
    row = s.contracts[contract]
    count = slots.size
    claims = np.zeros(count + 2, np.int64)
    remainders = np.zeros(count + 2, np.int64)
    for i in range(count):
        claims[i] = max(0, s.positions[slots[i]]["unsettled_units"])
    claims[count] = row["fees_unsettled_units"]
    claims[count + 1] = row["insurance_unsettled_units"]
    total = 0
    for i in range(count + 2):
        total += claims[i]
    assert total >= collected
    for i in range(count + 2):
        if collected > 0 and claims[i] > 0:
            remainders[i] = mul_div_remainder(claims[i], collected, total)
            claims[i] = mul_div_floor(claims[i], collected, total)
        else:
            claims[i] = 0
    return claims, remainders


@kernel
def pay_winners(
    s: State,
    e: EventBuffer,
    contract: int,
    slots: Integers,
    moved: Integers,
    shares: Integers,
) -> None:
    """Pay the shares out of CLEARING and say what moved; slots left empty are freed."""
    row = s.contracts[contract]
    count = slots.size
    for i in range(count):
        account = account_of(slots[i])
        position = s.positions[slots[i]]
        if shares[i] > 0:
            transfer(s, CLEARING, account, USDC, shares[i])
            position["unsettled_units"] -= shares[i]
            moved[i] += shares[i]
        if moved[i] != 0:
            emit.variation_settled(
                e,
                account,
                contract,
                moved[i],
                position["unsettled_units"],
                s.balances[account, USDC],
                row["mark_ticks"],
            )
        release_if_empty(s, slots[i])
    # The house's shares are postings too: projections rebuild its vaults from them.
    mark = row["mark_ticks"]
    fees, insurance = shares[count], shares[count + 1]
    if fees > 0:
        transfer(s, CLEARING, FEES, USDC, fees)
        row["fees_unsettled_units"] -= fees
        owed = row["fees_unsettled_units"]
        emit.variation_settled(e, FEES, contract, fees, owed, s.balances[FEES, USDC], mark)
    if insurance > 0:
        transfer(s, CLEARING, INSURANCE, USDC, insurance)
        row["insurance_unsettled_units"] -= insurance
        owed = row["insurance_unsettled_units"]
        fund = s.balances[INSURANCE, USDC]
        emit.variation_settled(e, INSURANCE, contract, insurance, owed, fund, mark)
