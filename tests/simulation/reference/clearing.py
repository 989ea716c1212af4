"""The reference clearing: observations, index, marks, who is under water, variation."""

from tests.simulation.reference import health
from tests.simulation.reference.endings import expire
from tests.simulation.reference.index import aggregate
from tests.simulation.reference.liquidation import review
from tests.simulation.reference.mark import mark_contract
from tests.simulation.reference.safeguards import cancel_for_silent
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Observation
from tests.simulation.reference.waiting import tell_trailing
from tests.simulation.reference.wire import (
    CLEARING,
    FEES,
    INSURANCE,
    ORACLE_INVALID,
    Command,
    EventKind,
    RejectReason,
)

SOURCES_MAX = 32
SECOND = 1_000_000_000
FRESH_NS = 10 * SECOND
FUTURE_NS = SECOND
MARK_INTERVAL_NS = SECOND // 4
PRICE_E8_MAX = 10**17


def submit_observation(venue: Venue, command: Command) -> Answer:
    """SubmitObservation."""
    reason = _observation_objection(venue, command)
    if reason:
        return reason, 0
    source, underlying = command["source"], command["underlying"]
    seen = venue.observations.setdefault((underlying, source), Observation())
    is_same = seen.price_e8 == command["price_e8"]
    seen.same_count = seen.same_count + 1 if is_same else 0
    seen.price_e8 = command["price_e8"]
    seen.confidence_e8 = command["confidence_e8"]
    seen.publish_ns = command["publish_time_ns"]
    seen.received_ns = venue.time_ns
    seen.accepted += 1
    names = ("source", "underlying", "price_e8", "confidence_e8", "publish_time_ns")
    fields = {name: command[name] for name in names}
    reporter = venue.reporters[source].account
    venue.say(EventKind.OBSERVATION_ACCEPTED, reporter, **fields)
    refresh(venue, [underlying])
    return ACCEPTED


def _observation_objection(venue: Venue, command: Command) -> RejectReason:
    source, price = command["source"], command["price_e8"]
    underlying, published = command["underlying"], command["publish_time_ns"]
    if source not in venue.reporters:
        return RejectReason.UNKNOWN_SOURCE
    if venue.reporters[source].account != command["principal"]:
        return RejectReason.NOT_AUTHORISED
    if not 0 <= underlying < len(venue.underlyings):
        return RejectReason.UNKNOWN_UNDERLYING
    if price <= 0:
        return RejectReason.PRICE_NOT_POSITIVE
    if price > PRICE_E8_MAX:
        return RejectReason.PRICE_OUT_OF_SCALE
    if not 0 <= command["confidence_e8"] <= price:
        return RejectReason.CONFIDENCE_INVALID
    if published <= venue.observations.get((underlying, source), Observation()).publish_ns:
        return RejectReason.OBSERVATION_NOT_NEWER
    if published > venue.time_ns + FUTURE_NS:
        return RejectReason.OBSERVATION_FROM_FUTURE
    is_old = published < venue.time_ns - FRESH_NS
    return RejectReason.OBSERVATION_TOO_OLD if is_old else RejectReason.ACCEPTED


def tick(venue: Venue, _command: Command) -> Answer:
    """Tick."""
    cancel_for_silent(venue)
    expire(venue)
    refresh(venue, list(range(len(venue.underlyings))))
    tell_trailing(venue)
    return ACCEPTED


def refresh(venue: Venue, numbers: list[int]) -> None:
    """All indices, marks at most four times a second, then all whom they put under water."""
    for number in numbers:
        _refresh_index(venue, number)
    marked: list[int] = []
    for number in numbers:
        underlying = venue.underlyings[number]
        is_due = venue.time_ns - underlying.marked_ns >= MARK_INTERVAL_NS
        if not underlying.index_e8 or underlying.status == ORACLE_INVALID or not is_due:
            continue
        underlying.marked_ns = venue.time_ns
        due = [c for c, row in enumerate(venue.contracts) if row.underlying == number]
        for contract in due:
            mark_contract(venue, contract)
        marked += due
    for account in [a for a in range(len(venue.accounts)) if _is_due(venue, a, marked)]:
        review(venue, account)


def _is_due(venue: Venue, number: int, marked: list[int]) -> bool:
    account = venue.accounts[number]
    if not account.positions or not any(c in account.positions for c in marked):
        return False
    if account.liquidation_stage:
        return True
    return health.equity(venue, number) < health.maintenance(venue, number)


def _refresh_index(venue: Venue, number: int) -> None:
    underlying = venue.underlyings[number]
    for contract, row in enumerate(venue.contracts):
        if row.underlying == number:
            venue.look_at_premium(contract, venue.time_ns)
    voices = []
    for source, reporter in sorted(venue.reporters.items()):
        seen = venue.observations.get((number, source))
        is_heard = reporter.weight_ppm > 0 and not reporter.suspended
        if seen and is_heard and seen.publish_ns >= venue.time_ns - FRESH_NS:
            voices.append((seen.price_e8, reporter.weight_ppm))
    previous, previous_status = underlying.index_e8, underlying.status
    index = aggregate(voices, previous, venue.time_ns - underlying.index_ns)
    underlying.index_e8, underlying.index_ns = index.price_e8, venue.time_ns
    underlying.status, underlying.raw_e8 = index.status, index.raw_e8
    underlying.fresh, underlying.inliers = index.fresh, len(index.inliers)
    underlying.confidence_e8 = index.confidence_e8
    if (index.price_e8, index.status) != (previous, previous_status):
        venue.say(
            EventKind.INDEX_UPDATED,
            underlying=number,
            index_e8=index.price_e8,
            status=index.status,
            previous_status=previous_status,
            fresh=index.fresh,
            inliers=len(index.inliers),
            confidence_e8=index.confidence_e8,
            raw_e8=index.raw_e8,
        )


def settle_variation(venue: Venue, command: Command) -> Answer:
    """SettleVariation: losers pay what cash they have, winners share it pro rata."""
    number = command["contract"]
    if not venue.is_listed(number):
        return RejectReason.UNKNOWN_CONTRACT, 0
    contract = venue.contracts[number]
    if contract.mark_ticks == 0:
        return RejectReason.NO_MARK_PRICE, 0
    held = venue.holders(number)
    moved = dict.fromkeys(held, 0)
    for account, position in held.items():
        value = position.lots * contract.lot_units
        position.unsettled_units += value - position.cost_units
        position.cost_units = value
        pays = min(-position.unsettled_units, max(0, venue.ledger.cash(account)))
        if pays > 0:
            venue.ledger.move(account, CLEARING, pays)
            position.unsettled_units += pays
            moved[account] -= pays
    claims = {account: max(0, p.unsettled_units) for account, p in held.items()}
    claims |= {-FEES: contract.fees_unsettled_units}
    claims |= {-INSURANCE: contract.insurance_unsettled_units}
    shares = pro_rata(claims, venue.ledger.cash(CLEARING))
    for account, position in held.items():
        if shares[account]:
            venue.ledger.move(CLEARING, account, shares[account])
            position.unsettled_units -= shares[account]
            moved[account] += shares[account]
        if moved[account]:
            unsettled = position.unsettled_units
            _say_settled(venue, number, account, moved[account], unsettled)
        venue.release_position(account, number)
    _pay_house(venue, number, shares)
    return ACCEPTED


def pro_rata(claims: dict[int, int], amount: int) -> dict[int, int]:
    """Whole shares of an amount by claim that sum to it: largest remainder, ties in order."""
    total = sum(claims.values())
    if not amount or not total:
        return dict.fromkeys(claims, 0)
    shares = {name: claim * amount // total for name, claim in claims.items()}
    left = amount - sum(shares.values())
    by_remainder = sorted(claims, key=lambda name: -(claims[name] * amount % total))
    for name in by_remainder[:left]:
        shares[name] += 1
    return shares


def _pay_house(venue: Venue, number: int, shares: dict[int, int]) -> None:
    contract = venue.contracts[number]
    if fees := shares[-FEES]:
        venue.ledger.move(CLEARING, FEES, fees)
        contract.fees_unsettled_units -= fees
        _say_settled(venue, number, FEES, fees, contract.fees_unsettled_units)
    if insurance := shares[-INSURANCE]:
        venue.ledger.move(CLEARING, INSURANCE, insurance)
        contract.insurance_unsettled_units -= insurance
        owed = contract.insurance_unsettled_units
        _say_settled(venue, number, INSURANCE, insurance, owed)


def _say_settled(venue: Venue, contract: int, account: int, cash: int, unsettled: int) -> None:
    venue.say(
        EventKind.VARIATION_SETTLED,
        account,
        contract,
        cash_units=cash,
        unsettled_units=unsettled,
        balance_units=venue.ledger.cash(account),
        mark_ticks=venue.contracts[contract].mark_ticks,
    )
