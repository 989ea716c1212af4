"""openrpc.json: every method with its parameters, scope, cost, errors, result and an example.

Results and examples are what a venue answered (tests.gateway.examples records them).
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from exchange.gateway import errors, methods
from exchange.gateway.documentation import words
from exchange.gateway.documentation.schemas import Schema, is_strict, parameters
from exchange.gateway.limits import Cost
from exchange.gateway.rpc import METHODS, Method
from exchange.gateway.state import VERSION

EXAMPLES = Path(__file__).with_name("examples.json")
OPENRPC_VERSION = "1.3.2"
_COMMANDS = (Cost.ORDER, Cost.CANCEL, Cost.CANCEL_MANY)
_DESCRIPTION = (
    "JSON-RPC 2.0 in the shapes of Deribit API v2, over HTTP (POST /api/v2, or GET and POST "
    "/api/v2/METHOD) and over the websocket /ws/api/v2."
)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document but the address of the venue."""
    return {
        "openrpc": OPENRPC_VERSION,
        "info": {
            "title": "Novate",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "methods": [_method(METHODS[name]) for name in sorted(METHODS)],
        "components": {
            "errors": {str(row["code"]): row for row in _every_error()},
        },
        "x-channels": [
            {"name": name, "description": told, "delivery": when}
            for name, told, when in words.CHANNELS
        ],
        "x-reject-reasons": reject_reasons(),
    }


def document_of(origin: str) -> dict[str, Any]:
    """The document of the venue at an address such as https://novate.example."""
    sockets = origin.replace("http", "ws", 1)
    servers = [
        {"name": "HTTP", "url": f"{origin}/api/v2"},
        {"name": "websocket", "url": f"{sockets}/ws/api/v2"},
    ]
    return {**document(), "servers": servers}


@lru_cache(maxsize=1)
def examples() -> dict[str, dict[str, Any]]:
    """By method: params, result and the schema of what was answered."""
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text())
    return found


def errors_of(method: Method) -> list[tuple[int, str]]:
    """Codes and messages that a method may answer with, those of every method last."""
    found: dict[int, str] = {}
    if method.needs_socket:
        found[errors.MUST_BE_WEBSOCKET] = "must_be_websocket_request"
    if method.scope is not None:
        found |= {errors.UNAUTHORIZED: "unauthorized", errors.FORBIDDEN: "forbidden"}
    if method.cost is Cost.LOGIN:
        found[errors.INVALID_CREDENTIALS] = "invalid_credentials"
    if method.cost in _COMMANDS:
        found |= {code: message for code, message, _ in errors.of_reasons()}
        found[errors.TIMED_OUT] = "timed_out"
        found[errors.NOT_IMPLEMENTED] = "not_implemented"
    found |= {
        errors.INVALID_PARAMS: "Invalid params",
        errors.TOO_MANY_REQUESTS: "too_many_requests",
        errors.RETRY: "retry",
        errors.INTERNAL_ERROR: "internal_server_error",
    }
    return list(found.items())


def reject_reasons() -> list[dict[str, Any]]:
    """Every refusal of the engine: number, name, and the code it is answered with."""
    return [
        {"number": int(reason), "name": reason.name, "code": code, "message": message}
        for code, message, reason in errors.of_reasons()
    ]


def bucket_of(method: Method) -> tuple[str, int]:
    """Which budget a call is taken from, and how many tokens it costs."""
    bucket, tokens = method.cost.value
    return bucket, tokens


def _method(method: Method) -> dict[str, Any]:
    assert methods is not None  # importing it filled the registry
    bucket, tokens = bucket_of(method)
    described = {
        "name": method.name,
        "summary": summary(method),
        "tags": [{"name": words.group_of(method.handle.__module__)}],
        "paramStructure": "by-name",
        "params": [
            {
                "name": parameter.name,
                "description": parameter.description,
                "required": parameter.is_required,
                "schema": parameter.schema,
            }
            for parameter in parameters(method.name, method.params)
        ],
        "result": {"name": "result", "schema": _result_schema(method)},
        "errors": [{"code": code, "message": message} for code, message in errors_of(method)],
        "x-scope": method.scope,
        "x-websocket-only": method.needs_socket,
        "x-unknown-parameters": "refused" if is_strict(method.params) else "ignored",
        "x-cost": {"bucket": bucket, "tokens": tokens},
    }
    example = examples().get(method.name)
    if example is not None:
        described["examples"] = [_pairing(method, example)]
    return described


def summary(method: Method) -> str:
    """The first sentences of the handler's docstring."""
    text = (method.handle.__doc__ or "").strip()
    return " ".join(text.partition("\n\n")[0].split())


def _result_schema(method: Method) -> Schema:
    example = examples().get(method.name)
    return {} if example is None else dict(example["schema"])


def _pairing(method: Method, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"{method.name} on a test venue",
        "params": [{"name": name, "value": value} for name, value in example["params"].items()],
        "result": {"name": "result", "value": example["result"]},
    }


def _every_error() -> list[dict[str, Any]]:
    found: dict[int, str] = {errors.METHOD_NOT_FOUND: "Method not found"}
    for method in METHODS.values():
        found |= dict(errors_of(method))
    return [{"code": code, "message": message} for code, message in sorted(found.items())]
