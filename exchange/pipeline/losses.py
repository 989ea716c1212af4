"""What is known of commands that were acknowledged and are gone with a lost database.

LOSS-001  it is told before the operator accepts it, and once more when it is accepted.
LOSS-002  who is touched is read from what outlived the database: account views that are not
          what the journal's state would show, and snapshots of the lost state. Neither is
          believed for anything else; the engine overwrites the views when it is live.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import redis

from exchange.engine.state import Counter, State
from exchange.engine.units import FIRST_USER_ACCOUNT, ORDER_SLOT_BITS
from exchange.pipeline.journal import Lost
from exchange.pipeline.views import ACCOUNT_KEY, AccountView, decode_view

ACCOUNTS_TOLD_MAX = 20
_KEYS_PER_READ = 1_000
_ALL_VIEWS = ACCOUNT_KEY.replace(b"%d", b"*")
_SLOT_MASK = (1 << ORDER_SLOT_BITS) - 1


def describe(lost: Lost, state: State, url: str, directory: Path) -> Iterator[str]:
    """Lines for the operator: which sequences, whose accounts, where to look.

    state : the engine's at the head of the journal that is left
    """
    yield (
        f"Lost: sequences {lost.first_sequence:,} to {lost.last_sequence:,}, "
        f"{lost.count:,} commands that may have been acknowledged."
    )
    try:
        accounts = changed_accounts(url, state)
    except redis.RedisError as error:
        yield f"Whose they were cannot be told: Valkey is away ({error})."
    else:
        named = ", ".join(map(str, accounts[:ACCOUNTS_TOLD_MAX])) or "none"
        more = len(accounts) - ACCOUNTS_TOLD_MAX
        yield (
            "Accounts whose last view is not what this journal gives: "
            f"{named}{f' and {more} more' if more > 0 else ''}."
        )
    for path in sorted(directory.glob("*.snap")):
        if path.stem.isdecimal() and int(path.stem) >= lost.first_sequence:
            yield f"The lost state after sequence {int(path.stem):,} is kept in {path}."


def changed_accounts(url: str, state: State) -> list[int]:
    """Accounts of users whose view is not the state's, ascending. Raises RedisError."""
    found: list[int] = []
    with closing(redis.Redis.from_url(url)) as valkey:
        keys = list(valkey.scan_iter(_ALL_VIEWS, count=_KEYS_PER_READ))
        for start in range(0, len(keys), _KEYS_PER_READ):
            for raw in valkey.mget(keys[start : start + _KEYS_PER_READ]):
                try:
                    view = decode_view(raw if isinstance(raw, bytes) else b"")
                except ValueError:
                    continue  # Of another version: it tells nothing.
                account = int(view.header["account"])
                if account >= FIRST_USER_ACCOUNT and _is_changed(view, account, state):
                    found.append(account)
    return sorted(found)


def _is_changed(view: AccountView, account: int, state: State) -> bool:
    if account >= state.counters[Counter.ACCOUNTS]:
        return True
    if view.header["row"].tolist() != state.accounts[account].tolist():
        return True
    if view.header["balances"].tolist() != state.balances[account].tolist():
        return True
    slots = (view.orders["id"] & _SLOT_MASK).tolist()
    return any(
        order.tolist() != state.orders[slot].tolist()
        for order, slot in zip(view.orders, slots, strict=True)
    )
