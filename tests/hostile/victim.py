"""A venue under attack: who asks, how answers are judged, and what must not have changed."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from exchange.gateway import errors
from tests.gateway.venue import Key, Venue

# With budgets that an attack of ours does not use up: what they do is tested elsewhere.
LIMITS = ",".join(
    f"{name}=100000000/900000000" for name in ("read", "trade", "ip", "login", "connect")
)
BATCH = 100
BYTES_MAX = 30_000
_FAULTS = (errors.INTERNAL_ERROR,)
_STATE: tuple[tuple[str, dict[str, str]], ...] = (
    ("private/get_open_orders", {}),
    ("private/get_positions", {}),
    ("private/get_subaccounts", {}),
    ("private/list_api_keys", {}),
    ("private/get_withdrawals", {"currency": "USDC"}),
    ("private/get_deposits", {"currency": "USDC"}),
    ("private/get_account_summary", {"currency": "USDC"}),
)
# Funding runs by itself.
_MOVING = ("interest_value", "session_funding", "realized_funding")


class Fault(AssertionError):
    """The venue answered as it never may."""


class Attack:
    """Requests at one web server, each answer judged."""

    def __init__(self, venue: Venue, port: int) -> None:
        self.venue = venue
        self.port = port
        self.asked = 0
        self.refused = 0

    def single(self, body: bytes, key: Key | None) -> Any:
        """One body that may be anything."""
        answer = self.venue.post(body, key, port=self.port)
        if answer.status >= 500 and answer.body["error"]["code"] != errors.RETRY:
            raise Fault(f"{answer.status} {answer.body} for {body[:300]!r}")
        judge(body.decode("utf-8", "replace"), answer.body)
        self.asked += 1
        return answer.body

    def many(self, requests: Sequence[tuple[str, str]], key: Key | None) -> list[Any]:
        """Methods with the JSON text of their parameters; all answers in order."""
        answers: list[Any] = []
        for part in _parts(requests):
            body = "[" + ",".join(part) + "]"
            found = self.venue.post(body.encode(), key, port=self.port)
            if found.status != 200 or len(found.body) != len(part):
                raise Fault(f"{found.status} {str(found.body)[:300]} for {body[:300]}")
            for asked, answer in zip(part, found.body, strict=True):
                judge(asked, answer)
                self.refused += "error" in answer
            answers += found.body
        self.asked += len(requests)
        return answers

    def state(self, key: Key) -> str:
        """What belongs to the key's account, as text."""
        found = self.many([(name, json.dumps(params)) for name, params in _STATE], key)
        return json.dumps([_still(answer["result"]) for answer in found], sort_keys=True)

    def is_alive(self) -> bool:
        answer = self.venue.get("public/get_time", port=self.port)
        return answer.status == 200


def judge(asked: str, answer: Any) -> None:
    """Raises Fault for an answer that is not a clean result or refusal."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        raise Fault(f"{answer!r} for {asked[:300]}")
    if ("result" in answer) == ("error" in answer):
        raise Fault(f"{answer!r} for {asked[:300]}")
    error = answer.get("error")
    if error is None:
        return
    text = json.dumps(error)
    if error["code"] in _FAULTS or "Traceback" in text or 'File \\"' in text:
        raise Fault(f"{error} for {asked[:300]}")


def _parts(requests: Iterable[tuple[str, str]]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    size = 0
    for number, (method, params) in enumerate(requests):
        text = f'{{"id":{number},"method":{json.dumps(method)},"params":{params}}}'
        if len(parts[-1]) >= BATCH or size + len(text.encode()) > BYTES_MAX:
            parts.append([])
            size = 0
        parts[-1].append(text)
        size += len(text.encode()) + 1
    return [part for part in parts if part]


def _still(value: Any) -> Any:
    """The value without what moves by itself."""
    if isinstance(value, dict):
        return {k: _still(v) for k, v in value.items() if k not in _MOVING}
    if isinstance(value, list):
        return [_still(item) for item in value]
    return value
