"""A small venue on the bus: one perpetual, three signed sources, and accounts that trade."""

import time

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.engine.commands import CommandKind, make, pack_name
from exchange.engine.units import (
    BUY,
    OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
    SELL,
    STATE_OPEN,
)
from exchange.pipeline import codec
from exchange.pipeline.bus import Bus
from exchange.pipeline.codec import Records, Result
from exchange.pipeline.servers import redis_url
from exchange.pipeline.signatures import key_words

USDC = 1_000_000
CONTRACT = 0


class Venue:
    """Speaks to whatever engine listens on the bus."""

    def __init__(self) -> None:
        self.bus = Bus.connect(redis_url())
        self.keys = [Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32) for i in range(3)]
        self.reporters: list[int] = []

    def close(self) -> None:
        self.bus.close()

    def submit(self, *commands: Records, sides: dict[int, bytes] | None = None) -> list[Result]:
        return self.bus.submit(np.concatenate(commands), sides, timeout_seconds=20.0)

    def accept(self, *commands: Records, sides: dict[int, bytes] | None = None) -> list[Result]:
        results = self.submit(*commands, sides=sides)
        assert [result.reason for result in results] == [0] * len(results), results
        return results

    def open(self) -> None:
        """Lists BTC, registers three reporters and publishes a first price of 60,000."""
        name = dict(zip(("name_0", "name_1"), pack_name("BTC", 2), strict=True))
        words = pack_name("BTC_USDC-PERPETUAL", 4)
        listing = {f"name_{i}": word for i, word in enumerate(words)}
        self.accept(
            make(CommandKind.LIST_UNDERLYING, OPERATOR, **name),
            make(
                CommandKind.LIST_CONTRACT,
                OPERATOR,
                contract_kind=1,
                tick_e8=10**7,
                lot_e8=10**5,
                reference_ticks=600_000,
                **listing,
            ),
            make(CommandKind.SET_CONTRACT_STATE, OPERATOR, state=STATE_OPEN),
        )
        self.reporters = [self.register(source) for source in range(3)]
        self.publish_price(60_000)

    def register(self, source: int) -> int:
        account = self.open_account(ROLE_REPORTER)
        public = self.keys[source].public_key().public_bytes_raw()
        words = {f"key_{i}": word for i, word in enumerate(key_words(public))}
        self.accept(
            make(
                CommandKind.REGISTER_REPORTER,
                OPERATOR,
                account=account,
                source=source,
                weight_ppm=200_000,
                **words,
            )
        )
        return account

    def open_account(self, role: int = ROLE_TRADER, external_id: int = 0) -> int:
        result = self.accept(
            make(
                CommandKind.OPEN_ACCOUNT,
                OPERATOR,
                account=-1,
                role=role,
                external_id=external_id,
            )
        )[0]
        return int(result.events["account"][0])

    def trader(self, funds: int = 1_000_000) -> int:
        account = self.open_account()
        self.accept(self.deposit(account, funds))
        return account

    def deposit(self, account: int, funds: int = 1) -> Records:
        return make(CommandKind.DEPOSIT, OPERATOR, account=account, amount_units=funds * USDC)

    def observation(self, source: int, price: int) -> tuple[Records, bytes]:
        """A SubmitObservation and its signature."""
        command = make(
            CommandKind.SUBMIT_OBSERVATION,
            self.reporters[source],
            source=source,
            price_e8=price * 10**8,
            confidence_e8=10**8,
            publish_time_ns=time.time_ns(),
        )
        return command, self.keys[source].sign(codec.observation_message(command))

    def publish_price(self, price: int) -> None:
        signed = [self.observation(source, price) for source in range(3)]
        self.accept(
            *(command for command, _ in signed),
            sides={index: signature for index, (_, signature) in enumerate(signed)},
        )


def order(account: int, side: int, price: int, lots: int, **more: int) -> Records:
    """A limit order; price in USDC, whole."""
    return make(
        CommandKind.PLACE_ORDER,
        account,
        account=account,
        contract=CONTRACT,
        side=side,
        price_ticks=price * 10,
        quantity_lots=lots,
        **more,
    )


def bid(account: int, price: int, lots: int, **more: int) -> Records:
    return order(account, BUY, price, lots, **more)


def ask(account: int, price: int, lots: int, **more: int) -> Records:
    return order(account, SELL, price, lots, **more)
