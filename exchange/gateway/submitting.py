"""From a method's integers to the bus and back: one place where refusals become errors.

SUB-001  no command is executed after its client was told that no outcome came: the engine
         refuses it as EXPIRED. The deadline is in the engine's time, as heard from it.
SUB-002  the engine alone knows what an idempotency key stands for; a gateway keeps answers
         only to give them again in the same words.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable

import msgspec
import numpy as np
from msgspec import Raw

from exchange.engine.commands import HEADER, VALID_UNTIL_NS, CommandKind, make
from exchange.engine.events import COMMAND_REJECTED, COMMAND_REPEATED, EventKind
from exchange.engine.records import RECORD_FIELDS, column
from exchange.engine.rejects import RejectReason
from exchange.engine.units import NANOSECONDS
from exchange.gateway import bounds, facts, wire
from exchange.gateway.decoder import encode
from exchange.gateway.errors import RpcError, invalid_params, rejected
from exchange.gateway.labels import hash63
from exchange.gateway.listings import Listing
from exchange.gateway.rpc import Call
from exchange.gateway.wire import Json
from exchange.pipeline.bus import TIMEOUT_SECONDS
from exchange.pipeline.codec import Records, Result
from exchange.pipeline.crash import crash_point

KEY_CHARS_MAX = 64
_BOUNDED_KINDS = frozenset(
    (
        CommandKind.PLACE_ORDER,
        CommandKind.AMEND_ORDER,
        CommandKind.PLACE_BATCH,
        CommandKind.REQUEST_WITHDRAWAL,
        CommandKind.TRANSFER,
    )
)
_KIND = column(HEADER, "kind")
_NEEDED = column(COMMAND_REJECTED, "needed_units")
_REPEATED_SUBJECT = column(COMMAND_REPEATED, "subject")
_REPEATED_SEQUENCE = column(COMMAND_REPEATED, "first_sequence")


def command(kind: CommandKind, account: int, **fields: int) -> Records:
    """A command of the account for itself."""
    return make(kind, account, account=account, **fields)


async def submit(call: Call, commands: Records, listing: Listing | None = None) -> list[Result]:
    """The accepted results; raises the first refusal."""
    results = await submit_all(call, commands)
    for result in results:
        if result.reason != RejectReason.ACCEPTED:
            raise refusal(result, listing)
    return results


async def submit_all(call: Call, commands: Records) -> list[Result]:
    """The result of each command, accepted or not.

    Whoever waits for the answer waits TIMEOUT_SECONDS: what the engine has not begun by then it
    must not begin any more (SUB-001).
    """
    asked = len(commands)
    if call.principal is not None and call.principal.is_bound:
        commands = await bounds.permitted(call, commands)
    call.release()
    bus = call.gateway.bus
    set_deadline(commands, bus.engine_time_ns + round(TIMEOUT_SECONDS * NANOSECONDS))
    crash_point("gateway_decoded")
    call.sent_ns = time.time_ns()
    results = await bus.submit(commands, timeout_seconds=TIMEOUT_SECONDS)
    call.answered_ns = time.time_ns()
    crash_point("gateway_answered")
    return results if len(results) == asked else bounds.joined(results)


def set_deadline(commands: Records, deadline_ns: int) -> None:
    """Give the commands that can have one a deadline, unless theirs is earlier."""
    rows = commands.view(np.int64).reshape(len(commands), RECORD_FIELDS)
    for index, row in enumerate(rows.tolist()):
        if row[_KIND] in _BOUNDED_KINDS and not 0 < row[VALID_UNTIL_NS] <= deadline_ns:
            rows[index, VALID_UNTIL_NS] = deadline_ns


def key_number(key: str) -> int:
    """The engine's number of an idempotency key; 0 for none."""
    if len(key) > KEY_CHARS_MAX:
        raise invalid_params("idempotency_key", f"must be at most {KEY_CHARS_MAX} characters")
    return hash63(key) if key else 0


def repeated(events: list[facts.Words]) -> tuple[int, int] | None:
    """(subject, first sequence) when a key was known to the engine already (SUB-002)."""
    first = events[0]
    if first[facts.KIND] != EventKind.COMMAND_REPEATED:
        return None
    return first[_REPEATED_SUBJECT], first[_REPEATED_SEQUENCE]


async def once(
    call: Call, key: str, params: object, act: Callable[[], Awaitable[Json]]
) -> object:
    """The first answer to a key in its own words if it is still at hand; else act.

    Whether acting does anything is for the engine to say: the key is in the command (SUB-002).
    """
    if not key:
        return await act()
    key_number(key)
    words = f"{call.method} {msgspec.to_builtins(params, enc_hook=str)}"
    digest = hashlib.blake2b(words.encode(), digest_size=16).digest()
    replays = call.gateway.replays
    kept = await replays.answer_of(call.account, key)
    if kept is not None and kept[:16] == digest:
        return Raw(kept[16:])
    answer = await act()
    await replays.keep_answer(call.account, key, digest + encode(answer))
    crash_point("gateway_kept")
    return answer


def refusal(result: Result, listing: Listing | None = None) -> RpcError:
    """The engine's refusal with the numbers that explain it."""
    data: dict[str, object] = {}
    if len(result.events):
        needed = facts.words(result.events[:1])[0][_NEEDED]
        if needed:
            data["shortfall"] = wire.money(needed)
    if result.reason == RejectReason.KEY_REUSED:
        data["param"] = "idempotency_key"
    if listing is not None and result.reason == RejectReason.PRICE_OUTSIDE_BAND:
        data |= _band(listing)
    return rejected(result.reason, **data)


def _band(listing: Listing) -> dict[str, Raw]:
    lowest, highest = wire.price_band(listing)
    return {"min_price": listing.price(lowest), "max_price": listing.price(highest)}
