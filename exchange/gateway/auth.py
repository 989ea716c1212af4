"""Who is speaking: a signed request, a token, or a browser's session.

AUTH-001  a signature covers timestamp, nonce, method, path with query, and body, as received.
AUTH-002  a timestamp more than SKEW_MS away from ours is refused (replays.py does the rest).
AUTH-003  comparisons are in constant time, and all failures read alike.
AUTH-004  a session counts on the websocket alone, and only with an Origin that is this venue.
AUTH-005  a token dies with its key, and with the secret that the key had when it was issued.
AUTH-006  what is read of a key while it is being changed is read again: nobody goes on with a
          key that was taken back meanwhile.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from exchange.gateway.acting import acting_member
from exchange.gateway.addresses import is_in, parse_address, parse_network
from exchange.gateway.database import in_database
from exchange.gateway.errors import INVALID_CREDENTIALS, RpcError, unauthorized
from exchange.models.keys import (
    SCOPE_ACCOUNT,
    SCOPE_READ,
    SCOPE_TRADE,
    SCOPE_WITHDRAW,
    SCOPES,
    ApiKey,
    SealBroken,
    open_secret,
)

SCHEME = "deri-hmac-sha256"
SKEW_MS = 60_000
CACHE_SECONDS = 30.0
CACHE_MAX = 10_000
ACCESS_SECONDS = 86_400
REFRESH_SECONDS = 31_536_000
_HEADER_CHARS_MAX = 1_024
_FIELDS = ("id", "ts", "sig", "nonce")

LookUp = Callable[[Iterable[str]], set[str]]


class Principal(NamedTuple):
    """Somebody who may act for an engine account."""

    account: int
    scopes: frozenset[str]
    name: str = ""
    key_id: str = ""
    session_key: str = ""
    user_id: int = 0
    contracts: frozenset[str] = frozenset()  # where it may trade; empty: anywhere
    daily_loss_units: int = 0  # 0: no limit
    generation: int = 0  # of the key's secret, as it was proven

    @property
    def is_bound(self) -> bool:
        """Whether what it sends to the engine is looked at first (gateway.bounds)."""
        return bool(self.contracts or self.daily_loss_units)


class Signed(NamedTuple):
    """What a signature header or a websocket's client_signature claims."""

    key_id: str
    timestamp_ms: int
    signature: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Key:
    """A live API key, opened."""

    id: str
    account: int
    name: str
    scopes: frozenset[str]
    allowed_ips: tuple[str, ...]
    secret: bytes
    generation: int = 1
    contracts: frozenset[str] = frozenset()
    daily_loss_units: int = 0

    def principal(self, ip: str, scopes: frozenset[str] | None = None) -> Principal:
        """Who speaks with this key; raises unauthorized from an address that is not allowed."""
        if self.allowed_ips and not _is_listed(ip, self.allowed_ips):
            raise unauthorized("this key may not be used from this address")
        granted = self.scopes if scopes is None else self.scopes & scopes
        return Principal(
            self.account,
            granted,
            self.name,
            key_id=self.id,
            contracts=self.contracts,
            daily_loss_units=self.daily_loss_units,
            generation=self.generation,
        )


class Keys:
    """The keys of this process's callers: read once, forgotten on revocation."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, Key | None]] = {}
        self._forgotten = 0

    async def get(self, key_id: str) -> Key:
        """The live key of that id; raises invalid_credentials."""
        held = self._held.get(key_id)
        if held is None or held[0] < time.monotonic():
            held = await self._load(key_id)
        if held[1] is None:
            raise invalid_credentials()
        return held[1]

    def is_at_hand(self, key_id: str) -> bool:
        """Whether asking for the key costs nothing."""
        held = self._held.get(key_id)
        return held is not None and held[0] >= time.monotonic()

    async def _load(self, key_id: str) -> tuple[float, Key | None]:
        while True:
            forgotten = self._forgotten
            row = await in_database(_load_key, key_id)
            if forgotten == self._forgotten:  # AUTH-006
                break
        if len(self._held) >= CACHE_MAX:
            self._held.clear()
        held = self._held[key_id] = (time.monotonic() + CACHE_SECONDS, row)
        return held

    def forget(self, key_id: str | None = None) -> None:
        """Read it again next time; None: all of them."""
        self._forgotten += 1
        if key_id is None:
            self._held.clear()
        else:
            self._held.pop(key_id, None)


def invalid_credentials() -> RpcError:
    """The one answer to every failed proof."""
    return RpcError(INVALID_CREDENTIALS, "invalid_credentials")


def parse_signature(header: str) -> Signed:
    """
    >>> parse_signature("deri-hmac-sha256 id=a,ts=1,sig=" + "0" * 64 + ",nonce=b").key_id
    'a'
    """
    scheme, _, rest = header.partition(" ")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in fields or name not in _FIELDS:
            raise unauthorized("malformed Authorization header")
        fields[name] = value
    if scheme != SCHEME or len(fields) != len(_FIELDS) or len(header) > _HEADER_CHARS_MAX:
        raise unauthorized("malformed Authorization header")
    timestamp = fields["ts"]
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise unauthorized("malformed Authorization header")
    return Signed(fields["id"], int(timestamp), fields["sig"], fields["nonce"])


def check_signature(key: Key, signed: Signed, message: bytes, now_ms: int) -> None:
    """Raises invalid_credentials unless the key made the signature, about now.

    message: what follows "timestamp\\nnonce\\n" in the signed text.
    """
    if abs(now_ms - signed.timestamp_ms) > SKEW_MS:
        raise unauthorized(f"the timestamp is more than {SKEW_MS // 1_000} s from ours")
    text = f"{signed.timestamp_ms}\n{signed.nonce}\n".encode() + message
    wanted = hmac.new(key.secret, text, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signed.signature.lower().encode()):
        raise invalid_credentials()


def request_message(method: str, uri: bytes, body: bytes) -> bytes:
    """The part of the signed text that an HTTP request makes up."""
    return b"%s\n%s\n%s\n" % (method.encode(), uri, body)


def check_secret(key: Key, secret: str) -> None:
    """Raises invalid_credentials unless it is the key's secret."""
    if not hmac.compare_digest(key.secret, secret.encode()):
        raise invalid_credentials()


def narrowed(scope: str) -> frozenset[str] | None:
    """The scopes that a request for Deribit's scopes asks for; None: all that the key has.

    >>> sorted(narrowed("account:read trade:read_write"))
    ['read', 'trade']
    """
    wanted = set(scope.split())
    named = {
        item for item in wanted if item.partition(":")[0] in ("account", "trade", "wallet")
    }
    if not named:
        return None
    scopes = {SCOPE_READ}
    if "trade:read_write" in named:
        scopes.add(SCOPE_TRADE)
    if "wallet:read_write" in named:
        scopes.add(SCOPE_WITHDRAW)
    if "account:read_write" in named:
        scopes.add(SCOPE_ACCOUNT)
    return frozenset(scopes)


def scope_text(scopes: Iterable[str]) -> str:
    """Our scopes in Deribit's words."""
    held = set(scopes)
    trade = "read_write" if SCOPE_TRADE in held else "read"
    wallet = "read_write" if SCOPE_WITHDRAW in held else "read"
    account = "read_write" if SCOPE_ACCOUNT in held else "read"
    return f"account:{account} connection mainaccount trade:{trade} wallet:{wallet}"


# --- tokens -----------------------------------------------------------------------------------
class _Claims(msgspec.Struct, array_like=True):
    kind: str
    key_id: str
    scopes: list[str]
    expires: int
    account: int  # the key's own, or a sub-account of its owner
    generation: int


def issue_tokens(principal: Principal) -> dict[str, object]:
    """The result of public/auth: both tokens carry their claims and our seal."""
    now = int(time.time())

    def claims(kind: str, seconds: int) -> _Claims:
        who = principal
        held = sorted(who.scopes)
        return _Claims(kind, who.key_id, held, now + seconds, who.account, who.generation)

    access, refresh = claims("access", ACCESS_SECONDS), claims("refresh", REFRESH_SECONDS)
    return {
        "access_token": _seal(access),
        "refresh_token": _seal(refresh),
        "expires_in": ACCESS_SECONDS,
        "scope": scope_text(principal.scopes),
        "token_type": "bearer",
        "enabled_features": [],
    }


async def token_principal(keys: Keys, token: str, kind: str, ip: str) -> Principal:
    """Who holds the token. Raises unauthorized: forged, expired, or of another kind."""
    payload, _, seal = token.partition(".")
    if not hmac.compare_digest(_mac(payload).encode(), seal.encode()):
        raise unauthorized("invalid token")
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload), type=_Claims)
    except msgspec.ValidationError as error:  # our seal, but of an earlier version
        raise unauthorized("invalid token") from error
    if claims.kind != kind or claims.expires < time.time():
        raise unauthorized("invalid token")
    key = await keys.get(claims.key_id)
    if claims.generation != key.generation:
        raise unauthorized("invalid token")
    return key.principal(ip, frozenset(claims.scopes))._replace(account=claims.account)


def _seal(claims: _Claims) -> str:
    payload = base64.urlsafe_b64encode(msgspec.json.encode(claims)).decode()
    return f"{payload}.{_mac(payload)}"


def _mac(payload: str) -> str:
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"novate token").digest()
    return hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()


# --- sessions ---------------------------------------------------------------------------------
async def session_principal(headers: Mapping[bytes, bytes]) -> Principal | None:
    """The person whose session cookie came with a websocket's handshake.

    Raises unauthorized when a session is valid but the page that opened the socket is not ours.
    """
    cookie = headers.get(b"cookie", b"").decode("latin-1")
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    principal = await in_database(_load_session, morsel.value)
    if principal is not None and not _is_own_origin(headers):
        raise unauthorized("the Origin is not this venue")
    return principal


def live_sessions(session_keys: Iterable[str]) -> set[str]:
    """Those of the session keys that still have a person behind them."""
    return {key for key in session_keys if _load_session(key) is not None}


def live_keys(key_ids: Iterable[str]) -> set[str]:
    """Those of the key ids that may be used."""
    rows = ApiKey.objects.filter(id__in=list(key_ids), revoked_at__isnull=True, is_enabled=True)
    return set(rows.values_list("id", flat=True))


def _load_session(session_key: str) -> Principal | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not user.is_authenticated or not user.is_active:
        return None
    membership = acting_member(user.pk, request.session)
    if membership is None:
        return None
    return Principal(
        membership.account_id,
        # Keys are made on their own page, where the person is asked again who they are.
        frozenset(SCOPES) - {SCOPE_ACCOUNT},
        membership.name,
        session_key=session_key,
        user_id=user.pk,
    )


def _load_key(key_id: str) -> Key | None:
    row = ApiKey.objects.filter(id=key_id, revoked_at__isnull=True, is_enabled=True).first()
    if row is None:
        return None
    try:
        secret = open_secret(row).encode()
    except SealBroken:
        return None
    return Key(
        row.id,
        row.account_id,
        row.name,
        frozenset(row.scopes),
        tuple(row.allowed_ips),
        secret,
        row.generation,
        frozenset(row.contracts),
        row.daily_loss_units,
    )


def _is_own_origin(headers: Mapping[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").decode("latin-1")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = headers.get(b"host", b"").decode("latin-1")
    domain, _ = split_domain_port(host)
    return (
        bool(domain)
        and validate_host(domain, settings.ALLOWED_HOSTS)
        and (urlsplit(origin).netloc == host)
    )


def _is_listed(ip: str, allowed: Iterable[str]) -> bool:
    address = parse_address(ip)
    return address is not None and is_in(address, map(parse_network, allowed))
