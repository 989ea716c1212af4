"""What can go wrong at the edge: Deribit's numbers outside, our RejectReason beside them.

RPC-001  every refusal by the engine carries its reason's number and name in `error.data`.
RPC-002  a fault of ours is code 11094 without detail: a traceback never leaves the process.
RPC-007  while PostgreSQL or Valkey is away the answer is 10040, retry; whether the request was
         executed is not said, because it is not known.
RPC-008  a history that does not hold the caller's last command yet is not told: 10040, and how
         far behind it is. What is missing without a word would be taken for what never was.
"""

from collections.abc import Mapping

import redis
from django.db import InterfaceError, OperationalError

from exchange.engine.rejects import RejectReason

DatabaseAway = (OperationalError, InterfaceError)
ValkeyAway = (redis.ConnectionError, redis.TimeoutError)
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
RETRY = 10_040
ORDER_NOT_FOUND = 10_004
NOT_ENOUGH_FUNDS = 10_009
NOT_OWNER_OF_ORDER = 10_029
INVALID_INSTRUMENT = 10_020
TOO_MANY_REQUESTS = 10_028
MUST_BE_WEBSOCKET = 10_030
NOT_IMPLEMENTED = 10_033
PRICE_WRONG_TICK = 10_043
OTHER_REJECT = 11_030
NOT_OPEN_ORDER = 11_044
BAD_REQUEST = 11_050
SUBSCRIBE_ERROR = 11_052
POST_ONLY_REJECT = 11_054
INTERNAL_ERROR = 11_094
INVALID_CREDENTIALS = 13_004
UNAUTHORIZED = 13_009
TIMED_OUT = 13_888
FORBIDDEN = 13_021

_BY_REASON: dict[RejectReason, tuple[int, str]] = {
    RejectReason.UNKNOWN_COMMAND: (BAD_REQUEST, "bad_request"),
    RejectReason.DUPLICATE_COMMAND: (RETRY, "retry"),
    RejectReason.QUARANTINED: (RETRY, "retry"),
    # Never executed: whoever asks again, with the same key, loses nothing.
    RejectReason.EXPIRED: (TIMED_OUT, "timed_out"),
    RejectReason.UNKNOWN_PRINCIPAL: (UNAUTHORIZED, "unauthorized"),
    RejectReason.NOT_AUTHORISED: (FORBIDDEN, "forbidden"),
    RejectReason.UNKNOWN_ACCOUNT: (FORBIDDEN, "forbidden"),
    RejectReason.CAPACITY_FULL: (10_047, "matching_engine_queue_full"),
    RejectReason.MALFORMED: (BAD_REQUEST, "bad_request"),
    RejectReason.UNKNOWN_CONTRACT: (INVALID_INSTRUMENT, "invalid_or_unsupported_instrument"),
    RejectReason.CONTRACT_NOT_OPEN: (10_012, "book_closed"),
    RejectReason.NO_MARK_PRICE: (RETRY, "retry"),
    RejectReason.ORACLE_NOT_VALID: (RETRY, "retry"),
    RejectReason.INVALID_SIDE: (11_029, "invalid_arguments"),
    RejectReason.INVALID_FLAGS: (11_047, "unsupported_arg_combination"),
    RejectReason.INVALID_PRICE: (10_023, "invalid_price"),
    RejectReason.INVALID_QUANTITY: (10_021, "invalid_amount"),
    RejectReason.BELOW_MIN_NOTIONAL: (10_032, "whole_cost_too_low"),
    RejectReason.PRICE_OUTSIDE_BAND: (10_011, "price_not_allowed"),
    RejectReason.TOO_MANY_ORDERS: (10_013, "max_total_open_orders"),
    RejectReason.TOO_MANY_OWNER_ORDERS: (10_013, "max_total_open_orders"),
    RejectReason.ORDER_SLOTS_RESERVED: (10_047, "matching_engine_queue_full"),
    RejectReason.POSITION_LIMIT: (10_018, "max_future_position_size"),
    RejectReason.POST_ONLY_WOULD_TAKE: (POST_ONLY_REJECT, "post_only_reject"),
    RejectReason.UNKNOWN_ORDER: (ORDER_NOT_FOUND, "order_not_found"),
    RejectReason.NOT_ORDER_OWNER: (NOT_OWNER_OF_ORDER, "not_owner_of_order"),
    RejectReason.KEY_REUSED: (INVALID_PARAMS, "Invalid params"),
    RejectReason.AMEND_BELOW_FILLED: (11_008, "already_filled"),
    RejectReason.INVALID_TRIGGER: (11_036, "invalid_trigger_price"),
    RejectReason.NO_TRIGGER_PRICE: (RETRY, "retry"),
    RejectReason.TRIGGER_ALREADY_REACHED: (11_036, "invalid_trigger_price"),
    RejectReason.TOO_MANY_TRAILING_STOPS: (11_035, "no_more_triggers"),
    RejectReason.TOO_MANY_REDUCE_ONLY: (10_013, "max_total_open_orders"),
    RejectReason.ORDER_EXPIRED: (NOT_OPEN_ORDER, "not_open_order"),
    RejectReason.INVALID_SELF_TRADE_MODE: (11_029, "invalid_arguments"),
    RejectReason.INSUFFICIENT_MARGIN: (NOT_ENOUGH_FUNDS, "not_enough_funds"),
    RejectReason.INVALID_AMOUNT: (10_021, "invalid_amount"),
    RejectReason.INSUFFICIENT_BALANCE: (NOT_ENOUGH_FUNDS, "not_enough_funds"),
}


class RpcError(Exception):
    """An answer that is an error: code and message as Deribit's, data for the reader."""

    def __init__(
        self, code: int, message: str, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.data = data

    def body(self) -> dict[str, object]:
        """The `error` member of the envelope."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.data:
            body["data"] = self.data
        return body


def invalid_params(param: str, reason: str) -> RpcError:
    """A parameter is missing or wrong: which one, and why."""
    return RpcError(INVALID_PARAMS, "Invalid params", {"param": param, "reason": reason})


def not_implemented(param: str) -> RpcError:
    """A parameter that means something we do not do yet: refused, never ignored."""
    reason = "is not supported by this venue"
    return RpcError(NOT_IMPLEMENTED, "not_implemented", {"param": param, "reason": reason})


def internal_error() -> RpcError:
    """A fault of ours: the log knows more, the caller does not."""
    return RpcError(INTERNAL_ERROR, "internal_server_error")


def outage(error: Exception) -> RpcError | None:
    """The answer while a server that the venue stands on is away; None for anything else."""
    if isinstance(error, DatabaseAway):
        away = "the database"
    elif isinstance(error, ValkeyAway):
        away = "Valkey"
    else:
        return None
    reason = f"{away} is away for the moment; with an idempotency_key it is safe to ask again"
    return RpcError(RETRY, "retry", {"reason": reason})


def behind(commands: int) -> RpcError:
    """The projections do not hold the caller's last command, and did not in time."""
    reason = f"histories are {commands} commands behind your last one: ask again"
    return RpcError(RETRY, "retry", {"reason": reason, "commands_behind": commands})


def unauthorized(reason: str) -> RpcError:
    """Nobody is speaking, or not who they claim to be."""
    return RpcError(UNAUTHORIZED, "unauthorized", {"reason": reason})


def of_reasons() -> list[tuple[int, str, RejectReason]]:
    """Code and message that every refusal of the engine is answered with, in its order."""
    refusals = (reason for reason in RejectReason if reason != RejectReason.ACCEPTED)
    return [(*_words(reason), reason) for reason in refusals]


def rejected(reason: int, **data: object) -> RpcError:
    """The engine refused: its reason by number and name."""
    known = RejectReason(reason)
    code, message = _words(known)
    return RpcError(code, message, {"reason": int(known), "name": known.name, **data})


def _words(reason: RejectReason) -> tuple[int, str]:
    return _BY_REASON.get(reason, (OTHER_REJECT, f"other_reject {reason.name.lower()}"))
