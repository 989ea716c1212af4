"""API keys of an account: made, changed and taken back, by a person's page or by another key.

KEYS-001  nobody makes or changes a key that may do more than themselves.
KEYS-002  what a key may do is settled when a connection signs in: a change of it ends the
          key's connections, in every process, within a second.
KEYS-003  a key that is bound to contracts or to a daily loss makes no keys: they would not be
          bound.
KEYS-004  an account has at most KEYS_MAX keys; one that was removed is never found again.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from exchange.engine import units
from exchange.gateway.addresses import parse_network
from exchange.gateway.revocation import end_key_connections, revoke_key
from exchange.models import Contract
from exchange.models.keys import (
    NAME_CHARACTERS_MAX,
    SCOPE_ACCOUNT,
    SCOPE_READ,
    SCOPES,
    ApiKey,
    create_key,
    renew_secret,
)

KEYS_MAX = 32
ADDRESSES_MAX = 32

Scopes = frozenset[str]
ALL = frozenset(SCOPES)
_LEVELS = ("none", "read", "read_write")
# Resources of Deribit's that this venue has not may be named, but not written.
_RESOURCES: dict[str, str | None] = {
    "account": SCOPE_ACCOUNT,
    "trade": "trade",
    "wallet": "withdraw",
    "block_trade": None,
    "block_rfq": None,
    "custody": None,
}


class KeyRefused(Exception):
    """Why a key cannot be as it was asked for, and which field of the request says so."""

    def __init__(self, field: str, reason: str, *, is_forbidden: bool = False) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.is_forbidden = is_forbidden


class Terms(NamedTuple):
    """What a key is for."""

    name: str = ""
    scopes: Scopes = frozenset({SCOPE_READ})
    contracts: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    daily_loss_units: int = 0


class Made(NamedTuple):
    """A key with a secret that is not shown again."""

    key: ApiKey
    secret: str


def keys_of(account: int) -> list[ApiKey]:
    """The account's keys, oldest first."""
    return list(_live(account).order_by("number"))


def key_of(account: int, number: int) -> ApiKey:
    """One of them. Raises KeyRefused."""
    key = _live(account).filter(number=number).first()
    if key is None:
        raise KeyRefused("id", "is no key of this account")
    return key


def make(account: int, terms: Terms, granted: Scopes = ALL) -> Made:
    """A new key of the account, by somebody with these scopes. Raises KeyRefused."""
    checked = _checked(terms, granted)
    if _live(account).count() >= KEYS_MAX:
        raise KeyRefused("id", f"an account has at most {KEYS_MAX} keys: remove one first")
    key_id, secret = create_key(
        account,
        checked.name,
        checked.scopes,
        checked.allowed_ips,
        contracts=checked.contracts,
        daily_loss_units=checked.daily_loss_units,
    )
    return Made(ApiKey.objects.get(pk=key_id), secret)


def change(
    account: int,
    number: int,
    terms: Terms,
    granted: Scopes = ALL,
    *,
    is_enabled: bool | None = None,
) -> ApiKey:
    """The key with other terms, and switched on or off if asked. Raises KeyRefused."""
    checked = _checked(terms, granted)

    def set_terms(key: ApiKey) -> None:
        if is_enabled is not None:
            key.is_enabled = is_enabled
        key.name = checked.name
        key.scopes = [scope for scope in SCOPES if scope in checked.scopes]
        key.contracts = list(checked.contracts)
        key.allowed_ips = list(checked.allowed_ips)
        key.daily_loss_units = checked.daily_loss_units

    return _update(account, number, granted, set_terms)


def terms_of(key: ApiKey) -> Terms:
    """What the key is for now."""
    return Terms(
        key.name,
        frozenset(key.scopes),
        tuple(key.contracts),
        tuple(key.allowed_ips),
        key.daily_loss_units,
    )


def set_enabled(
    account: int, number: int, *, is_enabled: bool, granted: Scopes = ALL
) -> ApiKey:
    """The key switched on or off. Raises KeyRefused."""

    def switch(key: ApiKey) -> None:
        key.is_enabled = is_enabled

    return _update(account, number, granted, switch)


def reset(account: int, number: int, granted: Scopes = ALL) -> Made:
    """Another secret: the old one, and tokens from it, are void. Raises KeyRefused."""
    secrets: list[str] = []
    key = _update(account, number, granted, lambda locked: secrets.append(renew_secret(locked)))
    return Made(key, secrets[0])


def remove(account: int, number: int, granted: Scopes = ALL) -> ApiKey:
    """Take the key back for ever. Raises KeyRefused."""
    key = key_of(account, number)
    _require_reach(key, granted)
    revoke_key(key.id)
    return key


def scopes_of(text: str) -> Scopes:
    """Our scopes of Deribit's max_scope. Raises KeyRefused.

    >>> sorted(scopes_of("trade:read_write wallet:none"))
    ['read', 'trade']
    """
    granted: set[str] = set()
    for word in text.split():
        resource, _, level = word.partition(":")
        scope = _RESOURCES.get(resource)
        if level not in _LEVELS or (scope is None and level == "read_write"):
            raise KeyRefused("max_scope", f"{word[:64]} is no scope of this venue")
        if scope is None or level == "none":
            continue
        granted.add(SCOPE_READ)
        if level == "read_write":
            granted.add(scope)
    if not granted:
        raise KeyRefused("max_scope", "must allow something, such as account:read")
    return frozenset(granted)


def _live(account: int) -> "QuerySet[ApiKey]":
    return ApiKey.objects.filter(account_id=account, revoked_at__isnull=True)


def _update(
    account: int, number: int, granted: Scopes, act: Callable[[ApiKey], None]
) -> ApiKey:
    with transaction.atomic():
        key = _live(account).select_for_update().filter(number=number).first()
        if key is None:
            raise KeyRefused("id", "is no key of this account")
        _require_reach(key, granted)
        act(key)
        key.save()
    end_key_connections(key.id)
    return key


def _require_reach(key: ApiKey, granted: Scopes) -> None:
    """KEYS-001: whoever could reset a stronger key would hold it."""
    if not granted.issuperset(key.scopes):
        reason = "this key may do more than yours"
        raise KeyRefused("id", reason, is_forbidden=True)


def _checked(terms: Terms, granted: Scopes) -> Terms:
    name = terms.name.strip()
    if len(name) > NAME_CHARACTERS_MAX or not (name == "" or name.isprintable()):
        raise KeyRefused("name", f"must be at most {NAME_CHARACTERS_MAX} printable characters")
    if not terms.scopes or not terms.scopes <= ALL:
        raise KeyRefused("max_scope", "must name scopes of this venue")
    if not terms.scopes <= granted:
        more = ", ".join(sorted(terms.scopes - granted))
        raise KeyRefused(
            "max_scope", f"would allow more than you may: {more}", is_forbidden=True
        )
    is_bound = bool(terms.contracts or terms.daily_loss_units)
    if is_bound and SCOPE_ACCOUNT in terms.scopes:
        raise KeyRefused("max_scope", "a key with contracts or a loss limit cannot make keys")
    if not 0 <= terms.daily_loss_units <= units.AMOUNT_UNITS_MAX:
        raise KeyRefused("daily_loss_limit", "must be positive and within the venue's limits")
    return terms._replace(
        name=name,
        scopes=terms.scopes | {SCOPE_READ},
        contracts=_known_contracts(terms.contracts),
        allowed_ips=_canonical(terms.allowed_ips),
    )


def _known_contracts(names: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted(set(names))
    if not wanted:
        return ()
    known = set(Contract.objects.filter(name__in=wanted).values_list("name", flat=True))
    for name in wanted:
        if name not in known:
            raise KeyRefused("contracts", f"there is no contract called {name[:64]}")
    return tuple(wanted)


def _canonical(addresses: Iterable[str]) -> tuple[str, ...]:
    networks: dict[str, None] = {}
    for text in addresses:
        try:
            networks[str(parse_network(text.strip()))] = None
        except ValueError as error:
            raise KeyRefused("ip_whitelist", str(error)) from error
    if len(networks) > ADDRESSES_MAX:
        raise KeyRefused("ip_whitelist", f"must be at most {ADDRESSES_MAX} addresses")
    return tuple(networks)
