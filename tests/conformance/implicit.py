"""ccxt's implicit API: every method of Deribit's that it can name, asked once.

A method that this venue has must answer; one that it has not must say -32601, which ccxt raises
as BadRequest. Nothing else counts as an answer, an error of ours least of all.
"""

import re
import time
from typing import Any

import ccxt

from exchange.gateway import methods, rpc
from tests.conformance.desk import BTC, INSTRUMENT, Desk

_WORD = re.compile(r"_([a-z])")
# Asked for by these, so that what they end is not missed by the methods after them.
_LAST = ("private/logout",)
_ARGUMENTS: dict[str, Any] = {
    "instrument_name": INSTRUMENT[BTC],
    "currency": "USDC",
    "index_name": "btc_usdc",
    "resolution": "60",
    "length": "8h",
    "interval": "1h",
    "kind": "any",
    "type": "limit",
    "amount": 0.001,
    "price": 59_000,
    "label": "implicit",
    "scope": "account",
}
# Where a word means something else.
_OTHERWISE: dict[str, dict[str, Any]] = {
    "public/get_supported_index_names": {"type": "all"},
    "public/get_last_settlements_by_currency": {"type": "bankruptcy"},
    "public/get_last_settlements_by_instrument": {"type": "bankruptcy"},
    "private/get_settlement_history_by_currency": {"type": "bankruptcy"},
    "private/get_settlement_history_by_instrument": {"type": "bankruptcy"},
}


def endpoints(api: dict[str, Any]) -> list[str]:
    """`private/get_order_state` and the like, in ccxt's order."""
    return [
        f"{scope}/{name}"
        for scope, verbs in api.items()
        for names in verbs.values()
        for name in names
    ]


def implicit_name(endpoint: str) -> str:
    """
    >>> implicit_name("private/get_order_state")
    'privateGetGetOrderState'
    """
    scope, _, name = endpoint.partition("/")
    return f"{scope}Get" + _WORD.sub(lambda match: match[1].upper(), f"_{name}")


async def ask(desk: Desk, endpoint: str) -> str:
    """`answers`, or the refusal's code; an AssertionError for what may not be."""
    now = time.time_ns() // 1_000_000
    times = {"start_timestamp": now - 3_600_000, "end_timestamp": now}
    arguments = {**_ARGUMENTS, **times, **_OTHERWISE.get(endpoint, {})}
    call = desk.client.call(implicit_name(endpoint), arguments)
    try:
        answer = await call
    except ccxt.BaseError as error:
        return _code(endpoint, str(error))
    assert "result" in answer, answer
    return "answers"


def _code(endpoint: str, text: str) -> str:
    found = re.search(r'"code":(-?\d+)', text)
    assert found, text
    code = int(found[1])
    assert code not in (11_094, -32_603), f"{endpoint}: {text}"
    assert methods is not None
    assert (code == -32_601) == (endpoint not in rpc.METHODS), f"{endpoint}: {text}"
    return "not offered" if code == -32_601 else f"refuses ({code})"


def in_order(names: list[str]) -> list[str]:
    """What ends the session comes last."""
    return [name for name in names if name not in _LAST] + list(_LAST)


async def ask_all(desk: Desk) -> dict[str, str]:
    """What each method of the implicit API answered."""
    names = in_order(endpoints(await desk.client.value("api")))
    return {name: await ask(desk, name) for name in dict.fromkeys(names)}
