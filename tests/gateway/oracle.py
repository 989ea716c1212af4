"""A process of the test venue: lists three perpetuals and reports steady prices for them.

Run as `python -m tests.gateway.oracle`; it says "listed" once and then reports until ended.
A test moves a price by writing it to NOVATE_HOME/prices.json: {"BTC": "59000.5"}.
"""

import json
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.engine import units
from exchange.engine.commands import CommandKind, make, pack_name
from exchange.engine.events import ACCOUNT_OPENED, CONTRACT_LISTED, UNDERLYING_LISTED
from exchange.engine.state import ContractParameter
from exchange.pipeline.bus import Backpressure, Bus, OutcomeUnknown
from exchange.pipeline.codec import Records, observation_message
from exchange.pipeline.servers import novate_home, redis_url
from tests.engine.venue import LISTINGS

SOURCES = 3
INTERVAL_SECONDS = 0.5


def submit(bus: Bus, commands: Records, sides: dict[int, bytes] | None = None) -> Records:
    result = bus.submit(commands, sides)[0]
    assert not result.reason, result.reason
    return result.events


def register(bus: Bus, source: int) -> tuple[int, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    words = np.frombuffer(key.public_key().public_bytes_raw(), "<i8").tolist()
    opened = submit(
        bus,
        make(
            CommandKind.OPEN_ACCOUNT,
            units.OPERATOR,
            account=units.NO_ACCOUNT,
            role=units.ROLE_REPORTER,
        ),
    )
    account = int(opened.view(ACCOUNT_OPENED)["account"][0])
    submit(
        bus,
        make(
            CommandKind.REGISTER_REPORTER,
            units.OPERATOR,
            account=account,
            source=source,
            weight_ppm=units.PPM,
            **{f"key_{i}": word for i, word in enumerate(words)},
        ),
    )
    return account, key


def list_all(bus: Bus) -> list[tuple[int, int]]:
    """Underlying and price x 10^8 of each listed contract."""
    prices = []
    for listing in LISTINGS:
        words = pack_name(listing.underlying, 2)
        named = make(
            CommandKind.LIST_UNDERLYING, units.OPERATOR, name_0=words[0], name_1=words[1]
        )
        underlying = int(submit(bus, named).view(UNDERLYING_LISTED)["underlying"][0])
        name = {f"name_{i}": word for i, word in enumerate(pack_name(listing.name, 4))}
        listed = submit(
            bus,
            make(
                CommandKind.LIST_CONTRACT,
                units.OPERATOR,
                underlying=underlying,
                contract_kind=units.KIND_PERPETUAL,
                tick_e8=listing.tick_e8,
                lot_e8=listing.lot_e8,
                reference_ticks=listing.reference_ticks,
                **name,
            ),
        )
        contract = int(listed.view(CONTRACT_LISTED)["contract"][0])
        for parameter, value in (
            (ContractParameter.MARGIN_FLOOR_UNITS, listing.margin_floor_units),
            (ContractParameter.MARK_BAND_PPM, listing.mark_band_ppm),
            (ContractParameter.INITIAL_MARGIN_PPM, listing.initial_margin_ppm),
        ):
            changed = make(
                CommandKind.SET_PARAMETER,
                units.OPERATOR,
                contract=contract,
                parameter=parameter,
                value=value,
            )
            submit(bus, changed)
        opened = make(
            CommandKind.SET_CONTRACT_STATE,
            units.OPERATOR,
            contract=contract,
            state=units.STATE_OPEN,
        )
        submit(bus, opened)
        prices.append((underlying, listing.reference_ticks * listing.tick_e8))
    return prices


def report(
    bus: Bus, reporters: list[tuple[int, Ed25519PrivateKey]], prices: list[tuple[int, int]]
) -> None:
    """Every source reports every price, now."""
    for source, (account, key) in enumerate(reporters):
        for underlying, price_e8 in prices:
            observation = make(
                CommandKind.SUBMIT_OBSERVATION,
                account,
                source=source,
                underlying=underlying,
                price_e8=price_e8,
                confidence_e8=price_e8 // 10_000,
                publish_time_ns=time.time_ns(),
            )
            bus.submit(observation, {0: key.sign(observation_message(observation))})


def moved(prices: list[tuple[int, int]], wanted: Path) -> list[tuple[int, int]]:
    """The prices that tests have asked for, and the listed ones of the rest."""
    if not wanted.exists():
        return prices
    said = json.loads(wanted.read_text())
    names = [listing.underlying for listing in LISTINGS]
    return [
        (underlying, int(Decimal(said[name]) * units.INDEX_SCALE) if name in said else price)
        for name, (underlying, price) in zip(names, prices, strict=True)
    ]


def main() -> None:
    wanted = novate_home() / "prices.json"
    with closing(Bus.connect(redis_url())) as bus:
        prices = list_all(bus)
        reporters = [register(bus, source) for source in range(SOURCES)]
        report(bus, reporters, prices)
        sys.stdout.write("listed\n")
        sys.stdout.flush()
        while True:
            time.sleep(INTERVAL_SECONDS)
            try:
                report(bus, reporters, moved(prices, wanted))
            except (Backpressure, OutcomeUnknown):
                continue  # The engine is being restarted by a test.


if __name__ == "__main__":
    main()
