"""Cancel on disconnect: Deribit's three methods (rules: gateway.watch)."""

from exchange.gateway.errors import invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import CancelOnDisconnect
from exchange.gateway.wire import Json
from exchange.models.keys import SCOPE_READ, SCOPE_TRADE


@method(
    "private/enable_cancel_on_disconnect",
    CancelOnDisconnect,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL,
)
async def enable_cancel_on_disconnect(call: Call, params: CancelOnDisconnect) -> str:
    """What this connection places from now on goes with it; or so for every one to come."""
    watch = call.gateway.watch
    if params.scope == "account":
        await watch.set_account(call.account, is_enabled=True)
    else:
        await watch.enable(call.require_socket(), call.account)
    return "ok"


@method(
    "private/disable_cancel_on_disconnect",
    CancelOnDisconnect,
    scope=SCOPE_TRADE,
    cost=Cost.CANCEL,
)
async def disable_cancel_on_disconnect(call: Call, params: CancelOnDisconnect) -> str:
    """What is placed stays when this connection goes; or every one to come."""
    watch = call.gateway.watch
    if params.scope == "account":
        await watch.set_account(call.account, is_enabled=False)
    else:
        await watch.disable(call.require_socket())
    return "ok"


@method("private/get_cancel_on_disconnect", CancelOnDisconnect, scope=SCOPE_READ)
async def get_cancel_on_disconnect(call: Call, params: CancelOnDisconnect) -> Json:
    """Whether orders go with this connection, or with every one of the account."""
    if params.scope == "account":
        is_enabled = await call.gateway.watch.is_account_enabled(call.account)
    elif call.socket is None:
        raise invalid_params("scope", "connection is for websockets only")
    else:
        is_enabled = call.socket.watched_account == call.account
    return {"scope": params.scope, "enabled": is_enabled}
