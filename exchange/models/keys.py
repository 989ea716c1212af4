"""API keys, and the texts of order labels: what the gateway itself must remember.

KEY-001  a secret is shown once, when the key is made.
KEY-002  whoever checks an HMAC must know its key, so a hash of the secret, which is all that a
         password needs, cannot serve. The secret is sealed with AES-256-GCM under a key derived
         from SECRET_KEY and bound to its key id: neither the table nor SECRET_KEY alone opens
         it. (A secret derived from SECRET_KEY and the key id would need no column, but
         SECRET_KEY alone would then forge every key: key ids travel in the clear.)
KEY-003  revocation is a time, not a deletion: a revoked id is never given again.
KEY-004  `generation` counts the key's secrets: tokens of an earlier secret are void.
KEY-005  `number` is how an account's owner calls the key: 1 is the first one of the account.
"""

import secrets
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Max

SCOPE_READ = "read"
SCOPE_TRADE = "trade"
SCOPE_WITHDRAW = "withdraw"
SCOPE_ACCOUNT = "account"  # makes and changes keys
SCOPES = (SCOPE_READ, SCOPE_TRADE, SCOPE_WITHDRAW, SCOPE_ACCOUNT)
NAME_CHARACTERS_MAX = 64

_NONCE_BYTES = 12
_LOCK = 0x6B657973  # "keys": among advisory locks of two numbers


class ApiKey(models.Model):
    """One key of one engine account."""

    id = models.CharField(primary_key=True, max_length=24)
    account_id = models.IntegerField(db_index=True)
    number = models.IntegerField()
    name = models.CharField(max_length=NAME_CHARACTERS_MAX, blank=True)
    scopes = models.JSONField(help_text="Some of read, trade, withdraw, account.")
    contracts = models.JSONField(default=list, blank=True, help_text="Empty: any contract.")
    allowed_ips = models.JSONField(default=list, blank=True, help_text="Empty: any address.")
    daily_loss_units = models.BigIntegerField(default=0, help_text="0: no limit.")
    is_enabled = models.BooleanField(default=True)
    generation = models.IntegerField(default=1)
    sealed_secret = models.BinaryField(max_length=128)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account_id", "number"], name="key_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.id} of account {self.account_id}"


class OrderLabel(models.Model):
    """The text behind the 63-bit hash that the engine keeps of an order's label."""

    id = models.BigIntegerField(primary_key=True)
    text = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.text


class SealBroken(Exception):
    """A stored secret does not open: SECRET_KEY changed, or the row was tampered with."""


def create_key(
    account_id: int,
    name: str = "",
    scopes: Iterable[str] = SCOPES,
    allowed_ips: Iterable[str] = (),
    *,
    contracts: Iterable[str] = (),
    daily_loss_units: int = 0,
) -> tuple[str, str]:
    """A new key: its id and its secret, which is never shown again.

    Raises ValueError when a scope is not one of SCOPES.
    """
    chosen = [scope for scope in SCOPES if scope in set(scopes)]
    if len(chosen) != len(set(scopes)):
        raise ValueError(f"Expected scopes among {SCOPES}, was {sorted(set(scopes))}")
    key_id, secret = secrets.token_urlsafe(9), secrets.token_urlsafe(32)
    with transaction.atomic():
        _one_at_a_time(account_id)
        last = ApiKey.objects.filter(account_id=account_id).aggregate(last=Max("number"))
        ApiKey.objects.create(
            id=key_id,
            account_id=account_id,
            number=(last["last"] or 0) + 1,
            name=name[:NAME_CHARACTERS_MAX],
            scopes=chosen,
            contracts=sorted(contracts),
            allowed_ips=list(allowed_ips),
            daily_loss_units=daily_loss_units,
            sealed_secret=_seal(key_id, secret),
        )
    return key_id, secret


def renew_secret(key: ApiKey) -> str:
    """Give the key another secret, which is never shown again; the row is not saved yet."""
    secret = secrets.token_urlsafe(32)
    key.sealed_secret = _seal(key.id, secret)
    key.generation += 1
    return secret


def open_secret(key: ApiKey) -> str:
    """The secret of a stored key. Raises SealBroken."""
    sealed = bytes(key.sealed_secret)
    for master in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            plain = _cipher(master).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.id.encode()
            )
        except InvalidTag:
            continue
        return plain.decode()
    raise SealBroken(f"The secret of key {key.id} does not open with this SECRET_KEY")


def _seal(key_id: str, secret: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = _cipher(settings.SECRET_KEY)
    return nonce + cipher.encrypt(nonce, secret.encode(), key_id.encode())


def _one_at_a_time(account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, account_id])


@lru_cache(maxsize=8)
def _cipher(master: str) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"novate api keys v1")
    return AESGCM(derive.derive(master.encode()))
