"""JSON-RPC 2.0 with Deribit's envelope: find the method, check the caller, run it, answer.

RPC-003  every request gets exactly one answer, with its id where it had one.
RPC-004  the order of checks: envelope, method, caller and scope, budget, parameters, the
         method.
RPC-005  whatever a method raises that is not an RpcError is logged and answered as 11094.
RPC-006  what changes something is started one after the other, in the order received.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Raw

from exchange.gateway import errors
from exchange.gateway.decoder import Malformed, Number, encode, parse_json
from exchange.gateway.errors import RpcError, internal_error, unauthorized
from exchange.gateway.limits import Cost
from exchange.gateway.params import convert, list_fields
from exchange.gateway.schemas import Params
from exchange.gateway.services import PROCESS, Gateway
from exchange.pipeline.bus import Backpressure, OutcomeUnknown

if TYPE_CHECKING:
    from exchange.gateway.auth import Principal
    from exchange.gateway.sockets import Socket

logger = logging.getLogger(__name__)

BATCH_MAX = 100
STAGE = "novate_stage_seconds"
_COMMANDS = (Cost.ORDER, Cost.CANCEL, Cost.CANCEL_MANY)
ID_CHARS_MAX = 64

ParamsType = TypeVar("ParamsType", bound=Params)
Answer = TypeVar("Answer")
Handler = Callable[["Call", Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Method:
    """One entry of the registry."""

    name: str
    params: type[Params]
    handle: Handler
    scope: str | None  # None: public
    cost: Cost
    needs_socket: bool


@dataclass(slots=True)
class Call:
    """One request on its way: who asks, and through what."""

    gateway: Gateway
    principal: "Principal | None"
    ip: str
    socket: "Socket | None" = None
    us_in: int = field(default_factory=lambda: time.time_ns() // 1_000)
    method: str = ""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    shown_once: list[str] = field(default_factory=list)  # methods whose answer is a secret
    tokens_left: int | None = None  # of the bucket that paid for it
    turn: "asyncio.Future[None] | None" = None  # done: the next request may start
    sent_ns: int = 0  # when its commands were sent to the engine; 0: it has none
    answered_ns: int = 0

    @property
    def caller(self) -> "Principal":
        """Who asks; methods with a scope always have one."""
        if self.principal is None:
            raise unauthorized("authentication is required")
        return self.principal

    @property
    def account(self) -> int:
        """The engine account that the caller acts for."""
        return self.caller.account

    def show_once(self) -> None:
        """The answer holds a secret: whoever sends the same request again does not get it."""
        self.shown_once.append(self.method)

    def release(self) -> None:
        """What this request sends to the engine is about to be sent: the next may start."""
        if self.turn is not None and not self.turn.done():
            self.turn.set_result(None)

    def require_socket(self) -> "Socket":
        """The websocket this call came through, or Deribit's error."""
        if self.socket is None:
            raise RpcError(errors.MUST_BE_WEBSOCKET, "must_be_websocket_request")
        return self.socket


METHODS: dict[str, Method] = {}


def method(
    name: str,
    params: type[ParamsType],
    *,
    scope: str | None = None,
    cost: Cost = Cost.READ,
    needs_socket: bool = False,
) -> Callable[
    [Callable[[Call, ParamsType], Awaitable[Answer]]],
    Callable[[Call, ParamsType], Awaitable[Answer]],
]:
    """Register the decorated coroutine under its public name."""
    assert name not in METHODS, name
    assert (scope is None) == name.startswith("public/"), name

    def register(
        handle: Callable[[Call, ParamsType], Awaitable[Answer]],
    ) -> Callable[[Call, ParamsType], Awaitable[Answer]]:
        METHODS[name] = Method(name, params, handle, scope, cost, needs_socket)
        return handle

    return register


async def answer_json(raw: bytes, call: Call) -> tuple[bytes, int | None]:
    """The answer to one JSON text, a request or a batch, and the error code of a single one."""
    try:
        tree = parse_json(raw)
    except Malformed as error:
        return _failure(call, None, RpcError(errors.PARSE_ERROR, "Parse error", _why(error)))
    except RecursionError:
        return _failure(call, None, RpcError(errors.PARSE_ERROR, "Parse error"))
    if not isinstance(tree, list):
        return await answer_request(tree, call)
    if not 0 < len(tree) <= BATCH_MAX:
        problem = f"Expected 1 to {BATCH_MAX} requests in a batch"
        return _failure(call, None, _invalid_request(problem))
    return await _answer_batch(tree, call), None


async def answer_request(tree: object, call: Call) -> tuple[bytes, int | None]:
    """The answer to one request object."""
    request_id: Raw | str | None = None
    try:
        request_id, name, params = _envelope(tree)
        result = await run(name, params, call)
        answer = encode_answer(call, request_id, "result", result)
        _note_stages(call)
        return answer, None
    except RpcError as error:
        refusal = _failure(call, request_id, error)
        _note_stages(call)  # a refusal of the engine is an acknowledgement, too
        return refusal
    except Exception as error:
        logger.exception("An answer to %s could not be given", call.method)
        return _failure(call, request_id, errors.outage(error) or internal_error())
    finally:
        call.release()


async def _answer_batch(tree: list[object], call: Call) -> bytes:
    """All answers; the commands of a batch reach the bus in its order (RPC-006)."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[tuple[bytes, int | None]]] = []
    for item in tree:
        turn: asyncio.Future[None] = loop.create_future()
        tasks.append(asyncio.create_task(answer_request(item, replace(call, turn=turn))))
        await turn
    call.release()
    answers = await asyncio.gather(*tasks)
    return b"[" + b",".join(answer for answer, _ in answers) + b"]"


async def run(name: str, params: object, call: Call) -> object:
    """The method's result; raises RpcError, or what is a fault of ours."""
    found = METHODS.get(name)
    if found is None:
        raise RpcError(errors.METHOD_NOT_FOUND, "Method not found", {"method": name[:128]})
    call.method = name
    call.gateway.meter.count("novate_requests_total", name)
    _check_caller(found, call)
    call.tokens_left = await call.gateway.limits.spend(call.principal, call.ip, found.cost)
    if found.cost not in _COMMANDS:
        call.release()
    try:
        return await found.handle(call, convert(params, found.params))
    except RpcError:
        raise
    except OutcomeUnknown as error:
        reason = (
            "no outcome in time: the request was executed already or never will be; "
            "with an idempotency_key it is safe to send it again"
        )
        raise RpcError(errors.TIMED_OUT, "timed_out", {"reason": reason}) from error
    except Backpressure as error:
        reason = "nothing was sent to the engine; try again shortly"
        raise RpcError(10_047, "matching_engine_queue_full", {"reason": reason}) from error


def with_lists(name: str, params: dict[str, object]) -> dict[str, object]:
    """The parameters of a query; a list stands there as a JSON text."""
    found = METHODS.get(name)
    for field_name in list_fields(found.params) if found else ():
        text = params.get(field_name)
        if isinstance(text, str) and text.startswith("["):
            params[field_name] = parse_json(text.encode())
    return params


def encode_answer(call: Call, request_id: Raw | str | None, key: str, value: object) -> bytes:
    """The envelope around a result or an error."""
    us_out = time.time_ns() // 1_000
    envelope: dict[str, object] = {"jsonrpc": "2.0"}
    if request_id is not None:
        envelope["id"] = request_id
    envelope[key] = value
    envelope["usIn"] = call.us_in
    envelope["usOut"] = us_out
    envelope["usDiff"] = us_out - call.us_in
    envelope["testnet"] = call.gateway.is_testnet
    if call.tokens_left is not None:
        envelope["tokens_left"] = call.tokens_left
    return encode(envelope)


def _envelope(tree: object) -> tuple[Raw | str | None, str, object]:
    if not isinstance(tree, dict):
        raise _invalid_request("Expected a request object")
    request_id = tree.get("id")
    if isinstance(request_id, Number):
        request_id = Raw(request_id.encode())
    elif request_id is not None and not isinstance(request_id, str):
        raise _invalid_request("Expected id to be a number or a text")
    elif isinstance(request_id, str) and len(request_id) > ID_CHARS_MAX:
        raise _invalid_request(f"Expected an id of at most {ID_CHARS_MAX} characters")
    name, params = tree.get("method"), tree.get("params", {})
    if tree.get("jsonrpc", "2.0") != "2.0":
        raise _invalid_request("Expected jsonrpc to be 2.0")
    if not isinstance(name, str) or isinstance(name, Number):
        raise _invalid_request("Expected method to be a text")
    return request_id, name, {} if params is None else params


def _check_caller(found: Method, call: Call) -> None:
    if found.needs_socket:
        call.require_socket()
    if found.scope is None:
        return
    caller = call.caller
    if found.scope not in caller.scopes:
        raise RpcError(
            errors.FORBIDDEN, "forbidden", {"reason": f"the key lacks the scope {found.scope}"}
        )


def _note_stages(call: Call) -> None:
    if not call.answered_ns:
        return
    observe, now_ns = call.gateway.meter.observe, time.time_ns()
    received_ns = call.us_in * 1_000
    observe(STAGE, "decode", (call.sent_ns - received_ns) / 1e9)
    observe(STAGE, "engine", (call.answered_ns - call.sent_ns) / 1e9)
    observe(STAGE, "reply", (now_ns - call.answered_ns) / 1e9)
    observe(STAGE, "total", (now_ns - received_ns) / 1e9)


def _failure(
    call: Call, request_id: Raw | str | None, error: RpcError
) -> tuple[bytes, int | None]:
    call.gateway.meter.count("novate_request_errors_total", str(error.code))
    return encode_answer(call, request_id, "error", error.body()), error.code


def _invalid_request(reason: str) -> RpcError:
    return RpcError(errors.INVALID_REQUEST, "Invalid Request", {"reason": reason})


def _why(error: Exception) -> dict[str, object]:
    return {"reason": str(error)}


async def call_public(name: str, params: dict[str, object]) -> Any:
    """A public method's result as plain JSON, asked inside this process (pages)."""
    from exchange.gateway import methods  # It imports this module, and fills METHODS.

    found = METHODS.get(name)
    assert methods is not None
    assert found is not None, name
    assert found.scope is None, name
    async with PROCESS.borrowed() as gateway:
        result = await run(name, _as_text(params), Call(gateway, None, "local"))
    return msgspec.json.decode(encode(result))


def _as_text(params: dict[str, object]) -> dict[str, object]:
    return {
        key: str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in params.items()
    }


def method_names() -> Sequence[str]:
    """Every public name, sorted."""
    return sorted(METHODS)
