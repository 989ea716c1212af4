"""One ASGI application for both servers: the API's raw paths, and Django for everything else.

Daphne serves all of it on the main port; with NOVATE_LANE=fast (uvicorn, the next port) only
the API answers, and no browser session is honoured there.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exchange.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

# These import models, which exist only now.
from exchange.gateway import methods  # noqa: E402, F401 - importing it fills the registry
from exchange.gateway.addresses import PROXIES  # noqa: E402
from exchange.gateway.consumers import PREFIX, http, websocket  # noqa: E402
from exchange.gateway.probes import PATHS as PROBES  # noqa: E402
from exchange.gateway.probes import probe  # noqa: E402
from exchange.gateway.services import PROCESS  # noqa: E402

WEBSOCKET_PATH = "/ws/api/v2"
IS_FAST_LANE = os.environ.get("NOVATE_LANE") == "fast"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Route one connection by its type and path."""
    PROCESS.serve()
    kind, path = scope["type"], scope.get("path", "")
    if kind == "lifespan":
        await _lifespan(receive, send)
    elif kind == "http":
        with PROCESS.request():
            await _http(PROXIES.resolve(scope), receive, send, path)
    elif kind == "websocket":
        if path.rstrip("/") == WEBSOCKET_PATH:
            caller = PROXIES.resolve(scope)
            await websocket(caller, receive, send, sessions=not IS_FAST_LANE)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})


async def _http(scope: Message, receive: Receive, send: Send, path: str) -> None:
    if path == PREFIX or path.startswith(PREFIX + "/"):
        await http(scope, receive, send)
    elif path in PROBES:
        await probe(scope, send)
    elif IS_FAST_LANE:
        await _not_found(send)
    else:
        await django_application(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            # The gateway itself starts with the first request: a venue whose Valkey is late
            # would otherwise never come up.
            await send({"type": "lifespan.startup.complete"})
        else:
            await PROCESS.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _not_found(send: Send) -> None:
    body = b"This port serves the API only."
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
