"""The one way from asynchronous code to the database: a few threads and their connections.

Django's own bridge runs everything of a request in one thread, and Channels' consumer hops to
one for every message; here only the functions that touch the ORM do, and they close what is
old.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

THREADS = 4

P = ParamSpec("P")
T = TypeVar("T")


class Counts:
    """What /metrics tells of these threads."""

    losses = 0  # of connections, since the start


counts = Counts()
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")


def as_bytes(reply: bytes | str | None) -> bytes | None:
    """A reply of Valkey, whose client does not know that it decodes nothing."""
    assert not isinstance(reply, str), reply
    return reply


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that uses the ORM in a thread of its own connections."""

    def work() -> T:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        except (OperationalError, InterfaceError):
            counts.losses += 1
            raise
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, work)
