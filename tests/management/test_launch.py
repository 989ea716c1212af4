"""The contracts of the launch have the parameters of the specification, all of them stated."""

import numpy as np
import pytest

from exchange.engine.state import ContractParameter
from exchange.engine.state_machine import StateMachine
from exchange.management.launch import LAUNCHES, missing_listings, parameters
from tests.engine.venue import decode, reason

MILLION = 10**12  # USDC, in units


@pytest.fixture(scope="module")
def machine() -> StateMachine:
    """A new venue after its listings, none of which was refused."""
    made = StateMachine.create()
    commands = np.concatenate(missing_listings(made.state))
    commands["sequence"] = np.arange(1, len(commands) + 1)
    commands["time_ns"] = 1_700_000_000_000_000_000
    assert reason(decode(made.apply(commands))) == 0
    return made


@pytest.mark.parametrize(
    ("number", "name", "margin", "floor", "band", "caps"),
    [
        (0, "BTC_USDC-PERPETUAL", 20_000, 5 * MILLION, 5_000, (40 * MILLION, 100 * MILLION)),
        (1, "ETH_USDC-PERPETUAL", 25_000, 3 * MILLION, 5_000, (40 * MILLION, 100 * MILLION)),
        (2, "SOL_USDC-PERPETUAL", 50_000, MILLION // 2, 10_000, (20 * MILLION, 50 * MILLION)),
    ],
)
def test_contract_is_listed_with_the_numbers_of_the_specification(
    machine: StateMachine,
    number: int,
    name: str,
    margin: int,
    floor: int,
    band: int,
    caps: tuple[int, int],
) -> None:
    row = machine.state.contracts[number]

    assert LAUNCHES[number].name == name
    assert (row["initial_margin_ppm"], row["margin_floor_units"]) == (margin, floor)
    assert row["mark_band_ppm"] == band
    assert (row["open_interest_lower_units"], row["open_interest_upper_units"]) == caps
    assert row["impact_margin_units"] == 500_000_000
    assert (row["interest_ppb"], row["funding_damper_ppb"]) == (100_000, 500_000)
    assert row["funding_rate_max_ppb"] == 5_000_000
    assert (row["basis_seconds"], row["mark_rate_ppm"]) == (150, 5_000)


def test_every_governed_parameter_is_stated() -> None:
    for launch in LAUNCHES:
        assert set(parameters(launch)) == set(ContractParameter)


def test_venue_that_has_its_contracts_lists_nothing(machine: StateMachine) -> None:
    assert missing_listings(machine.state) == []
