"""API keys through the API: Deribit's methods (rules: gateway.key_ring).

APIKEY-001  a secret is in the answer of create and reset, and nowhere else, ever.
APIKEY-002  a socket that changes its own key has its answer before it is closed.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from exchange.gateway import key_ring, wire
from exchange.gateway.auth import scope_text
from exchange.gateway.database import in_database
from exchange.gateway.decoder import Decimal, Names
from exchange.gateway.errors import FORBIDDEN, RpcError, invalid_params, not_implemented
from exchange.gateway.key_ring import KeyRefused, Made, Terms
from exchange.gateway.key_schemas import (
    ChangeKeyName,
    ChangeKeyScope,
    CreateKey,
    EditKey,
    KeyNumber,
)
from exchange.gateway.limits import Cost
from exchange.gateway.methods.money import money_units
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import Params
from exchange.gateway.sockets import CLOSE_POLICY, Socket
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_ACCOUNT, SCOPE_READ, ApiKey

GRACE_SECONDS = 0.2

P = ParamSpec("P")
T = TypeVar("T")


@method("private/list_api_keys", Params, scope=SCOPE_READ)
async def list_api_keys(call: Call, _params: Params) -> list[Json]:
    """The account's keys, without their secrets."""
    return [_shape(key) for key in await in_database(key_ring.keys_of, call.account)]


@method("private/create_api_key", CreateKey, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def create_api_key(call: Call, params: CreateKey) -> Json:
    """A new key; its secret is in this answer and never shown again."""
    call.show_once()
    terms = _terms(Terms(), params)
    return _shown(await _act(key_ring.make, call.account, terms, call.caller.scopes))


@method("private/edit_api_key", EditKey, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def edit_api_key(call: Call, params: EditKey) -> Json:
    """The key with other terms; what is not given stays. Its connections end."""
    key = await _act(key_ring.key_of, call.account, int(params.id))
    terms = _terms(key_ring.terms_of(key), params)
    enabled = None if params.enabled is None else bool(params.enabled)
    return _shape(await _change(call, params.id, key_ring.change, terms, is_enabled=enabled))


@method("private/remove_api_key", KeyNumber, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def remove_api_key(call: Call, params: KeyNumber) -> str:
    """Take a key back for ever. Its connections end."""
    await _change(call, params.id, key_ring.remove)
    return "ok"


@method("private/disable_api_key", KeyNumber, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def disable_api_key(call: Call, params: KeyNumber) -> Json:
    """Let a key rest until it is enabled again. Its connections end."""
    return _shape(await _change(call, params.id, key_ring.set_enabled, is_enabled=False))


@method("private/enable_api_key", KeyNumber, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def enable_api_key(call: Call, params: KeyNumber) -> Json:
    """Let a key that rests work again."""
    return _shape(await _change(call, params.id, key_ring.set_enabled, is_enabled=True))


@method("private/change_api_key_name", ChangeKeyName, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def change_api_key_name(call: Call, params: ChangeKeyName) -> Json:
    """The key under another name."""
    key = await _act(key_ring.key_of, call.account, int(params.id))
    terms = key_ring.terms_of(key)._replace(name=params.name)
    return _shape(await _change(call, params.id, key_ring.change, terms))


@method("private/change_scope_in_api_key", ChangeKeyScope, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def change_scope_in_api_key(call: Call, params: ChangeKeyScope) -> Json:
    """The key with another scope. Its connections end."""
    scopes = _scopes(params.max_scope)
    key = await _act(key_ring.key_of, call.account, int(params.id))
    terms = key_ring.terms_of(key)._replace(scopes=scopes)
    return _shape(await _change(call, params.id, key_ring.change, terms))


@method("private/reset_api_key", KeyNumber, scope=SCOPE_ACCOUNT, cost=Cost.LOGIN)
async def reset_api_key(call: Call, params: KeyNumber) -> Json:
    """Another secret for the key; the old one, and tokens from it, are void at once."""
    call.show_once()
    return _shown(await _change(call, params.id, key_ring.reset))


async def _change(
    call: Call,
    number: int,
    act: Callable[Concatenate[int, int, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Change one of the account's keys as far as the caller may; its connections end."""
    key = await _act(key_ring.key_of, call.account, int(number))
    own = call.socket if key.id == call.caller.key_id else None
    kwargs["granted"] = call.caller.scopes
    if own is not None:
        own.ends_itself = True
    try:
        done = await _act(act, call.account, int(number), *args, **kwargs)
    except Exception:
        if own is not None:
            own.ends_itself = False
        raise
    call.gateway.keys.forget(key.id)
    if own is not None:
        call.afterwards.append(partial(_close_soon, own))
    return done


def _close_soon(socket: Socket) -> None:
    asyncio.get_running_loop().call_later(GRACE_SECONDS, socket.close, CLOSE_POLICY)


async def _act(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await in_database(act, *args, **kwargs)
    except KeyRefused as error:
        if error.is_forbidden:
            data = {"param": error.field, "reason": error.reason}
            raise RpcError(FORBIDDEN, "forbidden", data) from error
        raise invalid_params(error.field, error.reason) from error


def _terms(before: Terms, params: CreateKey | EditKey) -> Terms:
    if params.public_key:
        raise not_implemented("public_key")
    if params.enabled_features is not None and params.enabled_features.items:
        raise not_implemented("enabled_features")
    limit = before.daily_loss_units
    if params.daily_loss_limit is not None:
        limit = _limit_units(params.daily_loss_limit)
    return Terms(
        before.name if params.name is None else params.name,
        _scopes(params.max_scope),
        _items(params.contracts, before.contracts),
        _items(params.ip_whitelist, before.allowed_ips),
        limit,
    )


def _items(given: Names | None, before: tuple[str, ...]) -> tuple[str, ...]:
    return before if given is None else tuple(str(item) for item in given.items if item)


def _limit_units(value: Decimal) -> int:
    return money_units(value, "daily_loss_limit") if value.digits else 0


def _scopes(text: str) -> frozenset[str]:
    try:
        return key_ring.scopes_of(text)
    except KeyRefused as error:
        raise invalid_params(error.field, error.reason) from error


def _shown(made: Made) -> Json:
    return _shape(made.key) | {"client_secret": made.secret}


def _shape(key: ApiKey) -> Json:
    limit = key.daily_loss_units
    return {
        "id": key.number,
        "client_id": key.id,
        "name": key.name,
        "enabled": key.is_enabled,
        "default": False,
        "max_scope": scope_text(key.scopes),
        "ip_whitelist": list(key.allowed_ips),
        "enabled_features": [],
        "timestamp": int(key.created.timestamp() * 1_000),
        "contracts": list(key.contracts),
        "daily_loss_limit": wire.money(limit) if limit else None,
    }
