"""One worker at a time: a lock that PostgreSQL gives back when its holder dies."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_SPACE = 0x4E56  # keeps these locks apart from the journal's and the migrations'


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """True inside if nobody else holds the named lock; never waits."""
    key = zlib.crc32(name.encode()) - (1 << 31)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SPACE, key])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SPACE, key])
