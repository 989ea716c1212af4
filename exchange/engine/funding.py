"""Funding: the premium is measured, the index grows, positions settle, an hour becomes cash.

Longs pay shorts while the book stands above the index, shorts pay longs while it stands below.
The formulas are in risk.funding. All times are of commands; nothing here looks at a clock.

FUND-010  the premium of a book counts for as long as the book stood. It is looked at just
          before the book, the index or its status, the state or the parameters of the contract
          change, and weighs the milliseconds since the look before. So no instant can be aimed
          at: what stands for 3 ms weighs 3 ms, and within one millisecond only the last counts.
FUND-011  time counts while the contract trades (open or reduce-only) and the index is VALID,
          and not if the contract was looked at longer ago than one sample lasts. Every tick
          looks at every contract: nobody knows how a book stood while there were none.
FUND-012  a sample ends at every multiple of 5 s. It is closed by the first command at or after
          its end, before that command is looked at, for every perpetual. Its premium is
          the time-weighted average; the hourly average is that of the last 720 samples, each
          weighed by its measured time. A sample without measured time accrues nothing.
FUND-013  closing a sample, the index grows by the rate for its measured time, at the mark.
FUND-014  a position is settled before its lots change (I-28): it gets what the index grew by
          since it was last settled, into its accrued funding, which is equity at once.
FUND-015  SettleFunding, once a clock hour, settles every position, moves accrued funding to
          unsettled P&L, from where SettleVariation makes it cash, and starts the index anew;
          the roundings of the hour, 0 <= residue < settlements, are owed to INSURANCE (I-27).
"""

import numpy as np

from exchange.engine import emit, emit_clearing
from exchange.engine.emit import EventBuffer
from exchange.engine.ledger import add_unsettled
from exchange.engine.matching import impact_price_e8
from exchange.engine.positions import account_of, holders, release_if_empty
from exchange.engine.state import Counter, Integers, State, inner_kernel, kernel
from exchange.engine.units import (
    ACCOUNTS_MAX,
    BUY,
    FUNDING_HOUR_NS,
    FUNDING_INDEX_UNITS_MAX,
    FUNDING_SAMPLE_NS,
    FUNDING_SAMPLES,
    INSURANCE,
    KIND_PERPETUAL,
    ORACLE_VALID,
    PPM,
    SELL,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    UNSETTLED_UNITS_MAX,
    mul_div_floor,
)
from risk.funding import (
    NANO,
    funding_growth,
    funding_rate_ppb,
    funding_receipt,
    premium_ppb,
)

_TIME_NS = int(Counter.TIME_NS)
_CONTRACTS = int(Counter.CONTRACTS)
_NEXT_SAMPLE_NS = int(Counter.NEXT_SAMPLE_NS)
_MILLISECOND_NS = 1_000_000


# --- measuring ------------------------------------------------------------------------------


@inner_kernel
def note_book_change(s: State, contract: int) -> None:
    """To be called before a book changes; after the first of a command it costs a compare."""
    if s.funding[contract]["looked_ns"] != s.counters[_TIME_NS]:
        look_at_premium(s, contract, s.counters[_TIME_NS])


@kernel
def look_at_premium(s: State, contract: int, now_ns: int) -> None:
    """Count the premium that stood since the last look (FUND-010, FUND-011)."""
    row = s.funding[contract]
    looked_ns = row["looked_ns"]
    row["looked_ns"] = now_ns
    elapsed_ms = now_ns // _MILLISECOND_NS - looked_ns // _MILLISECOND_NS
    if elapsed_ms == 0 or now_ns - looked_ns > FUNDING_SAMPLE_NS:
        return
    if not _is_measured(s, contract):
        return
    row["premium_ppb_ms"] += _standing_premium_ppb(s, contract) * elapsed_ms
    row["measured_ms"] += elapsed_ms


@kernel
def look_at_underlying(s: State, underlying: int, now_ns: int) -> None:
    """look_at_premium of every contract of an underlying whose index is about to change."""
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["underlying"] == underlying:
            look_at_premium(s, contract, now_ns)


@inner_kernel
def _is_measured(s: State, contract: int) -> bool:
    row = s.contracts[contract]
    if row["kind"] != KIND_PERPETUAL:
        return False
    if row["state"] != STATE_OPEN and row["state"] != STATE_REDUCE_ONLY:
        return False
    return s.underlyings[row["underlying"]]["status"] == ORACLE_VALID


@inner_kernel
def _standing_premium_ppb(s: State, contract: int) -> int:
    row = s.contracts[contract]
    notional = impact_notional(s, contract)
    return premium_ppb(
        impact_price_e8(s, contract, BUY, notional),
        impact_price_e8(s, contract, SELL, notional),
        s.underlyings[row["underlying"]]["index_e8"],
    )


@inner_kernel
def impact_notional(s: State, contract: int) -> int:
    """What the impact prices are asked for, units: a fixed margin at the contract's rate."""
    row = s.contracts[contract]
    return mul_div_floor(row["impact_margin_units"], PPM, row["initial_margin_ppm"])


# --- samples --------------------------------------------------------------------------------


@kernel
def close_samples(s: State, e: EventBuffer) -> None:
    """Close the sample of every perpetual whose end has passed (FUND-012)."""
    now = e.cursor[emit.TIME_NS]
    end_ns = now // FUNDING_SAMPLE_NS * FUNDING_SAMPLE_NS
    s.counters[_NEXT_SAMPLE_NS] = end_ns + FUNDING_SAMPLE_NS
    for contract in range(s.counters[_CONTRACTS]):
        if s.contracts[contract]["kind"] == KIND_PERPETUAL:
            _close_sample(s, e, contract, end_ns, now)


@inner_kernel
def _close_sample(s: State, e: EventBuffer, contract: int, end_ns: int, now: int) -> None:
    row = s.funding[contract]
    number = row["looked_ns"] // FUNDING_SAMPLE_NS
    if now - row["looked_ns"] > FUNDING_SAMPLE_NS:
        row["looked_ns"] = now  # Nobody was there: what is measured begins anew (FUND-011).
    else:
        look_at_premium(s, contract, end_ns)
    premium_sum = row["premium_ppb_ms"]
    measured_ms = row["measured_ms"]
    row["premium_ppb_ms"] = 0
    row["measured_ms"] = 0
    if measured_ms > 0:
        _forget_samples(s, contract, number)
        sample = s.funding_samples[contract, number % FUNDING_SAMPLES]
        sample["premium_ppb_ms"] = premium_sum
        sample["measured_ms"] = measured_ms
        row["hour_premium_ppb_ms"] += premium_sum
        row["hour_measured_ms"] += measured_ms
        _accrue(s, e, contract, _toward_zero(premium_sum, measured_ms), measured_ms, number)


@inner_kernel
def _forget_samples(s: State, contract: int, number: int) -> None:
    """Drop what is an hour older than sample `number`, and this sample's own place."""
    row = s.funding[contract]
    first = max(row["sample_number"] + 1, number - FUNDING_SAMPLES + 1)
    if row["hour_measured_ms"] == 0:
        first = number  # Nothing is kept.
    for old in range(first, number + 1):
        sample = s.funding_samples[contract, old % FUNDING_SAMPLES]
        row["hour_premium_ppb_ms"] -= sample["premium_ppb_ms"]
        row["hour_measured_ms"] -= sample["measured_ms"]
        sample["premium_ppb_ms"] = 0
        sample["measured_ms"] = 0
    row["sample_number"] = number


@inner_kernel
def _accrue(
    s: State, e: EventBuffer, contract: int, premium: int, measured_ms: int, number: int
) -> None:
    row = s.contracts[contract]
    hour = s.funding[contract]
    average = _toward_zero(hour["hour_premium_ppb_ms"], hour["hour_measured_ms"])
    rate = funding_rate_ppb(
        average, row["interest_ppb"], row["funding_damper_ppb"], row["funding_rate_max_ppb"]
    )
    growth = funding_growth(rate, row["mark_ticks"] * row["tick_value_units"], measured_ms)
    if abs(row["funding_index"] + growth) > _index_limit(s, contract):
        growth = 0  # Nothing was converted for days: int64 comes first.
    row["premium_ppb"] = premium
    row["premium_average_ppb"] = average
    row["funding_rate_ppb"] = rate
    row["funding_index"] += growth
    nano = row["cumulative_nano"] + growth
    row["cumulative_units"] += nano // NANO
    row["cumulative_nano"] = nano % NANO
    emit_clearing.funding_sampled(
        e,
        contract,
        (number + 1) * FUNDING_SAMPLE_NS,
        premium,
        measured_ms,
        average,
        rate,
        growth,
        row["funding_index"],
        row["cumulative_units"],
        row["cumulative_nano"],
        row["mark_ticks"],
        s.underlyings[row["underlying"]]["index_e8"],
    )


@inner_kernel
def _index_limit(s: State, contract: int) -> int:
    """A lot's value at the price ceiling: the most that its unconverted funding may be."""
    row = s.contracts[contract]
    ceiling_units = row["price_ceiling_ticks"] * row["tick_value_units"]
    return min(ceiling_units, FUNDING_INDEX_UNITS_MAX) * NANO


@inner_kernel
def _toward_zero(total: int, weight: int) -> int:
    """total / weight; 0 without weight."""
    if weight == 0:
        return 0
    share = abs(total) // weight
    return share if total >= 0 else -share


# --- settling -------------------------------------------------------------------------------


@inner_kernel
def settle_position(s: State, e: EventBuffer, slot: int) -> None:
    """Bring a position's accrued funding up to the index (FUND-014)."""
    row = s.positions[slot]
    contract = row["contract"] - 1
    index = s.contracts[contract]["funding_index"]
    before = row["funding_index"]
    if before == index:
        return
    row["funding_index"] = index
    if row["lots"] == 0:
        return
    receipt = funding_receipt(row["lots"], index - before)
    row["funding_units"] += receipt
    assert abs(row["funding_units"]) <= UNSETTLED_UNITS_MAX
    s.funding[contract]["settlements"] += 1
    emit_clearing.funding_settled(
        e,
        account_of(slot),
        contract,
        receipt,
        row["lots"],
        before,
        index,
        row["funding_units"],
    )


def is_conversion_due(s: State, contract: int, now_ns: int) -> bool:
    """Whether this clock hour's SettleFunding has not been yet (FUND-015)."""
    is_perpetual = s.contracts[contract]["kind"] == KIND_PERPETUAL
    return bool(is_perpetual and s.funding[contract]["hour"] != now_ns // FUNDING_HOUR_NS)


def settle_funding(s: State, e: EventBuffer, contract: int) -> None:
    """Turn the accrued funding of every position into unsettled P&L (FUND-015)."""
    slots = holders(s, contract)
    slots = slots[np.argsort(slots % ACCOUNTS_MAX)]
    convert_funding(s, e, contract, slots)


@kernel
def convert_funding(s: State, e: EventBuffer, contract: int, slots: Integers) -> None:
    """slots : (n,) int64, flat position slots of all holders of the contract, by account."""
    row = s.contracts[contract]
    house = s.funding[contract]
    residue = 0
    for i in range(slots.size):
        settle_position(s, e, slots[i])
        position = s.positions[slots[i]]
        amount = position["funding_units"]
        position["funding_index"] = 0
        if amount != 0:
            position["funding_units"] = 0
            add_unsettled(s, slots[i], amount)
            residue -= amount
            emit_clearing.funding_converted(
                e, account_of(slots[i]), contract, amount, position["unsettled_units"]
            )
        release_if_empty(s, slots[i])
    assert residue >= 0
    assert residue == 0 or residue < house["settlements"]
    row["insurance_unsettled_units"] += residue
    row["funding_index"] = 0
    house["settlements"] = 0
    house["hour"] = e.cursor[emit.TIME_NS] // FUNDING_HOUR_NS
    emit_clearing.funding_converted(
        e, INSURANCE, contract, residue, row["insurance_unsettled_units"]
    )
