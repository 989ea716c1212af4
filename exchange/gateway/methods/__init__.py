"""Every method of the API, one module a subject; importing this package fills rpc.METHODS."""

from exchange.gateway.methods import (
    account,
    funding,
    history,
    market,
    money,
    public,
    risk,
    session,
    trading,
)

__all__ = [
    "account",
    "funding",
    "history",
    "market",
    "money",
    "public",
    "risk",
    "session",
    "trading",
]
