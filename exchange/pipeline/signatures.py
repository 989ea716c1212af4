"""Observations are signed by their reporters; here the signatures are checked.

The runner checks before it journals, `manage.py verify --signatures` checks again; the engine
trusts the journal, so that no state hash hangs on a cryptographic library.

SIG-001  an observation is checked against the key its source has before the batch it comes in.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exchange.engine.commands import SUBMIT_OBSERVATION
from exchange.engine.state import State
from exchange.engine.units import SOURCES_MAX
from exchange.pipeline.codec import Records, observation_message

SIGNATURE_BYTES = 64
_KEY_FIELDS = ["key_0", "key_1", "key_2", "key_3"]


def is_signed(state: State, command: Records, signature: bytes | None) -> bool:
    """Whether one SubmitObservation (an array of one record) bears its reporter's signature."""
    source = int(command.view(SUBMIT_OBSERVATION)["source"][0])
    if signature is None or len(signature) != SIGNATURE_BYTES or not 0 <= source < SOURCES_MAX:
        return False
    reporter = state.reporters[source]
    if not reporter["registered"]:
        return False
    raw = b"".join(
        int(reporter[name]).to_bytes(8, "little", signed=True) for name in _KEY_FIELDS
    )
    try:
        _public_key(raw).verify(signature, observation_message(command))
    except (InvalidSignature, ValueError):
        return False
    return True


def key_words(public_key: bytes) -> tuple[int, int, int, int]:
    """The four integers of RegisterReporter for a raw Ed25519 public key."""
    if len(public_key) != 32:
        raise ValueError(f"Expected 32 bytes of a public key, was {len(public_key)}")
    words = [
        int.from_bytes(public_key[i : i + 8], "little", signed=True) for i in range(0, 32, 8)
    ]
    return words[0], words[1], words[2], words[3]


@lru_cache(maxsize=SOURCES_MAX)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)
