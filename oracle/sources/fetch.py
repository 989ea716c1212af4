"""One hardened HTTPS GET: the only door through which prices enter from the network.

A price source is an outside party, and its URL may come from a configuration that somebody else
wrote. So an answer can at worst be wrong, never a way into the venue's own network or memory.

FETCH-001  only https, only hosts on the allow-list, only port 443 (or as the policy says), no
           user information in the URL.
FETCH-002  the name is resolved once; every address must be public, and the connection goes to
           the address that was checked (no second resolution: DNS rebinding).
FETCH-003  TLS is verified against the host's name, TLS 1.2 at least.
FETCH-004  a redirect is an error. So is any status but 200 and any content encoding.
FETCH-005  size and total time are bounded, whatever the server trickles.
"""

import asyncio
import contextlib
import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from oracle.sources.base import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CHUNK_BYTES = 16_384
USER_AGENT = "novate-oracle"
# Prefixes that carry an IPv4 address inside an IPv6 one: they would smuggle a private address.
_TRANSLATED = tuple(
    ipaddress.IPv6Network(prefix) for prefix in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)


def _verified_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Policy:
    """What one source may reach.

    private_networks is empty in production; tests name the loopback network here, explicitly.
    """

    hosts: frozenset[str]
    ports: frozenset[int] = frozenset({443})
    bytes_max: int = 1_048_576
    seconds_max: float = 5.0
    private_networks: tuple[Network, ...] = ()
    tls: ssl.SSLContext = field(default_factory=_verified_tls)


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    path: str


async def get(url: str, policy: Policy) -> bytes:
    """The body of a 200 answer. Raises SourceError for everything else."""
    target = _checked_target(url, policy)
    connection = _PinnedConnection(target, policy)
    try:
        async with asyncio.timeout(policy.seconds_max):
            return await asyncio.to_thread(_get_blocking, connection, target, policy)
    except TimeoutError as error:
        raise SourceError(f"{target.host}: no answer in {policy.seconds_max} s") from error
    finally:
        # The thread cannot be cancelled; without its socket it ends at once.
        connection.abort()


def _checked_target(url: str, policy: Policy) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise SourceError(f"Expected a URL, was {url[:200]!r}") from error
    if parts.scheme != "https":
        raise SourceError(f"Expected https, was {parts.scheme!r}")
    if parts.username is not None or parts.password is not None:
        raise SourceError("Expected no user information in the URL")
    host = (parts.hostname or "").rstrip(".")
    if host not in policy.hosts or port not in policy.ports:
        raise SourceError(f"{host}:{port} is not on the allow-list of this source")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(character <= " " or character == "\x7f" for character in path):
        raise SourceError("Expected a path of printable ASCII")
    return _Target(host, port, path)


def _get_blocking(connection: "_PinnedConnection", target: _Target, policy: Policy) -> bytes:
    try:
        connection.request(
            "GET",
            target.path,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Connection": "close",
                "User-Agent": USER_AGENT,
            },
        )
        return _body(connection.getresponse(), target, policy)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceError(f"{target.host}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()


class _PinnedConnection(http.client.HTTPConnection):
    """Connects to the address that was checked, and speaks TLS for the name that was asked."""

    def __init__(self, target: _Target, policy: Policy) -> None:
        super().__init__(target.host, target.port, timeout=policy.seconds_max)
        self._policy = policy
        self._deadline = time.monotonic() + policy.seconds_max
        # http.client lets go of `sock` as soon as it has read the answer's head.
        self._connected: ssl.SSLSocket | None = None

    def connect(self) -> None:
        address = resolve(self.host, self.port, self._policy)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("out of time before the connection")
        raw = socket.create_connection((str(address), self.port), left)
        try:
            self._connected = self._policy.tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise
        self.sock = self._connected

    def abort(self) -> None:
        """Wake whoever still reads from the socket, in whatever thread, with its end."""
        if self._connected is not None:
            with contextlib.suppress(OSError):
                # The base class: SSLSocket's own would take the TLS layer away from the reader.
                socket.socket.shutdown(self._connected, socket.SHUT_RDWR)


def resolve(host: str, port: int, policy: Policy) -> Address:
    """The address to connect to. SourceError if any address of the name is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceError(f"{host} does not resolve: {error}") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not is_reachable(address, policy):
            raise SourceError(f"{host} resolves to {address}, which is not a public address")
    if not addresses:
        raise SourceError(f"{host} has no address")
    return addresses[0]


def is_reachable(address: Address, policy: Policy) -> bool:
    """Whether the policy lets a source connect to this address (FETCH-002).

    >>> policy = Policy(hosts=frozenset())
    >>> [is_reachable(ipaddress.ip_address(text), policy)
    ...  for text in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in policy.private_networks):
        return True
    if any(address in network for network in _TRANSLATED):
        return False
    return address.is_global and not address.is_multicast


def _body(response: http.client.HTTPResponse, target: _Target, policy: Policy) -> bytes:
    if response.status != 200:
        raise SourceError(f"{target.host} answered {response.status}, expected 200")
    if response.getheader("Content-Encoding", "identity") != "identity":
        raise SourceError(f"{target.host} answered with a content encoding nobody asked for")
    body = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        body += chunk
        if len(body) > policy.bytes_max:
            raise SourceError(f"{target.host} sent more than {policy.bytes_max} bytes")
    if response.length:
        raise SourceError(f"{target.host} hung up {response.length} bytes too early")
    return bytes(body)
