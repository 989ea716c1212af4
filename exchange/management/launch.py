"""What a new venue lists, by which parameters (spec: risk), and the demonstration's cast."""

from typing import NamedTuple

from exchange.engine.commands import CommandKind, Records, make, pack_name
from exchange.engine.state import ContractParameter, State, Table
from exchange.engine.units import (
    KIND_PERPETUAL,
    MONEY_SCALE,
    OPERATOR,
    POSITION_UNITS_MAX,
    STATE_OPEN,
)

INSURANCE_UNITS = 1_000_000 * MONEY_SCALE
MAKERS = tuple(f"maker-{number}" for number in range(1, 5))
TAKERS = tuple(f"taker-{number}" for number in range(1, 7))
MAKER_UNITS = 2_000_000 * MONEY_SCALE
TAKER_UNITS = 250_000 * MONEY_SCALE


class Launch(NamedTuple):
    """A perpetual of the launch: sizes x 10^8, and the parameters in which the three differ."""

    underlying: str
    tick_e8: int
    lot_e8: int
    reference_ticks: int
    initial_margin_ppm: int
    margin_floor_units: int
    mark_band_ppm: int
    open_interest_caps: tuple[int, int]  # lower, upper, units

    @property
    def name(self) -> str:
        return f"{self.underlying}_USDC-PERPETUAL"


_M = 1_000_000 * MONEY_SCALE
_MAJOR, _MINOR = (40 * _M, 100 * _M), (20 * _M, 50 * _M)  # caps of open interest
LAUNCHES = (
    Launch("BTC", 10_000_000, 100_000, 408_270, 20_000, 5 * _M, 5_000, _MAJOR),
    Launch("ETH", 1_000_000, 1_000_000, 310_000, 25_000, 3 * _M, 5_000, _MAJOR),
    Launch("SOL", 100_000, 10_000_000, 137_000, 50_000, _M // 2, 10_000, _MINOR),
)


def parameters(launch: Launch) -> dict[ContractParameter, int]:
    """All governed parameters of a contract, in an order that no hard bound objects to."""
    return {
        # The band first: margin may never be less than four times the band.
        ContractParameter.MARK_BAND_PPM: launch.mark_band_ppm,
        ContractParameter.INITIAL_MARGIN_PPM: launch.initial_margin_ppm,
        ContractParameter.MARGIN_FLOOR_UNITS: launch.margin_floor_units,
        ContractParameter.MAKER_FEE_PPM: 200,
        ContractParameter.TAKER_FEE_PPM: 500,
        ContractParameter.ORDER_BAND_PPM: 30_000,
        ContractParameter.PASSIVE_BAND_PPM: 500_000,
        ContractParameter.MIN_NOTIONAL_UNITS: 10 * MONEY_SCALE,
        ContractParameter.POSITION_LIMIT_UNITS: POSITION_UNITS_MAX,
        ContractParameter.LIQUIDATION_FEE_PPM: 5_000,
        ContractParameter.INSURANCE_CAP_UNITS: 250_000 * MONEY_SCALE,
        ContractParameter.IMPACT_MARGIN_UNITS: 500 * MONEY_SCALE,
        ContractParameter.INTEREST_PPB: 100_000,  # 0.01 % in eight hours
        ContractParameter.FUNDING_DAMPER_PPB: 500_000,
        ContractParameter.FUNDING_RATE_MAX_PPB: 5_000_000,  # 0.5 % an hour
        ContractParameter.BASIS_SECONDS: 150,
        ContractParameter.MARK_RATE_PPM: 5_000,
        # The upper one first: the lower one has to stay below it.
        ContractParameter.OPEN_INTEREST_UPPER_UNITS: launch.open_interest_caps[1],
        ContractParameter.OPEN_INTEREST_LOWER_UNITS: launch.open_interest_caps[0],
    }


def missing_listings(state: State) -> list[Records]:
    """Commands that list what the venue lacks: numbers go by the order of listing.

    A contract that is listed already is left as its operators have made it.
    """
    underlyings = [tuple(row) for row in _names(state.underlyings, "listed", 2)]
    contracts = [tuple(row) for row in _names(state.contracts, "state", 4)]
    commands: list[Records] = []
    for launch in LAUNCHES:
        short, long = tuple(pack_name(launch.underlying, 2)), tuple(pack_name(launch.name, 4))
        if short not in underlyings:
            underlyings.append(short)
            commands.append(_list_underlying(short))
        if long not in contracts:
            contracts.append(long)
            number = len(contracts) - 1
            commands += _list_contract(launch, long, underlyings.index(short), number)
    return commands


def _names(table: Table, used: str, words: int) -> list[list[int]]:
    rows = table[table[used] != 0]
    return [[int(row[f"name_{i}"]) for i in range(words)] for row in rows]


def _list_underlying(name: tuple[int, ...]) -> Records:
    return make(CommandKind.LIST_UNDERLYING, OPERATOR, name_0=name[0], name_1=name[1])


def _list_contract(
    launch: Launch, name: tuple[int, ...], underlying: int, number: int
) -> list[Records]:
    listing = make(
        CommandKind.LIST_CONTRACT,
        OPERATOR,
        underlying=underlying,
        contract_kind=KIND_PERPETUAL,
        tick_e8=launch.tick_e8,
        lot_e8=launch.lot_e8,
        reference_ticks=launch.reference_ticks,
        **{f"name_{i}": word for i, word in enumerate(name)},
    )
    rules = [
        make(CommandKind.SET_PARAMETER, OPERATOR, contract=number, parameter=key, value=value)
        for key, value in parameters(launch).items()
    ]
    # Open at once, and yet nothing trades before there is a valid index and a mark.
    opening = make(CommandKind.SET_CONTRACT_STATE, OPERATOR, contract=number, state=STATE_OPEN)
    return [listing, *rules, opening]
