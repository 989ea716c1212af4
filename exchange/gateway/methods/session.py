"""Proving who one is, staying alive, and following channels."""

import time
from functools import partial

from exchange.gateway import auth
from exchange.gateway.auth import Principal, Signed
from exchange.gateway.channels import Topic
from exchange.gateway.errors import RpcError, invalid_params, unauthorized
from exchange.gateway.feeds import names_of
from exchange.gateway.limits import Cost
from exchange.gateway.own_writes import PROJECTION_SECONDS
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import Auth, Channels, Logout, Params, SetHeartbeat
from exchange.gateway.sockets import HEARTBEAT_SECONDS_MIN, Socket
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_READ

CHANNELS_MAX = 500
RAW_NEEDS_AUTH = 13_778


@method("public/auth", Auth, cost=Cost.LOGIN)
async def authenticate(call: Call, params: Auth) -> Json:
    """client_credentials, client_signature or refresh_token; a websocket is then signed in."""
    call.show_once()
    principal = await _proven(call, params)
    if call.socket is not None:
        await sign_in(call, call.socket, principal)
    return auth.issue_tokens(principal)


@method("private/logout", Logout, scope=SCOPE_READ, cost=Cost.FREE, needs_socket=True)
async def logout(call: Call, _params: Logout) -> str:
    """Leave: the websocket is nobody's again and is closed; its orders stay."""
    socket = call.require_socket()
    socket.is_leaving = True
    call.afterwards.append(partial(socket.close, 1000))
    return "ok"


@method("public/set_heartbeat", SetHeartbeat, cost=Cost.FREE, needs_socket=True)
async def set_heartbeat(call: Call, params: SetHeartbeat) -> str:
    """Be asked for a sign of life whenever nothing was heard for so many seconds."""
    if params.interval < HEARTBEAT_SECONDS_MIN:
        raise invalid_params("interval", f"must be at least {HEARTBEAT_SECONDS_MIN} seconds")
    socket = call.require_socket()
    socket.heartbeat_seconds = int(params.interval)
    return "ok"


@method("public/disable_heartbeat", Params, cost=Cost.FREE, needs_socket=True)
async def disable_heartbeat(call: Call, _params: Params) -> str:
    """Be asked for no sign of life any more."""
    call.require_socket().heartbeat_seconds = 0
    return "ok"


@method("public/subscribe", Channels, needs_socket=True)
async def subscribe(call: Call, params: Channels) -> list[str]:
    """Those of the channels that exist and may be followed."""
    return await _subscribe(call, params)


@method("private/subscribe", Channels, scope=SCOPE_READ, needs_socket=True)
async def subscribe_private(call: Call, params: Channels) -> list[str]:
    """The same; private channels too."""
    return await _subscribe(call, params)


@method("public/unsubscribe", Channels, cost=Cost.FREE, needs_socket=True)
async def unsubscribe(call: Call, params: Channels) -> list[str]:
    """Those of the channels that were followed."""
    socket = call.require_socket()
    names = [name for name in params.channels.items if name in socket.channels]
    call.gateway.hub.unsubscribe(socket, names)
    return names


@method("private/unsubscribe", Channels, scope=SCOPE_READ, cost=Cost.FREE, needs_socket=True)
async def unsubscribe_private(call: Call, params: Channels) -> list[str]:
    """The same; private channels too."""
    return await unsubscribe(call, params)


@method("public/unsubscribe_all", Params, cost=Cost.FREE, needs_socket=True)
async def unsubscribe_all(call: Call, _params: Params) -> str:
    """Follow no channel any more."""
    socket = call.require_socket()
    call.gateway.hub.unsubscribe(socket, list(socket.channels))
    return "ok"


@method("private/unsubscribe_all", Params, scope=SCOPE_READ, cost=Cost.FREE, needs_socket=True)
async def unsubscribe_all_private(call: Call, params: Params) -> str:
    """The same; private channels too."""
    return await unsubscribe_all(call, params)


async def sign_in(call: Call, socket: Socket, principal: Principal) -> None:
    """The websocket belongs to somebody; another account's channels do not stay with it."""
    before = socket.principal
    if before is not None and before.account != principal.account:
        private = [name for name in socket.channels if name.startswith("user.")]
        call.gateway.hub.unsubscribe(socket, private)
    socket.principal = call.principal = principal
    if principal.key_id:
        # Taken back since it was proven: the sockets were closed before this was one of them.
        await _require_unchanged(call, socket, principal)
    watch = call.gateway.watch
    if await watch.is_account_enabled(principal.account):
        await watch.enable(socket, principal.account)
    elif socket.watched_account not in (-1, principal.account):
        await watch.disable(socket)


async def _require_unchanged(call: Call, socket: Socket, principal: Principal) -> None:
    try:
        key = await call.gateway.keys.get(principal.key_id)
        if key.generation != principal.generation:
            raise auth.invalid_credentials()
    except RpcError:
        socket.principal = call.principal = None
        raise


async def _subscribe(call: Call, params: Channels) -> list[str]:
    socket, hub = call.require_socket(), call.gateway.hub
    channels = hub.parse(params.channels.items)
    caller = socket.principal
    if caller is None:
        if any(channel.is_private for channel in channels):
            raise unauthorized("private channels need authentication")
        if any(channel.is_raw for channel in channels):
            raise RpcError(RAW_NEEDS_AUTH, "raw_subscriptions_not_available_for_unauthorized")
    if len(socket.channels) + len(channels) > CHANNELS_MAX:
        raise invalid_params("channels", f"at most {CHANNELS_MAX} of one connection")
    fresh = [channel for channel in channels if channel.name not in socket.channels]
    await hub.prepare(socket, fresh)
    if hub.last_batch is not None and any(each.topic is Topic.CHART for each in fresh):
        # What this process has heard it will not hear again: a candle must begin with it.
        sequence = hub.last_batch.last_sequence
        await call.gateway.projected.reach(sequence, PROJECTION_SECONDS)
    for channel in fresh:
        if channel.topic is Topic.CHART:
            candle = await call.gateway.charts.candle_now(channel, time.time_ns())
            if candle is not None:
                call.gateway.feeds.candles.seed(channel, candle)
    # The first notification follows the answer, as clients expect.
    call.afterwards.append(partial(hub.subscribe, socket, fresh))
    return names_of(channels)


async def _proven(call: Call, params: Auth) -> Principal:
    keys, ip = call.gateway.keys, call.ip
    scopes = auth.narrowed(params.scope)
    if params.grant_type == "refresh_token":
        return await auth.token_principal(keys, params.refresh_token, "refresh", ip)
    if not params.client_id:
        raise invalid_params("client_id", "is required")
    key = await keys.get(params.client_id)
    if params.grant_type == "client_credentials":
        auth.check_secret(key, params.client_secret)
        return key.principal(ip, scopes)
    signed = Signed(key.id, params.timestamp, params.signature, params.nonce)
    now_ms = time.time_ns() // 1_000_000
    auth.check_signature(key, signed, params.data.encode(), now_ms)
    if await call.gateway.replays.claim(signed) is not None:
        raise auth.invalid_credentials()
    await call.gateway.replays.settle(signed, b"used")
    return key.principal(ip, scopes)
