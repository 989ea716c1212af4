"""Every method of the API, one module a subject; importing this package fills rpc.METHODS."""

from exchange.gateway.methods import (
    account,
    api_keys,
    batches,
    funding,
    history,
    market,
    money,
    placing,
    public,
    risk,
    session,
    subaccounts,
    trading,
    watching,
)

__all__ = [
    "account",
    "api_keys",
    "batches",
    "funding",
    "history",
    "market",
    "money",
    "placing",
    "public",
    "risk",
    "session",
    "subaccounts",
    "trading",
    "watching",
]
