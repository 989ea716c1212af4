"""What random traders do: small, readable steps from which a failing run can be told again.

Accounts, contracts and orders are named by small numbers, prices by their distance from the
mark, so that a shrunk example still makes sense.
"""

import random
from dataclasses import dataclass

BUY, SELL = 1, -1


@dataclass(frozen=True, slots=True)
class Place:
    """An order `offset` ticks from the mark, on the passive side when negative."""

    account: int
    contract: int
    side: int
    offset: int
    lots: int
    is_market: bool = False
    force: str = "gtc"
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    label: int = 0


@dataclass(frozen=True, slots=True)
class Amend:
    """The n-th live order gets a price near the mark (None: its own) and a new total."""

    order: int
    offset: int | None
    lots: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """The n-th live order; `by_stranger` asks for somebody else's."""

    order: int
    by_stranger: bool = False


@dataclass(frozen=True, slots=True)
class CancelAll:
    """All of an account, or those of one contract or label."""

    account: int
    contract: int = -1
    label: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """The index moves by parts per million of itself; the clock by seconds."""

    contract: int
    move_ppm: int
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class Deposit:
    """Cash from outside."""

    account: int
    amount: int


@dataclass(frozen=True, slots=True)
class Settle:
    """SettleVariation of a contract."""

    contract: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The clock moves and the engine notices; an index nobody reports goes stale."""

    seconds: int


Action = Wait | Place | Amend | Cancel | CancelAll | Move | Deposit | Settle


def random_action(source: random.Random, accounts: int, contracts: int) -> Action:
    """One step of a lively market: mostly orders near the mark, some of everything else."""
    draw = source.random()
    account, contract = source.randrange(accounts), source.randrange(contracts)
    if draw < 0.62:
        return _random_order(source, account, contract)
    if draw < 0.72:
        return Cancel(source.randrange(50), by_stranger=source.random() < 0.05)
    if draw < 0.84:
        offset = None if source.random() < 0.5 else source.randint(-30, 12)
        return Amend(source.randrange(50), offset, _lots(source))
    if draw < 0.86:
        return CancelAll(account, source.choice([-1, contract]), source.choice([0, 0, 1]))
    if draw < 0.95:
        spread_ppm = 10_000 if source.random() < 0.05 else 1_500
        return Move(contract, round(source.gauss(0, spread_ppm)), source.choice([1, 1, 1, 5]))
    if draw < 0.96:
        return Wait(source.choice([0, 1, 4, 11]))
    if draw < 0.975:
        return Deposit(account, source.randint(1, 2_000_000_000))
    return Settle(contract)


def _random_order(source: random.Random, account: int, contract: int) -> Place:
    offset = round(source.gauss(-3, 8))
    if source.random() < 0.03:
        offset = source.randint(-20_000, 20_000)
    kind = source.random()
    is_market = kind < 0.12
    force = "gtc"
    if kind < 0.30:
        force = source.choice(["ioc", "fok"])
    post_only = 0.30 <= kind < 0.42
    return Place(
        account,
        contract,
        source.choice([BUY, SELL]),
        offset,
        _lots(source),
        is_market=is_market,
        force=force,
        post_only=post_only,
        reject_post_only=post_only and source.random() < 0.4,
        reduce_only=source.random() < 0.15,
        label=source.choice([0, 1, 2]),
    )


def _lots(source: random.Random) -> int:
    return max(1, round(source.expovariate(1 / 60)))
