"""A little venue on loopback: HTTPS with its own certificate, answers as a test wishes."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oracle.sources.fetch import Policy

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass
class Answer:
    """What the venue says: status, body, headers, or raw bytes dripped for ever."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: bytes = b""


@dataclass
class Venue:
    """A running venue; `answers` by path, and what it was asked."""

    port: int
    certificate: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def policy(self, *, seconds_max: float = 5.0, bytes_max: int = 100_000) -> Policy:
        """The only door to loopback: private networks, port and authority, all named."""
        return Policy(
            hosts=frozenset({"localhost"}),
            ports=frozenset({self.port}),
            bytes_max=bytes_max,
            seconds_max=seconds_max,
            private_networks=LOOPBACK,
            tls=ssl.create_default_context(cafile=str(self.certificate)),
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def running_venue(folder: Path, names: tuple[str, ...] = ("localhost",)) -> Iterator[Venue]:
    """A venue whose certificate is for `names`."""
    certificate, key = _certificate(folder, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Server(("127.0.0.1", 0), _handler(stopping := threading.Event()))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    venue = Venue(server.server_address[1], certificate)
    server.venue = venue  # type: ignore[attr-defined]  # read by the handler below
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield venue
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            venue: Venue = self.server.venue  # type: ignore[attr-defined]
            venue.asked.append(self.path)
            answer = venue.answers.get(self.path.partition("?")[0], Answer(status=404))
            if answer.drip:
                self._drip(answer.drip)
                return
            self.send_response(answer.status)
            for name, value in (
                {"Content-Length": str(len(answer.body))} | answer.headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = True

        def _drip(self, head: bytes) -> None:
            self.wfile.write(head)
            while not stopping.wait(0.02):
                try:
                    self.wfile.write(b"a")
                    self.wfile.flush()
                except OSError:
                    break
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler


def _certificate(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A venue on loopback")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "venue.pem", folder / "venue.key"
    certificate_path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path


def resolving_to(*addresses: str) -> object:
    """A getaddrinfo that answers these addresses for every name."""

    def getaddrinfo(_host: str, port: int, **_: object) -> list[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return getaddrinfo
