"""The reference's rules about rules: accounts, roles, reporters, listings, parameters."""

from copy import copy

from tests.simulation.reference.book import Book
from tests.simulation.reference.rounding import PPM
from tests.simulation.reference.state import ACCEPTED, Answer, Venue
from tests.simulation.reference.tables import Account, Contract, Funding, Reporter, Underlying
from tests.simulation.reference.wire import (
    KIND_PERPETUAL,
    NO_ACCOUNT,
    ROLE_MASK,
    SELF_TRADE_CANCEL_BOTH,
    SELF_TRADE_CANCEL_MAKER,
    SELF_TRADE_REJECT_TAKER,
    STATE_HALTED,
    STATE_OPEN,
    STATE_PRE_LAUNCH,
    STATE_REDUCE_ONLY,
    Command,
    ContractParameter,
    EventKind,
    RejectReason,
)

SOURCES_MAX = 32
UNDERLYINGS_MAX = 64
PRICE_TICKS_MAX = 1 << 31
TICK_VALUE_MAX = 1 << 20
CEILING_MULTIPLE = 10
PRICE_E8_MAX = 10**17
LOT_CEILING_MAX = 10**11  # 100,000 USDC: one lot at its price ceiling
USDC = 1_000_000
E8 = 10**8

# Launch value, lowest and highest (spec: risk; hard bounds of governance).
PARAMETERS: dict[int, tuple[str, int, int, int]] = {
    ContractParameter.INITIAL_MARGIN_PPM: ("initial_margin_ppm", 50_000, 5_000, PPM),
    ContractParameter.MARGIN_FLOOR_UNITS: (
        "margin_floor_units",
        500_000 * USDC,
        1_000 * USDC,
        10**15,
    ),
    ContractParameter.MAKER_FEE_PPM: ("maker_fee_ppm", 200, -10_000, 10_000),
    ContractParameter.TAKER_FEE_PPM: ("taker_fee_ppm", 500, 0, 10_000),
    ContractParameter.MARK_BAND_PPM: ("mark_band_ppm", 10_000, 100, 250_000),
    ContractParameter.ORDER_BAND_PPM: ("order_band_ppm", 30_000, 1_000, 500_000),
    ContractParameter.PASSIVE_BAND_PPM: ("passive_band_ppm", 500_000, 10_000, 990_000),
    ContractParameter.MIN_NOTIONAL_UNITS: (
        "min_notional_units",
        10 * USDC,
        0,
        1_000_000 * USDC,
    ),
    ContractParameter.POSITION_LIMIT_UNITS: (
        "position_limit_units",
        10**15,
        1_000 * USDC,
        10**15,
    ),
    ContractParameter.LIQUIDATION_FEE_PPM: ("liquidation_fee_ppm", 5_000, 0, 50_000),
    ContractParameter.INSURANCE_CAP_UNITS: (
        "insurance_cap_units",
        250_000 * USDC,
        0,
        10**15,
    ),
    ContractParameter.IMPACT_MARGIN_UNITS: (
        "impact_margin_units",
        500 * USDC,
        10 * USDC,
        100_000 * USDC,
    ),
    ContractParameter.INTEREST_PPB: ("interest_ppb", 100_000, 0, 1_000_000),
    ContractParameter.FUNDING_DAMPER_PPB: ("funding_damper_ppb", 500_000, 0, 5_000_000),
    ContractParameter.FUNDING_RATE_MAX_PPB: ("funding_rate_max_ppb", 5_000_000, 0, 10_000_000),
    ContractParameter.BASIS_SECONDS: ("basis_seconds", 150, 10, 3_600),
    ContractParameter.MARK_RATE_PPM: ("mark_rate_ppm", 5_000, 100, 20_000),
    ContractParameter.OPEN_INTEREST_LOWER_UNITS: (
        "open_interest_lower_units",
        20_000_000 * USDC,
        1_000 * USDC,
        10**17,
    ),
    ContractParameter.OPEN_INTEREST_UPPER_UNITS: (
        "open_interest_upper_units",
        50_000_000 * USDC,
        1_000 * USDC,
        10**17,
    ),
}
# What ContractListed repeats of the command.
LISTED = (
    "name_0",
    "name_1",
    "name_2",
    "name_3",
    "underlying",
    "contract_kind",
    "tick_e8",
    "lot_e8",
    "reference_ticks",
    "expiry_ns",
)
STATE_CHANGES = {
    (STATE_PRE_LAUNCH, STATE_OPEN),
    (STATE_OPEN, STATE_HALTED),
    (STATE_OPEN, STATE_REDUCE_ONLY),
    (STATE_HALTED, STATE_OPEN),
    (STATE_HALTED, STATE_REDUCE_ONLY),
    (STATE_REDUCE_ONLY, STATE_OPEN),
    (STATE_REDUCE_ONLY, STATE_HALTED),
}


def open_account(venue: Venue, command: Command) -> Answer:
    """OpenAccount: of its own, or as a sub-account of an owner."""
    parent, role = command["account"], command["role"]
    if parent != NO_ACCOUNT and not venue.is_user(parent):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    if not 0 < role <= ROLE_MASK:
        return RejectReason.INVALID_ROLE, 0
    number = len(venue.accounts)
    owner = number if parent == NO_ACCOUNT else venue.accounts[parent].owner
    external_id = command["external_id"]
    venue.accounts.append(Account(owner, role, venue.time_ns, external_id))
    fields = {"owner": owner, "role": role, "external_id": external_id}
    venue.say(EventKind.ACCOUNT_OPENED, number, **fields)
    return ACCEPTED


def set_role(venue: Venue, command: Command) -> Answer:
    """SetRole."""
    account, role = command["account"], command["role"]
    if not venue.is_user(account):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    if not 0 < role <= ROLE_MASK:
        return RejectReason.INVALID_ROLE, 0
    previous, venue.accounts[account].role = venue.accounts[account].role, role
    venue.say(EventKind.ROLE_SET, account, role=role, previous_role=previous)
    return ACCEPTED


def set_self_trade_mode(venue: Venue, command: Command) -> Answer:
    """SetSelfTradeMode: for all accounts of an owner."""
    owner, mode = venue.accounts[command["account"]].owner, command["mode"]
    modes = (SELF_TRADE_CANCEL_MAKER, SELF_TRADE_REJECT_TAKER, SELF_TRADE_CANCEL_BOTH)
    if mode not in modes:
        return RejectReason.INVALID_SELF_TRADE_MODE, 0
    previous, venue.accounts[owner].self_trade_mode = (
        venue.accounts[owner].self_trade_mode,
        mode,
    )
    venue.say(EventKind.SELF_TRADE_MODE_SET, owner, mode=mode, previous_mode=previous)
    return ACCEPTED


def register_reporter(venue: Venue, command: Command) -> Answer:
    """RegisterReporter: a source belongs to the account that had it first."""
    account, source, weight = command["account"], command["source"], command["weight_ppm"]
    if not venue.is_user(account):
        return RejectReason.UNKNOWN_ACCOUNT, 0
    if not 0 <= source < SOURCES_MAX:
        return RejectReason.UNKNOWN_SOURCE, 0
    if not 0 <= weight <= PPM:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS, 0
    before = venue.reporters.get(source)
    if before and before.account != account:
        return RejectReason.SOURCE_TAKEN, 0
    names = ("key_0", "key_1", "key_2", "key_3")
    keys = (command[names[0]], command[names[1]], command[names[2]], command[names[3]])
    venue.reporters[source] = Reporter(account, weight, keys, before.suspended if before else 0)
    fields = {"source": source, "weight_ppm": weight, **dict(zip(names, keys, strict=True))}
    venue.say(EventKind.REPORTER_REGISTERED, account, **fields)
    return ACCEPTED


def list_underlying(venue: Venue, command: Command) -> Answer:
    """ListUnderlying."""
    name = (command["name_0"], command["name_1"])
    if not is_name(*name):
        return RejectReason.INVALID_NAME, 0
    if len(venue.underlyings) >= UNDERLYINGS_MAX:
        return RejectReason.CAPACITY_FULL, 0
    if any(underlying.name == name for underlying in venue.underlyings):
        return RejectReason.ALREADY_LISTED, 0
    number = len(venue.underlyings)
    venue.underlyings.append(Underlying(name))
    fields = {"underlying": number, "name_0": name[0], "name_1": name[1]}
    venue.say(EventKind.UNDERLYING_LISTED, **fields)
    return ACCEPTED


def list_contract(venue: Venue, command: Command) -> Answer:
    """ListContract: with the launch parameters, in pre-launch."""
    reason = _listing_objection(venue, command)
    if reason:
        return reason, 0
    reference = command["reference_ticks"]
    contract = Contract(
        name=_contract_name(command),
        underlying=command["underlying"],
        kind=command["contract_kind"],
        tick_e8=command["tick_e8"],
        lot_e8=command["lot_e8"],
        tick_value_units=command["tick_e8"] * command["lot_e8"] * USDC // E8 // E8,
        reference_ticks=reference,
        price_ceiling_ticks=CEILING_MULTIPLE * reference,
        expiry_ns=command["expiry_ns"],
        state=STATE_PRE_LAUNCH,
    )
    for name, launch, _, _ in PARAMETERS.values():
        setattr(contract, name, launch)
    venue.contracts.append(contract)
    venue.funding.append(Funding())
    venue.books.append(Book())
    said = {name: command[name] for name in LISTED}
    said["tick_value_units"] = contract.tick_value_units
    venue.say(EventKind.CONTRACT_LISTED, contract=len(venue.contracts) - 1, **said)
    return ACCEPTED


def _listing_objection(venue: Venue, command: Command) -> RejectReason:
    tick, lot = command["tick_e8"], command["lot_e8"]
    if not is_name(*_contract_name(command)):
        return RejectReason.INVALID_NAME
    if not 0 <= command["underlying"] < len(venue.underlyings):
        return RejectReason.UNKNOWN_UNDERLYING
    if command["contract_kind"] != KIND_PERPETUAL or command["expiry_ns"] != 0:
        return RejectReason.INVALID_CONTRACT_KIND
    if not 0 < tick <= 10**12 or not 0 < lot <= 10**12:
        return RejectReason.INVALID_TICK_VALUE
    # A tick of a lot must be a whole number of units, and not too many.
    if tick * lot * USDC % E8**2 or not 0 < tick * lot * USDC // E8**2 <= TICK_VALUE_MAX:
        return RejectReason.INVALID_TICK_VALUE
    ceiling = CEILING_MULTIPLE * command["reference_ticks"]
    if not 0 < ceiling <= PRICE_TICKS_MAX or ceiling * tick > PRICE_E8_MAX:
        return RejectReason.INVALID_REFERENCE
    if ceiling * (tick * lot * USDC // E8**2) > LOT_CEILING_MAX:
        return RejectReason.INVALID_REFERENCE
    if any(contract.name == _contract_name(command) for contract in venue.contracts):
        return RejectReason.ALREADY_LISTED
    return RejectReason.ACCEPTED


def _contract_name(command: Command) -> tuple[int, int, int, int]:
    return command["name_0"], command["name_1"], command["name_2"], command["name_3"]


def is_name(*words: int) -> bool:
    """Printable ASCII without spaces, eight characters a word, NUL only behind the last."""
    if any(word < 0 for word in words):
        return False
    text = b"".join(word.to_bytes(8, "little") for word in words).rstrip(b"\0")
    return bool(text) and all(0x20 < character < 0x7F for character in text)


def set_parameter(venue: Venue, command: Command) -> Answer:
    """SetParameter, within hard bounds, where two parameters do not contradict."""
    number, value = command["contract"], command["value"]
    if not venue.is_listed(number):
        return RejectReason.UNKNOWN_CONTRACT, 0
    if command["parameter"] not in PARAMETERS:
        return RejectReason.UNKNOWN_PARAMETER, 0
    name, _, low, high = PARAMETERS[command["parameter"]]
    if not low <= value <= high:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS, 0
    contract = venue.contracts[number]
    previous = getattr(contract, name)
    after = copy(contract)
    setattr(after, name, value)
    # Mark band <= (IM - MM) / 2, lower open-interest cap < upper, rebate <= taker fee.
    if after.maker_fee_ppm < -after.taker_fee_ppm:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS, 0
    is_wide = 4 * after.mark_band_ppm > after.initial_margin_ppm
    if is_wide or after.open_interest_lower_units >= after.open_interest_upper_units:
        return RejectReason.PARAMETER_OUT_OF_BOUNDS, 0
    venue.look_at_premium(number, venue.time_ns)
    setattr(contract, name, value)
    fields = {"parameter": command["parameter"], "value": value, "previous_value": previous}
    venue.say(EventKind.PARAMETER_SET, contract=number, **fields)
    return ACCEPTED


def set_contract_state(venue: Venue, command: Command) -> Answer:
    """SetContractState."""
    number, target = command["contract"], command["state"]
    if not venue.is_listed(number):
        return RejectReason.UNKNOWN_CONTRACT, 0
    previous = venue.contracts[number].state
    if (previous, target) not in STATE_CHANGES:
        return RejectReason.INVALID_STATE_CHANGE, 0
    row = venue.contracts[number]
    if target != STATE_HALTED and row.index_ticks > row.price_ceiling_ticks:
        return RejectReason.PRICE_ABOVE_CEILING, 0
    venue.look_at_premium(number, venue.time_ns)
    row.state = target
    fields = {"state": target, "previous_state": previous, "reason": command["reason"]}
    venue.say(EventKind.CONTRACT_STATE_SET, contract=number, **fields)
    return ACCEPTED


def quarantine(_venue: Venue, command: Command) -> Answer:
    """Quarantine of a past command: the journal's reader acts on it."""
    is_past = 0 < command["target_sequence"] < command["sequence"]
    return ACCEPTED if is_past else (RejectReason.INVALID_QUARANTINE, 0)
