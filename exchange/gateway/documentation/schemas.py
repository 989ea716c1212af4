"""Parameters as JSON Schema, from the typed structs that convert them.

DOC-001  what is written here is read off the decoder's own types and bounds, so that it cannot
         say anything else than what is checked.
"""

import types
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from exchange.gateway import decoder
from exchange.gateway.documentation import words
from exchange.gateway.labels import LABEL_CHARS_MAX
from exchange.gateway.schemas import OurParams
from exchange.gateway.sockets import HEARTBEAT_SECONDS_MIN
from exchange.gateway.submitting import KEY_CHARS_MAX

Schema = dict[str, Any]

_DECIMAL: Schema = {
    "oneOf": [
        {"type": "number"},
        {
            "type": "string",
            "maxLength": decoder.NUMBER_CHARS_MAX,
            "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$",
        },
    ]
}
_TEXT: Schema = {"type": "string", "maxLength": decoder.TEXT_CHARS_MAX}
_PLAIN: dict[type, Schema] = {
    str: {"type": "string"},
    decoder.Text: _TEXT,
    decoder.Decimal: _DECIMAL,
    decoder.Flag: {"type": "boolean"},
    decoder.Millis: {"type": "integer", "minimum": 0, "maximum": decoder.MILLIS_MAX},
    decoder.Names: {"type": "array", "items": _TEXT, "maxItems": decoder.ITEMS_MAX},
    decoder.Amounts: {
        "type": "object",
        "additionalProperties": _DECIMAL,
        "maxProperties": decoder.ITEMS_MAX,
    },
}
# Bounds that a method checks itself, from the constants that it checks them with.
_CLOSER: dict[str, Schema] = {
    "label": {"maxLength": LABEL_CHARS_MAX},
    "idempotency_key": {"maxLength": KEY_CHARS_MAX},
    "public/set_heartbeat:interval": {"minimum": HEARTBEAT_SECONDS_MIN},
}


class Parameter(NamedTuple):
    """One parameter of a method."""

    name: str
    description: str
    is_required: bool
    schema: Schema


def parameters(method: str, kind: type[msgspec.Struct]) -> list[Parameter]:
    """The parameters of a method, those that are required first."""
    found = [
        Parameter(
            name=field.encode_name,
            description=words.describe(method, field.encode_name),
            is_required=field.required,
            schema=_field(method, field),
        )
        for field in msgspec.structs.fields(kind)
    ]
    return sorted(found, key=lambda parameter: not parameter.is_required)


def is_strict(kind: type[msgspec.Struct]) -> bool:
    """Whether unknown parameters are refused: so in the methods that are ours."""
    return issubclass(kind, OurParams)


def type_words(schema: Schema) -> str:
    """A schema in a few words, for people."""
    if "enum" in schema:
        return " · ".join(map(str, schema["enum"]))
    if "oneOf" in schema:
        return "decimal"
    name = str(schema["type"])
    if name == "array":
        item = schema["items"]
        return f"list of {'objects' if item.get('type') == 'object' else type_words(item)}"
    bounds = [schema.get("minimum"), schema.get("maximum")]
    if name == "integer" and bounds[1] not in (None, decoder.MILLIS_MAX, decoder.Count.most):
        return f"integer, {bounds[0]}–{bounds[1]:,}"
    if name == "string" and schema.get("maxLength", _TEXT["maxLength"]) < _TEXT["maxLength"]:
        return f"text, at most {schema['maxLength']}"
    return {"string": "text", "boolean": "true or false"}.get(name, name)


def _field(method: str, field: FieldInfo) -> Schema:
    schema = _schema(method, field.type)
    name = field.encode_name
    if schema.get("type") in ("string", "integer"):
        schema |= _CLOSER.get(name, {}) | _CLOSER.get(f"{method}:{name}", {})
    default = None if field.required else _plain(field.default)
    return schema if default is None else schema | {"default": default}


def _schema(method: str, kind: Any) -> Schema:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (only,) = [arm for arm in get_args(kind) if arm is not type(None)]
        return _schema(method, only)
    if origin is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if origin is tuple:
        return {"type": "array", "items": _schema(method, get_args(kind)[0])}
    if issubclass(kind, msgspec.Struct):
        return _object(method, kind)
    if issubclass(kind, decoder.Count):
        return {"type": "integer", "minimum": kind.least, "maximum": kind.most}
    return dict(_PLAIN[kind])


def _object(method: str, kind: type[msgspec.Struct]) -> Schema:
    members = parameters(method, kind)
    schema: Schema = {
        "type": "object",
        "properties": {
            member.name: member.schema | {"description": member.description}
            for member in members
        },
    }
    required = [member.name for member in members if member.is_required]
    return schema | ({"required": required} if required else {})


def _plain(value: Any) -> Any:
    if isinstance(value, decoder.Flag):
        return bool(value)
    if isinstance(value, str):
        return str(value) or None
    return int(value) if isinstance(value, int) else None
