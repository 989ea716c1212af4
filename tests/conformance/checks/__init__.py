"""Every check, one module a subject; importing this package fills registry.CHECKS."""

from tests.conformance.checks import (
    absent,
    account,
    market,
    money,
    orders,
    streams,
    triggers,
)

__all__ = ["absent", "account", "market", "money", "orders", "streams", "triggers"]
