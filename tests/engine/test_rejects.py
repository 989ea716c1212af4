"""Every reason for which the engine refuses a command, each by a command that deserves it.

A refused command changes nothing: apart from the sequence, the time and what is remembered of
its gateway, the state is the same to the last bit.
"""

from collections.abc import Callable

import numpy as np
import pytest

from exchange.engine import units
from exchange.engine.commands import CommandKind, make, pack_name
from exchange.engine.rejects import RejectReason
from exchange.engine.snapshot import dump, load
from exchange.engine.state import ContractParameter, Counter
from exchange.engine.units import BUY, NANOSECONDS, OPERATOR, SELL
from tests.engine.venue import BTC, ETH, LISTINGS, UNITS, Records, Venue, decode, reason

Case = Callable[[Venue, int, int], Records]
CASES: dict[RejectReason, Case] = {}
# MALFORMED is answered by the runner: such bytes are no record and never reach the engine.
# What takes thousands of orders, or several commands at once: test_limits, _batches, _links.
NEVER_BY_THE_ENGINE = {RejectReason.ACCEPTED, RejectReason.MALFORMED}
TESTED_ELSEWHERE = {
    RejectReason.BATCH_REFUSED,
    RejectReason.BATCH_OUT_OF_ORDER,
    RejectReason.TOO_MANY_OWNER_ORDERS,
    RejectReason.ORDER_SLOTS_RESERVED,
    RejectReason.INVALID_LINK,
    RejectReason.LINKED_QUANTITY,
}
# What is missing, where the reason is money.
NEEDED = {
    # 83,333 lots cost 4,999,980 USDC: 99,999.60 margin + 2,499.99 fee - 100,000 cash.
    RejectReason.INSUFFICIENT_MARGIN: 2_499_590_000,
    RejectReason.INSUFFICIENT_BALANCE: 1,
    # Equity of 100,000 USDC above a maintenance of nothing.
    RejectReason.LIQUIDATION_NOT_DUE: 100_000_000_000,
}


def deserves(expected: RejectReason) -> Callable[[Case], Case]:
    """Registers the case of one reason: it prepares the venue and returns the last command."""

    def register(case: Case) -> Case:
        assert expected not in CASES
        CASES[expected] = case
        return case

    return register


def test_every_reason_has_a_case() -> None:
    # The decorators below have run by now.
    assert set(CASES) == set(RejectReason) - NEVER_BY_THE_ENGINE - TESTED_ELSEWHERE


@pytest.mark.parametrize(
    "expected", sorted(set(RejectReason) - NEVER_BY_THE_ENGINE - TESTED_ELSEWHERE)
)
def test_reject_reason_is_given_and_changes_nothing(
    expected: RejectReason, venue: Venue, alice: int, bob: int
) -> None:
    command = CASES[expected](venue, alice, bob)
    before = fingerprint(venue)

    produced = decode(venue.apply(command))

    assert [reason(produced)] == [expected] * len(produced)
    assert produced[0]["command_kind"] == int(command["kind"][0])
    assert produced[0]["needed_units"] == NEEDED.get(expected, 0)
    assert fingerprint(venue) == before
    venue.assert_books_balance()


def fingerprint(venue: Venue) -> bytes:
    """The state without its clock, its sequence and its memory of gateways."""
    copy = load(dump(venue.state))
    for counter in (Counter.SEQUENCE, Counter.TIME_NS, Counter.GATEWAYS, Counter.LAST_GATEWAY):
        copy.counters[counter] = 0
    copy.gateways[:] = np.zeros_like(copy.gateways)
    return dump(copy)


def order(
    trader: int, side: int = BUY, price: int = 599_000, lots: int = 10, **more: int
) -> Records:
    """A modest BTC order, one field of which a case spoils."""
    fields = {"account": trader, "contract": BTC, "side": side} | more
    return make(
        CommandKind.PLACE_ORDER, trader, price_ticks=price, quantity_lots=lots, **fields
    )


def observation(venue: Venue, **more: int) -> Records:
    """A fair price by the first source, one field of which a case spoils."""
    venue.pass_time(1)
    fields = {
        "source": 0,
        "underlying": BTC,
        "price_e8": 60_000 * units.INDEX_SCALE,
        "publish_time_ns": venue.time_ns,
    }
    return make(CommandKind.SUBMIT_OBSERVATION, venue.reporters[0], **(fields | more))


def listing(**more: int) -> Records:
    """A fresh contract on BTC, one field of which a case spoils."""
    words = {f"name_{i}": word for i, word in enumerate(pack_name("BTC_USDC-TEST", 4))}
    fields = words | {
        "underlying": BTC,
        "contract_kind": units.KIND_PERPETUAL,
        "tick_e8": 10_000_000,
        "lot_e8": 100_000,
        "reference_ticks": 600_000,
    }
    return make(CommandKind.LIST_CONTRACT, OPERATOR, **(fields | more))


# --- 100: commands ----------------------------------------------------------------------------


@deserves(RejectReason.UNKNOWN_COMMAND)
def a_kind_that_does_not_exist(venue: Venue, alice: int, bob: int) -> Records:
    command = make(CommandKind.TICK, OPERATOR)
    command["kind"] = 99
    return command


@deserves(RejectReason.DUPLICATE_COMMAND)
def the_same_gateway_sequence_twice(venue: Venue, alice: int, bob: int) -> Records:
    venue.apply(order(alice, gateway_id=77, gateway_sequence=5))
    return order(alice, gateway_id=77, gateway_sequence=5)


@deserves(RejectReason.QUARANTINED)
def a_command_that_the_journal_reader_marked(venue: Venue, alice: int, bob: int) -> Records:
    command = order(alice)
    command["kind"] = -1
    return command


@deserves(RejectReason.UNKNOWN_PRINCIPAL)
def nobody(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.TICK, 99_999)


@deserves(RejectReason.NOT_AUTHORISED)
def a_trader_who_mints(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.DEPOSIT, alice, account=alice, amount_units=1)


@deserves(RejectReason.UNKNOWN_ACCOUNT)
def an_order_for_nobody(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, account=99_999)


@deserves(RejectReason.EXPIRED)
def an_order_past_its_deadline(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, valid_until_ns=venue.time_ns - 1)


@deserves(RejectReason.CAPACITY_FULL)
def the_sixty_fifth_underlying(venue: Venue, alice: int, bob: int) -> Records:
    for number in range(3, 64):
        venue.list_underlying(f"U{number}")
    words = pack_name("U64", 2)
    return make(CommandKind.LIST_UNDERLYING, OPERATOR, name_0=words[0], name_1=words[1])


# --- 200: the contract ------------------------------------------------------------------------


@deserves(RejectReason.UNKNOWN_CONTRACT)
def a_contract_that_is_not_listed(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, contract=3)


@deserves(RejectReason.CONTRACT_NOT_OPEN)
def an_order_in_a_halt(venue: Venue, alice: int, bob: int) -> Records:
    venue.set_state(BTC, units.STATE_HALTED)
    return order(alice)


@deserves(RejectReason.CONTRACT_REDUCE_ONLY)
def an_increase_where_only_reducing_is_allowed(venue: Venue, alice: int, bob: int) -> Records:
    venue.set_state(BTC, units.STATE_REDUCE_ONLY)
    return order(alice)


@deserves(RejectReason.NO_MARK_PRICE)
def an_order_before_the_first_price(venue: Venue, alice: int, bob: int) -> Records:
    underlying = venue.list_underlying("DOGE")
    contract = venue.list_contract(LISTINGS[0]._replace(name="DOGE_USDC-PERPETUAL"), underlying)
    return order(alice, contract=contract)


@deserves(RejectReason.ORACLE_NOT_VALID)
def an_increase_on_a_stale_index(venue: Venue, alice: int, bob: int) -> Records:
    venue.tick(11)
    return order(alice)


# --- 300: the order ---------------------------------------------------------------------------


@deserves(RejectReason.INVALID_SIDE)
def neither_buy_nor_sell(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, side=0)


@deserves(RejectReason.INVALID_FLAGS)
def post_only_that_must_not_rest(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, flags=units.FLAG_POST_ONLY | units.TIF_IMMEDIATE_OR_CANCEL)


@deserves(RejectReason.INVALID_PRICE)
def a_price_above_ten_times_the_reference(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=6_000_001)


@deserves(RejectReason.INVALID_QUANTITY)
def no_lots(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, lots=0)


@deserves(RejectReason.BELOW_MIN_NOTIONAL)
def one_lot_worth_less_than_the_minimum(venue: Venue, alice: int, bob: int) -> Records:
    venue.set_parameter(BTC, ContractParameter.MIN_NOTIONAL_UNITS, 60 * UNITS)
    return order(alice, price=599_999, lots=1)  # 59.9999 USDC


@deserves(RejectReason.PRICE_OUTSIDE_BAND)
def a_bid_one_tick_above_mark_plus_three_percent(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=618_001)


@deserves(RejectReason.TOO_MANY_ORDERS)
def the_five_hundred_and_first(venue: Venue, alice: int, bob: int) -> Records:
    for _ in range(500):
        venue.rest(alice, BTC, BUY, 590_000, 1)
    return order(alice)


@deserves(RejectReason.TOO_MANY_POSITIONS)
def the_sixty_fifth_contract(venue: Venue, alice: int, bob: int) -> Records:
    for number in range(3, 65):
        venue.list_contract(LISTINGS[0]._replace(name=f"BTC_{number}"), BTC)
    venue.set_price(BTC, 600_000)
    venue.observe(ETH, 300_000 * LISTINGS[ETH].tick_e8)
    venue.observe(2, 150_000 * LISTINGS[2].tick_e8)
    for contract in range(64):
        venue.rest(alice, contract, BUY, venue.mark(contract), 2)
    return order(alice, contract=64)


@deserves(RejectReason.POSITION_LIMIT)
def a_lot_more_than_a_billion_at_reference(venue: Venue, alice: int, bob: int) -> Records:
    # 10^15 units / (600,000 ticks x 100 units) = 16,666,666 lots.
    return order(alice, lots=16_666_667)


@deserves(RejectReason.POST_ONLY_WOULD_TAKE)
def a_maker_who_will_not_slide(venue: Venue, alice: int, bob: int) -> Records:
    venue.rest(bob, BTC, SELL, 600_000, 10)
    flags = units.FLAG_POST_ONLY | units.FLAG_REJECT_POST_ONLY
    return order(alice, price=600_000, flags=flags)


@deserves(RejectReason.FILL_OR_KILL_UNFILLABLE)
def eleven_lots_where_ten_stand(venue: Venue, alice: int, bob: int) -> Records:
    venue.rest(bob, BTC, SELL, 600_000, 10)
    return order(alice, price=600_000, lots=11, flags=units.TIF_FILL_OR_KILL)


@deserves(RejectReason.NOTHING_TO_REDUCE)
def reduce_only_without_a_position(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, flags=units.FLAG_REDUCE_ONLY)


@deserves(RejectReason.NO_LIQUIDITY)
def a_market_order_in_an_empty_book(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=0, flags=units.TYPE_MARKET | units.TIF_IMMEDIATE_OR_CANCEL)


@deserves(RejectReason.UNKNOWN_ORDER)
def a_cancel_of_a_cancelled_order(venue: Venue, alice: int, bob: int) -> Records:
    number = venue.rest(alice, BTC, BUY, 599_000, 10)
    venue.cancel(alice, number)
    return make(CommandKind.CANCEL_ORDER, alice, account=alice, order=number)


@deserves(RejectReason.NOT_ORDER_OWNER)
def a_cancel_of_somebody_elses_order(venue: Venue, alice: int, bob: int) -> Records:
    number = venue.rest(alice, BTC, BUY, 599_000, 10)
    return make(CommandKind.CANCEL_ORDER, bob, account=bob, order=number)


@deserves(RejectReason.AMEND_BELOW_FILLED)
def an_amendment_to_what_is_filled_already(venue: Venue, alice: int, bob: int) -> Records:
    number = venue.rest(alice, BTC, SELL, 600_000, 10)
    venue.place(bob, BTC, BUY, 600_000, 4)
    return make(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        contract=BTC,
        side=SELL,
        order=number,
        price_ticks=600_000,
        quantity_lots=4,
    )


@deserves(RejectReason.INVALID_TRIGGER)
def a_stop_without_a_trigger(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=0, flags=units.TYPE_STOP_MARKET)


@deserves(RejectReason.NO_TRIGGER_PRICE)
def a_stop_on_the_last_price_before_the_first_trade(
    venue: Venue, alice: int, bob: int
) -> Records:
    flags = units.TYPE_STOP_MARKET | units.TRIGGER_LAST
    return order(alice, price=0, flags=flags, trigger_ticks=601_000)


@deserves(RejectReason.TRIGGER_ALREADY_REACHED)
def a_stop_buy_at_the_mark(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=0, flags=units.TYPE_STOP_MARKET, trigger_ticks=600_000)


@deserves(RejectReason.TOO_MANY_TRAILING_STOPS)
def the_513th_trailing_stop_of_a_list(venue: Venue, alice: int, bob: int) -> Records:
    fields = {"price": 0, "flags": units.TYPE_TRAILING_STOP, "trigger_ticks": 1_000}
    for _ in range(32):
        account = venue.open_account()
        for _ in range(16):
            venue.apply(order(account, **fields))
    return order(alice, **fields)


@deserves(RejectReason.TOO_MANY_REDUCE_ONLY)
def the_33rd_reduce_only_order_in_the_book(venue: Venue, alice: int, bob: int) -> Records:
    venue.trade(bob, alice, BTC, 600_000, 40)
    for _ in range(32):
        venue.apply(order(alice, lots=1, flags=units.FLAG_REDUCE_ONLY))
    return order(alice, lots=1, flags=units.FLAG_REDUCE_ONLY)


@deserves(RejectReason.ORDER_EXPIRED)
def an_amendment_after_the_day(venue: Venue, alice: int, bob: int) -> Records:
    produced = venue.place(alice, BTC, BUY, 599_000, 10, units.TIF_GOOD_TIL_DAY)
    venue.pass_time(86_400)
    venue.do(CommandKind.CANCEL_ORDER, bob, account=bob, order=1)  # ends a funding sample
    return make(
        CommandKind.AMEND_ORDER,
        alice,
        account=alice,
        order=produced[0]["order"],
        price_ticks=599_000,
        quantity_lots=5,
    )


@deserves(RejectReason.WOULD_SELF_TRADE)
def an_order_that_would_meet_its_owners_own(venue: Venue, alice: int, bob: int) -> Records:
    mode = units.SELF_TRADE_REJECT_TAKER
    venue.must(CommandKind.SET_SELF_TRADE_MODE, alice, account=alice, mode=mode)
    venue.rest(alice, BTC, SELL, 600_000, 10)
    return order(alice, price=600_000)


@deserves(RejectReason.INVALID_SELF_TRADE_MODE)
def a_self_trade_mode_that_does_not_exist(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.SET_SELF_TRADE_MODE, alice, account=alice, mode=3)


@deserves(RejectReason.KEY_REUSED)
def a_known_key_for_one_lot_more(venue: Venue, alice: int, bob: int) -> Records:
    venue.place(alice, BTC, BUY, 599_000, 10, idempotency_key=7)
    return order(alice, lots=11, idempotency_key=7)


@deserves(RejectReason.INVALID_SAFEGUARD)
def a_heartbeat_of_half_a_second(venue: Venue, alice: int, bob: int) -> Records:
    fields = {"account": alice, "is_enabled": 1, "timeout_ns": NANOSECONDS // 2}
    return make(CommandKind.SET_CANCEL_ON_DISCONNECT, alice, **fields)


@deserves(RejectReason.HEARTBEAT_NOT_SET)
def a_heartbeat_that_nobody_waits_for(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.HEARTBEAT, alice, account=alice)


@deserves(RejectReason.INVALID_BATCH)
def a_batch_of_nothing(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.PLACE_BATCH, alice, account=alice, count=0)


# --- 400: margin ------------------------------------------------------------------------------


@deserves(RejectReason.INSUFFICIENT_MARGIN)
def five_million_on_a_hundred_thousand(venue: Venue, alice: int, bob: int) -> Records:
    return order(alice, price=600_000, lots=83_333)


@deserves(RejectReason.IN_LIQUIDATION)
def an_order_while_being_liquidated(venue: Venue, alice: int, bob: int) -> Records:
    poor = venue.open_funded(1_300 * UNITS)
    venue.trade(poor, bob, BTC, 600_000, 1_000)
    venue.drive_price(BTC, 592_000)  # 8,000 ticks x 1,000 lots: 800 USDC lost, 592 needed
    assert venue.state.accounts[poor]["liquidation_stage"] != 0
    return order(poor, price=591_000, lots=1)


@deserves(RejectReason.LIQUIDATION_NOT_DUE)
def a_sweep_that_is_wrong(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.LIQUIDATE, OPERATOR, account=alice)


@deserves(RejectReason.FUNDING_NOT_DUE)
def a_second_conversion_in_one_hour(venue: Venue, alice: int, bob: int) -> Records:
    venue.must(CommandKind.SETTLE_FUNDING, OPERATOR, contract=BTC)
    return make(CommandKind.SETTLE_FUNDING, OPERATOR, contract=BTC)


@deserves(RejectReason.OPEN_INTEREST_LIMIT)
def an_order_beyond_what_the_venue_may_carry(venue: Venue, alice: int, bob: int) -> Records:
    # 10^9 USDC an account are 16,666,666 lots; of 10^11 USDC a hundred leave room for 66.
    for _ in range(100):
        long, short = (venue.open_funded(2 * 10**9 * UNITS) for _ in range(2))
        venue.trade(long, short, BTC, 600_000, 16_666_666)
    return order(alice, lots=67)


# --- 500: money -------------------------------------------------------------------------------


@deserves(RejectReason.DEPOSIT_LIMIT)
def a_deposit_beyond_what_the_venue_may_hold(venue: Venue, alice: int, bob: int) -> Records:
    # Of 5 x 10^11 USDC 49 x 10^10 and what Alice and Bob have leave less than 10^10.
    for _ in range(49):
        venue.deposit(alice, 10**16)
    return make(CommandKind.DEPOSIT, OPERATOR, account=bob, amount_units=10**16)


@deserves(RejectReason.INVALID_AMOUNT)
def a_withdrawal_of_nothing(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.REQUEST_WITHDRAWAL, alice, account=alice, amount_units=0)


@deserves(RejectReason.UNKNOWN_ASSET)
def a_deposit_of_something_else(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.DEPOSIT, OPERATOR, account=alice, asset=1, amount_units=1)


@deserves(RejectReason.INSUFFICIENT_BALANCE)
def a_withdrawal_of_one_unit_too_much(venue: Venue, alice: int, bob: int) -> Records:
    amount = 100_000 * UNITS + 1
    return make(CommandKind.REQUEST_WITHDRAWAL, alice, account=alice, amount_units=amount)


@deserves(RejectReason.UNKNOWN_WITHDRAWAL)
def a_confirmation_of_what_nobody_asked(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.CONFIRM_WITHDRAWAL, OPERATOR, withdrawal=1 << 16)


@deserves(RejectReason.SAME_ACCOUNT)
def a_transfer_to_itself(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.TRANSFER, alice, account=alice, target=alice, amount_units=1)


@deserves(RejectReason.DIFFERENT_OWNER)
def a_transfer_to_somebody_else(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.TRANSFER, alice, account=alice, target=bob, amount_units=1)


# --- 600: oracle ------------------------------------------------------------------------------


@deserves(RejectReason.UNKNOWN_SOURCE)
def a_source_that_nobody_registered(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, source=9)


@deserves(RejectReason.UNKNOWN_UNDERLYING)
def an_underlying_that_is_not_listed(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, underlying=9)


@deserves(RejectReason.PRICE_NOT_POSITIVE)
def a_price_of_zero(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, price_e8=0)


@deserves(RejectReason.PRICE_OUT_OF_SCALE)
def a_price_above_a_billion(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, price_e8=10**17 + 1)


@deserves(RejectReason.OBSERVATION_NOT_NEWER)
def an_observation_as_old_as_the_last(venue: Venue, alice: int, bob: int) -> Records:
    last = int(venue.state.observations[BTC, 0]["publish_ns"])
    return observation(venue, publish_time_ns=last)


@deserves(RejectReason.OBSERVATION_FROM_FUTURE)
def an_observation_more_than_a_second_ahead(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, publish_time_ns=venue.time_ns + 2 * NANOSECONDS + 1)


@deserves(RejectReason.OBSERVATION_TOO_OLD)
def an_observation_more_than_ten_seconds_old(venue: Venue, alice: int, bob: int) -> Records:
    venue.tick(60)  # Else this command would also close funding samples.
    return observation(venue, publish_time_ns=venue.time_ns - 10 * NANOSECONDS - 1)


@deserves(RejectReason.CONFIDENCE_INVALID)
def a_negative_confidence(venue: Venue, alice: int, bob: int) -> Records:
    return observation(venue, confidence_e8=-1)


# --- 700: listing and parameters --------------------------------------------------------------


@deserves(RejectReason.INVALID_NAME)
def a_name_of_nothing(venue: Venue, alice: int, bob: int) -> Records:
    return listing(name_0=0, name_1=0)


@deserves(RejectReason.ALREADY_LISTED)
def the_same_name_again(venue: Venue, alice: int, bob: int) -> Records:
    words = pack_name("BTC_USDC-PERPETUAL", 4)
    return listing(name_0=words[0], name_1=words[1], name_2=words[2])


@deserves(RejectReason.INVALID_TICK_VALUE)
def a_tick_that_is_worth_half_a_unit(venue: Venue, alice: int, bob: int) -> Records:
    return listing(tick_e8=10_000, lot_e8=500_000)


@deserves(RejectReason.INVALID_REFERENCE)
def a_reference_of_zero(venue: Venue, alice: int, bob: int) -> Records:
    return listing(reference_ticks=0)


@deserves(RejectReason.UNKNOWN_PARAMETER)
def a_parameter_that_does_not_exist(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.SET_PARAMETER, OPERATOR, contract=BTC, parameter=99, value=1)


@deserves(RejectReason.PARAMETER_OUT_OF_BOUNDS)
def a_mark_band_that_reaches_maintenance(venue: Venue, alice: int, bob: int) -> Records:
    # (IM - MM) / 2 = (2 % - 1 %) / 2 = 0.5 %.
    return make(
        CommandKind.SET_PARAMETER,
        OPERATOR,
        contract=BTC,
        parameter=ContractParameter.MARK_BAND_PPM,
        value=5_001,
    )


@deserves(RejectReason.INVALID_STATE_CHANGE)
def back_to_pre_launch(venue: Venue, alice: int, bob: int) -> Records:
    return make(
        CommandKind.SET_CONTRACT_STATE, OPERATOR, contract=BTC, state=units.STATE_PRE_LAUNCH
    )


@deserves(RejectReason.PRICE_ABOVE_CEILING)
def an_opening_of_what_outgrew_its_listing(venue: Venue, alice: int, bob: int) -> Records:
    for _ in range(26):  # 1.1^25 > 10; the contract halts itself on the way.
        venue.set_price(BTC, 6_100_000, seconds=5)
    venue.tick(5)
    return make(CommandKind.SET_CONTRACT_STATE, OPERATOR, contract=BTC, state=units.STATE_OPEN)


@deserves(RejectReason.SOURCE_TAKEN)
def a_source_of_somebody_else(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.REGISTER_REPORTER, OPERATOR, account=alice, source=0, weight_ppm=1)


@deserves(RejectReason.INVALID_ROLE)
def a_role_that_does_not_exist(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.SET_ROLE, OPERATOR, account=alice, role=16)


@deserves(RejectReason.INVALID_CONTRACT_KIND)
def a_perpetual_that_expires(venue: Venue, alice: int, bob: int) -> Records:
    return listing(expiry_ns=venue.time_ns + 1)


@deserves(RejectReason.INVALID_QUARANTINE)
def a_quarantine_of_the_future(venue: Venue, alice: int, bob: int) -> Records:
    return make(CommandKind.QUARANTINE, OPERATOR, target_sequence=venue.sequence + 1)
