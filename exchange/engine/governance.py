"""Who may act and under which rules: accounts, roles, reporters, listings, parameters.

GOV-001  accounts are numbered in the order they are opened; a sub-account has its owner's
         owner.
GOV-002  a listing is refused unless its tick value is a whole number of units and its numbers
         stay within 63 bits at the price ceiling (spec: contracts, hard bounds).
GOV-003  every parameter has hard bounds in code; mark band <= (IM - MM) / 2, so that dragging
         the local book can never liquidate anyone who opened within initial margin; the lower
         open-interest cap is below the upper one.
GOV-004  only the roles below can be given; house accounts other than the operator have none.
GOV-005  a negative maker fee is a rebate; it is at most the contract's taker fee.
"""

from typing import NamedTuple

from exchange.engine.rejects import RejectReason
from exchange.engine.state import ContractParameter, Counter, State
from exchange.engine.units import (
    ACCOUNTS_MAX,
    CONTRACTS_MAX,
    FIRST_USER_ACCOUNT,
    INT64_SAFE,
    KIND_PERPETUAL,
    LOT_CEILING_UNITS_MAX,
    MONEY_SCALE,
    NO_ACCOUNT,
    OPEN_INTEREST_UNITS_MAX,
    POSITION_UNITS_MAX,
    PPM,
    PRICE_CEILING_MULTIPLE,
    PRICE_TICKS_MAX,
    ROLE_MASK,
    SLOTS_MAX,
    SOURCES_MAX,
    STATE_HALTED,
    STATE_OPEN,
    STATE_PRE_LAUNCH,
    STATE_REDUCE_ONLY,
    TICK_VALUE_UNITS_MAX,
    UNDERLYINGS_MAX,
)
from oracle.aggregation import PRICE_E8_MAX

TICK_VALUE_SCALE = 10**10  # tick_e8 x lot_e8 / 10^16 quote, in units of 10^-6


class ParameterRule(NamedTuple):
    """A governed parameter: its column, launch value and hard bounds, in the column's unit."""

    column: str
    launch: int
    low: int
    high: int


PARAMETERS: dict[int, ParameterRule] = {
    ContractParameter.INITIAL_MARGIN_PPM: ParameterRule(
        "initial_margin_ppm", 50_000, 5_000, PPM
    ),
    ContractParameter.MARGIN_FLOOR_UNITS: ParameterRule(
        "margin_floor_units", 500_000 * MONEY_SCALE, 1_000 * MONEY_SCALE, POSITION_UNITS_MAX
    ),
    ContractParameter.MAKER_FEE_PPM: ParameterRule("maker_fee_ppm", 200, -10_000, 10_000),
    ContractParameter.TAKER_FEE_PPM: ParameterRule("taker_fee_ppm", 500, 0, 10_000),
    ContractParameter.MARK_BAND_PPM: ParameterRule("mark_band_ppm", 10_000, 100, 250_000),
    ContractParameter.ORDER_BAND_PPM: ParameterRule("order_band_ppm", 30_000, 1_000, 500_000),
    ContractParameter.PASSIVE_BAND_PPM: ParameterRule(
        "passive_band_ppm", 500_000, 10_000, 990_000
    ),
    ContractParameter.MIN_NOTIONAL_UNITS: ParameterRule(
        "min_notional_units", 10 * MONEY_SCALE, 0, 1_000_000 * MONEY_SCALE
    ),
    ContractParameter.POSITION_LIMIT_UNITS: ParameterRule(
        "position_limit_units", POSITION_UNITS_MAX, 1_000 * MONEY_SCALE, POSITION_UNITS_MAX
    ),
    ContractParameter.LIQUIDATION_FEE_PPM: ParameterRule(
        "liquidation_fee_ppm", 5_000, 0, 50_000
    ),
    ContractParameter.INSURANCE_CAP_UNITS: ParameterRule(
        "insurance_cap_units", 250_000 * MONEY_SCALE, 0, POSITION_UNITS_MAX
    ),
    ContractParameter.IMPACT_MARGIN_UNITS: ParameterRule(
        "impact_margin_units", 500 * MONEY_SCALE, 10 * MONEY_SCALE, 100_000 * MONEY_SCALE
    ),
    ContractParameter.INTEREST_PPB: ParameterRule("interest_ppb", 100_000, 0, 1_000_000),
    ContractParameter.FUNDING_DAMPER_PPB: ParameterRule(
        "funding_damper_ppb", 500_000, 0, 5_000_000
    ),
    ContractParameter.FUNDING_RATE_MAX_PPB: ParameterRule(
        "funding_rate_max_ppb", 5_000_000, 0, 10_000_000
    ),
    ContractParameter.BASIS_SECONDS: ParameterRule("basis_seconds", 150, 10, 3_600),
    ContractParameter.MARK_RATE_PPM: ParameterRule("mark_rate_ppm", 5_000, 100, 20_000),
    ContractParameter.OPEN_INTEREST_LOWER_UNITS: ParameterRule(
        "open_interest_lower_units",
        20_000_000 * MONEY_SCALE,
        1_000 * MONEY_SCALE,
        OPEN_INTEREST_UNITS_MAX,
    ),
    ContractParameter.OPEN_INTEREST_UPPER_UNITS: ParameterRule(
        "open_interest_upper_units",
        50_000_000 * MONEY_SCALE,
        1_000 * MONEY_SCALE,
        OPEN_INTEREST_UNITS_MAX,
    ),
}

_STATE_CHANGES = {
    STATE_PRE_LAUNCH: (STATE_OPEN,),
    STATE_OPEN: (STATE_HALTED, STATE_REDUCE_ONLY),
    STATE_HALTED: (STATE_OPEN, STATE_REDUCE_ONLY),
    STATE_REDUCE_ONLY: (STATE_OPEN, STATE_HALTED),
}


def opening_objection(state: State, parent: int, role: int) -> RejectReason:
    """Why an account cannot be opened; parent is an account of its owner, or -1."""
    if parent != NO_ACCOUNT and not is_user_account(state, parent):
        return RejectReason.UNKNOWN_ACCOUNT
    if role <= 0 or role & ~ROLE_MASK:
        return RejectReason.INVALID_ROLE
    if state.counters[Counter.ACCOUNTS] >= ACCOUNTS_MAX:
        return RejectReason.CAPACITY_FULL
    return RejectReason.ACCEPTED


def open_account(state: State, parent: int, role: int, time_ns: int) -> int:
    """Open an account; returns its number (GOV-001)."""
    account = int(state.counters[Counter.ACCOUNTS])
    state.counters[Counter.ACCOUNTS] = account + 1
    row = state.accounts[account]
    row["owner"] = account if parent == NO_ACCOUNT else int(state.accounts[parent]["owner"])
    row["role"] = role
    row["opened_ns"] = time_ns
    return account


def is_user_account(state: State, account: int) -> bool:
    return FIRST_USER_ACCOUNT <= account < int(state.counters[Counter.ACCOUNTS])


def reporter_objection(
    state: State, account: int, source: int, weight_ppm: int
) -> RejectReason:
    if not is_user_account(state, account):
        return RejectReason.UNKNOWN_ACCOUNT
    if not 0 <= source < SOURCES_MAX:
        return RejectReason.UNKNOWN_SOURCE
    if not 0 <= weight_ppm <= PPM:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS
    row = state.reporters[source]
    if row["registered"] != 0 and int(row["account"]) != account:
        return RejectReason.SOURCE_TAKEN
    return RejectReason.ACCEPTED


def register_reporter(
    state: State, account: int, source: int, weight_ppm: int, key: tuple[int, int, int, int]
) -> None:
    """Register a source, or change its weight and key."""
    suspended = int(state.reporters[source]["suspended"])
    state.reporters[source] = (account, weight_ppm, *key, 1, suspended)


def list_underlying_objection(state: State, name: tuple[int, int]) -> RejectReason:
    if not _is_name(name):
        return RejectReason.INVALID_NAME
    count = int(state.counters[Counter.UNDERLYINGS])
    if count >= UNDERLYINGS_MAX:
        return RejectReason.CAPACITY_FULL
    if any((int(r["name_0"]), int(r["name_1"])) == name for r in state.underlyings[:count]):
        return RejectReason.ALREADY_LISTED
    return RejectReason.ACCEPTED


def list_underlying(state: State, name: tuple[int, int]) -> int:
    underlying = int(state.counters[Counter.UNDERLYINGS])
    state.counters[Counter.UNDERLYINGS] = underlying + 1
    row = state.underlyings[underlying]
    row["listed"] = 1
    row["name_0"], row["name_1"] = name
    return underlying


class Listing(NamedTuple):
    """The terms of a contract, as LIST_CONTRACT states them."""

    name: tuple[int, int, int, int]
    underlying: int
    kind: int
    tick_e8: int
    lot_e8: int
    reference_ticks: int
    expiry_ns: int


def listing_objection(state: State, listing: Listing) -> RejectReason:
    """Why a contract cannot be listed (GOV-002)."""
    if not _is_name(listing.name):
        return RejectReason.INVALID_NAME
    if not 0 <= listing.underlying < int(state.counters[Counter.UNDERLYINGS]):
        return RejectReason.UNKNOWN_UNDERLYING
    if listing.kind != KIND_PERPETUAL or listing.expiry_ns != 0:
        return RejectReason.INVALID_CONTRACT_KIND
    if not 0 < listing.tick_e8 <= 10**12 or not 0 < listing.lot_e8 <= 10**12:
        return RejectReason.INVALID_TICK_VALUE
    value, rest = divmod(listing.tick_e8 * listing.lot_e8, TICK_VALUE_SCALE)
    if rest != 0 or not 1 <= value <= TICK_VALUE_UNITS_MAX:
        return RejectReason.INVALID_TICK_VALUE
    ceiling = listing.reference_ticks * PRICE_CEILING_MULTIPLE
    if not 0 < ceiling <= min(PRICE_TICKS_MAX, PRICE_E8_MAX // listing.tick_e8):
        return RejectReason.INVALID_REFERENCE
    if ceiling * value > LOT_CEILING_UNITS_MAX:
        return RejectReason.INVALID_REFERENCE
    count = int(state.counters[Counter.CONTRACTS])
    if count >= CONTRACTS_MAX:
        return RejectReason.CAPACITY_FULL
    names = (tuple(int(r[f"name_{i}"]) for i in range(4)) for r in state.contracts[:count])
    return RejectReason.ALREADY_LISTED if listing.name in names else RejectReason.ACCEPTED


def list_contract(state: State, listing: Listing) -> int:
    """List an admitted contract with the launch parameters, in pre-launch."""
    contract = int(state.counters[Counter.CONTRACTS])
    state.counters[Counter.CONTRACTS] = contract + 1
    row = state.contracts[contract]
    row["state"] = STATE_PRE_LAUNCH
    for i, word in enumerate(listing.name):
        row[f"name_{i}"] = word
    row["underlying"] = listing.underlying
    row["kind"] = listing.kind
    row["tick_e8"] = listing.tick_e8
    row["lot_e8"] = listing.lot_e8
    row["tick_value_units"] = listing.tick_e8 * listing.lot_e8 // TICK_VALUE_SCALE
    row["reference_ticks"] = listing.reference_ticks
    row["price_ceiling_ticks"] = listing.reference_ticks * PRICE_CEILING_MULTIPLE
    row["expiry_ns"] = listing.expiry_ns
    # Six notionals of every position that an account may hold stay within 62 bits.
    lot_units = listing.reference_ticks * int(row["tick_value_units"])
    largest = POSITION_UNITS_MAX // lot_units * lot_units * PRICE_CEILING_MULTIPLE
    assert SLOTS_MAX * largest * 6 <= INT64_SAFE
    for rule in PARAMETERS.values():
        row[rule.column] = rule.launch
    return contract


def _agree(values: dict[str, int]) -> bool:
    """Whether parameters that bound each other do (GOV-003, GOV-005)."""
    if values["maker_fee_ppm"] + values["taker_fee_ppm"] < 0:
        return False
    lower, upper = values["open_interest_lower_units"], values["open_interest_upper_units"]
    return 4 * values["mark_band_ppm"] <= values["initial_margin_ppm"] and lower < upper


assert _agree({rule.column: rule.launch for rule in PARAMETERS.values()})


def is_listed(state: State, contract: int) -> bool:
    return 0 <= contract < int(state.counters[Counter.CONTRACTS])


def parameter_objection(
    state: State, contract: int, parameter: int, value: int
) -> RejectReason:
    """Why a parameter cannot have this value (GOV-003, GOV-005)."""
    if not is_listed(state, contract):
        return RejectReason.UNKNOWN_CONTRACT
    rule = PARAMETERS.get(parameter)
    if rule is None:
        return RejectReason.UNKNOWN_PARAMETER
    if not rule.low <= value <= rule.high:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS
    row = state.contracts[contract]
    after = {rule.column: int(row[rule.column]) for rule in PARAMETERS.values()}
    after[rule.column] = value
    return RejectReason.ACCEPTED if _agree(after) else RejectReason.PARAMETER_OUT_OF_BOUNDS


def set_parameter(state: State, contract: int, parameter: int, value: int) -> int:
    """Set an admitted parameter; returns the previous value."""
    column = PARAMETERS[parameter].column
    previous = int(state.contracts[contract][column])
    state.contracts[contract][column] = value
    return previous


def state_change_objection(state: State, contract: int, target: int) -> RejectReason:
    if not is_listed(state, contract):
        return RejectReason.UNKNOWN_CONTRACT
    current = int(state.contracts[contract]["state"])
    if target not in _STATE_CHANGES.get(current, ()):
        return RejectReason.INVALID_STATE_CHANGE
    row = state.contracts[contract]
    if target != STATE_HALTED and row["index_ticks"] > row["price_ceiling_ticks"]:
        return RejectReason.PRICE_ABOVE_CEILING
    return RejectReason.ACCEPTED


def _is_name(words: tuple[int, ...]) -> bool:
    """Whether packed words are 1 or more printable ASCII characters, NUL padded at the end."""
    if any(word < 0 for word in words):
        return False
    text = b"".join(word.to_bytes(8, "little") for word in words)
    name = text.rstrip(b"\0")
    return len(name) > 0 and all(33 <= byte <= 126 for byte in name)
