"""Signatures of observations, and the private files of their keys."""

import os
import stat
from pathlib import Path

import pytest

from oracle.sources.base import Quote
from oracle.sources.signing import (
    is_signed_by,
    load_or_create_key,
    public_key_words,
    sign,
)


def test_signature_is_ed25519_over_five_little_endian_integers(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path / "keys", "alpha")
    quote = Quote(3, 4, 5)

    signature = sign(key, 1, 2, quote)

    message = b"".join(number.to_bytes(8, "little") for number in (1, 2, 3, 4, 5))
    key.public_key().verify(signature, message)
    assert len(signature) == 64


def test_signature_of_anything_else_does_not_hold(tmp_path: Path) -> None:
    alice = load_or_create_key(tmp_path, "alice")
    bob = load_or_create_key(tmp_path, "bob")
    quote = Quote(100, 1, 7)
    signature = sign(alice, 0, 1, quote)
    words = public_key_words(alice)

    assert is_signed_by(words, signature, 0, 1, quote)
    assert not is_signed_by(words, signature, 1, 1, quote)
    assert not is_signed_by(words, signature, 0, 2, quote)
    assert not is_signed_by(words, signature, 0, 1, quote._replace(price_e8=101))
    altered = signature[:-1] + bytes([signature[-1] ^ 1])
    assert not is_signed_by(words, altered, 0, 1, quote)
    assert not is_signed_by(public_key_words(bob), signature, 0, 1, quote)


def test_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    first = load_or_create_key(folder, "alpha")
    second = load_or_create_key(folder, "alpha")

    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert [path.name for path in folder.iterdir()] == ["alpha.ed25519"]
    assert stat.S_IMODE((folder / "alpha.ed25519").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_or_create_key(tmp_path, "alpha")
    os.chmod(tmp_path / "alpha.ed25519", 0o640)

    with pytest.raises(PermissionError, match="0600"):
        load_or_create_key(tmp_path, "alpha")


def test_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alpha.ed25519"
    path.write_bytes(b"short")
    path.chmod(0o600)

    with pytest.raises(ValueError, match="Expected 32 bytes"):
        load_or_create_key(tmp_path, "alpha")
