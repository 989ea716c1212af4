"""From a tree of JSON or a query to the typed parameters of a method.

RPC-009  what is wrong names the parameter by its path, `otoco_config[0].price`, and the reason;
         where only some words are allowed, the reason lists them.
"""

import re
import types
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import msgspec.inspect

from exchange.gateway.decoder import convert_field
from exchange.gateway.errors import RpcError, invalid_params
from exchange.gateway.schemas import Params

ParamsType = TypeVar("ParamsType", bound=Params)

_PATH = re.compile(r"(.*) - at `\$\.?([^`]*)`", re.DOTALL)
_FIELD = re.compile(r"Object (missing required|contains unknown) field `([^`]+)`")
_FIELD_WORDS = {"missing required": "is required", "contains unknown": "is unknown"}
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def convert(params: object, kind: type[ParamsType]) -> ParamsType:
    """The typed parameters, or the error that names the field and the reason."""
    try:
        return msgspec.convert(params, kind, dec_hook=convert_field)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), kind) from error


@cache
def list_fields(kind: type[Params]) -> tuple[str, ...]:
    """The parameters that are lists, or may be."""
    fields = msgspec.inspect.type_info(kind).fields  # type: ignore[attr-defined]  # of a Struct
    return tuple(
        each.encode_name
        for each in fields
        if any(isinstance(part, msgspec.inspect.VarTupleType) for part in _parts(each.type))
    )


def _refusal(text: str, kind: type[Params]) -> RpcError:
    reason, path = text, ""
    if found := _PATH.fullmatch(text):
        reason, path = found.groups()
    if field := _FIELD.fullmatch(reason):
        what, name = field.groups()
        return invalid_params(f"{path}.{name}" if path else name, _FIELD_WORDS[what])
    if reason.startswith("Invalid enum value"):
        reason = f"must be one of {', '.join(_allowed(kind, path))}"
    return invalid_params(path or "params", reason)


def _allowed(kind: Any, path: str) -> tuple[str, ...]:
    """The words that the type at a path allows."""
    for name, _ in _STEP.findall(path):
        kind = _without_none(kind)
        if name:
            fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
            kind = fields[name]
        else:
            kind = get_args(kind)[0]
    kind = _without_none(kind)
    assert get_origin(kind) is Literal, path
    return get_args(kind)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(arm for arm in get_args(kind) if arm is not type(None))
    return kind


def _parts(kind: "msgspec.inspect.Type") -> "tuple[msgspec.inspect.Type, ...]":
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
