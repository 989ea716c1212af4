"""JSON Schema of what was answered: read off examples, and widened by each further one."""

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]

_NAMES = {bool: "boolean", int: "number", float: "number", str: "string"}


def schema_of(values: Sequence[Any]) -> Schema:
    """The narrowest schema of our few words that all the values satisfy.

    >>> schema_of([1, None])
    {'type': ['null', 'number']}
    >>> schema_of([{"a": 1}, {"a": "x", "b": True}])["required"]
    ['a']
    """
    kinds = sorted({_kind(value) for value in values})
    schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    lists = [value for value in values if isinstance(value, list)]
    if items := [item for value in lists for item in value]:
        schema["items"] = schema_of(items)
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        schema |= _members(objects)
    return schema


def _members(objects: Sequence[dict[str, Any]]) -> Schema:
    names = dict.fromkeys(name for each in objects for name in each)
    required = [name for name in names if all(name in each for each in objects)]
    properties = {
        name: schema_of([each[name] for each in objects if name in each]) for name in names
    }
    schema: Schema = {"properties": properties} if properties else {}
    return schema | ({"required": required} if required else {})


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return "array"
    if isinstance(value, dict):
        return "object"
    return _NAMES[type(value)]
