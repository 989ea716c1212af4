"""Keys, signatures, tokens and scopes without a network (gateway/auth.py, models/keys.py)."""

import hashlib
import hmac

import pytest
from django.test import override_settings

from exchange.gateway import auth
from exchange.gateway.auth import Key, Keys, Signed
from exchange.gateway.errors import RpcError
from exchange.gateway.labels import hash63
from exchange.models.keys import ApiKey, SealBroken, create_key, open_secret

NOW_MS = 1_800_000_000_000
KEY = Key("id", 16, "bot", frozenset({"read", "trade"}), (), b"secret")


def signed(message: bytes, *, secret: bytes = b"secret", ms: int = NOW_MS) -> Signed:
    text = f"{ms}\nn\n".encode() + message
    return Signed("id", ms, hmac.new(secret, text, hashlib.sha256).hexdigest(), "n")


def test_a_right_signature_about_now_is_good() -> None:
    message = auth.request_message("GET", b"/api/v2/private/buy?a=%20b", b"")

    assert message == b"GET\n/api/v2/private/buy?a=%20b\n\n"
    auth.check_signature(KEY, signed(message), message, NOW_MS)
    auth.check_signature(KEY, signed(message), message, NOW_MS + auth.SKEW_MS)


@pytest.mark.parametrize("late_ms", [-60_001, 60_001])
def test_a_signature_of_another_time_is_refused(late_ms: int) -> None:
    with pytest.raises(RpcError):
        auth.check_signature(KEY, signed(b""), b"", NOW_MS + late_ms)


def test_a_signature_of_another_secret_or_message_is_refused() -> None:
    for claim, message in ((signed(b"", secret=b"other"), b""), (signed(b"a"), b"b")):
        with pytest.raises(RpcError):
            auth.check_signature(KEY, claim, message, NOW_MS)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "deri-hmac-sha256",
        "Basic id=a,ts=1,sig=b,nonce=c",
        "deri-hmac-sha256 id=a,ts=1,sig=b",
        "deri-hmac-sha256 id=a,ts=1,sig=b,nonce=c,nonce=d",
        "deri-hmac-sha256 id=a,ts=1,sig=b,nonce=c,more=d",
        "deri-hmac-sha256 id=a,ts=-1,sig=b,nonce=c",
        "deri-hmac-sha256 id=a,ts=١,sig=b,nonce=c",
        "deri-hmac-sha256 id=a,ts=1,sig=b,nonce=" + "c" * 1_024,
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(RpcError):
        auth.parse_signature(header)


def test_scopes_narrow_and_never_widen() -> None:
    reader = KEY.principal("1.2.3.4", auth.narrowed("trade:read account:read"))
    wider = KEY.principal("1.2.3.4", auth.narrowed("wallet:read_write trade:read_write"))

    assert reader.scopes == {"read"}
    assert wider.scopes == {"read", "trade"}
    assert "trade:read_write" in auth.scope_text(wider.scopes)
    assert "wallet:read " in auth.scope_text(wider.scopes) + " "


def test_a_key_may_be_bound_to_addresses() -> None:
    bound = Key("id", 16, "", frozenset(), ("10.0.0.0/8", "::1"), b"")

    assert bound.principal("10.1.2.3").account == 16
    assert bound.principal("::1").account == 16
    for ip in ("11.0.0.1", "local", ""):
        with pytest.raises(RpcError):
            bound.principal(ip)


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * 2_000, "é.b"])
async def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(RpcError):
        await auth.token_principal(Keys(), token, "access", "local")


@pytest.mark.django_db
def test_a_secret_is_sealed_and_opens_with_its_own_row_only() -> None:
    key_id, secret = create_key(16, "bot", ["trade", "read"])
    other_id, _ = create_key(16)
    row, other = ApiKey.objects.get(pk=key_id), ApiKey.objects.get(pk=other_id)

    assert open_secret(row) == secret
    assert secret.encode() not in bytes(row.sealed_secret)
    assert row.scopes == ["read", "trade"]
    other.sealed_secret = row.sealed_secret
    with pytest.raises(SealBroken):
        open_secret(other)


@pytest.mark.django_db
def test_a_new_secret_key_opens_old_secrets_while_it_is_named_a_fallback() -> None:
    with override_settings(SECRET_KEY="old"):
        key_id, secret = create_key(16)
    row = ApiKey.objects.get(pk=key_id)

    with pytest.raises(SealBroken):
        open_secret(row)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert open_secret(row) == secret


@pytest.mark.django_db
def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="scopes"):
        create_key(16, "bot", ["read", "everything"])


def test_label_hashes_are_positive_and_63_bits() -> None:
    for text in ("a", "quote", "🚀"):
        assert 0 < hash63(text) < 1 << 63
