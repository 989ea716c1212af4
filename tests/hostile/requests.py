"""Requests made from the method registry: a plain one for each method, and its fields."""

import json
import types
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from exchange.gateway import methods
from exchange.gateway.decoder import Count, Decimal, Flag, Millis, Names, Text
from exchange.gateway.rpc import METHODS, Method

assert methods is not None  # importing it fills METHODS

BTC = "BTC_USDC-PERPETUAL"
# What makes sense in a field, by its name; any other gets a value of its type.
_PLAIN: dict[str, Any] = {
    "instrument_name": BTC,
    "currency": "USDC",
    "amount": "0.001",
    "price": "58500",
    "order_id": "1",
    "resolution": "1",
    "index_name": "btc_usdc",
    "channels": ["ticker.BTC_USDC-PERPETUAL.100ms"],
    "start_timestamp": 1_700_000_000_000,
    "end_timestamp": 1_700_000_600_000,
    "max_scope": "trade:read",
    "interval": 60,
    "length": "8h",
    "label": "plain",
}
_BY_TYPE: dict[Any, Any] = {
    Decimal: "1",
    Flag: False,
    Count: 1,
    Millis: 1_700_000_000_000,
    Text: "x",
    Names: ["x"],
    str: "x",
    int: 1,
    bool: False,
}
# They end the connection that asks, or the account they ask for.
ENDING = ("private/logout",)


class Field(NamedTuple):
    """Where a value stands in a method's parameters."""

    method: str
    path: tuple[str | int, ...]
    kind: Any


def names() -> list[str]:
    """Every method that can be asked again and again."""
    return sorted(name for name in METHODS if name not in ENDING)


def plain(method: Method | str) -> dict[str, Any]:
    """Parameters that make sense, the optional ones left out."""
    found = METHODS[method] if isinstance(method, str) else method
    return _plain_struct(found.params)


def fields(name: str) -> list[Field]:
    """Every field of a method, those inside its structures too."""
    return [Field(name, path, kind) for path, kind in _fields(METHODS[name].params)]


def with_raw(field: Field, raw: str) -> str:
    """The plain request's parameters with this text of JSON in one field."""
    params: Any = plain(field.method)
    marker = "@nasty@"
    place = params
    for step, following in zip(field.path, (*field.path[1:], None), strict=True):
        if following is None:
            place[step] = marker
        elif isinstance(step, int):
            place = place[step]
        else:
            place = place.setdefault(step, [_within(field)] if following == 0 else {})
    return json.dumps(params).replace(f'"{marker}"', raw)


def _within(field: Field) -> dict[str, Any]:
    """The plain element of a list of structures."""
    kind: Any = METHODS[field.method].params
    for item in msgspec.structs.fields(kind):
        if item.encode_name == field.path[0]:
            inner = _struct_of(item.type)
            assert inner is not None
            return _plain_struct(inner)
    raise AssertionError(field)


def _plain_struct(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        item.encode_name: _value(item.encode_name, item.type)
        for item in msgspec.structs.fields(kind)
        if item.required
    }


def _value(name: str, kind: Any) -> Any:
    if name in _PLAIN:
        return _PLAIN[name]
    inner = _struct_of(kind)
    if inner is not None:
        return [_plain_struct(inner)] if get_origin(kind) is tuple else _plain_struct(inner)
    for option in options(kind):
        if get_origin(option) is Literal:
            return get_args(option)[0]
        if option in _BY_TYPE:
            return _BY_TYPE[option]
    return "x"


def _fields(
    kind: type[msgspec.Struct], before: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for item in msgspec.structs.fields(kind):
        path = (*before, item.encode_name)
        yield path, item.type
        inner = _struct_of(item.type)
        if inner is not None and len(before) == 0:
            yield from _fields(inner, (*path, 0))


def options(kind: Any) -> list[Any]:
    """The types that a field may have."""
    if get_origin(kind) in (Union, types.UnionType):
        return [option for part in get_args(kind) for option in options(part)]
    return [kind]


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    for option in options(kind):
        candidates = get_args(option) if get_origin(option) in (tuple, list) else (option,)
        for candidate in candidates:
            if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
                return candidate
    return None
