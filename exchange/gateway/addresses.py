"""Where a caller is: the other end of the connection, or what a proxy of the venue's own says.

ADDR-001  X-Forwarded-For is believed only of the peers that NOVATE_PROXIES names; by default of
          nobody, on both servers alike.
ADDR-002  it is read from the right: the first address that is no proxy of ours is the caller's.
          What stands left of it was written by the caller, and counts for nothing.
ADDR-003  an IPv4 address inside an IPv6 one is that IPv4 address.
ADDR-004  budgets count an IPv6 caller by its /64, which is one customer's.
"""

import ipaddress
import logging
import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Scope = dict[str, Any]

UNIX = "unix"  # in NOVATE_PROXIES: whoever connects through a unix socket is a proxy
LOCAL = "local"  # a caller without an address
IPV6_BUDGET_BITS = 64
_HEADER = b"x-forwarded-for"

logger = logging.getLogger(__name__)


class Proxies:
    """The peers whose word is taken for where a caller is."""

    def __init__(self, text: str = "") -> None:
        """text: addresses and networks, comma separated. Raises ValueError."""
        names = {part.strip() for part in text.split(",")} - {""}
        self._has_unix = UNIX in names
        self._networks = tuple(parse_network(name) for name in sorted(names - {UNIX}))
        self._has_warned = False

    def caller(self, peer: str | None, forwarded: Iterable[bytes]) -> str:
        """The caller's address, or LOCAL."""
        values = [value.decode("latin-1") for value in forwarded]
        if not self._names(peer):
            if values and not self._has_warned:
                self._has_warned = True
                logger.warning(
                    "NOVATE_PROXIES does not name %s: its forwarding is not believed", peer
                )
            return _plain(peer)
        caller = peer
        for text in reversed(",".join(values).split(",") if values else []):
            if parse_address(text) is None:
                break
            caller = text
            if not self._names(text):
                break
        return _plain(caller)

    def resolve(self, scope: Scope) -> Scope:
        """The connection's scope with the caller as its client."""
        client = scope.get("client")
        forwarded = [value for name, value in scope.get("headers", ()) if name == _HEADER]
        caller = self.caller(client[0] if client else None, forwarded)
        if caller == LOCAL:
            return scope
        return {**scope, "client": [caller, client[1] if client else 0]}

    def _names(self, peer: str | None) -> bool:
        if not peer:
            return self._has_unix
        address = parse_address(peer) if self._networks else None
        return address is not None and is_in(address, self._networks)


@lru_cache(maxsize=4_096)
def parse_address(text: str) -> Address | None:
    """
    >>> str(parse_address("::ffff:192.0.2.1"))
    '192.0.2.1'
    """
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4_096)
def parse_network(text: str) -> Network:
    """An address or a network. Raises ValueError with the reason.

    >>> str(parse_network("192.0.2.0/24")), str(parse_network("2001:db8::1"))
    ('192.0.2.0/24', '2001:db8::1/128')
    """
    if not text.isascii() or len(text) > 49:
        raise ValueError("Expected an address or a network such as 192.0.2.0/24")
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValueError(
            f"Expected an address or a network such as 192.0.2.0/24: {error}"
        ) from error
    if isinstance(network, ipaddress.IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether any of the networks holds the address."""
    return any(address in network for network in networks)


@lru_cache(maxsize=4_096)
def budget_subject(ip: str) -> str:
    """Whom a budget for addresses counts.

    >>> budget_subject("2001:db8:1:2:3::4"), budget_subject("192.0.2.7")
    ('2001:db8:1:2::', '192.0.2.7')
    """
    address = parse_address(ip)
    if not isinstance(address, ipaddress.IPv6Address):
        return ip
    return str(ipaddress.IPv6Network((address, IPV6_BUDGET_BITS), strict=False).network_address)


def _plain(text: str | None) -> str:
    if not text:
        return LOCAL
    address = parse_address(text)
    return text if address is None else str(address)


PROXIES = Proxies(os.environ.get("NOVATE_PROXIES", ""))
