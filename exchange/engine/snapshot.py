"""State to bytes and back, and the hash that names a state.

SNAP-001  the bytes are a pure function of the state: tables in the order of State, each as the
          numbers of its rows that are not all zero, then those rows. Equal states are equal
          bytes.
SNAP-002  the last 32 bytes are the BLAKE2b-256 of all before them; load() refuses anything
          else.
"""

import hashlib
import struct
from collections.abc import Iterator

import numpy as np

from exchange.engine.state import Counter, Integers, State, empty_state
from exchange.engine.units import ACCOUNTS_MAX, FUNDING_SAMPLES, KEYS_MAX

MAGIC = b"NOVSNAP1"
HASH_BYTES = 32
_SECTION = struct.Struct("<qq")  # rows, bytes a row


class CorruptSnapshotError(ValueError):
    """The bytes are not a snapshot, or not the one that was written."""


def dump(state: State) -> bytes:
    """The snapshot of a state."""
    body = b"".join(_parts(state))
    return body + _digest(body)


def load(data: bytes) -> State:
    """The state of a snapshot; CorruptSnapshotError when a single bit differs."""
    body, digest = data[:-HASH_BYTES], data[-HASH_BYTES:]
    if not body.startswith(MAGIC) or _digest(body) != digest:
        raise CorruptSnapshotError("Expected a whole snapshot whose hash agrees.")
    state = empty_state()
    offset = len(MAGIC)
    for name in State._fields:
        count, width = _SECTION.unpack_from(body, offset)
        offset += _SECTION.size
        table = _as_rows(getattr(state, name))
        if width != table.shape[1] * 8:
            raise CorruptSnapshotError(f"Table {name} has rows of {width} bytes.")
        numbers = np.frombuffer(body, "<i8", count, offset)
        offset += count * 8
        rows = np.frombuffer(body, "<i8", count * width // 8, offset)
        offset += count * width
        table[numbers] = rows.reshape(count, width // 8)
    return state


def state_hash(state: State) -> bytes:
    """32 bytes that two states share exactly when they are equal: the end of its snapshot.

    The engine stands still meanwhile, so nothing is copied that need not be.
    """
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    for part in _parts(state):
        digest.update(part)
    return digest.digest()


def _parts(state: State) -> Iterator[bytes | memoryview]:
    """The bytes of a snapshot but its hash, piece by piece (SNAP-001)."""
    yield MAGIC
    for name in State._fields:
        rows = _as_rows(getattr(state, name))
        numbers = _used_numbers(state, name, rows)
        yield _SECTION.pack(len(numbers), rows.shape[1] * 8)
        yield numbers.astype("<i8", copy=False).data
        yield _select(rows, numbers).astype("<i8", copy=False).data


def _select(rows: Integers, numbers: Integers) -> Integers:
    """rows[numbers], without a copy when they are neighbours."""
    if not len(numbers):
        return rows[:0]
    first, last = int(numbers[0]), int(numbers[-1])
    is_range = last - first + 1 == len(numbers)
    return rows[first : last + 1] if is_range else rows[numbers]


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=HASH_BYTES).digest()


def _as_rows(table: Integers) -> Integers:
    """Any table as (rows, integers) int64, sharing memory."""
    if table.dtype.names is not None:
        table = table.view(np.int64).reshape(*table.shape, -1)
    return table.reshape(-1, table.shape[-1]) if table.ndim > 1 else table.reshape(-1, 1)


def _used_numbers(state: State, name: str, rows: Integers) -> Integers:
    """Numbers of the rows that hold anything; pages only reserved are not touched."""
    counters = state.counters
    limits = {
        "accounts": counters[Counter.ACCOUNTS],
        "balances": counters[Counter.ACCOUNTS],
        "positions": counters[Counter.ACCOUNTS],  # in each plane
        "orders": counters[Counter.ORDERS_HIGH],
        "conditions": counters[Counter.ORDERS_HIGH],
        "links": counters[Counter.ORDERS_HIGH],
        "levels": counters[Counter.LEVELS_HIGH],
        "level_next": counters[Counter.LEVELS_HIGH],
        "contracts": counters[Counter.CONTRACTS],
        "underlyings": counters[Counter.UNDERLYINGS],
        "withdrawals": counters[Counter.WITHDRAWALS_HIGH],
        "gateways": counters[Counter.GATEWAYS],
        "funding": counters[Counter.CONTRACTS],
        "funding_samples": counters[Counter.CONTRACTS] * FUNDING_SAMPLES,
        "safeguards": counters[Counter.ACCOUNTS],
        "keys": counters[Counter.KEYS_HIGH] + 1,
        "key_buckets": KEYS_MAX if counters[Counter.KEYS_HIGH] else 0,
    }
    limit = int(limits.get(name, len(rows)))
    planes = int(state.accounts["slot_count"][:limit].max()) if name == "positions" else 1
    parts = [
        first + np.flatnonzero(rows[first : first + limit].any(axis=1))
        for first in range(0, planes * ACCOUNTS_MAX, ACCOUNTS_MAX)
    ]
    return np.concatenate([*parts, np.zeros(0, np.int64)])
