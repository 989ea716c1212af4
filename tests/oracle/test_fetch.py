"""The hardened GET: what reaches the network, and what never does (FETCH-001 to FETCH-005)."""

import ipaddress
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.sources.base import SourceError
from oracle.sources.fetch import Policy, get, is_reachable
from tests.oracle.venue import Answer, Venue, resolving_to, running_venue


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    with running_venue(tmp_path_factory.mktemp("venue")) as running:
        running.answers |= {
            "/price": Answer(b'{"last": "1"}'),
            "/moved": Answer(status=302, headers={"Location": "/price"}),
            "/zipped": Answer(b"zip", headers={"Content-Encoding": "gzip"}),
            "/large": Answer(b"x" * 200_000),
            "/endless": Answer(drip=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"),
            "/slow-head": Answer(drip=b"HTTP/1.1 200 OK\r\nX-Slow: "),
            "/short": Answer(b"half", headers={"Content-Length": "8"}),
        }
        yield running


async def test_body_of_an_allowed_host_is_returned(venue: Venue) -> None:
    assert await get(venue.url("/price?a=1"), venue.policy()) == b'{"last": "1"}'
    assert venue.asked[-1] == "/price?a=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/price",
        "ftp://localhost/price",
        "file:///etc/passwd",
        "//localhost/price",
        "https://elsewhere.example/price",
        "https://localhost.elsewhere.example/price",
        "https://elsewhere.example@localhost/price",
        "https://user:secret@localhost/price",
        "https://127.0.0.1/price",
        "https://[::1]/price",
        "https://localhost:22/price",
        "https://localhost:99999/price",
        "https://[broken/price",
        "https:///price",
        "https://localhost/pr\r\nX-Evil: 1",
        "https://localhost/a b",
        "https://localhost/ü",
        "",
    ],
)
async def test_url_outside_the_policy_is_refused_before_any_connection(
    url: str, venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = replace(venue.policy(), ports=frozenset({443}))
    monkeypatch.setattr(socket, "create_connection", _never)

    with pytest.raises(SourceError):
        await get(url, policy)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
async def test_name_that_resolves_to_a_private_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(address))
    monkeypatch.setattr(socket, "create_connection", _never)

    with pytest.raises(SourceError, match="not a public address"):
        await get("https://prices.example/", Policy(hosts=frozenset({"prices.example"})))


async def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("1.1.1.1", "10.0.0.1"))
    monkeypatch.setattr(socket, "create_connection", _never)

    with pytest.raises(SourceError, match=r"10\.0\.0\.1"):
        await get("https://prices.example/", Policy(hosts=frozenset({"prices.example"})))


async def test_connection_goes_to_the_checked_address_and_resolves_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections: list[tuple[str, int]] = []
    lookups: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        lookups.append(host)
        address = "1.1.1.1" if len(lookups) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def create_connection(address: tuple[str, int], _timeout: float) -> socket.socket:
        connections.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)

    with pytest.raises(SourceError, match="ConnectionRefusedError"):
        await get("https://prices.example/", Policy(hosts=frozenset({"prices.example"})))

    assert lookups == ["prices.example"]
    assert connections == [("1.1.1.1", 443)]


def test_public_addresses_are_reachable() -> None:
    policy = Policy(hosts=frozenset())

    assert is_reachable(ipaddress.ip_address("1.1.1.1"), policy)
    assert is_reachable(ipaddress.ip_address("2606:4700:4700::1111"), policy)


async def test_certificate_of_an_unknown_authority_is_refused(venue: Venue) -> None:
    policy = replace(venue.policy(), tls=Policy(hosts=frozenset()).tls)

    with pytest.raises(SourceError, match="SSLCertVerificationError"):
        await get(venue.url("/price"), policy)


async def test_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    with (
        running_venue(tmp_path, names=("elsewhere.example",)) as other,
        pytest.raises(SourceError, match="SSLCertVerificationError"),
    ):
        await get(other.url("/price"), other.policy())


async def test_redirect_is_an_error_and_is_not_followed(venue: Venue) -> None:
    asked = len(venue.asked)

    with pytest.raises(SourceError, match="answered 302"):
        await get(venue.url("/moved"), venue.policy())

    assert venue.asked[asked:] == ["/moved"]


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/missing", "answered 404"),
        ("/zipped", "content encoding"),
        ("/large", "more than 100000 bytes"),
        ("/short", "too early|SSL"),
    ],
)
async def test_answer_that_is_not_plain_is_refused(
    path: str, complaint: str, venue: Venue
) -> None:
    with pytest.raises(SourceError, match=complaint):
        await get(venue.url(path), venue.policy())


@pytest.mark.parametrize("path", ["/endless", "/slow-head"])
async def test_trickle_ends_at_the_time_limit(path: str, venue: Venue) -> None:
    began = time.monotonic()

    with pytest.raises(SourceError, match="no answer"):
        await get(venue.url(path), venue.policy(seconds_max=0.4))

    assert time.monotonic() - began < 2.0


async def test_silent_port_is_no_price(venue: Venue) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    policy = replace(venue.policy(), ports=frozenset({port}))

    with pytest.raises(SourceError, match="ConnectionRefusedError"):
        await get(f"https://localhost:{port}/price", policy)


def _never(*_: object, **__: object) -> socket.socket:
    raise AssertionError("a connection was opened")
