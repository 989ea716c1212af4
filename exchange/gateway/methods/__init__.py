"""Every method of the API, one module a subject; importing this package fills rpc.METHODS."""

from exchange.gateway.methods import (
    account,
    history,
    market,
    money,
    public,
    risk,
    session,
    trading,
)

__all__ = ["account", "history", "market", "money", "public", "risk", "session", "trading"]
