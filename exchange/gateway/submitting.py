"""From a method's integers to the bus and back: one place where refusals become errors."""

import hashlib
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Raw

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import COMMAND_REJECTED
from exchange.engine.records import column
from exchange.engine.rejects import RejectReason
from exchange.gateway import facts, wire
from exchange.gateway.decoder import encode
from exchange.gateway.errors import RpcError, invalid_params, rejected
from exchange.gateway.listings import Listing
from exchange.gateway.rpc import Call
from exchange.gateway.wire import Json
from exchange.pipeline.bus import Backpressure
from exchange.pipeline.codec import Records, Result

KEY_CHARS_MAX = 64
_NEEDED = column(COMMAND_REJECTED, "needed_units")


def command(kind: CommandKind, account: int, **fields: int) -> Records:
    """A command of the account for itself."""
    return make(kind, account, account=account, **fields)


async def submit(call: Call, commands: Records, listing: Listing | None = None) -> list[Result]:
    """The accepted results; raises the first refusal."""
    call.release()
    results = await call.gateway.bus.submit(commands)
    for result in results:
        if result.reason != RejectReason.ACCEPTED:
            raise refusal(result, listing)
    return results


async def once(
    call: Call, key: str, params: object, act: Callable[[], Awaitable[Json]]
) -> object:
    """Act once for an idempotency key; the same words again get the first answer."""
    if not key:
        return await act()
    if len(key) > KEY_CHARS_MAX:
        raise invalid_params("idempotency_key", f"must be at most {KEY_CHARS_MAX} characters")
    words = f"{call.method} {msgspec.to_builtins(params, enc_hook=str)}"
    digest = hashlib.blake2b(words.encode(), digest_size=16).digest()
    replays = call.gateway.replays
    kept = await replays.claim_key(call.account, key)
    if kept is not None:
        if kept[:16] != digest:
            raise invalid_params("idempotency_key", "was used for another request")
        return Raw(kept[16:])
    try:
        answer = await act()
    except (RpcError, Backpressure):
        await replays.settle_key(call.account, key, None)
        raise
    await replays.settle_key(call.account, key, digest + encode(answer))
    return answer


def refusal(result: Result, listing: Listing | None = None) -> RpcError:
    """The engine's refusal with the numbers that explain it."""
    data: dict[str, object] = {}
    if len(result.events):
        needed = facts.words(result.events[:1])[0][_NEEDED]
        if needed:
            data["shortfall"] = wire.money(needed)
    if listing is not None and result.reason == RejectReason.PRICE_OUTSIDE_BAND:
        data |= _band(listing)
    return rejected(result.reason, **data)


def _band(listing: Listing) -> dict[str, Raw]:
    lowest, highest = wire.price_band(listing)
    return {"min_price": listing.price(lowest), "max_price": listing.price(highest)}
