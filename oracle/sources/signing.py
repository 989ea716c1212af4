"""Reporters' keys and signatures: who said this price?

SIGN-001  a reporter signs the 40 bytes (source, underlying, price_e8, confidence_e8,
          publish_time_ns), little-endian int64, with Ed25519 (RFC 8032).
SIGN-002  a private key lives in one file of 32 raw bytes that its owner alone may read (0600),
          in a folder that its owner alone may enter (0700). Weaker permissions are refused.
"""

import os
import struct
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from oracle.sources.base import Quote

KEY_BYTES = 32
KEY_SUFFIX = ".ed25519"
_FOR_OTHERS = 0o077


def load_or_create_key(folder: Path, name: str) -> Ed25519PrivateKey:
    """The private key `<folder>/<name>.ed25519`, made on first use.

    Two processes that create it at once get the same key: the second reads the first's file.
    Raises PermissionError when others may read it, ValueError when it is not a key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}{KEY_SUFFIX}"
    if not path.exists():
        _create(path)
    if path.stat().st_mode & _FOR_OTHERS:
        raise PermissionError(f"Expected {path} to be readable by its owner alone (0600)")
    raw = path.read_bytes()
    if len(raw) != KEY_BYTES:
        raise ValueError(f"Expected {KEY_BYTES} bytes in {path}, was {len(raw)}")
    return Ed25519PrivateKey.from_private_bytes(raw)


def _create(path: Path) -> None:
    # Written whole under another name, then linked: nobody ever reads half a key.
    draft = path.with_suffix(f".{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def public_key_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def public_key_words(key: Ed25519PrivateKey) -> tuple[int, int, int, int]:
    """The public key as RegisterReporter carries it: four little-endian int64 words."""
    words: tuple[int, int, int, int] = struct.unpack("<4q", public_key_bytes(key))
    return words


def message(source: int, underlying: int, quote: Quote) -> bytes:
    """The 40 bytes that are signed (SIGN-001)."""
    return struct.pack("<5q", source, underlying, *quote)


def sign(key: Ed25519PrivateKey, source: int, underlying: int, quote: Quote) -> bytes:
    """The 64-byte signature of one observation."""
    return key.sign(message(source, underlying, quote))


def is_signed_by(
    words: tuple[int, int, int, int],
    signature: bytes,
    source: int,
    underlying: int,
    quote: Quote,
) -> bool:
    """Whether the owner of a registered public key signed exactly this observation."""
    public_key = Ed25519PublicKey.from_public_bytes(struct.pack("<4q", *words))
    try:
        public_key.verify(signature, message(source, underlying, quote))
    except InvalidSignature:
        return False
    return True
