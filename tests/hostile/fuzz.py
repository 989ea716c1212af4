"""Requests that Hypothesis makes from the method registry's own types, likely and unlikely."""

import json
from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from exchange.gateway.decoder import Count, Decimal, Flag, Millis, Names, Text
from exchange.gateway.rpc import METHODS
from tests.hostile import requests
from tests.hostile.nasties import ALLOWED

Request = tuple[str, str]

_NAMES = (
    "BTC_USDC-PERPETUAL",
    "ETH_USDC-PERPETUAL",
    "BTC",
    "USDC",
    "any",
    "btc_usdc",
    "1",
    "60",
)
_decimals = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(-(10**9), 10**9, places=8).map(lambda value: format(value, "f")),
    st.sampled_from(["0.001", "0.5", "58500", "60000", "60100.5", "1e3", "1e-7"]),
)
_texts = st.one_of(
    st.sampled_from(_NAMES), st.text(max_size=40), st.integers(0, 2_000).map(str)
)
_numbers = st.one_of(
    st.integers(0, 100),
    st.integers(0, 2**70),
    st.integers(1_600_000_000_000, 2_000_000_000_000),
)
_nasties = st.sampled_from([nasty.raw for nasty in ALLOWED])
_BY_TYPE: dict[Any, st.SearchStrategy[str]] = {
    Decimal: _decimals,
    Flag: st.sampled_from(["true", "false", '"true"', '"false"']),
    Count: _numbers.map(str),
    Millis: _numbers.map(str),
    Text: _texts.map(json.dumps),
    Names: st.lists(_texts, max_size=6).map(json.dumps),
    str: _texts.map(json.dumps),
    bool: st.sampled_from(["true", "false"]),
    int: _numbers.map(str),
    type(None): st.just("null"),
}


def request_lists(most: int = 12) -> st.SearchStrategy[list[Request]]:
    """Lists of methods with the JSON text of their parameters."""
    return st.lists(
        st.sampled_from(requests.names()).flatmap(_request), min_size=1, max_size=most
    )


def _request(name: str) -> st.SearchStrategy[Request]:
    return st.tuples(st.just(name), _struct(METHODS[name].params))


def _struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[str]:
    required: dict[str, st.SearchStrategy[str]] = {}
    optional: dict[str, st.SearchStrategy[str]] = {}
    for item in msgspec.structs.fields(kind):
        value = _mostly(_value(item.type))
        (required if item.required else optional)[item.encode_name] = value
    return st.fixed_dictionaries(required, optional=optional).map(_object)


def _mostly(likely: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One value in eight is what nobody would send."""
    return st.integers(0, 7).flatmap(lambda dice: _nasties if dice == 7 else likely)


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{raw}" for name, raw in members.items()) + "}"


def _value(kind: Any) -> st.SearchStrategy[str]:
    return st.one_of([_option(option) for option in requests.options(kind)])


def _option(kind: Any) -> st.SearchStrategy[str]:
    if get_origin(kind) is Literal:
        return st.sampled_from([json.dumps(value) for value in get_args(kind)])
    if get_origin(kind) in (tuple, list):
        return st.lists(_option(get_args(kind)[0]), max_size=4).map(_array)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind)
    return _BY_TYPE.get(kind, _nasties)


def _array(items: list[str]) -> str:
    return "[" + ",".join(items) + "]"
